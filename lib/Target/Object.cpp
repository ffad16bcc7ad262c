//===- Object.cpp - From LLVM IR to objects ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels do not call each other, so they are compiled in parts: part 0 has
// the tables too, and refers to the kernels of the others by name.
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Object.h"

#include "Machine.h"
#include "RoutineCode.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "swapc/Support/Progress.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"

#include <atomic>

using namespace mlir;
using namespace swapc;

namespace {
struct Part {
  OwningOpRef<ModuleOp> kernels;
  uint64_t size = 0; ///< Operations, a measure of the time it takes.
  CodeBuffer code;
  std::string error;
};
} // namespace

/// Kernels of several models may meet in one program: their names begin with
/// the model's symbol.
static void setKernelAttributes(llvm::Module &module,
                                const CodeOptions &options) {
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", options.target.cpu);
    if (!options.target.features.empty())
      function.addFnAttr("target-features", options.target.features);
    if (function.isDeclaration())
      continue;
    function.setName(getKernelSymbol(options.symbol, function.getName()));
    function.setDoesNotThrow();
    function.setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
}

static void compile(Part &part, const ModelTables *tables, const BlobInfo &blob,
                    const CodeOptions &options) {
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(options, part.error);
  if (!machine)
    return;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(*part.kernels, context, "swapc");
  part.kernels = nullptr;
  if (!module) {
    part.error = "kernels have no form in LLVM IR";
    return;
  }
  setKernelAttributes(*module, options);
  if (tables)
    emitModelTables(*tables, blob, options.symbol, *module);
  setTarget(*module, *machine);
  if (!linkRoutines(*module, *machine, options, part.error))
    return;
  // Kernels come vectorised and unrolled as they shall be.
  optimize(*module, *machine, llvm::OptimizationLevel::O2);
  emitModule(*module, *machine, options.format, part.code, part.error);
}

static uint64_t countOperations(Operation *root) {
  uint64_t count = 0;
  root->walk([&](Operation *) { ++count; });
  return count;
}

/// Spreads the functions over parts of about the same size.
static std::vector<Part> split(ModuleOp kernels, unsigned count) {
  std::vector<Part> parts(count);
  for (Part &part : parts)
    part.kernels = ModuleOp::create(kernels.getLoc());
  SmallVector<Operation *> functions;
  SmallVector<std::pair<uint64_t, size_t>> sized;
  for (Operation &op : *kernels.getBody())
    if (isa<LLVM::LLVMFuncOp>(op) && !op.getRegion(0).empty()) {
      sized.push_back({countOperations(&op), functions.size()});
      functions.push_back(&op);
    }
  llvm::sort(sized, [](auto &a, auto &b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (auto &[size, index] : sized) {
    Part &smallest = *llvm::min_element(
        parts, [](Part &a, Part &b) { return a.size < b.size; });
    smallest.size += size;
    smallest.kernels->push_back(functions[index]->clone());
  }
  // Globals and declarations are few: each part gets them.
  for (Operation &op : *kernels.getBody())
    if (isa<LLVM::GlobalOp>(op) ||
        (isa<LLVM::LLVMFuncOp>(op) && op.getRegion(0).empty()))
      for (Part &part : parts)
        part.kernels->push_back(op.clone());
  return parts;
}

FailureOr<std::vector<CodeBuffer>> swapc::emitCode(ModuleOp kernels,
                                                   const ModelTables &tables,
                                                   const BlobInfo &blob,
                                                   const CodeOptions &options,
                                                   Progress &progress) {
  registerBuiltinDialectTranslation(*kernels.getContext());
  registerLLVMDialectTranslation(*kernels.getContext());
  unsigned count = std::max(options.parts, 1u);
  // Small parts make progress visible and balance the threads.
  std::vector<Part> parts = split(kernels, count == 1 ? 1 : count * 4);
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(count));
  std::atomic<size_t> done = 0;
  for (auto [index, part] : llvm::enumerate(parts))
    pool.async([&, index = index, part = &part] {
      compile(*part, index == 0 ? &tables : nullptr, blob, options);
      progress.update(++done, parts.size());
    });
  pool.wait();
  std::vector<CodeBuffer> buffers;
  for (Part &part : parts) {
    if (!part.error.empty())
      return emitError(kernels.getLoc()) << part.error;
    buffers.push_back(std::move(part.code));
  }
  return buffers;
}
