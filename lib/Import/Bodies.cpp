//===- Bodies.cpp - The graphs that If, Loop and Scan run -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

using namespace mlir;
using namespace swapc;

const onnx::Graph *swapc::getBody(NodeImporter &n, StringRef name,
                                  size_t inputs, size_t outputs) {
  const onnx::Attribute *attribute = n.find(name);
  if (!attribute || !attribute->graph) {
    (void)n.error("attribute '" + name + "' must be a graph");
    return nullptr;
  }
  const onnx::Graph *graph = attribute->graph.get();
  if (graph->inputs.size() != inputs || graph->outputs.size() < outputs) {
    (void)n.error("graph '" + name + "' has " + Twine(graph->inputs.size()) +
                  " inputs and " + Twine(graph->outputs.size()) +
                  " outputs, where the node needs " + Twine(inputs) + " and " +
                  Twine(outputs));
    return nullptr;
  }
  return graph;
}

TensorRef swapc::getTensor(NodeImporter &n, unsigned index) {
  TensorRef tensor = n.in(index);
  if (tensor && tensor->kind == TensorValue::Tensor)
    return tensor;
  (void)n.error("input " + Twine(index) + " must be a tensor");
  return nullptr;
}

TensorRef swapc::getSequence(NodeImporter &n, unsigned index) {
  TensorRef tensor = n.in(index);
  if (tensor && tensor->kind == TensorValue::Sequence)
    return tensor;
  (void)n.error("input " + Twine(index) + " must be a sequence");
  return nullptr;
}

static std::string describe(TensorRef value) {
  if (value->kind == TensorValue::Absent)
    return "none";
  if (value->kind == TensorValue::Sequence)
    return "a sequence of " + std::to_string(value->elements.size());
  std::string text;
  llvm::raw_string_ostream(text) << value->type;
  return text;
}

TensorRef swapc::selectWhole(NodeImporter &n, TensorRef condition,
                             TensorRef then, TensorRef otherwise,
                             unsigned output) {
  if (then == otherwise)
    return then;
  if (then->kind != otherwise->kind || then->type != otherwise->type ||
      then->isUnsigned != otherwise->isUnsigned ||
      then->elements.size() != otherwise->elements.size()) {
    (void)n.error("output " + Twine(output) + " is " + describe(then) + " or " +
                  describe(otherwise) +
                  ", as a condition says that is computed in the run; swapc "
                  "needs one type, or a condition known while compiling");
    return nullptr;
  }
  if (then->kind == TensorValue::Absent)
    return then;
  if (then->kind == TensorValue::Sequence) {
    SmallVector<TensorRef> elements;
    for (auto [a, b] : llvm::zip_equal(then->elements, otherwise->elements)) {
      elements.push_back(selectWhole(n, condition, a, b, output));
      if (!elements.back())
        return nullptr;
    }
    return n.graph.makeSequence(elements);
  }
  int64_t rank = then->getRank();
  return n.parallel(
      {{n.reshape(condition, {}), n.getMap(rank, {})},
       {then, n.identity(rank)},
       {otherwise, n.identity(rank)}},
      then->getShape(), then->getElementType(),
      [](Scalar &s, ValueRange args) {
        return s.select(args[0], args[1], args[2]);
      },
      then->isUnsigned);
}

TensorRef swapc::stack(NodeImporter &n, ArrayRef<TensorRef> pieces,
                       int64_t axis, const onnx::ValueInfo &declared) {
  if (pieces.empty()) {
    Type type = n.graph.convertType(declared.elementType);
    SmallVector<int64_t> shape;
    for (const onnx::Dim &dim : declared.dims)
      shape.push_back(dim.value.value_or(-1));
    if (!declared.isTensor || !declared.hasShape || !type ||
        llvm::is_contained(shape, -1)) {
      (void)n.error("runs no iteration, and its body does not declare the "
                    "shape of '" +
                    declared.name + "'");
      return nullptr;
    }
    FailureOr<int64_t> at = n.getAxis(axis, shape.size() + 1);
    if (failed(at))
      return nullptr;
    shape.insert(shape.begin() + *at, 0);
    return n.constant(DenseElementsAttr::get(RankedTensorType::get(shape, type),
                                             ArrayRef<Attribute>()),
                      GraphImporter::isUnsignedType(declared.elementType));
  }
  SmallVector<TensorRef> parts;
  for (TensorRef piece : pieces) {
    if (piece->kind != TensorValue::Tensor ||
        piece->type != pieces.front()->type) {
      (void)n.error("iterations give '" + declared.name + "' as " +
                    describe(pieces.front()) + " and as " + describe(piece));
      return nullptr;
    }
    FailureOr<int64_t> at = n.getAxis(axis, piece->getRank() + 1);
    if (failed(at))
      return nullptr;
    axis = *at;
    SmallVector<int64_t> shape(piece->getShape());
    shape.insert(shape.begin() + axis, 1);
    parts.push_back(n.reshape(piece, shape));
  }
  return n.concat(parts, axis);
}

TensorRef swapc::takePiece(NodeImporter &n, TensorRef tensor, int64_t axis,
                           int64_t index) {
  SmallVector<int64_t> offsets(tensor->getRank(), 0),
      steps(tensor->getRank(), 1), sizes(tensor->getShape());
  offsets[axis] = index;
  sizes[axis] = 1;
  TensorRef piece = n.slice(tensor, offsets, sizes, steps);
  sizes.erase(sizes.begin() + axis);
  return n.reshape(piece, sizes);
}
