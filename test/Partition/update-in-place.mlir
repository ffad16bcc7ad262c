// RUN: swap-opt %s --swap-update-in-place --split-input-file | FileCheck %s
// RUN: swap-opt %s --swap-update-in-place=outputs-apart --split-input-file | FileCheck %s --check-prefix=APART

// Verifies that a call overwrites the operand that its schedule lists where
// nothing needs it later, through views, and never what the caller owns, what
// is read later (through a view, by the return), or twice by the call.
module {
  swap.parameter @p : tensor<64xf32> = #swap.file<"w", 0, 256>
  func.func private @make(tensor<64xf32>) -> tensor<64xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64>}
  func.func private @add(tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64, inplace = [0, 1]>}
  func.func private @add_first(tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64, inplace = [0]>}
  func.func private @square(tensor<8x8xf32>) -> tensor<4x16xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64, inplace = [0]>}
  func.func private @bits(tensor<64xf32>) -> tensor<64xi32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64, inplace = [0]>}

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:.*]]: tensor<64xf32>
  func.func @main(%x: tensor<64xf32>) -> (tensor<4x16xf32>, tensor<64xf32>, tensor<64xi32>) {
    %w = swap.param @p : tensor<64xf32>
    // Inputs and parameters are not the model's to overwrite.
    // CHECK: %[[A:.*]] = swap.call @add (%[[X]], %{{.*}}) : (
    %a = swap.call @add(%x, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // %a is read once more.
    // CHECK: %[[B:.*]] = swap.call @add_first (%[[A]], %[[X]]) : (
    %b = swap.call @add_first(%a, %x) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // The first listed operand that dies; %b dies too.
    // CHECK: %[[C:.*]] = swap.call @add (%[[A]], %[[B]]) into(%[[A]] : tensor<64xf32>)
    %c = swap.call @add(%a, %b) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // Twice the same memory.
    // CHECK: %[[D:.*]] = swap.call @add (%[[C]], %[[C]]) : (
    %d = swap.call @add(%c, %c) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // Not listed.
    // CHECK: %[[E:.*]] = swap.call @add_first (%[[X]], %[[D]]) : (
    %e = swap.call @add_first(%x, %d) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // Read later through a view.
    %v = tensor.expand_shape %e [[0, 1]] output_shape [8, 8] : tensor<64xf32> into tensor<8x8xf32>
    // CHECK: %[[F:.*]] = swap.call @add_first (%[[E]], %[[X]]) : (
    %f = swap.call @add_first(%e, %x) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // The view's memory, in the shape of the result.
    // CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[V:.*]] {{\[\[}}0, 1]]
    // CHECK: %[[WIDE:.*]] = tensor.expand_shape %[[FLAT]]
    // CHECK: swap.call @square (%[[V]]) into(%[[WIDE]] : tensor<4x16xf32>)
    // An output that kernels do not read is apart.
    // APART: swap.call @add ({{.*}}) into(
    // APART: swap.call @square (%{{.*}}) : (
    %g = swap.call @square(%v) : (tensor<8x8xf32>) -> tensor<4x16xf32>
    // %f is an output of its own.
    // CHECK: %[[H:.*]] = swap.call @add_first (%[[F]], %[[X]]) : (
    %h = swap.call @add_first(%f, %x) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // No view changes the element type.
    // CHECK: swap.call @bits (%[[H]]) : (
    %i = swap.call @bits(%h) : (tensor<64xf32>) -> tensor<64xi32>
    return %g, %f, %i : tensor<4x16xf32>, tensor<64xf32>, tensor<64xi32>
  }
}

// -----

// Verifies that a chain of updates keeps what is read after it: the second
// update must see that the third call reads the memory through %b.
module {
  func.func private @add(tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 64, inplace = [0]>}
  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
    // CHECK: %[[A:.*]] = swap.call
    %a = swap.call @add(%x, %x) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // CHECK: %[[B:.*]] = swap.call @add (%[[A]], %{{.*}}) into(%[[A]] :
    // APART: swap.call @add (%{{.*}}) into(
    %b = swap.call @add(%a, %x) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // CHECK: %[[C:.*]] = swap.call @add (%[[B]], %{{.*}}) : (
    %c = swap.call @add(%b, %x) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    // CHECK: swap.call @add (%[[C]], %[[B]]) into(%[[C]] :
    // APART: swap.call @add (
    // APART-NEXT: %[[D:.*]] = swap.call @add (%{{.*}}) : (
    // APART-NEXT: return %[[D]]
    %d = swap.call @add(%c, %b) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    return %d : tensor<64xf32>
  }
}
