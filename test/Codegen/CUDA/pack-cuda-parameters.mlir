// RUN: swap-opt %s --swap-schedule-cuda-kernels --swap-pack-cuda-parameters | FileCheck %s

// The right operand is packed in panels of 64 columns, and the schedule counts
// them. The bias stays plain: between the panels of two units it would keep
// their launches apart.
// CHECK: swap.derived @w_0 : tensor<256x512xf32, #swap.panels<dim = 1, width = [[WIDTH:[0-9]+]], order = [0]>> from [@w]
// CHECK-NOT: swap.derived
// CHECK-LABEL: func.func private @matmul(
// CHECK-SAME: tensor<256x512xf32, #swap.panels<dim = 1, width = [[WIDTH]], order = [0]>>, %{{.*}}: tensor<512xf32>)
// CHECK-SAME: swap.schedule = #swap.schedule<contraction, panels = {{[1-9]}}
// CHECK: func.func @main
// CHECK-DAG: swap.param @w_0 :
// CHECK-DAG: swap.param @bias : tensor<512xf32>
swap.parameter @w : tensor<256x512xf32> = #swap.file<"w", 0, 524288>
swap.parameter @bias : tensor<512xf32> = #swap.file<"w", 524288, 2048>
func.func private @matmul(%x: tensor<64x256xf32>, %w: tensor<256x512xf32>, %b: tensor<512xf32>) -> tensor<64x512xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x512xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x512xf32>) -> tensor<64x512xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x256xf32>, tensor<256x512xf32>) outs(%fill : tensor<64x512xf32>) {
  ^bb0(%a: f32, %c: f32, %d: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %d, %m : f32
    linalg.yield %s : f32
  } -> tensor<64x512xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%sum, %b : tensor<64x512xf32>, tensor<512xf32>) outs(%empty : tensor<64x512xf32>) {
  ^bb0(%a: f32, %c: f32, %d: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<64x512xf32>
  return %y : tensor<64x512xf32>
}
func.func @main(%x: tensor<64x256xf32>) -> tensor<64x512xf32> {
  %w = swap.param @w : tensor<256x512xf32>
  %b = swap.param @bias : tensor<512xf32>
  %y = swap.call @matmul(%x, %w, %b) : (tensor<64x256xf32>, tensor<256x512xf32>, tensor<512xf32>) -> tensor<64x512xf32>
  return %y : tensor<64x512xf32>
}
