//===- NodeImporter.cpp - Inputs and attributes of a node -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace swapc;

NodeImporter::NodeImporter(GraphImporter &graph, const onnx::Node &node,
                           int64_t opset, Location loc, StringRef label,
                           ArrayRef<TensorRef> inputs)
    : graph(graph), b(graph.getBuilder()), loc(loc), opset(opset), node(node),
      label(label), inputs(inputs.begin(), inputs.end()) {
  origin = b.getStringAttr(label + " (" + node.opType + ")");
}

const onnx::Attribute *NodeImporter::find(StringRef name) const {
  for (const onnx::Attribute &attribute : node.attributes)
    if (attribute.name == name)
      return &attribute;
  return nullptr;
}

int64_t NodeImporter::getInt(StringRef name, int64_t otherwise) const {
  const onnx::Attribute *attribute = find(name);
  return attribute ? attribute->i : otherwise;
}

double NodeImporter::getFloat(StringRef name, double otherwise) const {
  const onnx::Attribute *attribute = find(name);
  return attribute ? attribute->f : otherwise;
}

StringRef NodeImporter::getString(StringRef name, StringRef otherwise) const {
  const onnx::Attribute *attribute = find(name);
  return attribute ? attribute->s : otherwise;
}

SmallVector<int64_t> NodeImporter::getInts(StringRef name,
                                           ArrayRef<int64_t> otherwise) const {
  const onnx::Attribute *attribute = find(name);
  ArrayRef<int64_t> ints =
      attribute ? ArrayRef<int64_t>(attribute->ints) : otherwise;
  return SmallVector<int64_t>(ints);
}

LogicalResult NodeImporter::finish(ArrayRef<TensorRef> values) {
  if (llvm::is_contained(values, nullptr))
    return failure(); // the error is out already
  results.assign(values.begin(), values.end());
  for (unsigned i = results.size(); i < getNumOutputs(); ++i)
    if (wantsOutput(i))
      return error("output " + Twine(i) + " ('" + node.outputs[i] +
                   "') is not supported");
  return success();
}

LogicalResult NodeImporter::error(const Twine &text) {
  return emitError(loc) << "node '" << label << "' (" << node.opType
                        << ", opset " << opset << "): " << text;
}

LogicalResult NodeImporter::checkInputs(unsigned least, unsigned most) {
  if (inputs.size() < least || inputs.size() > most ||
      llvm::is_contained(ArrayRef(inputs).take_front(least), nullptr))
    return error(
        "has " + Twine(inputs.size()) + " inputs, where the operator takes " +
        (least == most ? Twine(least) : Twine(least) + " to " + Twine(most)));
  return success();
}

std::optional<SmallVector<int64_t>> NodeImporter::getInts(TensorRef tensor) {
  DenseElementsAttr elements = graph.getElements(tensor);
  if (!elements || !isa<IntegerType>(tensor->getElementType()))
    return std::nullopt;
  SmallVector<int64_t> values;
  bool zeroExtend = tensor->isUnsigned || tensor->getElementType().isInteger(1);
  for (const APInt &value : elements.getValues<APInt>())
    values.push_back(zeroExtend ? value.getZExtValue() : value.getSExtValue());
  return values;
}

std::optional<SmallVector<double>> NodeImporter::getFloats(TensorRef tensor) {
  DenseElementsAttr elements = graph.getElements(tensor);
  if (!elements || !isa<FloatType>(tensor->getElementType()))
    return std::nullopt;
  SmallVector<double> values;
  for (APFloat value : elements.getValues<APFloat>()) {
    bool inexact;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &inexact);
    values.push_back(value.convertToDouble());
  }
  return values;
}

FailureOr<SmallVector<int64_t>> NodeImporter::getConstInts(unsigned index) {
  if (std::optional<SmallVector<int64_t>> values = getInts(in(index)))
    return *values;
  return error("input " + Twine(index) + " ('" + node.inputs[index] +
               "') must be integers known while compiling");
}

FailureOr<int64_t> NodeImporter::getAxis(int64_t axis, int64_t rank) {
  int64_t counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= rank)
    return error("axis " + Twine(axis) + " is outside rank " + Twine(rank));
  return counted;
}

FailureOr<SmallVector<int64_t>> NodeImporter::getAxes(ArrayRef<int64_t> axes,
                                                      int64_t rank) {
  SmallVector<int64_t> counted;
  for (int64_t axis : axes) {
    FailureOr<int64_t> one = getAxis(axis, rank);
    if (mlir::failed(one))
      return failure();
    if (llvm::is_contained(counted, *one))
      return error("names axis " + Twine(axis) + " twice");
    counted.push_back(*one);
  }
  return counted;
}

TensorRef NodeImporter::constantInts(ArrayRef<int64_t> shape,
                                     ArrayRef<int64_t> values, Type type) {
  SmallVector<Attribute> attrs;
  for (int64_t value : values)
    attrs.push_back(b.getIntegerAttr(type, value));
  return constant(makeElements(RankedTensorType::get(shape, type), attrs));
}

TensorRef NodeImporter::constantFloats(ArrayRef<int64_t> shape,
                                       ArrayRef<float> values) {
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return constant(DenseElementsAttr::get(type, values));
}

TensorRef NodeImporter::constantNumbers(ArrayRef<int64_t> shape,
                                        ArrayRef<double> values, Type type,
                                        bool isUnsigned) {
  auto tensorType = RankedTensorType::get(shape, type);
  if (type.isF32())
    return constant(DenseElementsAttr::get(
        tensorType, ArrayRef(SmallVector<float>(values))));
  if (auto floatType = dyn_cast<FloatType>(type)) {
    SmallVector<APFloat> floats;
    for (double value : values) {
      bool inexact;
      floats.emplace_back(value).convert(floatType.getFloatSemantics(),
                                         APFloat::rmNearestTiesToEven,
                                         &inexact);
    }
    return constant(DenseElementsAttr::get(tensorType, floats));
  }
  SmallVector<APInt> integers;
  unsigned bits = type.getIntOrFloatBitWidth();
  for (double value : values)
    integers.emplace_back(bits, static_cast<int64_t>(value), /*isSigned=*/true,
                          /*implicitTrunc=*/true);
  return constant(DenseElementsAttr::get(tensorType, integers), isUnsigned);
}

TensorRef NodeImporter::splat(ArrayRef<int64_t> shape, Attribute value,
                              bool isUnsigned) {
  auto type =
      RankedTensorType::get(shape, llvm::cast<TypedAttr>(value).getType());
  return constant(DenseElementsAttr::get(type, ArrayRef<Attribute>(value)),
                  isUnsigned);
}

TensorRef NodeImporter::apply(StringRef opType, ArrayRef<TensorRef> operands,
                              std::vector<onnx::Attribute> attributes) {
  SmallVector<TensorRef> parts;
  if (mlir::failed(
          applyAll(opType, operands, 1, parts, std::move(attributes))))
    return nullptr;
  return parts.front();
}

LogicalResult NodeImporter::applyAll(StringRef opType,
                                     ArrayRef<TensorRef> operands,
                                     unsigned count,
                                     SmallVectorImpl<TensorRef> &parts,
                                     std::vector<onnx::Attribute> attributes) {
  // The opset whose meaning the callers of apply know.
  constexpr int64_t kOpset = 22;
  onnx::Node part;
  part.opType = opType;
  part.inputs.assign(operands.size(), "");
  part.outputs.assign(count, "result");
  part.attributes = std::move(attributes);
  NodeImporter inner(graph, part, kOpset, loc, label, operands);
  inner.origin = origin;
  Handler handler = graph.getHandler(opType);
  if (mlir::failed(handler(inner)))
    return mlir::failure();
  parts.assign(inner.getResults().begin(), inner.getResults().end());
  return mlir::success();
}

static onnx::Attribute makeAttribute(StringRef name, int32_t kind) {
  onnx::Attribute attribute;
  attribute.name = name;
  attribute.kind = kind;
  return attribute;
}

onnx::Attribute swapc::makeInt(StringRef name, int64_t value) {
  onnx::Attribute attribute = makeAttribute(name, onnx::Attribute::IntKind);
  attribute.i = value;
  return attribute;
}

onnx::Attribute swapc::makeInts(StringRef name, ArrayRef<int64_t> values) {
  onnx::Attribute attribute = makeAttribute(name, onnx::Attribute::IntsKind);
  attribute.ints.assign(values.begin(), values.end());
  return attribute;
}

onnx::Attribute swapc::makeFloat(StringRef name, double value) {
  onnx::Attribute attribute = makeAttribute(name, onnx::Attribute::FloatKind);
  attribute.f = value;
  return attribute;
}

onnx::Attribute swapc::makeString(StringRef name, StringRef value) {
  onnx::Attribute attribute = makeAttribute(name, onnx::Attribute::StringKind);
  attribute.s = value;
  return attribute;
}

FailureOr<SmallVector<int64_t>>
NodeImporter::getBroadcastShape(ArrayRef<TensorRef> tensors) {
  SmallVector<int64_t> shape;
  for (TensorRef tensor : tensors) {
    int64_t rank = tensor->getRank();
    if (rank > static_cast<int64_t>(shape.size()))
      shape.insert(shape.begin(), rank - shape.size(), 1);
    for (int64_t i = 0; i < rank; ++i) {
      int64_t &size = shape[shape.size() - rank + i];
      int64_t other = tensor->getDim(i);
      if (size == 1)
        size = other;
      else if (other != 1 && other != size)
        return error("sizes " + Twine(size) + " and " + Twine(other) +
                     " do not broadcast");
    }
  }
  return shape;
}

AffineMap NodeImporter::getBroadcastMap(ArrayRef<int64_t> from,
                                        ArrayRef<int64_t> to) {
  SmallVector<AffineExpr> results;
  int64_t shift = to.size() - from.size();
  for (auto [i, size] : llvm::enumerate(from))
    results.push_back(size == 1 && to[i + shift] != 1
                          ? b.getAffineConstantExpr(0)
                          : dim(i + shift));
  return getMap(to.size(), results);
}

Type swapc::getComputeType(Type type) {
  return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext())
                                       : type;
}

int64_t swapc::getProduct(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t size : shape)
    product *= size;
  return product;
}
