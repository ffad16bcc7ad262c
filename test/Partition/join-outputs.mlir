// RUN: swap-opt %s --swap-join-outputs --swap-update-in-place --split-input-file | FileCheck %s
// RUN: swap-opt %s --swap-join-outputs --swap-update-in-place --swap-form-units --swap-plan --swap-verify-plan --swap-assign-memory --swap-verify-memory --split-input-file | FileCheck %s --check-prefix=MEMORY

// Verifies that a concatenation into an output takes no kernel, and that its
// parts, which nothing overwrites although they die, are places in the output.
// CHECK-LABEL: func.func @main
// CHECK:      %[[A:.*]] = swap.call @double
// CHECK-NEXT: %[[B:.*]] = swap.call @double
// CHECK-NEXT: %[[C:.*]] = swap.call @double (%[[B]]) : (
// CHECK-NEXT: %[[D:.*]] = swap.call @double (%[[C]]) into(%[[C]] :
// CHECK-NEXT: %[[R:.*]] = tensor.concat dim(1) %[[A]], %[[B]]
// CHECK-NEXT: %[[E:.*]] = swap.call @double (%[[A]]) : (
// CHECK-NEXT: swap.call @double (%[[E]]) into(%[[E]] :
// CHECK:      return %[[R]]
// MEMORY:      swap.launch @double panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<output, 0, 0>]
// MEMORY-NEXT: swap.launch @double panels(0 to 1) [#swap.place<output, 0, 0>, #swap.place<output, 0, 256>]
// MEMORY-NEXT: swap.launch @double panels(0 to 1) [#swap.place<output, 0, 256>, #swap.place<output, 1, 0>]
// MEMORY-NEXT: swap.launch @double panels(0 to 1) [#swap.place<output, 1, 0>, #swap.place<output, 1, 0>]
// MEMORY-NEXT: swap.launch @double panels(0 to 1) [#swap.place<output, 0, 0>, #swap.place<output, 2, 0>]
module {
  func.func private @double(tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64, inplace = [0]>}
  func.func private @concat(%a: tensor<1x8x8xf32>, %b: tensor<1x8x8xf32>) -> tensor<1x16x8xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 128>} {
    %c = tensor.concat dim(1) %a, %b : (tensor<1x8x8xf32>, tensor<1x8x8xf32>) -> tensor<1x16x8xf32>
    return %c : tensor<1x16x8xf32>
  }
  func.func @main(%x: tensor<1x8x8xf32>) -> (tensor<1x16x8xf32>, tensor<1x8x8xf32>, tensor<1x8x8xf32>) {
    %a = swap.call @double(%x) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    %b = swap.call @double(%a) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    %c = swap.call @double(%b) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    %d = swap.call @double(%c) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    %r = swap.call @concat(%a, %b) : (tensor<1x8x8xf32>, tensor<1x8x8xf32>) -> tensor<1x16x8xf32>
    %e = swap.call @double(%a) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    %f = swap.call @double(%e) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    return %r, %d, %f : tensor<1x16x8xf32>, tensor<1x8x8xf32>, tensor<1x8x8xf32>
  }
}

// -----

// Verifies that a kernel copies where a part is strided in the whole, an input
// of the model, twice the same or an output itself, and where the concatenation
// is no output.
// CHECK-LABEL: func.func @main
// CHECK-NOT: tensor.concat
// CHECK: swap.call @strided
// CHECK: swap.call @concat
// CHECK: swap.call @concat
// CHECK: swap.call @concat
// CHECK: swap.call @concat
// CHECK-NOT: tensor.concat
// CHECK: return
// MEMORY: swap.launch @strided
module {
  func.func private @double(tensor<2x8xf32>) -> tensor<2x8xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64>}
  func.func private @whole(tensor<4x8xf32>) -> tensor<4x8xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64>}
  func.func private @strided(%a: tensor<2x8xf32>, %b: tensor<2x8xf32>) -> tensor<2x16xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 32>} {
    %c = tensor.concat dim(1) %a, %b : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x16xf32>
    return %c : tensor<2x16xf32>
  }
  func.func private @concat(%a: tensor<2x8xf32>, %b: tensor<2x8xf32>) -> tensor<4x8xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 32>} {
    %c = tensor.concat dim(0) %a, %b : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
    return %c : tensor<4x8xf32>
  }
  func.func @main(%x: tensor<2x8xf32>) -> (tensor<2x16xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<2x8xf32>, tensor<4x8xf32>) {
    %a = swap.call @double(%x) : (tensor<2x8xf32>) -> tensor<2x8xf32>
    %b = swap.call @double(%a) : (tensor<2x8xf32>) -> tensor<2x8xf32>
    %c = swap.call @double(%b) : (tensor<2x8xf32>) -> tensor<2x8xf32>
    %0 = swap.call @strided(%a, %b) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x16xf32>
    %1 = swap.call @concat(%a, %x) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
    %2 = swap.call @concat(%a, %a) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
    %3 = swap.call @concat(%a, %c) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
    %4 = swap.call @concat(%a, %b) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
    %5 = swap.call @whole(%4) : (tensor<4x8xf32>) -> tensor<4x8xf32>
    return %0, %1, %2, %3, %c, %5 : tensor<2x16xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<2x8xf32>, tensor<4x8xf32>
  }
}
