// RUN: swap-opt --swap-schedule-kernels=cpu=x86-64-v3 --swap-kernel-footprints=cpu=x86-64-v3 %s | FileCheck %s

// Verifies that items are cut into tiles of some work, the last one shorter.
// CHECK: func.func private @topk({{.*}} attributes {swap.schedule = #swap.schedule<routine, panels = 1, tiles = 3, rows = 1, block = 3, scratch = 80, flops = 100000>}
// Verifies that the result may overwrite an input, unless it is read as another
// one, too.
// CHECK: func.func private @scatter({{.*}} #swap.schedule<routine, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 12, inplace = [0]>
// CHECK: func.func private @twice({{.*}} #swap.schedule<routine, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 12>
func.func private @topk(%a: tensor<8x100xf32>) -> tensor<8x5xi64> {
  %v, %i = swap.routine "topk"(%a) constants = [1, 100, 1, 5, 1] items = 8 scratch = 80 flops = 100000 : (tensor<8x100xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>)
  return %i : tensor<8x5xi64>
}
func.func private @scatter(%a: tensor<12xf32>, %p: tensor<12xi64>, %u: tensor<12xf32>) -> tensor<12xf32> {
  %r = swap.routine "scatter"(%a, %p, %u) constants = [1, 0, 1, 12, 12, 1] items = 1 scratch = 0 flops = 12 inplace = [0] : (tensor<12xf32>, tensor<12xi64>, tensor<12xf32>) -> tensor<12xf32>
  return %r : tensor<12xf32>
}
func.func private @twice(%a: tensor<12xf32>, %p: tensor<12xi64>) -> tensor<12xf32> {
  %r = swap.routine "scatter"(%a, %p, %a) constants = [1, 0, 1, 12, 12, 1] items = 1 scratch = 0 flops = 12 inplace = [0] : (tensor<12xf32>, tensor<12xi64>, tensor<12xf32>) -> tensor<12xf32>
  return %r : tensor<12xf32>
}
func.func @main(%x: tensor<8x100xf32>, %a: tensor<12xf32>, %p: tensor<12xi64>) -> (tensor<8x5xi64>, tensor<12xf32>, tensor<12xf32>) {
  %0 = swap.call @topk(%x) : (tensor<8x100xf32>) -> tensor<8x5xi64>
  %1 = swap.call @scatter(%a, %p, %a) : (tensor<12xf32>, tensor<12xi64>, tensor<12xf32>) -> tensor<12xf32>
  %2 = swap.call @twice(%a, %p) : (tensor<12xf32>, tensor<12xi64>) -> tensor<12xf32>
  return %0, %1, %2 : tensor<8x5xi64>, tensor<12xf32>, tensor<12xf32>
}
