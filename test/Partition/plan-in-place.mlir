// RUN: rm -rf %t && split-file %s %t
// RUN: swap-opt %t/model.mlir --swap-plan="device=cuda budgets=min" --swap-verify-plan | FileCheck %s --check-prefix=MIN
// RUN: swap-opt %t/model.mlir --swap-plan="device=cuda budgets=min" --swap-verify-plan --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=MEMORY
// RUN: swap-opt %t/model.mlir --swap-plan="device=cuda budgets=min in-place=false" --swap-verify-plan | FileCheck %s --check-prefix=OFF
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=min" --swap-verify-plan | FileCheck %s --check-prefix=OFF
// RUN: swap-opt %t/model.mlir --swap-plan="device=cuda budgets=min profiles=%t/storage.yaml" | FileCheck %s --check-prefix=OFF
// RUN: swap-opt %t/model.mlir --swap-plan="device=cuda budgets=max" | FileCheck %s --check-prefix=MAX
// RUN: sed 's/read_once = array<i64: 1>/read_once = array<i64: 2>/' %t/model.mlir | swap-opt --swap-plan="device=cuda budgets=min" | FileCheck %s --check-prefix=OFF
// RUN: not swap-opt %t/twice.mlir --swap-verify-plan 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not swap-opt %t/in.mlir --swap-verify-plan 2>&1 | FileCheck %s --check-prefix=IN
// RUN: not swap-opt %t/both.mlir --swap-verify-plan 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not swap-opt %t/slot.mlir --swap-verify-memory 2>&1 | FileCheck %s --check-prefix=SLOT
// RUN: not swap-opt %t/memory.mlir --swap-verify-memory 2>&1 | FileCheck %s --check-prefix=TWICE-MEMORY

// Verifies that the smallest budget of a GPU holds no weights where kernels read
// each byte of them once: the activation is all. What they read crosses the bus
// all the same.
// MIN: swap.min_bytes = 4096 : i64
// MIN: swap.plan @plan_0 budget 4096 threads 1 resident [] in_place [@u1, @u2] attributes
// MIN-SAME: slots = array<i64: -2, -2>
// MIN-SAME: in_place_bytes = 2097152 : i64
// MIN-SAME: streamed_bytes = 2097152 : i64
// 2 MiB at 51e9 bytes a second.
// MIN-SAME: time_ms = 0.0411{{[0-9]*}} : f64
// MIN-NOT: swap.in @
// MIN-COUNT-2: swap.call @fc
// MEMORY: swap.launch @fc panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
// MEMORY: swap.launch @fc panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]

// Not where the kernel does not say so of the operand, where the option says no, on a CPU,
// or where a profile says that kernels cannot.
// OFF: swap.min_bytes = 2{{[0-9]+}} : i64
// OFF-NOT: in_place

// Nothing is where everything stays.
// MAX: resident [@u1, @u2] attributes
// MAX-NOT: in_place_bytes

// TWICE: error: 'swap.call' op reads @w1 more than once, but unit @u1 is read in place
// IN: error: 'swap.in' op unit @u1 is read in place
// BOTH: error: 'swap.plan' op in_place @u1 is resident
// SLOT: error: 'swap.plan' op has slot 0 for unit @u1, which is read in place
// TWICE-MEMORY: error: 'swap.launch' op reads unit @u1 in place, and more than once

//--- storage.yaml
swapc-profile: 1
storage:
  in-place-bytes-per-second: 0
  reads:
    - { bytes: 1048576, bytes-per-second: 6e9, latency-us: 300 }
//--- model.mlir
!w = tensor<1024x256xf32, #swap.panels<dim = 0, width = 1024, order = [1]>>
swap.parameter @w1.src : tensor<1024x256xf32> = #swap.file<"w", 0, 1048576>
swap.derived @w1 : !w from [@w1.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.parameter @w2.src : tensor<1024x256xf32> = #swap.file<"w", 1048576, 1048576>
swap.derived @w2 : !w from [@w2.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 1048576
swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 1048576
func.func private @fc(tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
    attributes {swap.read_once = array<i64: 1>, swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 2097152>}
func.func @main(%x: tensor<1x1024xf32>) -> tensor<1x1024xf32> {
  %w1 = swap.param @w1 : !w
  %w2 = swap.param @w2 : !w
  %0 = swap.call @fc(%x, %w1) : (tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
  %1 = swap.call @fc(%0, %w2) : (tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
  return %1 : tensor<1x1024xf32>
}
//--- twice.mlir
!w = tensor<1024x256xf32, #swap.panels<dim = 0, width = 1024, order = [1]>>
swap.parameter @w1.src : tensor<1024x256xf32> = #swap.file<"w", 0, 1048576>
swap.derived @w1 : !w from [@w1.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 1048576
func.func private @conv(tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 2, rows = 1, block = 1, scratch = 0, flops = 2097152>}
swap.plan @p budget 4096 threads 1 resident [] in_place [@u1] {
^bb0(%x: tensor<1x1024xf32>):
  %w1 = swap.param @w1 : !w
  %0 = swap.call @conv(%x, %w1) : (tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
  swap.return %0 : tensor<1x1024xf32>
}
//--- memory.mlir
!w = tensor<1024x256xf32, #swap.panels<dim = 0, width = 1024, order = [1]>>
swap.parameter @w1.src : tensor<1024x256xf32> = #swap.file<"w", 0, 1048576>
swap.derived @w1 : !w from [@w1.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 1048576
func.func private @conv(tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
    attributes {swap.schedule = #swap.schedule<contraction, panels = 1, tiles = 2, rows = 1, block = 1, scratch = 0, flops = 2097152>}
swap.plan @p budget 4096 threads 1 resident [] in_place [@u1] attributes {slots = array<i64: -2>} {
  swap.launch @conv panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
  swap.return
}
//--- in.mlir
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.plan @p budget 4096 threads 1 resident [] in_place [@u1] {
^bb0(%x: tensor<1x1024xf32>):
  %0 = swap.in @u1
  swap.wait %0
  swap.out %0
  swap.return
}
//--- both.mlir
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.plan @p budget 4096 threads 1 resident [@u1] in_place [@u1] {
^bb0(%x: tensor<1x1024xf32>):
  swap.return
}
//--- slot.mlir
swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
swap.plan @p budget 4096 threads 1 resident [] in_place [@u1] attributes {arena = 4096 : i64, slots = array<i64: 0>} {
  swap.return
}
