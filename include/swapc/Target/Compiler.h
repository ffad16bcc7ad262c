//===- Compiler.h - The whole compiler as one function ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_COMPILER_H
#define SWAPC_TARGET_COMPILER_H

#include "mlir/IR/MLIRContext.h"
#include "swapc/Codegen/CUDA/CudaTarget.h"
#include "swapc/Dynamic/Dynamic.h"
#include "swapc/Target/ObjectCache.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>
#include <vector>

namespace swapc {

class Progress;

enum class Emit {
  Exe,
  Lib,
  Obj,
  TensorIR,
  KernelIR,
  SwapIR,
  MemoryIR,
  LLVMIR,
  Asm,
  Cuda,
  Ptx,
  Plan
};

/// What runs the kernels.
enum class Device { Cpu, Cuda };

struct CompileOptions {
  std::string model;  ///< Path of the ONNX file.
  std::string output; ///< Path; empty: made from the model's name; "-": stdout.
  std::string name;   ///< Of files and symbols; empty: the model file's.
  std::string symbol; ///< Of an object's swap_model; empty: NAME_model.
  std::string report; ///< Path of a page on the plans; empty: none.
  Emit emit = Emit::Exe;
  /// With Emit::Obj: an archive of objects, for a linker that knows the symbol.
  bool isArchive = false;
  std::vector<std::string> budgets = {"max"};
  std::vector<std::string> profiles; ///< Paths of device profiles.
  llvm::StringMap<int64_t> dims;
  /// Dimensions whose size a run says.
  std::vector<SizeRange> ranges;
  llvm::StringMap<std::string> bindings; ///< Paths, by the input's name.
  /// Of inputs, by name: ImportOptions::shapes.
  llvm::StringMap<llvm::SmallVector<llvm::SmallVector<int64_t>>> shapes;
  std::string triple, cpu; ///< Of the host's part, where there is a GPU.
  std::string features;    ///< Beside the cpu's, as LLVM takes them: "+f,-g".
  bool directConvolutions = false; ///< All tap by tap, none by Winograd's way.
  std::string abi; ///< Of a RISC-V, as in -mabi; empty: by its features.
  /// Whether code runs at any address; by default where there is a system.
  std::optional<bool> pic;
  Device device = Device::Cpu;
  CudaTarget cuda;
  std::string cudaPath; ///< Of the toolkit; empty: found.
  unsigned threads = 1; ///< That a program may use.
  unsigned compileThreads = 1;
  int64_t unitBytes = 0;    ///< 0: chosen by the planner.
  int64_t pageBytes = 0;    ///< Of slots; 0: as the target has files or not.
  bool isBlocking = false;  ///< Nothing is computed while weights are read.
  std::string linkerDriver; ///< Empty: the first that is installed.
  std::string runtimeDir;   ///< Empty: beside the compiler.
  std::string executable;   ///< Path of the compiler itself.
  CacheOptions cache;       ///< Of objects of kernels.
  bool summary = true;      ///< A few lines on the plan, on stderr.
};

/// Dialects that a model passes through.
void registerDialects(mlir::DialectRegistry &registry);

/// What there is to say of a compiled model.
struct CompileResult {
  std::vector<std::string> files; ///< That it was read from.
  size_t plans = 0;
  uint64_t leastBytes = 0, mostBytes = 0; ///< Budgets of the plans.
};

/// Compiles a model. Every failure is a diagnostic of `context`, and leaves no
/// file behind. `result`, where there is one, is filled for what has code.
llvm::LogicalResult compile(const CompileOptions &options,
                            mlir::MLIRContext &context, Progress &progress,
                            CompileResult *result = nullptr);

} // namespace swapc

#endif // SWAPC_TARGET_COMPILER_H
