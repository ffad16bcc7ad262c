//===- Passes.td - Passes of the kernel phase --------------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_KERNELS_PASSES_TD
#define SWAPC_KERNELS_PASSES_TD

include "mlir/Pass/PassBase.td"

class KernelsPass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  let dependentDialects = [
    "::mlir::swap::SwapDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::func::FuncDialect"];
}

def InlineScalars : KernelsPass<"swap-inline-scalars"> {
  let summary = "put operands that hold one value everywhere into the bodies";
  let description = [{
    A `linalg.generic` that reads a splat constant, a filled tensor or a splat
    `swap.parameter` gets the value as a constant in its body. Other tensor
    constants become parameters.

    ```mlir
    // before
    %c = arith.constant dense<2.0> : tensor<f32>
    linalg.generic ... ins(%x, %c) { ^bb0(%a, %b, %o): arith.mulf %a, %b }
    // after
    linalg.generic ... ins(%x) { ^bb0(%a, %o): %b = arith.constant 2.0; arith.mulf %a, %b }
    ```
  }];
}

def ShareHeads : KernelsPass<"swap-share-heads"> {
  let summary = "query heads that share keys become rows of one product";
  let description = [{
    In grouped-query attention some heads in a row read the same keys and
    values, which a model repeats for each. With one query row a head, the heads
    of a group are the rows of one product, and nothing is repeated. The
    elementwise operations after the product follow it into its shape.

    ```mlir
    // before
    %k = copy of %cache : tensor<1x4x512x64xf16> to tensor<1x4x8x512x64xf16>, seen as 1x32x512x64
    %s = product of %q : tensor<1x32x1x512xf16> and %k
    // after
    %s = product of %q seen as 1x4x8x64 and %cache : tensor<1x4x512x64xf16>
    ```
  }];
}

def ChannelsLast : KernelsPass<"swap-channels-last"> {
  let summary = "move the channels of images to the innermost dimension";
  let description = [{
    Every tensor that a convolution or a pool touches, and what is connected
    to it through elementwise operations, pads and concatenations, gets its
    channels last. Copies stand where another layout meets.

    ```mlir
    // before: (n, oc, h, w | ic, kh, kw)
    %1 = linalg.generic ... ins(%x, %w : tensor<1x64x58x58xf32>, tensor<64x64x3x3xf32>)
                            outs(%0 : tensor<1x64x56x56xf32>)
    // after: (n, h, w, oc | kh, kw, ic)
    %1 = linalg.generic ... ins(%x, %w : tensor<1x58x58x64xf32>, tensor<64x64x3x3xf32>)
                            outs(%0 : tensor<1x56x56x64xf32>)
    ```
  }];
}

def FoldScale : KernelsPass<"swap-fold-scale"> {
  let summary = "multiply the weights instead of the result of a contraction";
  let description = [{
    A contraction with a parameter whose result is multiplied by one parameter
    per output channel (a batch norm) multiplies the weights instead; the
    product of the two parameters becomes a `swap.derived`.

    ```mlir
    // before
    %y = conv(%x, %w); %z = %y * %s + %t
    // after
    %ws = %w * %s; %y = conv(%x, %ws); %z = %y + %t
    ```
  }];
}

def HoistParameters : KernelsPass<"swap-hoist-parameters"> {
  let summary = "compute from parameters while the blob is written";
  let description = [{
    Elementwise operations, copies and reshapes that only read parameters
    become `swap.derived` recipes. Recipes compose: sources are always
    `swap.parameter`.

    ```mlir
    // before
    %w = swap.param @w : tensor<10x20xf32>
    %t = linalg.generic ... (d0, d1) -> (d1, d0) ins(%w) outs(%e : tensor<20x10xf32>)
    // after
    swap.derived @w_0 : tensor<20x10xf32> from [@w] maps [affine_map<(d0, d1) -> (d1, d0)>] ...
    %t = swap.param @w_0 : tensor<20x10xf32>
    ```
  }];
  let options = [
    Option<"keepNarrow", "keep-narrow", "bool", /*default=*/"false",
           "leave what converts a weight of a byte an element, or less, to more "
           "bytes">];
}

def GatherRows : KernelsPass<"swap-gather-rows"> {
  let summary = "read only the rows of a table that are used";
  let description = [{
    A gather of few rows of a large parameter becomes `swap.rows`.

    ```mlir
    // before
    %e = linalg.generic ... ins(%ids) { ... tensor.extract %table[%row, %column] ... }
    // after
    %e = swap.rows %table[%ids] : tensor<30522x768xf32>, tensor<128xi64> -> tensor<128x768xf32>
    ```
  }];
}

def FuseElementwise : KernelsPass<"swap-fuse-elementwise"> {
  let summary = "fuse elementwise operations and copies into what reads them";
  let description = [{
    Elementwise producers fuse into elementwise and reducing consumers, copies
    into the operand maps of contractions where the innermost dimension stays,
    and reshapes that only move unit dimensions into the operand maps.

    ```mlir
    // before
    %a = exp(%x); %b = %a * %y
    // after
    %b = exp(%x) * %y
    ```
  }];
}

def FuseDequantize : KernelsPass<"swap-fuse-dequantize"> {
  let summary = "convert quantised weights in the kernels that read them";
  let description = [{
    What converts a parameter of one byte an element, or of several elements a
    byte, to more bytes fuses into whatever reads it, so that the blob and each
    read stay small. A scale that all terms of a sum share is multiplied to the
    sum instead.

    ```mlir
    // before
    %d = cast(%w : i8) * %scale; %y = sum(%x * %d)
    // after
    %s = sum(%x * cast(%w)); %y = %s * %scale
    ```
  }];
}

def FormKernels : KernelsPass<"swap-form-kernels"> {
  let summary = "cut @main into kernels";
  let description = [{
    Groups the operations of `@main` and outlines each group. A group is a
    contraction with its padding and the elementwise operations after it, a
    row-wise computation such as softmax, or a single operation. Equal kernels
    share a function.

    ```mlir
    // before
    %y = linalg.generic ... // a matmul
    %z = linalg.generic ... // bias and activation
    // after
    %z = swap.call @matmul_128x768x3072(%x, %w, %b) : (...) -> tensor<128x3072xf32>
    ```
  }];
}

def VerifyKernels : KernelsPass<"swap-verify-kernels"> {
  let summary = "check that a module is in the kernel phase";
  let description = [{
    - K1: `@main` holds only swap.param, swap.rows, reshapes, swap.call and
      func.return.
    - K2: each result of `@main` is written by exactly one swap.call.
    - K3: a kernel holds only pads, fills, generics, concatenations and routines.
    - K4: a kernel does not name parameters.
    - K5: a kernel takes at most 60 tensors, results included.
    - K6: nothing of a kernel's bodies is defined outside but tensors that
      the kernel takes.
    - K7: a routine is alone in its kernel and reads only what that takes.

    ```mlir
    // before and after are the same; an error where a rule is broken
    ```
  }];
}

#endif // SWAPC_KERNELS_PASSES_TD
