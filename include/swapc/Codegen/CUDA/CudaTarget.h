//===- CudaTarget.h - What code generation knows of a GPU -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CUDA_CUDATARGET_H
#define SWAPC_CODEGEN_CUDA_CUDATARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir {
class Operation;
} // namespace mlir

namespace swapc {

/// What a program is compiled for where nothing is asked for.
inline constexpr llvm::StringLiteral kDefaultCudaArchs = "sm_80,sm_90";

/// Kernels are cut into tiles once, for all architectures of a program, so that
/// one plan and one blob serve them all.
struct CudaTarget {
  std::vector<unsigned> archs = {90}; ///< 75, 80, ...; ascending.
  int64_t multiprocessors = 132;      ///< That grids are cut for.
  bool tf32 = false; ///< Tensor cores for float32, at 10 bits of mantissa.
};

/// Architectures that code can be made for.
llvm::ArrayRef<unsigned> getCudaArchs();

/// Reads "sm_90" or "sm_75,sm_90". Errors name the known ones.
llvm::Expected<CudaTarget> parseCudaTarget(llvm::StringRef archs);

/// The same for a pass that runs on `op`: the message is an error of `op`.
llvm::FailureOr<CudaTarget> getCudaTarget(llvm::StringRef archs, bool tf32,
                                          mlir::Operation *op);

/// The other way.
std::string getCudaArchNames(const CudaTarget &target);

/// Architectures of the GPUs of this machine, as "sm_90,sm_100".
llvm::Expected<std::string> getNativeCudaArchs();

/// Device memory that a program takes beside its arena, from above: code and
/// the module's data of `kernels` kernels, and a graph of `calls` launches.
int64_t getCudaOverhead(int64_t kernels, int64_t calls);

} // namespace swapc

#endif // SWAPC_CODEGEN_CUDA_CUDATARGET_H
