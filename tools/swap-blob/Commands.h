//===- Commands.h - What swap-blob can do -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TOOLS_SWAPBLOB_COMMANDS_H
#define SWAPC_TOOLS_SWAPBLOB_COMMANDS_H

#include "BlobFile.h"

#include <optional>

namespace swapc {

struct ObjectOptions {
  std::string output, symbol, section, triple;
  std::string attributes; ///< "+f,-d", as --mattr
  std::string abi; ///< of RISC-V: ilp32f, lp64d, ...; empty: by attributes
  uint32_t align = SWAP_BLOB_ALIGN;
};

struct HexOptions {
  std::string output;
  std::string format = "ihex"; ///< ihex, srec or uf2
  uint64_t address = 0;
  uint32_t family = 0; ///< of uf2; 0: none
};

struct PartitionOptions {
  std::string output;
  uint64_t bytes = 0;
  uint32_t eraseBytes = 0;
};

/// Show.cpp: the blob's header and units.
void printInfo(const BlobFile &blob, bool json);

/// Whether there is such a target.
llvm::Error checkObjectOptions(const ObjectOptions &options);
/// Object.cpp: an ELF object that defines a symbol at the blob's first byte and
/// one, with "_end", behind its last.
llvm::Error writeObject(const BlobFile &blob, const ObjectOptions &options);

/// Hex.cpp: a text or block format of flash programmers.
llvm::Error writeHex(const BlobFile &blob, const HexOptions &options);

/// Place.cpp: the image, bytes of 0xFF up to a multiple of `align`, the blob.
/// Hands the blob's offset back.
llvm::Expected<uint64_t> appendBlob(llvm::StringRef image, const BlobFile &blob,
                                    uint32_t align, llvm::StringRef output);

/// Partition.cpp: an image for the flash port (swap/flash.h). The first blob is
/// active.
llvm::Error writePartition(const BlobFile &active, const BlobFile *other,
                           const PartitionOptions &options);
llvm::Error printPartition(llvm::StringRef path,
                           std::optional<uint32_t> eraseBytes, bool json);

} // namespace swapc

#endif // SWAPC_TOOLS_SWAPBLOB_COMMANDS_H
