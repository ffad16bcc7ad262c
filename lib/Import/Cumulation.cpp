//===- Cumulation.cpp - Sums and products so far ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;
using arith::CmpIPredicate;
using utils::IteratorType;

/// Each element from all in its reach: for a GPU, which has lanes to waste.
static TensorRef reduceReach(NodeImporter &n, TensorRef input, int64_t axis,
                             bool isProduct, bool isExclusive, bool isReverse) {
  int64_t rank = input->getRank();
  SmallVector<AffineExpr> from, to;
  for (int64_t i = 0; i < rank; ++i) {
    from.push_back(n.dim(i == axis ? rank : i));
    to.push_back(n.dim(i));
  }
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  Type type = input->getElementType();
  TypedAttr init = isProduct ? n.b.getOneAttr(type) : n.zero(type);
  return n.reduce(
      {{input, n.getMap(rank + 1, from)}}, n.getMap(rank + 1, to), iterators,
      input->getShape(), init, [&](Scalar &s, ValueRange args) -> Value {
        auto position = [&](int64_t d) -> Value {
          return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), d);
        };
        CmpIPredicate predicate =
            isReverse ? (isExclusive ? CmpIPredicate::sgt : CmpIPredicate::sge)
                      : (isExclusive ? CmpIPredicate::slt : CmpIPredicate::sle);
        Value inReach =
            s.make<arith::CmpIOp>(predicate, position(rank), position(axis));
        Value x = s.select(inReach, args[0], s.constant(args[0], isProduct));
        return isProduct ? s.mul(args[1], x) : s.add(args[1], x);
      });
}

template <bool isProduct>
static LogicalResult importCumulation(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef input = n.in(0);
  if (input->getElementType().isInteger(1))
    return n.error("takes numbers");
  FailureOr<SmallVector<int64_t>> given = n.getConstInts(1);
  if (failed(given))
    return failure();
  if (given->size() != 1)
    return n.error("axis must be one number");
  FailureOr<int64_t> axis = n.getAxis(given->front(), input->getRank());
  if (failed(axis))
    return failure();
  bool isExclusive = n.getInt("exclusive", 0);
  bool isReverse = n.getInt("reverse", 0);
  TensorRef wide = widenForRoutine(n, input);
  if (!n.graph.getOptions().routines)
    return n.finish(
        n.cast(reduceReach(n, wide, *axis, isProduct, isExclusive, isReverse),
               input->getElementType(), input->isUnsigned));
  FailureOr<int64_t> type = getRoutineType(n, wide);
  if (failed(type))
    return failure();
  ArrayRef<int64_t> shape = input->getShape();
  RoutineUse use{"cumulate", {wide}};
  use.constants = {
      *type,     shape[*axis], getProduct(shape.drop_front(*axis + 1)),
      isProduct, isExclusive,  isReverse};
  use.results = {
      {llvm::to_vector(shape), wide->getElementType(), wide->isUnsigned}};
  use.items = std::max<int64_t>(1, getProduct(shape.take_front(*axis)));
  use.flops = input->getNumElements();
  if (!isExclusive) // which reads a row after the next is written
    use.inPlace = {0};
  TensorRef result = addRoutine(n, use).front();
  if (!result)
    return failure();
  return n.finish(n.cast(result, input->getElementType(), input->isUnsigned));
}

void swapc::addCumulations(HandlerMap &handlers) {
  handlers["CumProd"] = importCumulation<true>;
  handlers["CumSum"] = importCumulation<false>;
}
