// A processor without vectors leaves out what is multiplied with padding only:
// the tap of a tile whose rows all lie outside. With vectors it is multiplied.

// RUN: swap-opt %s --swap-schedule-kernels="triple=thumbv7em-none-eabihf cpu=cortex-m4" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=thumbv7em-none-eabihf cpu=cortex-m4" | FileCheck %s --check-prefix=SKIP
// RUN: swap-opt %s --swap-schedule-kernels="triple=x86_64-linux-gnu cpu=x86-64-v3" | sed '/func.func @main/,/^  }/d' | swap-opt --swap-emit-kernels="triple=x86_64-linux-gnu cpu=x86-64-v3" | FileCheck %s --check-prefix=ALL

// SKIP-LABEL: llvm.func hidden @conv(
// SKIP: %[[TWO:.+]] = arith.ori {{.*}} : i1
// SKIP: %[[THREE:.+]] = arith.ori %[[TWO]], {{.*}} : i1
// SKIP: %[[LAST:.+]] = arith.ori %[[THREE]], {{.*}} : i1
// SKIP: scf.if %[[LAST]] -> (vector<1xf32>
// SKIP: scf.for
// SKIP: } else {
// SKIP-NEXT: scf.yield %{{.+}} : vector<1xf32>
// A few multiplications are not worth the test.
// SKIP-LABEL: llvm.func hidden @thin(
// SKIP-NOT: arith.ori
// SKIP-NOT: scf.if %{{.+}} -> (vector<1xf32>
// SKIP: llvm.return
// ALL-LABEL: llvm.func hidden @conv(
// ALL-NOT: scf.if %{{.+}} -> (vector<
// ALL: llvm.return
#in = affine_map<(n, y, x, f, v, u, c) -> (n, y + v, x + u, c)>
#weights = affine_map<(n, y, x, f, v, u, c) -> (f, c, v, u)>
#out = affine_map<(n, y, x, f, v, u, c) -> (n, y, x, f)>
module {
  func.func private @conv(%a: tensor<1x4x4x32xf32>, %b: tensor<32x32x3x3xf32>) -> tensor<1x4x4x32xf32> {
    %zero = arith.constant 0.0 : f32
    %padded = tensor.pad %a low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<1x4x4x32xf32> to tensor<1x6x6x32xf32>
    %e = tensor.empty() : tensor<1x4x4x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x4x32xf32>) -> tensor<1x4x4x32xf32>
    %r = linalg.generic {indexing_maps = [#in, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %b : tensor<1x6x6x32xf32>, tensor<32x32x3x3xf32>) outs(%f : tensor<1x4x4x32xf32>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x4x4x32xf32>
    return %r : tensor<1x4x4x32xf32>
  }
  func.func private @thin(%a: tensor<1x4x4x4xf32>, %b: tensor<32x4x3x3xf32>) -> tensor<1x4x4x32xf32> {
    %zero = arith.constant 0.0 : f32
    %padded = tensor.pad %a low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<1x4x4x4xf32> to tensor<1x6x6x4xf32>
    %e = tensor.empty() : tensor<1x4x4x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x4x32xf32>) -> tensor<1x4x4x32xf32>
    %r = linalg.generic {indexing_maps = [#in, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%padded, %b : tensor<1x6x6x4xf32>, tensor<32x4x3x3xf32>) outs(%f : tensor<1x4x4x32xf32>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<1x4x4x32xf32>
    return %r : tensor<1x4x4x32xf32>
  }
  func.func @main(%a: tensor<1x4x4x32xf32>, %b: tensor<32x32x3x3xf32>, %c: tensor<1x4x4x4xf32>, %d: tensor<32x4x3x3xf32>) -> (tensor<1x4x4x32xf32>, tensor<1x4x4x32xf32>) {
    %0 = swap.call @conv(%a, %b) : (tensor<1x4x4x32xf32>, tensor<32x32x3x3xf32>) -> tensor<1x4x4x32xf32>
    %1 = swap.call @thin(%c, %d) : (tensor<1x4x4x4xf32>, tensor<32x4x3x3xf32>) -> tensor<1x4x4x32xf32>
    return %0, %1 : tensor<1x4x4x32xf32>, tensor<1x4x4x32xf32>
  }
}
