// RUN: swap-opt %s --swap-verify-memory --split-input-file --verify-diagnostics

// A correct plan: both units use one slot, one after the other.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<arena, 0, 8192>]
  swap.out %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 8192>, #swap.place<arena, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// The arena is in the budget.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{has an arena of 16384 bytes in a budget of 16000}}
swap.plan @p budget 16000 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<arena, 0, 8192>]
  swap.out %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 8192>, #swap.place<arena, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// The peak is what is in use at the worst moment.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{has a peak of 8192 bytes, but uses 12288}}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<arena, 0, 8192>]
  swap.out %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 8192>, #swap.place<arena, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// A unit may not come in over an activation that is read later.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 0>} {
  %t = swap.in @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  // expected-error@+1 {{reads bytes 0 to 4096, where something else was written since}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<arena, 0, 8192>]
  swap.out %s
  swap.return
}

// -----

// Nor over a unit that is in.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in @u1
  // expected-error@+1 {{unit @u2 would overwrite unit @u1}}
  %s = swap.in @u2
  swap.wait %t
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  swap.out %s
  swap.return
}

// -----

// Nor over a resident unit.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [@u1] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{unit @u2 takes bytes 4096 to 8192, but from 4096 on there are resident units}}
  %s = swap.in @u2
  swap.wait %s
  swap.out %s
  swap.return
}

// -----

// Nor behind one: resident units come last, so that the rest is a region.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [@u1] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096>} {
  // expected-error@+1 {{result takes bytes 8192 to 12288, but from 4096 on there are resident units}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 8192>]
  swap.return
}

// -----

// The same of scratch areas.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
// expected-error@+1 {{has scratch areas behind resident units}}
swap.plan @p budget 16384 threads 1 resident [@u1] attributes {arena = 16384 : i64, peak = 8192 : i64, scratch_offset = 8192 : i64, scratch_stride = 64 : i64, slots = array<i64: 4096>} {
  swap.return
}

// -----

// A launch may not write into a unit that is in, read or not.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in @u1
  // expected-error@+1 {{overwrites unit @u1, which is in memory}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 4096>]
  swap.wait %t
  swap.out %t
  swap.return
}

// -----

// Nor over an activation that is read later.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 2048>]
  // expected-error@+1 {{reads bytes 0 to 4096, where something else was written since}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// Nor over its own operands.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{writes over one of its own operands}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 64>]
  swap.return
}

// -----

// What was never written is not read.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{reads bytes 0 to 4096, where something else was written since}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// A launch reads only units that are in.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{reads unit @u1, which is not in memory}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// And only bytes that the unit has.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in @u1
  swap.wait %t
  // expected-error@+1 {{reads bytes -64 to 4032 of unit @u1, which has 4096}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, -64>, #swap.place<output, 0, 0>]
  swap.out %t
  swap.return
}

// -----

// Everything is in the arena.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{result takes bytes 14336 to 18432, outside the arena of 16384}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 14336>]
  swap.return
}

// -----

// So are slots.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 16384, 0>} {
  // expected-error@+1 {{unit @u1 takes bytes 16384 to 20480, outside the arena of 16384}}
  %t = swap.in @u1
  swap.wait %t
  swap.out %t
  swap.return
}

// -----

// Slots start on pages.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 64, 0>} {
  // expected-error@+1 {{unit @u1 has a slot at 64, not on a page}}
  %t = swap.in @u1
  swap.wait %t
  swap.out %t
  swap.return
}

// -----

// A unit without a slot does not come in.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: -1, 0>} {
  // expected-error@+1 {{unit @u1 has no slot}}
  %t = swap.in @u1
  swap.wait %t
  swap.out %t
  swap.return
}

// -----

// Scratch areas belong to threads alone.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, scratch_offset = 1024 : i64, scratch_stride = 64 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{result takes bytes 0 to 4096, which overlap the scratch areas}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}

// -----

// They are large enough.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
func.func private @s(tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 100, flops = 1>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, scratch_offset = 8192 : i64, scratch_stride = 64 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{needs 100 bytes of scratch, more than the areas have}}
  swap.launch @s panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// Panels are those of the kernel.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{computes panels 0 to 2 of 1}}
  swap.launch @k panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// A later piece continues what the first one wrote.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
func.func private @s(tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 2, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  swap.launch @s panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{continues a result whose first panels are lost}}
  swap.launch @s panels(1 to 2) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}

// -----

// Model inputs are only read.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{writes into a model input}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<input, 0, 0>]
  swap.return
}

// -----

// Tokens are used as in the swap phase.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  // expected-error@+1 {{has no swap.out}}
  %t = swap.in @u1
  swap.wait %t
  swap.return
}

// -----

// A unit that is read ahead: to the end and from the beginning in its slot.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096, 4096>, swap.live = array<i64: 4096, 4096, 8192, 4096, 8192, 8192, 8192, 0, 4096>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]
  swap.out %s
  %r = swap.in ahead @u1
  swap.return
}

// -----

// From the beginning: no call may write there,
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 8192>} {
  %t = swap.in started @u1
  // expected-error@+1 {{overwrites unit @u1, which is in memory}}
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 4096>]
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 4096>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.out %t
  %r = swap.in ahead @u1
  swap.return
}

// -----

// nor another unit come in,
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in started @u1
  // expected-error@+1 {{unit @u2 would overwrite unit @u1}}
  %s = swap.in @u2
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.out %t
  swap.wait %s
  swap.out %s
  %r = swap.in ahead @u1
  swap.return
}

// -----

// nor a second one be found there.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in started @u1
  // expected-error@+1 {{unit @u2 would overwrite unit @u1}}
  %s = swap.in started @u2
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.out %t
  swap.wait %s
  swap.out %s
  %r = swap.in ahead @u1
  %q = swap.in ahead @u2
  swap.return
}

// -----

// To the end: what is read ahead does not wipe out an operand,
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 8192>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 4096>]
  %r = swap.in ahead @u1
  // expected-error@+1 {{reads bytes 4096 to 8192, where something else was written since}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 4096>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// nor is written over,
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 8192>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %r = swap.in ahead @u1
  // expected-error@+1 {{overwrites unit @u1, which is in memory}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 4096>]
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 4096>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// nor comes in over another unit.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 12288 : i64, slots = array<i64: 4096, 4096>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  // expected-error@+1 {{unit @u1 would overwrite unit @u2}}
  %r = swap.in ahead @u1
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]
  swap.out %s
  swap.return
}

// -----

// The peak counts it from the beginning, where the first inference has not
// begun to read it.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{has a peak of 8192 bytes, but uses 12288}}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096, 8192>} {
  %t = swap.in started @u1
  %s = swap.in started @u2
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]
  swap.out %s
  %r = swap.in ahead @u1
  %q = swap.in ahead @u2
  swap.return
}

// -----

// And at the end.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{has a peak of 8192 bytes, but uses 12288}}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096, -1>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %r = swap.in ahead @u1
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 8192>]
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 8192>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// Bytes in use are those of each operation.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096, 4096>, swap.live = array<i64: 4096, 4096, 8192, 4096, 8192, 8192, 8192, 4096, 4096>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]
  // expected-error@+1 {{runs with 0 bytes in use, but the plan says 4096}}
  swap.out %s
  %r = swap.in ahead @u1
  swap.return
}

// -----

// One for each.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{has 1 values of bytes in use for 9 operations}}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64: 4096, 4096>, swap.live = array<i64: 4096>} {
  %t = swap.in started @u1
  swap.wait %t
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]
  swap.out %s
  %r = swap.in ahead @u1
  swap.return
}

// -----

// A launch may write over the operand that its schedule lists, in one go or
// panel after panel, in the arena and in an output; the operand's bytes count
// once.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 4) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(1 to 4) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 4) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.launch @k panels(0 to 4) [#swap.place<output, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// Not over another operand.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{writes over one of its own operands}}
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}

// -----

// Nor over one that is read a second time as another operand.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{writes over one of its own operands}}
  swap.launch @k panels(0 to 4) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}

// -----

// Nor shifted.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{writes over one of its own operands}}
  swap.launch @k panels(0 to 4) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 64>]
  swap.return
}

// -----

// Nor shifted in an output.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  // expected-error@+1 {{writes over one of its own operands}}
  swap.launch @k panels(0 to 4) [#swap.place<output, 0, 0>, #swap.place<input, 0, 0>, #swap.place<output, 0, 64>]
  swap.return
}

// -----

// A panel that was updated in place must not be computed again.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 2) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{updates an operand in place from panel 1, which does not follow the panels before}}
  swap.launch @k panels(1 to 4) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}

// -----

// What began elsewhere does not go on over an operand.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 4096 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{updates an operand in place from panel 2, which does not follow the panels before}}
  swap.launch @k panels(2 to 4) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}

// -----

// An operand that was begun in place is read where it is, or its rest is lost.
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024, inplace = [0]>}
swap.plan @p budget 16384 threads 1 resident [] attributes {arena = 16384 : i64, peak = 8192 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 2) [#swap.place<arena, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error@+1 {{continues in another place what it began over an operand}}
  swap.launch @k panels(2 to 4) [#swap.place<input, 0, 0>, #swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}
