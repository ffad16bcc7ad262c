// RUN: swap-opt %s --swap-verify-memory --split-input-file --verify-diagnostics

// One launch reads two units that stay side by side and hold panels of one
// parameter that follow each other.
!w = tensor<64x32xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
swap.parameter @w.src : tensor<64x32xf32> = #swap.file<"w", 0, 8192>
swap.derived @w : !w from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w, 1, 2, 0>] length 4096
func.func private @fc(tensor<1x32xf32>, !w) -> tensor<1x64xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 2, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096>}
swap.plan @p budget 8192 threads 1 resident [@u1, @u2] attributes {arena = 8192 : i64, peak = 8192 : i64, slots = array<i64: 0, 4096>} {
  swap.launch @fc panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// They do not lie side by side.
!w = tensor<64x32xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
swap.parameter @w.src : tensor<64x32xf32> = #swap.file<"w", 0, 8192>
swap.derived @w : !w from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w, 1, 2, 0>] length 4096
func.func private @fc(tensor<1x32xf32>, !w) -> tensor<1x64xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 2, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096>}
swap.plan @p budget 12288 threads 1 resident [@u1, @u2] attributes {arena = 12288 : i64, peak = 8192 : i64, slots = array<i64: 0, 8192>} {
  // expected-error@+1 {{reads bytes 0 to 8192 of unit @u1, which has 4096}}
  swap.launch @fc panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// The second one holds other panels.
!w = tensor<96x32xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
swap.parameter @w.src : tensor<96x32xf32> = #swap.file<"w", 0, 12288>
swap.derived @w : !w from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w, 2, 3, 0>] length 4096
func.func private @fc(tensor<1x32xf32>, !w) -> tensor<1x96xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 3, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096>}
swap.plan @p budget 8192 threads 1 resident [@u1, @u2] attributes {arena = 8192 : i64, peak = 8192 : i64, slots = array<i64: 0, 4096>} {
  // expected-error@+1 {{reads bytes 0 to 8192 of unit @u1, which has 4096}}
  swap.launch @fc panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}

// -----

// The second one does not stay.
!w = tensor<64x32xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
swap.parameter @w.src : tensor<64x32xf32> = #swap.file<"w", 0, 8192>
swap.derived @w : !w from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w, 1, 2, 0>] length 4096
func.func private @fc(tensor<1x32xf32>, !w) -> tensor<1x64xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 2, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 4096>}
swap.plan @p budget 8192 threads 1 resident [@u1] attributes {arena = 8192 : i64, peak = 8192 : i64, slots = array<i64: 4096, 0>} {
  %t = swap.in @u2
  swap.wait %t
  // expected-error@+1 {{reads bytes 0 to 8192 of unit @u1, which has 4096}}
  swap.launch @fc panels(0 to 2) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.out %t
  swap.return
}
