//===- NpyFile.cpp - Arrays that numpy saved --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Versions 1 to 3: a magic, a length, and a Python dictionary with 'descr',
// 'fortran_order' and 'shape' in any order. Anything else in it is refused.
//
//===----------------------------------------------------------------------===//

#include "NpyFile.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace swapc;
using llvm::StringRef;

namespace {
/// What is left of the dictionary's text.
class Dictionary {
public:
  explicit Dictionary(StringRef text) : rest(text.trim(" \t\n")) {}

  bool parse() {
    if (!take("{"))
      return false;
    unsigned seen = 0;
    while (!take("}")) {
      StringRef key;
      if (!quoted(key) || !take(":"))
        return false;
      unsigned bit = key == "descr"           ? 1
                     : key == "fortran_order" ? 2
                     : key == "shape"         ? 4
                                              : 0;
      if (!bit || (seen & bit) || !value(bit))
        return false;
      seen |= bit;
      if (!take(",") && !rest.starts_with("}"))
        return false;
    }
    return rest.empty() && seen == 7;
  }

  StringRef descr;
  bool isFortran = false;
  llvm::SmallVector<int64_t> shape;

private:
  bool take(StringRef text) {
    rest = rest.ltrim(" \t\n");
    return rest.consume_front(text);
  }

  bool quoted(StringRef &text) {
    StringRef quote = take("'") ? "'" : take("\"") ? "\"" : "";
    size_t end = quote.empty() ? StringRef::npos : rest.find(quote.front());
    if (end == StringRef::npos)
      return false;
    text = rest.take_front(end);
    rest = rest.drop_front(end + 1);
    return true;
  }

  bool value(unsigned bit) {
    if (bit == 1)
      return quoted(descr);
    if (bit == 2) {
      isFortran = take("True");
      return isFortran || take("False");
    }
    if (!take("("))
      return false;
    while (!take(")")) {
      int64_t size;
      rest = rest.ltrim(" \t\n");
      if (rest.consumeInteger(10, size) || size < 0)
        return false;
      shape.push_back(size);
      if (!take(",") && !rest.starts_with(")"))
        return false;
    }
    return true;
  }

  StringRef rest;
};
} // namespace

llvm::Expected<NpyFile> NpyFile::read(StringRef path) {
  auto fail = [&](const llvm::Twine &text) {
    return llvm::createStringError("'" + path + "' " + text);
  };
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail("cannot be read: " + buffer.getError().message());
  StringRef data = (*buffer)->getBuffer();
  if (!data.starts_with("\x93NUMPY") || data.size() < 12 || data[6] < 1 ||
      data[6] > 3)
    return fail("is not an .npy file of version 1 to 3");
  size_t start = data[6] == 1 ? 10 : 12;
  size_t length = data[6] == 1
                      ? llvm::support::endian::read16le(data.data() + 8)
                      : llvm::support::endian::read32le(data.data() + 8);
  Dictionary header(data.substr(start, length));
  if (length > data.size() - start || !header.parse())
    return fail("has a damaged header");
  if (header.isFortran && header.shape.size() > 1)
    return fail("is in Fortran order; save numpy.ascontiguousarray of it");
  // '|': elements of one byte have no order.
  int64_t bytes;
  if (header.descr.size() < 3 || !StringRef("<|=").contains(header.descr[0]) ||
      header.descr.drop_front(2).getAsInteger(10, bytes) || bytes <= 0)
    return fail("has elements of type '" + header.descr +
                "', which is not supported");
  for (int64_t size : header.shape)
    if (llvm::MulOverflow(bytes, size, bytes))
      return fail("has a shape whose size overflows");
  data = data.drop_front(start + length);
  if (data.size() != static_cast<size_t>(bytes))
    return fail("holds " + llvm::Twine(data.size()) +
                " bytes of elements, but its shape and type take " +
                llvm::Twine(bytes));
  NpyFile file;
  file.elementType = header.descr.drop_front().str();
  file.shape = header.shape;
  file.bytes = data.str();
  return file;
}
