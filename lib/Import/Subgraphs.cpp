//===- Subgraphs.cpp - Graphs that are attributes of nodes ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The nodes of a body are imported where its If, Loop or Scan stands, each time
// that they run, so that constants fold through them: an iteration number, a
// shape, a condition. Kernels that come out equal are shared later.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

using namespace mlir;
using namespace swapc;

std::optional<TensorRef> GraphImporter::Frame::lookup(StringRef name) const {
  for (const Frame *frame = this; frame; frame = frame->outer)
    if (auto found = frame->values.find(name); found != frame->values.end())
      return found->second;
  return std::nullopt;
}

const onnx::Attribute *
GraphImporter::Frame::lookupAttribute(StringRef name) const {
  for (const Frame *frame = this; frame; frame = frame->outer)
    if (const onnx::Attribute *found = frame->attributes.lookup(name))
      return found;
  return nullptr;
}

bool GraphImporter::Frame::computes(StringRef name) const {
  for (const Frame *frame = this; frame; frame = frame->outer)
    for (const onnx::Node &node : frame->nodes)
      if (llvm::is_contained(node.outputs, name))
        return true;
  return false;
}

LogicalResult GraphImporter::importBody(const onnx::Graph &graph,
                                        ArrayRef<TensorRef> inputs,
                                        const Twine &label,
                                        SmallVectorImpl<TensorRef> &outputs) {
  Frame inner;
  inner.outer = current;
  inner.function = current->function;
  inner.opsets = current->opsets;
  inner.depth = current->depth + 1;
  inner.prefix = (label + "/").str();
  Location loc = nameLoc(label.str());
  if (inner.depth >= kMaxFrameDepth)
    return error(loc) << "graphs nest too deeply";
  if (graph.hasSparseInitializers)
    return error(loc) << "sparse initializers are not supported";
  for (const onnx::Tensor &tensor : graph.initializers) {
    TensorRef value = getStored(tensor, tensor.name, nameLoc(tensor.name));
    if (!value)
      return failure();
    inner.values[tensor.name] = value;
  }
  for (auto [input, value] : llvm::zip_equal(graph.inputs, inputs))
    if (!inner.values.try_emplace(input.name, value ? value : &absent).second)
      return error(loc) << "input '" << input.name << "' is defined twice";
  if (mlir::failed(importNodes(graph.nodes, inner)))
    return failure();
  for (const onnx::ValueInfo &output : graph.outputs) {
    std::optional<TensorRef> found = inner.lookup(output.name);
    if (!found)
      return error(loc) << "output '" << output.name
                        << "' of the body is computed by no node";
    if (!*found)
      return failure(); // reported where it went wrong
    outputs.push_back(*found);
  }
  return success();
}
