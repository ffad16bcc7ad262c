//===- Versions.cpp - Nodes of older opsets ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an operator means changed little in twenty-five opsets; what moved is
// where its parameters stand: attributes became inputs, and defaults changed.
// Each rewriter below is for one such change and says the first opset that has
// the new form.
//
//===----------------------------------------------------------------------===//

#include "Versions.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace swapc;

namespace {
/// One node on its way to the newest form.
struct Rewriter {
  NodeImporter &n;
  ModernNode &to;

  /// `name` is for error messages.
  void setInput(unsigned index, StringRef name, TensorRef tensor) {
    if (to.inputs.size() <= index) {
      to.inputs.resize(index + 1);
      to.node.inputs.resize(index + 1);
    }
    to.inputs[index] = tensor;
    to.node.inputs[index] = name;
  }
  void drop(StringRef attribute) {
    llvm::erase_if(to.node.attributes, [&](const onnx::Attribute &one) {
      return one.name == attribute;
    });
  }
  void setInt(StringRef name, int64_t value) {
    drop(name);
    onnx::Attribute &attribute = to.node.attributes.emplace_back();
    attribute.name = name;
    attribute.kind = onnx::Attribute::IntKind;
    attribute.i = value;
  }
  void setFloat(StringRef name, float value) {
    onnx::Attribute &attribute = to.node.attributes.emplace_back();
    attribute.name = name;
    attribute.kind = onnx::Attribute::FloatKind;
    attribute.f = value;
  }
  /// The integers of an attribute as an input.
  void moveInts(StringRef name, unsigned index) {
    if (!n.has(name))
      return;
    SmallVector<int64_t> values = n.getInts(name);
    setInput(index, name,
             n.constantInts(values.size(), values, n.b.getI64Type()));
    drop(name);
  }
  /// A float of an attribute as an input of the first input's type.
  LogicalResult moveFloat(StringRef name, unsigned index) {
    if (!n.has(name))
      return success();
    Type type = n.in(0)->getElementType();
    if (!isa<FloatType>(type))
      return n.error("takes a float input");
    setInput(index, name,
             n.splat({}, n.b.getFloatAttr(type, n.getFloat(name, 0))));
    drop(name);
    return success();
  }
};

struct Change {
  /// The first opset that has the new form.
  int64_t since;
  LogicalResult (*rewrite)(Rewriter &);
};
} // namespace

static LogicalResult moveAxes(Rewriter &r) {
  r.moveInts("axes", 1);
  return success();
}

static LogicalResult rewriteSplit(Rewriter &r) {
  if (!r.n.in(1))
    r.moveInts("split", 1);
  return success();
}

static LogicalResult rewriteReshape(Rewriter &r) {
  r.moveInts("shape", 1);
  return success();
}

static LogicalResult rewriteSlice(Rewriter &r) {
  r.moveInts("starts", 1);
  r.moveInts("ends", 2);
  r.moveInts("axes", 3);
  return success();
}

static LogicalResult rewriteClip(Rewriter &r) {
  if (failed(r.n.checkInputs(1, 1)) || failed(r.moveFloat("min", 1)))
    return failure();
  return r.moveFloat("max", 2);
}

static LogicalResult rewritePad(Rewriter &r) {
  if (failed(r.n.checkInputs(1, 1)))
    return failure();
  r.moveInts("paddings", 1);
  r.moveInts("pads", 1);
  return r.moveFloat("value", 2);
}

static LogicalResult rewriteTopK(Rewriter &r) {
  if (!r.n.has("k"))
    return success();
  r.setInput(1, "k",
             r.n.constantInts(1, r.n.getInt("k", 0), r.n.b.getI64Type()));
  r.drop("k");
  return success();
}

/// Two scalars, how often and along which axis, became a number for each axis.
static LogicalResult rewriteTile(Rewriter &r) {
  NodeImporter &n = r.n;
  if (failed(n.checkInputs(3, 3)))
    return failure();
  FailureOr<SmallVector<int64_t>> tiles = n.getConstInts(1),
                                  axes = n.getConstInts(2);
  if (failed(tiles) || failed(axes))
    return failure();
  if (tiles->size() != 1 || axes->size() != 1)
    return n.error("tiles and axis must be one number each");
  int64_t rank = n.in(0)->getRank();
  FailureOr<int64_t> axis = n.getAxis(axes->front(), rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> repeats(rank, 1);
  repeats[*axis] = tiles->front();
  r.to.inputs.pop_back();
  r.to.node.inputs.pop_back();
  r.setInput(1, "tiles", n.constantInts(rank, repeats, n.b.getI64Type()));
  return success();
}

/// The element type was named.
static LogicalResult rewriteCast(Rewriter &r) {
  const onnx::Attribute *to = r.n.find("to");
  if (!to || to->kind != onnx::Attribute::StringKind)
    return success();
  int32_t type = llvm::StringSwitch<int32_t>(to->s)
                     .Case("FLOAT", onnx::Float)
                     .Case("UINT8", onnx::UInt8)
                     .Case("INT8", onnx::Int8)
                     .Case("UINT16", onnx::UInt16)
                     .Case("INT16", onnx::Int16)
                     .Case("INT32", onnx::Int32)
                     .Case("INT64", onnx::Int64)
                     .Case("BOOL", onnx::Bool)
                     .Case("FLOAT16", onnx::Float16)
                     .Case("DOUBLE", onnx::Double)
                     .Case("UINT32", onnx::UInt32)
                     .Case("UINT64", onnx::UInt64)
                     .Default(onnx::Undefined);
  if (type == onnx::Undefined)
    return r.n.error("casts to '" + to->s + "', which is not supported");
  r.setInt("to", type);
  return success();
}

static LogicalResult rewriteConcat(Rewriter &r) {
  if (!r.n.has("axis"))
    r.setInt("axis", 1);
  return success();
}

/// The second input started at `axis` of the first, where that was given.
static LogicalResult rewriteBroadcast(Rewriter &r) {
  NodeImporter &n = r.n;
  if (failed(n.checkInputs(2, 2)))
    return failure();
  int64_t rank = n.in(0)->getRank();
  if (!n.getInt("broadcast", 0) || !n.has("axis"))
    return success();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(n.in(1)->getShape());
  if (*axis + static_cast<int64_t>(shape.size()) > rank)
    return n.error("the second input does not fit behind axis " + Twine(*axis));
  shape.resize(rank - *axis, 1);
  r.to.inputs[1] = n.reshape(n.in(1), shape);
  return success();
}

/// The slope was one number a channel, which is dimension 1.
static LogicalResult rewritePRelu(Rewriter &r) {
  NodeImporter &n = r.n;
  if (failed(n.checkInputs(2, 2)))
    return failure();
  int64_t rank = n.in(0)->getRank();
  if (n.in(1)->getRank() != 1 || n.in(1)->getDim(0) == 1 || rank < 3)
    return success();
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = n.in(1)->getDim(0);
  r.to.inputs[1] = n.reshape(n.in(1), shape);
  return success();
}

static LogicalResult rewriteBatchNorm(Rewriter &r) {
  NodeImporter &n = r.n;
  if (n.opset < 7 && !n.getInt("is_test", 0))
    return n.error("only inference is supported: is_test must be 1");
  if (!n.getInt("spatial", 1) && n.in(0) && n.in(0)->getRank() > 2)
    return n.error("statistics for each activation (spatial = 0) are not "
                   "supported");
  return success();
}

static LogicalResult rewriteDropout(Rewriter &r) {
  if (!r.n.getInt("is_test", 0))
    return r.n.error("only inference is supported: is_test must be 1");
  return success();
}

static LogicalResult rewriteSelu(Rewriter &r) {
  if (!r.n.has("alpha"))
    r.setFloat("alpha", 1.6732f);
  if (!r.n.has("gamma"))
    r.setFloat("gamma", 1.0507f);
  return success();
}

/// The exponent was a float.
static LogicalResult rewriteLpPool(Rewriter &r) {
  const onnx::Attribute *p = r.n.find("p");
  if (!p || p->kind != onnx::Attribute::FloatKind)
    return success();
  if (p->f != static_cast<int64_t>(p->f))
    return r.n.error("p must be an integer");
  r.setInt("p", static_cast<int64_t>(p->f));
  return success();
}

/// All dimensions from `axis` on were one.
static LogicalResult rewriteSoftmax(Rewriter &r) {
  NodeImporter &n = r.n;
  if (failed(n.checkInputs(1, 1)))
    return failure();
  ArrayRef<int64_t> shape = n.in(0)->getShape();
  int64_t rank = shape.size(), axis = n.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return n.error("axis " + Twine(axis) + " is outside rank " + Twine(rank));
  if (axis < 0)
    axis += rank;
  r.to.resultShape = SmallVector<int64_t>(shape);
  r.to.inputs[0] = n.reshape(n.in(0), {getProduct(shape.take_front(axis)),
                                       getProduct(shape.drop_front(axis))});
  r.setInt("axis", 1);
  return success();
}

static Change getChange(StringRef opType) {
  return llvm::StringSwitch<Change>(opType)
      .Cases({"Add", "And", "Div", "Equal"}, {7, rewriteBroadcast})
      .Case("BatchNormalization", {9, rewriteBatchNorm})
      .Case("Cast", {6, rewriteCast})
      .Case("Clip", {11, rewriteClip})
      .Case("Concat", {4, rewriteConcat})
      .Case("Dropout", {7, rewriteDropout})
      .Cases({"GlobalLpPool", "LpPool"}, {2, rewriteLpPool})
      .Cases({"Greater", "Less", "Mul", "Or"}, {7, rewriteBroadcast})
      .Cases({"Hardmax", "LogSoftmax", "Softmax"}, {13, rewriteSoftmax})
      .Case("PRelu", {7, rewritePRelu})
      .Case("Pad", {11, rewritePad})
      .Cases({"Pow", "Sub", "Xor"}, {7, rewriteBroadcast})
      .Cases({"ReduceL1", "ReduceL2", "ReduceLogSum"}, {18, moveAxes})
      .Cases({"ReduceLogSumExp", "ReduceMax"}, {18, moveAxes})
      .Cases({"ReduceMean", "ReduceMin", "ReduceProd"}, {18, moveAxes})
      .Case("ReduceSum", {13, moveAxes})
      .Case("ReduceSumSquare", {18, moveAxes})
      .Case("Reshape", {5, rewriteReshape})
      .Case("Selu", {6, rewriteSelu})
      .Case("Slice", {10, rewriteSlice})
      .Case("Split", {13, rewriteSplit})
      .Cases({"Squeeze", "Unsqueeze"}, {13, moveAxes})
      .Case("Tile", {6, rewriteTile})
      .Case("TopK", {10, rewriteTopK})
      .Default({0, nullptr});
}

bool swapc::isOldForm(const onnx::Node &node, int64_t opset) {
  return opset < getChange(node.opType).since;
}

FailureOr<ModernNode> swapc::modernize(NodeImporter &n,
                                       const onnx::Node &node) {
  ModernNode result;
  result.node = node;
  result.inputs.assign(n.getInputs().begin(), n.getInputs().end());
  result.node.inputs.resize(result.inputs.size());
  Rewriter rewriter{n, result};
  if (failed(getChange(node.opType).rewrite(rewriter)))
    return failure();
  return result;
}
