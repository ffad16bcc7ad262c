//===- LinearAttention.cpp - Attention with a state of fixed size *- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operator is a recurrence over the tokens: with decay g, rate b, key k and
// value v of a token,
//
//   S = exp(g) S;  v' = b (v - S' k)  or v;  S = S + k v';  output = S' q.
//
// Here some tokens make a chunk, and a chunk is a few products: with G the sums
// of g from its start, A[t, s] = k[t] exp(G[t] - G[s]) k[s] for s < t,
//
//   v' = (1 + b A)^-1 b (v - (k exp(G)) S),
//   output = (q exp(G)) S + (q exp(G[t] - G[s]) k for s <= t) v',
//   S = exp(G[last]) S + (k exp(G[last] - G))' v'.
//
// No exponent is positive where decay is not, so nothing overflows. b A has
// zeros on and above its diagonal: -b A = M makes (1 - M)^-1 the product of
// 1 + M^(2^i), of which there are as many as the size of a chunk has bits.
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"
#include "ScaledDotProduct.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Tokens of a chunk: products of chunks cost their size for each token, and
/// the number of chunks is that of copies of the code.
static constexpr int64_t kChunk = 64;

namespace {

/// Tensors are [batch, heads, length, size] in f32; those of keys have fewer
/// heads than the query. `decay` has size 1 where a head has one.
class Recurrence {
public:
  Recurrence(NodeImporter &n) : n(n), f32(n.b.getF32Type()) {}

  LogicalResult read();
  LogicalResult build();

private:
  struct Chunk {
    TensorRef query, key, value, decay, beta;
  };

  Chunk cut(int64_t from, int64_t size);
  /// [batch, heads, queries' heads that share one, length, size]
  SmallVector<int64_t> group(TensorRef tensor) {
    return {batch, heads, tensor->getDim(1) / heads, tensor->getDim(2),
            tensor->getDim(3)};
  }
  TensorRef sumDecay(TensorRef decay);
  TensorRef decayed(TensorRef tensor, TensorRef sums, bool toEnd);
  TensorRef relate(TensorRef rows, TensorRef keys, TensorRef sums,
                   TensorRef beta, bool strict);
  TensorRef multiply(TensorRef lhs, TensorRef rhs, bool transLhs = false);
  TensorRef add(TensorRef a, TensorRef b) {
    return n.elementwise({a, b}, [](Scalar &s, ValueRange args) {
      return s.add(args[0], args[1]);
    });
  }
  TensorRef solve(TensorRef mixing, TensorRef values);
  TensorRef step(const Chunk &chunk, TensorRef &state);

  NodeImporter &n;
  Type f32;
  int64_t batch = 0, length = 0, queryHeads = 0, heads = 0, keySize = 0,
          valueSize = 0;
  bool gated = false, delta = false;
  double scale = 1;
  Chunk all = {};
  TensorRef state = nullptr;
};

} // namespace

LogicalResult Recurrence::read() {
  StringRef rule = n.getString("update_rule", "gated_delta");
  gated = rule == "gated" || rule == "gated_delta";
  delta = rule == "delta" || rule == "gated_delta";
  if (!gated && !delta && rule != "linear")
    return n.error("update_rule must be linear, gated, delta or gated_delta");
  queryHeads = n.getInt("q_num_heads", 0);
  heads = n.getInt("kv_num_heads", 0);
  if (heads < 1 || queryHeads < 1 || queryHeads % heads != 0)
    return n.error("q_num_heads must be a multiple of kv_num_heads");
  TensorRef decay = n.in(4), beta = n.in(5);
  if (gated != bool(decay) || delta != bool(beta))
    return n.error("update_rule " + rule + " takes " + (gated ? "" : "no ") +
                   "decay and " + (delta ? "" : "no ") + "beta");
  for (unsigned i = 0; i < n.getNumInputs(); ++i)
    if (n.in(i) && (!isa<FloatType>(n.in(i)->getElementType()) ||
                    n.in(i)->getRank() != (i == 3 ? 4 : 3)))
      return n.error("takes floats of rank 3, and a past state of rank 4");
  batch = n.in(0)->getDim(0);
  length = n.in(0)->getDim(1);
  if (batch == 0 || length == 0)
    return n.error("the batch or the sequence is empty");
  for (unsigned i : {1u, 2u, 4u, 5u})
    if (n.in(i) && (n.in(i)->getDim(0) != batch || n.in(i)->getDim(1) != length))
      return n.error("input " + Twine(i) + " is not " + Twine(batch) + "x" +
                     Twine(length) + "x..., as the query is");

  auto split = [&](TensorRef tensor, int64_t count) -> TensorRef {
    FailureOr<TensorRef> result = splitHeads(n, n.cast(tensor, f32), count);
    return failed(result) ? nullptr : *result;
  };
  all.query = split(n.in(0), queryHeads);
  all.key = split(n.in(1), heads);
  all.value = split(n.in(2), heads);
  if (!all.query || !all.key || !all.value)
    return failure();
  keySize = all.key->getDim(3);
  valueSize = all.value->getDim(3);
  if (all.query->getDim(3) != keySize || keySize == 0 || valueSize == 0)
    return n.error("heads of the query have size " +
                   Twine(all.query->getDim(3)) + ", those of the key " +
                   Twine(keySize));
  if (decay) {
    int64_t size = decay->getDim(2);
    if (size != heads && size != heads * keySize)
      return n.error("decay must have one element for each head or for each of "
                     "its keys' elements");
    all.decay = split(decay, heads);
  }
  if (beta) {
    int64_t size = beta->getDim(2);
    if (size != heads && size != 1)
      return n.error("beta must have one element, or one for each head");
    all.beta = split(beta, size);
  }
  int64_t stateShape[] = {batch, heads, keySize, valueSize};
  if (n.in(3) && n.in(3)->getShape() != ArrayRef(stateShape))
    return n.error("past_state must be " + Twine(batch) + "x" + Twine(heads) +
                   "x" + Twine(keySize) + "x" + Twine(valueSize));
  state = n.in(3) ? n.cast(n.in(3), f32) : nullptr;
  scale = n.getFloat("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(double(keySize));
  return success();
}

Recurrence::Chunk Recurrence::cut(int64_t from, int64_t size) {
  auto piece = [&](TensorRef tensor) -> TensorRef {
    if (!tensor)
      return nullptr;
    SmallVector<int64_t> offsets{0, 0, from, 0}, steps(4, 1);
    SmallVector<int64_t> sizes(tensor->getShape());
    sizes[2] = size;
    return n.slice(tensor, offsets, sizes, steps);
  };
  return {piece(all.query), piece(all.key), piece(all.value),
          piece(all.decay), piece(all.beta)};
}

/// [batch, heads, m, k] times [batch, heads, k, c]; the rows of the query's
/// heads that share a state follow each other.
TensorRef Recurrence::multiply(TensorRef lhs, TensorRef rhs, bool transLhs) {
  SmallVector<IteratorType> iterators(4, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  AffineExpr b = n.dim(0), h = n.dim(1), m = n.dim(2), c = n.dim(3),
             k = n.dim(4);
  if (transLhs)
    lhs = n.transpose(lhs, {0, 1, 3, 2});
  int64_t group = lhs->getDim(1) / rhs->getDim(1);
  SmallVector<int64_t> own(lhs->getShape());
  int64_t rows = group * own[2];
  lhs = n.reshape(lhs, {own[0], rhs->getDim(1), rows, own[3]});
  TensorRef product = n.contract(
      {lhs, n.getMap(5, {b, h, m, k})}, {rhs, n.getMap(5, {b, h, k, c})},
      n.getMap(5, {b, h, m, c}), iterators,
      {own[0], rhs->getDim(1), rows, rhs->getDim(3)});
  own[3] = rhs->getDim(3);
  return n.reshape(product, own);
}

/// The decay from the start of the chunk to each token.
TensorRef Recurrence::sumDecay(TensorRef decay) {
  return n.apply("CumSum", {decay, n.constantInts({}, int64_t(2),
                                                  n.b.getI64Type())});
}

/// `tensor` times the decay from the start to each token, or from there to the
/// end.
TensorRef Recurrence::decayed(TensorRef tensor, TensorRef sums, bool toEnd) {
  if (!sums)
    return tensor;
  SmallVector<int64_t> shape = group(tensor);
  AffineExpr element = sums->getDim(3) == 1 && shape[4] != 1
                           ? n.b.getAffineConstantExpr(0)
                           : n.dim(4);
  SmallVector<Operand> operands{
      {n.reshape(tensor, shape), n.identity(5)},
      {sums, n.getMap(5, {n.dim(0), n.dim(1), n.dim(3), element})}};
  if (toEnd)
    operands.push_back(
        {sums, n.getMap(5, {n.dim(0), n.dim(1),
                            n.b.getAffineConstantExpr(sums->getDim(2) - 1),
                            element})});
  TensorRef result = n.parallel(
      operands, shape, f32, [&](Scalar &s, ValueRange args) {
        Value sum = toEnd ? s.sub(args[2], args[1]) : args[1];
        return s.mul(args[0], s.exp(sum));
      });
  return n.reshape(result, tensor->getShape());
}

/// rows[t] exp(G[t] - G[s]) keys[s] for s <= t (< t if `strict`), else zero;
/// times -beta[t] if there is one.
TensorRef Recurrence::relate(TensorRef rows, TensorRef keys, TensorRef sums,
                             TensorRef beta, bool strict) {
  bool each = sums && sums->getDim(3) != 1;
  AffineExpr b = n.dim(0), h = n.dim(1), g = n.dim(2), t = n.dim(3),
             u = n.dim(4), k = n.dim(5);
  SmallVector<int64_t> rowShape = group(rows), shape(rowShape);
  shape[4] = shape[3];
  SmallVector<int64_t> flat{batch, rows->getDim(1), shape[3], shape[3]};
  TensorRef related;
  if (each) {
    SmallVector<IteratorType> iterators(5, IteratorType::parallel);
    iterators.push_back(IteratorType::reduction);
    related = n.reduce(
        {{n.reshape(rows, rowShape), n.getMap(6, {b, h, g, t, k})},
         {keys, n.getMap(6, {b, h, u, k})},
         {sums, n.getMap(6, {b, h, t, k})},
         {sums, n.getMap(6, {b, h, u, k})}},
        n.getMap(6, {b, h, g, t, u}), iterators, shape, n.zero(f32),
        [&](Scalar &s, ValueRange args) {
          Value decay = s.exp(s.sub(args[2], args[3]));
          return s.add(args[4], s.mul(s.mul(args[0], args[1]), decay));
        });
  } else {
    related = n.reshape(multiply(rows, n.transpose(keys, {0, 1, 3, 2})), shape);
  }
  SmallVector<Operand> operands{{related, n.identity(5)}};
  AffineExpr zero = n.b.getAffineConstantExpr(0);
  if (sums && !each) {
    operands.push_back({sums, n.getMap(5, {b, h, t, zero})});
    operands.push_back({sums, n.getMap(5, {b, h, u, zero})});
  }
  if (beta)
    operands.push_back(
        {beta, n.getMap(5, {b, beta->getDim(1) == 1 ? zero : h, t, zero})});
  TensorRef result = n.parallel(
      operands, shape, f32,
      [&](Scalar &s, ValueRange args) {
        auto index = [&](int64_t dim) -> Value {
          return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), dim);
        };
        Value x = args[0];
        if (sums && !each)
          x = s.mul(x, s.exp(s.sub(args[1], args[2])));
        if (beta)
          x = s.mul(x, s.neg(args.back()));
        // Later tokens: their decay may have overflowed, so no product.
        Value before = s.make<arith::CmpIOp>(strict ? arith::CmpIPredicate::slt
                                                    : arith::CmpIPredicate::sle,
                                             index(4), index(3));
        return s.select(before, x, s.constant(x, 0));
      },
      false, /*foldable=*/false);
  return n.reshape(result, flat);
}

/// (1 - mixing)^-1 values.
TensorRef Recurrence::solve(TensorRef mixing, TensorRef values) {
  int64_t size = mixing->getDim(2);
  for (int64_t power = 1; power < size; power *= 2) {
    values = add(values, multiply(mixing, values));
    if (2 * power < size)
      mixing = multiply(mixing, mixing);
  }
  return values;
}

/// The output of a chunk, and the state after it.
TensorRef Recurrence::step(const Chunk &chunk, TensorRef &state) {
  TensorRef sums = chunk.decay ? sumDecay(chunk.decay) : nullptr;
  TensorRef values = chunk.value;
  if (delta) {
    SmallVector<TensorRef> operands{values, chunk.beta};
    if (state)
      operands.push_back(multiply(decayed(chunk.key, sums, false), state));
    values = n.elementwise(operands, [&](Scalar &s, ValueRange args) {
      Value rest = state ? s.sub(args[0], args[2]) : args[0];
      return s.mul(rest, args[1]);
    });
    values =
        solve(relate(chunk.key, chunk.key, sums, chunk.beta, true), values);
  }
  TensorRef output =
      multiply(relate(chunk.query, chunk.key, sums, nullptr, false), values);
  if (state)
    output = add(output, multiply(decayed(chunk.query, sums, false), state));
  TensorRef added = multiply(decayed(chunk.key, sums, true), values,
                             /*transLhs=*/true);
  if (!state) {
    state = added;
  } else if (!sums) {
    state = add(state, added);
  } else {
    // The decay of the whole chunk, for each element of the keys.
    bool each = sums->getDim(3) != 1;
    AffineMap last = n.getMap(
        4, {n.dim(0), n.dim(1), n.b.getAffineConstantExpr(sums->getDim(2) - 1),
            each ? n.dim(2) : n.b.getAffineConstantExpr(0)});
    state = n.parallel(
        {{state, n.identity(4)}, {sums, last}, {added, n.identity(4)}},
        state->getShape(), f32, [](Scalar &s, ValueRange args) {
          return s.add(s.mul(args[0], s.exp(args[1])), args[2]);
        });
  }
  return output;
}

LogicalResult Recurrence::build() {
  SmallVector<TensorRef> outputs;
  for (int64_t from = 0; from < length; from += kChunk)
    outputs.push_back(
        step(cut(from, std::min(kChunk, length - from)), state));
  TensorRef output = joinHeads(n, n.concat(outputs, 2));
  Type type = n.in(0)->getElementType();
  TensorRef scaled = n.elementwise(
      output,
      [&](Scalar &s, ValueRange args) {
        return s.mul(args[0], s.constant(args[0], scale));
      },
      type);
  Type stateType = n.in(3) ? n.in(3)->getElementType() : type;
  return n.finish({scaled, n.cast(state, stateType)});
}

static LogicalResult importLinearAttention(NodeImporter &n) {
  if (failed(n.checkInputs(3, 6)))
    return failure();
  Recurrence recurrence(n);
  return failed(recurrence.read()) ? failure() : recurrence.build();
}

/// A depthwise convolution over past elements and those before them, which the
/// state holds.
static LogicalResult importCausalConv(NodeImporter &n) {
  if (failed(n.checkInputs(2, 4)))
    return failure();
  TensorRef input = n.in(0), weights = n.in(1), bias = n.in(2), past = n.in(3);
  Type type = input->getElementType();
  if (input->getRank() != 3 || weights->getRank() != 3 ||
      weights->getDim(0) != input->getDim(1) || weights->getDim(1) != 1 ||
      weights->getDim(2) < 1 || weights->getElementType() != type)
    return n.error("takes an input [batch, channels, length] and weights "
                   "[channels, 1, size]");
  StringRef activation = n.getString("activation", "none");
  bool swish = activation == "silu" || activation == "swish";
  if (!swish && activation != "none")
    return n.error("activation must be silu, swish or none");
  int64_t channels = input->getDim(1), kept = weights->getDim(2) - 1;
  SmallVector<int64_t> stateShape{input->getDim(0), channels, kept};
  if (past && (past->getShape() != ArrayRef(stateShape) ||
               past->getElementType() != type))
    return n.error("past_state must have the type of the input and hold " +
                   Twine(kept) + " elements of each channel");
  SmallVector<int64_t> low{0, 0, kept}, high(3, 0), steps(3, 1);
  TensorRef padded = past ? n.concat({past, input}, 2)
                          : n.pad(input, low, high, n.zero(type));
  SmallVector<TensorRef> operands{padded, weights};
  if (bias)
    operands.push_back(bias);
  TensorRef result =
      n.apply("Conv", operands, {makeInt("group", channels)});
  if (result && swish)
    result = n.apply("Swish", result);
  TensorRef present = n.slice(padded, {0, 0, padded->getDim(2) - kept},
                              stateShape, steps);
  return n.finish({result, present});
}

void swapc::addLinearAttentions(HandlerMap &handlers) {
  handlers["CausalConvWithState"] = importCausalConv;
  handlers["LinearAttention"] = importLinearAttention;
}
