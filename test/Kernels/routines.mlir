// RUN: swap-opt %s --swap-form-kernels --swap-verify-kernels | FileCheck %s

// Verifies that a routine is a kernel of its own: what it reads is computed by
// another, even if it holds one value, and equal routines share a kernel.
// CHECK-LABEL: func.func private @fill_4(
// CHECK-LABEL: func.func private @cumulate_4(
// CHECK-NEXT: swap.routine "cumulate"(%arg0)
// CHECK-NEXT: return
// CHECK-LABEL: func.func @main
// CHECK: %[[F:.*]] = swap.call @fill_4 ()
// CHECK: %[[A:.*]] = swap.call @cumulate_4 (%[[F]])
// CHECK: %[[B:.*]] = swap.call @cumulate_4 (%[[A]])
// CHECK: return %[[B]]
func.func @main() -> tensor<4xf32> {
  %two = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%two : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %0 = swap.routine "cumulate"(%f) constants = [1, 4, 1, 0, 0, 0] items = 1 scratch = 0 flops = 4 {swap.origin = "a"} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = swap.routine "cumulate"(%0) constants = [1, 4, 1, 0, 0, 0] items = 1 scratch = 0 flops = 4 {swap.origin = "b"} : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
