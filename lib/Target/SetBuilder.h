//===- SetBuilder.h - From a set to a program -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_SETBUILDER_H
#define SWAPC_LIB_TARGET_SETBUILDER_H

#include "Stamp.h"
#include "swapc/Support/Progress.h"
#include "swapc/Target/Link.h"
#include "swapc/Target/SetBuild.h"
#include "swapc/Target/SetTables.h"

namespace swapc {

/// Bytes of an object file.
llvm::Expected<CodeBuffer> readObject(llvm::StringRef path);

class SetBuilder {
public:
  SetBuilder(const SetFile &set, const SetBuildOptions &options)
      : set(set), options(options), progress(!options.quiet) {}
  llvm::LogicalResult run();

private:
  /// A model on its way into the program.
  struct Part {
    const SetModel *model;
    std::string name; ///< In files and symbols.
    std::string base; ///< Path of its files, without what tells them apart.
    std::vector<std::string> profiles;
    SetModelCode code;
  };

  void note(const llvm::Twine &message);
  llvm::LogicalResult fail(const llvm::Twine &message);
  llvm::LogicalResult fail(llvm::Error error);

  llvm::LogicalResult checkOutput();
  void makeParts();
  llvm::LogicalResult compileModel(const Part &part);
  llvm::Expected<Stamp> getStamp(const Part &part) const;

  // Profiles: SetMeasure.cpp.
  llvm::LogicalResult findProfile(Part &part);
  llvm::LogicalResult measure(const Part &part, llvm::StringRef profile);

  bool isCuda() const { return options.compile.device == Device::Cuda; }
  LinkOptions getLinkOptions(ProgramKind kind) const;
  llvm::LogicalResult link();

  const SetFile &set;
  const SetBuildOptions &options;
  Progress progress;
  std::vector<Part> parts;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_SETBUILDER_H
