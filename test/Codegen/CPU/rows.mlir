// Row kernels of every form against MLIR's scalar loops: tails, prefixes,
// reductions over lanes and over rows, windows with padding, small types.
// RUN: %python %S/kernel_check.py %s
// RUN: %python %S/kernel_check.py %s --cpu native

#id1 = affine_map<(d0) -> (d0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#swap = affine_map<(d0, d1) -> (d1, d0)>
#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// Lanes along a reduction, a tail of 5.
func.func private @softmax(%a: tensor<33x101xf32>) -> tensor<33x101xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<33xf32>
  %f = tensor.empty() : tensor<33x101xf32>
  %i0 = linalg.fill ins(%low : f32) outs(%e : tensor<33xf32>) -> tensor<33xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e : tensor<33xf32>) -> tensor<33xf32>
  %m = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<33x101xf32>) outs(%i0 : tensor<33xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<33xf32>
  %p = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %m : tensor<33x101xf32>, tensor<33xf32>) outs(%f : tensor<33x101xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    %z = math.exp %d : f32
    linalg.yield %z : f32
  } -> tensor<33x101xf32>
  %s = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<33x101xf32>) outs(%i1 : tensor<33xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<33xf32>
  %r = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%p, %s : tensor<33x101xf32>, tensor<33xf32>) outs(%f : tensor<33x101xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %z = arith.divf %x, %y : f32
    linalg.yield %z : f32
  } -> tensor<33x101xf32>
  return %r : tensor<33x101xf32>
}

// Squares of lanes and strips on two sides.
func.func private @transpose(%a: tensor<203x77xf32>) -> tensor<77x203xf32> {
  %e = tensor.empty() : tensor<77x203xf32>
  %r = linalg.generic {indexing_maps = [#swap, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<203x77xf32>) outs(%e : tensor<77x203xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<77x203xf32>
  return %r : tensor<77x203xf32>
}

func.func private @transpose_bytes(%a: tensor<64x70xi8> {test.max = 100}) -> tensor<70x64xi8> {
  %e = tensor.empty() : tensor<70x64xi8>
  %r = linalg.generic {indexing_maps = [#swap, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<64x70xi8>) outs(%e : tensor<70x64xi8>) {
  ^bb0(%x: i8, %o: i8):
    linalg.yield %x : i8
  } -> tensor<70x64xi8>
  return %r : tensor<70x64xi8>
}

// The whole tensor is one outer loop, cut into chunks.
func.func private @long_row(%a: tensor<7x30001xf32>, %b: tensor<30001xf32>) -> tensor<7x30001xf32> {
  %e = tensor.empty() : tensor<7x30001xf32>
  %r = linalg.generic {indexing_maps = [#id2, #column, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<7x30001xf32>, tensor<30001xf32>) outs(%e : tensor<7x30001xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %z = arith.addf %m, %y : f32
    linalg.yield %z : f32
  } -> tensor<7x30001xf32>
  return %r : tensor<7x30001xf32>
}

// bool takes a byte.
func.func private @compare(%a: tensor<1003xf32>, %b: tensor<1003xi1>) -> (tensor<1003xi1>, tensor<1003xf32>) {
  %e = tensor.empty() : tensor<1003xi1>
  %f = tensor.empty() : tensor<1003xf32>
  %zero = arith.constant 0.0 : f32
  %r:2 = linalg.generic {indexing_maps = [#id1, #id1, #id1, #id1], iterator_types = ["parallel"]} ins(%a, %b : tensor<1003xf32>, tensor<1003xi1>) outs(%e, %f : tensor<1003xi1>, tensor<1003xf32>) {
  ^bb0(%x: f32, %y: i1, %o: i1, %p: f32):
    %c = arith.cmpf ogt, %x, %zero : f32
    %d = arith.andi %c, %y : i1
    %s = arith.select %d, %x, %zero : f32
    linalg.yield %d, %s : i1, f32
  } -> (tensor<1003xi1>, tensor<1003xf32>)
  return %r#0, %r#1 : tensor<1003xi1>, tensor<1003xf32>
}

// Two results that depend on each other: no lanes along the reduction.
func.func private @argmax(%a: tensor<13x57xf32>) -> tensor<13xi64> {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i64
  %e = tensor.empty() : tensor<13xf32>
  %f = tensor.empty() : tensor<13xi64>
  %i0 = linalg.fill ins(%low : f32) outs(%e : tensor<13xf32>) -> tensor<13xf32>
  %i1 = linalg.fill ins(%zero : i64) outs(%f : tensor<13xi64>) -> tensor<13xi64>
  %r:2 = linalg.generic {indexing_maps = [#id2, #row, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<13x57xf32>) outs(%i0, %i1 : tensor<13xf32>, tensor<13xi64>) {
  ^bb0(%x: f32, %o: f32, %p: i64):
    %i = linalg.index 1 : index
    %j = arith.index_cast %i : index to i64
    %c = arith.cmpf ogt, %x, %o : f32
    %s = arith.select %c, %x, %o : f32
    %t = arith.select %c, %j, %p : i64
    linalg.yield %s, %t : f32, i64
  } -> (tensor<13xf32>, tensor<13xi64>)
  return %r#1 : tensor<13xi64>
}

// A window over padding, with stride and dilation; channels last.
func.func private @maxpool(%a: tensor<2x17x19x37xf32>) -> tensor<2x8x9x37xf32> {
  %low = arith.constant 0xFF800000 : f32
  %p = tensor.pad %a low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %low : f32
  } : tensor<2x17x19x37xf32> to tensor<2x19x21x37xf32>
  %w = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<2x8x9x37xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<2x8x9x37xf32>) -> tensor<2x8x9x37xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d4 * 2, d2 * 2 + d5 * 2, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%p, %w : tensor<2x19x21x37xf32>, tensor<3x3xf32>) outs(%init : tensor<2x8x9x37xf32>) {
  ^bb0(%x: f32, %v: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<2x8x9x37xf32>
  return %r : tensor<2x8x9x37xf32>
}

// The same with channels first: lanes along the padded dimension.
func.func private @maxpool_rows(%a: tensor<3x17x39xf32>) -> tensor<3x17x39xf32> {
  %low = arith.constant 0xFF800000 : f32
  %p = tensor.pad %a low[0, 1, 1] high[0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %low : f32
  } : tensor<3x17x39xf32> to tensor<3x19x41xf32>
  %w = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<3x17x39xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<3x17x39xf32>) -> tensor<3x17x39xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1 + d3, d2 + d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%p, %w : tensor<3x19x41xf32>, tensor<3x3xf32>) outs(%init : tensor<3x17x39xf32>) {
  ^bb0(%x: f32, %v: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<3x17x39xf32>
  return %r : tensor<3x17x39xf32>
}

func.func private @pad(%a: tensor<5x9x3xf16>) -> tensor<8x13x3xf16> {
  %c = arith.constant 1.5 : f16
  %p = tensor.pad %a low[1, 3, 0] high[2, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %c : f16
  } : tensor<5x9x3xf16> to tensor<8x13x3xf16>
  return %p : tensor<8x13x3xf16>
}

func.func private @concat(%a: tensor<4x3x20xi64>, %b: tensor<4x9x20xi64>) -> tensor<4x12x20xi64> {
  %r = tensor.concat dim(1) %a, %b : (tensor<4x3x20xi64>, tensor<4x9x20xi64>) -> tensor<4x12x20xi64>
  return %r : tensor<4x12x20xi64>
}

// Indices are data; lanes along the rows of the table, then along the indices.
func.func private @gather(%i: tensor<23xi64> {test.max = 50}, %t: tensor<50x37xf32>) -> tensor<23x37xf32> {
  %e = tensor.empty() : tensor<23x37xf32>
  %r = linalg.generic {indexing_maps = [#row, #id2], iterator_types = ["parallel", "parallel"]} ins(%i : tensor<23xi64>) outs(%e : tensor<23x37xf32>) {
  ^bb0(%x: i64, %o: f32):
    %j = arith.index_cast %x : i64 to index
    %k = linalg.index 1 : index
    %y = tensor.extract %t[%j, %k] : tensor<50x37xf32>
    linalg.yield %y : f32
  } -> tensor<23x37xf32>
  return %r : tensor<23x37xf32>
}

func.func private @gather_last(%i: tensor<23xi32> {test.max = 37}, %t: tensor<50x37xbf16>) -> tensor<50x23xbf16> {
  %e = tensor.empty() : tensor<50x23xbf16>
  %r = linalg.generic {indexing_maps = [#column, #id2], iterator_types = ["parallel", "parallel"]} ins(%i : tensor<23xi32>) outs(%e : tensor<50x23xbf16>) {
  ^bb0(%x: i32, %o: bf16):
    %j = arith.index_cast %x : i32 to index
    %k = linalg.index 0 : index
    %y = tensor.extract %t[%k, %j] : tensor<50x37xbf16>
    linalg.yield %y : bf16
  } -> tensor<50x23xbf16>
  return %r : tensor<50x23xbf16>
}

// Means over rows: lanes along the columns, which the grid cuts too.
func.func private @mean(%a: tensor<49x1000xf32>) -> tensor<1000xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1000xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1000xf32>) -> tensor<1000xf32>
  %s = linalg.generic {indexing_maps = [#swap, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<49x1000xf32>) outs(%init : tensor<1000xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1000xf32>
  return %s : tensor<1000xf32>
}

func.func private @reverse(%a: tensor<6x45xi32> {test.max = 1000}) -> tensor<6x15xi32> {
  %e = tensor.empty() : tensor<6x15xi32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (5 - d0, d1 * -3 + 44)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<6x45xi32>) outs(%e : tensor<6x15xi32>) {
  ^bb0(%x: i32, %o: i32):
    linalg.yield %x : i32
  } -> tensor<6x15xi32>
  return %r : tensor<6x15xi32>
}

func.func private @half(%a: tensor<130xf16>, %b: tensor<130xbf16>) -> tensor<130xbf16> {
  %e = tensor.empty() : tensor<130xbf16>
  %r = linalg.generic {indexing_maps = [#id1, #id1, #id1], iterator_types = ["parallel"]} ins(%a, %b : tensor<130xf16>, tensor<130xbf16>) outs(%e : tensor<130xbf16>) {
  ^bb0(%x: f16, %y: bf16, %o: bf16):
    %p = arith.extf %x : f16 to f32
    %q = arith.truncf %p : f32 to bf16
    %z = arith.addf %q, %y : bf16
    linalg.yield %z : bf16
  } -> tensor<130xbf16>
  return %r : tensor<130xbf16>
}

func.func private @scalar(%a: tensor<f64>) -> tensor<f64> {
  %e = tensor.empty() : tensor<f64>
  %r = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%a : tensor<f64>) outs(%e : tensor<f64>) {
  ^bb0(%x: f64, %o: f64):
    %z = arith.addf %x, %x : f64
    linalg.yield %z : f64
  } -> tensor<f64>
  return %r : tensor<f64>
}

// An image to channels last: three elements from far apart.
func.func private @image(%a: tensor<3x31x33xf32>) -> tensor<31x33x3xf32> {
  %e = tensor.empty() : tensor<31x33x3xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%a : tensor<3x31x33xf32>) outs(%e : tensor<31x33x3xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<31x33x3xf32>
  return %r : tensor<31x33x3xf32>
}

// A tensor of one value, as something else than a sum reads it.
func.func private @filled() -> tensor<3x48xf32> {
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<3x48xf32>
  %r = linalg.fill ins(%half : f32) outs(%e : tensor<3x48xf32>) -> tensor<3x48xf32>
  return %r : tensor<3x48xf32>
}
