//===- BlobFile.h - A blob that was read and checked ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TOOLS_SWAPBLOB_BLOBFILE_H
#define SWAPC_TOOLS_SWAPBLOB_BLOBFILE_H

#include "swap/blob.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace swapc {

/// "PATH: offset N: message", for bytes of a file that are wrong.
llvm::Error fileContentError(llvm::StringRef path, uint64_t offset,
                             const llvm::Twine &message);

/// Maps a regular file; its size costs no memory.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
mapFile(llvm::StringRef path);

/// A blob in memory. What it says of itself was compared with its size.
class BlobFile {
public:
  /// Maps the file and checks header, table and the table's hash.
  static llvm::Expected<BlobFile> open(llvm::StringRef path);
  /// The same for a blob at `offset` of the file `path`, whose bytes from there
  /// on are `bytes`: it may end before they do.
  static llvm::Expected<BlobFile> parse(llvm::StringRef path, uint64_t offset,
                                        llvm::StringRef bytes);

  /// Compares every unit with its checksum, and all padding with zero.
  llvm::Error check() const;

  const std::string &getPath() const { return path; }
  const swap_blob_header &getHeader() const { return header; }
  const std::vector<swap_blob_unit> &getUnits() const { return units; }
  /// The blob's bytes.
  llvm::StringRef getBytes() const { return bytes; }
  /// The hash in hexadecimal.
  std::string getHash() const;

private:
  BlobFile() = default;
  llvm::Error readHeader();
  llvm::Error readTable();
  llvm::Error checkZeros(uint64_t begin, uint64_t end) const;
  llvm::Error wrong(uint64_t at, const llvm::Twine &message) const;

  std::string path;
  uint64_t offset = 0; // of the blob in its file
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  llvm::StringRef bytes;
  swap_blob_header header = {};
  std::vector<swap_blob_unit> units;
};

} // namespace swapc

#endif // SWAPC_TOOLS_SWAPBLOB_BLOBFILE_H
