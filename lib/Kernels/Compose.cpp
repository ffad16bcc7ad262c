//===- Compose.cpp - Reshapes and copies into operand maps ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compose.h"

#include "Structure.h"
#include "swapc/Kernels/Recipes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace swapc;

static void setMap(linalg::GenericOp op, OpOperand &operand, AffineMap map) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[operand.getOperandNumber()] = map;
  OpBuilder b(op);
  op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
}

/// Every loop bound can be seen from some operand.
static bool hasBounds(linalg::GenericOp op, OpOperand &changed, AffineMap map) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[changed.getOperandNumber()] = map;
  return bool(inversePermutation(concatAffineMaps(maps, op.getContext())));
}

static bool isPlain(AffineMap map) {
  return llvm::all_of(map.getResults(), [](AffineExpr expr) {
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  });
}

bool swapc::foldUnitReshapes(linalg::GenericOp op) {
  bool changed = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Operation *def = input->get().getDefiningOp();
    if (!isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(def))
      continue;
    AffineMap map = getReshapeMap(getShape(def->getOperand(0)),
                                  getShape(input->get()), op.getContext());
    if (!isPlain(map))
      continue;
    map = map.compose(op.getMatchingIndexingMap(input));
    if (!hasBounds(op, *input, map))
      continue;
    input->set(def->getOperand(0));
    setMap(op, *input, map);
    changed = true;
  }
  return changed;
}

bool swapc::foldCopiesIntoContraction(linalg::GenericOp op) {
  bool changed = false;
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto producer = input->get().getDefiningOp<linalg::GenericOp>();
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!producer || !isCopy(producer) || !isPlain(map) ||
        map.getNumResults() == 0)
      continue;
    OpOperand *source = producer.getDpsInputOperand(0);
    AffineMap composed = producer.getMatchingIndexingMap(source).compose(map);
    if (composed.getNumResults() == 0 || !hasBounds(op, *input, composed) ||
        !fitsLoops(op, composed, getShape(source->get())))
      continue;
    // The left side may have any rows; its reduction stays contiguous. The
    // right side keeps the result's innermost dimension contiguous.
    auto last = dyn_cast<AffineDimExpr>(composed.getResults().back());
    if (!last)
      continue;
    bool reduces = !output.isFunctionOfDim(last.getPosition());
    if (input == getRhs(op) ? last != output.getResults().back() : !reduces)
      continue;
    input->set(source->get());
    setMap(op, *input, composed);
    changed = true;
  }
  return changed;
}

namespace {

/// Merges groups of loops of one operation.
class LoopMerger {
public:
  LoopMerger(linalg::GenericOp op) : op(op), newIndex(op.getNumLoops()) {
    for (unsigned i = 0; i < op.getNumLoops(); ++i)
      groups.push_back({i});
  }

  /// Merges the loops that an expand_shape made of one.
  bool merge(ArrayRef<unsigned> loops) {
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    auto kinds = op.getIteratorTypesArray();
    std::optional<utils::IteratorType> kind;
    for (unsigned loop : loops) {
      if (sizes[loop] != 1 && kind && *kind != kinds[loop])
        return false;
      if (sizes[loop] != 1)
        kind = kinds[loop];
    }
    llvm::erase_if(groups, [&](auto &group) {
      return llvm::is_contained(loops, group[0]);
    });
    groups.push_back(llvm::to_vector(loops));
    return true;
  }

  void number() {
    llvm::sort(groups, [](auto &a, auto &b) { return a[0] < b[0]; });
    for (auto [index, group] : llvm::enumerate(groups))
      for (unsigned loop : group)
        newIndex[loop] = index;
  }

  unsigned size() const { return groups.size(); }

  utils::IteratorType getKind(unsigned group) {
    for (unsigned loop : groups[group])
      if (op.getStaticLoopRanges()[loop] != 1)
        return op.getIteratorTypesArray()[loop];
    return op.getIteratorTypesArray()[groups[group][0]];
  }

  /// The map and the shape of an operand over merged loops.
  bool convert(AffineMap map, ArrayRef<int64_t> shape, AffineMap &newMap,
               SmallVectorImpl<int64_t> &newShape) {
    SmallVector<AffineExpr> results;
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    for (unsigned i = 0; i < map.getNumResults();) {
      auto dim = dyn_cast<AffineDimExpr>(map.getResult(i));
      if (!dim) {
        if (!isa<AffineConstantExpr>(map.getResult(i)))
          return false;
        results.push_back(map.getResult(i));
        newShape.push_back(shape[i++]);
        continue;
      }
      // The dimensions in a row that the loops of this group index.
      unsigned index = newIndex[dim.getPosition()], first = i;
      SmallVector<unsigned> named, needed;
      for (; i < map.getNumResults(); ++i) {
        auto other = dyn_cast<AffineDimExpr>(map.getResult(i));
        if (!other || newIndex[other.getPosition()] != index)
          break;
        if (shape[i] != sizes[other.getPosition()])
          return false;
        if (shape[i] != 1)
          named.push_back(other.getPosition());
      }
      int64_t size = 1;
      for (unsigned loop : groups[index])
        if (sizes[loop] != 1) {
          needed.push_back(loop);
          size *= sizes[loop];
        }
      if (named.empty() && !needed.empty())
        continue; // only its unit loops: the dimensions go
      auto expr = getAffineDimExpr(index, op.getContext());
      if (i == first || named != needed || llvm::is_contained(results, expr))
        return false;
      results.push_back(expr);
      newShape.push_back(size);
    }
    newMap = AffineMap::get(groups.size(), 0, results, op.getContext());
    return true;
  }

private:
  linalg::GenericOp op;
  SmallVector<SmallVector<unsigned>> groups;
  SmallVector<unsigned> newIndex;
};

} // namespace

/// The value that `init` would have in another shape, or null.
static Value reshapeInit(OpBuilder &b, Value init, ArrayRef<int64_t> shape) {
  Operation *def = init.getDefiningOp();
  if (isa_and_nonnull<tensor::EmptyOp>(def))
    return tensor::EmptyOp::create(b, def->getLoc(), shape,
                                   getType(init).getElementType());
  if (auto fill = dyn_cast_or_null<linalg::FillOp>(def)) {
    Value empty = tensor::EmptyOp::create(b, def->getLoc(), shape,
                                          getType(init).getElementType());
    return linalg::FillOp::create(b, def->getLoc(), fill.getInputs()[0], empty)
        .getResult(0);
  }
  return nullptr;
}

/// Loops in the order of the result, then the others.
static void orderLoops(RewriterBase &rewriter, linalg::GenericOp op) {
  SmallVector<unsigned> order;
  for (AffineExpr expr : op.getIndexingMapsArray().back().getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      order.push_back(dim.getPosition());
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (!llvm::is_contained(order, loop))
      order.push_back(loop);
  if (!llvm::is_sorted(order))
    (void)linalg::interchangeGenericOp(rewriter, op, order);
}

bool swapc::sinkExpand(RewriterBase &rewriter, linalg::GenericOp op) {
  if (op->getNumResults() != 1 || isContraction(op) || op.hasIndexSemantics() ||
      !isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(
          op.getDpsInits()[0].getDefiningOp()))
    return false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto expand = input->get().getDefiningOp<tensor::ExpandShapeOp>();
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!expand || expand.getSrc().getDefiningOp<swap::ParamOp>() ||
        !map.isProjectedPermutation())
      continue;
    LoopMerger merger(op);
    bool merged = false, possible = true;
    for (const ReassociationIndices &group : expand.getReassociationIndices()) {
      if (group.size() < 2)
        continue;
      SmallVector<unsigned> loops;
      for (int64_t dim : group)
        loops.push_back(map.getDimPosition(dim));
      merged = true;
      possible &= merger.merge(loops);
    }
    if (!merged || !possible)
      continue;
    merger.number();
    SmallVector<AffineMap> maps(op->getNumOperands());
    SmallVector<SmallVector<int64_t>> shapes(op->getNumOperands());
    for (OpOperand &operand : op->getOpOperands())
      possible &= merger.convert(
          op.getMatchingIndexingMap(&operand), getShape(operand.get()),
          maps[operand.getOperandNumber()], shapes[operand.getOperandNumber()]);
    if (!possible)
      continue;
    if (!inversePermutation(concatAffineMaps(maps, op.getContext())))
      continue;
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (OpOperand *in : op.getDpsInputOperands())
      operands.push_back(reshape(rewriter, op.getLoc(), in->get(),
                                 shapes[in->getOperandNumber()]));
    Value init = reshapeInit(rewriter, op.getDpsInits()[0], shapes.back());
    SmallVector<utils::IteratorType> kinds;
    for (unsigned i = 0; i < merger.size(); ++i)
      kinds.push_back(merger.getKind(i));
    auto narrow = linalg::GenericOp::create(
        rewriter, op.getLoc(), init.getType(), operands, init, maps, kinds);
    rewriter.inlineRegionBefore(op.getRegion(), narrow.getRegion(),
                                narrow.getRegion().end());
    setOrigin(narrow, op);
    orderLoops(rewriter, narrow);
    Value result = reshape(rewriter, op.getLoc(), narrow.getResult(0),
                           getShape(op.getResult(0)));
    rewriter.replaceOp(op, result);
    return true;
  }
  return false;
}
