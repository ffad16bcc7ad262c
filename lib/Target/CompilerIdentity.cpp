//===- CompilerIdentity.cpp - Which compiler this is ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A version would not do: compilers under development share one, and LLVM's
// libraries are replaced without this program. Linkers write a hash of what
// they linked into each file.
//
//===----------------------------------------------------------------------===//

#include "CompilerIdentity.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"

#include <elf.h>
#include <link.h>

using namespace llvm;

/// The linker's hash, empty where there is none.
static ArrayRef<uint8_t> getBuildId(const dl_phdr_info &info) {
  for (const ElfW(Phdr) & header : ArrayRef(info.dlpi_phdr, info.dlpi_phnum)) {
    if (header.p_type != PT_NOTE)
      continue;
    ArrayRef<uint8_t> notes(
        reinterpret_cast<const uint8_t *>(info.dlpi_addr + header.p_vaddr),
        header.p_memsz);
    size_t align = header.p_align == 8 ? 8 : 4;
    while (notes.size() >= sizeof(ElfW(Nhdr))) {
      const auto *note = reinterpret_cast<const ElfW(Nhdr) *>(notes.data());
      size_t begin = alignTo(sizeof(*note) + note->n_namesz, align);
      size_t end = alignTo(begin + note->n_descsz, align);
      if (end > notes.size())
        break;
      StringRef name(reinterpret_cast<const char *>(note + 1), note->n_namesz);
      if (note->n_type == NT_GNU_BUILD_ID && name.rtrim('\0') == "GNU")
        return notes.slice(begin, note->n_descsz);
      notes = notes.drop_front(end);
    }
  }
  return {};
}

static int addObject(dl_phdr_info *info, size_t, void *text) {
  std::string &identity = *static_cast<std::string *>(text);
  StringRef path = info->dlpi_name;
  if (ArrayRef<uint8_t> id = getBuildId(*info); !id.empty()) {
    // The kernel's page of code has no file, and takes no part in this.
    if (path.empty() || path.contains('/'))
      identity += toHex(id) + "\n";
    return 0;
  }
  sys::fs::file_status status;
  if (path.empty())
    path = "/proc/self/exe";
  if (!sys::fs::status(path, status))
    identity +=
        (path + " " + Twine(status.getSize()) + " " +
         Twine(status.getLastModificationTime().time_since_epoch().count()) +
         "\n")
            .str();
  return 0;
}

std::string swapc::getCompilerIdentity() {
  std::string identity;
  dl_iterate_phdr(addObject, &identity);
  return identity;
}
