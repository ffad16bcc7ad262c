//===- RuntimeCode.cpp - The runtime's code in a library --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime is part of swapc as bitcode that was not optimised, one for each
// architecture. Which processor it is for shows in attributes of its functions
// and in flags of its module; both give way to those of the target.
//
//===----------------------------------------------------------------------===//

#include "RuntimeCode.h"

#include "Machine.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
using namespace swapc;

// Runtime/Bitcode.S.
#define BITCODE(part, arch)                                                    \
  extern "C" const char swapc_bitcode_##part##_##arch[];                       \
  extern "C" const char swapc_bitcode_##part##_##arch##_end[];
#define ARCHITECTURES(part)                                                    \
  BITCODE(part, arm)                                                           \
  BITCODE(part, aarch64)                                                       \
  BITCODE(part, aarch64_crc)                                                   \
  BITCODE(part, riscv32)                                                       \
  BITCODE(part, riscv64)                                                       \
  BITCODE(part, x86_64)
ARCHITECTURES(core)
ARCHITECTURES(sizes)
ARCHITECTURES(flash)
ARCHITECTURES(routines)
#undef BITCODE
#undef ARCHITECTURES

namespace {
/// A part of the runtime for each architecture.
struct Part {
  StringRef name;
  StringRef arm, aarch64, aarch64Crc, riscv32, riscv64, x86;
};
} // namespace

#define RANGE(part, arch)                                                      \
  StringRef(swapc_bitcode_##part##_##arch,                                     \
            swapc_bitcode_##part##_##arch##_end -                              \
                swapc_bitcode_##part##_##arch)
#define PART(part)                                                             \
  {                                                                            \
    "swap_" #part ".o", RANGE(part, arm), RANGE(part, aarch64),                \
        RANGE(part, aarch64_crc), RANGE(part, riscv32), RANGE(part, riscv64),  \
        RANGE(part, x86_64)                                                    \
  }

static Part getCore() { return PART(core); }
static Part getSizes() { return PART(sizes); }
static Part getFlash() { return PART(flash); }
static Part getRoutines() { return PART(routines); }

Error swapc::checkLibraryTarget(StringRef name) {
  Triple triple(name.empty() ? sys::getDefaultTargetTriple()
                             : Triple::normalize(name));
  bool hasRuntime = triple.isARM() || triple.isThumb() ||
                    triple.getArch() == Triple::aarch64 || triple.isRISCV() ||
                    triple.getArch() == Triple::x86_64;
  bool isIlp32 = triple.getEnvironment() == Triple::GNUX32 ||
                 triple.getEnvironment() == Triple::MuslX32 ||
                 triple.getEnvironment() == Triple::GNUILP32;
  if (hasRuntime && !isIlp32 && triple.isLittleEndian() &&
      triple.isOSBinFormatELF())
    return Error::success();
  return createStringError("there is no runtime for " + triple.str() +
                           ": little-endian ARM, AArch64, RISC-V and x86-64 "
                           "have one, in ELF files");
}

static StringRef getBitcode(const Part &part, const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  if (triple.isARM() || triple.isThumb())
    return part.arm;
  if (triple.getArch() == Triple::aarch64)
    return machine.getMCSubtargetInfo()->checkFeatures("+crc") ? part.aarch64Crc
                                                               : part.aarch64;
  if (triple.isRISCV32())
    return part.riscv32;
  if (triple.isRISCV64())
    return part.riscv64;
  return triple.getArch() == Triple::x86_64 ? part.x86 : "";
}

StringRef swapc::getRoutineBitcode(const TargetMachine &machine) {
  return getBitcode(getRoutines(), machine);
}

static StringSet<> getFeatures(const Function &function) {
  StringSet<> features;
  SmallVector<StringRef> names;
  function.getFnAttribute("target-features")
      .getValueAsString()
      .split(names, ',');
  features.insert(names.begin(), names.end());
  return features;
}

/// Gives each function the target's processor. What only some have beside
/// (instructions they check for themselves) stays theirs.
/// That loops do not become calls (of strlen) stays as well.
static void setProcessor(Module &module, const CpuTarget &target) {
  StringMap<unsigned> counts;
  unsigned functions = 0;
  for (const Function &function : module) {
    if (function.isDeclaration())
      continue;
    ++functions;
    for (const auto &feature : getFeatures(function))
      ++counts[feature.getKey()];
  }
  for (Function &function : module) {
    std::string features = target.features;
    if (!function.isDeclaration()) {
      std::vector<StringRef> own;
      for (const auto &feature : getFeatures(function))
        if (counts[feature.getKey()] < functions &&
            feature.getKey().starts_with("+"))
          own.push_back(counts.find(feature.getKey())->getKey());
      llvm::sort(own);
      for (StringRef feature : own)
        features += (features.empty() ? "" : ",") + feature.str();
    }
    for (StringRef stale :
         {"target-features", "tune-cpu", "use-soft-float", "frame-pointer",
          "no-trapping-math", "stack-protector-buffer-size",
          "min-legal-vector-width"})
      function.removeFnAttr(stale);
    function.addFnAttr("target-cpu", target.cpu);
    if (!features.empty())
      function.addFnAttr("target-features", features);
  }
}

/// Flags say how C was read: sizes of wchar_t and enums, of which interfaces
/// have none, so that code of any compiler links with it; and an ABI.
static void setFlags(Module &module, const CodeOptions &options) {
  if (NamedMDNode *flags = module.getModuleFlagsMetadata())
    flags->eraseFromParent();
  if (!options.abi.empty())
    module.addModuleFlag(Module::Error, "target-abi",
                         MDString::get(module.getContext(), options.abi));
  if (Triple(options.target.triple).isRISCV())
    module.addModuleFlag(Module::Min, "SmallDataLimit", uint32_t(0));
}

/// Headers of the runtime declare what has default visibility.
static void setLinkage(Module &module) {
  for (GlobalValue &value : module.global_values()) {
    if (value.isDeclaration() || value.hasLocalLinkage())
      continue;
    if (value.hasDefaultVisibility()) {
      value.setLinkage(GlobalValue::WeakODRLinkage);
      continue;
    }
    value.setVisibility(GlobalValue::DefaultVisibility);
    value.setLinkage(GlobalValue::InternalLinkage);
  }
}

/// Takes out the constant that Runtime/session_bytes.c has, and gives it.
static uint64_t takeSessionBytes(Module &module) {
  GlobalVariable *variable = module.getNamedGlobal("swapc_session_bytes");
  if (!variable)
    return 0;
  uint64_t value =
      cast<ConstantInt>(variable->getInitializer())->getZExtValue();
  variable->eraseFromParent();
  return value;
}

static Expected<std::unique_ptr<Module>>
parsePart(const Part &part, const TargetMachine &machine,
          LLVMContext &context) {
  Expected<std::unique_ptr<Module>> module = parseBitcodeFile(
      MemoryBufferRef(getBitcode(part, machine), part.name), context);
  if (module) {
    (*module)->setModuleIdentifier(part.name);
    (*module)->setSourceFileName(part.name);
  }
  return module;
}

/// Compiles parts into one object, which has the first one's name; `prepare`
/// sees the IR first, `finish` last.
static Expected<RuntimeObject> emitParts(ArrayRef<Part> parts,
                                        const CodeOptions &options,
                                        function_ref<void(Module &)> prepare,
                                        function_ref<void(Module &)> finish) {
  std::string message;
  std::unique_ptr<TargetMachine> machine =
      createTargetMachine(options, message);
  if (!machine)
    return createStringError(message);
  LLVMContext context;
  Expected<std::unique_ptr<Module>> module =
      parsePart(parts.front(), *machine, context);
  if (!module)
    return module.takeError();
  for (const Part &part : parts.drop_front()) {
    Expected<std::unique_ptr<Module>> more =
        parsePart(part, *machine, context);
    if (!more)
      return more.takeError();
    if (Linker::linkModules(**module, std::move(*more)))
      return createStringError(part.name + " does not link");
  }
  prepare(**module);
  setLinkage(**module);
  setFlags(**module, options);
  setProcessor(**module, options.target);
  setTarget(**module, *machine);
  optimize(**module, *machine, OptimizationLevel::Oz);
  finish(**module);
  RuntimeObject object;
  object.name = parts.front().name.str();
  if (!emitModule(**module, *machine, CodeFormat::Object, object.code, message))
    return createStringError(message);
  return object;
}

Expected<RuntimeCode> swapc::emitRuntime(const CodeOptions &options,
                                         bool hasSizes, StackBound &stack) {
  RuntimeCode code;
  SmallVector<Part, 2> parts{getCore()};
  if (hasSizes)
    parts.push_back(getSizes());
  CodeOptions withFrames = options;
  withFrames.frames = true;
  Expected<RuntimeObject> core = emitParts(
      parts, withFrames,
      [&](Module &module) { code.sessionBytes = takeSessionBytes(module); },
      [&](Module &module) { stack.addCalls(module); });
  if (!core)
    return core.takeError();
  code.core = std::move(*core);
  if (Error error = stack.addFrames(code.core.code))
    return std::move(error);
  if (Error error = strip(code.core.code, options.target))
    return std::move(error);
  Expected<RuntimeObject> flash = emitParts(
      getFlash(), options, [](Module &) {}, [](Module &) {});
  if (!flash)
    return flash.takeError();
  code.flash = std::move(*flash);
  if (Error error = strip(code.flash.code, options.target))
    return std::move(error);
  return code;
}
