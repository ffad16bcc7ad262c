// RUN: swap-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// Verifies that parameters, recipes and what refers to them print as they are written.
// CHECK: swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
// CHECK: swap.parameter @s : tensor<2xf32> = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
swap.parameter @s : tensor<2xf32> = dense<[1.0, 2.0]> : tensor<2xf32>
// CHECK: swap.derived @t : tensor<3x4xf32, #swap.panels<dim = 0, width = 32, order = [1]>> from [@w] maps [#{{.*}}]
swap.derived @t : tensor<3x4xf32, #swap.panels<dim = 0, width = 32, order = [1]>>
    from [@w] maps [affine_map<(i, j) -> (j, i)>] {
^bb0(%x: f32):
  swap.yield %x : f32
}
func.func @main(%ids: tensor<2xi64>) -> tensor<2x3xf32> {
  // CHECK: swap.param @w : tensor<4x3xf32>
  %w = swap.param @w : tensor<4x3xf32>
  // CHECK: swap.rows %{{.*}}[%{{.*}}] : tensor<4x3xf32>, tensor<2xi64> -> tensor<2x3xf32>
  %r = swap.rows %w[%ids] : tensor<4x3xf32>, tensor<2xi64> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

// expected-error @below {{takes 48 bytes but names 47 of "m.weights"}}
swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 47>

// -----

// expected-error @below {{has an encoding; only swap.derived changes a layout}}
swap.parameter @w : tensor<4x3xf32, #swap.panels<dim = 0, width = 4, order = [1]>> = #swap.file<"m.weights", 0, 48>

// -----

// expected-error @below {{source must be #swap.file or elements of its type}}
swap.parameter @w : tensor<2xf32> = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>

// -----

swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
// expected-error @below {{panels encoding names dimension 0 wrongly or twice for rank 2}}
swap.derived @t : tensor<4x3xf32, #swap.panels<dim = 0, width = 32, order = [0]>>
    from [@w] maps [affine_map<(i, j) -> (i, j)>] {
^bb0(%x: f32):
  swap.yield %x : f32
}

// -----

swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
// expected-error @below {{map 0 does not take 1 indices to 2}}
swap.derived @t : tensor<4xf32> from [@w] maps [affine_map<(i) -> (i)>] {
^bb0(%x: f32):
  swap.yield %x : f32
}

// -----

// expected-error @below {{@missing is not a swap.parameter}}
swap.derived @t : tensor<4xf32> from [@missing] maps [affine_map<(i) -> (i)>] {
^bb0(%x: f32):
  swap.yield %x : f32
}

// -----

func.func @main() -> tensor<4xf32> {
  // expected-error @below {{@w is neither a swap.parameter nor a swap.derived}}
  %w = swap.param @w : tensor<4xf32>
  return %w : tensor<4xf32>
}

// -----

swap.parameter @w : tensor<4xf32> = dense<0.0> : tensor<4xf32>
func.func @main() -> tensor<2xf32> {
  // expected-error @below {{@w has type 'tensor<4xf32>'}}
  %w = swap.param @w : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

swap.parameter @w : tensor<4x3xf32> = #swap.file<"m.weights", 0, 48>
func.func @main(%ids: tensor<2xi64>) -> tensor<3x3xf32> {
  %w = swap.param @w : tensor<4x3xf32>
  // expected-error @below {{result must be one table row for each index}}
  %r = swap.rows %w[%ids] : tensor<4x3xf32>, tensor<2xi64> -> tensor<3x3xf32>
  return %r : tensor<3x3xf32>
}
