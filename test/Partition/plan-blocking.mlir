// RUN: swap-opt %s --swap-plan='budgets=min device=mcu blocking' --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s
// RUN: swap-opt %s --swap-plan='budgets=min device=mcu' | FileCheck %s --check-prefix=BESIDE

// Verifies that where reads block, each stands right before the call that needs
// it, the smallest budget holds one unit instead of two, and the time is that of
// computing and of reading: for each unit of 448 bytes 6 us, 8.3 and 14.9.
// CHECK: swap.link = {blocking,
// CHECK-SAME: swap.min_bytes = 1344 : i64
// CHECK: swap.plan @plan_0 budget 1344 threads 1 resident []
// CHECK-SAME: arena = 1344 : i64, peak = 1344 : i64
// CHECK-SAME: bound_ms = 0.083794
// CHECK-SAME: compute_ms = 2.400000e-02 : f64
// CHECK-SAME: stream_ms = 0.059794
// CHECK-SAME: time_ms = 0.117099
// CHECK: %[[T1:.*]] = swap.in @u1
// CHECK-NEXT: swap.wait %[[T1]]
// CHECK-NEXT: swap.launch @k
// CHECK-NEXT: swap.out %[[T1]]
// CHECK-NEXT: %[[T2:.*]] = swap.in @u2
// CHECK-NEXT: swap.wait %[[T2]]
// CHECK-NEXT: swap.launch @k
// CHECK-NOT: ahead
// CHECK: swap.return

// BESIDE: swap.min_bytes = 1792 : i64

module attributes {swap.page_bytes = 64 : i64} {
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
