//===- ShareHeads.cpp - Query heads that share keys and values --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace swapc {
#define GEN_PASS_DEF_SHAREHEADS
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

/// The matrices [batch, heads, rows, columns] that a product reads, of which
/// `group` heads in a row are one; their source null if there are none.
struct SharedHeads {
  Value source; // [batch, heads / group, rows, columns] in some shape
  int64_t group = 1;
  AffineMap transpose; // of the source's matrices, or the identity
};

static SharedHeads findSharedHeads(Value value) {
  SharedHeads heads;
  MLIRContext *context = value.getContext();
  heads.transpose = AffineMap::getMultiDimIdentityMap(4, context);
  auto transpose = value.getDefiningOp<linalg::GenericOp>();
  if (transpose && isCopy(transpose)) {
    AffineMap map = transpose.getIndexingMapsArray()[0];
    if (map !=
        AffineMap::getPermutationMap(ArrayRef<unsigned>{0, 1, 3, 2}, context))
      return heads;
    heads.transpose = map;
    value = transpose.getInputs()[0];
  }
  auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>();
  auto expand = collapse ? collapse.getSrc().getDefiningOp<linalg::GenericOp>()
                         : linalg::GenericOp();
  SmallVector<ReassociationIndices> pair = {{0}, {1, 2}, {3}, {4}};
  if (!expand || !isCopy(expand) ||
      collapse.getReassociationIndices() != ArrayRef(pair))
    return heads;
  ArrayRef<int64_t> shape = getShape(expand.getResult(0));
  AffineMap map = expand.getIndexingMapsArray()[0];
  ArrayRef<int64_t> from = getShape(expand.getInputs()[0]);
  // All dimensions but the group, which is missing or of one element.
  unsigned next = 0;
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    if (isa<AffineConstantExpr>(expr) && from[position] == 1)
      continue;
    next += next == 2;
    if (expr != getAffineDimExpr(next, context) ||
        from[position] != shape[next])
      return heads;
    ++next;
  }
  if (next != 5 || shape[2] == 1)
    return heads;
  heads.source = expand.getInputs()[0];
  heads.group = shape[2];
  return heads;
}

/// A product of [batch, heads, 1, k] and [batch, heads, k, n].
static bool isHeadProduct(linalg::GenericOp op) {
  if (!isContraction(op) || op.getNumLoops() != 5 ||
      !op.getDpsInits()[0].getDefiningOp<linalg::FillOp>())
    return false;
  auto map = [&](ArrayRef<unsigned> dims) {
    SmallVector<AffineExpr> results;
    for (unsigned dim : dims)
      results.push_back(getAffineDimExpr(dim, op.getContext()));
    return AffineMap::get(5, 0, results, op.getContext());
  };
  return op.getIndexingMapsArray() ==
             ArrayRef(
                 {map({0, 1, 2, 4}), map({0, 1, 4, 3}), map({0, 1, 2, 3})}) &&
         getShape(op.getResult(0))[2] == 1;
}

/// `op` with other operands, its result in another shape.
static linalg::GenericOp cloneWith(OpBuilder &b, linalg::GenericOp op,
                                   ValueRange inputs, Value init,
                                   ArrayRef<AffineMap> maps) {
  auto clone =
      linalg::GenericOp::create(b, op.getLoc(), init.getType(), inputs, init,
                                maps, op.getIteratorTypesArray());
  IRMapping mapping;
  op.getRegion().cloneInto(&clone.getRegion(), mapping);
  setOrigin(clone, op);
  return clone;
}

/// What an elementwise operation reads over [batch, heads / group, group, n]
/// instead of [batch, heads, 1, n]; null where it cannot.
static Value regroup(OpBuilder &b, Location loc, Value input, AffineMap &map,
                     ArrayRef<int64_t> shape) {
  if (map.isIdentity())
    return reshape(b, loc, input, shape);
  SmallVector<AffineExpr> results;
  for (auto [size, expr] : llvm::zip(getShape(input), map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    bool grouped = dim && (dim.getPosition() == 1 || dim.getPosition() == 2);
    if ((!dim && !isa<AffineConstantExpr>(expr)) || (grouped && size != 1))
      return nullptr;
    results.push_back(grouped ? b.getAffineConstantExpr(0) : expr);
  }
  map = AffineMap::get(4, 0, results, b.getContext());
  return input;
}

/// Moves the reshape of `value` behind the elementwise operations after it, so
/// that they stay next to the product.
static void sinkReshape(Value value, Value grouped) {
  while (value.hasOneUse()) {
    auto op = dyn_cast<linalg::GenericOp>(*value.user_begin());
    if (!op || !isElementwise(op) || op.hasIndexSemantics() ||
        getShape(op.getResult(0)) != getShape(value) ||
        !op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
      return;
    OpBuilder b(op);
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (auto [index, input] : llvm::enumerate(op.getInputs())) {
      if (input == value && !maps[index].isIdentity())
        return;
      Value other = input == value ? grouped
                                   : regroup(b, op.getLoc(), input, maps[index],
                                             getShape(grouped));
      if (!other)
        return;
      inputs.push_back(other);
    }
    Value init =
        tensor::EmptyOp::create(b, op.getLoc(), getShape(grouped),
                                getType(op.getResult(0)).getElementType());
    grouped = cloneWith(b, op, inputs, init, maps).getResult(0);
    Value back = reshape(b, op.getLoc(), grouped, getShape(value));
    op.getResult(0).replaceAllUsesWith(back);
    op.erase();
    value = back;
  }
}

static void shareHeads(linalg::GenericOp op) {
  SharedHeads heads = findSharedHeads(op.getInputs()[1]);
  if (!heads.source)
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  ArrayRef<int64_t> right = getShape(op.getInputs()[1]);
  ArrayRef<int64_t> result = getShape(op.getResult(0));
  int64_t batch = result[0], count = result[1] / heads.group;
  SmallVector<int64_t> stored = {batch, count, right[2], right[3]};
  SmallVector<int64_t> shape = stored;
  if (!heads.transpose.isIdentity())
    std::swap(stored[2], stored[3]);
  Value matrices = reshape(b, loc, heads.source, stored);
  if (!heads.transpose.isIdentity())
    matrices = copy(b, loc, matrices, shape, heads.transpose);
  Value left =
      reshape(b, loc, op.getInputs()[0], {batch, count, heads.group, right[2]});
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  Value empty =
      tensor::EmptyOp::create(b, loc, {batch, count, heads.group, right[3]},
                              getType(op.getResult(0)).getElementType());
  Value init =
      linalg::FillOp::create(b, loc, fill.getInputs()[0], empty).getResult(0);
  Value grouped =
      cloneWith(b, op, {left, matrices}, init, op.getIndexingMapsArray())
          .getResult(0);
  Value back = reshape(b, loc, grouped, result);
  op.getResult(0).replaceAllUsesWith(back);
  op.erase();
  sinkReshape(back, grouped);
}

namespace {

struct ShareHeadsPass : swapc::impl::ShareHeadsBase<ShareHeadsPass> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<linalg::GenericOp> products;
      func.walk([&](linalg::GenericOp op) {
        if (isHeadProduct(op))
          products.push_back(op);
      });
      for (linalg::GenericOp op : products)
        shareHeads(op);
      // The repeated heads, if nothing else reads them.
      for (Block &block : func.getBody())
        for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
          if (isOpTriviallyDead(&op))
            op.erase();
    }
  }
};

} // namespace
