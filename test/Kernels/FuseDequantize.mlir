// RUN: swap-opt %s --swap-hoist-parameters=keep-narrow=true --swap-fuse-dequantize --split-input-file | FileCheck %s

// Verifies that a weight of bytes reaches the contraction as bytes, and that a
// scale for each column is multiplied to the sums.
// CHECK-LABEL: func.func @main
// CHECK-NOT: swap.derived
// CHECK: %[[Q:.*]] = swap.param @q : tensor<64x32xi8>
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK-SAME: ins(%{{.*}}, %[[Q]] : tensor<4x64xf32>, tensor<64x32xi8>)
// CHECK: %[[WEIGHT:.*]] = arith.sitofp %{{.*}} : i8 to f32
// CHECK: arith.mulf %{{.*}}, %[[WEIGHT]]
// CHECK-NEXT: arith.addf
// CHECK-NEXT: linalg.yield
// CHECK: linalg.generic
// CHECK-SAME: ins(%[[SUM]], %{{.*}} : tensor<4x32xf32>, tensor<32xf32>)
// CHECK: arith.mulf
swap.parameter @q : tensor<64x32xi8> = #swap.file<"m.onnx", 0, 2048>
swap.parameter @s : tensor<32xf32> = #swap.file<"m.onnx", 2048, 128>
func.func @main(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
  %q = swap.param @q : tensor<64x32xi8>
  %s = swap.param @s : tensor<32xf32>
  %e = tensor.empty() : tensor<64x32xf32>
  %w = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%q, %s : tensor<64x32xi8>, tensor<32xf32>) outs(%e : tensor<64x32xf32>) {
  ^bb0(%a: i8, %b: f32, %o: f32):
    %f = arith.sitofp %a : i8 to f32
    %m = arith.mulf %f, %b : f32
    linalg.yield %m : f32
  } -> tensor<64x32xf32>
  %zero = arith.constant 0.0 : f32
  %r = tensor.empty() : tensor<4x32xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%r : tensor<4x32xf32>) -> tensor<4x32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x64xf32>, tensor<64x32xf32>) outs(%fill : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %o, %p : f32
    linalg.yield %t : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// -----

// Verifies that a scale for each row, which the terms of a sum do not share,
// stays inside, and that nothing is hoisted.
// CHECK-LABEL: func.func @main
// CHECK-NOT: swap.derived
// CHECK: linalg.generic
// CHECK-SAME: tensor<4x64xf32>, tensor<64x32xi8>, tensor<64xf32>
// CHECK: arith.sitofp
// CHECK: arith.mulf
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
swap.parameter @q : tensor<64x32xi8> = #swap.file<"m.onnx", 0, 2048>
swap.parameter @s : tensor<64xf32> = #swap.file<"m.onnx", 2048, 256>
func.func @main(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
  %q = swap.param @q : tensor<64x32xi8>
  %s = swap.param @s : tensor<64xf32>
  %e = tensor.empty() : tensor<64x32xf32>
  %w = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%q, %s : tensor<64x32xi8>, tensor<64xf32>) outs(%e : tensor<64x32xf32>) {
  ^bb0(%a: i8, %b: f32, %o: f32):
    %f = arith.sitofp %a : i8 to f32
    %m = arith.mulf %f, %b : f32
    linalg.yield %m : f32
  } -> tensor<64x32xf32>
  %zero = arith.constant 0.0 : f32
  %r = tensor.empty() : tensor<4x32xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%r : tensor<4x32xf32>) -> tensor<4x32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x64xf32>, tensor<64x32xf32>) outs(%fill : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %o, %p : f32
    linalg.yield %t : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// -----

// Verifies that a sum whose dimensions are cut for the blocks of its weight
// still starts at a constant, not at a tensor that another kernel fills.
// CHECK-LABEL: func.func @main
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<3x24x2xf32>
// CHECK: %[[ZERO:.*]] = linalg.fill ins(%{{.*}}) outs(%[[EMPTY]]
// CHECK: linalg.generic
// CHECK-SAME: outs(%[[ZERO]] : tensor<3x24x2xf32>)
swap.parameter @q : tensor<128x24xi8> = #swap.file<"m.onnx", 0, 3072>
func.func @main(%x: tensor<3x128xf32>) -> tensor<3x48xf32> {
  %q = swap.param @q : tensor<128x24xi8>
  %e = tensor.empty() : tensor<128x24x2xf32>
  %w = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q : tensor<128x24xi8>) outs(%e : tensor<128x24x2xf32>) {
  ^bb0(%a: i8, %o: f32):
    %f = arith.sitofp %a : i8 to f32
    linalg.yield %f : f32
  } -> tensor<128x24x2xf32>
  %c = tensor.collapse_shape %w [[0], [1, 2]] : tensor<128x24x2xf32> into tensor<128x48xf32>
  %zero = arith.constant 0.0 : f32
  %r = tensor.empty() : tensor<3x48xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%r : tensor<3x48xf32>) -> tensor<3x48xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %c : tensor<3x128xf32>, tensor<128x48xf32>) outs(%fill : tensor<3x48xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %o, %p : f32
    linalg.yield %t : f32
  } -> tensor<3x48xf32>
  return %y : tensor<3x48xf32>
}
