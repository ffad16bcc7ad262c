//===- SetBuild.cpp - From a set to a program -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Models are compiled one after another, each with all processors, and every
// product is renamed into its place with its stamp behind it: whatever stops a
// build, the next one goes on where it ended.
//
//===----------------------------------------------------------------------===//

#include "SetBuilder.h"

#include "swapc/Partition/Budget.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <chrono>

using namespace swapc;
using namespace llvm;

void SetBuilder::note(const Twine &message) {
  progress.clear();
  if (!options.quiet)
    errs() << "swapc: " << message << "\n";
}

LogicalResult SetBuilder::fail(const Twine &message) {
  progress.clear();
  errs() << "swapc: error: " << message << "\n";
  return failure();
}

LogicalResult SetBuilder::fail(Error error) {
  return fail(toString(std::move(error)));
}

/// Names of models are those of their files; the second of a name has a number.
void SetBuilder::makeParts() {
  StringSet<> names;
  for (const SetModel &model : set.models) {
    Part part;
    part.model = &model;
    std::string stem = toIdentifier(sys::path::stem(model.path));
    part.name = stem;
    for (int number = 2; !names.insert(part.name).second; ++number)
      part.name = stem + "_" + std::to_string(number);
    part.base = options.compile.output + "." + part.name;
    part.profiles = model.profiles;
    // No name in C, so that none of the program is the same.
    part.code.symbol = "model." + part.name;
    if (isCuda())
      part.code.cuda = getCudaSymbol(part.code.symbol);
    part.code.weights = sys::path::filename(part.base).str() + ".swap";
    parts.push_back(std::move(part));
  }
}

/// All that the object of a model depends on, but for the model's own files.
Expected<Stamp> SetBuilder::getStamp(const Part &part) const {
  const CompileOptions &compile = options.compile;
  Stamp stamp;
  stamp.addFile("compiler", compile.executable);
  stamp.addFile("model", part.model->path);
  stamp.add("symbol", part.code.symbol);
  for (const auto &[name, size] : part.model->dims)
    stamp.add("dim", name + "=" + Twine(size));
  stamp.add("threads", Twine(compile.threads));
  stamp.add("budgets", join(compile.budgets, ","));
  stamp.add("target",
            compile.triple + " " + compile.cpu + " " + compile.features);
  if (compile.directConvolutions)
    stamp.add("conv", "direct");
  if (isCuda())
    stamp.add("cuda", getCudaArchNames(compile.cuda));
  for (const std::string &profile : part.profiles)
    if (Error error = stamp.addContents("profile", profile))
      return std::move(error);
  return stamp;
}

/// The program may not take the place of what it is made from.
LogicalResult SetBuilder::checkOutput() {
  std::vector<std::string> read = {set.path};
  for (const SetModel &model : set.models) {
    read.push_back(model.path);
    llvm::append_range(read, model.profiles);
  }
  for (const std::string &path : read) {
    bool same = false;
    if (!sys::fs::equivalent(options.compile.output, path, same) && same)
      return fail("cannot write " + path +
                  ": the set is read from it; -o names another place");
  }
  return success();
}

LogicalResult SetBuilder::compileModel(const Part &part) {
  Expected<Stamp> stamp = getStamp(part);
  if (!stamp)
    return fail(stamp.takeError());
  if (stamp->isCurrent(part.base + ".stamp"))
    return success();
  auto begin = std::chrono::steady_clock::now();
  CompileOptions compile = options.compile;
  compile.model = part.model->path;
  compile.output = part.base + ".a";
  compile.symbol = part.code.symbol;
  compile.profiles = part.profiles;
  compile.emit = Emit::Obj;
  compile.isArchive = true;
  compile.summary = false;
  for (const auto &[name, size] : part.model->dims)
    compile.dims[name] = size;
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  DiagnosticPrinter printer(&context, progress);
  CompileResult result;
  if (failed(swapc::compile(compile, context, progress, &result))) {
    if (!printer.hasErrors())
      return fail(part.model->path + ": compilation failed");
    errs() << "swapc: note: in " << part.model->path << ", which " << set.path
           << ":" << part.model->line << " names\n";
    return failure();
  }
  result.files.push_back(compile.output);
  result.files.push_back(part.base + ".swap");
  if (Error error = stamp->write(part.base + ".stamp", result.files))
    return fail(std::move(error));
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - begin;
  std::string text;
  raw_string_ostream(text) << format("%.1f s", seconds.count());
  note("compiled " + part.model->path + " in " + text + ": " +
       Twine(result.plans) + " plans, " + formatSize(result.leastBytes) +
       " to " + formatSize(result.mostBytes));
  return success();
}

LinkOptions SetBuilder::getLinkOptions(ProgramKind kind) const {
  LinkOptions link;
  link.kind = kind;
  link.driver = options.compile.linkerDriver;
  link.runtimeDir = options.compile.runtimeDir;
  link.executable = options.compile.executable;
  link.triple = options.compile.triple;
  link.cuda = isCuda();
  return link;
}

Expected<CodeBuffer> swapc::readObject(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fileError("read", path, buffer.getError());
  StringRef bytes = (*buffer)->getBuffer();
  return CodeBuffer(bytes.begin(), bytes.end());
}

LogicalResult SetBuilder::link() {
  const std::string &output = options.compile.output;
  LinkOptions linkOptions = getLinkOptions(ProgramKind::Set);
  Expected<std::vector<std::string>> archives = findArchives(linkOptions);
  if (!archives)
    return fail(archives.takeError());
  std::vector<SetModelCode> models;
  for (const Part &part : parts)
    models.push_back(part.code);
  CodeOptions code;
  std::string message;
  raw_string_ostream errors(message);
  FailureOr<CpuTarget> target =
      getCpuTarget(options.compile.triple, options.compile.cpu, "", errors);
  if (failed(target))
    return fail(StringRef(message).trim());
  code.target = *target;
  Expected<CodeBuffer> tables = compileSetTables(set, models, code);
  if (!tables)
    return fail(tables.takeError());
  Stamp stamp;
  stamp.addFile("compiler", options.compile.executable);
  stamp.add("driver", options.compile.linkerDriver);
  stamp.add("tables",
            toHex(SHA256::hash(ArrayRef(
                reinterpret_cast<uint8_t *>(tables->data()), tables->size()))));
  std::vector<std::string> files = *archives;
  for (const Part &part : parts)
    files.push_back(part.base + ".a");
  std::string stampPath = output + ".stamp";
  if (stamp.isCurrent(stampPath))
    return success();
  progress.start("linking");
  std::vector<CodeBuffer> objects;
  objects.push_back(std::move(*tables));
  for (const Part &part : parts) {
    Expected<CodeBuffer> object = readObject(part.base + ".a");
    if (!object)
      return fail(object.takeError());
    objects.push_back(std::move(*object));
  }
  Expected<OutputFile> program =
      OutputFile::create(output, /*executable=*/true);
  if (!program)
    return fail(program.takeError());
  if (Error error = linkProgram(objects, *program, linkOptions))
    return fail(std::move(error));
  if (Error error = program->commit())
    return fail(std::move(error));
  files.push_back(output);
  if (Error error = stamp.write(stampPath, files))
    return fail(std::move(error));
  note("linked " + output + ": " + Twine(set.tasks.size()) + " tasks, " +
       Twine(parts.size()) + " models");
  return success();
}

LogicalResult SetBuilder::run() {
  if (failed(checkOutput()))
    return failure();
  makeParts();
  // What is missing for the last step is known before the work is done.
  Expected<std::vector<std::string>> archives =
      findArchives(getLinkOptions(ProgramKind::Set));
  if (!archives)
    return fail(archives.takeError());
  for (Part &part : parts)
    if (failed(findProfile(part)) || failed(compileModel(part)))
      return failure();
  return link();
}

LogicalResult swapc::buildSet(const SetFile &set,
                              const SetBuildOptions &options) {
  return SetBuilder(set, options).run();
}
