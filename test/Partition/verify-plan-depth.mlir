// RUN: swap-opt %s --swap-verify-plan --split-input-file --verify-diagnostics

// With the depth that plans have: two units are read ahead, in order.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 65536 threads 1 resident [] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  %t = swap.in started @u1
  %s = swap.in started @u2
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.wait %s
  %1 = swap.call @k(%x, %w2) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %s
  %r = swap.in ahead @u1
  %q = swap.in ahead @u2
  swap.return %1 : tensor<1024xf32>
}

// -----

// In another order, the reads would not end in the order in which they are
// waited for.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 65536 threads 1 resident [] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  %t = swap.in started @u1
  %s = swap.in started @u2
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.wait %s
  %1 = swap.call @k(%x, %w2) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %s
  // expected-error@+1 {{reads unit @u2 ahead where @u1 is the next that the plan finds started}}
  %r = swap.in ahead @u2
  %q = swap.in ahead @u1
  swap.return %1 : tensor<1024xf32>
}
