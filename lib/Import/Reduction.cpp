//===- Reduction.cpp - Reductions -------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

AffineMap swapc::dropAxes(NodeImporter &n, int64_t rank,
                          ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> results;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(axes, i))
      results.push_back(n.dim(i));
  return n.getMap(rank, results);
}

/// What a reduction starts from.
static TypedAttr getInit(NodeImporter &n, Type type, ReduceKind kind,
                         bool isUnsigned) {
  if (kind == ReduceKind::Sum)
    return n.zero(type);
  if (kind == ReduceKind::Product)
    return n.b.getOneAttr(type);
  bool max = kind == ReduceKind::Max || kind == ReduceKind::Largest;
  if (auto floatType = dyn_cast<FloatType>(type))
    return n.b.getFloatAttr(
        floatType, APFloat::getInf(floatType.getFloatSemantics(), max));
  unsigned bits = type.getIntOrFloatBitWidth();
  if (isUnsigned || bits == 1)
    return n.b.getIntegerAttr(type, max ? APInt::getZero(bits)
                                        : APInt::getMaxValue(bits));
  return n.b.getIntegerAttr(type, max ? APInt::getSignedMinValue(bits)
                                      : APInt::getSignedMaxValue(bits));
}

TensorRef swapc::reduceAxes(NodeImporter &n, TensorRef tensor,
                            ArrayRef<int64_t> axes, ReduceKind kind,
                            function_ref<Value(Scalar &, Value)> body) {
  int64_t rank = tensor->getRank();
  Type type = getComputeType(tensor->getElementType());
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i) {
    if (llvm::is_contained(axes, i))
      iterators[i] = IteratorType::reduction;
    else
      shape.push_back(tensor->getDim(i));
  }
  bool isUnsigned = tensor->isUnsigned || type.isInteger(1);
  auto combine = [&](Scalar &s, ValueRange args) -> Value {
    Value x = s.cast(args[0], type, false, false), sofar = args[1];
    if (body)
      x = body(s, x);
    switch (kind) {
    case ReduceKind::Sum:
      return s.add(sofar, x);
    case ReduceKind::Product:
      return s.mul(sofar, x);
    case ReduceKind::Largest:
      if (isa<FloatType>(type))
        return s.make<arith::MaximumFOp>(sofar, x,
                                         arith::FastMathFlags::nnan);
      [[fallthrough]];
    case ReduceKind::Max:
      return s.max(sofar, x, isUnsigned);
    case ReduceKind::Min:
      return s.min(sofar, x, isUnsigned);
    }
    return {};
  };
  TypedAttr init = getInit(n, type, kind, isUnsigned);
  AffineMap map = dropAxes(n, rank, axes);
  if (tensor->constant && tensor->getNumElements() <= kMaxFoldedElements)
    if (TensorRef folded = n.foldReduction(tensor, map, shape, init, combine))
      return folded;
  return n.reduce({{tensor, n.identity(rank)}}, map, iterators, shape, init,
                  combine);
}

namespace {
/// What a Reduce operator does to each element before and to the sum after.
struct Recipe {
  ReduceKind kind;
  Value (*before)(Scalar &, Value);
  Value (*after)(Scalar &, Value, double count);
};
} // namespace

static Value square(Scalar &s, Value x) { return s.mul(x, x); }
static Value absolute(Scalar &s, Value x) {
  return isFloat(x) ? s.make<math::AbsFOp>(x) : s.make<math::AbsIOp>(x);
}
static Value divide(Scalar &s, Value x, double count) {
  if (isFloat(x))
    return s.mul(x, s.constant(x, 1 / count));
  return s.div(x, s.constant(x, count));
}
static Value squareRoot(Scalar &s, Value x, double) {
  return isFloat(x) ? s.make<math::SqrtOp>(x) : x;
}
static Value logarithm(Scalar &s, Value x, double) {
  return s.make<math::LogOp>(x);
}

static FailureOr<SmallVector<int64_t>> getReducedAxes(NodeImporter &n,
                                                      bool &none) {
  int64_t rank = n.in(0)->getRank();
  SmallVector<int64_t> axes = n.getInts("axes");
  if (n.in(1)) {
    FailureOr<SmallVector<int64_t>> input = n.getConstInts(1);
    if (failed(input))
      return failure();
    axes = *input;
  }
  none = axes.empty() && n.getInt("noop_with_empty_axes", 0);
  if (axes.empty() && !none)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return n.getAxes(axes, rank);
}

static LogicalResult finishReduction(NodeImporter &n, TensorRef reduced,
                                     ArrayRef<int64_t> axes) {
  if (!n.getInt("keepdims", 1))
    return n.finish(reduced);
  SmallVector<int64_t> shape(n.in(0)->getShape());
  for (int64_t axis : axes)
    shape[axis] = 1;
  return n.finish(n.reshape(reduced, shape));
}

static LogicalResult importReduction(NodeImporter &n, const Recipe &recipe) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  bool none = false;
  FailureOr<SmallVector<int64_t>> axes = getReducedAxes(n, none);
  if (failed(axes))
    return failure();
  TensorRef input = n.in(0);
  Type type = input->getElementType();
  if (recipe.after == logarithm && !isa<FloatType>(type))
    return n.error("takes a float input");
  TensorRef reduced = input;
  double count = 1;
  for (int64_t axis : *axes)
    count *= input->getDim(axis);
  if (!none)
    reduced = reduceAxes(
        n, input, *axes, recipe.kind,
        recipe.before ? function_ref<Value(Scalar &, Value)>(recipe.before)
                      : function_ref<Value(Scalar &, Value)>());
  bool before = none && recipe.before;
  if (recipe.after || before || reduced->getElementType() != type) {
    reduced = n.elementwise(
        reduced,
        [&](Scalar &s, ValueRange args) {
          Value x = before ? recipe.before(s, args[0]) : args[0];
          return recipe.after ? recipe.after(s, x, count) : x;
        },
        type);
  }
  return finishReduction(n, reduced, *axes);
}

template <ReduceKind kind, Value (*before)(Scalar &, Value) = nullptr,
          Value (*after)(Scalar &, Value, double) = nullptr>
static LogicalResult importReduce(NodeImporter &n) {
  return importReduction(n, {kind, before, after});
}

static LogicalResult importReduceLogSumExp(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  bool none = false;
  FailureOr<SmallVector<int64_t>> axes = getReducedAxes(n, none);
  if (failed(axes))
    return failure();
  TensorRef input = n.in(0);
  if (none)
    return n.finish(input);
  int64_t rank = input->getRank();
  Type type = input->getElementType(), wide = getComputeType(type);
  TensorRef max = reduceAxes(n, input, *axes, ReduceKind::Max);
  TensorRef exps = n.parallel(
      {{input, n.identity(rank)}, {max, dropAxes(n, rank, *axes)}},
      input->getShape(), wide, [&](Scalar &s, ValueRange args) {
        return s.exp(s.sub(s.cast(args[0], wide, false, false), args[1]));
      });
  TensorRef sum = reduceAxes(n, exps, *axes, ReduceKind::Sum);
  TensorRef result = n.elementwise(
      {sum, max},
      [](Scalar &s, ValueRange args) {
        return s.add(s.make<math::LogOp>(args[0]), args[1]);
      },
      type);
  return finishReduction(n, result, *axes);
}

/// ArgMax and ArgMin: the extreme, then the first index that has it.
template <bool isMax> static LogicalResult importArg(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  bool last = n.getInt("select_last_index", 0);
  int64_t size = input->getDim(*axis);
  Type index = n.b.getI64Type(), wide = getComputeType(input->getElementType());
  TensorRef extreme =
      reduceAxes(n, input, *axis, isMax ? ReduceKind::Max : ReduceKind::Min);
  AffineMap map = dropAxes(n, rank, *axis);
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators[*axis] = IteratorType::reduction;
  TensorRef result = n.reduce(
      {{input, n.identity(rank)}, {extreme, map}}, map, iterators,
      extreme->getShape(), n.b.getIntegerAttr(index, last ? 0 : size - 1),
      [&](Scalar &s, ValueRange args) -> Value {
        Value x = s.cast(args[0], wide, false, false);
        Value position = s.make<arith::IndexCastOp>(
            index, linalg::IndexOp::create(s.getBuilder(), s.getLoc(), *axis)
                       .getResult());
        Value better =
            last ? s.max(args[2], position) : s.min(args[2], position);
        return s.select(s.compare(Scalar::Equal, x, args[1]), better, args[2]);
      });
  result->isUnsigned = false;
  return finishReduction(n, result, *axis);
}

void swapc::addReductions(HandlerMap &handlers) {
  handlers["ReduceSum"] = importReduce<ReduceKind::Sum>;
  handlers["ReduceMean"] = importReduce<ReduceKind::Sum, nullptr, divide>;
  handlers["ReduceProd"] = importReduce<ReduceKind::Product>;
  handlers["ReduceMax"] = importReduce<ReduceKind::Max>;
  handlers["ReduceMin"] = importReduce<ReduceKind::Min>;
  handlers["ReduceL1"] = importReduce<ReduceKind::Sum, absolute>;
  handlers["ReduceL2"] = importReduce<ReduceKind::Sum, square, squareRoot>;
  handlers["ReduceSumSquare"] = importReduce<ReduceKind::Sum, square>;
  handlers["ReduceLogSum"] = importReduce<ReduceKind::Sum, nullptr, logarithm>;
  handlers["ReduceLogSumExp"] = importReduceLogSumExp;
  handlers["ArgMax"] = importArg<true>;
  handlers["ArgMin"] = importArg<false>;
}
