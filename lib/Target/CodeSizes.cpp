//===- CodeSizes.cpp - What a compiled model takes of memory ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/CodeSizes.h"

#include "swap/runtime.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Target/ModelTables.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace swapc;

Expected<SectionSizes> swapc::measureObject(ArrayRef<char> object) {
  auto file = object::ObjectFile::createELFObjectFile(
      MemoryBufferRef(StringRef(object.data(), object.size()), "object"));
  if (!file)
    return file.takeError();
  SectionSizes sizes;
  for (object::ELFSectionRef section : (*file)->sections()) {
    uint64_t flags = section.getFlags();
    if (!(flags & ELF::SHF_ALLOC))
      continue;
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    // Addresses in such constants are filled in when the program is loaded.
    bool isConstant =
        !(flags & ELF::SHF_WRITE) || name->starts_with(".data.rel.ro");
    (flags & ELF::SHF_EXECINSTR ? sizes.code
     : isConstant               ? sizes.constants
                                : sizes.writable) += section.getSize();
  }
  return sizes;
}

uint64_t swapc::getArenaBytes(const ModelTables &tables) {
  uint64_t largest = 0;
  for (const PlanTable &plan : tables.plans) {
    bool hasSlots = llvm::any_of(plan.slots, [](uint64_t slot) {
      return slot != SWAP_SLOT_NONE && slot != SWAP_SLOT_IN_PLACE;
    });
    bool isMapped =
        !hasSlots && llvm::is_contained(plan.slots, SWAP_SLOT_IN_PLACE);
    if (!isMapped || tables.plans.size() == 1)
      largest = std::max(largest, plan.arena);
  }
  return largest;
}

void swapc::printCodeSizes(const CodeSizes &sizes, raw_ostream &os) {
  os << "code " << formatSize(sizes.getCode());
  if (sizes.runtime.code) {
    os << " (kernels " << formatSize(sizes.model.code) << ", runtime "
       << formatSize(sizes.runtime.code);
    if (sizes.flash.code)
      os << "; the flash port, if used, " << formatSize(sizes.flash.code)
         << " more";
    os << ")";
  }
  os << ", constants " << formatSize(sizes.getConstants()) << ", arena "
     << formatSize(sizes.arena);
  if (sizes.stack)
    os << ", stack " << *sizes.stack << " bytes";
  if (sizes.session)
    os << ", session " << sizes.session << " bytes";
  os << ", blob " << formatSize(sizes.blob) << "\n";
}
