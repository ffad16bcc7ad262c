// RUN: swap-opt %s --swap-inline-scalars | FileCheck %s

// Verifies that a splat moves into the body and another constant becomes a
// parameter.
// CHECK: swap.parameter @constant : tensor<2xf32> = dense<[1.000000e+00, 2.000000e+00]>
// CHECK-LABEL: func.func @main
// CHECK: %[[P:.*]] = swap.param @constant
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %[[P]] : tensor<4x2xf32>, tensor<2xf32>)
// CHECK: arith.mulf %{{.*}}, %cst
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#none = affine_map<(d0, d1) -> ()>
func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %two = arith.constant dense<2.0> : tensor<f32>
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %0 = linalg.generic {indexing_maps = [#id, #none, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %two, %c : tensor<4x2xf32>, tensor<f32>, tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %d: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %m, %d : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
