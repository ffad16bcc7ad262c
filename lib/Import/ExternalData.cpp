//===- ExternalData.cpp - Weights in files beside the model -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExternalData.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <sys/stat.h>

using namespace swapc;
using llvm::StringRef;
using llvm::Twine;

static llvm::Error fail(const Twine &text) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
}

/// The size of the file at `location`, after a look at each component of it.
static llvm::Expected<uint64_t> inspect(StringRef location,
                                        StringRef directory) {
  llvm::SmallString<256> path(directory);
  struct stat info = {};
  llvm::SmallVector<StringRef, 4> parts;
  location.split(parts, '/');
  for (StringRef part : parts) {
    if (part.empty() || part == ".")
      continue;
    llvm::sys::path::append(path, part);
    if (lstat(path.c_str(), &info) != 0)
      return fail("external data '" + location +
                  "' cannot be read: " + llvm::sys::StrError(errno) +
                  "; put the file beside the model");
    if (S_ISLNK(info.st_mode))
      return fail("external data '" + location +
                  "' goes through a symbolic "
                  "link; copy the file into the model's folder");
  }
  if (!S_ISREG(info.st_mode))
    return fail("external data '" + location + "' is not a regular file");
  if (info.st_nlink > 1)
    return fail("external data '" + location +
                "' is a hard link to a file "
                "that may be outside the model's folder; copy it instead");
  return info.st_size;
}

llvm::Expected<FileRange> swapc::resolveExternalData(const onnx::Tensor &tensor,
                                                     uint64_t bytes,
                                                     StringRef directory) {
  StringRef location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (auto [key, value] : tensor.externalData) {
    if (key == "location") {
      location = value;
    } else if (key == "offset" || key == "length") {
      uint64_t number;
      if (value.getAsInteger(10, number))
        return fail("external data has the " + key + " '" + value +
                    "', which is not a number of bytes");
      if (key == "offset")
        offset = number;
      else
        length = number;
    }
  }
  if (location.empty())
    return fail("external data names no location");
  if (location.contains('\0'))
    return fail("external data names a location with a zero byte");
  if (llvm::sys::path::is_absolute(location))
    return fail("external data '" + location +
                "' is an absolute path; it must "
                "be inside the model's folder");
  llvm::SmallVector<StringRef, 4> parts;
  location.split(parts, '/');
  if (llvm::is_contained(parts, ".."))
    return fail("external data '" + location +
                "' leaves the model's folder "
                "through '..'");
  llvm::Expected<uint64_t> size = inspect(location, directory);
  if (!size)
    return size.takeError();
  if (length && *length != bytes)
    return fail("external data '" + location + "' has a length of " +
                Twine(*length) +
                " bytes, but the tensor's shape and type take " + Twine(bytes));
  if (offset > *size || bytes > *size - offset)
    return fail("external data '" + location + "' holds " + Twine(*size) +
                " bytes, but the tensor takes " + Twine(bytes) + " at offset " +
                Twine(offset));
  FileRange range;
  range.path = location.str();
  range.offset = offset;
  range.length = bytes;
  return range;
}

llvm::Expected<std::string> swapc::readRange(const FileRange &range,
                                             StringRef directory) {
  llvm::SmallString<256> path(directory);
  llvm::sys::path::append(path, range.path);
  auto slice =
      llvm::MemoryBuffer::getFileSlice(path, range.length, range.offset);
  if (!slice)
    return fail("cannot read '" + Twine(path) +
                "': " + slice.getError().message());
  return (*slice)->getBuffer().str();
}
