// RUN: swap-opt %s --swap-band-rows | FileCheck %s
// RUN: swap-opt %s --swap-band-rows="more-flops=0" | FileCheck %s --check-prefix=NOMORE
// RUN: swap-opt %s --swap-band-rows --swap-form-units="unit-bytes=4096" --swap-plan="budgets=min,max" --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=MEMORY

// An image of 32 rows of 512 bytes, two 3x3 convolutions, a pool of stride 2.
// Tiles of the convolutions become smaller, two rows each.

#whole = #swap.reach<slices = 0, group = 1, scale = 0, low = 0, high = 0>
#rows = #swap.reach<slices = 32, group = 32, scale = 1, low = -1, high = 1>
#pool = #swap.reach<slices = 32, group = 16, scale = 2, low = 0, high = 1>

module {
  swap.parameter @w.src : tensor<4x4x3x3xf32> = #swap.file<"w", 0, 576>
  swap.derived @w : tensor<4x4x3x3xf32, #swap.panels<dim = 0, width = 4, order = [2, 3, 1]>> from [@w.src] maps [affine_map<(a, b, c, d) -> (a, b, c, d)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  swap.parameter @v : tensor<4096xf32> = #swap.file<"w", 1024, 16384>

  // CHECK: func.func private @conv(
  // CHECK-SAME: tiles = 16, rows = 4, block = 64
  func.func private @conv(tensor<1x32x32x4xf32>, tensor<4x4x3x3xf32, #swap.panels<dim = 0, width = 4, order = [2, 3, 1]>>) -> tensor<1x32x32x4xf32>
      attributes {swap.footprint = #swap.footprint<positions = 1024, step = 1, reaches = [#rows, #whole]>,
                  swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 4, rows = 4, block = 256, scratch = 0, flops = 3276800>}
  // CHECK: func.func private @pool(
  // CHECK-SAME: tiles = 16
  func.func private @pool(tensor<1x32x32x4xf32>) -> tensor<1x16x16x4xf32>
      attributes {swap.footprint = #swap.footprint<positions = 256, step = 1, reaches = [#pool]>,
                  swap.schedule = #swap.schedule<rows, panels = 1, tiles = 16, rows = 1, block = 16, scratch = 0, flops = 4096>}
  // A kernel without a footprint needs everything, and is much work.
  func.func private @rest(tensor<1x16x16x4xf32>, tensor<4096xf32>) -> tensor<8xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 10000000>}

  // The first sequence stays as it is.
  // CHECK-LABEL: func.func @main
  // CHECK: swap.call @conv (
  // CHECK-NEXT: swap.call @conv (
  // CHECK-NEXT: swap.call @pool (

  // Of 16 tiles of two rows each of the convolutions, tiles 2 to 5 of the pool
  // (a row each) need 2 to 5 of the second, and these 1 to 6 of the first.
  // CHECK-LABEL: func.func private @main_banded
  // CHECK: %[[A0:.*]] = swap.call @conv tiles(0 to 3) (%{{.*}}, %{{.*}}) {swap.segment = 0 : i64}
  // CHECK-NEXT: %[[B0:.*]] = swap.call @conv tiles(0 to 2) (%[[A0]], %{{.*}}) {swap.segment = 0 : i64}
  // CHECK-NEXT: %[[C0:.*]] = swap.call @pool tiles(0 to 2) (%[[B0]]) {swap.segment = 0 : i64}
  // CHECK-NEXT: %[[A1:.*]] = swap.call @conv tiles(1 to 6) (%{{.*}}, %{{.*}}) {swap.segment = 0 : i64}
  // CHECK-NEXT: %[[B1:.*]] = swap.call @conv tiles(2 to 5) (%[[A1]], %{{.*}}) {swap.segment = 0 : i64}
  // CHECK-NEXT: %[[C1:.*]] = swap.call @pool tiles(2 to 5) (%[[B1]]) into(%[[C0]] : tensor<1x16x16x4xf32>)
  // CHECK: %[[LAST:.*]] = swap.call @pool tiles(13 to 16)
  // CHECK-NEXT: swap.call @rest (%[[LAST]],

  // Bands of both convolutions compute rows twice, and those of the second
  // alone save nothing.
  // NOMORE-NOT: main_banded

  // The smallest budget runs in bands and the largest does not; nothing is left
  // of the second sequence.
  // MEMORY: swap.plan @plan_0
  // MEMORY: swap.launch @conv panels(0 to 1) tiles(0 to
  // Rows from the middle are addressed as if those before existed.
  // MEMORY: swap.launch @conv panels(0 to 1) tiles(1 to 6) [{{.*}}, #swap.place<arena, 0, -1024>]
  // MEMORY: swap.launch @pool panels(0 to 1) tiles(2 to 5) {{.*}}swap.update
  // MEMORY: swap.plan @plan_1
  // MEMORY-NOT: tiles(
  // MEMORY-NOT: main_banded
  func.func @main(%x: tensor<1x32x32x4xf32>) -> tensor<8xf32> {
    %w = swap.param @w : tensor<4x4x3x3xf32, #swap.panels<dim = 0, width = 4, order = [2, 3, 1]>>
    %v = swap.param @v : tensor<4096xf32>
    %0 = swap.call @conv(%x, %w) : (tensor<1x32x32x4xf32>, tensor<4x4x3x3xf32, #swap.panels<dim = 0, width = 4, order = [2, 3, 1]>>) -> tensor<1x32x32x4xf32>
    %1 = swap.call @conv(%0, %w) : (tensor<1x32x32x4xf32>, tensor<4x4x3x3xf32, #swap.panels<dim = 0, width = 4, order = [2, 3, 1]>>) -> tensor<1x32x32x4xf32>
    %2 = swap.call @pool(%1) : (tensor<1x32x32x4xf32>) -> tensor<1x16x16x4xf32>
    %3 = swap.call @rest(%2, %v) : (tensor<1x16x16x4xf32>, tensor<4096xf32>) -> tensor<8xf32>
    return %3 : tensor<8xf32>
  }
}
