// RUN: swap-opt %s --swap-share-heads --split-input-file | FileCheck %s

// Verifies that keys that a group of heads shares are not repeated: the heads
// are rows of one product, transposed keys are transposed before, and the
// elementwise operations after the product follow it.
#a = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#b = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
#c = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#id5 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#repeat = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, 0, d3, d4)>
#transpose = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3, d2)>
#mask = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
// CHECK-DAG: #[[MASK:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, 0, 0, d3)>
// CHECK-LABEL: func.func @keys
// CHECK-SAME: %[[Q:.*]]: tensor<1x6x1x16xf32>, %[[K:.*]]: tensor<1x2x1x32x16xf32>, %[[M:.*]]: tensor<1x1x1x32xf32>
func.func @keys(%q: tensor<1x6x1x16xf32>, %k: tensor<1x2x1x32x16xf32>, %m: tensor<1x1x1x32xf32>) -> tensor<1x6x1x32xf32> {
  %zero = arith.constant 0.0 : f32
  // CHECK-NOT: tensor<1x2x3x32x16xf32>
  %e0 = tensor.empty() : tensor<1x2x3x32x16xf32>
  %0 = linalg.generic {indexing_maps = [#repeat, #id5], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%k : tensor<1x2x1x32x16xf32>) outs(%e0 : tensor<1x2x3x32x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<1x2x3x32x16xf32>
  %1 = tensor.collapse_shape %0 [[0], [1, 2], [3], [4]] : tensor<1x2x3x32x16xf32> into tensor<1x6x32x16xf32>
  // CHECK: %[[T:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x2x16x32xf32>)
  %e1 = tensor.empty() : tensor<1x6x16x32xf32>
  %2 = linalg.generic {indexing_maps = [#transpose, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%1 : tensor<1x6x32x16xf32>) outs(%e1 : tensor<1x6x16x32xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<1x6x16x32xf32>
  // CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[T]] : tensor<1x2x3x16xf32>, tensor<1x2x16x32xf32>) outs(%{{.*}} : tensor<1x2x3x32xf32>)
  %e2 = tensor.empty() : tensor<1x6x1x32xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x6x1x32xf32>) -> tensor<1x6x1x32xf32>
  %3 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %2 : tensor<1x6x1x16xf32>, tensor<1x6x16x32xf32>) outs(%f : tensor<1x6x1x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x6x1x32xf32>
  // CHECK: %[[S:.*]] = linalg.generic {indexing_maps = [#[[MASK]], {{.*}} ins(%[[M]], %[[P]] : {{.*}}) outs(%{{.*}} : tensor<1x2x3x32xf32>)
  // CHECK: tensor.collapse_shape %[[S]]
  // CHECK: return
  %4 = linalg.generic {indexing_maps = [#mask, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%m, %3 : tensor<1x1x1x32xf32>, tensor<1x6x1x32xf32>) outs(%e2 : tensor<1x6x1x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<1x6x1x32xf32>
  return %4 : tensor<1x6x1x32xf32>
}

// -----

// Verifies that several query rows a head, and repeats of another dimension,
// stay as they are.
#a = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#b = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
#c = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#id5 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#repeat = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, 0, d3, d4)>
#outer = affine_map<(d0, d1, d2, d3, d4) -> (d0, 0, d2, d3, d4)>
// CHECK-LABEL: func.func @others
// CHECK-COUNT-2: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x6x5x16xf32>)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x6x1x16xf32>)
func.func @others(%q: tensor<1x6x5x32xf32>, %p: tensor<1x6x1x32xf32>, %v: tensor<1x2x1x32x16xf32>, %w: tensor<1x1x3x32x16xf32>) -> (tensor<1x6x5x16xf32>, tensor<1x6x5x16xf32>, tensor<1x6x1x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<1x2x3x32x16xf32>
  %0 = linalg.generic {indexing_maps = [#repeat, #id5], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%v : tensor<1x2x1x32x16xf32>) outs(%e0 : tensor<1x2x3x32x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<1x2x3x32x16xf32>
  %1 = tensor.collapse_shape %0 [[0], [1, 2], [3], [4]] : tensor<1x2x3x32x16xf32> into tensor<1x6x32x16xf32>
  %2 = linalg.generic {indexing_maps = [#outer, #id5], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%w : tensor<1x1x3x32x16xf32>) outs(%e0 : tensor<1x2x3x32x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<1x2x3x32x16xf32>
  %3 = tensor.collapse_shape %2 [[0], [1, 2], [3], [4]] : tensor<1x2x3x32x16xf32> into tensor<1x6x32x16xf32>
  %e1 = tensor.empty() : tensor<1x6x5x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x6x5x16xf32>) -> tensor<1x6x5x16xf32>
  %4 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %1 : tensor<1x6x5x32xf32>, tensor<1x6x32x16xf32>) outs(%f : tensor<1x6x5x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<1x6x5x16xf32>
  %5 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%q, %3 : tensor<1x6x5x32xf32>, tensor<1x6x32x16xf32>) outs(%f : tensor<1x6x5x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<1x6x5x16xf32>
  %e2 = tensor.empty() : tensor<1x6x1x16xf32>
  %g = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x6x1x16xf32>) -> tensor<1x6x1x16xf32>
  %6 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%p, %3 : tensor<1x6x1x32xf32>, tensor<1x6x32x16xf32>) outs(%g : tensor<1x6x1x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<1x6x1x16xf32>
  return %4, %5, %6 : tensor<1x6x5x16xf32>, tensor<1x6x5x16xf32>, tensor<1x6x1x16xf32>
}
