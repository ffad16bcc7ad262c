//===- OnnxFile.h - An ONNX file as it lies on disk -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of onnx.proto that the importer needs, read from the protobuf wire
// format of a mapped file. Strings and tensor data point into the mapping, so a
// model of gigabytes costs the memory of its graph, and the bytes of each
// tensor have a place in the file.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_ONNXFILE_H
#define SWAPC_LIB_IMPORT_ONNXFILE_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace swapc::onnx {

using llvm::StringRef;

enum DataType : int32_t {
  Undefined = 0,
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26,
};

struct Tensor {
  StringRef name;
  int32_t dataType = Undefined;
  llvm::SmallVector<int64_t, 4> dims;
  /// Dense little-endian elements inside the mapping.
  std::optional<StringRef> bytes;
  /// Elements of int32_data, int64_data and uint64_data as they are coded, inside
  /// the mapping or, where they are not packed in one piece, in `looseVarints`.
  std::optional<StringRef> varints;
  std::string looseVarints;
  /// Elements of float_data and double_data that are not packed in one piece.
  std::string loose;
  bool isExternal = false;
  std::vector<std::pair<StringRef, StringRef>> externalData;
};

/// The numbers of a varint-coded field, each cut to `width` bytes, or to whether
/// it is zero where `isBool`; nothing where the coding is broken.
std::optional<std::string> decodeVarints(StringRef coded, unsigned width,
                                         bool isBool);

struct Graph;

struct Attribute {
  enum Kind : int32_t {
    None = 0,
    FloatKind = 1,
    IntKind = 2,
    StringKind = 3,
    TensorKind = 4,
    GraphKind = 5,
    FloatsKind = 6,
    IntsKind = 7,
    StringsKind = 8
  };
  StringRef name, reference;
  int32_t kind = None;
  float f = 0;
  int64_t i = 0;
  StringRef s;
  std::shared_ptr<Tensor> tensor;
  std::shared_ptr<Graph> graph;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<StringRef> strings;
};

struct Node {
  std::vector<StringRef> inputs, outputs;
  StringRef name, opType, domain;
  std::vector<Attribute> attributes;
};

struct Dim {
  std::optional<int64_t> value;
  StringRef symbol;
};

/// A tensor, an optional one, or a sequence of tensors that may be optional.
struct ValueInfo {
  StringRef name;
  /// False for types that are none of these.
  bool isTensor = false;
  bool isSequence = false, isOptional = false;
  /// Of the tensor, or of all elements of the sequence.
  bool hasShape = false;
  int32_t elementType = Undefined;
  std::vector<Dim> dims;
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<ValueInfo> inputs, outputs;
  bool hasSparseInitializers = false;
};

struct OperatorSet {
  StringRef domain;
  int64_t version = 0;
};

struct Function {
  StringRef name, domain;
  std::vector<StringRef> inputs, outputs;
  std::vector<Node> nodes;
  std::vector<OperatorSet> operatorSets;
  std::vector<Attribute> defaults;
};

struct Model {
  int64_t irVersion = 0;
  std::vector<OperatorSet> operatorSets;
  std::optional<Graph> graph;
  std::vector<Function> functions;
};

/// A mapped file and the model in it.
class File {
public:
  static llvm::Expected<File> open(StringRef path);

  const Model &getModel() const { return model; }
  /// Where in the file `bytes` of a tensor start.
  uint64_t getOffset(StringRef bytes) const {
    return bytes.data() - buffer->getBufferStart();
  }

private:
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  Model model;
};

} // namespace swapc::onnx

#endif // SWAPC_LIB_IMPORT_ONNXFILE_H
