// RUN: swap-opt %s --swap-plan --split-input-file --verify-diagnostics

// An output that no call computes has no place in the caller's memory.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{output 0 is not computed by any call: a copy is missing}}
  return %x : tensor<4xf32>
}

// -----

func.func private @k(tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1>}
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<2x2xf32>) {
  %0 = swap.call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  // expected-error@+1 {{outputs 0 and 1 share storage: a copy is missing}}
  return %0, %1 : tensor<4xf32>, tensor<2x2xf32>
}

// -----

swap.parameter @w : tensor<4xf32> = #swap.file<"w", 0, 16>
func.func private @k(tensor<4xf32>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1>}
func.func @main() -> tensor<4xf32> {
  %w = swap.param @w : tensor<4xf32>
  // expected-error@+1 {{reads panels 0 to 1 of @w, which no unit holds: form units first}}
  %0 = swap.call @k(%w) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
