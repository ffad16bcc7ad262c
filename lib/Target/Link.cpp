//===- Link.cpp - Executables and libraries from objects --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Link.h"

#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

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

/// What a program is linked from, in the order of use.
static SmallVector<StringRef, 3> getArchives(const LinkOptions &options) {
  if (options.cuda && options.kind == ProgramKind::Set)
    return {"libswap_set_cuda.a", "libswap_cuda.a", "libswap_runtime.a"};
  if (options.cuda)
    return {"libswap_program_cuda.a", "libswap_cuda.a", "libswap_runtime.a"};
  if (options.kind == ProgramKind::Set)
    return {"libswap_set.a", "libswap_runtime.a"};
  return {"libswap_program.a", "libswap_runtime.a"};
}

static Expected<std::string> findRuntime(const LinkOptions &options) {
  if (options.runtimeDir.empty() &&
      Triple(options.triple).getArch() !=
          Triple(sys::getProcessTriple()).getArch())
    return linkError("no runtime for " + options.triple +
                     " here: --emit lib makes a library for it, or "
                     "--runtime-dir says where its runtime is");
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
  SmallVector<StringRef, 3> archives = getArchives(options);
  for (const std::string &folder : folders)
    if (llvm::all_of(archives, [&](StringRef archive) {
          return sys::fs::exists(folder + "/" + archive);
        }))
      return folder;
  return linkError(join(ArrayRef(archives).drop_back(), ", ") + " and " +
                   archives.back() + " are not in " + folders.front() +
                   "; --runtime-dir says where they are");
}

Expected<std::vector<std::string>>
swapc::findArchives(const LinkOptions &options) {
  Expected<std::string> folder = findRuntime(options);
  if (!folder)
    return folder.takeError();
  std::vector<std::string> paths;
  for (StringRef archive : getArchives(options))
    paths.push_back(*folder + "/" + archive.str());
  return paths;
}

namespace {
/// Files between this program and the linker, gone when this object is.
class ScratchFiles {
public:
  /// A new file with these bytes; `path` is its name.
  Error add(StringRef suffix, ArrayRef<char> bytes, std::string &path) {
    SmallString<128> name;
    int descriptor;
    if (std::error_code code =
            sys::fs::createTemporaryFile("swapc", suffix, descriptor, name)) {
      SmallString<128> folder;
      sys::path::system_temp_directory(/*ErasedOnReboot=*/true, folder);
      return fileError("write", ("a temporary file in " + folder).str(), code);
    }
    removers.emplace_back(name);
    path = name.str().str();
    paths.push_back(path);
    sys::RemoveFileOnSignal(path);
    Error error = Error::success();
    ArrayRef<char> rest = bytes;
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
  ~ScratchFiles() {
    for (const std::string &path : paths)
      sys::DontRemoveFileOnSignal(path);
  }

private:
  std::deque<FileRemover> removers;
  std::vector<std::string> paths;
};
} // namespace

/// The first error of what the linker wrote, for a message of one line.
static std::string readMessages(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return "";
  StringRef text = (*buffer)->getBuffer().trim();
  SmallVector<StringRef, 8> lines;
  text.split(lines, '\n');
  for (StringRef line : lines)
    if (line.contains("error") && !line.starts_with("collect2:"))
      return line.take_front(1000).str();
  return lines.empty() ? "" : lines.front().take_front(1000).str();
}

Error swapc::linkProgram(ArrayRef<CodeBuffer> objects, OutputFile &output,
                         const LinkOptions &options) {
  Expected<std::string> driver = findDriver(options);
  if (!driver)
    return driver.takeError();
  Expected<std::vector<std::string>> archives = findArchives(options);
  if (!archives)
    return archives.takeError();
  // Linked elsewhere and copied, so that a full disk is our message.
  ScratchFiles files;
  std::string program, log;
  if (Error error = files.add("out", {}, program))
    return error;
  if (Error error = files.add("log", {}, log))
    return error;
  std::vector<std::string> arguments = {*driver, "-o", program};
  for (const CodeBuffer &object : objects) {
    std::string path;
    if (Error error = files.add("o", object, path))
      return error;
    arguments.push_back(path);
  }
  bool isClang = sys::path::filename(*driver).contains("clang");
  if (isClang)
    arguments.push_back("--target=" + options.triple);
  if (sys::findProgramByName("ld.lld"))
    for (StringRef argument : {"-fuse-ld=lld", "-Wl,--no-mmap-output-file"})
      arguments.push_back(argument.str());
  SmallVector<StringRef, 4> sanitize;
  StringRef(SWAPC_SANITIZE_FLAG).split(sanitize, ' ', -1, false);
  for (StringRef flag : sanitize)
    arguments.push_back(flag.str());
  if (!options.pic)
    arguments.push_back("-no-pie");
  for (StringRef argument : {"-Wl,--gc-sections", "-Wl,-O1", "-Wl,--as-needed"})
    arguments.push_back(argument.str());
  if (!options.symbol.empty())
    for (StringRef argument : {"--undefined=", "--defsym=swap_model_instance="})
      arguments.push_back(("-Wl," + argument + options.symbol).str());
  if (!options.symbol.empty() && options.cuda)
    arguments.push_back("-Wl,--defsym=swap_cuda_instance=" +
                        getCudaSymbol(options.symbol));
  for (const std::string &archive : *archives)
    arguments.push_back(archive);
  if (options.cuda)
    arguments.push_back("-ldl");
  for (StringRef argument : {"-pthread", "-lm"})
    arguments.push_back(argument.str());

  std::vector<StringRef> views(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status =
      sys::ExecuteAndWait(*driver, views, std::nullopt, redirects,
                          /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status != 0) {
    if (message.empty())
      message = readMessages(log);
    return linkError("cannot link with " + *driver + ": " + message);
  }
  ErrorOr<std::unique_ptr<MemoryBuffer>> linked =
      MemoryBuffer::getFile(program, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!linked)
    return fileError("read", program, linked.getError());
  StringRef bytes = (*linked)->getBuffer();
  return output.write(ArrayRef(bytes.data(), bytes.size()));
}

Expected<CodeBuffer> swapc::makeArchive(ArrayRef<ArchiveMember> members) {
  std::vector<NewArchiveMember> files;
  for (const ArchiveMember &member : members)
    files.emplace_back(MemoryBufferRef(
        StringRef(member.code.data(), member.code.size()), member.name));
  CodeBuffer archive;
  raw_svector_ostream stream(archive);
  if (Error error = writeArchiveToStream(
          stream, files, SymtabWritingMode::NormalSymtab,
          object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false))
    return std::move(error);
  return archive;
}
