// RUN: swap-opt %s --swap-plan="budgets=ladder" | FileCheck %s
// RUN: swap-opt %s --swap-plan="budgets=22KiB,ladder,max" | FileCheck %s --check-prefix=BOTH
// RUN: swap-opt %s --swap-plan="budgets=ladder curve" | FileCheck %s --check-prefix=CURVE
// RUN: swap-opt %s --swap-plan="budgets=ladder" --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=MEMORY

// Verifies that a ladder has plans from the smallest budget to the largest, in
// ascending order, each of what it takes; that other budgets stand beside it
// and none is there twice; and that what is predicted of others stays.
// CHECK: swap.plan @plan_0 budget 16384 threads 1 resident [@u2]
// CHECK-SAME: arena = 16384
// CHECK: swap.plan @plan_1 budget 20480 threads 1 resident [{{@u[1-4], @u[1-4], @u[1-4]}}]
// CHECK-SAME: arena = 20480
// CHECK: swap.plan @plan_2 budget 24576 threads 1 resident [@u1, @u2, @u3, @u4]
// CHECK-NOT: swap.plan

// BOTH: @plan_0 budget 16384
// BOTH: @plan_1 budget 20480
// BOTH: @plan_2 budget 22528
// BOTH: @plan_3 budget 24576
// BOTH-NOT: swap.plan

// CURVE: swap.curve = {{\[\[}}16384, {{.*}}], [20480, {{.*}}], [24576,
// MEMORY-COUNT-3: swap.plan @
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
func.func @main(%x: tensor<1024xf32> {swap.name = "x"}) -> (tensor<1024xf32> {swap.name = "y"}) {
  %w1 = swap.param @w1 : tensor<1024xf32>
  %w2 = swap.param @w2 : tensor<1024xf32>
  %w3 = swap.param @w3 : tensor<1024xf32>
  %w4 = swap.param @w4 : tensor<1024xf32>
  %0 = swap.call @k(%x, %w1) {swap.origin = "/first"} : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  %1 = swap.call @k(%0, %w2) {swap.origin = "/second"} : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  %2 = swap.call @k(%1, %w3) {swap.origin = "/third"} : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  %3 = swap.call @k(%2, %w4) {swap.origin = "/fourth"} : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  return %3 : tensor<1024xf32>
}
