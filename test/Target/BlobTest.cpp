//===- BlobTest.cpp - The bytes of a blob -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Blob.h"

#include "Swap/SwapDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Parser/Parser.h"
#include "swap/crc32c.h"
#include "swapc/Support/OutputFile.h"
#include "swapc/Support/Progress.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"
#include "gtest/gtest.h"

#include <cstring>
#include <sys/stat.h>

using namespace mlir;
using namespace swapc;

static const char *const kModule = R"(
  swap.parameter @a : tensor<6xi8> = dense<[1, 2, 3, 4, 5, 6]> : tensor<6xi8>
  swap.parameter @b : tensor<3xi8> = dense<[7, 8, 9]> : tensor<3xi8>
  swap.derived @p : tensor<6xi8, #swap.panels<dim = 0, width = 4>>
      from [@a] maps [affine_map<(d) -> (d)>] {
  ^bb0(%x: i8):
    swap.yield %x : i8
  }
  swap.unit @u0 [#swap.piece<@p, 1, 2, 64>, #swap.piece<@b, 0, 1, 0>] length 68
  swap.unit @u1 [#swap.piece<@p, 0, 1, 0>] length 4 rows 2
)";

TEST(BlobTest, EveryByte) {
  DialectRegistry registry;
  registry.insert<swap::SwapDialect, arith::ArithDialect>();
  MLIRContext context(registry);
  auto module = parseSourceString<ModuleOp>(kModule, &context);
  ASSERT_TRUE(module);
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("blob", folder));
  std::string path = (folder + "/m.swap").str();
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  ASSERT_TRUE(bool(file));
  Progress progress(false);
  FailureOr<BlobInfo> info = writeBlob(*module, *file, 2, progress);
  ASSERT_TRUE(succeeded(info));
  EXPECT_FALSE(llvm::sys::fs::exists(path)) << "before commit";
  ASSERT_FALSE(bool(file->commit()));

  auto buffer = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(bool(buffer));
  StringRef bytes = (*buffer)->getBuffer();
  ASSERT_EQ(bytes.size(), 4u * 4096);
  EXPECT_EQ(info->bytes, bytes.size());
  swap_blob_header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  EXPECT_EQ(header.magic, SWAP_BLOB_MAGIC);
  EXPECT_EQ(header.blob_bytes, bytes.size());
  EXPECT_EQ(header.unit_count, 2u);
  EXPECT_EQ(bytes.substr(0, 8), StringRef("\xD3WAPCB01"));
  StringRef table = bytes.substr(4096, 48);
  auto hash = llvm::SHA256::hash(
      ArrayRef(reinterpret_cast<const uint8_t *>(table.data()), 48));
  EXPECT_EQ(std::memcmp(hash.data(), header.hash, 32), 0);
  EXPECT_EQ(hash, info->hash);

  std::string first(4096, '\0'), second(4096, '\0');
  std::memcpy(&first[0], "\x07\x08\x09", 3);
  std::memcpy(&first[64], "\x05\x06", 2);
  std::memcpy(&second[0], "\x01\x02\x03\x04", 4);
  EXPECT_EQ(bytes.substr(8192, 4096), first);
  EXPECT_EQ(bytes.substr(12288, 4096), second);
  EXPECT_EQ(info->units[0].offset, 8192u);
  EXPECT_EQ(info->units[0].crc32c, swap_crc32c(0, first.data(), 68));
  EXPECT_EQ(info->units[1].length, 4u);
  EXPECT_EQ(info->units[1].row_bytes, 2u);
  EXPECT_EQ(info->units[1].crc32c, swap_crc32c(0, second.data(), 4));
  llvm::sys::fs::remove_directories(folder);
}

TEST(OutputFileTest, NothingIsLeftWithoutCommit) {
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("output", folder));
  {
    llvm::Expected<OutputFile> file = OutputFile::create((folder + "/x").str());
    ASSERT_TRUE(bool(file));
    ASSERT_FALSE(bool(file->write(ArrayRef("abc", 3))));
  }
  std::error_code code;
  EXPECT_EQ(llvm::sys::fs::directory_iterator(folder, code),
            llvm::sys::fs::directory_iterator());
  llvm::sys::fs::remove_directories(folder);
}

TEST(OutputFileTest, DevicesAreRefused) {
  llvm::Expected<OutputFile> file = OutputFile::create("/dev/null");
  ASSERT_FALSE(bool(file));
  EXPECT_EQ(llvm::toString(file.takeError()),
            "cannot write /dev/null: it is not a regular file");
}

TEST(OutputFileTest, HolesReadAsZeros) {
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("output", folder));
  std::string path = (folder + "/x").str();
  // Pieces that begin and end anywhere, of zeros within a page and of many
  // pages; the file begins and ends with a hole.
  std::string want(1 << 20, '\0');
  for (size_t at : {5000, 8191, 8192, 20479, 300000, 300001, 700000})
    want[at] = 'x';
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  ASSERT_TRUE(bool(file));
  size_t at = 0;
  for (size_t length : {1, 4096, 8191, 3, 100000, 400000, 0, 250000}) {
    ASSERT_FALSE(bool(file->writeSparse(ArrayRef(want.data() + at, length))));
    at += length;
  }
  ASSERT_FALSE(bool(file->writeZeros(want.size() - at)));
  want.replace(4090, 3, "abc");
  ASSERT_FALSE(bool(file->writeAt(4090, ArrayRef("abc", 3))));
  ASSERT_FALSE(bool(file->commit()));
  auto buffer = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(bool(buffer));
  EXPECT_TRUE((*buffer)->getBuffer() == want);
  // File systems without holes exist; those of tests have them.
  struct stat info = {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, 64 * 1024);
  llvm::sys::fs::remove_directories(folder);
}
