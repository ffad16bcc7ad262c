// What a processor has no instruction for becomes arithmetic, and nothing else.

// RUN: swap-opt %s --swap-expand-floats="triple=thumbv7m-none-eabi cpu=cortex-m3" | FileCheck %s --check-prefixes=CHECK,SOFT
// RUN: swap-opt %s --swap-expand-floats="triple=thumbv7em-none-eabihf cpu=cortex-m4" | FileCheck %s --check-prefixes=CHECK,M4
// RUN: swap-opt %s --swap-expand-floats="triple=aarch64-none-elf cpu=cortex-a53" | FileCheck %s --check-prefixes=CHECK,A64
// RUN: swap-opt %s --swap-expand-floats="triple=thumbv8m.main-none-eabi cpu=cortex-m33 features=-fpregs" | FileCheck %s --check-prefixes=CHECK,SOFT

// CHECK-LABEL: func.func @fma
// SOFT: %[[P:.*]] = arith.mulf %{{.*}}, %{{.*}} : f32
// SOFT: arith.addf %[[P]], %{{.*}} : f32
// M4: math.fma %{{.*}} : f32
// A64: math.fma %{{.*}} : f32
func.func @fma(%a: f32, %b: f32, %c: f32) -> f32 {
  %0 = math.fma %a, %b, %c : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @fma_double
// M4-NOT: math.fma
// A64: math.fma %{{.*}} : f64
func.func @fma_double(%a: f64, %b: f64, %c: f64) -> f64 {
  %0 = math.fma %a, %b, %c : f64
  return %0 : f64
}

// CHECK-LABEL: func.func @floor
// SOFT-NOT: math.floor
// M4-NOT: math.floor
// M4: %[[SIZE:.*]] = math.absf
// M4: arith.addf %[[SIZE]]
// M4: math.copysign
// A64: math.floor
func.func @floor(%a: vector<4xf32>) -> vector<4xf32> {
  %0 = math.floor %a : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func.func @root
// SOFT-NOT: math.sqrt
// SOFT: scf.for
// M4: math.sqrt
// A64: math.sqrt
func.func @root(%a: f32) -> f32 {
  %0 = math.sqrt %a : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @half
// SOFT-NOT: arith.extf
// SOFT-NOT: arith.truncf
// SOFT: arith.addf %{{.*}} : f32
// M4: arith.addf %{{.*}} : f16
// A64: arith.addf %{{.*}} : f16
func.func @half(%a: f16) -> f16 {
  %0 = arith.addf %a, %a : f16
  return %0 : f16
}

// CHECK-LABEL: func.func @half_to_long
// M4: arith.fptosi %{{.*}} to i32
// M4: arith.extsi %{{.*}} : i32 to i64
// A64: arith.fptosi %{{.*}} : f32 to i64
func.func @half_to_long(%a: f16) -> i64 {
  %0 = arith.fptosi %a : f16 to i64
  return %0 : i64
}

// CHECK-LABEL: func.func @integer_to_half
// CHECK: arith.sitofp %{{.*}} : i64 to f32
func.func @integer_to_half(%a: i64) -> f16 {
  %0 = arith.sitofp %a : i64 to f16
  return %0 : f16
}
