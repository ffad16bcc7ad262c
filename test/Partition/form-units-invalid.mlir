// RUN: swap-opt %s --swap-form-units --split-input-file --verify-diagnostics

func.func private @k(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{calls a kernel without a swap.schedule: schedule kernels first}}
  %0 = swap.call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

swap.parameter @s : tensor<4x4xf32> = #swap.file<"w", 0, 64>
swap.derived @w : tensor<4x4xf32, #swap.panels<dim = 0, width = 2, order = [1]>> from [@s] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
func.func private @k(tensor<4x4xf32, #swap.panels<dim = 0, width = 2, order = [1]>>) -> tensor<4xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 4, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1>}
func.func @main() -> tensor<4xf32> {
  %w = swap.param @w : tensor<4x4xf32, #swap.panels<dim = 0, width = 2, order = [1]>>
  // expected-error@+1 {{reads 2 panels of 'w' but has 4}}
  %0 = swap.call @k(%w) : (tensor<4x4xf32, #swap.panels<dim = 0, width = 2, order = [1]>>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
