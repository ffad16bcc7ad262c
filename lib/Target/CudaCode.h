//===- CudaCode.h - Kernels of a model as code for GPUs ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_CUDACODE_H
#define SWAPC_LIB_TARGET_CUDACODE_H

#include "mlir/IR/BuiltinOps.h"
#include "swapc/Codegen/CUDA/CudaTarget.h"
#include "swapc/Codegen/CUDA/Nvrtc.h"
#include "swapc/Target/ModelTables.h"

namespace swapc {

class Progress;

/// What is compiled, and for what.
struct CudaCodeOptions {
  CudaTarget target;
  unsigned threads = 1; ///< That compile side by side.
};

/// NVRTC of the toolkit at `folder` (empty: wherever it is) that can compile
/// for `target`. What is missing is a diagnostic at `location`.
std::unique_ptr<Nvrtc> loadNvrtc(mlir::Location location,
                                 llvm::StringRef folder,
                                 const CudaTarget &target);

/// All kernels of `tables` as one CUDA C++ source.
llvm::FailureOr<std::string> makeCudaSource(mlir::ModuleOp module,
                                            const ModelTables &tables,
                                            const CudaTarget &target);

/// The same as PTX of the newest architecture.
llvm::FailureOr<std::string> makePtx(mlir::ModuleOp module,
                                     const ModelTables &tables,
                                     const CudaTarget &target,
                                     const Nvrtc &nvrtc);

/// Launches and images of all kernels of `tables`: a cubin for each
/// architecture and PTX of the newest, in parts.
llvm::FailureOr<CudaTables> compileCuda(mlir::ModuleOp module,
                                        const ModelTables &tables,
                                        const CudaCodeOptions &options,
                                        const Nvrtc &nvrtc, Progress &progress);

/// What the code takes, in a line.
void printCudaSummary(const CudaTables &tables, llvm::raw_ostream &os);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_CUDACODE_H
