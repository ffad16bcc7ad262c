//===- ModelTables.h - The constant tables of a compiled model --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_MODELTABLES_H
#define SWAPC_TARGET_MODELTABLES_H

#include "mlir/IR/BuiltinOps.h"
#include "swapc/Target/Blob.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace swapc {

struct TensorInfo {
  std::string name;
  uint32_t dtype; ///< swap_dtype
  std::vector<int64_t> dims;
  uint64_t bytes;
};

/// Sizes that a run says, as in swap_dynamic; nothing where there are none.
struct DynamicTables {
  struct Size {
    std::string name;
    uint32_t input;
    int64_t least, most;
  };
  struct Extent {
    uint32_t tensor, dim, size;
    int64_t scale;
  };
  struct Cut {
    uint32_t kernel, size, period, unit;
    int64_t scale, offset;
  };
  std::vector<Size> sizes;
  std::vector<Extent> extents;
  std::vector<Cut> cuts;
};

/// Inputs and outputs of @main. Planning replaces @main: take it before.
struct ModelSignature {
  std::string name;
  std::vector<TensorInfo> inputs, outputs;
  DynamicTables dynamic;
};
llvm::FailureOr<ModelSignature> getModelSignature(mlir::ModuleOp module);

/// A swap_plan without its address constants.
struct PlanTable {
  uint64_t budget, arena, peak, resident = 0, streamed = 0;
  uint64_t region = 0; ///< The arena without resident units.
  uint64_t predictedNs = 0, computeNs = 0;
  uint64_t scratchOffset, scratchStride;
  uint32_t threads;
  struct Step {
    uint32_t op, index, firstOperand, operandCount;
    uint64_t tileBegin, tileEnd;
    uint32_t scratch, aux;
  };
  struct Operand {
    uint32_t space, index;
    int64_t offset;
  };
  std::vector<Step> steps;
  std::vector<Operand> operands;
  std::vector<uint64_t> slots;
  std::vector<uint8_t> isResident;
  std::vector<uint64_t> live; ///< per step, or empty
};

/// What a swap_cuda_model has beside the swap_model.
struct CudaTables {
  struct Kernel {
    uint32_t threads, splits, sharedBytes;
  };
  struct Image {
    uint32_t arch;
    bool ptx;
    uint32_t firstKernel, kernelCount;
    llvm::SmallVector<char, 0> data;
  };
  std::vector<Kernel> kernels; ///< In the order of ModelTables::kernels.
  std::vector<Image> images;
  uint64_t overhead = 0;
  std::string symbol; ///< Under which the swap_cuda_model is exported.
};

/// A swap_kernel_costs.
struct KernelCosts {
  std::string node;
  uint64_t tiles, operations, bytes;
};

/// Everything of a swap_model but the code and the blob's checksums.
struct ModelTables {
  ModelSignature signature;
  std::vector<std::string> kernels; ///< Symbols, in the order of first launch.
  std::vector<KernelCosts> costs;   ///< Of the kernels.
  std::vector<PlanTable> plans;     ///< In ascending order of budget.
  uint64_t weightBytes = 0, modelBytes = 0, minBytes = 0;
  uint32_t pageBytes = SWAP_BLOB_ALIGN; ///< Of slots.
  std::optional<CudaTables> cuda;       ///< Where a GPU runs the kernels.
};

/// Reads the memory phase.
llvm::FailureOr<ModelTables> buildModelTables(mlir::ModuleOp module,
                                              ModelSignature signature);

/// Linker name of a kernel of the model that is exported as `model`.
std::string getKernelSymbol(llvm::StringRef model, llvm::StringRef kernel);

/// Adds the tables to `module` as constant data and exports `symbol`, a
/// swap_model, and for a GPU a swap_cuda_model. Kernels are declared where the
/// module does not have them; those of a GPU are in its images.
void emitModelTables(const ModelTables &tables, const BlobInfo &blob,
                     llvm::StringRef symbol, llvm::Module &module);

/// Adds and exports what profiles of runs show beside times, as `symbol`.
void emitKernelCosts(const ModelTables &tables, llvm::StringRef symbol,
                     llvm::Module &module);

} // namespace swapc

#endif // SWAPC_TARGET_MODELTABLES_H
