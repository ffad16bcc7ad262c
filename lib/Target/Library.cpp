//===- Library.cpp - The library of a model ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Library.h"

#include "Machine.h"
#include "RuntimeCode.h"
#include "StackBound.h"
#include "swapc/Target/Link.h"

using namespace llvm;
using namespace swapc;

Expected<CodeSizes> swapc::measureModel(ArrayRef<CodeBuffer> objects,
                                        const ModelTables &tables,
                                        const BlobInfo &blob) {
  CodeSizes sizes;
  for (const CodeBuffer &object : objects) {
    Expected<SectionSizes> measured = measureObject(object);
    if (!measured)
      return measured.takeError();
    sizes.model += *measured;
  }
  sizes.arena = getArenaBytes(tables);
  sizes.blob = blob.bytes;
  return sizes;
}

/// Adds the runtime's objects, and what they say of sizes.
static Error addRuntime(MutableArrayRef<CodeBuffer> objects,
                        const CodeOptions &options, bool hasSizes,
                        RuntimeCode &runtime, CodeSizes &sizes) {
  StackBound stack;
  for (CodeBuffer &object : objects) {
    if (Error error = stack.addKernels(object))
      return error;
    if (Error error = strip(object, options.target))
      return error;
  }
  Expected<RuntimeCode> emitted = emitRuntime(options, hasSizes, stack);
  if (!emitted)
    return emitted.takeError();
  runtime = std::move(*emitted);
  sizes.stack = stack.getBytes();
  sizes.session = runtime.sessionBytes;
  Expected<SectionSizes> core = measureObject(runtime.core.code);
  if (!core)
    return core.takeError();
  sizes.runtime = *core;
  Expected<SectionSizes> flash = measureObject(runtime.flash.code);
  if (!flash)
    return flash.takeError();
  sizes.flash = *flash;
  return Error::success();
}

static std::vector<ArchiveMember> getMembers(ArrayRef<CodeBuffer> objects,
                                             StringRef name) {
  std::vector<ArchiveMember> members;
  for (auto [index, object] : llvm::enumerate(objects))
    members.push_back({(name + "." + Twine(index) + ".o").str(), object});
  return members;
}

Expected<CodeBuffer> swapc::makeObjectArchive(ArrayRef<CodeBuffer> objects,
                                              StringRef name) {
  return makeArchive(getMembers(objects, name));
}

Expected<CodeBuffer> swapc::makeLibrary(MutableArrayRef<CodeBuffer> objects,
                                        StringRef name,
                                        const CodeOptions &options,
                                        const ModelTables &tables,
                                        CodeSizes &sizes) {
  RuntimeCode runtime;
  if (!tables.cuda)
    if (Error error = addRuntime(objects, options,
                                !tables.signature.dynamic.sizes.empty(),
                                runtime, sizes))
      return std::move(error);
  std::vector<ArchiveMember> members = getMembers(objects, name);
  if (!tables.cuda)
    for (const RuntimeObject *object : {&runtime.core, &runtime.flash})
      members.push_back({object->name, object->code});
  return makeArchive(members);
}
