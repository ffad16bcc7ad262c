//===- OnnxFile.cpp - The protobuf wire format of ONNX ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OnnxFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"

using namespace swapc::onnx;
using llvm::StringRef;

/// Graphs in attributes of nodes of graphs: what nests deeper is no model.
static constexpr unsigned kMaxGraphDepth = 64;

namespace {

/// Reads the fields of one message. After anything malformed, `failed` is set
/// and next() returns false.
class Message {
public:
  Message(StringRef bytes, bool &failed)
      : at(bytes.begin()), end(bytes.end()), failed(failed) {}

  bool next() {
    skip();
    if (failed || at == end)
      return false;
    uint64_t tag = readVarint();
    field = tag >> 3;
    wire = tag & 7;
    pending = true;
    if (field == 0 || (wire != 0 && wire != 1 && wire != 2 && wire != 5))
      failed = true;
    return !failed;
  }

  uint64_t field = 0;
  unsigned wire = 0;

  int64_t varint() { return expect(0) ? readVarint() : 0; }
  StringRef bytes() {
    if (!expect(2))
      return {};
    uint64_t length = readVarint();
    return failed ? StringRef() : take(length);
  }
  StringRef fixed(unsigned width) {
    return expect(width == 4 ? 5 : 1) ? take(width) : StringRef();
  }
  float fixedFloat() {
    StringRef data = fixed(4);
    if (failed)
      return 0;
    return llvm::bit_cast<float>(llvm::support::endian::read32le(data.data()));
  }
  /// An integer as it is coded.
  StringRef varintBytes() {
    const char *begin = at;
    varint();
    return failed ? StringRef() : StringRef(begin, at - begin);
  }
  /// The integers of a packed field, one after another.
  bool nextPacked(uint64_t &value) {
    if (failed || at == end)
      return false;
    value = readVarint();
    return !failed;
  }
  /// A repeated integer, packed or not.
  template <typename Vector> void varints(Vector &values) {
    if (wire == 0) {
      values.push_back(varint());
      return;
    }
    Message packed(bytes(), failed);
    for (uint64_t value; packed.nextPacked(value);)
      values.push_back(value);
  }

private:
  bool expect(unsigned expected) {
    pending = false;
    if (wire != expected)
      failed = true;
    return !failed;
  }
  void skip() {
    if (!pending || failed)
      return;
    if (wire == 0)
      varint();
    else if (wire == 2)
      bytes();
    else
      fixed(wire == 5 ? 4 : 8);
  }
  uint64_t readVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at == end)
        break;
      uint8_t byte = *at++;
      value |= uint64_t(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return value;
    }
    failed = true;
    return 0;
  }
  StringRef take(uint64_t length) {
    if (length > uint64_t(end - at)) {
      failed = true;
      return {};
    }
    StringRef data(at, length);
    at += length;
    return data;
  }

  const char *at, *end;
  bool &failed;
  bool pending = false;
};

/// Parses messages by field number; see onnx.proto.
struct Parser {
  bool failed = false, tooDeep = false;
  unsigned depth = 0;

  /// float_data and double_data: one packed piece stays where it is.
  void parseFixed(Message &m, unsigned width, Tensor &tensor) {
    StringRef data = m.wire == 2 ? m.bytes() : m.fixed(width);
    if (m.wire == 2 && tensor.loose.empty() && !tensor.bytes) {
      tensor.bytes = data;
      return;
    }
    if (tensor.bytes) {
      tensor.loose = tensor.bytes->str();
      tensor.bytes.reset();
    }
    tensor.loose += data;
  }

  /// The same for integers.
  void parseVarints(Message &m, Tensor &tensor) {
    StringRef data = m.wire == 2 ? m.bytes() : m.varintBytes();
    if (m.wire == 2 && tensor.looseVarints.empty() && !tensor.varints) {
      tensor.varints = data;
      return;
    }
    if (tensor.varints) {
      tensor.looseVarints = tensor.varints->str();
      tensor.varints.reset();
    }
    tensor.looseVarints += data;
  }

  Tensor parseTensor(StringRef bytes) {
    Tensor tensor;
    Message m(bytes, failed);
    while (m.next()) {
      switch (m.field) {
      case 1:
        m.varints(tensor.dims);
        break;
      case 2:
        tensor.dataType = m.varint();
        break;
      case 4:
        parseFixed(m, 4, tensor);
        break;
      case 5:
      case 7:
      case 11:
        parseVarints(m, tensor);
        break;
      case 8:
        tensor.name = m.bytes();
        break;
      case 9:
        tensor.bytes = m.bytes();
        break;
      case 10:
        parseFixed(m, 8, tensor);
        break;
      case 13:
        tensor.externalData.push_back(parseEntry(m.bytes()));
        break;
      case 14:
        tensor.isExternal = m.varint() == 1;
        break;
      }
    }
    return tensor;
  }

  std::pair<StringRef, StringRef> parseEntry(StringRef bytes) {
    std::pair<StringRef, StringRef> entry;
    Message m(bytes, failed);
    while (m.next()) {
      if (m.field == 1)
        entry.first = m.bytes();
      else if (m.field == 2)
        entry.second = m.bytes();
    }
    return entry;
  }

  Attribute parseAttribute(StringRef bytes) {
    Attribute attribute;
    Message m(bytes, failed);
    while (m.next()) {
      switch (m.field) {
      case 1:
        attribute.name = m.bytes();
        break;
      case 2:
        attribute.f = m.fixedFloat();
        break;
      case 3:
        attribute.i = m.varint();
        break;
      case 4:
        attribute.s = m.bytes();
        break;
      case 5:
        attribute.tensor = std::make_shared<Tensor>(parseTensor(m.bytes()));
        break;
      case 6:
        attribute.graph = std::make_shared<Graph>(parseGraph(m.bytes()));
        break;
      case 7:
        if (m.wire == 5) {
          attribute.floats.push_back(m.fixedFloat());
        } else {
          StringRef data = m.bytes();
          failed |= data.size() % 4 != 0;
          for (; data.size() >= 4; data = data.drop_front(4))
            attribute.floats.push_back(llvm::bit_cast<float>(
                llvm::support::endian::read32le(data.data())));
        }
        break;
      case 8:
        m.varints(attribute.ints);
        break;
      case 9:
        attribute.strings.push_back(m.bytes());
        break;
      case 20:
        attribute.kind = m.varint();
        break;
      case 21:
        attribute.reference = m.bytes();
        break;
      }
    }
    return attribute;
  }

  Node parseNode(StringRef bytes) {
    Node node;
    Message m(bytes, failed);
    while (m.next()) {
      switch (m.field) {
      case 1:
        node.inputs.push_back(m.bytes());
        break;
      case 2:
        node.outputs.push_back(m.bytes());
        break;
      case 3:
        node.name = m.bytes();
        break;
      case 4:
        node.opType = m.bytes();
        break;
      case 5:
        node.attributes.push_back(parseAttribute(m.bytes()));
        break;
      case 7:
        node.domain = m.bytes();
        break;
      }
    }
    return node;
  }

  Dim parseDim(StringRef bytes) {
    Dim dim;
    Message m(bytes, failed);
    while (m.next()) {
      if (m.field == 1)
        dim.value = m.varint();
      else if (m.field == 2)
        dim.symbol = m.bytes();
    }
    if (dim.value && *dim.value < 0) // what Paddle writes for an open size
      dim.value.reset();
    return dim;
  }

  ValueInfo parseValueInfo(StringRef bytes) {
    ValueInfo info;
    Message m(bytes, failed);
    while (m.next()) {
      if (m.field == 1) {
        info.name = m.bytes();
      } else if (m.field == 2) {
        parseType(m.bytes(), info);
      }
    }
    return info;
  }

  void parseType(StringRef bytes, ValueInfo &info) {
    Message m(bytes, failed);
    while (m.next()) {
      bool wrapsOnce = (m.field == 4 && !info.isSequence) ||
                       (m.field == 9 && !info.isOptional && !info.isSequence);
      if (m.field == 1) {
        parseTensorType(m.bytes(), info);
      } else if (wrapsOnce) {
        (m.field == 4 ? info.isSequence : info.isOptional) = true;
        Message element(m.bytes(), failed);
        while (element.next())
          if (element.field == 1)
            parseType(element.bytes(), info);
      }
    }
  }

  void parseTensorType(StringRef bytes, ValueInfo &info) {
    info.isTensor = true;
    Message m(bytes, failed);
    while (m.next()) {
      if (m.field == 1) {
        info.elementType = m.varint();
      } else if (m.field == 2) {
        info.hasShape = true;
        Message shape(m.bytes(), failed);
        while (shape.next())
          if (shape.field == 1)
            info.dims.push_back(parseDim(shape.bytes()));
      }
    }
  }

  Graph parseGraph(StringRef bytes) {
    Graph graph;
    if (depth == kMaxGraphDepth) {
      failed = tooDeep = true;
      return graph;
    }
    ++depth;
    llvm::scope_exit leave([&] { --depth; });
    Message m(bytes, failed);
    while (m.next()) {
      switch (m.field) {
      case 1:
        graph.nodes.push_back(parseNode(m.bytes()));
        break;
      case 5:
        graph.initializers.push_back(parseTensor(m.bytes()));
        break;
      case 11:
        graph.inputs.push_back(parseValueInfo(m.bytes()));
        break;
      case 12:
        graph.outputs.push_back(parseValueInfo(m.bytes()));
        break;
      case 15:
        graph.hasSparseInitializers = true;
        break;
      }
    }
    return graph;
  }

  OperatorSet parseOperatorSet(StringRef bytes) {
    OperatorSet set;
    Message m(bytes, failed);
    while (m.next()) {
      if (m.field == 1)
        set.domain = m.bytes();
      else if (m.field == 2)
        set.version = m.varint();
    }
    return set;
  }

  Function parseFunction(StringRef bytes) {
    Function function;
    Message m(bytes, failed);
    while (m.next()) {
      switch (m.field) {
      case 1:
        function.name = m.bytes();
        break;
      case 4:
        function.inputs.push_back(m.bytes());
        break;
      case 5:
        function.outputs.push_back(m.bytes());
        break;
      case 7:
        function.nodes.push_back(parseNode(m.bytes()));
        break;
      case 9:
        function.operatorSets.push_back(parseOperatorSet(m.bytes()));
        break;
      case 10:
        function.domain = m.bytes();
        break;
      case 11:
        function.defaults.push_back(parseAttribute(m.bytes()));
        break;
      }
    }
    return function;
  }

  Model parseModel(StringRef bytes) {
    Model model;
    Message m(bytes, failed);
    while (m.next()) {
      switch (m.field) {
      case 1:
        model.irVersion = m.varint();
        break;
      case 7:
        model.graph = parseGraph(m.bytes());
        break;
      case 8:
        model.operatorSets.push_back(parseOperatorSet(m.bytes()));
        break;
      case 25:
        model.functions.push_back(parseFunction(m.bytes()));
        break;
      }
    }
    return model;
  }
};

} // namespace

std::optional<std::string> swapc::onnx::decodeVarints(StringRef coded,
                                                      unsigned width,
                                                      bool isBool) {
  bool failed = false;
  Message packed(coded, failed);
  std::string elements;
  // Each number ends with a byte below 128.
  elements.reserve(width * llvm::count_if(coded, [](char byte) {
                     return !(byte & 0x80);
                   }));
  for (uint64_t value; packed.nextPacked(value);) {
    if (isBool)
      value = value != 0;
    for (unsigned i = 0; i < width; ++i)
      elements.push_back(static_cast<char>(value >> (8 * i)));
  }
  if (failed)
    return std::nullopt;
  return elements;
}

llvm::Expected<File> File::open(StringRef path) {
  auto fail = [](const llvm::Twine &text) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
  };
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return fail("cannot read the model: " + code.message());
  if (!llvm::sys::fs::is_regular_file(status))
    return fail("cannot read the model: not a regular file");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail("cannot read the model: " + buffer.getError().message());
  if ((*buffer)->getBufferSize() == 0)
    return fail("the file is empty");
  File file;
  file.buffer = std::move(*buffer);
  Parser parser;
  file.model = parser.parseModel(file.buffer->getBuffer());
  if (parser.tooDeep)
    return fail("not an ONNX model that can be read: graphs nest deeper than " +
                llvm::Twine(kMaxGraphDepth));
  if (parser.failed)
    return fail("not an ONNX model, or cut short: its protobuf encoding is "
                "broken; export or copy the file again");
  if (!file.model.graph)
    return fail("not an ONNX model: it holds no graph");
  return file;
}
