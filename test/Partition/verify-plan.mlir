// RUN: swap-opt %s --swap-verify-plan=depth=1 --split-input-file --verify-diagnostics

// A correct plan; a unit may come in twice.
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
  %t = swap.in @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  %s = swap.in @u1
  swap.wait %s
  swap.out %s
  swap.return %0 : tensor<1024xf32>
}

// -----

// A unit that was never brought in.
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
  // expected-error@+1 {{reads @w1, but unit @u1 is not in memory}}
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// A read under way is not memory yet.
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
  %t = swap.in @u1
  // expected-error@+1 {{reads @w1, but unit @u1 is not in memory}}
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.wait %t
  swap.out %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// Nor is a unit that is out.
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
  %t = swap.in @u1
  swap.wait %t
  swap.out %t
  // expected-error@+1 {{reads @w1, but unit @u1 is not in memory}}
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// Every swap.in has a swap.out.
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
  // expected-error@+1 {{has no swap.out}}
  %t = swap.in @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// A slot may not be given up while it is written.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 65536 threads 1 resident [@u1] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  %t = swap.in @u2
  // expected-error@+1 {{gives up a unit whose read was not waited for}}
  swap.out %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// A read ends once.
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
  %t = swap.in @u1
  swap.wait %t
  // expected-error@+1 {{waits for a read a second time}}
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// A token dies with its unit.
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
  %t = swap.in @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  // expected-error@+1 {{uses a token whose unit is out already}}
  swap.wait %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// A unit has one slot.
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
  %t = swap.in @u1
  // expected-error@+1 {{unit @u1 is in memory already}}
  %s = swap.in @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// A resident unit is not read again.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 65536 threads 1 resident [@u1] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  // expected-error@+1 {{unit @u1 is in memory already}}
  %t = swap.in @u1
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// At most depth reads are in flight (here 1).
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
  %t = swap.in @u1
  // expected-error@+1 {{makes 2 reads in flight, more than 1}}
  %s = swap.in @u2
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.wait %s
  swap.out %s
  swap.return %0 : tensor<1024xf32>
}

// -----

// What is resident is a unit.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{resident @w1 is not a unit}}
swap.plan @p budget 65536 threads 1 resident [@w1] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// A call reads panels that one unit holds.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w2, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
swap.plan @p budget 65536 threads 1 resident [] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  // expected-error@+1 {{reads panels 0 to 1 of @w1, which no unit holds}}
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}
