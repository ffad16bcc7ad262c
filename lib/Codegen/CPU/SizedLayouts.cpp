//===- SizedLayouts.cpp - Where values of a size are, in kernels ----------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SizedLayouts.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

void SizedLayouts::setInput(Value value, ArrayRef<int64_t> extents,
                            ArrayRef<int64_t> most) {
  Layout layout = getLayout(value);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  for (size_t i = 0; i + 2 < extents.size(); i += 3) {
    int64_t dim = extents[i], size = extents[i + 1], scale = extents[i + 2];
    Factor factor{shape[dim], {shape[dim], {}}};
    if (!layout[dim].factors.empty())
      factor = layout[dim].factors[0];
    SizeForm less{-scale * most[size], {}};
    less.scales.assign(size + 1, 0);
    less.scales[size] = scale;
    factor.valid = factor.valid + less;
    layout[dim] = Dim();
    layout[dim].append(factor);
  }
  layouts[value] = layout;
}

Layout SizedLayouts::getLayout(Value value) const {
  if (auto found = layouts.find(value); found != layouts.end())
    return found->second;
  Layout layout;
  for (int64_t size : cast<RankedTensorType>(value.getType()).getShape())
    layout.push_back(makeStaticDim(size));
  return layout;
}

void SizedLayouts::enter(func::FuncOp kernel, ValueRange operands) {
  for (auto [argument, operand] :
       llvm::zip_equal(kernel.getArguments(), operands)) {
    layouts[argument] = getLayout(operand);
    derived.erase(argument);
    if (derived.contains(operand))
      derived.insert(argument);
  }
}

void SizedLayouts::setResult(Value value, Value from) {
  layouts[value] = getLayout(from);
  if (derived.contains(from))
    derived.insert(value);
}

/// Whether all tensors that `op` reads come from sizes, and any does.
bool SizedLayouts::isDerived(Operation *op) const {
  bool any = false;
  for (Value operand : op->getOperands()) {
    Operation *def = operand.getDefiningOp();
    if (derived.contains(operand))
      any = true;
    else if (!def || !(isa<tensor::EmptyOp, linalg::FillOp>(def) ||
                       def->hasTrait<OpTrait::ConstantLike>()))
      return false;
  }
  return any;
}

SmallVector<Dim> SizedLayouts::getLoops(linalg::GenericOp op) const {
  SmallVector<Dim> loops;
  for (int64_t size : op.getStaticLoopRanges())
    loops.push_back(makeStaticDim(size));
  llvm::SmallBitVector whole(loops.size());
  bool readsSizes = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (derived.contains(input->get())) {
      readsSizes = true;
      for (unsigned i = 0; i < loops.size(); ++i)
        if (map.isFunctionOfDim(i))
          whole.set(i);
      continue;
    }
    for (auto [expr, dim] : llvm::zip_equal(map.getResults(),
                                            getLayout(input->get()))) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop || dim.isStatic())
        continue;
      Dim &known = loops[loop.getPosition()];
      if (known.isStatic())
        known = dim;
      else if (!(known == dim))
        whole.set(loop.getPosition());
    }
  }
  if (readsSizes)
    op.getBody()->walk([&](linalg::IndexOp index) { whole.set(index.getDim()); });
  for (unsigned i : whole.set_bits())
    loops[i] = makeStaticDim(loops[i].getSize());
  return loops;
}

void SizedLayouts::visitGeneric(linalg::GenericOp op) {
  SmallVector<Dim> loops = getLoops(op);
  for (auto [result, init] :
       llvm::zip_equal(op->getResults(), op.getDpsInitsMutable())) {
    Layout layout = getLayout(result);
    AffineMap map = op.getMatchingIndexingMap(&init);
    for (auto [dim, expr] : llvm::zip_equal(layout, map.getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expr))
        dim = loops[loop.getPosition()];
    layouts[result] = layout;
  }
}

void SizedLayouts::visit(Operation *op) {
  for (Value result : op->getResults()) {
    derived.erase(result); // of an earlier call of the kernel
    layouts.erase(result);
  }
  if (isDerived(op)) {
    derived.insert(op->result_begin(), op->result_end());
    return;
  }
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return visitGeneric(generic);
  if (auto reshape = dyn_cast<tensor::CollapseShapeOp>(op)) {
    layouts[reshape.getResult()] =
        collapse(getLayout(reshape.getSrc()), reshape.getReassociationIndices());
    return;
  }
  if (auto reshape = dyn_cast<tensor::ExpandShapeOp>(op)) {
    Layout from = getLayout(reshape.getSrc());
    if (from.empty())
      return;
    if (auto layout = expand(from, reshape.getReassociationIndices(),
                             reshape.getResultType().getShape()))
      layouts[reshape.getResult()] = *layout;
    return;
  }
  if (isa<tensor::PadOp, tensor::ConcatOp>(op)) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Layout from = getLayout(op->getOperand(0)), layout;
    auto source = cast<RankedTensorType>(op->getOperand(0).getType());
    for (int64_t i = 0; i < type.getRank(); ++i)
      layout.push_back(source.getDimSize(i) == type.getDimSize(i)
                           ? from[i]
                           : makeStaticDim(type.getDimSize(i)));
    layouts[op->getResult(0)] = layout;
    return;
  }
  if (auto rows = dyn_cast<swap::RowsOp>(op)) {
    Layout layout = getLayout(rows.getResult());
    layout[0] = getLayout(rows.getIndices())[0];
    layouts[rows.getResult()] = layout;
  }
}
