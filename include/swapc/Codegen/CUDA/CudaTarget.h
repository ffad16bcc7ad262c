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

#include <cstdint>
#include <vector>

namespace swapc {

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

} // namespace swapc

#endif // SWAPC_CODEGEN_CUDA_CUDATARGET_H
