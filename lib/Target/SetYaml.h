//===- SetYaml.h - A set as its file has it ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_SETYAML_H
#define SWAPC_LIB_TARGET_SETYAML_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>
#include <utility>
#include <vector>

namespace swapc {

/// A value and where it is; line 0 if it is not there.
struct SetText {
  std::string value;
  unsigned line = 0;
  explicit operator bool() const { return line != 0; }
};

/// One value or a list of them.
struct SetTexts {
  std::vector<SetText> values;
};

/// Names and values, in the order of the file.
struct SetPairs {
  std::vector<std::pair<std::string, SetText>> values;
};

struct RawTask {
  unsigned line = 0;
  SetText name, model, period, rate, deadline, phase, jitter, arrivals,
      priority, depth, starts;
  SetTexts profile;
  SetPairs dims, inputs;
};

struct RawEvent {
  unsigned line = 0;
  SetText at, budget, add, remove, task, period, rate, deadline, priority;
};

struct RawSet {
  SetText name, target, budget, duration, threads, lanes, io;
  std::vector<RawTask> tasks;
  std::vector<RawEvent> events;
};

/// "path:line: message" in one line, whatever of the file is in the message.
std::string placeMessage(llvm::StringRef path, unsigned line,
                         const llvm::Twine &message);

/// Errors are "path:line: what".
llvm::Expected<RawSet> readSetYaml(llvm::StringRef text, llvm::StringRef path);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_SETYAML_H
