// RUN: swap-opt %s --swap-schedule-cuda-kernels --swap-pack-cuda-parameters --swap-cuda-footprints | FileCheck %s

// What rows of the result need of each operand, where blocks compute rows.

#image = affine_map<(n, h, w, c, y, x, k) -> (n, h * 2 + y * 2, w * 2 + x * 2, k)>
#filter = affine_map<(n, h, w, c, y, x, k) -> (c, k, y, x)>
#result = affine_map<(n, h, w, c, y, x, k) -> (n, h, w, c)>
#all = affine_map<(n, h, w, c) -> (n, h, w, c)>
#column = affine_map<(n, h, w, c) -> (c)>
#window = affine_map<(n, h, w, c, y, x) -> (n, h * 2 + y, w * 2 + x, c)>
#size = affine_map<(n, h, w, c, y, x) -> (y, x)>
#pooled = affine_map<(n, h, w, c, y, x) -> (n, h, w, c)>
#turned = affine_map<(n, h, w, c) -> (n, c, h, w)>

module {
  swap.parameter @w : tensor<16x8x3x3xf32> = #swap.file<"w", 0, 4608>
  swap.parameter @b : tensor<16xf32> = #swap.file<"w", 8192, 64>

  // A 3x3 convolution of stride and dilation 2 with padding 2: row r needs rows
  // 2r - 2 to 2r + 2 of 33. What is added is read position by position.
  // CHECK-LABEL: func.func private @conv(
  // CHECK-SAME: swap.footprint = #swap.footprint<positions = 289, step = 1, reaches = [
  // CHECK-SAME: <slices = 33, group = 17, scale = 2, low = -2, high = 2>,
  // CHECK-SAME: <slices = 0, group = 1, scale = 0, low = 0, high = 0>,
  // CHECK-SAME: <slices = 0, group = 1, scale = 0, low = 0, high = 0>,
  // CHECK-SAME: <slices = 289, group = 1, scale = 1, low = 0, high = 0>]>
  // CHECK-SAME: swap.gpu = #swap.gpu<"gemm"
  func.func private @conv(%x: tensor<1x33x33x8xf32>, %w: tensor<16x8x3x3xf32>, %b: tensor<16xf32>, %r: tensor<1x17x17x16xf32>) -> tensor<1x17x17x16xf32> {
    %zero = arith.constant 0.0 : f32
    %padded = tensor.pad %x low[0, 2, 2, 0] high[0, 2, 2, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<1x33x33x8xf32> to tensor<1x37x37x8xf32>
    %empty = tensor.empty() : tensor<1x17x17x16xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x17x17x16xf32>) -> tensor<1x17x17x16xf32>
    %0 = linalg.generic {indexing_maps = [#image, #filter, #result], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
        ins(%padded, %w : tensor<1x37x37x8xf32>, tensor<16x8x3x3xf32>) outs(%init : tensor<1x17x17x16xf32>) {
    ^bb0(%a: f32, %c: f32, %acc: f32):
      %1 = arith.mulf %a, %c : f32
      %2 = arith.addf %acc, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<1x17x17x16xf32>
    %3 = linalg.generic {indexing_maps = [#all, #column, #all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%0, %b, %r : tensor<1x17x17x16xf32>, tensor<16xf32>, tensor<1x17x17x16xf32>) outs(%empty : tensor<1x17x17x16xf32>) {
    ^bb0(%a: f32, %c: f32, %d: f32, %out: f32):
      %4 = arith.addf %a, %c : f32
      %5 = arith.addf %4, %d : f32
      linalg.yield %5 : f32
    } -> tensor<1x17x17x16xf32>
    return %3 : tensor<1x17x17x16xf32>
  }

  // A thread takes an element, a block as many as it has threads.
  // CHECK-LABEL: func.func private @pool(
  // CHECK-SAME: swap.footprint = #swap.footprint<positions = 4624, step = [[THREADS:[0-9]+]], reaches = [<slices = 33, group = 272, scale = 2, low = -1, high = 1>]
  // CHECK-SAME: swap.gpu = #swap.gpu<"map", threads = [[THREADS]],
  func.func private @pool(%x: tensor<1x33x33x16xf32>) -> tensor<1x17x17x16xf32> {
    %low = arith.constant 0xFF800000 : f32
    %padded = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %low : f32
    } : tensor<1x33x33x16xf32> to tensor<1x35x35x16xf32>
    %window = tensor.empty() : tensor<3x3xf32>
    %empty = tensor.empty() : tensor<1x17x17x16xf32>
    %init = linalg.fill ins(%low : f32) outs(%empty : tensor<1x17x17x16xf32>) -> tensor<1x17x17x16xf32>
    %0 = linalg.generic {indexing_maps = [#window, #size, #pooled], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
        ins(%padded, %window : tensor<1x35x35x16xf32>, tensor<3x3xf32>) outs(%init : tensor<1x17x17x16xf32>) {
    ^bb0(%a: f32, %s: f32, %acc: f32):
      %1 = arith.maximumf %acc, %a : f32
      linalg.yield %1 : f32
    } -> tensor<1x17x17x16xf32>
    return %0 : tensor<1x17x17x16xf32>
  }

  // A transpose computes squares of its result.
  // CHECK-LABEL: func.func private @turn(
  // CHECK-NOT: swap.footprint
  // CHECK-SAME: swap.gpu = #swap.gpu<"transpose"
  func.func private @turn(%x: tensor<1x16x33x33xf32>) -> tensor<1x33x33x16xf32> {
    %empty = tensor.empty() : tensor<1x33x33x16xf32>
    %0 = linalg.generic {indexing_maps = [#turned, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%x : tensor<1x16x33x33xf32>) outs(%empty : tensor<1x33x33x16xf32>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
    } -> tensor<1x33x33x16xf32>
    return %0 : tensor<1x33x33x16xf32>
  }

  // Four neighbours to a thread.
  // CHECK-LABEL: func.func private @add(
  // CHECK-SAME: swap.footprint = #swap.footprint<positions = 6553600, step = 1024, reaches = [
  // CHECK-SAME: <slices = 6553600, group = 1, scale = 1, low = 0, high = 0>,
  // CHECK-SAME: <slices = 6553600, group = 1, scale = 1, low = 0, high = 0>]>
  // CHECK-SAME: swap.gpu = #swap.gpu<"map", threads = 256, {{.*}}tile = [1, 4]>
  func.func private @add(%x: tensor<1x640x640x16xf32>, %y: tensor<1x640x640x16xf32>) -> tensor<1x640x640x16xf32> {
    %empty = tensor.empty() : tensor<1x640x640x16xf32>
    %0 = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%x, %y : tensor<1x640x640x16xf32>, tensor<1x640x640x16xf32>) outs(%empty : tensor<1x640x640x16xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %1 = arith.addf %a, %b : f32
      linalg.yield %1 : f32
    } -> tensor<1x640x640x16xf32>
    return %0 : tensor<1x640x640x16xf32>
  }

  // A team of threads takes a row, a block four of them.
  // CHECK-LABEL: func.func private @sum(
  // CHECK-SAME: swap.footprint = #swap.footprint<positions = 4096, step = 4, reaches = [<slices = 4096, group = 1, scale = 1, low = 0, high = 0>]>
  // CHECK-SAME: swap.gpu = #swap.gpu<"warp_rows", threads = 128,
  func.func private @sum(%x: tensor<4096x512xf32>) -> tensor<4096xf32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<4096xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4096xf32>) -> tensor<4096xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(r, k) -> (r, k)>, affine_map<(r, k) -> (r)>], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4096x512xf32>) outs(%init : tensor<4096xf32>) {
    ^bb0(%a: f32, %acc: f32):
      %1 = arith.addf %acc, %a : f32
      linalg.yield %1 : f32
    } -> tensor<4096xf32>
    return %0 : tensor<4096xf32>
  }

  // Tiles of a product that is not packed are of some columns, too.
  // CHECK-LABEL: func.func private @product(
  // CHECK-NOT: swap.footprint
  // CHECK-SAME: swap.gpu = #swap.gpu<"gemm"
  func.func private @product(%x: tensor<128x64xf32>, %y: tensor<64x256xf32>) -> tensor<128x256xf32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<128x256xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<128x256xf32>) -> tensor<128x256xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %y : tensor<128x64xf32>, tensor<64x256xf32>) outs(%init : tensor<128x256xf32>) {
    ^bb0(%a: f32, %b: f32, %acc: f32):
      %1 = arith.mulf %a, %b : f32
      %2 = arith.addf %acc, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<128x256xf32>
    return %0 : tensor<128x256xf32>
  }

  func.func @more(%x: tensor<1x640x640x16xf32>, %r: tensor<4096x512xf32>, %a: tensor<128x64xf32>, %b: tensor<64x256xf32>) {
    %0 = swap.call @add(%x, %x) : (tensor<1x640x640x16xf32>, tensor<1x640x640x16xf32>) -> tensor<1x640x640x16xf32>
    %1 = swap.call @sum(%r) : (tensor<4096x512xf32>) -> tensor<4096xf32>
    %2 = swap.call @product(%a, %b) : (tensor<128x64xf32>, tensor<64x256xf32>) -> tensor<128x256xf32>
    return
  }

  func.func @main(%x: tensor<1x33x33x8xf32>, %y: tensor<1x16x33x33xf32>) -> tensor<1x17x17x16xf32> {
    %w = swap.param @w : tensor<16x8x3x3xf32>
    %b = swap.param @b : tensor<16xf32>
    %0 = swap.call @turn(%y) : (tensor<1x16x33x33xf32>) -> tensor<1x33x33x16xf32>
    %1 = swap.call @pool(%0) : (tensor<1x33x33x16xf32>) -> tensor<1x17x17x16xf32>
    %2 = swap.call @conv(%x, %w, %b, %1) : (tensor<1x33x33x8xf32>, tensor<16x8x3x3xf32>, tensor<16xf32>, tensor<1x17x17x16xf32>) -> tensor<1x17x17x16xf32>
    return %2 : tensor<1x17x17x16xf32>
  }
}
