//===- Structures.cpp - Inputs with shapes of the command line --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sequence is as long in every run as --shape says, so that its tensors are
// inputs and outputs of their own: x.0, x.1 and so on.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

using namespace mlir;
using namespace swapc;

std::string swapc::getElementName(StringRef name, size_t index) {
  return (name + "." + Twine(index)).str();
}

/// Whether `shape` is one of those that the model allows.
static bool fits(ArrayRef<int64_t> shape, const onnx::ValueInfo &input,
                 const llvm::StringMap<int64_t> &dims) {
  if (!input.hasShape)
    return true;
  if (shape.size() != input.dims.size())
    return false;
  for (auto [size, dim] : llvm::zip_equal(shape, input.dims)) {
    auto bound = dims.find(dim.symbol);
    if ((dim.value && *dim.value != size) ||
        (bound != dims.end() && bound->second != size))
      return false;
  }
  return true;
}

TensorRef GraphImporter::addShapedInput(const onnx::ValueInfo &input,
                                        ArrayRef<SmallVector<int64_t>> shapes) {
  Location loc = nameLoc(input.name);
  auto fail = [&](const Twine &text) {
    error(loc) << "--shape " << input.name << ": " << text;
    return nullptr;
  };
  for (ArrayRef<int64_t> shape : shapes)
    if (!fits(shape, input, options.dims))
      return fail("is not a shape that the model and --dim allow");
  if (!input.isSequence) {
    if (shapes.empty() && input.isOptional)
      return makeAbsent();
    if (shapes.size() != 1)
      return fail("the input is one tensor, and " + Twine(shapes.size()) +
                  " shapes are given");
    return addArgument(input.name, shapes.front(), input);
  }
  SmallVector<TensorRef> elements;
  for (auto [i, shape] : llvm::enumerate(shapes)) {
    elements.push_back(
        addArgument(getElementName(input.name, i), shape, input));
    if (!elements.back())
      return nullptr;
  }
  return makeSequence(elements);
}
