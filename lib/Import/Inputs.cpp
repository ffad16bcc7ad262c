//===- Inputs.cpp - What @main takes ----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <set>

using namespace mlir;
using namespace swapc;

/// The size of a dimension by its name, or by those that exporters make the
/// name of: "past + 1".
static std::optional<int64_t> getSize(const ImportOptions &options,
                                      StringRef symbol) {
  if (auto bound = options.dims.find(symbol); bound != options.dims.end())
    return bound->second;
  SmallVector<StringRef> parts;
  symbol.split(parts, '+');
  int64_t sum = 0;
  for (StringRef part : parts) {
    int64_t size;
    auto bound = options.dims.find(part.trim());
    if (bound != options.dims.end())
      size = bound->second;
    else if (part.trim().getAsInteger(10, size) || parts.size() < 2 ||
             size < 0 || size > INT32_MAX)
      return std::nullopt;
    sum += size;
  }
  return sum;
}

LogicalResult GraphImporter::addInputs(const onnx::Graph &graph) {
  llvm::StringSet<> seen, symbolic;
  std::set<std::string> unbound;
  for (const onnx::ValueInfo &input : graph.inputs) {
    Location loc = nameLoc(input.name);
    if (!seen.insert(input.name).second) {
      error(loc) << "input '" << input.name << "' is defined twice";
      continue;
    }
    if (auto bound = options.bindings.find(input.name);
        bound != options.bindings.end()) {
      for (const onnx::Dim &dim : input.dims)
        symbolic.insert(dim.symbol);
      top.values[input.name] = makeBound(input, bound->second);
      continue;
    }
    if (top.values.count(input.name)) // an initializer that may be overridden
      continue;
    top.values[input.name] = nullptr;
    if (!input.isTensor || !convertKind(input.elementType).type) {
      InFlightDiagnostic diagnostic = error(loc);
      diagnostic << "input '" << input.name << "' ";
      if (!input.isTensor)
        diagnostic << "must be a tensor, a sequence of tensors or an optional "
                      "one";
      else if (input.elementType == onnx::String)
        diagnostic << "holds strings; swapc computes with numbers";
      else
        diagnostic << "has elements of type " << input.elementType
                   << " of TensorProto.DataType, which is not supported";
      continue;
    }
    for (const onnx::Dim &dim : input.dims)
      if (!dim.value && !dim.symbol.empty())
        symbolic.insert(dim.symbol);
    auto shapes = options.shapes.find(input.name);
    if (shapes != options.shapes.end()) {
      top.values[input.name] = addShapedInput(input, shapes->second);
      continue;
    }
    if (input.isSequence || input.isOptional || !input.hasShape) {
      error(loc) << "input '" << input.name << "' "
                 << (input.isSequence   ? "is a sequence"
                     : input.isOptional ? "is optional"
                                        : "has no shape")
                 << "; say what it is with --shape " << input.name
                 << (input.isSequence ? "=2x3,2x3 (each tensor's shape) or none"
                     : input.isOptional ? "=2x3 (its shape) or none"
                                        : "=2x3");
      continue;
    }
    SmallVector<int64_t> shape;
    for (auto [i, dim] : llvm::enumerate(input.dims)) {
      int64_t size = dim.value.value_or(-1);
      if (!dim.value && !dim.symbol.empty()) {
        std::optional<int64_t> known = getSize(options, dim.symbol);
        if (!known) {
          unbound.insert(dim.symbol.str());
          continue;
        }
        size = *known;
      }
      if (size < 0)
        error(loc) << "dimension " << i << " of input '" << input.name
                   << "' has no size and no name; give the input's shape with "
                      "--shape "
                   << input.name << "=2x3";
      shape.push_back(size);
    }
    if (shape.size() != input.dims.size() ||
        llvm::any_of(shape, [](int64_t n) { return n < 0; }))
      continue;
    top.values[input.name] = addArgument(input.name, shape, input);
  }
  // Outputs whose size depends on data have names of their own.
  for (const onnx::ValueInfo &output : graph.outputs)
    for (const onnx::Dim &dim : output.dims)
      symbolic.insert(dim.symbol);
  for (const auto &shaped : options.shapes)
    if (!seen.contains(shaped.getKey()))
      error(fileLoc) << "--shape " << shaped.getKey()
                     << ": no input has that name";
  for (const auto &bound : options.dims)
    if (!symbolic.contains(bound.getKey()))
      error(fileLoc) << "--dim " << bound.getKey()
                     << ": no input or output has a dimension of that name";
  for (const auto &bound : options.bindings)
    if (!seen.contains(bound.getKey()))
      error(fileLoc) << "--bind " << bound.getKey()
                     << ": the model has no input of that name";
  if (!unbound.empty()) {
    InFlightDiagnostic diagnostic = error(fileLoc);
    diagnostic << "these dimensions of the inputs have no size:";
    for (const std::string &name : unbound)
      diagnostic << " " << name;
    diagnostic << "; give each with --dim NAME=N, as in --dim "
               << *unbound.begin() << "=1";
  }
  return success(!failed);
}

TensorRef GraphImporter::addArgument(StringRef name, ArrayRef<int64_t> shape,
                                     const onnx::ValueInfo &input) {
  Location loc = nameLoc(name);
  ElementKind kind = convertKind(input.elementType);
  if (!getByteSize(shape, kind.type)) {
    error(loc) << "the size of input '" << name << "' overflows";
    return nullptr;
  }
  for (DictionaryAttr other : argAttrs)
    if (other.getAs<StringAttr>(swap::SwapDialect::kNameAttr) == name) {
      error(loc) << "input '" << name << "' is defined twice";
      return nullptr;
    }
  auto type = RankedTensorType::get(shape, kind.type);
  Value argument = builder.getInsertionBlock()->addArgument(type, loc);
  argAttrs.push_back(getSignature(builder, name, kind));
  TensorRef tensor = makeValue(argument, kind.isUnsigned);
  tensor->format = kind.format;
  return tensor;
}

std::optional<SmallVector<int64_t>>
GraphImporter::getDeclaredShape(StringRef name) {
  if (current != &top)
    return std::nullopt; // names of a function are its own
  for (const onnx::ValueInfo &output : file.getModel().graph->outputs) {
    if (output.name != name || !output.hasShape)
      continue;
    SmallVector<int64_t> shape;
    for (const onnx::Dim &dim : output.dims) {
      auto bound = options.dims.find(dim.symbol);
      bool isBound = !dim.value && bound != options.dims.end();
      shape.push_back(isBound ? bound->second : dim.value.value_or(-1));
    }
    return shape;
  }
  return std::nullopt;
}
