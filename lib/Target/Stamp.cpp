//===- Stamp.cpp - Whether what was built is still what it was --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stamp.h"

#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <set>

using namespace swapc;
using namespace llvm;

constexpr StringLiteral kFirstLine = "swapc-stamp 1\n", kFile = "file ";

static std::string getAbsolute(StringRef path) {
  SmallString<256> absolute(path);
  (void)sys::fs::make_absolute(absolute);
  sys::path::remove_dots(absolute, /*remove_dot_dot=*/false);
  return absolute.str().str();
}

/// Size and time of a file; different from any other if it is not there.
static std::string getState(StringRef path) {
  sys::fs::file_status status;
  if (sys::fs::status(path, status))
    return "missing";
  return (Twine(status.getSize()) + " " +
          Twine(status.getLastModificationTime().time_since_epoch().count()))
      .str();
}

void Stamp::add(StringRef key, const Twine &value) {
  std::string text = value.str();
  llvm::replace(text, '\n', ' ');
  options += (key + " " + text + "\n").str();
}

Error Stamp::addContents(StringRef key, StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return fileError("read", path, buffer.getError());
  StringRef text = (*buffer)->getBuffer();
  add(key, toHex(SHA256::hash(ArrayRef(text.bytes_begin(), text.size()))));
  return Error::success();
}

void Stamp::addFile(StringRef key, StringRef path) {
  add(key, getState(path) + " " + getAbsolute(path));
}

static std::string getLine(StringRef path) {
  return (kFile + getState(path) + " " + getAbsolute(path) + "\n").str();
}

bool Stamp::isCurrent(StringRef path) const {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return false;
  StringRef text = (*buffer)->getBuffer();
  if (!text.consume_front(kFirstLine) || !text.consume_front(options))
    return false;
  bool hasFiles = false;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    size_t path = line.find('/'); // behind size and time
    if (path == StringRef::npos ||
        getLine(line.substr(path)) != (line + "\n").str())
      return false;
    hasFiles = true;
  }
  return hasFiles;
}

Error Stamp::write(StringRef path, ArrayRef<std::string> files) const {
  std::string text = (kFirstLine + options).str();
  for (const std::string &file :
       std::set<std::string>(files.begin(), files.end()))
    text += getLine(file);
  return writeText(path, text);
}
