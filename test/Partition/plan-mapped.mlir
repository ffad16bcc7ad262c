// RUN: swap-opt %s --swap-plan='budgets=mapped,max,mapped:min' --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s
// RUN: swap-opt %s --swap-plan='budgets=mapped device=mcu' | FileCheck %s --check-prefix=MCU
// RUN: not swap-opt %s --swap-plan='budgets=mapped:512' 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: not swap-opt %s --swap-plan='budgets=mapped device=cuda' 2>&1 | FileCheck %s --check-prefix=CUDA
// RUN: swap-opt %s --swap-plan='budgets=mapped' | sed 's/resident \[\] in_place \[@u1, /resident [@u1] in_place [/' | not swap-opt 2>&1 | FileCheck %s --check-prefix=STAYS

// Verifies that with the budget "mapped" all units are in place, however often
// they are read, and the arena is for activations alone. Both of them are one plan.
// CHECK: swap.plan @plan_0 budget 896 threads 1 resident [] in_place [@u1, @u2, @u3, @u4] mapped attributes {arena = 896 : i64, peak = 896 : i64
// CHECK-SAME: slots = array<i64: -2, -2, -2, -2>
// CHECK-SAME: limit = "nothing"
// CHECK-SAME: streamed_bytes = 0 : i64
// CHECK-NEXT: swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
// CHECK-NOT: swap.in
// CHECK: swap.plan @plan_1 budget 20480 threads 1 resident [@u1, @u2, @u3, @u4] attributes

// Weights that come from flash take time: 400 bytes at 30e6 a second, four times.
// MCU: compute_ms = 2.400000e-02 : f64
// MCU-SAME: stream_ms = 0.05333
// MCU-SAME: time_ms = 0.077333

// SMALL: error: mapped budget 512 bytes (512 bytes) is too small: the smallest feasible budget is 896 bytes (896 bytes), set by kernel 'k'
// CUDA: error: budget 'mapped': a GPU does not map the weights; it reads them in place where that pays, with every budget
// STAYS: error: 'swap.plan' op is mapped, but has units that come in

module {
  swap.parameter @w1 : tensor<100xf32> = #swap.file<"w", 0, 400>
  swap.parameter @w2 : tensor<100xf32> = #swap.file<"w", 400, 400>
  swap.parameter @w3 : tensor<100xf32> = #swap.file<"w", 800, 400>
  swap.parameter @w4 : tensor<100xf32> = #swap.file<"w", 1200, 400>
  swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 400
  swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 400
  swap.unit @u3 [#swap.piece<@w3, 0, 1, 0>] length 400
  swap.unit @u4 [#swap.piece<@w4, 0, 1, 0>] length 400
  func.func private @k(tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 100>}
  func.func @main(%x: tensor<100xf32>) -> tensor<100xf32> {
    %w1 = swap.param @w1 : tensor<100xf32>
    %w2 = swap.param @w2 : tensor<100xf32>
    %w3 = swap.param @w3 : tensor<100xf32>
    %w4 = swap.param @w4 : tensor<100xf32>
    %0 = swap.call @k(%x, %w1) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
    %1 = swap.call @k(%0, %w2) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
    %2 = swap.call @k(%1, %w3) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
    %3 = swap.call @k(%2, %w4) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
    return %3 : tensor<100xf32>
  }
}
