// RUN: swap-opt %s --swap-fuse-elementwise | FileCheck %s

// Verifies that a chain becomes one operation, in the shape before an
// expand_shape, and that the transposition of the left operand of a product
// goes into its map while that of the right operand stays.
// CHECK: #[[A:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d0, d3)>
// CHECK: #[[B:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-LABEL: func.func @chain
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4x8xf32>)
// CHECK: arith.addf
// CHECK: math.exp
// CHECK: tensor.expand_shape %{{.*}} : tensor<4x8xf32> into tensor<1x4x8xf32>
// CHECK-NEXT: return
// CHECK-LABEL: func.func @product
// CHECK: linalg.generic {{.*}} ins(%arg1 : tensor<5x2x6xf32>) outs(%{{.*}} : tensor<2x6x5xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #{{.*}}], {{.*}} ins(%arg0, %{{.*}} : tensor<4x2x6xf32>, tensor<2x6x5xf32>)
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#last = affine_map<(d0, d1, d2) -> (d2)>
func.func @chain(%x: tensor<4x8xf32>, %y: tensor<8xf32>) -> tensor<1x4x8xf32> {
  %r = tensor.expand_shape %x [[0, 1], [2]] output_shape [1, 4, 8] : tensor<4x8xf32> into tensor<1x4x8xf32>
  %e = tensor.empty() : tensor<1x4x8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%r, %y : tensor<1x4x8xf32>, tensor<8xf32>) outs(%e : tensor<1x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<1x4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0 : tensor<1x4x8xf32>) outs(%e : tensor<1x4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<1x4x8xf32>
  return %1 : tensor<1x4x8xf32>
}
func.func @product(%x: tensor<4x2x6xf32>, %y: tensor<5x2x6xf32>) -> tensor<2x4x5xf32> {
  %e0 = tensor.empty() : tensor<2x4x6xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d1, d0, d2)>, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<4x2x6xf32>) outs(%e0 : tensor<2x4x6xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<2x4x6xf32>
  %e1 = tensor.empty() : tensor<2x6x5xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d0, d1)>, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y : tensor<5x2x6xf32>) outs(%e1 : tensor<2x6x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<2x6x5xf32>
  %z = arith.constant 0.0 : f32
  %e2 = tensor.empty() : tensor<2x4x5xf32>
  %f = linalg.fill ins(%z : f32) outs(%e2 : tensor<2x4x5xf32>) -> tensor<2x4x5xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%0, %1 : tensor<2x4x6xf32>, tensor<2x6x5xf32>) outs(%f : tensor<2x4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x4x5xf32>
  return %2 : tensor<2x4x5xf32>
}

// Verifies that a producer whose result could not be left out of the fused
// operation does not fuse.
// CHECK-LABEL: func.func @unit_mean
// CHECK-NOT: :2 = linalg.generic
// CHECK: return
#u2 = affine_map<(d0, d1) -> (d0, d1)>
#u3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
func.func @unit_mean(%y: tensor<1x1xf32>, %x: tensor<1x1x1xf32>, %w: tensor<1x1x1xf32>) -> tensor<1x1xf32> {
  %z = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %wide = tensor.expand_shape %y [[0], [1, 2]] output_shape [1, 1, 1] : tensor<1x1xf32> into tensor<1x1x1xf32>
  %e = tensor.empty() : tensor<1x1x1xf32>
  %s = linalg.generic {indexing_maps = [#u3, #u3, #u3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%wide, %x : tensor<1x1x1xf32>, tensor<1x1x1xf32>) outs(%e : tensor<1x1x1xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<1x1x1xf32>
  %e2 = tensor.empty() : tensor<1x1xf32>
  %f = linalg.fill ins(%z : f32) outs(%e2 : tensor<1x1xf32>) -> tensor<1x1xf32>
  %sum = linalg.generic {indexing_maps = [#u3, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : tensor<1x1x1xf32>) outs(%f : tensor<1x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<1x1xf32>
  %mean = linalg.generic {indexing_maps = [#u2, #u2], iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<1x1xf32>) outs(%e2 : tensor<1x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<1x1xf32>
  %mean3 = tensor.expand_shape %mean [[0], [1, 2]] output_shape [1, 1, 1] : tensor<1x1xf32> into tensor<1x1x1xf32>
  %c = linalg.generic {indexing_maps = [#u3, #u3, #u3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %mean3 : tensor<1x1x1xf32>, tensor<1x1x1xf32>) outs(%e : tensor<1x1x1xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<1x1x1xf32>
  %m = linalg.generic {indexing_maps = [#u3, #u3, #u3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%c, %w : tensor<1x1x1xf32>, tensor<1x1x1xf32>) outs(%e : tensor<1x1x1xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<1x1x1xf32>
  %g = linalg.fill ins(%low : f32) outs(%e2 : tensor<1x1xf32>) -> tensor<1x1xf32>
  %max = linalg.generic {indexing_maps = [#u3, affine_map<(d0, d1, d2) -> (d1, d2)>], iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%m : tensor<1x1x1xf32>) outs(%g : tensor<1x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.maximumf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<1x1xf32>
  return %max : tensor<1x1xf32>
}

// Verifies that a gather of rows of a table stays apart from a transpose of
// what it reads: vectors of the table would become single elements.
// CHECK-LABEL: func.func @turned_gather
// CHECK: tensor.extract
// CHECK: linalg.generic
// CHECK-NOT: tensor.extract
// CHECK: return
func.func @turned_gather(%table: tensor<9x21xf32>, %at: tensor<40xi32>, %scale: tensor<40xf32>) -> tensor<21x40xf32> {
  %e = tensor.empty() : tensor<40x21xf32>
  %rows = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>, #u2], iterator_types = ["parallel", "parallel"]}
      ins(%at, %scale : tensor<40xi32>, tensor<40xf32>) outs(%e : tensor<40x21xf32>) {
  ^bb0(%i: i32, %s: f32, %o: f32):
    %row = arith.index_cast %i : i32 to index
    %column = linalg.index 1 : index
    %x = tensor.extract %table[%row, %column] : tensor<9x21xf32>
    %m = arith.mulf %x, %s : f32
    linalg.yield %m : f32
  } -> tensor<40x21xf32>
  %t = tensor.empty() : tensor<21x40xf32>
  %turned = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, #u2], iterator_types = ["parallel", "parallel"]}
      ins(%rows : tensor<40x21xf32>) outs(%t : tensor<21x40xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<21x40xf32>
  return %turned : tensor<21x40xf32>
}
