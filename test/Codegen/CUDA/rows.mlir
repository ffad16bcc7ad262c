// Row kernels of every form that the CUDA target has: teams of a thread, a warp,
// a block and of columns, tensors in registers, shared memory and scratch.
// RUN: %python %S/row_check.py %s | FileCheck %s

#id1 = affine_map<(d0) -> (d0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
#id3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#scalar = affine_map<(d0) -> ()>
#scalar2 = affine_map<(d0, d1) -> ()>
#rows3 = affine_map<(d0, d1, d2) -> (d0, d1)>
#flip = affine_map<(d0, d1) -> (d0, -d1 + 69)>
#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pixel4 = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
#image = affine_map<(d0, d1, d2) -> (d2, d0, d1)>
#window = affine_map<(d0, d1, d2, d3, d4) -> (d0 + d3, d1 + d4, d2)>
#taps = affine_map<(d0, d1, d2, d3, d4) -> (d3, d4)>
#pixel = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>

// The exponentials stay in registers, the maximum in one.
// CHECK-DAG: softmax: ok, "warp_rows", 300 tiles of 128, 0 scratch, in place [0]
func.func private @softmax(%a: tensor<1200x70xf32>) -> tensor<1200x70xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<1200xf32>
  %f = tensor.empty() : tensor<1200x70xf32>
  %i0 = linalg.fill ins(%low : f32) outs(%e : tensor<1200xf32>) -> tensor<1200xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e : tensor<1200xf32>) -> tensor<1200xf32>
  %m = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<1200x70xf32>) outs(%i0 : tensor<1200xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1200xf32>
  %p = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %m : tensor<1200x70xf32>, tensor<1200xf32>) outs(%f : tensor<1200x70xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    %z = math.exp %d : f32
    linalg.yield %z : f32
  } -> tensor<1200x70xf32>
  %s = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<1200x70xf32>) outs(%i1 : tensor<1200xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1200xf32>
  %q = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%p, %s : tensor<1200x70xf32>, tensor<1200xf32>) outs(%f : tensor<1200x70xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<1200x70xf32>
  return %q : tensor<1200x70xf32>
}

// A thread reads what another one wrote: shared memory, and a sync.
// CHECK-DAG: flipped: ok, "warp_rows", 300 tiles of 128, 0 scratch, in place [0]
func.func private @flipped(%a: tensor<1200x70xf16>) -> tensor<1200x70xf16> {
  %f = tensor.empty() : tensor<1200x70xf16>
  %p = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<1200x70xf16>) outs(%f : tensor<1200x70xf16>) {
  ^bb0(%x: f16, %o: f16):
    %d = arith.addf %x, %x : f16
    linalg.yield %d : f16
  } -> tensor<1200x70xf16>
  %q = linalg.generic {indexing_maps = [#flip, #id2], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<1200x70xf16>) outs(%f : tensor<1200x70xf16>) {
  ^bb0(%x: f16, %o: f16):
    linalg.yield %x : f16
  } -> tensor<1200x70xf16>
  return %q : tensor<1200x70xf16>
}

// A whole block for a long row of each type of accumulator.
// CHECK-DAG: totals: ok, "block_rows", 3 tiles of 256, 0 scratch
func.func private @totals(%a: tensor<3x1000xf16>, %b: tensor<3x1000xi1>, %c: tensor<3x1000xi64> {test.max = 900}, %d: tensor<3x1000xbf16>)
    -> (tensor<3xf16>, tensor<3xi1>, tensor<3xi64>, tensor<3xbf16>) {
  %i0 = arith.constant dense<1.0> : tensor<3xf16>
  %i1 = arith.constant dense<false> : tensor<3xi1>
  %i2 = arith.constant dense<7> : tensor<3xi64>
  %i3 = arith.constant dense<0.5> : tensor<3xbf16>
  %r:4 = linalg.generic {indexing_maps = [#id2, #id2, #id2, #id2, #row, #row, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%a, %b, %c, %d : tensor<3x1000xf16>, tensor<3x1000xi1>, tensor<3x1000xi64>, tensor<3x1000xbf16>)
      outs(%i0, %i1, %i2, %i3 : tensor<3xf16>, tensor<3xi1>, tensor<3xi64>, tensor<3xbf16>) {
  ^bb0(%x: f16, %y: i1, %z: i64, %w: bf16, %o: f16, %p: i1, %q: i64, %s: bf16):
    %0 = arith.maximumf %o, %x : f16
    %1 = arith.xori %p, %y : i1
    %2 = arith.addi %q, %z : i64
    %3 = arith.minimumf %s, %w : bf16
    linalg.yield %0, %1, %2, %3 : f16, i1, i64, bf16
  } -> (tensor<3xf16>, tensor<3xi1>, tensor<3xi64>, tensor<3xbf16>)
  return %r#0, %r#1, %r#2, %r#3 : tensor<3xf16>, tensor<3xi1>, tensor<3xi64>, tensor<3xbf16>
}

// Rows too long for shared memory, and read by other threads.
// CHECK-DAG: scratch: ok, "block_rows", 133 tiles of 1024, 6384000 scratch, in place [0]
func.func private @scratch(%a: tensor<265x6000xf64>) -> tensor<265x6000xf64> {
  %f = tensor.empty() : tensor<265x6000xf64>
  %g = tensor.empty() : tensor<265x6000xf64>
  %p = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<265x6000xf64>) outs(%f : tensor<265x6000xf64>) {
  ^bb0(%x: f64, %o: f64):
    %d = arith.negf %x : f64
    linalg.yield %d : f64
  } -> tensor<265x6000xf64>
  %q = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, -d1 + 5999)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<265x6000xf64>) outs(%g : tensor<265x6000xf64>) {
  ^bb0(%x: f64, %o: f64):
    linalg.yield %x : f64
  } -> tensor<265x6000xf64>
  return %q : tensor<265x6000xf64>
}

// A warp for each of several sums of an outer iteration.
// CHECK-DAG: groups: ok, "block_rows", 2 tiles of 1024, 0 scratch, in place [0]
func.func private @groups(%a: tensor<2x6x700xf32>) -> tensor<2x6x700xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x6xf32>
  %f = tensor.empty() : tensor<2x6x700xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x6xf32>) -> tensor<2x6xf32>
  %s = linalg.generic {indexing_maps = [#id3, #rows3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a : tensor<2x6x700xf32>) outs(%i : tensor<2x6xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<2x6xf32>
  %q = linalg.generic {indexing_maps = [#id3, affine_map<(d0, d1, d2) -> (d0, -d1 + 5)>, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%a, %s : tensor<2x6x700xf32>, tensor<2x6xf32>) outs(%f : tensor<2x6x700xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<2x6x700xf32>
  return %q : tensor<2x6x700xf32>
}

// A mean over pixels, channels innermost; the last columns are not 32.
// CHECK-DAG: columns: ok, "columns", 4 tiles of 512, 0 scratch, in place [1]
func.func private @columns(%a: tensor<49x100xf32>, %b: tensor<100xf32>) -> tensor<100xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<100xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<100xf32>) -> tensor<100xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<49x100xf32>) outs(%i : tensor<100xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<100xf32>
  %q = linalg.generic {indexing_maps = [#id1, #id1, #id1], iterator_types = ["parallel"]} ins(%s, %b : tensor<100xf32>, tensor<100xf32>) outs(%e : tensor<100xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %c = arith.constant 0.0204081628 : f32
    %d = arith.mulf %x, %c : f32
    %f = arith.addf %d, %y : f32
    linalg.yield %f : f32
  } -> tensor<100xf32>
  return %q : tensor<100xf32>
}

// Few channels from far apart: a thread takes all of a pixel.
// CHECK-DAG: image: ok, "map", 80 tiles of 64
func.func private @image(%a: tensor<3x64x80xf32>) -> tensor<64x80x3xf32> {
  %f = tensor.empty() : tensor<64x80x3xf32>
  %q = linalg.generic {indexing_maps = [#image, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%a : tensor<3x64x80xf32>) outs(%f : tensor<64x80x3xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<64x80x3xf32>
  return %q : tensor<64x80x3xf32>
}

// Eight neighbours at once, a bool and a row that all share among the operands.
// CHECK-DAG: packs: ok, "map", 265 tiles of 256, 0 scratch, in place [0]
func.func private @packs(%a: tensor<520x1040xf16>, %b: tensor<520x1040xi1>, %c: tensor<520xf16>, %d: tensor<1040xf16>) -> tensor<520x1040xf16> {
  %f = tensor.empty() : tensor<520x1040xf16>
  %q = linalg.generic {indexing_maps = [#id2, #id2, #row, #column, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b, %c, %d : tensor<520x1040xf16>, tensor<520x1040xi1>, tensor<520xf16>, tensor<1040xf16>) outs(%f : tensor<520x1040xf16>) {
  ^bb0(%x: f16, %y: i1, %z: f16, %w: f16, %o: f16):
    %0 = arith.mulf %x, %z : f16
    %1 = arith.select %y, %0, %w : f16
    linalg.yield %1 : f16
  } -> tensor<520x1040xf16>
  return %q : tensor<520x1040xf16>
}

// Windows over a padded image, four channels at once.
// CHECK-DAG: windows: ok, "map", 276 tiles of 128
func.func private @windows(%a: tensor<46x64x48xf32>) -> tensor<46x64x48xf32> {
  %low = arith.constant 0xFF800000 : f32
  %p = tensor.pad %a low[1, 1, 0] high[1, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %low : f32
  } : tensor<46x64x48xf32> to tensor<48x66x48xf32>
  %w = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<46x64x48xf32>
  %i = linalg.fill ins(%low : f32) outs(%e : tensor<46x64x48xf32>) -> tensor<46x64x48xf32>
  %q = linalg.generic {indexing_maps = [#window, #taps, #pixel], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%p, %w : tensor<48x66x48xf32>, tensor<3x3xf32>) outs(%i : tensor<46x64x48xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = arith.maximumf %o, %x : f32
    linalg.yield %0 : f32
  } -> tensor<46x64x48xf32>
  return %q : tensor<46x64x48xf32>
}

// Rows of a few elements: a thread has one in registers.
// CHECK-DAG: few: ok, "map", 11 tiles of 64, 0 scratch, in place [0]
func.func private @few(%a: tensor<700x5xf32>) -> tensor<700x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<700xf32>
  %f = tensor.empty() : tensor<700x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<700xf32>) -> tensor<700xf32>
  %p = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<700x5xf32>) outs(%f : tensor<700x5xf32>) {
  ^bb0(%x: f32, %o: f32):
    %d = math.exp %x : f32
    linalg.yield %d : f32
  } -> tensor<700x5xf32>
  %s = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<700x5xf32>) outs(%i : tensor<700xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<700xf32>
  %q = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%p, %s : tensor<700x5xf32>, tensor<700xf32>) outs(%f : tensor<700x5xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<700x5xf32>
  return %q : tensor<700x5xf32>
}

// Integers that wrap, bools as numbers, signs.
// CHECK-DAG: numbers: ok, "map"
func.func private @numbers(%a: tensor<9x9xi8> {test.min = -128, test.max = 128}, %b: tensor<9x9xi8> {test.min = 1, test.max = 128}, %c: tensor<9x9xi1>) -> (tensor<9x9xi8>, tensor<9x9xi32>, tensor<9x9xf16>, tensor<9x9xi1>) {
  %e0 = tensor.empty() : tensor<9x9xi8>
  %e1 = tensor.empty() : tensor<9x9xi32>
  %e2 = tensor.empty() : tensor<9x9xf16>
  %e3 = tensor.empty() : tensor<9x9xi1>
  %r:4 = linalg.generic {indexing_maps = [#id2, #id2, #id2, #id2, #id2, #id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b, %c : tensor<9x9xi8>, tensor<9x9xi8>, tensor<9x9xi1>) outs(%e0, %e1, %e2, %e3 : tensor<9x9xi8>, tensor<9x9xi32>, tensor<9x9xf16>, tensor<9x9xi1>) {
  ^bb0(%x: i8, %y: i8, %z: i1, %o: i8, %p: i32, %q: f16, %s: i1):
    %0 = arith.muli %x, %y : i8
    %1 = arith.divsi %x, %y : i8
    %2 = arith.remui %0, %y : i8
    %3 = arith.addi %1, %2 : i8
    %5 = arith.extui %0 : i8 to i32
    %6 = arith.extsi %z : i1 to i32
    %7 = arith.subi %5, %6 : i32
    %8 = arith.uitofp %x : i8 to f16
    %9 = arith.sitofp %z : i1 to f16
    %10 = arith.addf %8, %9 : f16
    %11 = arith.cmpi ult, %x, %y : i8
    %12 = arith.cmpi slt, %z, %11 : i1
    linalg.yield %3, %7, %10, %12 : i8, i32, f16, i1
  } -> (tensor<9x9xi8>, tensor<9x9xi32>, tensor<9x9xf16>, tensor<9x9xi1>)
  return %r#0, %r#1, %r#2, %r#3 : tensor<9x9xi8>, tensor<9x9xi32>, tensor<9x9xf16>, tensor<9x9xi1>
}

// The first position of each row's maximum: a block looks for it together.
// CHECK-DAG: argmax: ok, "block_rows", 4 tiles of 1024, 0 scratch
func.func private @argmax(%a: tensor<4x9000xi32> {test.min = 0, test.max = 50}) -> tensor<4xi64> {
  %low = arith.constant dense<-2147483648> : tensor<4xi32>
  %last = arith.constant dense<8999> : tensor<4xi64>
  %m = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<4x9000xi32>) outs(%low : tensor<4xi32>) {
  ^bb0(%x: i32, %o: i32):
    %y = arith.maxsi %o, %x : i32
    linalg.yield %y : i32
  } -> tensor<4xi32>
  %p = linalg.generic {indexing_maps = [#id2, #row, #row], iterator_types = ["parallel", "reduction"]} ins(%a, %m : tensor<4x9000xi32>, tensor<4xi32>) outs(%last : tensor<4xi64>) {
  ^bb0(%x: i32, %y: i32, %o: i64):
    %i = linalg.index 1 : index
    %j = arith.index_cast %i : index to i64
    %first = arith.minsi %o, %j : i64
    %same = arith.cmpi eq, %x, %y : i32
    %z = arith.select %same, %first, %o : i64
    linalg.yield %z : i64
  } -> tensor<4xi64>
  return %p : tensor<4xi64>
}

// Over the channels of an image, pixels innermost: the pixels lead.
// CHECK-DAG: channels: ok, "columns"
func.func private @channels(%a: tensor<1x21x40x37xf32>) -> tensor<1x21x40x37xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x40x37xf32>
  %low = arith.constant dense<0xFF800000> : tensor<1x40x37xf32>
  %f = tensor.empty() : tensor<1x21x40x37xf32>
  %m = linalg.generic {indexing_maps = [#id4, #pixel4], iterator_types = ["parallel", "reduction", "parallel", "parallel"]} ins(%a : tensor<1x21x40x37xf32>) outs(%low : tensor<1x40x37xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1x40x37xf32>
  %p = linalg.generic {indexing_maps = [#id4, #pixel4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a, %m : tensor<1x21x40x37xf32>, tensor<1x40x37xf32>) outs(%f : tensor<1x21x40x37xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    %z = math.exp %d : f32
    linalg.yield %z : f32
  } -> tensor<1x21x40x37xf32>
  %s = linalg.generic {indexing_maps = [#id4, #pixel4], iterator_types = ["parallel", "reduction", "parallel", "parallel"]} ins(%p : tensor<1x21x40x37xf32>) outs(%zero : tensor<1x40x37xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1x40x37xf32>
  %q = linalg.generic {indexing_maps = [#id4, #pixel4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p, %s : tensor<1x21x40x37xf32>, tensor<1x40x37xf32>) outs(%f : tensor<1x21x40x37xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<1x21x40x37xf32>
  return %q : tensor<1x21x40x37xf32>
}

// The same with as many as a thread has registers for.
// CHECK-DAG: few_channels: ok, "map"
func.func private @few_channels(%a: tensor<1x5x40x37xf32>) -> tensor<1x5x40x37xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x40x37xf32>
  %low = arith.constant dense<0xFF800000> : tensor<1x40x37xf32>
  %f = tensor.empty() : tensor<1x5x40x37xf32>
  %m = linalg.generic {indexing_maps = [#id4, #pixel4], iterator_types = ["parallel", "reduction", "parallel", "parallel"]} ins(%a : tensor<1x5x40x37xf32>) outs(%low : tensor<1x40x37xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1x40x37xf32>
  %p = linalg.generic {indexing_maps = [#id4, #pixel4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a, %m : tensor<1x5x40x37xf32>, tensor<1x40x37xf32>) outs(%f : tensor<1x5x40x37xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    %z = math.exp %d : f32
    linalg.yield %z : f32
  } -> tensor<1x5x40x37xf32>
  %s = linalg.generic {indexing_maps = [#id4, #pixel4], iterator_types = ["parallel", "reduction", "parallel", "parallel"]} ins(%p : tensor<1x5x40x37xf32>) outs(%zero : tensor<1x40x37xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1x40x37xf32>
  %q = linalg.generic {indexing_maps = [#id4, #pixel4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p, %s : tensor<1x5x40x37xf32>, tensor<1x40x37xf32>) outs(%f : tensor<1x5x40x37xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<1x5x40x37xf32>
  return %q : tensor<1x5x40x37xf32>
}

// The same with more than registers are for.
// CHECK-DAG: many_channels: ok, "columns"
func.func private @many_channels(%a: tensor<1x300x6x7xf32>) -> tensor<1x300x6x7xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x6x7xf32>
  %low = arith.constant dense<0xFF800000> : tensor<1x6x7xf32>
  %f = tensor.empty() : tensor<1x300x6x7xf32>
  %m = linalg.generic {indexing_maps = [#id4, #pixel4], iterator_types = ["parallel", "reduction", "parallel", "parallel"]} ins(%a : tensor<1x300x6x7xf32>) outs(%low : tensor<1x6x7xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1x6x7xf32>
  %p = linalg.generic {indexing_maps = [#id4, #pixel4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a, %m : tensor<1x300x6x7xf32>, tensor<1x6x7xf32>) outs(%f : tensor<1x300x6x7xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.subf %x, %y : f32
    %z = math.exp %d : f32
    linalg.yield %z : f32
  } -> tensor<1x300x6x7xf32>
  %s = linalg.generic {indexing_maps = [#id4, #pixel4], iterator_types = ["parallel", "reduction", "parallel", "parallel"]} ins(%p : tensor<1x300x6x7xf32>) outs(%zero : tensor<1x6x7xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %o, %x : f32
    linalg.yield %y : f32
  } -> tensor<1x6x7xf32>
  %q = linalg.generic {indexing_maps = [#id4, #pixel4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p, %s : tensor<1x300x6x7xf32>, tensor<1x6x7xf32>) outs(%f : tensor<1x300x6x7xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<1x300x6x7xf32>
  return %q : tensor<1x300x6x7xf32>
}
