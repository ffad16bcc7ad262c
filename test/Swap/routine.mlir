// RUN: swap-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// Verifies that a routine prints as it reads.
// CHECK: %{{.*}}:2 = swap.routine "topk"(%arg0) constants = [1, 100, 1, 5, 1] items = 8 scratch = 80 flops = 8000 : (tensor<8x100xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>)
// CHECK: swap.routine "cumulate"(%arg0) constants = [1, 100, 1, 0, 0, 0] items = 8 scratch = 0 flops = 800 inplace = [0] : (tensor<8x100xf32>) -> tensor<8x100xf32>
func.func @main(%x: tensor<8x100xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>, tensor<8x100xf32>) {
  %v, %i = swap.routine "topk"(%x) constants = [1, 100, 1, 5, 1] items = 8 scratch = 80 flops = 8000 : (tensor<8x100xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>)
  %s = swap.routine "cumulate"(%x) constants = [1, 100, 1, 0, 0, 0] items = 8 scratch = 0 flops = 800 inplace = [0] : (tensor<8x100xf32>) -> tensor<8x100xf32>
  return %v, %i, %s : tensor<8x5xf32>, tensor<8x5xi64>, tensor<8x100xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{needs at least one item, and no negative scratch}}
  %s = swap.routine "cumulate"(%x) constants = [] items = 0 scratch = 0 flops = 8 : (tensor<8xf32>) -> tensor<8xf32>
  return %s : tensor<8xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{cannot overwrite input 1 of 1 by one of 1 results}}
  %s = swap.routine "cumulate"(%x) constants = [] items = 1 scratch = 0 flops = 8 inplace = [1] : (tensor<8xf32>) -> tensor<8xf32>
  return %s : tensor<8xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<4xf32> {
  // expected-error @below {{cannot overwrite input 0, which has another type than the result}}
  %s = swap.routine "topk"(%x) constants = [] items = 1 scratch = 0 flops = 8 inplace = [0] : (tensor<8xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}
