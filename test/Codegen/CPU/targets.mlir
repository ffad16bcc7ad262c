// What kernels make of an instruction set: tiles that fit its registers, and
// offsets as wide as its addresses.

// RUN: swap-opt %s --swap-schedule-kernels="triple=thumbv7em-none-eabihf cpu=cortex-m4" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=thumbv7em-none-eabihf cpu=cortex-m4" | FileCheck %s --check-prefixes=NARROW,M4
// RUN: swap-opt %s --swap-schedule-kernels="triple=thumbv7em-none-eabi cpu=cortex-m4 features=-fpregs" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=thumbv7em-none-eabi cpu=cortex-m4 features=-fpregs" | FileCheck %s --check-prefixes=NARROW,SOFT
// RUN: swap-opt %s --swap-schedule-kernels="triple=thumbv8.1m.main-none-eabihf cpu=cortex-m55" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=thumbv8.1m.main-none-eabihf cpu=cortex-m55" | FileCheck %s --check-prefixes=NARROW,MVE
// RUN: swap-opt %s --swap-schedule-kernels="triple=armv7a-none-eabihf cpu=cortex-a7" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=armv7a-none-eabihf cpu=cortex-a7" | FileCheck %s --check-prefixes=NARROW,NEON
// RUN: swap-opt %s --swap-schedule-kernels="triple=aarch64-none-elf cpu=cortex-a53" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=aarch64-none-elf cpu=cortex-a53" | FileCheck %s --check-prefixes=WIDE,A64
// RUN: swap-opt %s --swap-schedule-kernels="triple=riscv32-none-elf cpu=sifive-e76" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=riscv32-none-elf cpu=sifive-e76" | FileCheck %s --check-prefixes=NARROW,RV32
// RUN: swap-opt %s --swap-schedule-kernels="triple=riscv64-none-elf cpu=sifive-x280" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=riscv64-none-elf cpu=sifive-x280" | FileCheck %s --check-prefixes=WIDE,RVV

// Four rows of four columns in 32 float registers; one column where each
// operation is a call.
// NARROW-LABEL: llvm.func hidden @matmul(
// WIDE-LABEL: llvm.func hidden @matmul(
// NARROW: arith.trunci %{{.*}} : i64 to i32
// NARROW: arith.trunci %{{.*}} : i64 to i32
// M4-COUNT-64: vector.fma {{.*}} : vector<1xf32>
// M4-NOT: vector.fma
// SOFT-COUNT-1: vector.fma {{.*}} : vector<1xf32>
// SOFT-NOT: vector.fma
// MVE: vector.fma {{.*}} : vector<4xf32>
// NEON: math.fma {{.*}} : vector<4xf32>
// A64: vector.fma {{.*}} : vector<4xf32>
// RV32: vector.fma {{.*}} : vector<1xf32>
// RVV: vector.fma {{.*}} : vector<16xf32>
// NARROW-LABEL: llvm.func hidden @rows(
// NARROW-NOT: arith.{{(addi|muli|divui|remui)}} {{.*}} : i64
// NARROW: llvm.return
// WIDE-LABEL: llvm.func hidden @rows(
// WIDE: arith.{{(addi|muli)}} {{.*}} : i64
module {
  func.func private @matmul(%a: tensor<24x32xf32>, %b: tensor<32x64xf32>) -> tensor<24x64xf32> {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<24x64xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<24x64xf32>) -> tensor<24x64xf32>
    %r = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<24x32xf32>, tensor<32x64xf32>) outs(%f : tensor<24x64xf32>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<24x64xf32>
    return %r : tensor<24x64xf32>
  }
  func.func private @rows(%a: tensor<7x65xf32>) -> tensor<65x7xf32> {
    %e = tensor.empty() : tensor<65x7xf32>
    %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<7x65xf32>) outs(%e : tensor<65x7xf32>) {
    ^bb0(%x: f32, %o: f32):
      %y = math.absf %x : f32
      linalg.yield %y : f32
    } -> tensor<65x7xf32>
    return %r : tensor<65x7xf32>
  }
  func.func @main(%a: tensor<24x32xf32>, %b: tensor<32x64xf32>, %c: tensor<7x65xf32>) -> (tensor<24x64xf32>, tensor<65x7xf32>) {
    %0 = swap.call @matmul(%a, %b) : (tensor<24x32xf32>, tensor<32x64xf32>) -> tensor<24x64xf32>
    %1 = swap.call @rows(%c) : (tensor<7x65xf32>) -> tensor<65x7xf32>
    return %0, %1 : tensor<24x64xf32>, tensor<65x7xf32>
  }
}
