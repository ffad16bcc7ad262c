// RUN: sed 's/PAGE/64/' %s | swap-opt --swap-plan='budgets=min,max' --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=SMALL
// RUN: sed 's/PAGE/4096/' %s | swap-opt --swap-plan='budgets=min,max' --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=FILES
// RUN: sed 's/PAGE/64/' %s | swap-opt --swap-plan='budgets=max' --swap-assign-memory | sed 's/page_bytes = 64/page_bytes = 4096/' | not swap-opt --swap-verify-memory 2>&1 | FileCheck %s --check-prefix=OFF
// RUN: sed 's/PAGE/96/' %s | not swap-opt 2>&1 | FileCheck %s --check-prefix=ODD
// RUN: sed 's/PAGE/32/' %s | not swap-opt 2>&1 | FileCheck %s --check-prefix=ODD
// RUN: sed 's/PAGE/8192/' %s | not swap-opt 2>&1 | FileCheck %s --check-prefix=ODD
// RUN: sed 's/PAGE : i64/64 : i32/' %s | not swap-opt 2>&1 | FileCheck %s --check-prefix=ODD

// Verifies that slots, what is read and the budgets are of the module's page
// size, and that it is checked.

// SMALL: swap.min_bytes = 1792 : i64
// SMALL-SAME: swap.model_bytes = 2688 : i64, swap.page_bytes = 64 : i64
// SMALL: swap.plan @plan_0 budget 1792
// SMALL-SAME: slots = array<i64: 448, 1344, 896, 896>
// SMALL-SAME: resident_bytes = 448 : i64
// SMALL: swap.plan @plan_1 budget 2688
// SMALL-SAME: slots = array<i64: 896, 1344, 1792, 2240>

// FILES: swap.min_bytes = 12288 : i64
// FILES-SAME: swap.model_bytes = 20480 : i64
// FILES: swap.plan @plan_0 budget 12288
// FILES-SAME: streamed_bytes = 16384 : i64
// FILES: swap.plan @plan_1 budget 20480
// FILES-SAME: slots = array<i64: 4096, 8192, 12288, 16384>

// OFF: error: 'swap.plan' op unit @u1 has a slot at 896, not on a page
// ODD: error: {{.*}}swap.page_bytes is not an i64 power of two from 64 to 4096

module attributes {swap.page_bytes = PAGE : i64} {
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
