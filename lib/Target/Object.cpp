//===- Object.cpp - From LLVM IR to objects ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One object, or text, of kernels and of tables that refer to kernels by name,
// here or in other objects.
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Object.h"

#include "EmitObject.h"
#include "Machine.h"
#include "RoutineCode.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace swapc;

void swapc::registerTranslations(MLIRContext &context) {
  registerBuiltinDialectTranslation(context);
  registerLLVMDialectTranslation(context);
}

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

bool swapc::emitObject(OwningOpRef<ModuleOp> kernels, const CodeOptions &options,
                       function_ref<void(llvm::Module &)> addTables,
                       CodeBuffer &code, std::string &error) {
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(options, error);
  if (!machine)
    return false;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(*kernels, context, "swapc");
  kernels = nullptr;
  if (!module) {
    error = "kernels have no form in LLVM IR";
    return false;
  }
  setKernelAttributes(*module, options);
  addTables(*module);
  setTarget(*module, *machine);
  if (!linkRoutines(*module, *machine, options, error))
    return false;
  // Kernels come vectorised and unrolled as they shall be.
  optimize(*module, *machine, llvm::OptimizationLevel::O2);
  return emitModule(*module, *machine, options.format, code, error);
}

FailureOr<CodeBuffer> swapc::emitCode(OwningOpRef<ModuleOp> kernels,
                                      const ModelTables &tables,
                                      const BlobInfo &blob,
                                      const CodeOptions &options) {
  registerTranslations(*kernels->getContext());
  Location location = kernels->getLoc();
  CodeBuffer code;
  std::string error;
  if (!emitObject(
          std::move(kernels), options,
          [&](llvm::Module &module) {
            emitModelTables(tables, blob, options.symbol, module);
            if (!options.costs.empty())
              emitKernelCosts(tables, options.costs, module);
          },
          code, error))
    return emitError(location) << error;
  return code;
}
