// RUN: swap-opt %s --swap-plan="budgets=min,max" | FileCheck %s
// RUN: swap-opt %s --swap-plan="budgets=min curve" | FileCheck %s --check-prefix=CURVE
// RUN: swap-opt %s --swap-plan="budgets=min free-budget" | FileCheck %s --check-prefix=FREE
// RUN: not swap-opt %s --swap-plan="budgets=8KiB" 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: not swap-opt %s --swap-plan="depth=65" 2>&1 | FileCheck %s --check-prefix=DEPTH
// RUN: not swap-opt %s --swap-plan="budgets=8KB" 2>&1 | FileCheck %s --check-prefix=SYNTAX

// Verifies that the smallest budget holds two activations, the unit that a call
// reads and the one that comes in meanwhile; that reads start as soon as their
// slots are free, and the first unit's for the next inference behind the last
// call; that the largest keeps all units; and that what is left of @main is the
// signature.
// CHECK: module attributes {{.*}}swap.min_bytes = 16384 : i64, swap.min_kernel = "k", swap.min_node = "/second"{{.*}}swap.model_bytes = 24576 : i64, swap.weight_bytes = 16384 : i64
// CHECK: swap.plan @plan_0 budget 16384 threads 1 resident [@u2]
// CHECK-SAME: arena = 16384
// CHECK: ^bb0(%[[X:.*]]: tensor<1024xf32>):
// CHECK:   %[[T1:.*]] = swap.in started @u1
// CHECK:   %[[T3:.*]] = swap.in @u3
// CHECK:   swap.wait %[[T1]]
// CHECK:   %[[A:.*]] = swap.call @k (%[[X]], %{{.*}})
// CHECK:   swap.out %[[T1]]
// CHECK:   %[[B:.*]] = swap.call @k (%[[A]], %{{.*}})
// CHECK:   swap.wait %[[T3]]
// CHECK:   %[[C:.*]] = swap.call @k (%[[B]], %{{.*}})
// CHECK:   swap.out %[[T3]]
// CHECK:   %[[T4:.*]] = swap.in @u4
// CHECK:   swap.in ahead @u1
// CHECK:   swap.wait %[[T4]]
// CHECK:   %[[D:.*]] = swap.call @k (%[[C]], %{{.*}})
// CHECK:   swap.out %[[T4]]
// CHECK:   swap.return %[[D]]
// CHECK: swap.plan @plan_1 budget 24576 threads 1 resident [@u1, @u2, @u3, @u4]
// CHECK-NOT: swap.in
// CHECK: func.func private @main(tensor<1024xf32> {swap.name = "x"}) -> (tensor<1024xf32> {swap.name = "y"})

// Predictions: four calls begin in order; between the smallest budget and all
// that is needed there are 24, of whole pages: here one.
// CURVE: swap.curve = {{\[\[}}16384, {{[^]]*}}, 4096, 12288], [20480, {{[^]]*}}, 12288, 4096], [24576, {{[^]]*}}, 16384, 0]]
// CURVE-SAME: swap.free_bytes = 24576
// CURVE: swap.predicted = {{{.*}}limit = "memory", longest_stall_ms = {{.*}}, stall_kernel = "k", stall_ms = {{.*}}, stall_node = "/{{.*}}"
// CURVE-SAME: swap.start_us = array<i64: {{[0-9]+, [0-9]+, [0-9]+, [0-9]+}}>
// FREE-NOT: swap.curve
// FREE: swap.free_bytes = 24576

// SMALL: error: budget 8.0 KiB (8192 bytes) is too small: the smallest feasible budget is 16.0 KiB (16384 bytes), set by kernel 'k' (node '/second')
// DEPTH: error: option depth is 65, not between 1 and 64
// SYNTAX: error: budget: size '8KB' is not a number of bytes, KiB, MiB or GiB
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
