// 3x3 convolutions of parameters become Winograd's: the schedule's rows are the
// positions of four rows of the result, with a dilation of two of eight, and
// blocks are whole multiples. Not those that compute their weights, and not those
// of a module whose sizes a run says.

// RUN: swap-opt %s --swap-schedule-kernels="triple=x86_64-linux-gnu cpu=x86-64-v3" --swap-pack-parameters="triple=x86_64-linux-gnu cpu=x86-64-v3" --swap-kernel-footprints="triple=x86_64-linux-gnu cpu=x86-64-v3" | FileCheck %s
// RUN: swap-opt %s --swap-schedule-kernels="triple=x86_64-linux-gnu cpu=x86-64-v3 direct-convolutions" | FileCheck %s --check-prefix=DIRECT
// RUN: swap-opt %s --swap-schedule-kernels="triple=thumbv7em-none-eabihf cpu=cortex-m4" | FileCheck %s --check-prefix=DIRECT
// RUN: sed 's/^module {/module attributes {swap.sizes = []} {/' %s | swap-opt --swap-schedule-kernels="triple=x86_64-linux-gnu cpu=x86-64-v3" | FileCheck %s --check-prefix=DIRECT

// DIRECT-NOT: swap.winograd

// Calls that compute the weights keep a kernel of their own.
// CHECK: func.func private @conv(
// CHECK-NOT: swap.winograd
// CHECK: func.func private @conv_0(
// CHECK-SAME: reaches = [<slices = 60, group = 60, scale = 1, low = -1, high = 1>,
// CHECK-SAME: rows = 240, block = {{[0-9]+}}, {{.*}}>, swap.winograd}
// CHECK: func.func private @dilated(
// CHECK-SAME: reaches = [<slices = 60, group = 60, scale = 1, low = -2, high = 2>,
// CHECK-SAME: rows = 480, block = {{[0-9]+}}, {{.*}}>, swap.winograd}

#in = affine_map<(n, y, x, f, v, u, c) -> (n, y + v, x + u, c)>
#wide = affine_map<(n, y, x, f, v, u, c) -> (n, y + 2 * v, x + 2 * u, c)>
#weights = affine_map<(n, y, x, f, v, u, c) -> (f, c, v, u)>
#out = affine_map<(n, y, x, f, v, u, c) -> (n, y, x, f)>
module {
  swap.parameter @w : tensor<64x32x3x3xf32> = #swap.file<"w", 0, 73728>
  func.func private @conv(%a: tensor<1x60x60x32xf32>, %b: tensor<64x32x3x3xf32>) -> tensor<1x60x60x64xf32> {
    %zero = arith.constant 0.0 : f32
    %padded = tensor.pad %a low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<1x60x60x32xf32> to tensor<1x62x62x32xf32>
    %e = tensor.empty() : tensor<1x60x60x64xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x60x60x64xf32>) -> tensor<1x60x60x64xf32>
    %r = linalg.generic {indexing_maps = [#in, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %b : tensor<1x62x62x32xf32>, tensor<64x32x3x3xf32>) outs(%f : tensor<1x60x60x64xf32>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x60x60x64xf32>
    return %r : tensor<1x60x60x64xf32>
  }
  func.func private @dilated(%a: tensor<1x60x60x32xf32>, %b: tensor<64x32x3x3xf32>) -> tensor<1x60x60x64xf32> {
    %zero = arith.constant 0.0 : f32
    %padded = tensor.pad %a low[0, 2, 2, 0] high[0, 2, 2, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<1x60x60x32xf32> to tensor<1x64x64x32xf32>
    %e = tensor.empty() : tensor<1x60x60x64xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x60x60x64xf32>) -> tensor<1x60x60x64xf32>
    %r = linalg.generic {indexing_maps = [#wide, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %b : tensor<1x64x64x32xf32>, tensor<64x32x3x3xf32>) outs(%f : tensor<1x60x60x64xf32>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x60x60x64xf32>
    return %r : tensor<1x60x60x64xf32>
  }
  func.func @main(%a: tensor<1x60x60x32xf32>, %b: tensor<64x32x3x3xf32>) -> (tensor<1x60x60x64xf32>, tensor<1x60x60x64xf32>, tensor<1x60x60x64xf32>) {
    %w = swap.param @w : tensor<64x32x3x3xf32>
    %0 = swap.call @conv(%a, %w) : (tensor<1x60x60x32xf32>, tensor<64x32x3x3xf32>) -> tensor<1x60x60x64xf32>
    %1 = swap.call @dilated(%a, %w) : (tensor<1x60x60x32xf32>, tensor<64x32x3x3xf32>) -> tensor<1x60x60x64xf32>
    %2 = swap.call @conv(%a, %b) : (tensor<1x60x60x32xf32>, tensor<64x32x3x3xf32>) -> tensor<1x60x60x64xf32>
    return %0, %1, %2 : tensor<1x60x60x64xf32>, tensor<1x60x60x64xf32>, tensor<1x60x60x64xf32>
  }
}
