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
/// Types that numpy lacks travel as unsigned integers of their width.
static bool isSavedAs(StringRef name, int32_t dataType, Type elementType) {
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
  if (saved == dataType)
    return true;
  auto floatType = dyn_cast<FloatType>(elementType);
  return floatType && !floatType.isF16() && floatType.getWidth() <= 16 &&
         name == (floatType.getWidth() == 16 ? "u2" : "u1");
}

TensorRef GraphImporter::makeBound(const onnx::ValueInfo &input,
                                   StringRef path) {
  Location loc = nameLoc(input.name);
  auto fail = [&](const Twine &text) {
    error(loc) << "--bind " << input.name << ": " << text;
    return nullptr;
  };
  Type elementType = convertType(input.elementType);
  if (!input.isTensor || input.isSequence || !elementType)
    return fail("the input is not a tensor of a number type that swapc "
                "supports");
  llvm::Expected<NpyFile> file = NpyFile::read(path);
  if (!file)
    return fail(llvm::toString(file.takeError()));
  if (!isSavedAs(file->elementType, input.elementType, elementType))
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
  tensor.loose = std::move(file->bytes);
  return makeStored(tensor, input.name, loc);
}
