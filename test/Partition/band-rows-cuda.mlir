// RUN: swap-opt %s --swap-band-rows=device=cuda | FileCheck %s
// RUN: swap-opt %s --swap-band-rows=device=cuda --swap-form-units=device=cuda --swap-plan="device=cuda budgets=min,max" --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=MEMORY
// RUN: not swap-opt %s --swap-band-rows=device=gpu 2>&1 | FileCheck %s --check-prefix=DEVICE

// On a GPU tiles stay as they are: 128 pixels of 256 in a row. A launch more
// takes memory, so there are fewer bands than tiles.

#whole = #swap.reach<slices = 0, group = 1, scale = 0, low = 0, high = 0>
#rows = #swap.reach<slices = 256, group = 256, scale = 1, low = -1, high = 1>
#pool = #swap.reach<slices = 256, group = 2048, scale = 2, low = 0, high = 1>
!image = tensor<1x256x256x16xf32>
!w = tensor<16x16x3x3xf32, #swap.panels<dim = 0, width = 16, order = [2, 3, 1]>>

// CHECK: func.func private @conv(
// CHECK-SAME: tiles = 512, rows = 1, block = 128

// Of 18 bands, each 114 tiles of the pool (7 rows and a bit, so 8) need 16 rows
// of the image, which two tiles each compute. A further band begins in the row
// that the last one ends in.
// CHECK-LABEL: func.func private @main_banded
// CHECK: %[[A0:.*]] = swap.call @conv tiles(0 to 32) (
// CHECK-NEXT: swap.call @pool tiles(0 to 113) (%[[A0]])
// CHECK-NEXT: swap.call @conv tiles(28 to 60) (
// CHECK-NEXT: swap.call @pool tiles(113 to 227)
// CHECK-COUNT-16: swap.call @pool tiles(
// CHECK-NOT: swap.call

// MEMORY: swap.plan @plan_0
// MEMORY: swap.launch @conv panels(0 to 1) tiles(0 to
// MEMORY: swap.plan @plan_1
// MEMORY-NOT: tiles(

// DEVICE: error: device 'gpu' is not cpu, mcu or cuda
module {
  swap.parameter @w.src : tensor<16x16x3x3xf32> = #swap.file<"w", 0, 9216>
  swap.derived @w : !w from [@w.src] maps [affine_map<(a, b, c, d) -> (a, b, c, d)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  func.func private @conv(!image, !w) -> !image attributes {
    swap.gpu = #swap.gpu<"gemm", threads = 256, splits = 1, shared = 0>,
    swap.footprint = #swap.footprint<positions = 65536, step = 1, reaches = [#rows, #whole]>,
    swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 512, rows = 1, block = 128, scratch = 0, flops = 301989888>}
  func.func private @pool(!image) -> tensor<1x128x128x16xf32> attributes {
    swap.gpu = #swap.gpu<"map", threads = 128, splits = 1, shared = 0>,
    swap.footprint = #swap.footprint<positions = 262144, step = 128, reaches = [#pool]>,
    swap.schedule = #swap.schedule<rows, panels = 1, tiles = 2048, rows = 1, block = 1, scratch = 0, flops = 1048576>}

  func.func @main(%x: !image) -> tensor<1x128x128x16xf32> {
    %w = swap.param @w : !w
    %0 = swap.call @conv(%x, %w) : (!image, !w) -> !image
    %1 = swap.call @pool(%0) : (!image) -> tensor<1x128x128x16xf32>
    return %1 : tensor<1x128x128x16xf32>
  }
}
