// RUN: swap-opt --swap-emit-kernels=cpu=x86-64-v3 %s | FileCheck %s
// RUN: swap-opt --swap-cpu-pipeline=cpu=x86-64-v3 %s | FileCheck %s --check-prefix=LLVM

// Verifies that a kernel calls its routine with the constants, and with null for
// a result that nobody reads.
// CHECK: llvm.func hidden @topk(%[[OPERANDS:.*]]: !llvm.ptr {{.*}}, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr
// CHECK: %[[LIST:.*]] = llvm.alloca
// CHECK: llvm.getelementptr %[[OPERANDS]][0]
// CHECK: llvm.mlir.zero : !llvm.ptr
// CHECK: llvm.getelementptr %[[OPERANDS]][1]
// CHECK: %[[FIRST:.*]] = llvm.mul %[[BEGIN]], %{{.*}} : i64
// CHECK: %[[LAST:.*]] = llvm.intr.smin
// CHECK: %[[CONSTANTS:.*]] = llvm.mlir.addressof @topk.constants
// CHECK: llvm.call @swap_routine_topk(%[[LIST]], %[[CONSTANTS]], %[[FIRST]], %[[LAST]], %[[SCRATCH]])
// CHECK: llvm.mlir.global private constant @topk.constants(dense<[1, 100, 1, 5, 1]> : tensor<5xi64>)
// Verifies that one operand of the kernel serves two inputs of the routine.
// CHECK: llvm.func hidden @twice(
// CHECK: llvm.getelementptr %{{.*}}[0]
// CHECK: llvm.getelementptr %{{.*}}[1]
// CHECK: llvm.getelementptr %{{.*}}[0]
// CHECK: llvm.getelementptr %{{.*}}[2]
// CHECK: llvm.func @swap_routine_topk(!llvm.ptr, !llvm.ptr, i64, i64, !llvm.ptr)
// LLVM: llvm.func hidden @topk(
// LLVM-NOT: {{scf|arith|swap\.routine}}
// LLVM: llvm.return
func.func private @topk(%a: tensor<8x100xf32>) -> tensor<8x5xi64> attributes {
    swap.schedule = #swap.schedule<routine, panels = 1, tiles = 3, rows = 1, block = 3, scratch = 80, flops = 100000>} {
  %v, %i = swap.routine "topk"(%a) constants = [1, 100, 1, 5, 1] items = 8 scratch = 80 flops = 100000 : (tensor<8x100xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>)
  return %i : tensor<8x5xi64>
}
func.func private @twice(%a: tensor<12xf32>, %p: tensor<12xi64>) -> tensor<12xf32> attributes {
    swap.schedule = #swap.schedule<routine, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 12>} {
  %r = swap.routine "scatter"(%a, %p, %a) constants = [1, 0, 1, 12, 12, 1] items = 1 scratch = 0 flops = 12 inplace = [0] : (tensor<12xf32>, tensor<12xi64>, tensor<12xf32>) -> tensor<12xf32>
  return %r : tensor<12xf32>
}
