//===- InPlace.cpp - Operands that a result may overwrite -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tiles run at the same time in other threads, or later in another call, so
// what a tile reads of such an operand must be what no other tile writes; and
// inside a tile, what has been overwritten must not be read again.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "LoopNest.h"

using namespace mlir;
using namespace swapc;

/// Both take the same bytes, element for element.
static bool haveSameStorage(Type operand, Type result) {
  auto from = cast<RankedTensorType>(operand);
  auto to = cast<RankedTensorType>(result);
  return !swap::getPanels(from) &&
         from.getNumElements() == to.getNumElements() &&
         swap::getElementBytes(from.getElementType()) ==
             swap::getElementBytes(to.getElementType());
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// The epilogue loads a vector of the operand, then stores the same vector of
/// the result; operands that all rows share are loaded before any is stored.
static bool isReadWhereWritten(const ContractionInfo &info,
                               BlockArgument operand) {
  if (operand == info.a || operand == info.b || operand.use_empty())
    return false;
  for (OpOperand &use : operand.getUses()) {
    auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!op || !llvm::is_contained(info.epilogue, op) || !op.isDpsInput(&use))
      return false;
    ContractionAccess read =
        getEpilogueAccess(info, op, use.getOperandNumber());
    if (read.constant != 0)
      return false;
    for (auto [loop, size] : llvm::enumerate(info.sizes))
      if (size > 1 &&
          read.coefficients[loop] != info.accessOut.coefficients[loop])
        return false;
  }
  return true;
}

SmallVector<int64_t> swapc::findInPlaceOperands(const ContractionInfo &info,
                                                const ContractionPlan &plan) {
  SmallVector<int64_t> operands;
  auto kernel = info.root->getParentOfType<func::FuncOp>();
  // Register tiles that stick out of a grid tile compute some rows twice.
  bool isTwice = plan.block % plan.rows != 0;
  if (kernel.getNumResults() != 1 || info.accessOut.constant != 0 || isTwice)
    return operands;
  for (BlockArgument argument : kernel.getArguments())
    if (haveSameStorage(argument.getType(), kernel.getResultTypes()[0]) &&
        isReadWhereWritten(info, argument))
      operands.push_back(argument.getArgNumber());
  return operands;
}

//===----------------------------------------------------------------------===//
// Row kernels
//===----------------------------------------------------------------------===//

/// The nest that writes the result, row-major and all of it; -1 if several do.
static int findWriter(const RowPlan &plan, const TensorAccess &result) {
  int writer = -1;
  for (auto [index, nest] : llvm::enumerate(plan.nests))
    for (const LoopAccess &output : nest.outputs) {
      if (output.tensor != &result)
        continue;
      if (writer >= 0 || output.offset.constant != 0)
        return -1;
      int64_t stride = 1;
      for (size_t loop = nest.parallel; loop-- > 0;) {
        if (nest.sizes[loop] > 1 && output.offset.coefficients[loop] != stride)
          return -1;
        stride *= nest.sizes[loop];
      }
      if (stride != result.type.getNumElements())
        return -1;
      writer = index;
    }
  return writer;
}

/// `read` is at the element that `nest` writes, in each iteration.
static bool isSameElement(const RowNest &nest, const LoopAccess &read,
                          const LoopAccess &write) {
  if (!read.bounds.empty() || read.offset.constant != 0)
    return false;
  for (auto [loop, size] : llvm::enumerate(nest.sizes))
    if (size > 1 &&
        read.offset.coefficients[loop] != write.offset.coefficients[loop])
      return false;
  return true;
}

/// An outer iteration reads only elements that the same one of `writer` writes.
static bool isSameOuterIteration(const RowPlan &plan, const RowNest &nest,
                                 const LoopAccess &read, const RowNest &writer,
                                 const LoopAccess &write) {
  if (!read.bounds.empty() || read.offset.constant < 0)
    return false;
  int64_t last = read.offset.constant, span = 1;
  for (auto [loop, size] : llvm::enumerate(nest.sizes)) {
    if (size <= 1)
      continue;
    int64_t step = read.offset.coefficients[loop];
    if (loop < plan.outer && step != write.offset.coefficients[loop])
      return false;
    if (step < 0)
      return false;
    if (loop >= plan.outer)
      last += step * (size - 1);
  }
  for (size_t loop = plan.outer; loop < writer.parallel; ++loop)
    span *= writer.sizes[loop];
  return last < span;
}

static bool isReadBeforeWritten(const RowPlan &plan, BlockArgument operand,
                                const TensorAccess &result) {
  int writer = findWriter(plan, result);
  if (writer < 0)
    return false;
  const RowNest &last = plan.nests[writer];
  const LoopAccess &write =
      *llvm::find_if(last.outputs, [&](const LoopAccess &output) {
        return output.tensor == &result;
      });
  llvm::SmallPtrSet<const TensorAccess *, 2> views;
  for (const auto &tensor : plan.tensors)
    if (tensor->tensor == operand)
      views.insert(&tensor->access);
  for (auto [index, nest] : llvm::enumerate(plan.nests)) {
    for (const auto *list : {&nest.inputs, &nest.inits})
      for (const LoopAccess &read : *list) {
        if (!read.tensor || !views.contains(read.tensor))
          continue;
        bool isAllowed =
            static_cast<int>(index) == writer
                ? isSameElement(nest, read, write)
                : static_cast<int>(index) < writer &&
                      isSameOuterIteration(plan, nest, read, last, write);
        if (!isAllowed)
          return false;
      }
  }
  // A gather goes anywhere.
  return llvm::none_of(operand.getUsers(), [](Operation *user) {
    return isa<tensor::ExtractOp>(user);
  });
}

SmallVector<int64_t> swapc::findInPlaceOperands(func::FuncOp kernel,
                                                const RowPlan &plan) {
  SmallVector<int64_t> operands;
  if (kernel.getNumResults() != 1)
    return operands;
  int position = kernel.getNumArguments();
  for (const auto &tensor : plan.tensors) {
    if (tensor->operand != position)
      continue;
    for (BlockArgument argument : kernel.getArguments())
      if (haveSameStorage(argument.getType(), kernel.getResultTypes()[0]) &&
          isReadBeforeWritten(plan, argument, tensor->access))
        operands.push_back(argument.getArgNumber());
  }
  return operands;
}
