// RUN: swap-opt %s --swap-schedule-kernels=cpu=x86-64-v3 --swap-fuse-attention=cpu=x86-64-v3 | FileCheck %s

// Verifies that two products and the softmax between them become one kernel
// whose scratch memory takes a block of rows, and that its result may take the
// memory of the queries. What the three were is gone.

#q = affine_map<(h, q, k, d) -> (h, q, d)>
#kt = affine_map<(h, q, k, d) -> (h, d, k)>
#s = affine_map<(h, q, k, d) -> (h, q, k)>
#id = affine_map<(h, q, k) -> (h, q, k)>
#row = affine_map<(h, q, k) -> (h, q)>

// CHECK-NOT: @scores
// CHECK-LABEL: func.func private @attention_4x64x32
// CHECK-SAME: (%{{.*}}: tensor<4x64x32xf32>, %{{.*}}: tensor<4x32x96xf32>, %{{.*}}: tensor<4x96x32xf32>)
// CHECK-SAME: scratch = {{[1-9][0-9]+}}, flops = {{[0-9]+}}, inplace = [0]>
// CHECK: linalg.generic {{.*}}swap.part = 0
// CHECK: linalg.generic {{.*}}swap.part = 1
// CHECK: linalg.generic {{.*}}swap.part = 2
// CHECK-LABEL: func.func @main
// CHECK-NEXT: %[[o:.*]] = swap.call @attention_4x64x32 (%arg0, %arg1, %arg2)
// CHECK-NEXT: return %[[o]]
func.func private @scores(%q: tensor<4x64x32xf32>, %k: tensor<4x32x96xf32>) -> tensor<4x64x96xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x64x96xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64x96xf32>) -> tensor<4x64x96xf32>
  %r = linalg.generic {indexing_maps = [#q, #kt, #s], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x64x32xf32>, tensor<4x32x96xf32>) outs(%i : tensor<4x64x96xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x64x96xf32>
  return %r : tensor<4x64x96xf32>
}
func.func private @softmax(%s: tensor<4x64x96xf32>) -> tensor<4x64x96xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x64xf32>
  %f = tensor.empty() : tensor<4x64x96xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "parallel", "reduction"]} ins(%s : tensor<4x64x96xf32>) outs(%i : tensor<4x64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %0 = math.exp %x : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x64xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s, %m : tensor<4x64x96xf32>, tensor<4x64xf32>) outs(%f : tensor<4x64x96xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = math.exp %x : f32
    %1 = arith.divf %0, %y : f32
    linalg.yield %1 : f32
  } -> tensor<4x64x96xf32>
  return %r : tensor<4x64x96xf32>
}
func.func private @matmul_4x64x32(%p: tensor<4x64x96xf32>, %v: tensor<4x96x32xf32>) -> tensor<4x64x32xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x64x32xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64x32xf32>) -> tensor<4x64x32xf32>
  %r = linalg.generic {indexing_maps = [#q, #kt, #s], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<4x64x96xf32>, tensor<4x96x32xf32>) outs(%i : tensor<4x64x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x64x32xf32>
  return %r : tensor<4x64x32xf32>
}
func.func @main(%q: tensor<4x64x32xf32>, %k: tensor<4x32x96xf32>, %v: tensor<4x96x32xf32>) -> tensor<4x64x32xf32> {
  %s = swap.call @scores(%q, %k) : (tensor<4x64x32xf32>, tensor<4x32x96xf32>) -> tensor<4x64x96xf32>
  %p = swap.call @softmax(%s) : (tensor<4x64x96xf32>) -> tensor<4x64x96xf32>
  %o = swap.call @matmul_4x64x32(%p, %v) : (tensor<4x64x96xf32>, tensor<4x96x32xf32>) -> tensor<4x64x32xf32>
  return %o : tensor<4x64x32xf32>
}
