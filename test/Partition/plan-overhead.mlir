// RUN: rm -rf %t && split-file %s %t
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=min,150%%,max curve" --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s
// RUN: not swap-opt %t/model.mlir --swap-plan="budgets=16KiB" 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: sed 's/overhead = 100000/overhead = -1/' %t/model.mlir | not swap-opt --swap-plan="budgets=max" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not swap-opt %t/memory.mlir --swap-verify-memory 2>&1 | FileCheck %s --check-prefix=MEMORY

// Verifies that every budget, those that are told too, counts the overhead (code
// and graphs of a GPU), that an arena is what is left at most, and that a share
// of what is needed is one of the need beside the overhead, which is added.
// CHECK: swap.curve = {{\[\[}}116384, {{.*}}, [124576, {{.*}}swap.free_bytes = 124576 : i64, swap.min_bytes = 116384 : i64
// CHECK-SAME: swap.model_bytes = 124576 : i64, swap.overhead = 100000 : i64
// CHECK: swap.plan @plan_0 budget 116384
// CHECK-SAME: arena = 16384
// CHECK: swap.plan @plan_1 budget 124576
// CHECK-SAME: arena = 24576
// CHECK: swap.plan @plan_2 budget 136864
// CHECK-SAME: arena = 24576

// SMALL: error: budget 16.0 KiB (16384 bytes) is too small: the smallest feasible budget is 113.7 KiB (116384 bytes), set by kernel 'k'
// NEGATIVE: error: module: swap.overhead is negative
// MEMORY: error: 'swap.plan' op has an arena of 4096 bytes in a budget of 5000 of which 1000 are for code and graphs

//--- model.mlir
module attributes {swap.overhead = 100000 : i64} {
  swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
  swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
  swap.parameter @w3 : tensor<1024xf32> = #swap.file<"w", 8192, 4096>
  swap.parameter @w4 : tensor<1024xf32> = #swap.file<"w", 12288, 4096>
  swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
  swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
  swap.unit @u3 [#swap.piece<@w3, 0, 1, 0>] length 4096
  swap.unit @u4 [#swap.piece<@w4, 0, 1, 0>] length 4096
  func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 1024>}
  func.func @main(%x: tensor<1024xf32>) -> tensor<1024xf32> {
    %w1 = swap.param @w1 : tensor<1024xf32>
    %w2 = swap.param @w2 : tensor<1024xf32>
    %w3 = swap.param @w3 : tensor<1024xf32>
    %w4 = swap.param @w4 : tensor<1024xf32>
    %0 = swap.call @k(%x, %w1) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    %1 = swap.call @k(%0, %w2) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    %2 = swap.call @k(%1, %w3) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    %3 = swap.call @k(%2, %w4) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    return %3 : tensor<1024xf32>
  }
}
//--- memory.mlir
module attributes {swap.overhead = 1000 : i64} {
  swap.plan @p budget 5000 threads 1 resident [] attributes {arena = 4096 : i64, slots = array<i64>} {
    swap.return
  }
}
