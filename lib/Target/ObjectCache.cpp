//===- ObjectCache.cpp - Objects kept for later runs ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file: kMagic, XXH3 of key and object (16 bytes), the object.
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/ObjectCache.h"

#include "swapc/Partition/Budget.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

using namespace llvm;
using namespace swapc;

static constexpr StringLiteral kMagic = "swapobj1";
static constexpr size_t kHeaderBytes = 24;

Expected<CacheOptions> swapc::getDefaultCache() {
  CacheOptions options;
  if (const char *bytes = getenv("SWAPC_CACHE_SIZE")) {
    Expected<int64_t> size = parseSize(bytes);
    if (!size)
      return createStringError("SWAPC_CACHE_SIZE: " +
                               toString(size.takeError()));
    options.bytes = *size;
  }
  if (const char *folder = getenv("SWAPC_CACHE_DIR"); folder && *folder) {
    options.isNamed = true;
    if (StringRef(folder) != "off")
      options.folder = folder;
    return options;
  }
  SmallString<256> folder;
  if (!sys::path::cache_directory(folder))
    return options;
  sys::path::append(folder, "swapc");
  options.folder = folder.str().str();
  return options;
}

ObjectCache::ObjectCache(const CacheOptions &options) : options(options) {
  if (!isOn())
    return;
  if (std::error_code code = sys::fs::create_directories(
          options.folder, /*IgnoreExisting=*/true, sys::fs::all_all)) {
    fail("make", options.folder, code);
    this->options.folder.clear();
  }
}

void ObjectCache::fail(StringRef verb, StringRef path, std::error_code code) {
  std::lock_guard<std::mutex> lock(mutex);
  if (failure.empty() && options.isNamed)
    failure = toString(fileError(verb, path, code));
}

std::string ObjectCache::getPath(StringRef key) const {
  SmallString<256> path(options.folder);
  sys::path::append(path, "llvmcache-" + key); // as LLVM's pruning takes them
  return path.str().str();
}

static std::string getHeader(StringRef key, StringRef object) {
  XXH128_hash_t name = xxh3_128bits(ArrayRef(key.bytes_begin(), key.size()));
  XXH128_hash_t hash =
      xxh3_128bits(ArrayRef(object.bytes_begin(), object.size()));
  uint64_t words[2] = {hash.low64 ^ name.low64, hash.high64 ^ name.high64};
  std::string header = kMagic.str();
  header.append(reinterpret_cast<const char *>(words), sizeof words);
  return header;
}

std::optional<CodeBuffer> ObjectCache::find(StringRef key) {
  if (!isOn())
    return std::nullopt;
  std::string path = getPath(key);
  Expected<sys::fs::file_t> file = sys::fs::openNativeFileForRead(path);
  if (!file) {
    consumeError(file.takeError());
    return std::nullopt;
  }
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getOpenFile(*file, path, /*FileSize=*/-1,
                                /*RequiresNullTerminator=*/false);
  // The order of use, where the file system does not note each access. A
  // folder that others own stays as it is.
  (void)sys::fs::setLastAccessAndModificationTime(
      *file, std::chrono::system_clock::now());
  (void)sys::fs::closeFile(*file);
  if (!buffer)
    return std::nullopt;
  StringRef text = (*buffer)->getBuffer(),
            header = text.take_front(kHeaderBytes);
  StringRef object = text.drop_front(header.size());
  if (object.empty() || header != getHeader(key, object))
    return std::nullopt;
  return CodeBuffer(object.begin(), object.end());
}

void ObjectCache::add(StringRef key, ArrayRef<char> object) {
  if (!isOn())
    return;
  std::string path = getPath(key);
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(
      path + ".%%%%%%%%.tmp", sys::fs::all_read | sys::fs::all_write);
  if (!file)
    return fail("write", path, errorToErrorCode(file.takeError()));
  // Without a flush: what a crash leaves half written is not read.
  StringRef bytes(object.data(), object.size());
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  stream << getHeader(key, bytes) << bytes;
  stream.flush();
  if (std::error_code code = stream.error()) {
    stream.clear_error();
    consumeError(file->discard());
    return fail("write", path, code);
  }
  if (Error error = file->keep(path))
    return fail("write", path, errorToErrorCode(std::move(error)));
  std::lock_guard<std::mutex> lock(mutex);
  isChanged = true;
}

void ObjectCache::prune() {
  if (!isOn() || !isChanged)
    return;
  CachePruningPolicy policy;
  policy.Interval = std::chrono::seconds(0);
  policy.Expiration = std::chrono::seconds(0);
  policy.MaxSizePercentageOfAvailableSpace = 0;
  policy.MaxSizeBytes = options.bytes;
  pruneCache(options.folder, policy);
}
