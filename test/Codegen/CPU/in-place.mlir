// RUN: swap-opt %s --swap-schedule-kernels=cpu=x86-64-v3 | FileCheck %s

// Verifies which operands the result may overwrite: those read only where the
// same tile writes, before it writes. Each kernel has one that must not be
// listed: hazards are reads of other rows, of neighbours, of a broadcast, after
// the write, as the left side of a contraction, and by another element size.

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#swap = affine_map<(d0, d1) -> (d1, d0)>
#shift = affine_map<(d0, d1) -> (d0, 63 - d1)>
#up = affine_map<(d0, d1) -> (63 - d0, d1)>

// CHECK: @sum({{.*}} inplace = [0, 2]>
func.func private @sum(%a: tensor<64x64xf32>, %b: tensor<64xf32>, %c: tensor<64x64xf32>, %d: tensor<64x64xf16>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#id, #column, #id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b, %c, %d : tensor<64x64xf32>, tensor<64xf32>, tensor<64x64xf32>, tensor<64x64xf16>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32, %h: f16, %o: f32):
    %0 = arith.addf %x, %y : f32
    %1 = arith.addf %0, %z : f32
    %2 = arith.extf %h : f16 to f32
    %3 = arith.addf %1, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<64x64xf32>
  return %r : tensor<64x64xf32>
}

// The rows of a softmax are read whole before one element is written.
// CHECK: @rows({{.*}} inplace = [0]>
func.func private @rows(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<64xf32>
  %f = tensor.empty() : tensor<64x64xf32>
  %i = linalg.fill ins(%low : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<64x64xf32>) outs(%i : tensor<64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #shift, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %m, %b : tensor<64x64xf32>, tensor<64xf32>, tensor<64x64xf32>) outs(%f : tensor<64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    %s = arith.addf %d, %z : f32
    linalg.yield %s : f32
  } -> tensor<64x64xf32>
  return %r : tensor<64x64xf32>
}

// A tile is some rows: maxima of another tile's rows, transposes and flips are
// hazards although nothing reads %a after the write.
// CHECK: @others({{.*}} flops = {{[0-9]*}}>
func.func private @others(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<64xf32>
  %f = tensor.empty() : tensor<64x64xf32>
  %i = linalg.fill ins(%low : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %m = linalg.generic {indexing_maps = [#up, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<64x64xf32>) outs(%i : tensor<64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#row, #swap, #up, #id], iterator_types = ["parallel", "parallel"]} ins(%m, %b, %c : tensor<64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) outs(%f : tensor<64x64xf32>) {
  ^bb0(%y: f32, %z: f32, %w: f32, %o: f32):
    %s = arith.addf %y, %z : f32
    %t = arith.addf %s, %w : f32
    linalg.yield %t : f32
  } -> tensor<64x64xf32>
  return %r : tensor<64x64xf32>
}

// A gather goes anywhere, also into its own operand.
// CHECK: @gather({{.*}} inplace = [1]>
func.func private @gather(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %i: tensor<64xi64>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b, %i : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64xi64>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %j: i64, %o: f32):
    %k = arith.index_cast %j : i64 to index
    %n = linalg.index 1 : index
    %v = tensor.extract %a[%k, %n] : tensor<64x64xf32>
    %0 = arith.addf %x, %v : f32
    %1 = arith.addf %0, %y : f32
    linalg.yield %1 : f32
  } -> tensor<64x64xf32>
  return %r : tensor<64x64xf32>
}

// CHECK: @concat({{.*}} flops = {{[0-9]*}}>
func.func private @concat(%a: tensor<64x64xf32>) -> tensor<128x32xf32> {
  %0 = tensor.empty() : tensor<64x32xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1 + 32)>, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<64x64xf32>) outs(%0 : tensor<64x32xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<64x32xf32>
  %r = tensor.concat dim(0) %1, %1 : (tensor<64x32xf32>, tensor<64x32xf32>) -> tensor<128x32xf32>
  return %r : tensor<128x32xf32>
}

// Another panel of columns reads the left side again.
// CHECK: @product({{.*}}<contraction, {{.*}} inplace = [2]>
func.func private @product(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>, %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x64xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>
  %p = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<64x64xf32>, tensor<64x64xf32>) outs(%i : tensor<64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<64x64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %c : tensor<64x64xf32>, tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  } -> tensor<64x64xf32>
  return %r : tensor<64x64xf32>
}

func.func @main(%a: tensor<64x64xf32>, %b: tensor<64xf32>, %h: tensor<64x64xf16>, %i: tensor<64xi64>) {
  %0 = swap.call @sum(%a, %b, %a, %h) : (tensor<64x64xf32>, tensor<64xf32>, tensor<64x64xf32>, tensor<64x64xf16>) -> tensor<64x64xf32>
  %1 = swap.call @rows(%a, %a) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = swap.call @others(%a, %a, %a) : (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %3 = swap.call @gather(%a, %a, %i) : (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64xi64>) -> tensor<64x64xf32>
  %4 = swap.call @concat(%a) : (tensor<64x64xf32>) -> tensor<128x32xf32>
  %5 = swap.call @product(%a, %a, %a) : (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return
}
