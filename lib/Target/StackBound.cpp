//===- StackBound.cpp - How deep calls of a library reach -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StackBound.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/DataExtractor.h"

using namespace llvm;
using namespace swapc;

/// swap_kernel_fn: (operands, begin, end, scratch).
static bool isKernelType(const FunctionType *type) {
  return type->getReturnType()->isVoidTy() && type->getNumParams() == 4 &&
         type->getParamType(0)->isPointerTy() &&
         type->getParamType(1)->isIntegerTy(64) &&
         type->getParamType(2)->isIntegerTy(64) &&
         type->getParamType(3)->isPointerTy();
}

void StackBound::addCalls(const Module &module) {
  for (const llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    Function &node = functions[function.getName()];
    node.isRoot = !function.hasLocalLinkage();
    for (const Instruction &instruction : instructions(function)) {
      // Whoever is given a function may call it.
      for (const Value *operand : instruction.operands())
        if (auto *callee =
                dyn_cast<llvm::Function>(operand->stripPointerCasts()))
          if (!callee->isDeclaration())
            node.callees.insert(callee->getName().str());
      auto *call = dyn_cast<CallBase>(&instruction);
      if (!call || !call->isIndirectCall())
        continue;
      const FunctionType *type = call->getFunctionType();
      node.callsKernels |= isKernelType(type);
      for (const llvm::Function &callee : module)
        if (!callee.isDeclaration() && callee.getFunctionType() == type &&
            callee.hasAddressTaken())
          node.callees.insert(callee.getName().str());
    }
  }
}

/// The function that a relocation refers to: by its own symbol, or by that of
/// its section, which has no other.
static Expected<std::string>
getFunction(const object::RelocationRef &relocation,
            const object::ELFObjectFileBase &file) {
  object::ELFSymbolRef symbol(*relocation.getSymbol());
  if (symbol.getELFType() == ELF::STT_FUNC) {
    Expected<StringRef> name = symbol.getName();
    return name ? Expected<std::string>(name->str()) : name.takeError();
  }
  Expected<object::section_iterator> section = symbol.getSection();
  if (!section)
    return section.takeError();
  for (object::ELFSymbolRef other : file.symbols()) {
    Expected<object::section_iterator> place = other.getSection();
    if (!place)
      return place.takeError();
    if (other.getELFType() != ELF::STT_FUNC || *place != *section)
      continue;
    Expected<StringRef> name = other.getName();
    return name ? Expected<std::string>(name->str()) : name.takeError();
  }
  return createStringError("a size of a stack names no function");
}

Expected<StackBound::Frames> StackBound::readFrames(ArrayRef<char> object) {
  auto created = object::ObjectFile::createELFObjectFile(
      MemoryBufferRef(StringRef(object.data(), object.size()), "object"));
  if (!created)
    return created.takeError();
  const auto &file = cast<object::ELFObjectFileBase>(**created);
  Frames frames;
  for (object::ELFSymbolRef symbol : file.symbols()) {
    Expected<StringRef> name = symbol.getName();
    Expected<uint32_t> flags = symbol.getFlags();
    if (!name || !flags)
      return joinErrors(name.takeError(), flags.takeError());
    if (symbol.getELFType() == ELF::STT_FUNC)
      frames[*name];
    // What is not in this library or another's part of the runtime.
    if ((*flags & object::SymbolRef::SF_Undefined) && !name->empty() &&
        !name->contains('.') && !name->starts_with("swap_"))
      callsLibrary = true;
  }
  // The call itself pushes the return address.
  uint64_t link = file.getArch() == Triple::x86_64 ? 8 : 0;
  for (object::ELFSectionRef relocations : file.sections()) {
    Expected<object::section_iterator> sizes =
        relocations.getRelocatedSection();
    if (!sizes)
      return sizes.takeError();
    if (*sizes == file.section_end())
      continue;
    Expected<StringRef> name = (*sizes)->getName();
    if (!name)
      return name.takeError();
    if (*name != ".stack_sizes")
      continue;
    Expected<StringRef> content = (*sizes)->getContents();
    if (!content)
      return content.takeError();
    DataExtractor data(*content, file.isLittleEndian(),
                       file.getBytesInAddress());
    for (const object::RelocationRef &relocation : relocations.relocations()) {
      Expected<std::string> function = getFunction(relocation, file);
      if (!function)
        return function.takeError();
      uint64_t at = relocation.getOffset() + file.getBytesInAddress();
      frames[*function] = data.getULEB128(&at) + link;
    }
  }
  return frames;
}

Error StackBound::addFrames(ArrayRef<char> object) {
  Expected<Frames> frames = readFrames(object);
  if (!frames)
    return frames.takeError();
  for (const auto &frame : *frames)
    functions[frame.getKey()].frame = frame.getValue();
  return Error::success();
}

Error StackBound::addKernels(ArrayRef<char> object) {
  Expected<Frames> frames = readFrames(object);
  if (!frames)
    return frames.takeError();
  for (const auto &frame : *frames)
    if (!frame.getValue() || !kernels)
      kernels.reset();
    else
      kernels = std::max(*kernels, *frame.getValue());
  return Error::success();
}

/// Functions on the path and the depths that are known.
struct StackBound::Walk {
  StringSet<> path;
  StringMap<std::optional<uint64_t>> depths;
};

std::optional<uint64_t> StackBound::getDepth(StringRef name, Walk &walk) const {
  auto known = walk.depths.find(name);
  if (known != walk.depths.end())
    return known->getValue();
  const Function &function = functions.find(name)->getValue();
  if (!function.frame || !walk.path.insert(name).second)
    return std::nullopt;
  std::optional<uint64_t> deepest = callsLibrary ? kLibraryBytes : 0;
  auto reach = [&](std::optional<uint64_t> depth) {
    deepest = deepest && depth ? std::max(deepest, depth) : std::nullopt;
  };
  for (const std::string &callee : function.callees)
    reach(getDepth(callee, walk));
  if (function.callsKernels)
    reach(kernels ? *kernels + (callsLibrary ? kLibraryBytes : 0) : kernels);
  walk.path.erase(name);
  std::optional<uint64_t> depth =
      deepest ? *deepest + *function.frame : deepest;
  walk.depths[name] = depth;
  return depth;
}

std::optional<uint64_t> StackBound::getBytes() const {
  std::optional<uint64_t> most = 0;
  Walk walk;
  for (const auto &entry : functions)
    if (entry.getValue().isRoot) {
      std::optional<uint64_t> depth = getDepth(entry.getKey(), walk);
      if (!depth)
        return std::nullopt;
      most = std::max(most, depth);
    }
  return most;
}
