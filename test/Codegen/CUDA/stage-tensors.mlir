// RUN: swap-opt %s --swap-join-outputs --swap-stage-tensors --split-input-file | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#swapped = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (i)>

// Verifies that a copy stands before kernels that read an input twice, out of
// order or many times an element, as late as may be, and one for all of them;
// and that what is read once and in order, or is tiny, stays.
// CHECK-LABEL: func.func private @stage_64x64(
// CHECK-SAME: %[[FROM:.*]]: tensor<64x64xf32>) -> tensor<64x64xf32>
// CHECK: linalg.generic {indexing_maps = [#[[ID:.*]], #[[ID]]], iterator_types = ["parallel", "parallel"]} ins(%[[FROM]]
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[ONCE:.*]]: tensor<64x64xf32>, %[[TWICE:.*]]: tensor<64x64xf32>, %[[TURNED:.*]]: tensor<64x64xf32>, %[[ROW:.*]]: tensor<128xf32>, %[[TINY:.*]]: tensor<64xf32>, %[[VIEW:.*]]: tensor<4096xf32>
// CHECK-NEXT: swap.call @map (%[[ONCE]])
// CHECK-NEXT: %[[A:.*]] = swap.call @stage_64x64 (%[[TWICE]])
// CHECK-NEXT: swap.call @map (%[[A]])
// CHECK-NEXT: swap.call @map (%[[A]])
// CHECK-NEXT: %[[B:.*]] = swap.call @stage_64x64 (%[[TURNED]])
// CHECK-NEXT: swap.call @turn (%[[B]])
// CHECK-NEXT: %[[C:.*]] = swap.call @stage_128 (%[[ROW]])
// CHECK-NEXT: swap.call @repeat (%[[C]])
// CHECK-NEXT: swap.call @repeat_64 (%[[TINY]])
// CHECK-NEXT: %[[E:.*]] = tensor.expand_shape %[[VIEW]]
// CHECK-NEXT: swap.call @map (%[[E]])
module {
  func.func private @map(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
    %e = tensor.empty() : tensor<64x64xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
    ^bb0(%a: f32, %o: f32):
      %t = arith.addf %a, %a : f32
      linalg.yield %t : f32
    } -> tensor<64x64xf32>
    return %y : tensor<64x64xf32>
  }
  func.func private @turn(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
    %e = tensor.empty() : tensor<64x64xf32>
    %y = linalg.generic {indexing_maps = [#swapped, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
    ^bb0(%a: f32, %o: f32):
      linalg.yield %a : f32
    } -> tensor<64x64xf32>
    return %y : tensor<64x64xf32>
  }
  func.func private @repeat(%x: tensor<128xf32>) -> tensor<128x2xf32> {
    %e = tensor.empty() : tensor<128x2xf32>
    %y = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<128xf32>) outs(%e : tensor<128x2xf32>) {
    ^bb0(%a: f32, %o: f32):
      linalg.yield %a : f32
    } -> tensor<128x2xf32>
    return %y : tensor<128x2xf32>
  }
  func.func private @repeat_64(%x: tensor<64xf32>) -> tensor<64x2xf32> {
    %e = tensor.empty() : tensor<64x2xf32>
    %y = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<64xf32>) outs(%e : tensor<64x2xf32>) {
    ^bb0(%a: f32, %o: f32):
      linalg.yield %a : f32
    } -> tensor<64x2xf32>
    return %y : tensor<64x2xf32>
  }
  func.func @main(%once: tensor<64x64xf32>, %twice: tensor<64x64xf32>, %turned: tensor<64x64xf32>, %row: tensor<128xf32>, %tiny: tensor<64xf32>, %view: tensor<4096xf32>)
      -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<128x2xf32>, tensor<64x2xf32>, tensor<64x64xf32>) {
    %0 = swap.call @map(%once) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %1 = swap.call @map(%twice) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %2 = swap.call @map(%twice) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %3 = swap.call @turn(%turned) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %4 = swap.call @repeat(%row) : (tensor<128xf32>) -> tensor<128x2xf32>
    %5 = swap.call @repeat_64(%tiny) : (tensor<64xf32>) -> tensor<64x2xf32>
    %e = tensor.expand_shape %view [[0, 1]] output_shape [64, 64] : tensor<4096xf32> into tensor<64x64xf32>
    %6 = swap.call @map(%e) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    return %0, %1, %2, %3, %4, %5, %6 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<128x2xf32>, tensor<64x2xf32>, tensor<64x64xf32>
  }
}

// -----

// Verifies that parts of an input that do not overlap are read where they are,
// and row numbers too; and that a part that is read twice is not.
#part0 = affine_map<(i, j) -> (0, i, j)>
#part1 = affine_map<(i, j) -> (1, i, j)>
#id2 = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[PARTS:.*]]: tensor<2x8x64xf16>, %[[SAME:.*]]: tensor<2x8x64xf16>, %[[IDS:.*]]: tensor<64xi64>
// CHECK: swap.rows %{{.*}}[%[[IDS]]]
// CHECK-NEXT: swap.call @first (%[[PARTS]])
// CHECK-NEXT: swap.call @second (%[[PARTS]])
// CHECK-NEXT: %[[S:.*]] = swap.call @stage_2x8x64 (%[[SAME]])
// CHECK-NEXT: swap.call @first (%[[S]])
// CHECK-NEXT: swap.call @first (%[[S]])
module {
  swap.parameter @table : tensor<100x64xf32> = #swap.file<"w", 0, 25600>
  func.func private @first(%x: tensor<2x8x64xf16>) -> tensor<8x64xf16> {
    %e = tensor.empty() : tensor<8x64xf16>
    %y = linalg.generic {indexing_maps = [#part0, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<2x8x64xf16>) outs(%e : tensor<8x64xf16>) {
    ^bb0(%a: f16, %o: f16):
      linalg.yield %a : f16
    } -> tensor<8x64xf16>
    return %y : tensor<8x64xf16>
  }
  func.func private @second(%x: tensor<2x8x64xf16>) -> tensor<8x64xf16> {
    %e = tensor.empty() : tensor<8x64xf16>
    %y = linalg.generic {indexing_maps = [#part1, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<2x8x64xf16>) outs(%e : tensor<8x64xf16>) {
    ^bb0(%a: f16, %o: f16):
      linalg.yield %a : f16
    } -> tensor<8x64xf16>
    return %y : tensor<8x64xf16>
  }
  func.func @main(%parts: tensor<2x8x64xf16>, %same: tensor<2x8x64xf16>, %ids: tensor<64xi64>)
      -> (tensor<64x64xf32>, tensor<8x64xf16>, tensor<8x64xf16>, tensor<8x64xf16>, tensor<8x64xf16>) {
    %t = swap.param @table : tensor<100x64xf32>
    %r = swap.rows %t[%ids] : tensor<100x64xf32>, tensor<64xi64> -> tensor<64x64xf32>
    %0 = swap.call @first(%parts) : (tensor<2x8x64xf16>) -> tensor<8x64xf16>
    %1 = swap.call @second(%parts) : (tensor<2x8x64xf16>) -> tensor<8x64xf16>
    %2 = swap.call @first(%same) : (tensor<2x8x64xf16>) -> tensor<8x64xf16>
    %3 = swap.call @first(%same) : (tensor<2x8x64xf16>) -> tensor<8x64xf16>
    return %r, %0, %1, %2, %3 : tensor<64x64xf32>, tensor<8x64xf16>, tensor<8x64xf16>, tensor<8x64xf16>, tensor<8x64xf16>
  }
}

// -----

// Verifies that an output that is read again is copied right after it was made,
// seen in its shape; that parts of a joined output are treated so each; and
// that what nothing reads is written where it belongs.
// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = swap.call @make
// CHECK-NEXT: %[[AO:.*]] = swap.call @stage_64x64 (%[[A]])
// CHECK-NEXT: %[[AV:.*]] = tensor.expand_shape %[[AO]]
// CHECK-NEXT: %[[B:.*]] = swap.call @use (%[[A]])
// CHECK-NEXT: %[[BO:.*]] = swap.call @stage_64x64 (%[[B]])
// CHECK-NEXT: %[[C:.*]] = swap.call @use (%[[B]])
// CHECK-NEXT: %[[D:.*]] = swap.call @use (%[[B]])
// CHECK-NEXT: %[[J:.*]] = tensor.concat dim(0) %[[BO]], %[[C]]
// CHECK-NEXT: return %[[AV]], %[[J]], %[[D]]
module {
  func.func private @make(tensor<64x64xf32>) -> tensor<64x64xf32>
  func.func private @use(tensor<64x64xf32>) -> tensor<64x64xf32>
  func.func private @join(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<128x64xf32> {
    %c = tensor.concat dim(0) %a, %b : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<128x64xf32>
    return %c : tensor<128x64xf32>
  }
  func.func @main(%x: tensor<64x64xf32>) -> (tensor<8x8x64xf32>, tensor<128x64xf32>, tensor<64x64xf32>) {
    %a = swap.call @make(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %b = swap.call @use(%a) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %c = swap.call @use(%b) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %d = swap.call @use(%b) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %v = tensor.expand_shape %a [[0, 1], [2]] output_shape [8, 8, 64] : tensor<64x64xf32> into tensor<8x8x64xf32>
    %j = swap.call @join(%b, %c) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<128x64xf32>
    return %v, %j, %d : tensor<8x8x64xf32>, tensor<128x64xf32>, tensor<64x64xf32>
  }
}

// -----

// Verifies that a map makes both at once, the output and what is read again,
// in a kernel that its calls share, and that nothing else is left of it.
#id3 = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: module
// CHECK-NEXT: func.func private @map_twice(%{{.*}}: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>)
// CHECK: %[[Y:.*]] = linalg.generic
// CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%[[Y]] :
// CHECK: return %[[Y]], %[[Z]]
// CHECK-NOT: func.func private @map(
// CHECK-LABEL: func.func @main
// CHECK-NEXT: %[[A:.*]]:2 = swap.call @map_twice
// CHECK-SAME: swap.origin = "first"
// CHECK-NEXT: %[[V:.*]] = tensor.expand_shape %[[A]]#1
// CHECK-NEXT: %[[B:.*]]:2 = swap.call @map_twice (%[[A]]#0)
// CHECK-NEXT: %[[C:.*]] = swap.call @use (%[[B]]#0)
// CHECK-NEXT: return %[[V]], %[[B]]#1, %[[C]]
module {
  func.func private @map(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
    %e = tensor.empty() : tensor<64x64xf32>
    %y = linalg.generic {indexing_maps = [#id3, #id3], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
    ^bb0(%a: f32, %o: f32):
      %t = arith.addf %a, %a : f32
      linalg.yield %t : f32
    } -> tensor<64x64xf32>
    return %y : tensor<64x64xf32>
  }
  func.func private @use(tensor<64x64xf32>) -> tensor<64x64xf32>
  func.func @main(%x: tensor<64x64xf32>) -> (tensor<8x8x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) {
    %a = swap.call @map(%x) {swap.origin = "first"} : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %b = swap.call @map(%a) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %c = swap.call @use(%b) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %v = tensor.expand_shape %a [[0, 1], [2]] output_shape [8, 8, 64] : tensor<64x64xf32> into tensor<8x8x64xf32>
    return %v, %b, %c : tensor<8x8x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
  }
}
