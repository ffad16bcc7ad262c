// RUN: swap-opt %s --swap-schedule-cuda-kernels | FileCheck %s
// RUN: swap-opt %s --swap-schedule-cuda-kernels --swap-print-cuda-source -o /dev/null | FileCheck %s --check-prefix=TEXT

// A product of many rows: tiles of one panel each, no splits, all of it in the
// result's order; the residual may be overwritten.
// CHECK-LABEL: func.func private @rows(
// CHECK-SAME: swap.gpu = #swap.gpu<"gemm", threads = {{[0-9]+}}, splits = 1, shared = {{[0-9]+}}, tile = [{{[0-9]+}}, 64, {{[0-9, ]+}}]>
// CHECK-SAME: swap.schedule = #swap.schedule<contraction, panels = 16, {{.*}}scratch = 0, {{.*}}inplace = [2]>
func.func private @rows(%x: tensor<4096x512xf32>, %w: tensor<512x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>, %r: tensor<4096x1024xf32>) -> tensor<4096x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4096x1024xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<4096x1024xf32>) -> tensor<4096x1024xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4096x512xf32>, tensor<512x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>) outs(%fill : tensor<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  } -> tensor<4096x1024xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%sum, %r : tensor<4096x1024xf32>, tensor<4096x1024xf32>) outs(%empty : tensor<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4096x1024xf32>
  return %y : tensor<4096x1024xf32>
}

// One row: each panel is read once, by splits that fill the chip.
// CHECK-LABEL: func.func private @vector(
// CHECK-SAME: swap.gpu = #swap.gpu<"gemv", threads = 256, splits = [[SPLITS:[0-9]+]], shared = 0, tile = [1, 64,
// CHECK-SAME: swap.read_once = array<i64: 1>
// CHECK-SAME: swap.schedule = #swap.schedule<contraction, panels = 16, tiles = 1, {{.*}}scratch = {{[1-9]}}
func.func private @vector(%x: tensor<1x4096xf32>, %w: tensor<4096x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>) -> tensor<1x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x1024xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<1x4096xf32>, tensor<4096x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>) outs(%fill : tensor<1x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  } -> tensor<1x1024xf32>
  return %sum : tensor<1x1024xf32>
}

// CHECK-LABEL: func.func private @filters(
// CHECK-SAME: swap.gpu = #swap.gpu<"depthwise", {{.*}}tile = [{{[0-9]+}}, 64, {{[0-9]+}}]>
func.func private @filters(%x: tensor<16x16x64xf32>, %w: tensor<64x3x3xf32, #swap.panels<dim = 0, width = 64, order = [1, 2]>>) -> tensor<14x14x64xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<14x14x64xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<14x14x64xf32>) -> tensor<14x14x64xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(h, w, c, i, j) -> (h + i, w + j, c)>, affine_map<(h, w, c, i, j) -> (c, i, j)>, affine_map<(h, w, c, i, j) -> (h, w, c)>], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : tensor<16x16x64xf32>, tensor<64x3x3xf32, #swap.panels<dim = 0, width = 64, order = [1, 2]>>) outs(%fill : tensor<14x14x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  } -> tensor<14x14x64xf32>
  return %sum : tensor<14x14x64xf32>
}

func.func @main(%a: tensor<4096x512xf32>, %aw: tensor<512x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>, %ar: tensor<4096x1024xf32>, %b: tensor<1x4096xf32>, %bw: tensor<4096x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>, %c: tensor<16x16x64xf32>, %cw: tensor<64x3x3xf32, #swap.panels<dim = 0, width = 64, order = [1, 2]>>) {
  %0 = swap.call @rows (%a, %aw, %ar) : (tensor<4096x512xf32>, tensor<512x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>, tensor<4096x1024xf32>) -> tensor<4096x1024xf32>
  %1 = swap.call @vector (%b, %bw) : (tensor<1x4096xf32>, tensor<4096x1024xf32, #swap.panels<dim = 1, width = 64, order = [0]>>) -> tensor<1x1024xf32>
  %2 = swap.call @filters (%c, %cw) : (tensor<16x16x64xf32>, tensor<64x3x3xf32, #swap.panels<dim = 0, width = 64, order = [1, 2]>>) -> tensor<14x14x64xf32>
  return
}

// The text holds each kernel's loops, and one instance of a template for it.
// TEXT: struct rows_shape {
// TEXT: static constexpr int kRows = 4096;
// TEXT: static constexpr bool kPacked = true;
// TEXT: extern "C" __global__ void __launch_bounds__(
// TEXT-NEXT: rows(const __grid_constant__ rows_shape::Args args) {
// TEXT-NEXT: swap_gemm<rows_shape,
// TEXT: static __device__ unsigned vector_counters[16];
// TEXT: swap_gemv<vector_shape,
// TEXT: at.offset = Index(l0) * 1024 + Index(l1) * 64;
// TEXT: swap_depthwise<filters_shape,
