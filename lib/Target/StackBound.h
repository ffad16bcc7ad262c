//===- StackBound.h - How deep calls of a library reach ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_STACKBOUND_H
#define SWAPC_LIB_TARGET_STACKBOUND_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <set>
#include <string>

namespace llvm {
class Module;
}

namespace swapc {

/// Frames of functions and the calls between them. Frames come from objects
/// that were made with llvm::TargetOptions::EmitStackSizeSection, calls from
/// the IR that an object is about to be made from.
class StackBound {
public:
  /// What routines that the compiler calls (memcpy, arithmetic that a processor
  /// lacks) may put on the stack; they call nothing but each other.
  static constexpr uint64_t kLibraryBytes = 128;

  /// Notes the calls of the runtime. One through a pointer may reach the
  /// functions of that type whose address the module takes, and kernels if it
  /// is of their type; those of the caller's program do not count.
  void addCalls(const llvm::Module &module);

  /// Reads the frames of an object of the runtime.
  llvm::Error addFrames(llvm::ArrayRef<char> object);

  /// Reads those of an object with kernels, which call no others.
  llvm::Error addKernels(llvm::ArrayRef<char> object);

  /// Most bytes below a call of a function that others see; none where a
  /// function calls itself or has no frame of a fixed size.
  std::optional<uint64_t> getBytes() const;

private:
  struct Function {
    std::optional<uint64_t> frame;
    std::set<std::string> callees;
    bool isRoot = false, callsKernels = false;
  };
  using Frames = llvm::StringMap<std::optional<uint64_t>>;
  struct Walk;

  llvm::Expected<Frames> readFrames(llvm::ArrayRef<char> object);
  std::optional<uint64_t> getDepth(llvm::StringRef name, Walk &walk) const;

  llvm::StringMap<Function> functions;
  std::optional<uint64_t> kernels = 0; ///< The largest frame.
  bool callsLibrary = false;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_STACKBOUND_H
