// RUN: swap-opt %s --swap-form-units=unit-bytes=4096 --split-input-file | FileCheck %s

// Verifies that packed parameters are cut at panels into units of the given
// size, that the plain parameter of a cut call is in the unit of tiny ones, and
// that the pieces of a call update one result.
// A panel has 16 * 32 * 4 = 2048 bytes, so two make a unit.
// CHECK:      swap.unit @[[TINY:.*]] [#swap.piece<@b, 0, 1, 0>] length 512
// CHECK-NEXT: swap.unit @[[U1:.*]] [#swap.piece<@w, 0, 2, 0>] length 4096
// CHECK-NEXT: swap.unit @[[U2:.*]] [#swap.piece<@w, 2, 4, 0>] length 4096
// CHECK-LABEL: func.func @main
// CHECK:      %[[A:.*]] = swap.call @fc panels(0 to 2) (%{{.*}}, %{{.*}}, %{{.*}}) {swap.origin = "/fc"}
// CHECK-NEXT: %[[B:.*]] = swap.call @fc panels(2 to 4) (%{{.*}}, %{{.*}}, %{{.*}}) into(%[[A]] : tensor<1x128xf32>) {swap.origin = "/fc"}
// CHECK-NEXT: return %[[B]]
module {
  swap.parameter @w.src : tensor<128x16xf32> = #swap.file<"w", 0, 8192>
  swap.parameter @b : tensor<128xf32> = #swap.file<"w", 8192, 512>
  swap.derived @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  func.func private @fc(tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>, tensor<128xf32>) -> tensor<1x128xf32>
      attributes {swap.schedule = #swap.schedule<contraction, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096>}
  func.func @main(%x: tensor<1x16xf32>) -> tensor<1x128xf32> {
    %w = swap.param @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    %b = swap.param @b : tensor<128xf32>
    %0 = swap.call @fc(%x, %w, %b) {swap.origin = "/fc"} : (tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>, tensor<128xf32>) -> tensor<1x128xf32>
    return %0 : tensor<1x128xf32>
  }
}

// -----

// Verifies that a call with one unit takes its plain parameters into it, each
// on a multiple of 64 bytes, and stays whole.
// CHECK:      swap.unit @{{.*}} [#swap.piece<@w, 0, 1, 0>, #swap.piece<@b, 0, 1, 192>, #swap.piece<@c, 0, 1, 256>] length 268
// CHECK-LABEL: func.func @main
// CHECK:      swap.call @fc (
// CHECK-NOT:  swap.call
module {
  swap.parameter @w.src : tensor<3x16xf32> = #swap.file<"w", 0, 192>
  swap.parameter @b : tensor<3xf32> = #swap.file<"w", 192, 12>
  swap.parameter @c : tensor<3xf32> = #swap.file<"w", 204, 12>
  swap.derived @w : tensor<3x16xf32, #swap.panels<dim = 0, width = 3, order = [1]>> from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  func.func private @fc(tensor<3x16xf32, #swap.panels<dim = 0, width = 3, order = [1]>>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x3xf32>
      attributes {swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 96>}
  func.func @main() -> tensor<1x3xf32> {
    %w = swap.param @w : tensor<3x16xf32, #swap.panels<dim = 0, width = 3, order = [1]>>
    %b = swap.param @b : tensor<3xf32>
    %c = swap.param @c : tensor<3xf32>
    %0 = swap.call @fc(%w, %b, %c) : (tensor<3x16xf32, #swap.panels<dim = 0, width = 3, order = [1]>>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x3xf32>
    return %0 : tensor<1x3xf32>
  }
}

// -----

// Verifies that parameters of several calls are units of their own, and that a
// table of rows is one whatever its size.
// CHECK:      swap.unit @{{.*}} [#swap.piece<@table, 0, 1, 0>] length 400000 rows 400
// CHECK-NEXT: swap.unit @{{.*}} [#swap.piece<@mask, 0, 1, 0>] length 20000
// CHECK-NOT:  swap.unit
module {
  swap.parameter @table : tensor<1000x100xf32> = #swap.file<"w", 0, 400000>
  swap.parameter @mask : tensor<50x100xf32> = #swap.file<"w", 400000, 20000>
  func.func private @add(tensor<50x100xf32>, tensor<50x100xf32>) -> tensor<50x100xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 5000>}
  func.func @main(%ids: tensor<50xi64>) -> tensor<50x100xf32> {
    %table = swap.param @table : tensor<1000x100xf32>
    %mask = swap.param @mask : tensor<50x100xf32>
    %0 = swap.rows %table[%ids] : tensor<1000x100xf32>, tensor<50xi64> -> tensor<50x100xf32>
    %1 = swap.call @add(%0, %mask) : (tensor<50x100xf32>, tensor<50x100xf32>) -> tensor<50x100xf32>
    %2 = swap.call @add(%1, %mask) : (tensor<50x100xf32>, tensor<50x100xf32>) -> tensor<50x100xf32>
    return %2 : tensor<50x100xf32>
  }
}

// -----

// Verifies that the first piece of a call that updates an operand in place
// takes that operand, and the others what the piece before left.
// CHECK-LABEL: func.func @main
// CHECK:      %[[R:.*]] = swap.call @make
// CHECK-NEXT: %[[A:.*]] = swap.call @fc panels(0 to 2) (%{{.*}}, %{{.*}}, %[[R]]) into(%[[R]] : tensor<1x128xf32>)
// CHECK-NEXT: %[[B:.*]] = swap.call @fc panels(2 to 4) (%{{.*}}, %{{.*}}, %[[R]]) into(%[[A]] : tensor<1x128xf32>)
// CHECK-NEXT: return %[[B]]
module {
  swap.parameter @w.src : tensor<128x16xf32> = #swap.file<"w", 0, 8192>
  swap.derived @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  func.func private @make(tensor<1x16xf32>) -> tensor<1x128xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 128>}
  func.func private @fc(tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>, tensor<1x128xf32>) -> tensor<1x128xf32>
      attributes {swap.schedule = #swap.schedule<contraction, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096, inplace = [2]>}
  func.func @main(%x: tensor<1x16xf32>) -> tensor<1x128xf32> {
    %w = swap.param @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    %r = swap.call @make(%x) : (tensor<1x16xf32>) -> tensor<1x128xf32>
    %0 = swap.call @fc(%x, %w, %r) into(%r : tensor<1x128xf32>) : (tensor<1x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>, tensor<1x128xf32>) -> tensor<1x128xf32>
    return %0 : tensor<1x128xf32>
  }
}

// -----

// Verifies that the second sequence reads the units of the first: each band is
// cut at the same panels.
// CHECK:      swap.unit @[[U1:.*]] [#swap.piece<@w, 0, 2, 0>] length 4096
// CHECK-NEXT: swap.unit @[[U2:.*]] [#swap.piece<@w, 2, 4, 0>] length 4096
// CHECK-NOT:  swap.unit
// CHECK-LABEL: func.func private @main_banded
// CHECK:      %[[A:.*]] = swap.call @fc panels(0 to 2) tiles(0 to 1) (%{{.*}}, %{{.*}}) {swap.segment = 0 : i64}
// CHECK-NEXT: %[[B:.*]] = swap.call @fc panels(2 to 4) tiles(0 to 1) (%{{.*}}, %{{.*}}) into(%[[A]] : tensor<2x128xf32>)
// CHECK-NEXT: %[[C:.*]] = swap.call @fc panels(0 to 2) tiles(1 to 2) (%{{.*}}, %{{.*}}) into(%[[B]] : tensor<2x128xf32>)
// CHECK-NEXT: %[[D:.*]] = swap.call @fc panels(2 to 4) tiles(1 to 2) (%{{.*}}, %{{.*}}) into(%[[C]] : tensor<2x128xf32>)
// CHECK-NEXT: return %[[D]]
module {
  swap.parameter @w.src : tensor<128x16xf32> = #swap.file<"w", 0, 8192>
  swap.derived @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  func.func private @fc(tensor<2x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<2x128xf32>
      attributes {swap.footprint = #swap.footprint<positions = 2, step = 1, reaches = [<slices = 2, group = 1, scale = 1, low = 0, high = 0>, <slices = 0, group = 1, scale = 0, low = 0, high = 0>]>,
                  swap.schedule = #swap.schedule<contraction, panels = 4, tiles = 2, rows = 1, block = 1, scratch = 0, flops = 8192>}
  func.func @main(%x: tensor<2x16xf32>) -> tensor<2x128xf32> {
    %w = swap.param @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    %0 = swap.call @fc(%x, %w) : (tensor<2x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<2x128xf32>
    return %0 : tensor<2x128xf32>
  }
  func.func private @main_banded(%x: tensor<2x16xf32>) -> tensor<2x128xf32> {
    %w = swap.param @w : tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    %0 = swap.call @fc tiles(0 to 1)(%x, %w) {swap.segment = 0} : (tensor<2x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<2x128xf32>
    %1 = swap.call @fc tiles(1 to 2)(%x, %w) into(%0 : tensor<2x128xf32>) {swap.segment = 0} : (tensor<2x16xf32>, tensor<128x16xf32, #swap.panels<dim = 0, width = 32, order = [1]>>) -> tensor<2x128xf32>
    return %1 : tensor<2x128xf32>
  }
}
