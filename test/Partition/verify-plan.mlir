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

// -----

// Plans follow each other: the first read starts at the end of the one before.
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
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  %s = swap.in @u2
  swap.wait %s
  %1 = swap.call @k(%x, %w2) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %s
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}

// -----

// Nothing else starts before what has started.
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
  %s = swap.in @u2
  swap.wait %s
  // expected-error@+1 {{stands after other steps: what has started comes first}}
  %t = swap.in started @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.out %s
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}

// -----

// Least of all a call.
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
  %0 = swap.call @k(%x, %x) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  // expected-error@+1 {{stands after other steps: what has started comes first}}
  %t = swap.in started @u1
  swap.wait %t
  swap.out %t
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}

// -----

// A unit starts once.
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
  // expected-error@+1 {{unit @u1 is in memory already}}
  %s = swap.in started @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}

// -----

// It comes in once an inference.
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
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  // expected-error@+1 {{unit @u1 is one that the plan finds started: it comes in once an inference}}
  %s = swap.in @u1
  swap.wait %s
  swap.out %s
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}

// -----

// A read is in one half of a pair.
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
  // expected-error@+1 {{is both started and ahead}}
  %t = swap.in started ahead @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// What is resident does not start.
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
  %t = swap.in started @u1
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}

// -----

// What an inference finds started, the one before has read ahead.
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
// expected-error@+1 {{finds unit @u1 started, but does not read it ahead}}
swap.plan @p budget 65536 threads 1 resident [] {
^bb0(%x: tensor<1024xf32>):
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  %t = swap.in started @u1
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// What is read ahead is found started.
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
  // expected-error@+1 {{reads unit @u2 ahead, but the plan does not begin with a 'swap.in started' of it}}
  %r = swap.in ahead @u2
  swap.return %0 : tensor<1024xf32>
}

// -----

// A unit is read ahead when it is out.
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
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  // expected-error@+1 {{unit @u1 is in memory already}}
  %r = swap.in ahead @u1
  swap.out %t
  swap.return %0 : tensor<1024xf32>
}

// -----

// It is not there for this inference,
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
  swap.wait %t
  swap.out %t
  %r = swap.in ahead @u1
  // expected-error@+1 {{reads @w1, but unit @u1 is not in memory}}
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.return %0 : tensor<1024xf32>
}

// -----

// nor waited for,
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
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  %r = swap.in ahead @u1
  // expected-error@+1 {{uses the token of a read ahead, which is for the next inference}}
  swap.wait %r
  swap.return %0 : tensor<1024xf32>
}

// -----

// nor given up.
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
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  %r = swap.in ahead @u1
  // expected-error@+1 {{uses the token of a read ahead, which is for the next inference}}
  swap.out %r
  swap.return %0 : tensor<1024xf32>
}

// -----

// Reads ahead are in flight across the end: with one that is not yet waited
// for, more than the depth (here 1).
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
  swap.wait %t
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  %s = swap.in @u2
  // expected-error@+1 {{makes 2 reads in flight, more than 1}}
  %r = swap.in ahead @u1
  swap.wait %s
  swap.out %s
  swap.return %0 : tensor<1024xf32>
}

// -----

// And at the beginning.
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
  // expected-error@+1 {{makes 2 reads in flight, more than 1}}
  %s = swap.in @u2
  swap.wait %t
  swap.wait %s
  %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  swap.out %t
  swap.out %s
  %r = swap.in ahead @u1
  swap.return %0 : tensor<1024xf32>
}
