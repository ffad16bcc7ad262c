//===- YamlFile.h - Text that LLVM's YAML reader survives -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_SUPPORT_YAMLFILE_H
#define SWAPC_SUPPORT_YAMLFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace swapc {

/// The text of a regular file: a device may never end.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readRegularFile(llvm::StringRef path);

/// Whether `text` is text that says `word` outside of comments. LLVM's reader
/// does not survive text without any value, nor what is no text.
bool saysInYaml(llvm::StringRef text, llvm::StringRef word);

} // namespace swapc

#endif // SWAPC_SUPPORT_YAMLFILE_H
