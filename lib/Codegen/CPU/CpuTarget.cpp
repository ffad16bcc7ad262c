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
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

using namespace swapc;

static std::string getHostFeatures() {
  llvm::SubtargetFeatures features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

static void describeVectors(const llvm::Triple &triple,
                            const llvm::MCSubtargetInfo &subtarget,
                            CpuTarget &target) {
  auto has = [&](llvm::StringRef feature) {
    return subtarget.checkFeatures(("+" + feature).str());
  };
  if (triple.isX86()) {
    target.hasFma = has("fma");
    target.hasF16c = has("f16c");
    target.vectorRegisters = triple.isArch64Bit() ? 16 : 8;
    if (has("avx2"))
      target.vectorBits = 256;
    if (has("avx512f") && has("avx512bw") && has("avx512vl")) {
      target.vectorBits = 512;
      target.vectorRegisters = 32;
      target.hasMasks = true;
    }
  } else if (triple.isAArch64()) {
    target.hasFma = target.hasF16c = true;
    target.vectorRegisters = 32;
  } else if (triple.isRISCV()) {
    target.hasFma = has("f");
    target.vectorRegisters = 32;
    target.hasMasks = has("v");
  } else if (triple.isARM() && !has("neon")) {
    target.vectorBits = 32;
  }
}

bool swapc::isBareMetal(llvm::StringRef triple) {
  // "none" and "unknown" alike; none at all is the host's.
  return !triple.empty() &&
         llvm::Triple(llvm::Triple::normalize(triple)).getOS() ==
             llvm::Triple::UnknownOS;
}

llvm::FailureOr<CpuTarget> swapc::getCpuTarget(llvm::StringRef triple,
                                               llvm::StringRef cpu,
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
  target.triple = parsed.str();
  target.cpu = cpu.str();
  if (cpu == "native") {
    if (parsed.getArch() != host.getArch()) {
      errors << "the cpu 'native' is of " << host.getArchName() << ", not of "
             << target.triple << "\n";
      return llvm::failure();
    }
    target.cpu = llvm::sys::getHostCPUName().str();
    target.features = getHostFeatures();
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
  subtarget.reset(
      backend->createMCSubtargetInfo(parsed, target.cpu, target.features));
  describeVectors(parsed, *subtarget, target);
  return target;
}

llvm::FailureOr<CpuTarget> swapc::getCpuTarget(llvm::StringRef triple,
                                               llvm::StringRef cpu) {
  return getCpuTarget(triple, cpu, llvm::errs());
}

llvm::FailureOr<CpuTarget> swapc::getCpuTarget(llvm::StringRef triple,
                                               llvm::StringRef cpu,
                                               mlir::Operation *op) {
  std::string message;
  llvm::raw_string_ostream errors(message);
  llvm::FailureOr<CpuTarget> target = getCpuTarget(triple, cpu, errors);
  if (failed(target))
    op->emitError() << llvm::StringRef(message).rtrim();
  return target;
}
