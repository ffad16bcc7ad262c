//===- Place.cpp - A blob behind an image -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace swapc;

Expected<uint64_t> swapc::appendBlob(StringRef image, const BlobFile &blob,
                                     uint32_t align, StringRef output) {
  Expected<std::unique_ptr<MemoryBuffer>> front = mapFile(image);
  if (!front)
    return front.takeError();
  StringRef bytes = (*front)->getBuffer();
  if (bytes.starts_with("\x7f"
                        "ELF"))
    return createStringError(image + ": an ELF file; its raw image is needed "
                                     "(objcopy -O binary)");
  Expected<OutputFile> file = OutputFile::create(output);
  if (!file)
    return file.takeError();
  uint64_t offset = alignTo(bytes.size(), align);
  if (Error error = file->write(arrayRefFromStringRef<char>(bytes)))
    return std::move(error);
  // As erased flash: programmers skip it.
  std::string gap(offset - bytes.size(), '\xff');
  if (Error error = file->write(arrayRefFromStringRef<char>(gap)))
    return std::move(error);
  if (Error error = file->write(arrayRefFromStringRef<char>(blob.getBytes())))
    return std::move(error);
  if (Error error = file->commit())
    return std::move(error);
  return offset;
}
