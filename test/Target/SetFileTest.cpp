//===- SetFileTest.cpp - What a set may say, and what not -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/SetFile.h"

#include "swap/posix.h"

#include <gtest/gtest.h>

#include <random>

using namespace swapc;
using llvm::StringRef;

namespace {

std::string getError(StringRef text) {
  llvm::Expected<SetFile> set = SetFile::parse(text, "dir/a.yaml");
  return set ? "" : llvm::toString(set.takeError());
}

SetFile parse(StringRef text) {
  llvm::Expected<SetFile> set = SetFile::parse(text, "dir/a.yaml");
  if (set)
    return std::move(*set);
  ADD_FAILURE() << llvm::toString(set.takeError());
  return {};
}

/// A set of one task with further lines.
std::string withTask(StringRef lines) {
  return ("tasks:\n  - model: m.onnx\n" + lines).str();
}

} // namespace

TEST(SetFile, Everything) {
  SetFile set = parse(R"(
name: self-driving
budget: 17.2%
duration: 30s
threads: 2
lanes: 1
io: uring
tasks:
  - name: signs           # a comment
    model: vgg19.onnx
    profile: vgg19.yaml
    dims: {batch: 1, width: 224}
    period: 800ms
    deadline: 600ms
    phase: 100ms
    jitter: 20us
    priority: 3
    depth: 4
    inputs: {x: image.npy, y: /tmp/y.pb}
  - name: "far signs"
    model: vgg19.onnx
    profile: [vgg19.yaml]
    dims: {width: 224, batch: 1}
    rate: 1.25
    arrivals: poisson
    deadline: none
    starts: false
  - model: /models/other.onnx
    profile:
      - a.yaml
      - b.yaml
    arrivals: back-to-back
events:
  - {at: 14s, add: far signs}
  - {at: 10s, budget: 30%}
  - {at: 15s, remove: signs}
  - {at: 1min, task: far signs, rate: 4}
  - {at: 61s, task: far signs, deadline: none}
  - {at: 62s, task: other, priority: 7}
)");
  EXPECT_EQ(set.name, "self-driving");
  EXPECT_EQ(set.budget, "17.2%");
  EXPECT_EQ(set.duration, 30'000'000'000u);
  EXPECT_EQ(set.threads, 2u);
  EXPECT_EQ(set.lanes, 1u);
  EXPECT_EQ(set.io, uint32_t(SWAP_POSIX_URING));

  ASSERT_EQ(set.models.size(), 2u);
  EXPECT_EQ(set.models[0].path, "dir/vgg19.onnx");
  EXPECT_EQ(set.models[0].profiles, std::vector<std::string>{"dir/vgg19.yaml"});
  ASSERT_EQ(set.models[0].dims.size(), 2u);
  EXPECT_EQ(set.models[0].dims[1].first, "width");
  EXPECT_EQ(set.models[0].dims[1].second, 224);
  EXPECT_EQ(set.models[0].line, 10u);
  EXPECT_EQ(set.models[1].path, "/models/other.onnx");
  EXPECT_EQ(set.models[1].profiles.size(), 2u);

  ASSERT_EQ(set.tasks.size(), 3u);
  const SetTask &signs = set.tasks[0], &far = set.tasks[1],
                &other = set.tasks[2];
  EXPECT_EQ(signs.name, "signs");
  EXPECT_EQ(signs.model, 0u);
  EXPECT_EQ(signs.period, 800'000'000u);
  EXPECT_EQ(signs.deadline, 600'000'000u);
  EXPECT_EQ(signs.phase, 100'000'000u);
  EXPECT_EQ(signs.jitter, 20'000u);
  EXPECT_EQ(signs.arrivals, SWAP_ARRIVE_PERIODIC);
  EXPECT_EQ(signs.priority, 3u);
  EXPECT_EQ(signs.depth, 4u);
  EXPECT_TRUE(signs.starts);
  ASSERT_EQ(signs.inputs.size(), 2u);
  EXPECT_TRUE(StringRef(signs.inputs[0].second).starts_with("/"));
  EXPECT_TRUE(StringRef(signs.inputs[0].second).ends_with("dir/image.npy"));
  EXPECT_EQ(signs.inputs[1].second, "/tmp/y.pb");
  EXPECT_EQ(far.name, "far signs");
  EXPECT_EQ(far.model, 0u);
  EXPECT_EQ(far.period, 800'000'000u);
  EXPECT_EQ(far.deadline, 0u);
  EXPECT_EQ(far.arrivals, SWAP_ARRIVE_POISSON);
  EXPECT_FALSE(far.starts);
  EXPECT_EQ(other.name, "other");
  EXPECT_EQ(other.model, 1u);
  EXPECT_EQ(other.period, 0u);
  EXPECT_EQ(other.deadline, 0u);
  EXPECT_EQ(other.arrivals, SWAP_ARRIVE_BACK_TO_BACK);

  ASSERT_EQ(set.events.size(), 6u);
  EXPECT_EQ(set.events[0].at, 10'000'000'000u);
  EXPECT_EQ(set.events[0].kind, SWAP_SET_BUDGET);
  EXPECT_EQ(set.events[0].text, "30%");
  EXPECT_EQ(set.events[1].kind, SWAP_SET_ADD);
  EXPECT_EQ(set.events[1].task, 1u);
  EXPECT_EQ(set.events[2].kind, SWAP_SET_REMOVE);
  EXPECT_EQ(set.events[2].task, 0u);
  EXPECT_EQ(set.events[3].at, 60'000'000'000u);
  EXPECT_EQ(set.events[3].kind, SWAP_SET_PERIOD);
  EXPECT_EQ(set.events[3].value, 250'000'000u);
  EXPECT_EQ(set.events[4].kind, SWAP_SET_DEADLINE);
  EXPECT_EQ(set.events[4].value, 0u);
  EXPECT_EQ(set.events[5].kind, SWAP_SET_PRIORITY);
  EXPECT_EQ(set.events[5].value, 7u);
}

TEST(SetFile, Defaults) {
  SetFile set = parse(withTask("    period: 1s\n"));
  EXPECT_EQ(set.name, "a");
  EXPECT_EQ(set.budget, "max");
  EXPECT_EQ(set.duration, 0u);
  EXPECT_EQ(set.threads, 0u);
  EXPECT_EQ(set.lanes, 0u);
  EXPECT_EQ(set.io, uint32_t(SWAP_POSIX_AUTO));
  const SetTask &task = set.tasks.at(0);
  EXPECT_EQ(task.name, "m");
  EXPECT_EQ(task.deadline, task.period);
  EXPECT_EQ(task.depth, 0u);
  EXPECT_EQ(task.priority, 0u);
  EXPECT_TRUE(task.starts);
}

TEST(SetFile, TimesHaveUnits) {
  auto time = [](StringRef text) { return llvm::cantFail(parseTime(text)); };
  EXPECT_EQ(time("800ms"), 800'000'000u);
  EXPECT_EQ(time("1.5s"), 1'500'000'000u);
  EXPECT_EQ(time("20us"), 20'000u);
  EXPECT_EQ(time("7ns"), 7u);
  EXPECT_EQ(time("2 min"), 120'000'000'000u);
  EXPECT_EQ(time("1h"), 3'600'000'000'000u);
  EXPECT_EQ(time("0"), 0u);
  for (StringRef text : {"", "s", "5", "1.2.3s", "-1s", "1e3s", "3 m s", "3m",
                         "99999999999h", "nan", "infs", "."}) {
    llvm::Expected<uint64_t> value = parseTime(text);
    EXPECT_FALSE(bool(value)) << text.str();
    llvm::consumeError(value.takeError());
  }
  EXPECT_EQ(formatTime(1'500'000'000), "1.5 s");
  EXPECT_EQ(formatTime(20'000'000), "20 ms");
  EXPECT_EQ(formatTime(1'500), "1.5 us");
}

TEST(SetFile, ErrorsSayWhereWhatAndWhatToDo) {
  struct {
    std::string text, error;
  } cases[] = {
      {"", ":1: not a set of tasks: it begins with 'tasks:' or other keys"},
      {"# only\n", ":1: not a set"},
      {"name: x\n", ":1: no tasks: the key 'tasks' is a list of models with a "
                    "period each"},
      {"tasks: []\n", ":1: no tasks"},
      {"tasks: 5\n", ":1: expects a list, each entry after a '-'"},
      {"tasks:\n  - 5\n", ":2: expects names with values"},
      {"tasks:\n  - period: 1s\n", ":2: task without a model"},
      {"name: x\nbudgets: 3\n", ":2: unknown key 'budgets'; those here are "
                                "name, target, budget, duration"},
      {withTask("    perod: 1s\n"), ":3: unknown key 'perod'; those here are "
                                    "name, model, profile"},
      {withTask(""), ":2: task 'm' has no period: give it a period, a rate or "
                     "'arrivals: back-to-back'"},
      {withTask("    period: 800\n"), ":3: period: time '800' has no unit: "
                                      "800ms, 800s or another of ns"},
      {withTask("    period: 8 moons\n"), ":3: period: time '8 moons' has a "
                                          "unit that is not ns"},
      {withTask("    period: soon\n"),
       ":3: period: time 'soon' is not a number"},
      {withTask("    period: 0\n"), ":3: period: 0 is no period"},
      {withTask("    period: 1s\n    rate: 2\n"), ":4: period and rate say the "
                                                  "same"},
      {withTask("    rate: 0\n"), ":3: rate: '0' is not a number of jobs a "
                                  "second"},
      {withTask("    rate: 2/s\n"), ":3: rate: '2/s'"},
      {withTask("    period: 1s\n    deadline: 0\n"), ":4: deadline: 0 cannot "
                                                      "be kept; 'none'"},
      {withTask("    period: 1s\n    arrivals: often\n"),
       ":4: arrivals: 'often' is not periodic, poisson or back-to-back"},
      {withTask("    period: 1s\n    arrivals: back-to-back\n"),
       ":4: arrivals: back-to-back has no period and no rate"},
      {withTask("    rate: 1\n    arrivals: poisson\n    jitter: 1ms\n"),
       ":5: jitter: of periodic arrivals only"},
      {withTask("    period: 1s\n    priority: 8\n"),
       ":4: priority: '8' is not a number from 0 to 7"},
      {withTask("    period: 1s\n    depth: 0\n"),
       ":4: depth: '0' is not a number from 1 to 64"},
      {withTask("    period: 1s\n    starts: maybe\n"),
       ":4: starts: 'maybe' is not true or false"},
      {withTask("    period: 1s\n    dims: {batch: x}\n"),
       ":4: dims: batch: 'x' is not a number"},
      {withTask("    period: 1s\n    profile: {a: b}\n"),
       ": expects a file or a list of files"},
      {withTask("    period: 1s\n    period: 2s\n"), ":4: duplicated mapping "
                                                     "key 'period'"},
      {withTask("    period: [1s]\n"), ":3: one value is expected here"},
      {withTask("    period: 1s\n  - model: x/m.onnx\n    period: 2s\n"),
       ":4: task 'm' is in line 2 already: give one of them another name"},
      {withTask("    period: 1s\n    name: ''\n"), ":4: name: "},
      {"budget: 3MB\n" + withTask("    period: 1s\n"),
       ":1: budget: size '3MB' is not"},
      {"budget: ladder\n" + withTask("    period: 1s\n"),
       ":1: budget: 'ladder' is a budget of one model"},
      {"budget: mapped\n" + withTask("    period: 1s\n"),
       ":1: budget: 'mapped' is a budget of one model"},
      {"threads: 0\n" + withTask("    period: 1s\n"), ":1: threads: '0'"},
      {"io: map\n" + withTask("    period: 1s\n"),
       ":1: io: 'map' is not auto, uring or thread"},
  };
  for (const auto &[text, error] : cases) {
    std::string got = getError(text);
    EXPECT_TRUE(StringRef(got).starts_with("dir/a.yaml:")) << text << got;
    EXPECT_TRUE(StringRef(got).contains(error)) << text << "gives\n"
                                                << got << "\nnot\n"
                                                << error;
  }
}

TEST(SetFile, Events) {
  std::string base =
      withTask("    period: 1s\n  - model: n.onnx\n    arrivals: "
               "back-to-back\n    starts: false\nevents:\n");
  struct {
    std::string text, error;
  } cases[] = {
      {"  - {budget: 3%}\n", ":8: event without a time"},
      {"  - {at: 1s}\n", ":8: an event has one of budget, add, remove"},
      {"  - {at: 1s, budget: 3%, add: n}\n", ":8: an event has one of"},
      {"  - {at: 1s, add: n, period: 1s}\n", ":8: an event has one of"},
      {"  - {at: 1s, budget: lots}\n", ":8: budget: size 'lots'"},
      {"  - {at: 1s, add: x}\n", ":8: no task is called 'x'; there are m, n"},
      {"  - {at: 1s, add: m}\n", ":8: task 'm' is there already at 1 s"},
      {"  - {at: 1s, remove: n}\n", ":8: task 'n' is not there at 1 s"},
      {"  - {at: 2s, add: n}\n  - {at: 1s, task: n, priority: 1}\n",
       ":9: task 'n' is not there at 1 s: an event has to add it before"},
      {"  - {at: 1s, task: m}\n", ":8: an event with a task has one of period"},
      {"  - {at: 1s, task: m, period: 1s, deadline: 1s}\n",
       ":8: an event with a task has one of period"},
      {"  - {at: 1s, add: n}\n  - {at: 2s, task: n, period: 1s}\n",
       ":9: task 'n' is back-to-back and has no period"},
      {"  - {at: 1s, task: m, deadline: 0}\n", ":8: deadline: 0 cannot"},
      {"  - {at: 1s, task: m, priority: -1}\n", ":8: priority: '-1'"},
      {"  - {on: 1s, add: n}\n", ":8: unknown key 'on'; those here are at,"},
  };
  for (const auto &[text, error] : cases) {
    std::string got = getError(base + text);
    EXPECT_TRUE(StringRef(got).contains(error)) << text << "gives\n"
                                                << got << "\nnot\n"
                                                << error;
  }
  EXPECT_EQ(getError(base + "  - {at: 1s, remove: m}\n  - {at: 1s, add: m}\n"),
            "");
}

TEST(SetFile, MoreTasksThanAPoolHas) {
  std::string text = "tasks:\n";
  for (int i = 0; i < 65; ++i)
    text += "  - {name: t" + std::to_string(i) + ", model: m, period: 1s}\n";
  EXPECT_EQ(getError(text), "dir/a.yaml:66: more than 64 tasks");
}

// Any text gives a set or one line that begins with the file.
TEST(SetFile, DamagedText) {
  const std::string whole =
      "budget: 10%\n" +
      withTask("    period: 1s\n    profile: [a, b]\n    dims: {n: 1}\n"
               "    inputs: {x: y}\nevents:\n  - {at: 1s, budget: 20%}\n");
  ASSERT_EQ(getError(whole), "");
  std::mt19937 random(1);
  const char signs[] = "\n\t :-{}[],'\"&*#|>%!?@`\\\0a5.";
  for (int i = 0; i < 20000; ++i) {
    std::string text =
        whole.substr(0, random() % 4 ? whole.size() : random() % whole.size());
    for (int edits = random() % 4; edits >= 0 && !text.empty(); --edits)
      text[random() % text.size()] = signs[random() % (sizeof signs - 1)];
    std::string error = getError(text);
    EXPECT_TRUE(error.empty() || (StringRef(error).starts_with("dir/a.yaml:") &&
                                  !StringRef(error).contains('\n')))
        << text << "\ngives\n"
        << error;
  }
}
