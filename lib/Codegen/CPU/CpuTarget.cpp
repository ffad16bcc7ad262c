//===- CpuTarget.cpp - What code generation knows of a processor ----------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CPU/CpuTarget.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/ARMTargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

using namespace swapc;

static bool isFeature(const llvm::MCSubtargetInfo &subtarget,
                      llvm::StringRef name) {
  return llvm::any_of(
      subtarget.getAllProcessorFeatures(),
      [&](const llvm::SubtargetFeatureKV &known) { return name == known.Key; });
}

static void addHostFeatures(const llvm::MCSubtargetInfo &subtarget,
                            llvm::SubtargetFeatures &features) {
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    if (isFeature(subtarget, feature.first()))
      features.AddFeature(feature.first(), feature.second);
}

/// NEON is of the FPU that compilers take a processor to have, as `-mfpu` says
/// otherwise; LLVM's own list of the processor's features is without it.
static void addNeon(const llvm::Triple &triple, llvm::StringRef cpu,
                    llvm::SubtargetFeatures &features) {
  if (!triple.isARM() && !triple.isThumb())
    return;
  llvm::ARM::FPUKind fpu =
      llvm::ARM::getDefaultFPU(cpu, llvm::ARM::parseArch(triple.getArchName()));
  if (llvm::ARM::getFPUNeonSupportLevel(fpu) !=
      llvm::ARM::NeonSupportLevel::None)
    features.AddFeature("neon");
}

/// Adds those of `text`, or fails with a message.
static llvm::LogicalResult addFeatures(const llvm::MCSubtargetInfo &subtarget,
                                       llvm::StringRef text,
                                       llvm::SubtargetFeatures &features,
                                       llvm::raw_ostream &errors) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    llvm::StringRef name = part.trim();
    bool enable = !name.consume_front("-");
    if (enable)
      name.consume_front("+");
    if (!isFeature(subtarget, name)) {
      errors << "'" << name << "' is not a feature of the processors of "
             << subtarget.getTargetTriple().str() << "\n";
      return llvm::failure();
    }
    features.AddFeature(name, enable);
  }
  return llvm::success();
}

/// What kernels need to know of the instructions.
static void describeInstructions(const llvm::Triple &triple,
                                 const llvm::MCSubtargetInfo &subtarget,
                                 CpuTarget &target) {
  auto has = [&](llvm::StringRef feature) {
    return isFeature(subtarget, feature) &&
           subtarget.checkFeatures(("+" + feature).str());
  };
  target.indexBits = triple.isArch64Bit() ? 64 : 32;
  if (triple.isAArch64() || triple.isRISCV())
    target.addressRegisters = 32;
  if (triple.isX86()) {
    target.hasFma = has("fma");
    target.hasF16c = has("f16c");
    target.hasRounding = has("sse4.1");
    target.hasPairs = has("sse2");
    target.vectorRegisters = triple.isArch64Bit() ? 16 : 8;
    if (has("avx2"))
      target.vectorBits = 256;
    if (has("avx512f") && has("avx512bw") && has("avx512vl")) {
      target.vectorBits = 512;
      target.vectorRegisters = 32;
      target.hasMasks = true;
    }
    target.hasDots = target.hasMasks ? has("avx512vnni") : has("avxvnni");
    return;
  }
  if (triple.isAArch64()) {
    target.hasFloat = target.hasDouble = target.hasFma = target.hasF16c =
        target.hasRounding = has("fp-armv8");
    target.vectorRegisters = 32;
    target.vectorBits = has("neon") ? 128 : 32;
    return;
  }
  // Without vectors a "vector" is one register, of floats where there are any.
  target.vectorBits = 32;
  if (triple.isRISCV()) {
    target.hasFloat = target.hasFma = target.hasRounding = has("f");
    target.hasDouble = has("d");
    target.hasF16c = has("zfhmin");
    target.vectorRegisters = target.hasFloat ? 32 : 16;
    if (!has("zve32f"))
      return;
    target.hasMasks = true;
    target.hasF16c &= has("zvfhmin");
    for (int64_t bits : {64, 128, 256, 512, 1024})
      if (has("zvl" + std::to_string(bits) + "b"))
        target.vectorBits = bits;
    return;
  }
  if (triple.isARM() || triple.isThumb()) {
    target.hasFloat = has("vfp2sp");
    target.hasDouble = target.hasFloat && has("fp64");
    target.hasFma = has("vfp4d16sp");
    target.hasF16c = target.hasFloat && has("fp16");
    target.hasRounding = has("fp-armv8d16sp");
    target.vectorRegisters = target.hasFloat ? 32 : 16;
    if (has("neon") || has("mve.fp")) {
      target.vectorBits = 128;
      target.vectorRegisters = has("neon") ? 16 : 8;
      target.hasMasks = has("mve.fp");
      target.fusesOnDemand = has("neon") && target.hasFma;
    }
  }
}

/// LLVM takes any version for one without extensions.
static bool isUnknownArm(const llvm::Triple &triple) {
  llvm::StringRef name = triple.getArchName();
  return (triple.isARM() || triple.isThumb()) && name != "arm" &&
         name != "thumb" && name != "armeb" && name != "thumbeb" &&
         llvm::ARM::parseArch(name) == llvm::ARM::ArchKind::INVALID;
}

bool swapc::isBareMetal(llvm::StringRef triple) {
  // "none" and "unknown" alike; none at all is the host's.
  return !triple.empty() &&
         llvm::Triple(llvm::Triple::normalize(triple)).getOS() ==
             llvm::Triple::UnknownOS;
}

llvm::FailureOr<CpuTarget> swapc::getCpuTarget(llvm::StringRef triple,
                                               llvm::StringRef cpu,
                                               llvm::StringRef features,
                                               llvm::raw_ostream &errors) {
  static bool initialized = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    return true;
  }();
  (void)initialized;

  CpuTarget target;
  llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  llvm::Triple parsed(triple.empty() ? host.str()
                                     : llvm::Triple::normalize(triple));
  if (isUnknownArm(parsed)) {
    errors << "'" << parsed.getArchName() << "' is not an architecture: "
           << "thumbv6m, thumbv7m, thumbv7em, thumbv8m.main, armv7a are some\n";
    return llvm::failure();
  }
  target.triple = parsed.str();
  target.isBareMetal = isBareMetal(target.triple);
  target.cpu = cpu.str();
  if (cpu == "native") {
    if (parsed.getArch() != host.getArch()) {
      errors << "the cpu 'native' is of " << host.getArchName() << ", not of "
             << target.triple << "\n";
      return llvm::failure();
    }
    target.cpu = llvm::sys::getHostCPUName().str();
  } else if (cpu.empty()) {
    target.cpu = parsed.getArch() == llvm::Triple::x86_64 ? "x86-64-v3"
                 : parsed.isRISCV64()                     ? "generic-rv64"
                                                          : "generic";
  }

  std::string message;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(parsed, message);
  if (!backend) {
    errors << message << "\n";
    return llvm::failure();
  }
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      backend->createMCSubtargetInfo(parsed, "", ""));
  if (!subtarget || !subtarget->isCPUStringValid(target.cpu)) {
    errors << "'" << target.cpu << "' is not a cpu of " << target.triple
           << "\n";
    return llvm::failure();
  }
  llvm::SubtargetFeatures all;
  if (cpu == "native")
    addHostFeatures(*subtarget, all);
  addNeon(parsed, target.cpu, all);
  if (failed(addFeatures(*subtarget, features, all, errors)))
    return llvm::failure();
  target.features = all.getString();
  subtarget.reset(
      backend->createMCSubtargetInfo(parsed, target.cpu, target.features));
  describeInstructions(parsed, *subtarget, target);
  return target;
}

llvm::FailureOr<CpuTarget> swapc::getCpuTarget(llvm::StringRef triple,
                                               llvm::StringRef cpu,
                                               llvm::StringRef features) {
  return getCpuTarget(triple, cpu, features, llvm::errs());
}

llvm::FailureOr<CpuTarget> swapc::getCpuTarget(llvm::StringRef triple,
                                               llvm::StringRef cpu,
                                               llvm::StringRef features,
                                               mlir::Operation *op) {
  std::string message;
  llvm::raw_string_ostream errors(message);
  llvm::FailureOr<CpuTarget> target =
      getCpuTarget(triple, cpu, features, errors);
  if (failed(target))
    op->emitError() << llvm::StringRef(message).rtrim();
  return target;
}
