//===- GroupQueryAttention.cpp - Attention of decoders ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RotaryEmbedding.h"
#include "ScaledDotProduct.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

namespace {

/// Keys and values of a batch element stand behind its own past, whose length
/// only the run knows: `seqlens_k` is the number of all less one.
class GroupQuery {
public:
  GroupQuery(NodeImporter &n) : n(n) {}

  LogicalResult import();

private:
  LogicalResult read();
  LogicalResult split();
  LogicalResult rotate();
  TensorRef getPositions();
  TensorRef append(TensorRef past, TensorRef now);

  NodeImporter &n;
  int64_t batch = 0, queries = 0, heads = 0, groups = 0, size = 0, total = 0;
  /// [batch, length, heads, size]
  TensorRef query = nullptr, key = nullptr, value = nullptr;
  /// Integers [batch]: tokens of earlier runs, and all.
  TensorRef before = nullptr, lengths = nullptr;
};

} // namespace

LogicalResult GroupQuery::read() {
  if (failed(n.checkInputs(1, 14)))
    return failure();
  Type type = n.in(0)->getElementType();
  for (unsigned i = 0; i < 5; ++i)
    if (n.in(i) && (!isa<FloatType>(type) || n.in(i)->getElementType() != type))
      return n.error("input " + Twine(i) +
                     " must be floats, of the first input's element type");
  if (n.in(12) || n.in(13))
    return n.error("caches of quantized keys and values are not supported");
  heads = n.getInt("num_heads", 0);
  groups = n.getInt("kv_num_heads", 0);
  if (heads < 1 || groups < 1 || n.in(0)->getRank() != 3)
    return n.error("takes a query [batch, length, size], num_heads and "
                   "kv_num_heads");
  batch = n.in(0)->getDim(0);
  queries = n.in(0)->getDim(1);
  if (batch == 0 || queries == 0)
    return n.error("the batch or the sequence is empty");
  if (failed(split()))
    return failure();
  TensorRef counts = n.in(5);
  if (!counts || !isa<IntegerType>(counts->getElementType()) ||
      counts->getNumElements() != batch)
    return n.error("seqlens_k must be one integer for each batch element");
  counts = n.reshape(counts, {batch});
  for (unsigned i : {3u, 4u}) {
    TensorRef past = n.in(i);
    if (past && (past->getRank() != 4 || past->getDim(0) != batch ||
                 past->getDim(1) != groups || past->getDim(3) != size))
      return n.error("input " + Twine(i) +
                     " must be [batch, kv_num_heads, length, size]");
  }
  if (!n.in(3) != !n.in(4))
    return n.error("past_key and past_value must be given together");
  if (n.in(3) && n.in(3)->getDim(2) != n.in(4)->getDim(2))
    return n.error("past_key and past_value have different lengths");
  int64_t room = n.in(3) ? n.in(3)->getDim(2) : 0;
  total = room + queries;
  // A buffer that has room for the new tokens is as long afterwards.
  if (n.in(6))
    if (std::optional<SmallVector<int64_t>> known = n.getInts(n.in(6));
        known && known->size() == 1)
      total = std::max(room, (*known)[0]);
  if (total < queries)
    return n.error("total_sequence_length is less than the " + Twine(queries) +
                   " tokens of the query");
  lengths = n.elementwise(counts, [&](Scalar &s, ValueRange args) {
    return s.add(args[0], s.constant(args[0], 1));
  });
  // A first run may have padding behind its tokens.
  bool first = !n.in(3) || room == 0;
  before = first ? n.splat({batch},
                           n.b.getIntegerAttr(counts->getElementType(), 0))
                 : n.elementwise(lengths, [&](Scalar &s, ValueRange args) {
                     Value past =
                         s.sub(args[0], s.constant(args[0], queries));
                     return s.max(past, s.constant(past, 0));
                   });
  return success();
}

/// Query, key and value, which may lie in one tensor.
LogicalResult GroupQuery::split() {
  TensorRef input = n.in(0);
  if (!n.in(1) != !n.in(2))
    return n.error("key and value must be given together");
  int64_t all = n.in(1) ? heads : heads + 2 * groups;
  if (input->getDim(2) % all != 0)
    return n.error("a hidden size of " + Twine(input->getDim(2)) +
                   " does not divide into " + Twine(all) + " heads");
  size = input->getDim(2) / all;
  if (size == 0)
    return n.error("the hidden size is 0");
  auto cut = [&](TensorRef from, int64_t first, int64_t count) -> TensorRef {
    TensorRef split = n.reshape(
        from, {batch, queries, from->getDim(2) / size, size});
    SmallVector<int64_t> sizes{batch, queries, count, size};
    return n.slice(split, {0, 0, first, 0}, sizes, {1, 1, 1, 1});
  };
  query = cut(input, 0, heads);
  for (unsigned i : {1u, 2u})
    if (n.in(i) &&
        n.in(i)->getShape() != ArrayRef<int64_t>({batch, queries, groups * size}))
      return n.error("input " + Twine(i) + " must be " + Twine(batch) + "x" +
                     Twine(queries) + "x" + Twine(groups * size));
  key = n.in(1) ? cut(n.in(1), 0, groups) : cut(input, heads, groups);
  value = n.in(1) ? cut(n.in(2), 0, groups) : cut(input, heads + groups, groups);
  return success();
}

/// Where the tokens of the query stand, [batch, length].
TensorRef GroupQuery::getPositions() {
  if (n.in(9))
    return n.in(9);
  Type type = before->getElementType();
  TensorRef range = n.constantInts(
      {1, queries}, llvm::to_vector(llvm::seq<int64_t>(0, queries)), type);
  return n.elementwise(
      {n.reshape(before, {batch, 1}), range},
      [](Scalar &s, ValueRange args) { return s.add(args[0], args[1]); });
}

LogicalResult GroupQuery::rotate() {
  if (!n.getInt("do_rotary", 0))
    return success();
  if (!n.in(7) || !n.in(8))
    return n.error("do_rotary takes cos_cache and sin_cache");
  FailureOr<Rotation> rotation =
      gatherRotation(n, n.in(7), n.in(8), getPositions());
  if (failed(rotation))
    return failure();
  rotation->interleaved = n.getInt("rotary_interleaved", 0);
  query = rotation->rotate(n, query, /*lengthFirst=*/true);
  key = query ? rotation->rotate(n, key, /*lengthFirst=*/true) : nullptr;
  return success(key != nullptr);
}

/// [batch, groups, total, size]: the past of each batch element, then `now`,
/// [batch, length, groups, size].
TensorRef GroupQuery::append(TensorRef past, TensorRef now) {
  Type type = now->getElementType();
  SmallVector<int64_t> shape{batch, groups, total, size};
  if (!past || past->getDim(2) == 0) {
    TensorRef turned = n.transpose(now, {0, 2, 1, 3});
    SmallVector<int64_t> low(4, 0), high{0, 0, total - queries, 0};
    return n.pad(turned, low, high, n.zero(type));
  }
  SmallVector<int64_t> low(4, 0), high{0, 0, total - past->getDim(2), 0};
  TensorRef room = n.pad(past, low, high, n.zero(type));
  Value rows = n.value(now);
  return n.parallel(
      {{room, n.identity(4)}, {before, n.getMap(4, {n.dim(0)})}}, shape, type,
      [&](Scalar &s, ValueRange args) -> Value {
        auto index = [&](int64_t dim) -> Value {
          return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), dim);
        };
        Value start = s.make<arith::IndexCastOp>(n.b.getIndexType(), args[1]);
        Value row = s.make<arith::SubIOp>(index(2), start);
        Value last = s.index(queries - 1);
        Value isNew = s.make<arith::AndIOp>(
            s.make<arith::CmpIOp>(arith::CmpIPredicate::sge, row, s.index(0)),
            s.make<arith::CmpIOp>(arith::CmpIPredicate::sle, row, last));
        Value inside = s.make<arith::MinSIOp>(
            s.make<arith::MaxSIOp>(row, s.index(0)), last);
        Value fresh = s.make<tensor::ExtractOp>(
            rows, ValueRange{index(0), inside, index(1), index(3)});
        return s.select(isNew, fresh, args[0]);
      },
      false, /*foldable=*/false);
}

LogicalResult GroupQuery::import() {
  if (failed(read()) || failed(rotate()))
    return failure();
  ScaledDotProduct p;
  p.query = n.transpose(query, {0, 2, 1, 3});
  p.key = append(n.in(3), key);
  p.value = append(n.in(4), value);
  double scale = n.getFloat("scale", 0);
  p.scale = scale != 0 ? scale : 1 / std::sqrt(double(size));
  p.softcap = n.getFloat("softcap", 0);
  p.right = 0;
  if (before->constant)
    p.offset = 0;
  else
    p.offsets = before;
  int64_t window = n.getInt("local_window_size", -1);
  if (window == 0 || window < -1)
    return n.error("local_window_size must be -1 or at least 1");
  if (window > 0) // the token itself is one of them
    p.left = window - 1;
  if (n.in(10))
    p.masks.push_back(n.in(10));
  p.sink = n.in(11);
  if (!p.sink && n.getInt("smooth_softmax", 0))
    p.sink = n.splat({heads}, n.zero(n.b.getF32Type()));
  // What lies behind a batch element's tokens is after its queries, unless
  // they are padding themselves, whose results are not used.
  FailureOr<ScaledDotProduct::Result> result = p.build(n);
  if (failed(result))
    return failure();
  SmallVector<TensorRef> results{joinHeads(n, result->output)};
  if (n.getNumOutputs() > 1)
    results.append({p.key, p.value});
  return n.finish(results);
}

static LogicalResult importGroupQueryAttention(NodeImporter &n) {
  return GroupQuery(n).import();
}

void swapc::addGroupQueryAttention(HandlerMap &handlers) {
  handlers["com.microsoft.GroupQueryAttention"] = importGroupQueryAttention;
}
