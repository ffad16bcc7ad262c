//===- SwapDialect.td - The swap dialect -------------------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_DIALECT_TD
#define SWAP_DIALECT_TD

include "mlir/IR/OpBase.td"

def Swap_Dialect : Dialect {
  let name = "swap";
  let cppNamespace = "::mlir::swap";
  let summary = "Weights as symbols, and when their bytes are in memory";
  let description = [{
    The swap dialect carries what the standard dialects cannot say: where the
    bytes of a weight are (`swap.parameter`), what must be done to them before
    a kernel reads them (`swap.derived`), which pieces of them move together
    (`swap.unit`), and when each piece is in memory (`swap.in`, `swap.wait`,
    `swap.out`).

    Attributes that swapc puts on builtin operations:

    | attribute | on | meaning |
    | --- | --- | --- |
    | `swap.model` | module | the model's name |
    | `swap.directory` | module | the folder that `#swap.file` paths start from |
    | `swap.name` | `@main` arguments and results | the ONNX name |
    | `swap.unsigned` | `@main` arguments and results | its integers are unsigned in ONNX; those of the IR carry no sign |
    | `swap.element` | `@main` arguments and results | its `i8` elements are of this ONNX type: `float8e4m3fn`, `int4` and the like |
    | `swap.schedule` | kernel functions | how the kernel is cut into tiles |
    | `swap.footprint` | kernel functions | which bytes some of its tiles read and write |
    | `swap.gpu` | kernel functions | how the kernel runs on a GPU |
    | `swap.read_once` | kernel functions | numbers of the packed operands that one launch reads byte for byte once, so that they may stay where reading is slow |
    | `swap.overhead` | module | bytes of a budget that are not the arena's: code and graphs on a GPU |
    | `swap.page_bytes` | module | slots of units start on multiples of this and take whole ones: a power of two from 64 to 4096 (the default, for files) |
    | `swap.segment` | `swap.call` | number of the stretch of calls that runs band by band with this one |
    | `swap.update` | `swap.launch` | continues a result that an earlier launch began |
    | `swap.sizes` | module | names of the sizes that a run says, with the least and the most of each; they are the last arguments of `@main` |
    | `swap.extents` | `@main` arguments and results | three numbers for each dimension that sizes shorten: the dimension, the size, and by how much one less shortens it |
    | `swap.cuts` | kernel functions | five numbers for each size that tiles depend on, as in swap_cut: size, period, unit, scale, offset |
    | `swap.origin` | operations, kernels | the ONNX node that it comes from |
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kModelAttr = "swap.model";
    static constexpr ::llvm::StringLiteral kDirectoryAttr = "swap.directory";
    static constexpr ::llvm::StringLiteral kNameAttr = "swap.name";
    static constexpr ::llvm::StringLiteral kUnsignedAttr = "swap.unsigned";
    static constexpr ::llvm::StringLiteral kElementAttr = "swap.element";
    static constexpr ::llvm::StringLiteral kScheduleAttr = "swap.schedule";
    static constexpr ::llvm::StringLiteral kFootprintAttr = "swap.footprint";
    static constexpr ::llvm::StringLiteral kGpuAttr = "swap.gpu";
    static constexpr ::llvm::StringLiteral kReadOnceAttr = "swap.read_once";
    static constexpr ::llvm::StringLiteral kOverheadAttr = "swap.overhead";
    static constexpr ::llvm::StringLiteral kPageBytesAttr = "swap.page_bytes";
    static constexpr ::llvm::StringLiteral kSegmentAttr = "swap.segment";
    static constexpr ::llvm::StringLiteral kUpdateAttr = "swap.update";
    static constexpr ::llvm::StringLiteral kSizesAttr = "swap.sizes";
    static constexpr ::llvm::StringLiteral kExtentsAttr = "swap.extents";
    static constexpr ::llvm::StringLiteral kCutsAttr = "swap.cuts";
    static constexpr ::llvm::StringLiteral kOriginAttr = "swap.origin";
  }];
}

#endif // SWAP_DIALECT_TD
