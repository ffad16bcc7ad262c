//===- SetMeasure.cpp - Profiles of a set's models --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model without a profile is compiled with the defaults, its object becomes a
// program of its own for a moment, and that measures its kernels. What it finds
// is kept, and is the model's profile from then on.
//
//===----------------------------------------------------------------------===//

#include "SetBuilder.h"

#include "swapc/Support/OutputFile.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"

using namespace swapc;
using namespace llvm;

/// Runs the object of a model with its blob to measure it.
LogicalResult SetBuilder::measure(const Part &part, StringRef profile) {
  Expected<CodeBuffer> object = readObject(part.base + ".a");
  if (!object)
    return fail(object.takeError());
  LinkOptions linkOptions = getLinkOptions(ProgramKind::Model);
  linkOptions.symbol = part.code.symbol;
  std::string program = part.base + ".measure";
  Expected<OutputFile> file = OutputFile::create(program, /*executable=*/true);
  if (!file)
    return fail(file.takeError());
  if (Error error = linkProgram(*object, *file, linkOptions))
    return fail(std::move(error));
  if (Error error = file->commit())
    return fail(std::move(error));
  FileRemover remover(program);
  sys::RemoveFileOnSignal(program);
  note("measuring " + part.model->path);
  std::string threads = std::to_string(options.compile.threads);
  std::string weights = part.base + ".swap";
  StringRef arguments[] = {program, "--profile", profile, "--weights",
                           weights, "--threads", threads};
  std::optional<StringRef> errors;
  if (options.quiet)
    errors = "";
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(""), errors};
  std::string message;
  int status =
      sys::ExecuteAndWait(program, arguments, std::nullopt, redirects,
                          /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  sys::DontRemoveFileOnSignal(program);
  if (status != 0 && message.empty())
    message = "exit status " + std::to_string(status);
  if (status != 0)
    return fail("cannot measure " + part.model->path + ": " + message);
  return success();
}

/// The profile that an earlier build measured, or one that is measured now.
LogicalResult SetBuilder::findProfile(Part &part) {
  if (!part.profiles.empty())
    return success();
  const CompileOptions &compile = options.compile;
  std::string base =
      part.base + "." + std::to_string(compile.threads) + ".profile";
  std::string profile = base + ".yaml", stampPath = base + ".stamp";
  Stamp stamp;
  stamp.addFile("model", part.model->path);
  for (const auto &[name, size] : part.model->dims)
    stamp.add("dim", name + "=" + Twine(size));
  stamp.add("target",
            compile.triple + " " + compile.cpu + " " + compile.features);
  if (compile.directConvolutions)
    stamp.add("conv", "direct");
  if (isCuda())
    stamp.add("cuda", getCudaArchNames(compile.cuda));
  if (!stamp.isCurrent(stampPath)) {
    if (!options.measure)
      return success();
    if (failed(compileModel(part)) || failed(measure(part, profile)))
      return failure();
    if (Error error = stamp.write(stampPath, profile))
      return fail(std::move(error));
  }
  part.profiles.push_back(profile);
  return success();
}
