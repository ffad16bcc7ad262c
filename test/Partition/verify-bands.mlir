// RUN: swap-opt %s --swap-verify-memory --split-input-file --verify-diagnostics

// Bands of rows in the memory phase: four tiles of 64 bytes; tile t of the
// result needs tiles t - 1 to t + 1 of the operand.

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
// Two tiles at a time; what is between takes three of them. Rows 1 to 3 are
// addressed from 64 bytes before where they are.
swap.plan @good budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 1) tiles(0 to 3) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 1) tiles(0 to 2) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 192>]
  swap.launch @k panels(0 to 1) tiles(1 to 4) [#swap.place<input, 0, 0>, #swap.place<arena, 0, -64>]
  swap.launch @k panels(0 to 1) tiles(2 to 4) [#swap.place<arena, 0, -64>, #swap.place<arena, 0, 192>] {swap.update}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 192>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
// Where the bands go an earlier result of the same kernel was: the second goes on
// with the first, and not with what is left of that.
swap.plan @again budget 512 threads 1 resident [] attributes {arena = 512 : i64, peak = 512 : i64, scratch_offset = 512 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 256>]
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 256>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 1) tiles(0 to 2) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 256>]
  swap.launch @k panels(0 to 1) tiles(2 to 4) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 256>] {swap.update}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 256>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
swap.plan @row_missing budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 1) tiles(0 to 2) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error @+1 {{reads bytes 0 to 192, where something else was written since}}
  swap.launch @k panels(0 to 1) tiles(0 to 2) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 192>]
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
// The same bytes, but of other rows: the operand would begin elsewhere.
swap.plan @other_rows budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 1) tiles(0 to 3) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error @+1 {{reads bytes 0 to 192, where something else was written since}}
  swap.launch @k panels(0 to 1) tiles(2 to 4) [#swap.place<arena, 0, -64>, #swap.place<arena, 0, 192>]
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
// The second band begins a result of its own: the first is lost.
swap.plan @no_update budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 1) tiles(0 to 2) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.launch @k panels(0 to 1) tiles(2 to 4) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error @+1 {{reads bytes 0 to 256, where something else was written since}}
  swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
swap.plan @nothing_to_continue budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  // expected-error @+1 {{continues a result whose first panels are lost}}
  swap.launch @k panels(0 to 1) tiles(2 to 4) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>] {swap.update}
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
swap.plan @outside budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  // expected-error @+1 {{result takes bytes -64 to 64, outside the arena of 448}}
  swap.launch @k panels(0 to 1) tiles(1 to 3) [#swap.place<input, 0, 0>, #swap.place<arena, 0, -128>]
  swap.return
}

// -----

#rows = #swap.reach<slices = 4, group = 4, scale = 1, low = -1, high = 1>

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 16, step = 1, reaches = [#rows]>,
                swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
swap.plan @own_operand budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  swap.launch @k panels(0 to 1) tiles(0 to 3) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  // expected-error @+1 {{writes over one of its own operands}}
  swap.launch @k panels(0 to 1) tiles(0 to 2) [#swap.place<arena, 0, 0>, #swap.place<arena, 0, 128>]
  swap.return
}

// -----

func.func private @k(tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 4, rows = 1, block = 4, scratch = 0, flops = 64>}
swap.plan @no_footprint budget 512 threads 1 resident [] attributes {arena = 448 : i64, peak = 448 : i64, scratch_offset = 448 : i64, scratch_stride = 0 : i64, slots = array<i64>} {
  // expected-error @+1 {{runs some tiles of a kernel without a swap.footprint}}
  swap.launch @k panels(0 to 1) tiles(0 to 3) [#swap.place<input, 0, 0>, #swap.place<arena, 0, 0>]
  swap.return
}
