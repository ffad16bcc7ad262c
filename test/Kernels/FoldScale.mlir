// RUN: swap-opt %s --swap-fold-scale --swap-hoist-parameters | FileCheck %s

// Verifies that the scale of a normalization goes into the weights and that
// the rest of it is one addition.
// CHECK: swap.derived @[[W:.*]] : tensor<6x8xf32> from [@w, @scale]
// CHECK: swap.derived @[[T:.*]] : tensor<6xf32>
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[T0:.*]] = swap.param @{{.*}} : tensor<6xf32>
// CHECK-DAG: %[[W0:.*]] = swap.param @[[W]] : tensor<6x8xf32>
// CHECK: linalg.generic {{.*}} ins(%arg0, %[[W0]]
// CHECK: linalg.generic
// CHECK-NOT: mulf
// CHECK: arith.addf
// CHECK: arith.maximumf
swap.parameter @w : tensor<6x8xf32> = #swap.file<"w", 0, 192>
swap.parameter @mean : tensor<6xf32> = #swap.file<"w", 192, 24>
swap.parameter @scale : tensor<6xf32> = #swap.file<"w", 216, 24>
#id = affine_map<(d0, d1) -> (d0, d1)>
#c = affine_map<(d0, d1) -> (d1)>
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
  %z = arith.constant 0.0 : f32
  %w = swap.param @w : tensor<6x8xf32>
  %mean = swap.param @mean : tensor<6xf32>
  %scale = swap.param @scale : tensor<6xf32>
  %e = tensor.empty() : tensor<4x6xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x6xf32>) -> tensor<4x6xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x8xf32>, tensor<6x8xf32>) outs(%f : tensor<4x6xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x6xf32>
  %1 = linalg.generic {indexing_maps = [#id, #c, #c, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %mean, %scale : tensor<4x6xf32>, tensor<6xf32>, tensor<6xf32>) outs(%e : tensor<4x6xf32>) {
  ^bb0(%a: f32, %b: f32, %d: f32, %o: f32):
    %s = arith.subf %a, %b : f32
    %m = arith.mulf %s, %d : f32
    %r = arith.maximumf %m, %z : f32
    linalg.yield %r : f32
  } -> tensor<4x6xf32>
  return %1 : tensor<4x6xf32>
}

// Verifies that parameters which stand behind the contraction come before it.
// CHECK-LABEL: func.func @behind
// CHECK: %[[W1:.*]] = swap.param @[[W]] : tensor<6x8xf32>
// CHECK: linalg.generic {{.*}} ins(%arg0, %[[W1]]
// CHECK: linalg.generic
// CHECK-NOT: mulf
// CHECK: arith.addf
func.func @behind(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
  %z = arith.constant 0.0 : f32
  %w = swap.param @w : tensor<6x8xf32>
  %e = tensor.empty() : tensor<4x6xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x6xf32>) -> tensor<4x6xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x8xf32>, tensor<6x8xf32>) outs(%f : tensor<4x6xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x6xf32>
  %mean = swap.param @mean : tensor<6xf32>
  %scale = swap.param @scale : tensor<6xf32>
  %1 = linalg.generic {indexing_maps = [#id, #c, #c, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %mean, %scale : tensor<4x6xf32>, tensor<6xf32>, tensor<6xf32>) outs(%e : tensor<4x6xf32>) {
  ^bb0(%a: f32, %b: f32, %d: f32, %o: f32):
    %s = arith.subf %a, %b : f32
    %m = arith.mulf %s, %d : f32
    linalg.yield %m : f32
  } -> tensor<4x6xf32>
  return %1 : tensor<4x6xf32>
}
