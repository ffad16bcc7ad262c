//===- YamlFile.cpp - Text that LLVM's YAML reader survives -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Support/YamlFile.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"

using namespace swapc;
using namespace llvm;

Expected<std::unique_ptr<MemoryBuffer>> swapc::readRegularFile(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError(path + ": " + error.message());
  if (!sys::fs::is_regular_file(status))
    return createStringError(path + ": not a regular file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

bool swapc::saysInYaml(StringRef text, StringRef word) {
  if (text.contains('\0'))
    return false;
  while (!text.empty()) {
    StringRef line;
    std::tie(line, text) = text.split('\n');
    if (line.split('#').first.contains(word))
      return true;
  }
  return false;
}
