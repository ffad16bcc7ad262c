// RUN: swap-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// Verifies that units, plans and the operations in them print as they are written.
swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
// CHECK: swap.unit @u0 [#swap.piece<@w, 0, 1, 0>] length 48
swap.unit @u0 [#swap.piece<@w, 0, 1, 0>] length 48
// CHECK: swap.unit @table [#swap.piece<@w, 0, 1, 0>] length 48 rows 12
swap.unit @table [#swap.piece<@w, 0, 1, 0>] length 48 rows 12
func.func private @k(%w: tensor<4x3xf32>, %x: tensor<4x3xf32>) -> tensor<4x3xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 2, tiles = 1, rows = 1, block = 4, scratch = 0, flops = 12>} {
  return %x : tensor<4x3xf32>
}
// CHECK: func.func private @band
// CHECK-SAME: swap.footprint = #swap.footprint<positions = 4, step = 1, reaches = [<slices = 4, group = 1, scale = 1, low = -1, high = 1>]>
func.func private @band(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 4, step = 1, reaches = [<slices = 4, group = 1, scale = 1, low = -1, high = 1>]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 2, rows = 1, block = 2, scratch = 0, flops = 12>}
func.func @bands(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: swap.call @band tiles(1 to 2) (%
  %0 = swap.call @band tiles(1 to 2)(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK: swap.plan @plan budget 8192 threads 2 resident []
swap.plan @plan budget 8192 threads 2 resident [] {
^bb0(%x: tensor<4x3xf32>):
  // CHECK: %[[T:.*]] = swap.in @u0
  %t = swap.in @u0
  // CHECK: swap.wait %[[T]]
  swap.wait %t
  %w = swap.param @w : tensor<4x3xf32>
  // CHECK: swap.call @k panels(0 to 1)
  %0 = swap.call @k panels(0 to 1)(%w, %x) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  // CHECK: swap.call @k panels(1 to 2) (%{{.*}}, %{{.*}}) into(%{{.*}} : tensor<4x3xf32>)
  %1 = swap.call @k panels(1 to 2)(%w, %x) into(%0 : tensor<4x3xf32>) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  // CHECK: swap.out %[[T]]
  swap.out %t
  swap.return %1 : tensor<4x3xf32>
}
// CHECK: swap.plan @memory
swap.plan @memory budget 8192 threads 2 resident [@u0] attributes {arena = 4096 : i64, peak = 4096 : i64, slots = array<i64: 0, -1>} {
  // CHECK: swap.fetch @table[2 x i64 at <input, 0, 0>] to <arena, 0, 128>
  swap.fetch @table[2 x i64 at <input, 0, 0>] to <arena, 0, 128>
  // CHECK: swap.launch @k panels(0 to 2) [#swap.place<unit, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.launch @k panels(0 to 2) [#swap.place<unit, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
// expected-error @below {{@w ends at 48, beyond the length of 40}}
swap.unit @u0 [#swap.piece<@w, 0, 1, 0>] length 40

// -----

swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
// expected-error @below {{panels 0 to 2 are not in @w}}
swap.unit @u0 [#swap.piece<@w, 0, 2, 0>] length 96

// -----

// expected-error @below {{@w is not a parameter}}
swap.unit @u0 [#swap.piece<@w, 0, 1, 0>] length 48

// -----

swap.plan @plan budget 8192 threads 1 resident [] {
  // expected-error @below {{@u is not a unit}}
  %t = swap.in @u
  swap.return
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 2, tiles = 1, rows = 1, block = 4, scratch = 0, flops = 12>}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{names more panels than @k has}}
  %0 = swap.call @k panels(0 to 3)(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 4, scratch = 0, flops = 12, inplace = [1]>}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{calls @k, whose schedule overwrites operand 1 of 1 by one of 1 results}}
  %0 = swap.call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<2xf32>) -> tensor<4xf32> {
  // expected-error @below {{does not match the type of @k}}
  %0 = swap.call @k(%x) : (tensor<2xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{has the empty panel range 2 to 2}}
  %0 = swap.call @k panels(2 to 2)(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 4, step = 1, reaches = [<slices = 4, group = 1, scale = 1, low = -1, high = 1>]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 2, rows = 1, block = 2, scratch = 0, flops = 12>}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = swap.call @k tiles(0 to 1)(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @below {{runs tiles 1 to 3 of 2}}
  %1 = swap.call @k tiles(1 to 3)(%x) into(%0 : tensor<4xf32>) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 2, rows = 1, block = 2, scratch = 0, flops = 12>}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{runs some tiles of a kernel without a swap.footprint}}
  %0 = swap.call @k tiles(0 to 1)(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%x: tensor<4xf32>) -> tensor<4xf32>
    // expected-error @below {{footprint has 0 positions, 1 a step}}
    attributes {swap.footprint = #swap.footprint<positions = 0, step = 1, reaches = [<slices = 0, group = 1, scale = 0, low = 0, high = 0>]>}
