// RUN: swap-opt %s --swap-hoist-parameters | FileCheck %s

// Verifies that a reshape and a transposition with arithmetic of parameters
// compose into one recipe, and that what grows too much stays.
// CHECK: #[[A:.*]] = affine_map<(d0, d1) -> (d0 + d1 * 2)>
// CHECK: #[[B:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK: swap.derived @{{.*}} : tensor<2x8xf32> from [@w, @s] maps [#[[A]], #[[B]]] {
// CHECK: arith.mulf
// CHECK: swap.yield
// CHECK-NOT: swap.derived
// CHECK-LABEL: func.func @main
// CHECK: swap.param @{{.*}} : tensor<2x8xf32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<64x2xf32>)
swap.parameter @w : tensor<16xf32> = #swap.file<"w", 0, 64>
swap.parameter @s : tensor<2xf32> = #swap.file<"w", 64, 8>
func.func @main() -> (tensor<2x8xf32>, tensor<64x2xf32>) {
  %w = swap.param @w : tensor<16xf32>
  %s = swap.param @s : tensor<2xf32>
  %r = tensor.expand_shape %w [[0, 1]] output_shape [8, 2] : tensor<16xf32> into tensor<8x2xf32>
  %e = tensor.empty() : tensor<2x8xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%r, %s : tensor<8x2xf32>, tensor<2xf32>) outs(%e : tensor<2x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<2x8xf32>
  %e1 = tensor.empty() : tensor<64x2xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<2xf32>) outs(%e1 : tensor<64x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<64x2xf32>
  return %0, %1 : tensor<2x8xf32>, tensor<64x2xf32>
}
