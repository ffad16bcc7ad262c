//===- RoutineCode.cpp - Routines that kernels call -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A routine is inlined into each kernel that calls it, where its constants are
// known. So a kernel stays one function: its frame is the stack that it takes,
// and models do not meet in symbols of the same name.
//
//===----------------------------------------------------------------------===//

#include "RoutineCode.h"

#include "RuntimeCode.h"
#include "swapc/Codegen/CPU/Passes.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/AttributeMask.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace swapc;

static bool callsRoutines(const Module &kernels) {
  return any_of(kernels, [](const Function &function) {
    return function.isDeclaration() &&
           function.getName().starts_with(kRoutinePrefix);
  });
}

/// What the bitcode says of a processor gives way to the kernels' own.
static void setAttributes(Function &function, const CpuTarget &target) {
  AttributeMask stale;
  for (Attribute attribute : function.getAttributes().getFnAttrs())
    stale.addAttribute(attribute);
  function.removeFnAttrs(stale);
  function.addFnAttr("target-cpu", target.cpu);
  if (!target.features.empty())
    function.addFnAttr("target-features", target.features);
  function.addFnAttr("no-trapping-math", "true");
  function.addFnAttr("no-builtins");
  function.addFnAttr(Attribute::AlwaysInline);
  function.setDoesNotThrow();
}

bool swapc::linkRoutines(Module &kernels, const TargetMachine &machine,
                         const CodeOptions &options, std::string &error) {
  if (!callsRoutines(kernels))
    return true;
  StringRef bitcode = getRoutineBitcode(machine);
  if (bitcode.empty()) {
    error = "there are no routines for " + options.target.triple +
            ", and the model needs some";
    return false;
  }
  Expected<std::unique_ptr<Module>> routines = parseBitcodeFile(
      MemoryBufferRef(bitcode, "routines"), kernels.getContext());
  if (!routines) {
    error = toString(routines.takeError());
    return false;
  }
  Module &module = **routines;
  if (NamedMDNode *flags = module.getModuleFlagsMetadata())
    flags->eraseFromParent();
  module.setTargetTriple(kernels.getTargetTriple());
  module.setDataLayout(kernels.getDataLayout());
  for (Function &function : module)
    if (!function.isDeclaration())
      setAttributes(function, options.target);
  if (Linker::linkModules(kernels, std::move(*routines),
                          Linker::LinkOnlyNeeded)) {
    error = "routines do not link with the kernels";
    return false;
  }
  for (Function &function : kernels) {
    if (!function.getName().starts_with(kRoutinePrefix))
      continue;
    if (function.isDeclaration()) {
      error = "there is no routine named " +
              function.getName().drop_front(kRoutinePrefix.size()).str();
      return false;
    }
    function.setVisibility(GlobalValue::DefaultVisibility);
    function.setLinkage(GlobalValue::InternalLinkage);
  }
  return true;
}
