//===- BoundInputs.cpp - Inputs that are known while compiling --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "NpyFile.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace swapc;

/// Whether numpy's `name` is what elements of the ONNX type are saved as.
/// Types that numpy lacks travel as integers: an element a byte, or the bits of
/// bfloat16.
static bool isSavedAs(StringRef name, int32_t dataType,
                      const ElementKind &kind) {
  int32_t saved = llvm::StringSwitch<int32_t>(name)
                      .Case("f4", onnx::Float)
                      .Case("f2", onnx::Float16)
                      .Case("f8", onnx::Double)
                      .Case("i1", onnx::Int8)
                      .Case("u1", onnx::UInt8)
                      .Case("i2", onnx::Int16)
                      .Case("u2", onnx::UInt16)
                      .Case("i4", onnx::Int32)
                      .Case("u4", onnx::UInt32)
                      .Case("i8", onnx::Int64)
                      .Case("u8", onnx::UInt64)
                      .Case("b1", onnx::Bool)
                      .Default(onnx::Undefined);
  if (kind.format != Format::Plain)
    return name == "u1" || name == "i1";
  return saved == dataType || (name == "u2" && dataType == onnx::BFloat16);
}

/// Elements of less than a byte as ONNX has them: the first in the lowest bits.
static std::string packElements(StringRef elements, unsigned bits) {
  std::string packed;
  unsigned perByte = 8 / bits, mask = (1u << bits) - 1;
  for (auto [i, element] : llvm::enumerate(elements)) {
    if (i % perByte == 0)
      packed.push_back(0);
    packed.back() |= static_cast<char>((element & mask) << i % perByte * bits);
  }
  return packed;
}

TensorRef GraphImporter::makeBound(const onnx::ValueInfo &input,
                                   StringRef path) {
  Location loc = nameLoc(input.name);
  auto fail = [&](const Twine &text) {
    error(loc) << "--bind " << input.name << ": " << text;
    return nullptr;
  };
  ElementKind kind = convertKind(input.elementType);
  if (!input.isTensor || input.isSequence || !kind.type)
    return fail("the input is not a tensor of a number type that swapc "
                "supports");
  llvm::Expected<NpyFile> file = NpyFile::read(path);
  if (!file)
    return fail(llvm::toString(file.takeError()));
  if (!isSavedAs(file->elementType, input.elementType, kind))
    return fail("'" + path + "' has elements of numpy's type '" +
                file->elementType + "', but not the input");
  if (input.hasShape) {
    bool matches = input.dims.size() == file->shape.size();
    for (auto [dim, size] : llvm::zip(input.dims, file->shape)) {
      auto given = options.dims.find(dim.symbol);
      matches &= dim.value
                     ? *dim.value == size
                     : given == options.dims.end() || given->second == size;
    }
    if (!matches) {
      std::string shape;
      for (int64_t size : file->shape)
        shape += (shape.empty() ? "" : ", ") + std::to_string(size);
      return fail("'" + path + "' has the shape [" + shape +
                  "], which is not the input's");
    }
  }
  onnx::Tensor tensor;
  tensor.dataType = input.elementType;
  tensor.dims.assign(file->shape.begin(), file->shape.end());
  unsigned bits = getFormatBits(kind.format);
  tensor.loose =
      bits < 8 ? packElements(file->bytes, bits) : std::move(file->bytes);
  return makeStored(tensor, input.name, loc);
}
