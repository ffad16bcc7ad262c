//===- KernelSource.h - CUDA C++ of kernels ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every kernel function of the kernel phase becomes one function of CUDA C++:
//
//   extern "C" __global__ void __launch_bounds__(THREADS)
//   NAME(const __grid_constant__ swap_args<N> args)
//
// where swap_args (device/prelude.cuh) holds the operands' addresses
// (arguments, then results), the scratch area and the tiles of the launch.
// Block x computes tile swap_block_tile(args), and of its sum part blockIdx.y.
// The hand-written parts are templates in device/*.cuh; what is generated are
// constants, index arithmetic and scalar bodies.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CUDA_KERNELSOURCE_H
#define SWAPC_LIB_CODEGEN_CUDA_KERNELSOURCE_H

#include "Swap/SwapDialect.h"
#include "swapc/Codegen/CUDA/CudaTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <string>

namespace swapc {

struct ContractionInfo;

/// How a kernel is cut into tiles and launched.
struct CudaKernelPlan {
  mlir::swap::ScheduleAttr schedule;
  mlir::swap::GpuAttr launch;
  llvm::SmallVector<int64_t> readOnce =
      {}; ///< See the attribute swap.read_once.
};

// ScheduleCudaKernels.cpp

/// Sets the kernel's swap.schedule and swap.gpu.
mlir::LogicalResult scheduleCudaKernel(mlir::func::FuncOp kernel,
                                       const CudaTarget &target);

// ContractionPlan.cpp, ContractionSource.cpp

/// Fails silently where no contraction template fits; then rows do.
llvm::FailureOr<CudaKernelPlan> planCudaContraction(const ContractionInfo &info,
                                                    const CudaTarget &target);

/// Columns of a panel of B.
int64_t getCudaPanelWidth(const ContractionInfo &info,
                          const CudaTarget &target);

/// Writes the kernel; its function has a swap.schedule and a swap.gpu.
mlir::LogicalResult emitCudaContraction(mlir::func::FuncOp kernel,
                                        const ContractionInfo &info,
                                        const CudaTarget &target,
                                        llvm::raw_ostream &os);

// RowPlan.cpp, RowSource.cpp

llvm::FailureOr<CudaKernelPlan> planCudaRows(mlir::func::FuncOp kernel,
                                             const CudaTarget &target);
mlir::LogicalResult emitCudaRows(mlir::func::FuncOp kernel,
                                 const CudaTarget &target,
                                 llvm::raw_ostream &os);

// ScalarSource.cpp

/// "float", "f16", "bf16", "double", "signed char", "short", "int",
/// "long long"; i1 is "bool". f16 and bf16 are structs of device/prelude.cuh
/// that hold bits; arithmetic on them is done in float, as on the CPU.
std::string getDeviceType(mlir::Type type);

/// A number as an expression of getDeviceType.
std::string formatDeviceConstant(mlir::Attribute value);

/// One operation of a body on the expressions of its operands, which have no
/// blanks; "" for one that is unknown.
std::string formatDeviceOperation(mlir::Operation *op,
                                  llvm::ArrayRef<std::string> operands);

/// Reads an element of a tensor, as an expression of getDeviceType. Indices are
/// "long long" and inside the tensor. "" where the tensor cannot be read.
using ExtractSource = std::function<std::string(
    mlir::Value tensor, llvm::ArrayRef<std::string> indices)>;

/// Writes the statements of the body of `op`; gives the expressions of what it
/// yields. `arguments` are the values of the block's arguments, `indices` of
/// its loops ("(int)..." expressions, only evaluated where linalg.index asks).
/// Variables are named after the operation's place in the kernel: a body that
/// is written twice needs a block for each.
llvm::FailureOr<llvm::SmallVector<std::string>>
emitScalarBody(mlir::linalg::GenericOp op,
               llvm::ArrayRef<std::string> arguments,
               llvm::ArrayRef<std::string> indices,
               const ExtractSource &extract, llvm::raw_ostream &os);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CUDA_KERNELSOURCE_H
