// RUN: swap-opt %s --swap-schedule-cuda-kernels --swap-pack-cuda-parameters --swap-cuda-footprints | FileCheck %s

// What rows of the result need of each operand.

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

  // CHECK-LABEL: func.func private @pool(
  // CHECK-SAME: positions = 289, step = 1, reaches = [<slices = 33, group = 17, scale = 2, low = -1, high = 1>]
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

  // Rows of channels-last lie all over a channels-first image.
  // CHECK-LABEL: func.func private @turn(
  // CHECK-SAME: reaches = [<slices = 0,
  func.func private @turn(%x: tensor<1x16x33x33xf32>) -> tensor<1x33x33x16xf32> {
    %empty = tensor.empty() : tensor<1x33x33x16xf32>
    %0 = linalg.generic {indexing_maps = [#turned, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%x : tensor<1x16x33x33xf32>) outs(%empty : tensor<1x33x33x16xf32>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
    } -> tensor<1x33x33x16xf32>
    return %0 : tensor<1x33x33x16xf32>
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
