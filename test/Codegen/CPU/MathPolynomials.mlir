// RUN: swap-opt %s --swap-math-polynomials | FileCheck %s

// Verifies that no function of libm is left, on scalars, vectors and halves,
// and that nothing else changes.

// CHECK-LABEL: func.func @vectors
// CHECK-NOT: math.{{exp|tanh|erf|log|sin|cos}}
// CHECK: arith.mulf
// CHECK: return
func.func @vectors(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  %1 = math.tanh %0 : vector<16xf32>
  %2 = math.erf %1 : vector<16xf32>
  %3 = math.log %2 : vector<16xf32>
  %4 = math.sin %3 : vector<16xf32>
  %5 = math.cos %4 : vector<16xf32>
  return %5 : vector<16xf32>
}

// CHECK-LABEL: func.func @half
// CHECK: arith.extf %{{.*}} : vector<8xf16> to vector<8xf32>
// CHECK-NOT: math.exp
// CHECK: arith.truncf %{{.*}} : vector<8xf32> to vector<8xf16>
func.func @half(%x: vector<8xf16>) -> vector<8xf16> {
  %0 = math.exp %x : vector<8xf16>
  return %0 : vector<8xf16>
}

// CHECK-LABEL: func.func @kept
// CHECK-NEXT: arith.addf
// CHECK-NEXT: math.sqrt
// CHECK-NEXT: return
func.func @kept(%x: f32) -> f32 {
  %0 = arith.addf %x, %x : f32
  %1 = math.sqrt %0 : f32
  return %1 : f32
}
