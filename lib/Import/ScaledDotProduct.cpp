//===- ScaledDotProduct.cpp - The attention of all operators ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Heads that share keys and values are rows of one product, so that nothing is
// repeated: [batch, heads, queries, size] is [batch, groups, heads / groups *
// queries, size] in memory.
//
//===----------------------------------------------------------------------===//

#include "ScaledDotProduct.h"
#include "Reduction.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

namespace {

class AttentionBuilder {
public:
  AttentionBuilder(NodeImporter &n, const ScaledDotProduct &parts)
      : n(n), p(parts), batch(p.query->getDim(0)), heads(p.query->getDim(1)),
        queries(p.query->getDim(2)), groups(p.key->getDim(1)),
        keys(p.key->getDim(2)),
        wide(getComputeType(p.query->getElementType())) {}

  FailureOr<ScaledDotProduct::Result> build();

private:
  LogicalResult check();
  TensorRef multiply(TensorRef lhs, TensorRef rhs);
  LogicalResult addMasks();
  bool mayMaskAll() const;
  Value isSeen(Scalar &s, ValueRange args);
  TensorRef refine(TensorRef scores, int from, int to);
  TensorRef softmax(TensorRef scores, Type type);

  NodeImporter &n;
  const ScaledDotProduct &p;
  int64_t batch, heads, queries, groups, keys;
  Type wide;
  /// The nest of everything between the two products. One query of each head,
  /// or heads of their own, need no other shape than the products'.
  SmallVector<int64_t> shape;
  bool oneQuery = false;
  SmallVector<Operand> masks;
  std::optional<Operand> sink;
};

} // namespace

LogicalResult AttentionBuilder::check() {
  if (groups < 1 || heads % groups != 0)
    return n.error(Twine(heads) + " heads of the query do not divide into the " +
                   Twine(groups) + " of the key");
  if (p.key->getDim(0) != batch || p.value->getDim(0) != batch ||
      p.value->getDim(1) != groups || p.value->getDim(2) != keys ||
      p.key->getDim(3) != p.query->getDim(3))
    return n.error("query, key and value do not fit each other: " +
                   Twine(batch) + "x" + Twine(heads) + "x" + Twine(queries) +
                   "x" + Twine(p.query->getDim(3)) + " against " +
                   Twine(p.key->getDim(0)) + "x" + Twine(groups) + "x" +
                   Twine(keys) + "x" + Twine(p.key->getDim(3)) + " and " +
                   Twine(p.value->getDim(0)) + "x" + Twine(p.value->getDim(1)) +
                   "x" + Twine(p.value->getDim(2)) + "x" +
                   Twine(p.value->getDim(3)));
  if (keys == 0)
    return n.error("there are no keys to attend to");
  for (TensorRef counts : {p.offsets, p.lengths})
    if (counts && (counts->getShape() != ArrayRef<int64_t>(batch) ||
                   !isa<IntegerType>(counts->getElementType())))
      return n.error("the lengths must be integers, one for each of " +
                     Twine(batch) + " batch elements");
  return success();
}

TensorRef AttentionBuilder::multiply(TensorRef lhs, TensorRef rhs) {
  SmallVector<IteratorType> iterators(4, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  AffineExpr b = n.dim(0), h = n.dim(1), m = n.dim(2), c = n.dim(3),
             k = n.dim(4);
  return n.contract(
      {lhs, n.getMap(5, {b, h, m, k})}, {rhs, n.getMap(5, {b, h, k, c})},
      n.getMap(5, {b, h, m, c}), iterators,
      {lhs->getDim(0), lhs->getDim(1), lhs->getDim(2), rhs->getDim(3)});
}

/// The masks and the sink as operands of the nest.
LogicalResult AttentionBuilder::addMasks() {
  int64_t full[] = {batch, heads, queries, keys};
  for (TensorRef mask : p.masks) {
    SmallVector<int64_t> from(mask->getShape());
    if (from.size() > 4)
      return n.error("a mask has rank " + Twine(from.size()) +
                     ", more than the scores");
    from.insert(from.begin(), 4 - from.size(), 1);
    for (unsigned i = 0; i < 4; ++i)
      if (from[i] != 1 && from[i] != full[i])
        return n.error("a mask of size " + Twine(from[i]) +
                       " does not broadcast to the " + Twine(full[i]) +
                       " of dimension " + Twine(i) + " of the scores");
    if (oneQuery) {
      from[2] = from[1] == 1 ? 1 : heads / groups;
      from[1] = from[1] == 1 ? 1 : groups;
    }
    TensorRef shaped = n.reshape(mask, from);
    masks.push_back({shaped, n.getBroadcastMap(from, shape)});
  }
  if (!p.sink)
    return success();
  if (p.sink->getShape() != ArrayRef<int64_t>(heads))
    return n.error("the sink must have one element for each head");
  if (oneQuery)
    sink = {n.reshape(p.sink, {groups, heads / groups}),
            n.getMap(4, {n.dim(1), n.dim(2)})};
  else
    sink = {p.sink, n.getMap(4, {n.dim(1)})};
  return success();
}

/// Whether a query may see no key, which gives zeros.
bool AttentionBuilder::mayMaskAll() const {
  return !p.masks.empty() || p.lengths || p.offsets || p.left >= 0 ||
         (p.right >= 0 && p.offset < 0) || p.changeScores;
}

/// Whether this key takes part, of what indices decide; null if all do. The
/// last arguments are the offset and the length, as far as there are any.
Value AttentionBuilder::isSeen(Scalar &s, ValueRange args) {
  using arith::CmpIPredicate;
  Value seen;
  auto require = [&](CmpIPredicate predicate, Value a, Value b) {
    Value holds = s.make<arith::CmpIOp>(predicate, a, b);
    seen = seen ? s.make<arith::AndIOp>(seen, holds) : holds;
  };
  auto index = [&](int64_t dim) -> Value {
    return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), dim);
  };
  auto toIndex = [&](Value x) {
    return s.make<arith::IndexCastOp>(s.getBuilder().getIndexType(), x);
  };
  if (p.lengths)
    require(CmpIPredicate::slt, index(3), toIndex(args.back()));
  if (p.left < 0 && p.right < 0)
    return seen;
  Value position = p.offsets ? toIndex(args.drop_back(p.lengths ? 1 : 0).back())
                             : s.index(p.offset);
  if (!oneQuery)
    position = s.make<arith::AddIOp>(position, index(2));
  if (p.right >= 0)
    require(CmpIPredicate::sle, index(3),
            s.make<arith::AddIOp>(position, s.index(p.right)));
  if (p.left >= 0)
    require(CmpIPredicate::sge, index(3),
            s.make<arith::SubIOp>(position, s.index(p.left)));
  return seen;
}

/// Takes scores from one stage to another: 0 products, 1 scaled, 2 capped,
/// 3 masked.
TensorRef AttentionBuilder::refine(TensorRef scores, int from, int to) {
  bool scale = from < 1 && to >= 1 && p.scale != 1;
  bool cap = from < 2 && to >= 2 && p.softcap > 0;
  bool mask = from < 3 && to >= 3 &&
              (!masks.empty() || p.lengths || p.left >= 0 || p.right >= 0);
  if (!scale && !cap && !mask)
    return scores;
  SmallVector<Operand> operands{{scores, n.identity(4)}};
  if (mask) {
    operands.append(masks);
    for (TensorRef counts : {p.offsets, p.lengths})
      if (counts)
        operands.push_back({counts, n.getMap(4, {n.dim(0)})});
  }
  auto body = [&](Scalar &s, ValueRange args) {
    Value x = args[0];
    if (scale)
      x = s.mul(x, s.constant(x, p.scale));
    if (cap) {
      Value scaled = s.mul(x, s.constant(x, 1 / p.softcap));
      x = s.mul(s.make<math::TanhOp>(scaled), s.constant(x, p.softcap));
    }
    if (!mask)
      return x;
    Value never = s.constant(x, -INFINITY);
    for (auto [operand, value] :
         llvm::zip(masks, args.slice(1, masks.size()))) {
      bool isUnsigned = operand.tensor->isUnsigned;
      x = value.getType().isInteger(1)
              ? s.select(value, x, never)
              : s.add(x, s.cast(value, x.getType(), isUnsigned, false));
    }
    Value seen = isSeen(s, args);
    return seen ? s.select(seen, x, never) : x;
  };
  return n.parallel(operands, shape, wide, body, false, /*foldable=*/false);
}

TensorRef AttentionBuilder::softmax(TensorRef scores, Type type) {
  AffineMap all = n.identity(4), row = dropAxes(n, 4, 3);
  Type computed = scores->getElementType();
  if (auto wanted = dyn_cast_or_null<FloatType>(p.softmaxType))
    if (wanted.getWidth() > computed.getIntOrFloatBitWidth())
      scores = n.cast(scores, computed = wanted);
  bool guarded = mayMaskAll();
  SmallVector<Operand> operands{
      {scores, all}, {reduceAxes(n, scores, 3, ReduceKind::Largest), row}};
  if (sink)
    operands.push_back(*sink);
  auto sinkOf = [&](Scalar &s, ValueRange args) {
    return s.cast(args.back(), computed, false, false);
  };
  // The largest score, or 0 where all are masked: their differences from
  // minus infinity are no numbers.
  auto largest = [&](Scalar &s, ValueRange args) {
    Value max = args[1];
    if (sink)
      return s.max(max, sinkOf(s, args));
    if (!guarded)
      return max;
    Value none = s.compare(Scalar::Equal, max, s.constant(max, -INFINITY));
    return s.select(none, s.constant(max, 0), max);
  };
  TensorRef exps =
      n.parallel(operands, shape, computed, [&](Scalar &s, ValueRange args) {
        return s.exp(s.sub(args[0], largest(s, args)));
      });
  TensorRef sum = reduceAxes(n, exps, 3, ReduceKind::Sum);
  if (!sink) {
    TensorRef share = n.elementwise(sum, [&](Scalar &s, ValueRange args) {
      Value total = args[0], one = s.constant(total, 1);
      if (guarded)
        total = s.select(s.compare(Scalar::Equal, total, s.constant(total, 0)),
                         one, total);
      return s.div(one, total);
    });
    return n.parallel({{exps, all}, {share, row}}, shape, type,
                      [&](Scalar &s, ValueRange args) {
                        return s.cast(s.mul(args[0], args[1]), type, false,
                                      false);
                      });
  }
  operands[0] = {exps, all};
  operands.insert(operands.begin() + 2, {sum, row});
  return n.parallel(operands, shape, type, [&](Scalar &s, ValueRange args) {
    Value total = s.add(
        args[2], s.exp(s.sub(sinkOf(s, args), largest(s, args))));
    return s.cast(s.div(args[0], total), type, false, false);
  });
}

FailureOr<ScaledDotProduct::Result> AttentionBuilder::build() {
  if (failed(check()))
    return failure();
  int64_t shared = heads / groups, rows = shared * queries;
  oneQuery = queries == 1 && shared > 1;
  // Masks, positions and sinks tell heads and queries apart.
  bool split = shared > 1 && !oneQuery &&
               (!p.masks.empty() || p.left >= 0 || p.right >= 0 || p.sink);
  // A model's own changes see heads and queries.
  bool changed = p.changeScores || p.changeProbabilities;
  split |= changed && shared > 1;
  oneQuery &= !split;
  shape = {batch, groups, rows, keys};
  SmallVector<int64_t> productShape(shape),
      headShape{batch, heads, queries, keys};
  if (split)
    shape = headShape;
  if (failed(addMasks()))
    return failure();

  TensorRef query =
      n.reshape(p.query, {batch, groups, rows, p.query->getDim(3)});
  TensorRef scores = multiply(query, n.transpose(p.key, {0, 1, 3, 2}));
  scores = n.reshape(scores, shape);
  ScaledDotProduct::Result result{nullptr, nullptr};
  int stage = 0;
  if (p.wanted != ScaledDotProduct::None &&
      p.wanted != ScaledDotProduct::Probabilities) {
    stage = p.wanted == ScaledDotProduct::Product  ? 1
            : p.wanted == ScaledDotProduct::Capped ? 2
                                                   : 3;
    scores = refine(scores, 0, stage);
    result.scores = scores;
  }
  scores = refine(scores, stage, 3);
  if (p.changeScores && !(scores = p.changeScores(scores)))
    return failure();
  Type type = p.value->getElementType();
  bool keep = p.wanted == ScaledDotProduct::Probabilities;
  Type probability = changed ? (p.softmaxType ? p.softmaxType : wide) : type;
  TensorRef probabilities = softmax(scores, probability);
  if (p.changeProbabilities &&
      !(probabilities = p.changeProbabilities(probabilities)))
    return failure();
  if (keep)
    result.scores = probabilities;
  probabilities = n.cast(probabilities, type);
  TensorRef output =
      multiply(n.reshape(probabilities, productShape), p.value);
  result.output =
      n.cast(n.reshape(output, {batch, heads, queries, p.value->getDim(3)}),
             type);
  if (result.scores)
    result.scores = n.reshape(result.scores, headShape);
  return result;
}

FailureOr<ScaledDotProduct::Result>
ScaledDotProduct::build(NodeImporter &n) const {
  return AttentionBuilder(n, *this).build();
}

FailureOr<TensorRef> swapc::splitHeads(NodeImporter &n, TensorRef tensor,
                                       int64_t heads) {
  if (tensor->getRank() != 3)
    return n.error("takes tensors [batch, length, hidden size], not of rank " +
                   Twine(tensor->getRank()));
  int64_t hidden = tensor->getDim(2);
  if (heads < 1 || hidden % heads != 0)
    return n.error("a hidden size of " + Twine(hidden) +
                   " does not divide into " + Twine(heads) + " heads");
  TensorRef split = n.reshape(
      tensor, {tensor->getDim(0), tensor->getDim(1), heads, hidden / heads});
  return n.transpose(split, {0, 2, 1, 3});
}

TensorRef swapc::joinHeads(NodeImporter &n, TensorRef tensor) {
  TensorRef turned = n.transpose(tensor, {0, 2, 1, 3});
  return n.reshape(turned, {tensor->getDim(0), tensor->getDim(2),
                            tensor->getDim(1) * tensor->getDim(3)});
}
