//===- OutputFile.cpp - Files that appear whole or not at all ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Support/OutputFile.h"

#include "llvm/Support/Errno.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

using namespace llvm;
using namespace swapc;

/// What file systems allocate at once.
static constexpr uint64_t kPageBytes = 4096;

Error swapc::fileError(StringRef verb, StringRef path, std::error_code reason) {
  return createStringError(reason, "cannot %s %s: %s", verb.str().c_str(),
                           path.str().c_str(), reason.message().c_str());
}

static std::error_code lastError() {
  return std::error_code(errno, std::generic_category());
}

Expected<OutputFile> OutputFile::create(StringRef path, bool executable) {
  // A rename onto a device or a folder would replace it or fail late.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status) &&
      status.type() != sys::fs::file_type::regular_file)
    return createStringError(inconvertibleErrorCode(),
                             "cannot write %s: it is %s", path.str().c_str(),
                             status.type() == sys::fs::file_type::directory_file
                                 ? "a folder"
                                 : "not a regular file");
  unsigned mode = sys::fs::all_read | sys::fs::all_write;
  if (executable)
    mode |= sys::fs::all_exe;
  Expected<sys::fs::TempFile> temporary =
      sys::fs::TempFile::create(path + ".%%%%%%.tmp", mode);
  if (!temporary)
    return fileError("write", path, errorToErrorCode(temporary.takeError()));
  return OutputFile(path.str(), std::move(*temporary));
}

OutputFile::~OutputFile() {
  if (temporary)
    consumeError(temporary->discard());
}

Error OutputFile::write(ArrayRef<char> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(temporary->FD, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fileError("write", path, lastError());
    bytes = bytes.drop_front(count);
    size += count;
    endsInHole = false;
  }
  return Error::success();
}

/// Leaves the next `count` bytes of the file as a hole.
Error OutputFile::skip(uint64_t count) {
  if (::lseek(temporary->FD, count, SEEK_CUR) < 0)
    return fileError("write", path, lastError());
  size += count;
  endsInHole = true;
  return Error::success();
}

static bool isZero(ArrayRef<char> bytes) {
  return bytes.front() == 0 &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

Error OutputFile::writeSparse(ArrayRef<char> bytes) {
  // Stretches of pages that are all written or all skipped, between the ends
  // of pages of the file.
  while (!bytes.empty()) {
    uint64_t length = 0;
    bool isHole = false;
    while (length < bytes.size()) {
      uint64_t piece =
          std::min<uint64_t>(bytes.size() - length,
                             kPageBytes - (size + length) % kPageBytes);
      bool zero = piece == kPageBytes && isZero(bytes.slice(length, piece));
      if (length && zero != isHole)
        break;
      isHole = zero;
      length += piece;
    }
    if (Error error = isHole ? skip(length) : write(bytes.take_front(length)))
      return error;
    bytes = bytes.drop_front(length);
  }
  return Error::success();
}

Error OutputFile::writeAt(uint64_t offset, ArrayRef<char> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::pwrite(temporary->FD, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fileError("write", path, lastError());
    offset += count;
    bytes = bytes.drop_front(count);
  }
  return Error::success();
}

Error OutputFile::writeZeros(uint64_t count) {
  static const char zeros[kPageBytes] = {};
  uint64_t begin = std::min(count, llvm::alignTo(size, kPageBytes) - size);
  uint64_t pages = llvm::alignDown(count - begin, kPageBytes);
  if (Error error = write(ArrayRef(zeros, begin)))
    return error;
  if (pages)
    if (Error error = skip(pages))
      return error;
  return write(ArrayRef(zeros, count - begin - pages));
}

Error OutputFile::commit() {
  if (endsInHole && ::ftruncate(temporary->FD, size))
    return fileError("write", path, lastError());
  // Delayed allocation reports a full disk here at the latest.
  if (::fsync(temporary->FD) && errno != EINVAL && errno != EROFS)
    return fileError("write", path, lastError());
  Error error = temporary->keep(path);
  if (error)
    return fileError("write", path, errorToErrorCode(std::move(error)));
  temporary.reset();
  return Error::success();
}

Error swapc::writeText(StringRef path, StringRef text) {
  if (path == "-") {
    outs() << text;
    outs().flush();
    if (std::error_code code = outs().error()) {
      outs().clear_error();
      return fileError("write", "standard output", code);
    }
    return Error::success();
  }
  Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  if (Error error = file->write(ArrayRef(text.data(), text.size())))
    return error;
  return file->commit();
}
