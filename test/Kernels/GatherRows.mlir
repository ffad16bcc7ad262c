// RUN: swap-opt %s --swap-gather-rows | FileCheck %s

// Verifies that a gather from a large table becomes swap.rows, and one from a
// small table does not.
// CHECK-LABEL: func.func @main
// CHECK: %[[IDS:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<1x3xi64> into tensor<3xi64>
// CHECK: %[[ROWS:.*]] = swap.rows %{{.*}}[%[[IDS]]] : tensor<1000x32xf32>, tensor<3xi64> -> tensor<3x32xf32>
// CHECK: tensor.expand_shape %[[ROWS]]
// CHECK-NOT: swap.rows
// CHECK: tensor.extract
swap.parameter @table : tensor<1000x32xf32> = #swap.file<"w", 0, 128000>
swap.parameter @small : tensor<10x32xf32> = #swap.file<"w", 128000, 1280>
#ids = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
func.func @main(%ids: tensor<1x3xi64>) -> (tensor<1x3x32xf32>, tensor<1x3x32xf32>) {
  %t = swap.param @table : tensor<1000x32xf32>
  %u = swap.param @small : tensor<10x32xf32>
  %e = tensor.empty() : tensor<1x3x32xf32>
  %0 = linalg.generic {indexing_maps = [#ids, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<1x3xi64>) outs(%e : tensor<1x3x32xf32>) {
  ^bb0(%i: i64, %o: f32):
    %c = arith.index_cast %i : i64 to index
    %k = linalg.index 2 : index
    %v = tensor.extract %t[%c, %k] : tensor<1000x32xf32>
    linalg.yield %v : f32
  } -> tensor<1x3x32xf32>
  %1 = linalg.generic {indexing_maps = [#ids, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<1x3xi64>) outs(%e : tensor<1x3x32xf32>) {
  ^bb0(%i: i64, %o: f32):
    %c = arith.index_cast %i : i64 to index
    %k = linalg.index 2 : index
    %v = tensor.extract %u[%c, %k] : tensor<10x32xf32>
    linalg.yield %v : f32
  } -> tensor<1x3x32xf32>
  return %0, %1 : tensor<1x3x32xf32>, tensor<1x3x32xf32>
}
