//===- Link.cpp - Executables and libraries from objects -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Link.h"

#include "swapc/Support/OutputFile.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"

#include <cerrno>
#include <deque>
#include <unistd.h>

using namespace llvm;
using namespace swapc;

#ifndef SWAPC_SANITIZE_FLAG
#define SWAPC_SANITIZE_FLAG ""
#endif

static Error linkError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static Expected<std::string> findDriver(const LinkOptions &options) {
  if (!options.driver.empty()) {
    if (ErrorOr<std::string> path = sys::findProgramByName(options.driver))
      return *path;
    return linkError("linker driver " + options.driver + " is not installed");
  }
  for (StringRef name : {"clang-22", "clang", "cc", "gcc"})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return linkError("no linker found: install clang-22 and lld-22 (or gcc), or "
                 "name a compiler that links with --linker-driver");
}

static Expected<std::string> findRuntime(const LinkOptions &options) {
  SmallVector<std::string, 3> folders;
  if (!options.runtimeDir.empty()) {
    folders.push_back(options.runtimeDir);
  } else {
    StringRef bin = sys::path::parent_path(options.executable);
    for (StringRef relative : {"../lib", "../lib/swapc"}) {
      SmallString<256> folder(bin);
      sys::path::append(folder, relative);
      folders.push_back(folder.str().str());
    }
  }
  for (const std::string &folder : folders)
    if (sys::fs::exists(folder + "/libswap_runtime.a") &&
        sys::fs::exists(folder + "/libswap_program.a"))
      return folder;
  return linkError("libswap_program.a and libswap_runtime.a are not in " +
                 folders.front() + "; --runtime-dir says where they are");
}

namespace {
/// Object files for the linker, gone when this object is.
class ObjectFiles {
public:
  Error add(ArrayRef<char> object) {
    SmallString<128> path;
    int descriptor;
    if (std::error_code code = sys::fs::createTemporaryFile(
            "swapc", "o", descriptor, path))
      return fileError("write", "a temporary object file", code);
    removers.emplace_back(path);
    paths.push_back(path.str().str());
    sys::RemoveFileOnSignal(path);
    Error error = Error::success();
    ArrayRef<char> rest = object;
    while (!rest.empty()) {
      ssize_t count = ::write(descriptor, rest.data(), rest.size());
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0) {
        error = fileError("write", path,
                          std::error_code(errno, std::generic_category()));
        break;
      }
      rest = rest.drop_front(count);
    }
    ::close(descriptor);
    return error;
  }
  ArrayRef<std::string> getPaths() const { return paths; }
  ~ObjectFiles() {
    for (const std::string &path : paths)
      sys::DontRemoveFileOnSignal(path);
  }

private:
  std::deque<FileRemover> removers;
  std::vector<std::string> paths;
};
} // namespace

/// First lines of what the linker wrote, for a message.
static std::string readMessages(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return "";
  StringRef text = (*buffer)->getBuffer().trim();
  return text.take_front(2000).str();
}

Error swapc::linkProgram(ArrayRef<CodeBuffer> objects, StringRef output,
                         const LinkOptions &options) {
  Expected<std::string> driver = findDriver(options);
  if (!driver)
    return driver.takeError();
  Expected<std::string> runtime = findRuntime(options);
  if (!runtime)
    return runtime.takeError();
  ObjectFiles files;
  for (const CodeBuffer &object : objects)
    if (Error error = files.add(object))
      return error;

  std::vector<std::string> arguments = {*driver, "-o", output.str()};
  bool isClang = sys::path::filename(*driver).contains("clang");
  if (isClang)
    arguments.push_back("--target=" + options.triple);
  if (sys::findProgramByName("ld.lld"))
    arguments.push_back("-fuse-ld=lld");
  SmallVector<StringRef, 4> sanitize;
  StringRef(SWAPC_SANITIZE_FLAG).split(sanitize, ' ', -1, false);
  for (StringRef flag : sanitize)
    arguments.push_back(flag.str());
  llvm::append_range(arguments, files.getPaths());
  for (StringRef argument :
       {"-Wl,--gc-sections", "-Wl,-O1", "-Wl,--as-needed"})
    arguments.push_back(argument.str());
  arguments.push_back(*runtime + "/libswap_program.a");
  arguments.push_back(*runtime + "/libswap_runtime.a");
  for (StringRef argument : {"-l:liburing.a", "-pthread", "-lm"})
    arguments.push_back(argument.str());

  SmallString<128> log;
  if (std::error_code code =
          sys::fs::createTemporaryFile("swapc-link", "log", log))
    return fileError("write", "a temporary file", code);
  FileRemover logRemover(log);
  std::vector<StringRef> views(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = sys::ExecuteAndWait(*driver, views, std::nullopt, redirects,
                                   /*SecondsToWait=*/0, /*MemoryLimit=*/0,
                                   &message);
  if (status == 0)
    return Error::success();
  if (message.empty())
    message = readMessages(log);
  return linkError("cannot link with " + *driver + ": " + message);
}

Expected<CodeBuffer> swapc::makeArchive(ArrayRef<CodeBuffer> objects,
                                        StringRef name) {
  std::vector<NewArchiveMember> members;
  std::deque<std::string> names;
  for (auto [index, object] : llvm::enumerate(objects)) {
    names.push_back((name + "." + Twine(index) + ".o").str());
    members.emplace_back(MemoryBufferRef(
        StringRef(object.data(), object.size()), names.back()));
  }
  CodeBuffer archive;
  raw_svector_ostream stream(archive);
  if (Error error = writeArchiveToStream(
          stream, members, SymtabWritingMode::NormalSymtab,
          object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false))
    return std::move(error);
  return archive;
}
