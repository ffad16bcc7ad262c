//===- SetYaml.cpp - A set as its file has it -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SetYaml.h"

#include "swapc/Support/YamlFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"

using namespace swapc;
using namespace llvm;

namespace {
/// What the reader's callbacks share.
struct Reading {
  StringRef text;
  unsigned line = 1; ///< Of the mapping that is read.
  StringRef keys;    ///< Of the mapping that was read last.
  std::string error;

  bool isInside(const char *at) const {
    return at >= text.begin() && at <= text.end();
  }
  unsigned getLine(const char *at) const {
    return 1 + StringRef(text.begin(), at - text.begin()).count('\n');
  }
};

Reading &getReading(void *context) { return *static_cast<Reading *>(context); }

/// Notes where a mapping begins.
unsigned enter(yaml::IO &io) {
  Reading &reading = getReading(io.getContext());
  const yaml::Node *node = static_cast<yaml::Input &>(io).getCurrentNode();
  const char *at = node ? node->getSourceRange().Start.getPointer() : nullptr;
  if (at && reading.isInside(at))
    reading.line = reading.getLine(at);
  return reading.line;
}

/// Keys that are not known are found when a mapping ends.
void leave(yaml::IO &io, StringRef keys) {
  getReading(io.getContext()).keys = keys;
}

/// What a list of names would be.
struct NoMapping {};
} // namespace

LLVM_YAML_IS_SEQUENCE_VECTOR(SetText)
LLVM_YAML_IS_SEQUENCE_VECTOR(RawTask)
LLVM_YAML_IS_SEQUENCE_VECTOR(RawEvent)

namespace llvm::yaml {

template <> struct ScalarTraits<SetText> {
  static void output(const SetText &text, void *, raw_ostream &os) {
    os << text.value;
  }
  static StringRef input(StringRef value, void *context, SetText &text) {
    Reading &reading = getReading(context);
    text.value = value.str();
    // A value with escapes is not where the text is.
    text.line = reading.isInside(value.data()) ? reading.getLine(value.data())
                                               : reading.line;
    return "";
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

template <> struct MappingTraits<NoMapping> {
  static void mapping(IO &io, NoMapping &) {
    io.setError("expects a file or a list of files");
  }
};

template <> struct PolymorphicTraits<SetTexts> {
  static NodeKind getKind(const SetTexts &) { return NodeKind::Sequence; }
  static SetText &getAsScalar(SetTexts &texts) {
    texts.values.resize(1);
    return texts.values.front();
  }
  static std::vector<SetText> &getAsSequence(SetTexts &texts) {
    return texts.values;
  }
  static NoMapping &getAsMap(SetTexts &) {
    static NoMapping none;
    return none;
  }
};

template <> struct CustomMappingTraits<SetPairs> {
  static void inputOne(IO &io, StringRef key, SetPairs &pairs) {
    std::string name = key.str();
    SetText value;
    io.mapRequired(name.c_str(), value);
    pairs.values.push_back({std::move(name), std::move(value)});
  }
  static void output(IO &, SetPairs &) {}
};

template <> struct MappingTraits<RawTask> {
  static void mapping(IO &io, RawTask &task) {
    task.line = enter(io);
    io.mapOptional("name", task.name);
    io.mapOptional("model", task.model);
    io.mapOptional("profile", task.profile);
    io.mapOptional("dims", task.dims);
    io.mapOptional("period", task.period);
    io.mapOptional("rate", task.rate);
    io.mapOptional("deadline", task.deadline);
    io.mapOptional("phase", task.phase);
    io.mapOptional("jitter", task.jitter);
    io.mapOptional("arrivals", task.arrivals);
    io.mapOptional("priority", task.priority);
    io.mapOptional("depth", task.depth);
    io.mapOptional("inputs", task.inputs);
    io.mapOptional("starts", task.starts);
    leave(io, "name, model, profile, dims, period, rate, deadline, phase, "
              "jitter, arrivals, priority, depth, inputs, starts");
  }
};

template <> struct MappingTraits<RawEvent> {
  static void mapping(IO &io, RawEvent &event) {
    event.line = enter(io);
    io.mapOptional("at", event.at);
    io.mapOptional("budget", event.budget);
    io.mapOptional("add", event.add);
    io.mapOptional("remove", event.remove);
    io.mapOptional("task", event.task);
    io.mapOptional("period", event.period);
    io.mapOptional("rate", event.rate);
    io.mapOptional("deadline", event.deadline);
    io.mapOptional("priority", event.priority);
    leave(io, "at, budget, add, remove, task, period, rate, deadline, "
              "priority");
  }
};

template <> struct MappingTraits<RawSet> {
  static void mapping(IO &io, RawSet &set) {
    io.mapOptional("name", set.name);
    io.mapOptional("target", set.target);
    io.mapOptional("budget", set.budget);
    io.mapOptional("duration", set.duration);
    io.mapOptional("threads", set.threads);
    io.mapOptional("lanes", set.lanes);
    io.mapOptional("io", set.io);
    io.mapOptional("tasks", set.tasks);
    io.mapOptional("events", set.events);
    leave(io, "name, target, budget, duration, threads, lanes, io, tasks, "
              "events");
  }
};

} // namespace llvm::yaml

std::string swapc::placeMessage(StringRef path, unsigned line,
                                const Twine &message) {
  std::string text = message.str();
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      c = ' ';
  return (path + ":" + Twine(line) + ": " + text).str();
}

/// What the reader says, in words of the file.
static std::string explain(StringRef message, StringRef keys) {
  if (message.starts_with("unknown key"))
    return (message + "; those here are " + keys).str();
  if (message == "unexpected scalar")
    return "one value is expected here";
  if (message == "not a mapping")
    return "expects names with values, such as 'model: vgg19.onnx'";
  if (message == "not a sequence")
    return "expects a list, each entry after a '-'";
  return message.str();
}

/// Keeps the first error.
static void takeMessage(const SMDiagnostic &diagnostic, void *context) {
  Reading &reading = getReading(context);
  if (!reading.error.empty())
    return;
  reading.error = placeMessage(diagnostic.getFilename(),
                               std::max(diagnostic.getLineNo(), 1),
                               explain(diagnostic.getMessage(), reading.keys));
}

Expected<RawSet> swapc::readSetYaml(StringRef text, StringRef path) {
  if (!saysInYaml(text, ":"))
    return createStringError(path + ":1: not a set of tasks: it begins with "
                                    "'tasks:' or other keys");
  Reading reading;
  reading.text = text;
  RawSet set;
  yaml::Input input(MemoryBufferRef(text, path), &reading, takeMessage,
                    &reading);
  input >> set;
  if (input.error() || !reading.error.empty())
    return createStringError(reading.error.empty()
                                 ? path.str() + ":1: not a set of tasks"
                                 : reading.error);
  return set;
}
