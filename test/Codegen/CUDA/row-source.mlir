// The CUDA C++ of a map and of a row kernel.
// RUN: swap-opt %s --swap-schedule-cuda-kernels --swap-print-cuda-source -o /dev/null | FileCheck %s

#id2 = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK: extern "C" __global__ void __launch_bounds__(64)
// CHECK-NEXT: scale(const __grid_constant__ swap_args<3> args) {
// CHECK-NEXT:   const float *const t0 = static_cast<const float *>(args.operand[0]);
// CHECK-NEXT:   const f16 *__restrict__ const t1 = static_cast<const f16 *>(args.operand[1]);
// CHECK-NEXT:   float *const t2 = static_cast<float *>(args.operand[2]);
// CHECK-NEXT:   const unsigned tile = swap_block_tile(args);
// CHECK-NEXT:   const unsigned item = tile * 64u + threadIdx.x;
// CHECK-NEXT:   if (item >= 323u)
// CHECK-NEXT:   return;
// CHECK-NEXT:   const int x1 = (int)(item % 19u);
// CHECK-NEXT:   const int x0 = (int)(item / 19u);
// CHECK:        const float a0 = t0[x0 * 19 + x1];
// CHECK-NEXT:   const f16 a1 = t1[x0];
// CHECK:        const float v0_0 = (float)(swap_float(a1));
// CHECK-NEXT:   const float v0_1 = a0 * v0_0;
// CHECK-NEXT:   const float v0_2 = v0_1 + 0.5f;
// CHECK-NEXT:   y0 = v0_2;
// CHECK:        t2[x0 * 19 + x1] = y0;
func.func private @scale(%a: tensor<17x19xf32>, %b: tensor<17xf16>) -> tensor<17x19xf32> {
  %e = tensor.empty() : tensor<17x19xf32>
  %q = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<17x19xf32>, tensor<17xf16>) outs(%e : tensor<17x19xf32>) {
  ^bb0(%x: f32, %y: f16, %o: f32):
    %half = arith.constant 0.5 : f32
    %0 = arith.extf %y : f16 to f32
    %1 = arith.mulf %x, %0 : f32
    %2 = arith.addf %1, %half : f32
    linalg.yield %2 : f32
  } -> tensor<17x19xf32>
  return %q : tensor<17x19xf32>
}

// CHECK: extern "C" __global__ void __launch_bounds__(128)
// CHECK-NEXT: centre(
// CHECK:        const unsigned thread = threadIdx.x;
// CHECK:        float rt2;
// CHECK:        const unsigned e = thread + k * 128u;
// CHECK:        const float o0 = swap_exchange(y0, mask);
// CHECK:        __shared__ float s0[4];
// CHECK:        swap_sync();
// CHECK:        rt2 = y0;
// CHECK:        t3[x0 * 500 + x1] = y0;
func.func private @centre(%a: tensor<30x500xf32>) -> tensor<30x500xf32> {
  %zero = arith.constant dense<0.0> : tensor<30xf32>
  %e = tensor.empty() : tensor<30x500xf32>
  %s = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<30x500xf32>) outs(%zero : tensor<30xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<30xf32>
  %q = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %s : tensor<30x500xf32>, tensor<30xf32>) outs(%e : tensor<30x500xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<30x500xf32>
  return %q : tensor<30x500xf32>
}

func.func @main(%a: tensor<17x19xf32>, %b: tensor<17xf16>, %c: tensor<30x500xf32>) -> (tensor<17x19xf32>, tensor<30x500xf32>) {
  %0 = swap.call @scale(%a, %b) : (tensor<17x19xf32>, tensor<17xf16>) -> tensor<17x19xf32>
  %1 = swap.call @centre(%c) : (tensor<30x500xf32>) -> tensor<30x500xf32>
  return %0, %1 : tensor<17x19xf32>, tensor<30x500xf32>
}
