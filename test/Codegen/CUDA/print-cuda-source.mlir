// RUN: swap-opt %s --swap-schedule-cuda-kernels --swap-print-cuda-source -o /dev/null | FileCheck %s

// One translation unit: what all kernels use, then each kernel with the bounds
// and the parameters of its launch.
// CHECK: struct swap_args
// CHECK: extern "C" __global__ void __launch_bounds__({{[0-9]+}}{{.*}})
// CHECK-NEXT: twice(const __grid_constant__
func.func private @twice(%x: tensor<1024xf32>) -> tensor<1024xf32> {
  %empty = tensor.empty() : tensor<1024xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<1024xf32>) outs(%empty : tensor<1024xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<1024xf32>
  return %y : tensor<1024xf32>
}
func.func @main(%x: tensor<1024xf32>) -> tensor<1024xf32> {
  %y = swap.call @twice(%x) : (tensor<1024xf32>) -> tensor<1024xf32>
  return %y : tensor<1024xf32>
}
