//===- MicrosoftAttention.cpp - Attention of ONNX Runtime -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaledDotProduct.h"

using namespace mlir;
using namespace swapc;

/// Optional inputs that swapc has no use for must be left out.
static LogicalResult refuse(NodeImporter &n, unsigned index, StringRef name) {
  return n.in(index) ? n.error("input " + Twine(index) + " (" + name +
                               ") is not supported")
                     : success();
}

static LogicalResult refuseAttribute(NodeImporter &n, StringRef name) {
  return n.getInt(name, 0) ? n.error(name + " is not supported") : success();
}

static LogicalResult checkFloats(NodeImporter &n, ArrayRef<unsigned> indices) {
  for (unsigned index : indices)
    if (n.in(index) &&
        (!isa<FloatType>(n.in(index)->getElementType()) ||
         n.in(index)->getElementType() != n.in(0)->getElementType()))
      return n.error("input " + Twine(index) +
                     " must be floats, of the first input's element type");
  return success();
}

static double getScale(NodeImporter &n, int64_t size) {
  double scale = n.getFloat("scale", 0);
  return scale != 0 ? scale : 1 / std::sqrt(double(std::max<int64_t>(size, 1)));
}

/// Adds the second tensor, one for each element of the last dimension.
static TensorRef addBias(NodeImporter &n, TensorRef tensor, TensorRef bias,
                         int64_t from) {
  int64_t size = tensor->getShape().back();
  TensorRef part =
      n.slice(bias, {from}, {size}, {1});
  return n.apply("Add", {tensor, part});
}

/// A mask of what takes part, as what is added to the scores: 0 or `filter`.
static TensorRef filterMask(NodeImporter &n, TensorRef mask, double filter) {
  Type type = n.b.getF32Type();
  return n.elementwise(
      mask,
      [&](Scalar &s, ValueRange args) {
        Value zero = s.constant(s.getBuilder().getFloatAttr(type, 0));
        return s.select(s.isNonZero(args[0]), zero, s.constant(zero, filter));
      },
      type);
}

/// Integers [batch] as a mask [batch, 1, 1, keys] of those before them.
static TensorRef maskFrom(NodeImporter &n, TensorRef lengths, int64_t keys,
                          double filter) {
  int64_t batch = lengths->getNumElements();
  Type type = n.b.getF32Type(), integer = lengths->getElementType();
  TensorRef range = n.constantInts(
      {1, 1, 1, keys}, llvm::to_vector(llvm::seq<int64_t>(0, keys)), integer);
  return n.elementwise(
      {range, n.reshape(lengths, {batch, 1, 1, 1})},
      [&](Scalar &s, ValueRange args) {
        Value zero = s.constant(s.getBuilder().getFloatAttr(type, 0));
        return s.select(s.compare(Scalar::Less, args[0], args[1]), zero,
                        s.constant(zero, filter));
      },
      type);
}

/// [batch, lengths, ...] with `parts` tensors in dimension `dim`, as one of
/// them.
static TensorRef takePart(NodeImporter &n, TensorRef tensor, int64_t dim,
                          int64_t index) {
  SmallVector<int64_t> offsets(tensor->getRank(), 0), steps(tensor->getRank(), 1);
  SmallVector<int64_t> sizes(tensor->getShape());
  offsets[dim] = index;
  sizes[dim] = 1;
  TensorRef part = n.slice(tensor, offsets, sizes, steps);
  sizes.erase(sizes.begin() + dim);
  return n.reshape(part, sizes);
}

//===----------------------------------------------------------------------===//
// MultiHeadAttention
//===----------------------------------------------------------------------===//

/// Query, key and value as [batch, heads, length, size]; some lie in one
/// tensor.
static LogicalResult readHeads(NodeImporter &n, ScaledDotProduct &p) {
  TensorRef query = n.in(0), key = n.in(1), value = n.in(2), bias = n.in(3);
  int64_t heads = n.getInt("num_heads", 0);
  if (heads < 1)
    return n.error("num_heads must be given");
  if (query->getRank() == 5) { // [batch, length, heads, 3, size]
    if (key || value || bias || query->getDim(3) != 3 ||
        query->getDim(2) != heads)
      return n.error("a packed query must be [batch, length, heads, 3, size], "
                     "without key, value and bias");
    auto take = [&](int64_t i) {
      return n.transpose(takePart(n, query, 3, i), {0, 2, 1, 3});
    };
    p.query = take(0);
    p.key = take(1);
    p.value = take(2);
    return success();
  }
  if (!key)
    return n.error("the key must be given for a query of rank " +
                   Twine(query->getRank()));
  if (query->getRank() != 3)
    return n.error("the query must have rank 3 or 5");
  int64_t hidden = query->getDim(2);
  if (bias && bias->getRank() != 1)
    return n.error("the bias must have rank 1");
  if (bias && bias->getDim(0) < hidden)
    return n.error("the bias is smaller than the hidden size");
  if (bias && !(query = addBias(n, query, bias, 0)))
    return failure();
  FailureOr<TensorRef> split = splitHeads(n, query, heads);
  if (failed(split))
    return failure();
  p.query = *split;
  if (key->getRank() == 5) { // [batch, length, heads, 2, size]
    if (value || key->getDim(3) != 2 || key->getDim(2) != heads || bias)
      return n.error("a packed key must be [batch, length, heads, 2, size], "
                     "without value and bias");
    p.key = n.transpose(takePart(n, key, 3, 0), {0, 2, 1, 3});
    p.value = n.transpose(takePart(n, key, 3, 1), {0, 2, 1, 3});
    return success();
  }
  if (!value || value->getRank() != key->getRank())
    return n.error("the value must have the rank of the key");
  if (key->getRank() == 4) { // of another sequence, computed once
    p.key = key;
    p.value = value;
    return success();
  }
  if (key->getRank() != 3)
    return n.error("the key must have rank 3, 4 or 5");
  if (bias) {
    int64_t inner = key->getDim(2), outer = value->getDim(2);
    if (bias->getDim(0) != hidden + inner + outer)
      return n.error("the bias must have " + Twine(hidden + inner + outer) +
                     " elements");
    key = addBias(n, key, bias, hidden);
    value = addBias(n, value, bias, hidden + inner);
    if (!key || !value)
      return failure();
  }
  FailureOr<TensorRef> keys = splitHeads(n, key, heads),
                       values = splitHeads(n, value, heads);
  if (failed(keys) || failed(values))
    return failure();
  p.key = *keys;
  p.value = *values;
  return success();
}

/// What a mask of ONNX Runtime adds to the scores, by its shape; null after an
/// error.
static TensorRef readMask(NodeImporter &n, TensorRef mask, int64_t batch,
                          int64_t queries, int64_t keys) {
  double filter = n.getFloat("mask_filter_value", -10000);
  ArrayRef<int64_t> shape = mask->getShape();
  if (!isa<IntegerType>(mask->getElementType())) {
    (void)n.error("the mask must be integers");
    return nullptr;
  }
  if (shape == ArrayRef<int64_t>(batch))
    return maskFrom(n, mask, keys, filter);
  if (shape == ArrayRef<int64_t>({batch, keys}))
    return filterMask(n, n.reshape(mask, {batch, 1, 1, keys}), filter);
  if (shape == ArrayRef<int64_t>({batch, queries, keys}))
    return filterMask(n, n.reshape(mask, {batch, 1, queries, keys}), filter);
  (void)n.error("the mask must be of the shape [" + Twine(batch) + "], [" +
                Twine(batch) + ", " + Twine(keys) + "] or [" + Twine(batch) +
                ", " + Twine(queries) + ", " + Twine(keys) + "]");
  return nullptr;
}

/// Appends keys and values to those of earlier runs.
static LogicalResult appendPast(NodeImporter &n, ScaledDotProduct &p,
                                TensorRef pastKey, TensorRef pastValue) {
  if (!pastKey != !pastValue)
    return n.error("past_key and past_value must be given together");
  if (!pastKey)
    return success();
  auto fits = [](TensorRef past, TensorRef now) {
    SmallVector<int64_t> expected(now->getShape());
    if (past->getRank() == 4)
      expected[2] = past->getDim(2);
    return past->getShape() == ArrayRef(expected) &&
           past->getElementType() == now->getElementType();
  };
  if (!fits(pastKey, p.key) || !fits(pastValue, p.value))
    return n.error("past keys and values must be [batch, heads, length, size] "
                   "as the new ones are");
  p.key = n.concat({pastKey, p.key}, 2);
  p.value = n.concat({pastValue, p.value}, 2);
  p.offset = pastKey->getDim(2);
  return success();
}

static LogicalResult importMultiHeadAttention(NodeImporter &n) {
  if (failed(n.checkInputs(1, 10)) || failed(checkFloats(n, {0, 1, 2, 3, 5})) ||
      failed(refuse(n, 8, "past_sequence_length")) ||
      failed(refuse(n, 9, "cache_indirection")))
    return failure();
  ScaledDotProduct p;
  if (failed(readHeads(n, p)) || failed(appendPast(n, p, n.in(6), n.in(7))))
    return failure();
  p.scale = getScale(n, p.query->getDim(3));
  int64_t queries = p.query->getDim(2), keys = p.key->getDim(2);
  if (n.in(4)) {
    TensorRef mask = readMask(n, n.in(4), p.query->getDim(0), queries, keys);
    if (!mask)
      return failure();
    p.masks.push_back(mask);
  }
  if (n.in(5))
    p.masks.push_back(n.in(5));
  if (n.getInt("unidirectional", 0)) {
    p.right = 0;
    p.offset = keys - queries;
  }
  if (n.wantsOutput(3))
    p.wanted = ScaledDotProduct::Product;
  FailureOr<ScaledDotProduct::Result> result = p.build(n);
  if (failed(result))
    return failure();
  SmallVector<TensorRef> results{joinHeads(n, result->output)};
  if (n.getNumOutputs() > 1)
    results.append({p.key, p.value});
  if (n.wantsOutput(3))
    results.push_back(n.cast(result->scores, n.in(0)->getElementType()));
  return n.finish(results);
}

//===----------------------------------------------------------------------===//
// Attention: the products that make query, key and value are in it
//===----------------------------------------------------------------------===//

static LogicalResult importMicrosoftAttention(NodeImporter &n) {
  if (failed(n.checkInputs(2, 7)) || failed(checkFloats(n, {0, 1, 2, 4, 5})) ||
      failed(refuse(n, 6, "past_sequence_length")) ||
      failed(refuseAttribute(n, "do_rotary")) ||
      failed(refuseAttribute(n, "past_present_share_buffer")))
    return failure();
  TensorRef input = n.in(0), weights = n.in(1), bias = n.in(2), past = n.in(4);
  int64_t heads = n.getInt("num_heads", 0);
  if (input->getRank() != 3 || weights->getRank() != 2 || heads < 1)
    return n.error("takes an input [batch, length, size], weights of rank 2, "
                   "and num_heads");
  int64_t hidden = weights->getDim(1);
  SmallVector<int64_t> sizes =
      n.getInts("qkv_hidden_sizes", {hidden / 3, hidden / 3, hidden / 3});
  if (sizes.size() != 3 || llvm::any_of(sizes, [&](int64_t size) {
        return size < 1 || size % heads != 0;
      }))
    return n.error("the hidden sizes must divide into num_heads heads");
  if (sizes[0] != sizes[1] || sizes[0] + sizes[1] + sizes[2] != hidden)
    return n.error("the hidden sizes do not make the " + Twine(hidden) +
                   " columns of the weights");
  TensorRef product = n.apply("MatMul", {input, weights});
  if (product && bias) {
    if (bias->getShape() != ArrayRef(hidden))
      return n.error("the bias must have " + Twine(hidden) + " elements");
    product = n.apply("Add", {product, bias});
  }
  if (!product)
    return failure();
  SmallVector<TensorRef> parts;
  int64_t from = 0;
  for (int64_t size : sizes) {
    SmallVector<int64_t> shape(product->getShape());
    shape[2] = size;
    FailureOr<TensorRef> split =
        splitHeads(n, n.slice(product, {0, 0, from}, shape, {1, 1, 1}), heads);
    if (failed(split))
      return failure();
    parts.push_back(*split);
    from += size;
  }
  ScaledDotProduct p;
  p.query = parts[0];
  p.key = parts[1];
  p.value = parts[2];
  TensorRef pastKey = nullptr, pastValue = nullptr;
  if (past) {
    if (past->getRank() != 5 || past->getDim(0) != 2)
      return n.error("past must be [2, batch, heads, length, size]");
    pastKey = takePart(n, past, 0, 0);
    pastValue = takePart(n, past, 0, 1);
  }
  if (failed(appendPast(n, p, pastKey, pastValue)))
    return failure();
  p.scale = getScale(n, p.query->getDim(3));
  int64_t batch = input->getDim(0), queries = input->getDim(1),
          keys = p.key->getDim(2);
  if (n.in(3)) {
    TensorRef mask = readMask(n, n.in(3), batch, queries, keys);
    if (!mask)
      return failure();
    p.masks.push_back(mask);
  }
  if (n.in(5))
    p.masks.push_back(n.in(5));
  if (n.getInt("unidirectional", 0))
    p.right = 0;
  FailureOr<ScaledDotProduct::Result> result = p.build(n);
  if (failed(result))
    return failure();
  SmallVector<TensorRef> results{joinHeads(n, result->output)};
  if (n.wantsOutput(1)) {
    if (p.key->getShape() != p.value->getShape())
      return n.error("present needs keys and values of one size");
    SmallVector<int64_t> one{1};
    llvm::append_range(one, p.key->getShape());
    results.push_back(
        n.concat({n.reshape(p.key, one), n.reshape(p.value, one)}, 0));
  }
  return n.finish(results);
}

void swapc::addMicrosoftAttentions(HandlerMap &handlers) {
  handlers["com.microsoft.Attention"] = importMicrosoftAttention;
  handlers["com.microsoft.MultiHeadAttention"] = importMultiHeadAttention;
}
