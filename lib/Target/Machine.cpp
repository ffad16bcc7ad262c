//===- Machine.cpp - LLVM's back end ----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

using namespace swapc;

/// Addresses of a RISC-V with 64 bits are counted from the code: its memory
/// often begins at 0x80000000, which absolute ones do not reach.
static std::optional<llvm::CodeModel::Model>
getCodeModel(const llvm::Triple &triple) {
  if (triple.isRISCV64())
    return llvm::CodeModel::Medium;
  return std::nullopt;
}

std::unique_ptr<llvm::TargetMachine>
swapc::createTargetMachine(const CodeOptions &options, std::string &error) {
  const CpuTarget &target = options.target;
  llvm::Triple triple(target.triple);
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  llvm::TargetOptions machine;
  machine.FunctionSections = machine.DataSections = true;
  machine.MCOptions.ABIName = options.abi;
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      triple, target.cpu, target.features, machine,
      options.pic ? llvm::Reloc::PIC_ : llvm::Reloc::Static,
      getCodeModel(triple), llvm::CodeGenOptLevel::Default));
}

void swapc::setTarget(llvm::Module &module,
                      const llvm::TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  if (machine.isPositionIndependent()) {
    module.setPICLevel(llvm::PICLevel::BigPIC);
    return;
  }
  // Nothing is found through a table of addresses.
  for (llvm::GlobalValue &value : module.global_values())
    value.setDSOLocal(true);
}

void swapc::optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     llvm::OptimizationLevel level) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(level).run(module, modules);
}

bool swapc::emitModule(llvm::Module &module, llvm::TargetMachine &machine,
                       CodeFormat format, CodeBuffer &code,
                       std::string &error) {
  llvm::raw_svector_ostream stream(code);
  if (format == CodeFormat::LLVMIR) {
    module.print(stream, nullptr);
    return true;
  }
  llvm::legacy::PassManager passes;
  auto type = format == CodeFormat::Assembly
                  ? llvm::CodeGenFileType::AssemblyFile
                  : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type)) {
    error =
        "target " + machine.getTargetTriple().str() + " cannot emit objects";
    return false;
  }
  passes.run(module);
  return true;
}
