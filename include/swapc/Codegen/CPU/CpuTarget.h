//===- CpuTarget.h - What code generation knows of a processor --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CPU_CPUTARGET_H
#define SWAPC_CODEGEN_CPU_CPUTARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <string>

namespace llvm {
class raw_ostream;
}

namespace mlir {
class Operation;
} // namespace mlir

namespace swapc {

struct CpuTarget {
  std::string triple;
  std::string cpu;
  std::string features;          // beside the cpu's: "+avx2,+fma,-sse4a"
  int64_t vectorBits = 128;      // of one register
  int64_t vectorRegisters = 16;  // architectural
  int64_t addressRegisters = 16; // for pointers and integers
  int64_t threads = 2;           // that grids are cut for
  bool isBareMetal = false;      // no operating system
  int64_t indexBits = 64;        // of offsets and loop counters
  bool hasFma = false;
  bool fusesOnDemand = false; // the back end forms vector fmas only where told
  bool hasFloat = true;    // arithmetic of float32 in registers
  bool hasDouble = true;   // of float64 as well
  bool hasRounding = true; // to an integral value in one instruction
  bool hasF16c = false;    // float16 to float32 and back in one instruction
  bool hasPairs = false; // sums two products of 16 bits in one instruction
  bool hasDots = false;  // the same of four bytes
  bool hasMasks = false; // masked loads and stores of any element at full speed

  /// Elements of `bits` in one register.
  int64_t lanes(int64_t bits) const {
    return vectorBits / bits > 0 ? vectorBits / bits : 1;
  }
};

/// Whether `triple` names no operating system; an empty one is the host's.
bool isBareMetal(llvm::StringRef triple);

/// Describes `cpu` of `triple`. An empty triple is the host's, an empty cpu
/// x86-64-v3 (or the generic one of another architecture), and "native" the
/// host's. `features` are added to the processor's, "+f,-g". Fails with a
/// message on `errors`.
llvm::FailureOr<CpuTarget> getCpuTarget(llvm::StringRef triple,
                                        llvm::StringRef cpu,
                                        llvm::StringRef features,
                                        llvm::raw_ostream &errors);

/// The same, with the message on stderr.
llvm::FailureOr<CpuTarget> getCpuTarget(llvm::StringRef triple,
                                        llvm::StringRef cpu,
                                        llvm::StringRef features);

/// The same for a pass that runs on `op`: the message is an error of `op`.
llvm::FailureOr<CpuTarget> getCpuTarget(llvm::StringRef triple,
                                        llvm::StringRef cpu,
                                        llvm::StringRef features,
                                        mlir::Operation *op);

} // namespace swapc

#endif // SWAPC_CODEGEN_CPU_CPUTARGET_H
