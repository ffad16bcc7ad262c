//===- BuildCommand.cpp - A compiler that meets a library -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryPage.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/ARMTargetParser.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace swapc;

/// The program need not use what the library does: the ABI has to be the same.
static std::string getArmFlags(const Triple &triple, const CpuTarget &target) {
  Triple::EnvironmentType environment = triple.getEnvironment();
  bool isHard = environment == Triple::EABIHF ||
                environment == Triple::GNUEABIHF ||
                environment == Triple::MuslEABIHF;
  std::string flags;
  if (target.cpu == "generic")
    flags = ("-march=" + ARM::getArchName(ARM::parseArch(triple.getArchName())))
                .str() +
            (isHard ? "+fp" : "");
  else
    flags = "-mcpu=" + target.cpu;
  if (triple.isThumb())
    flags += " -mthumb";
  return flags + (isHard ? " -mfloat-abi=hard" : " -mfloat-abi=soft");
}

static std::string getRiscvFlags(const Triple &triple,
                                 const MCSubtargetInfo &subtarget,
                                 StringRef abi) {
  auto has = [&](StringRef feature) {
    return subtarget.checkFeatures(("+" + feature).str());
  };
  bool is64 = triple.isArch64Bit();
  std::string march = is64 ? "rv64" : "rv32";
  march += has("e") ? 'e' : 'i';
  for (StringRef extension : {"m", "a", "f", "d", "c"})
    if (has(extension))
      march += extension;
  std::string byFeatures = is64 ? "lp64" : "ilp32";
  byFeatures += has("e") ? "e" : has("d") ? "d" : has("f") ? "f" : "";
  return "-march=" + march + " -mabi=" + (abi.empty() ? byFeatures : abi.str());
}

BuildCommand swapc::getBuildCommand(const CodeOptions &code) {
  Triple triple(code.target.triple);
  bool isBare = triple.getOS() == Triple::UnknownOS;
  std::string message;
  const Target *backend = TargetRegistry::lookupTarget(triple, message);
  std::unique_ptr<MCSubtargetInfo> subtarget(
      backend ? backend->createMCSubtargetInfo(triple, code.target.cpu,
                                               code.target.features)
              : nullptr);
  if (triple.isARM() || triple.isThumb())
    return {isBare ? "arm-none-eabi-gcc"
            : triple.getEnvironmentName().ends_with("hf")
                ? "arm-linux-gnueabihf-gcc"
                : "arm-linux-gnueabi-gcc",
            getArmFlags(triple, code.target)};
  if (triple.isRISCV() && subtarget)
    return {isBare ? "riscv64-unknown-elf-gcc" : "riscv64-linux-gnu-gcc",
            getRiscvFlags(triple, *subtarget, code.abi) +
                (isBare ? " -mcmodel=medany -ffreestanding" : "")};
  if (triple.isAArch64())
    return {isBare ? "aarch64-none-elf-gcc" : "aarch64-linux-gnu-gcc", ""};
  return {"cc", !isBare    ? ""
                : code.pic ? "-ffreestanding"
                           : "-ffreestanding -no-pie"};
}
