// RUN: swap-opt %s --swap-pack-parameters=cpu=x86-64-v4 --swap-schedule-kernels=cpu=x86-64-v4 | FileCheck %s
// RUN: swap-opt %s --swap-schedule-kernels=cpu=x86-64-v4 --swap-pack-parameters=cpu=x86-64-v4 | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#col = affine_map<(m, n) -> (n)>

// Verifies that a weight and a bias get the same number of panels, and that a
// recipe from before is replaced by the packed one.
// CHECK-DAG: swap.derived @{{.*}} : tensor<100x64xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@w]
// CHECK-DAG: swap.derived @{{.*}} : tensor<100x64xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@v, @scale]
// CHECK-DAG: swap.derived @{{.*}} : tensor<100xf32, #swap.panels<dim = 0, width = 32>> from [@bias]
// CHECK-NOT: swap.derived @scaled : tensor<100x64xf32> from
swap.parameter @w : tensor<100x64xf32> = #swap.file<"w", 0, 25600>
swap.parameter @v : tensor<100x64xf32> = #swap.file<"w", 25600, 25600>
swap.parameter @scale : tensor<100xf32> = #swap.file<"w", 51200, 400>
swap.parameter @bias : tensor<100xf32> = #swap.file<"w", 51600, 400>
swap.derived @scaled : tensor<100x64xf32> from [@v, @scale] maps [affine_map<(n, k) -> (n, k)>, affine_map<(n, k) -> (n)>] {
^bb0(%0: f32, %1: f32):
  %2 = arith.mulf %0, %1 : f32
  swap.yield %2 : f32
}

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<16x64xf32>, %y: tensor<100x64xf32>) -> (tensor<16x100xf32>, tensor<16x100xf32>, tensor<16x100xf32>) {
  %w = swap.param @w : tensor<100x64xf32>
  %v = swap.param @scaled : tensor<100x64xf32>
  %bias = swap.param @bias : tensor<100xf32>
  // CHECK: swap.call @fc_0 ({{.*}}) : (tensor<16x64xf32>, tensor<100x64xf32, #swap.panels<dim = 0, width = 32, order = [1]>>, tensor<100xf32, #swap.panels<dim = 0, width = 32>>)
  %0 = swap.call @fc(%x, %w, %bias) : (tensor<16x64xf32>, tensor<100x64xf32>, tensor<100xf32>) -> tensor<16x100xf32>
  // CHECK: swap.call @fc_0 (
  %1 = swap.call @fc(%x, %v, %bias) : (tensor<16x64xf32>, tensor<100x64xf32>, tensor<100xf32>) -> tensor<16x100xf32>
  // CHECK: swap.call @fc (%{{.*}}, %arg1, %{{.*}}) : (tensor<16x64xf32>, tensor<100x64xf32>, tensor<100xf32>)
  %2 = swap.call @fc(%x, %y, %bias) : (tensor<16x64xf32>, tensor<100x64xf32>, tensor<100xf32>) -> tensor<16x100xf32>
  return %0, %1, %2 : tensor<16x100xf32>, tensor<16x100xf32>, tensor<16x100xf32>
}

// Verifies that a kernel called with a computed operand too stays as it is, for
// that call, and packs its operand itself.
// CHECK-LABEL: func.func private @fc(
// CHECK-SAME: #swap.schedule<contraction, panels = 1, tiles = 4, rows = 8, block = 16, scratch = 8192, flops = 204800>
// CHECK-LABEL: func.func private @fc_0(
// CHECK-SAME: #swap.schedule<contraction, panels = 4, tiles = 2, rows = 8, block = 8, scratch = 0, flops = 204800>
func.func private @fc(%x: tensor<16x64xf32>, %w: tensor<100x64xf32>, %bias: tensor<100xf32>) -> tensor<16x100xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x100xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x100xf32>) -> tensor<16x100xf32>
  %root = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<16x64xf32>, tensor<100x64xf32>) outs(%fill : tensor<16x100xf32>) {
  ^bb0(%p: f32, %q: f32, %s: f32):
    %m = arith.mulf %p, %q : f32
    %t = arith.addf %s, %m : f32
    linalg.yield %t : f32
  } -> tensor<16x100xf32>
  %y = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%root, %bias : tensor<16x100xf32>, tensor<100xf32>) outs(%empty : tensor<16x100xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %t = arith.addf %p, %q : f32
    linalg.yield %t : f32
  } -> tensor<16x100xf32>
  return %y : tensor<16x100xf32>
}
