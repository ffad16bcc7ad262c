//===- FormatFlow.cpp - Formats through operators that move -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// To a handler the elements of a format are i8. Operators that only move
// elements therefore need not know of formats: their results get the format of
// their inputs here. All others are refused such inputs.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace swapc;

/// Moves elements without looking at them.
static bool isMove(StringRef name) {
  static const llvm::StringSet<> kNames = {
      "Concat",         "DepthToSpace", "Expand",   "Flatten", "Gather",
      "GatherElements", "GatherND",     "Identity", "Reshape", "Slice",
      "SpaceToDepth",   "Split",        "Squeeze",  "Tile",    "Transpose",
      "Unsqueeze",      "Where"};
  return kNames.contains(name);
}

/// Knows formats itself, or takes no more than a shape.
static bool knowsFormats(StringRef name) {
  static const llvm::StringSet<> kNames = {"BitCast",
                                           "Cast",
                                           "CastLike",
                                           "DequantizeLinear",
                                           "If",
                                           "Loop",
                                           "Optional",
                                           "OptionalGetElement",
                                           "OptionalHasElement",
                                           "QuantizeLinear",
                                           "Scan",
                                           "SequenceAt",
                                           "SequenceConstruct",
                                           "SequenceErase",
                                           "SequenceInsert",
                                           "SequenceLength",
                                           "Shape",
                                           "Size",
                                           "com.microsoft.DequantizeLinear",
                                           "com.microsoft.GatherBlockQuantized",
                                           "com.microsoft.QuantizeLinear"};
  return kNames.contains(name);
}

std::string swapc::getKindName(const ElementKind &kind) {
  if (kind.format != Format::Plain)
    return getFormatName(kind.format).str();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << (kind.isUnsigned ? "u" : "") << kind.type;
  return text;
}

LogicalResult NodeImporter::checkFormats(StringRef name) {
  TensorRef formatted = nullptr;
  for (TensorRef input : inputs)
    if (input && input->format != Format::Plain)
      formatted = input;
  if (!formatted || knowsFormats(name))
    return success();
  if (!isMove(name))
    return error("does not take elements of type " +
                 getKindName(formatted->getKind()) + "; cast them before");
  for (TensorRef input : inputs)
    if (input && input->kind == TensorValue::Tensor &&
        input->getElementType() == formatted->getElementType() &&
        input->format != formatted->format)
      return error("takes inputs of one element type, not " +
                   getKindName(formatted->getKind()) + " and " +
                   getKindName(input->getKind()));
  return success();
}

void NodeImporter::passFormats(StringRef name,
                               ArrayRef<TensorRef> tensors) const {
  if (!isMove(name))
    return;
  for (TensorRef input : inputs)
    if (input && input->format != Format::Plain)
      for (TensorRef result : tensors)
        result->format = input->format;
}
