//===- Values.cpp - Tensors of the graph and where they are -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Integers of up to this many elements become constants, so that shape
/// arithmetic folds.
static constexpr int64_t kMaxConstantElements = 1024;
/// Floats of up to this many elements are known while compiling as well, for
/// the scales of Resize and the like; where they are computed with, they stay
/// weights.
static constexpr int64_t kMaxKnownFloats = 8;

std::optional<uint64_t> swapc::getByteSize(ArrayRef<int64_t> shape,
                                           Type elementType) {
  int64_t bytes = swap::getElementBytes(elementType);
  for (int64_t size : shape)
    if (size < 0 || llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
  return bytes;
}

DenseElementsAttr swapc::makeElements(RankedTensorType type,
                                      ArrayRef<Attribute> values) {
  if (!values.empty() && llvm::all_equal(values))
    values = values.take_front();
  return DenseElementsAttr::get(type, values);
}

/// Elements from the bytes of a file; one byte for each bool.
static DenseElementsAttr makeElements(RankedTensorType type, StringRef bytes) {
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> values;
    for (char byte : bytes)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(type, values);
  }
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(bytes.data(), bytes.size()));
}

Type GraphImporter::convertType(int32_t dataType) {
  switch (dataType) {
  case onnx::Float:
    return builder.getF32Type();
  case onnx::Float16:
    return builder.getF16Type();
  case onnx::BFloat16:
    return builder.getBF16Type();
  case onnx::Double:
    return builder.getF64Type();
  case onnx::Bool:
    return builder.getI1Type();
  case onnx::Int8:
  case onnx::UInt8:
    return builder.getI8Type();
  case onnx::Int16:
  case onnx::UInt16:
    return builder.getIntegerType(16);
  case onnx::Int32:
  case onnx::UInt32:
    return builder.getI32Type();
  case onnx::Int64:
  case onnx::UInt64:
    return builder.getI64Type();
  default:
    return {};
  }
}

ElementKind GraphImporter::convertKind(int32_t dataType) {
  auto byte = [&](Format format) {
    bool isUnsigned = format == Format::U4 || format == Format::U2;
    return ElementKind{builder.getI8Type(), isUnsigned, format};
  };
  switch (dataType) {
  case onnx::Float8E4M3FN:
    return byte(Format::F8E4M3FN);
  case onnx::Float8E4M3FNUZ:
    return byte(Format::F8E4M3FNUZ);
  case onnx::Float8E5M2:
    return byte(Format::F8E5M2);
  case onnx::Float8E5M2FNUZ:
    return byte(Format::F8E5M2FNUZ);
  case onnx::Float8E8M0:
    return byte(Format::F8E8M0);
  case onnx::Float4E2M1:
    return byte(Format::F4E2M1);
  case onnx::Int4:
    return byte(Format::I4);
  case onnx::UInt4:
    return byte(Format::U4);
  case onnx::Int2:
    return byte(Format::I2);
  case onnx::UInt2:
    return byte(Format::U2);
  default:
    return {convertType(dataType), isUnsignedType(dataType)};
  }
}

bool GraphImporter::isUnsignedType(int32_t dataType) {
  return dataType == onnx::UInt8 || dataType == onnx::UInt16 ||
         dataType == onnx::UInt32 || dataType == onnx::UInt64;
}

TensorRef GraphImporter::makeValue(Value value, bool isUnsigned) {
  TensorValue &tensor = tensors.emplace_back();
  tensor.type = cast<RankedTensorType>(value.getType());
  tensor.isUnsigned = isUnsigned;
  tensor.value = value;
  return &tensor;
}

TensorRef GraphImporter::makeConstant(DenseElementsAttr constant,
                                      bool isUnsigned) {
  TensorValue &tensor = tensors.emplace_back();
  tensor.type = cast<RankedTensorType>(constant.getType());
  tensor.isUnsigned = isUnsigned;
  tensor.constant = constant;
  return &tensor;
}

TensorRef GraphImporter::makeSequence(ArrayRef<TensorRef> elements) {
  TensorValue &sequence = tensors.emplace_back();
  sequence.kind = TensorValue::Sequence;
  sequence.elements.assign(elements.begin(), elements.end());
  return &sequence;
}

TensorRef GraphImporter::getStored(const onnx::Tensor &tensor, StringRef name,
                                   Location loc) {
  TensorRef &known = stored[&tensor];
  if (!known)
    known = makeStored(tensor, name, loc);
  return known;
}

TensorRef GraphImporter::makeStored(const onnx::Tensor &tensor, StringRef name,
                                    Location loc) {
  auto fail = [&](const Twine &text) {
    error(loc) << "tensor '" << name << "': " << text;
    return nullptr;
  };
  ElementKind kind = convertKind(tensor.dataType);
  Type elementType = kind.type;
  if (!elementType)
    return fail("element type " + Twine(tensor.dataType) +
                " of TensorProto.DataType is not supported");
  std::optional<uint64_t> bytes = getByteSize(tensor.dims, elementType);
  if (!bytes)
    return fail("its shape is negative or its size overflows");
  auto type = RankedTensorType::get(tensor.dims, elementType);
  int64_t count = type.getNumElements();
  bool isUnsigned = kind.isUnsigned;
  auto known = [&](DenseElementsAttr elements) {
    TensorRef result = makeConstant(elements, isUnsigned);
    result->format = kind.format;
    return result;
  };
  if (count == 0)
    return known(DenseElementsAttr::get(type, ArrayRef<Attribute>()));
  // Elements of less than a byte lie packed, the first in the lowest bits.
  unsigned perByte = 8 / getFormatBits(kind.format);
  if (perByte > 1)
    bytes = llvm::divideCeil(count, perByte);

  FileRange range;
  if (tensor.isExternal) {
    auto resolved = resolveExternalData(tensor, *bytes, directory);
    if (!resolved)
      return fail(llvm::toString(resolved.takeError()));
    range = *resolved;
  } else if (tensor.bytes) {
    if (tensor.bytes->size() != *bytes)
      return fail("holds " + Twine(tensor.bytes->size()) +
                  " bytes, but its shape and type take " + Twine(*bytes));
    range = {fileName, file.getOffset(*tensor.bytes), *bytes};
  } else {
    std::string data = tensor.loose;
    unsigned width = perByte > 1 ? 1 : swap::getElementBytes(elementType);
    if (data.empty()) {
      std::optional<std::string> decoded = onnx::decodeVarints(
          tensor.varints ? *tensor.varints : StringRef(tensor.looseVarints),
          width, elementType.isInteger(1));
      if (!decoded)
        return fail("the protobuf encoding of its elements is broken; export "
                    "or copy the file again");
      data = std::move(*decoded);
    }
    if (data.size() != *bytes)
      return fail("holds " + Twine(data.size() / width) +
                  " elements, but its shape takes " +
                  Twine(perByte > 1 ? *bytes : count));
    if (perByte > 1)
      return known(
          ::makeElements(type, unpackElements(data, count, kind.format)));
    DenseElementsAttr elements = ::makeElements(type, data);
    bool small = count == 1 || (isa<IntegerType>(elementType) &&
                                count <= kMaxConstantElements);
    if (small)
      return known(elements);
    TensorValue &result = tensors.emplace_back();
    result.type = type;
    result.isUnsigned = isUnsigned;
    result.format = kind.format;
    result.source = elements;
    result.name = name.str();
    return &result;
  }

  TensorValue &result = tensors.emplace_back();
  result.type = type;
  result.isUnsigned = isUnsigned;
  result.format = kind.format;
  result.isPacked = perByte > 1;
  result.name = name.str();
  result.source = swap::FileAttr::get(builder.getContext(),
                                      builder.getStringAttr(range.path),
                                      range.offset, range.length);
  bool isInteger = isa<IntegerType>(elementType);
  // What does not fill its last byte is rare, and never a large weight.
  bool isRagged = count % perByte != 0;
  if (isRagged || count <= (isInteger ? kMaxConstantElements : kMaxKnownFloats)) {
    if (tensor.isExternal) {
      result.constant = readElements(&result);
      if (!result.constant)
        return fail("cannot read '" + Twine(range.path) + "'");
    } else if (result.isPacked) {
      result.constant = ::makeElements(
          type, unpackElements(*tensor.bytes, count, kind.format));
    } else {
      result.constant = ::makeElements(type, *tensor.bytes);
    }
    if (isInteger || count == 1)
      result.source = {};
  }
  return &result;
}

DenseElementsAttr GraphImporter::getElements(TensorRef tensor) {
  if (tensor->constant)
    return tensor->constant;
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(tensor->source))
    return elements;
  auto source = dyn_cast_or_null<swap::FileAttr>(tensor->source);
  if (!source || tensor->getNumElements() > kMaxFoldedElements)
    return {};
  return readElements(tensor);
}

DenseElementsAttr GraphImporter::readElements(TensorRef tensor) {
  auto source = cast<swap::FileAttr>(tensor->source);
  auto bytes = readRange(
      {source.getPath().str(), source.getOffset(), source.getLength()},
      directory);
  if (!bytes) {
    llvm::consumeError(bytes.takeError());
    return {};
  }
  if (tensor->isPacked)
    return ::makeElements(
        tensor->type,
        unpackElements(*bytes, tensor->getNumElements(), tensor->format));
  return ::makeElements(tensor->type, *bytes);
}

Value GraphImporter::materialize(TensorRef tensor) {
  if (tensor->value)
    return tensor->value;
  Location loc = tensor->name.empty() ? fileLoc : nameLoc(tensor->name);
  if (tensor->getNumElements() == 0) { // not a weight of no bytes
    Type type = tensor->getElementType();
    Value zero = arith::ConstantOp::create(builder, loc, type,
                                           builder.getZeroAttr(type));
    Value empty =
        tensor::EmptyOp::create(builder, loc, tensor->getShape(), type);
    SmallVector<utils::IteratorType> iterators(tensor->getRank(),
                                               utils::IteratorType::parallel);
    tensor->value =
        linalg::GenericOp::create(
            builder, loc, empty.getType(), ValueRange{}, empty,
            builder.getMultiDimIdentityMap(tensor->getRank()), iterators,
            [&](OpBuilder &b, Location at, ValueRange) {
              linalg::YieldOp::create(b, at, zero);
            })
            .getResult(0);
    return tensor->value;
  }
  if (tensor->constant && !tensor->source) {
    tensor->value = arith::ConstantOp::create(builder, loc, tensor->constant);
    return tensor->value;
  }
  tensor->value = tensor->isPacked ? unpack(tensor, loc)
                                   : addParameter(tensor, loc, tensor->type);
  return tensor->value;
}

Value GraphImporter::addParameter(TensorRef tensor, Location loc,
                                  RankedTensorType type) {
  // Two tensors of one name: constants of functions that are called twice.
  std::string symbol = tensor->name;
  while (!symbols.try_emplace(symbol, 0).second)
    symbol = tensor->name + "." + std::to_string(++symbols[tensor->name]);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(builder.getInsertionBlock()->getParentOp());
    swap::ParameterOp::create(builder, loc, symbol, type, tensor->source);
  }
  return swap::ParamOp::create(
      builder, loc, type, FlatSymbolRefAttr::get(builder.getContext(), symbol));
}
