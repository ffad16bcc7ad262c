// RUN: swap-opt %s --swap-cut-tiles=triple=x86_64-linux-gnu --split-input-file | FileCheck %s

// Verifies that a kernel whose tiles go along a dimension of size `n` says which
// of them hold rows of the run: of each 8 those that begin below n, in twelves.
// CHECK-LABEL: func.func private @matmul
// CHECK-SAME: swap.cuts = array<i64: 0, 8, 12, 1, 0>
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
module attributes {swap.sizes = [{least = 3 : i64, most = 96 : i64, name = "n"}]} {
  func.func private @matmul(%x: tensor<96x64xf32>, %w: tensor<64x64xf32>) -> tensor<96x64xf32> attributes {swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 32, rows = 6, block = 12, scratch = 0, flops = 786432>} {
    %zero = arith.constant 0.0 : f32
    %0 = tensor.empty() : tensor<96x64xf32>
    %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<96x64xf32>) -> tensor<96x64xf32>
    %2 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<96x64xf32>, tensor<64x64xf32>) outs(%1 : tensor<96x64xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %p = arith.mulf %l, %r : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<96x64xf32>
    return %2 : tensor<96x64xf32>
  }
  func.func @main(%x: tensor<96x64xf32> {swap.extents = array<i64: 0, 0, 1>, swap.name = "x"}, %w: tensor<64x64xf32> {swap.name = "w"}, %n: tensor<i64> {swap.name = "n"}) -> (tensor<96x64xf32> {swap.extents = array<i64: 0, 0, 1>, swap.name = "y"}) {
    %0 = swap.call @matmul (%x, %w) : (tensor<96x64xf32>, tensor<64x64xf32>) -> tensor<96x64xf32>
    return %0 : tensor<96x64xf32>
  }
}

// -----

// Verifies that a kernel of what no size shortens has no cuts.
// CHECK-LABEL: func.func private @matmul
// CHECK-NOT: swap.cuts
// CHECK: return
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
module attributes {swap.sizes = [{least = 3 : i64, most = 96 : i64, name = "n"}]} {
  func.func private @matmul(%x: tensor<96x64xf32>, %w: tensor<64x64xf32>) -> tensor<96x64xf32> attributes {swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 32, rows = 6, block = 12, scratch = 0, flops = 786432>} {
    %zero = arith.constant 0.0 : f32
    %0 = tensor.empty() : tensor<96x64xf32>
    %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<96x64xf32>) -> tensor<96x64xf32>
    %2 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<96x64xf32>, tensor<64x64xf32>) outs(%1 : tensor<96x64xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %p = arith.mulf %l, %r : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<96x64xf32>
    return %2 : tensor<96x64xf32>
  }
  func.func @main(%x: tensor<96x64xf32> {swap.name = "x"}, %w: tensor<64x64xf32> {swap.name = "w"}, %n: tensor<i64> {swap.name = "n"}) -> (tensor<96x64xf32> {swap.name = "y"}) {
    %0 = swap.call @matmul (%x, %w) : (tensor<96x64xf32>, tensor<64x64xf32>) -> tensor<96x64xf32>
    return %0 : tensor<96x64xf32>
  }
}
