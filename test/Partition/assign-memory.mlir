// RUN: swap-opt %s --swap-assign-memory --swap-verify-memory | swap-opt | FileCheck %s

// Verifies that a piece of a call finds its panels where its unit holds them
// (the second unit starts at panel 2, of 2048 bytes each), that both pieces
// write one result, that a view shares its tensor's place, and that the input
// and the output are the caller's.
// In use are: scratch, 256 bytes; the result, 512 from the first piece on; its
// copy, 1024; and a unit's page from its read to its end. In @cycle the first
// unit is read ahead, so it is there at the beginning, too.
// CHECK:      swap.plan @p
// CHECK-SAME: swap.live = array<i64: 4352, 4352, 4864, 768, 4864, 4864, 4864, 768, 1792, 1280>
// CHECK-NEXT:   %[[T1:.*]] = swap.in @u1
// CHECK-NEXT:   swap.wait %[[T1]]
// CHECK-NEXT:   swap.launch @fc panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<arena, 0, 1024>] {swap.origin = "/fc"}
// CHECK-NEXT:   swap.out %[[T1]]
// CHECK-NEXT:   %[[T2:.*]] = swap.in @u2
// CHECK-NEXT:   swap.wait %[[T2]]
// CHECK-NEXT:   swap.launch @fc panels(2 to 4) [#swap.place<input, 0, 0>, #swap.place<unit, 2, -4096>, #swap.place<arena, 0, 1024>]
// CHECK-NEXT:   swap.out %[[T2]]
// CHECK-NEXT:   swap.launch @id panels(0 to 1) [#swap.place<arena, 0, 1024>, #swap.place<arena, 0, 0>]
// CHECK-NEXT:   swap.fetch @u0[128 x i64 at <arena, 0, 0>] to <output, 0, 0>
// CHECK-NEXT:   swap.return
// CHECK:      swap.plan @cycle
// CHECK-SAME: swap.live = array<i64: 4352, 8448, 8448, 8448, 8448, 4352, 4352, 256, 4352>
// CHECK-NEXT:   swap.in started @u1
// CHECK:        swap.in ahead @u1
// CHECK-NEXT:   swap.return
module {
  swap.parameter @table : tensor<1000x2xf32> = #swap.file<"w", 0, 8000>
  swap.parameter @w.src : tensor<128x16xf32> = #swap.file<"w", 0, 8192>
  swap.derived @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  swap.unit @u0 [#swap.piece<@table, 0, 1, 0>] length 8000 rows 8
  swap.unit @u1 [#swap.piece<@w, 0, 2, 0>] length 4096
  swap.unit @u2 [#swap.piece<@w, 2, 4, 0>] length 4096
  func.func private @fc(tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<1x128xf32>
      attributes {swap.schedule = #swap.schedule<contraction, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096>}
  func.func private @id(tensor<128xf32>) -> tensor<128xi64>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 100, flops = 128>}
  swap.plan @p budget 16384 threads 2 resident [] attributes {arena = 8448 : i64, peak = 4864 : i64, scratch_offset = 8192 : i64, scratch_stride = 128 : i64, slots = array<i64: -1, 4096, 4096>} {
  ^bb0(%x: tensor<1x16xf32>):
    %table = swap.param @table : tensor<1000x2xf32>
    %w = swap.param @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    %t1 = swap.in @u1
    swap.wait %t1
    %0 = swap.call @fc panels(0 to 2)(%x, %w) {swap.origin = "/fc"} : (tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<1x128xf32>
    swap.out %t1
    %t2 = swap.in @u2
    swap.wait %t2
    %1 = swap.call @fc panels(2 to 4)(%x, %w) into(%0 : tensor<1x128xf32>) : (tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<1x128xf32>
    swap.out %t2
    %2 = tensor.collapse_shape %1 [[0, 1]] : tensor<1x128xf32> into tensor<128xf32>
    %3 = swap.call @id(%2) : (tensor<128xf32>) -> tensor<128xi64>
    %4 = swap.rows %table[%3] : tensor<1000x2xf32>, tensor<128xi64> -> tensor<128x2xf32>
    swap.return %4 : tensor<128x2xf32>
  }
  swap.plan @cycle budget 16384 threads 2 resident [] attributes {arena = 16384 : i64, peak = 8448 : i64, scratch_offset = 0 : i64, scratch_stride = 128 : i64, slots = array<i64: -1, 8192, 4096>} {
  ^bb0(%x: tensor<1x16xf32>):
    %w = swap.param @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    %t1 = swap.in started @u1
    %t2 = swap.in @u2
    swap.wait %t1
    swap.wait %t2
    %0 = swap.call @fc panels(0 to 2)(%x, %w) : (tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<1x128xf32>
    swap.out %t1
    %1 = swap.call @fc panels(2 to 4)(%x, %w) into(%0 : tensor<1x128xf32>) : (tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<1x128xf32>
    swap.out %t2
    %t3 = swap.in ahead @u1
    swap.return %1 : tensor<1x128xf32>
  }
}
