//===- Show.cpp - What a blob says of itself --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace swapc;

static void printJson(const BlobFile &blob) {
  json::OStream os(outs(), /*IndentSize=*/2);
  os.object([&] {
    os.attribute("version", blob.getHeader().version);
    os.attribute("hash", blob.getHash());
    os.attribute("bytes", blob.getHeader().blob_bytes);
    os.attributeArray("units", [&] {
      for (const swap_blob_unit &unit : blob.getUnits())
        os.object([&] {
          os.attribute("offset", unit.offset);
          os.attribute("length", unit.length);
          os.attribute("crc32c", unit.crc32c);
          os.attribute("row_bytes", unit.row_bytes);
        });
    });
  });
  outs() << "\n";
}

void swapc::printInfo(const BlobFile &blob, bool json) {
  if (json)
    return printJson(blob);
  outs() << "version  " << blob.getHeader().version << "\nhash     "
         << blob.getHash() << "\nbytes    " << blob.getHeader().blob_bytes
         << "\nunits    " << blob.getUnits().size() << "\n";
  if (blob.getUnits().empty())
    return;
  outs() << format("\n%6s %14s %14s   %-10s %s\n", "unit", "offset", "length",
                   "crc32c", "row bytes");
  for (auto [i, unit] : enumerate(blob.getUnits())) {
    outs() << format("%6u %14llu %14llu   0x%08x", unsigned(i),
                     static_cast<unsigned long long>(unit.offset),
                     static_cast<unsigned long long>(unit.length), unit.crc32c);
    if (unit.row_bytes)
      outs() << " " << unit.row_bytes;
    outs() << "\n";
  }
}
