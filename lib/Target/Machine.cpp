//===- Machine.cpp - LLVM's back end ----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/Binary.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace swapc;

/// Addresses of a RISC-V with 64 bits are counted from the code: its memory
/// often begins at 0x80000000, which absolute ones do not reach.
static std::optional<CodeModel::Model> getCodeModel(const Triple &triple) {
  if (triple.isRISCV64())
    return CodeModel::Medium;
  return std::nullopt;
}

Error swapc::checkAbi(const CpuTarget &target, StringRef abi) {
  Triple triple(target.triple);
  if (triple.getEnvironmentName().ends_with("eabihf") && !target.hasFloat)
    return createStringError(
        target.triple + " passes floats in registers of an FPU, and '" +
        target.cpu + "' has none" +
        (target.features.empty() ? "" : " with these features") +
        ": eabi in place of eabihf");
  if (abi.empty())
    return Error::success();
  if (!triple.isRISCV())
    return createStringError("--target-abi: " + target.triple +
                             " has one ABI; those of RISC-V can be chosen");
  std::string message;
  const Target *found = TargetRegistry::lookupTarget(triple, message);
  std::unique_ptr<MCSubtargetInfo> subtarget(
      found->createMCSubtargetInfo(triple, target.cpu, target.features));
  StringRef kind = abi;
  bool isKnown = kind.consume_front(triple.isRISCV64() ? "lp64" : "ilp32") &&
                 (kind.empty() || kind == "f" || kind == "d" || kind == "e");
  if (!isKnown)
    return createStringError("--target-abi: '" + abi + "' is not an ABI of " +
                             target.triple);
  bool hasFew = subtarget->checkFeatures("+e");
  if (hasFew != (kind == "e"))
    return createStringError("--target-abi: '" + abi + "' is for processors " +
                             (hasFew ? "with 32 registers, without feature 'e'"
                                     : "with 16 registers, with feature 'e'"));
  if (!kind.empty() && !hasFew && !subtarget->checkFeatures(("+" + kind).str()))
    return createStringError(
        "--target-abi: '" + abi +
        "' passes floats in registers that need feature '" + kind +
        "': --mattr +" + kind);
  return Error::success();
}

std::unique_ptr<TargetMachine>
swapc::createTargetMachine(const CodeOptions &options, std::string &error) {
  const CpuTarget &target = options.target;
  Triple triple(target.triple);
  const Target *found = TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  TargetOptions machine;
  machine.FunctionSections = machine.DataSections = true;
  machine.MCOptions.ABIName = options.abi;
  machine.EmitStackSizeSection = options.frames;
  std::unique_ptr<TargetMachine> created(found->createTargetMachine(
      triple, target.cpu, target.features, machine,
      options.pic ? Reloc::PIC_ : Reloc::Static, getCodeModel(triple),
      CodeGenOptLevel::Default));
  // Functions that it makes would not be in the bound of the stack.
  created->setMachineOutliner(false);
  return created;
}

void swapc::setTarget(Module &module, const TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  if (machine.isPositionIndependent()) {
    module.setPICLevel(PICLevel::BigPIC);
    return;
  }
  // Nothing is found through a table of addresses.
  for (GlobalValue &value : module.global_values())
    value.setDSOLocal(true);
}

void swapc::optimize(Module &module, TargetMachine &machine,
                     OptimizationLevel level) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager graphs;
  ModuleAnalysisManager modules;
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.LoopUnrolling = false;
  if (level == OptimizationLevel::Oz) {
    tuning.InlinerThreshold = -20; // what has one caller, and less than a call
    tuning.MergeFunctions = true;
  }
  PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(level).run(module, modules);
}

/// What llvm-objcopy does to files.
static Error change(CodeBuffer &object, objcopy::ConfigManager &config) {
  auto file = object::createBinary(
      MemoryBufferRef(StringRef(object.data(), object.size()), "object"));
  if (!file)
    return file.takeError();
  config.Common.OutputFilename = "object";
  CodeBuffer result;
  raw_svector_ostream stream(result);
  if (Error error = objcopy::executeObjcopyOnBinary(config, **file, stream))
    return error;
  object = std::move(result);
  return Error::success();
}

Error swapc::rename(CodeBuffer &object, StringRef from, StringRef to) {
  objcopy::ConfigManager config;
  config.Common.SymbolsToRename[from] = to;
  std::string oldSection = (".text." + from).str();
  std::string newSection = (".text." + to).str();
  config.Common.SectionsToRename[oldSection] = {oldSection, newSection,
                                                std::nullopt};
  return change(object, config);
}

Error swapc::strip(CodeBuffer &object, const CpuTarget &target) {
  objcopy::ConfigManager config;
  SmallVector<StringRef> names = {".stack_sizes", ".ARM.exidx*"};
  if (target.isBareMetal)
    names.push_back(".note.GNU-stack");
  for (StringRef name : names)
    if (Error error = config.Common.ToRemove.addMatcher(
            objcopy::NameOrPattern::create(name, objcopy::MatchStyle::Wildcard,
                                           [](Error error) { return error; })))
      return error;
  return change(object, config);
}

bool swapc::emitModule(Module &module, TargetMachine &machine,
                       CodeFormat format, CodeBuffer &code,
                       std::string &error) {
  raw_svector_ostream stream(code);
  if (format == CodeFormat::LLVMIR) {
    module.print(stream, nullptr);
    return true;
  }
  llvm::legacy::PassManager passes;
  auto type = format == CodeFormat::Assembly ? CodeGenFileType::AssemblyFile
                                             : CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type)) {
    error =
        "target " + machine.getTargetTriple().str() + " cannot emit objects";
    return false;
  }
  passes.run(module);
  return true;
}
