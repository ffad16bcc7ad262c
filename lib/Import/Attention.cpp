//===- Attention.cpp - ONNX's Attention -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"
#include "ScaledDotProduct.h"

using namespace mlir;
using namespace swapc;

/// A mask may be shorter than the keys: those behind it take no part.
static FailureOr<TensorRef> padMask(NodeImporter &n, TensorRef mask,
                                    int64_t keys) {
  if (mask->getRank() == 0)
    return n.error("the mask must have a dimension of keys");
  int64_t missing = keys - mask->getShape().back();
  if (missing <= 0)
    return mask;
  Type type = mask->getElementType();
  TypedAttr padding = n.zero(type);
  if (auto floatType = dyn_cast<FloatType>(type))
    padding = n.b.getFloatAttr(floatType, -INFINITY);
  else if (!type.isInteger(1))
    return n.error("a mask of integers must reach over all " + Twine(keys) +
                   " keys");
  SmallVector<int64_t> low(mask->getRank(), 0), high(low);
  high.back() = missing;
  return n.pad(mask, low, high, padding);
}

static LogicalResult importAttention(NodeImporter &n) {
  if (failed(n.checkInputs(3, 7)))
    return failure();
  ScaledDotProduct p;
  int64_t rank = n.in(0)->getRank();
  if ((rank != 3 && rank != 4) || n.in(1)->getRank() != rank ||
      n.in(2)->getRank() != rank)
    return n.error("takes Q, K and V of rank 3, or all of rank 4");
  Type type = n.in(0)->getElementType();
  if (!isa<FloatType>(type) || n.in(1)->getElementType() != type ||
      !isa<FloatType>(n.in(2)->getElementType()))
    return n.error("takes floats, Q and K of one element type");
  SmallVector<TensorRef> heads{n.in(0), n.in(1), n.in(2)};
  if (rank == 3) {
    if (!n.has("q_num_heads") || !n.has("kv_num_heads"))
      return n.error("q_num_heads and kv_num_heads must be given for inputs of "
                     "rank 3");
    for (unsigned i = 0; i < 3; ++i) {
      FailureOr<TensorRef> split = splitHeads(
          n, heads[i], n.getInt(i == 0 ? "q_num_heads" : "kv_num_heads", 0));
      if (failed(split))
        return failure();
      heads[i] = *split;
    }
  }
  TensorRef mask = n.in(3), pastKey = n.in(4), pastValue = n.in(5),
            filled = n.in(6);
  if (!pastKey != !pastValue)
    return n.error("past_key and past_value must be given together");
  if (pastKey && filled)
    return n.error("nonpad_kv_seqlen cannot be combined with past_key");
  for (unsigned i : {1u, 2u}) {
    TensorRef past = n.in(3 + i);
    if (!past)
      continue;
    SmallVector<int64_t> expected(heads[i]->getShape());
    if (past->getRank() == 4)
      expected[2] = past->getDim(2);
    if (past->getShape() != ArrayRef(expected) ||
        past->getElementType() != heads[i]->getElementType())
      return n.error("input " + Twine(3 + i) +
                     " must have the batch, heads, size and element type of " +
                     (i == 1 ? "K" : "V"));
    heads[i] = n.concat({past, heads[i]}, 2);
  }
  p.query = heads[0];
  p.key = heads[1];
  p.value = heads[2];
  double size = p.query->getDim(3);
  p.scale = n.getFloat("scale", size > 0 ? 1 / std::sqrt(size) : 1);
  p.softcap = n.getFloat("softcap", 0);
  if (mask) {
    FailureOr<TensorRef> padded = padMask(n, mask, p.key->getDim(2));
    if (failed(padded))
      return failure();
    p.masks.push_back(*padded);
  }
  p.left = n.getInt("left_window_size", -1);
  p.right = n.getInt("right_window_size", -1);
  if (p.left < -1 || p.right < -1)
    return n.error("left_window_size and right_window_size must be -1 or more");
  if (n.getInt("is_causal", 0))
    p.right = 0;
  if (pastKey)
    p.offset = pastKey->getDim(2);
  if (filled) {
    p.lengths = filled;
    int64_t queries = p.query->getDim(2);
    if (p.left >= 0 || p.right >= 0)
      p.offsets = n.elementwise(filled, [&](Scalar &s, ValueRange args) {
        return s.sub(args[0], s.constant(args[0], queries));
      });
  }
  if (n.has("softmax_precision")) {
    p.softmaxType = n.graph.convertType(n.getInt("softmax_precision", 0));
    if (!isa_and_nonnull<FloatType>(p.softmaxType))
      return n.error("softmax_precision must be a float type");
  }
  int64_t mode = n.getInt("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return n.error("qk_matmul_output_mode must be 0 to 3");
  if (n.wantsOutput(3))
    p.wanted = static_cast<ScaledDotProduct::Stage>(mode + 1);
  FailureOr<ScaledDotProduct::Result> result = p.build(n);
  if (failed(result))
    return failure();
  TensorRef output = n.cast(result->output, type);
  SmallVector<TensorRef> results{rank == 3 ? joinHeads(n, output) : output};
  if (n.getNumOutputs() > 1)
    results.append({p.key, p.value});
  if (n.wantsOutput(3))
    results.push_back(n.cast(result->scores, type));
  return n.finish(results);
}

/// What the graph of an attribute makes of scores in `type`; nothing without
/// the attribute.
static LogicalResult
readChange(NodeImporter &n, StringRef attribute, Type type,
           std::function<TensorRef(TensorRef)> &change) {
  if (!n.has(attribute))
    return success();
  const onnx::Graph *body = getBody(n, attribute, 1, 1);
  if (!body)
    return failure();
  change = [&n, attribute, type, body](TensorRef scores) -> TensorRef {
    TensorRef input = n.cast(scores, type);
    SmallVector<TensorRef> outputs;
    if (failed(n.graph.importBody(*body, input, n.getLabel() + "/" + attribute,
                                  outputs)))
      return nullptr;
    if (outputs.size() != 1 || !outputs[0] || outputs[0]->type != input->type) {
      (void)n.error(attribute + " must give back what it takes, a tensor of "
                                "the same type and shape");
      return nullptr;
    }
    return n.cast(outputs[0], getComputeType(type));
  };
  return success();
}

static LogicalResult importFlexAttention(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  Type type = n.in(0)->getElementType();
  for (unsigned i = 0; i < 3; ++i)
    if (n.in(i)->getRank() != 4 || !isa<FloatType>(type) ||
        n.in(i)->getElementType() != type)
      return n.error("takes Q, K and V of rank 4 and of one float type");
  ScaledDotProduct p;
  p.query = n.in(0);
  p.key = n.in(1);
  p.value = n.in(2);
  double size = std::max<int64_t>(p.query->getDim(3), 1);
  p.scale = n.getFloat("scale", 1 / std::sqrt(size));
  p.softmaxType = getComputeType(type);
  if (n.has("softmax_precision")) {
    p.softmaxType = n.graph.convertType(n.getInt("softmax_precision", 0));
    if (!isa_and_nonnull<FloatType>(p.softmaxType))
      return n.error("softmax_precision must be a float type");
  }
  if (failed(readChange(n, "score_mod", p.softmaxType, p.changeScores)) ||
      failed(readChange(n, "prob_mod", p.softmaxType, p.changeProbabilities)))
    return failure();
  FailureOr<ScaledDotProduct::Result> result = p.build(n);
  return failed(result) ? failure() : n.finish(result->output);
}

void swapc::addAttentions(HandlerMap &handlers) {
  handlers["Attention"] = importAttention;
  handlers["ai.onnx.preview.FlexAttention"] = importFlexAttention;
}
