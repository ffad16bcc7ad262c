//===- CodeSizes.h - What a compiled model takes of memory ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_CODESIZES_H
#define SWAPC_TARGET_CODESIZES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>

namespace llvm {
class raw_ostream;
}

namespace swapc {

struct ModelTables;
struct BlobInfo;

/// Bytes of sections of objects, before a linker leaves out what nothing
/// refers to.
struct SectionSizes {
  uint64_t code = 0;      ///< Executable.
  uint64_t constants = 0; ///< Read-only data.
  uint64_t writable = 0;  ///< Data that has to be in RAM, zeros too.

  SectionSizes &operator+=(const SectionSizes &other) {
    code += other.code;
    constants += other.constants;
    writable += other.writable;
    return *this;
  }
};

/// What a program has to provide for a model.
struct CodeSizes {
  SectionSizes model;   ///< Kernels and tables.
  SectionSizes runtime; ///< The core, where it is in the library.
  SectionSizes flash;   ///< The flash port; linked only where it is used.
  uint64_t arena = 0;   ///< Of the largest plan with slots, or the only plan.
  uint64_t session = 0; ///< sizeof(swap_session) on the target; 0: not known.
  uint64_t blob = 0;
  /// Most bytes of stack below a call of the runtime, without the callbacks of
  /// the caller; none where it has no bound that is known.
  std::optional<uint64_t> stack;

  uint64_t getCode() const { return model.code + runtime.code; }
  uint64_t getConstants() const { return model.constants + runtime.constants; }
};

/// Adds up the sections of an object file.
llvm::Expected<SectionSizes> measureObject(llvm::ArrayRef<char> object);

/// Bytes of the arena that most programs allocate: of the largest plan that
/// does not read the blob in place, or of the only one.
uint64_t getArenaBytes(const ModelTables &tables);

/// One line, as in "code 31.2 KiB (kernels 24.0 KiB, runtime 7.2 KiB), ...".
void printCodeSizes(const CodeSizes &sizes, llvm::raw_ostream &os);

} // namespace swapc

#endif // SWAPC_TARGET_CODESIZES_H
