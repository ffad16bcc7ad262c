//===- SetFile.cpp - Tasks of several models in one program -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/SetFile.h"

#include "SetYaml.h"
#include "swap/pool.h"
#include "swapc/Support/YamlFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace swapc;
using namespace llvm;

constexpr uint64_t kMostThreads = 1024, kMostDepth = 64;

namespace {
/// Turns texts into values. After the first error it does nothing more.
class SetReader {
public:
  SetReader(StringRef path, SetFile &set) : path(path), set(set) {}
  Error read(const RawSet &raw);

private:
  void fail(unsigned line, const Twine &message) {
    if (error.empty())
      error = placeMessage(path, line, message);
  }
  std::string resolve(StringRef file) const;
  void readTime(const SetText &text, StringRef key, uint64_t &time);
  void readCount(const SetText &text, StringRef key, uint64_t least,
                 uint64_t most, uint32_t &count);
  void readPeriod(const SetText &period, const SetText &rate, uint64_t &time);
  void readDeadline(const SetText &text, uint64_t &time);
  size_t readModel(const RawTask &raw);
  void readArrivals(const RawTask &raw, SetTask &task);
  void readTask(const RawTask &raw);
  uint32_t findTask(const SetText &name);
  void readChange(const RawEvent &raw, SetEvent &event);
  void readEvent(const RawEvent &raw);
  void checkOrder(ArrayRef<RawEvent> raw);

  StringRef path;
  SetFile &set;
  std::vector<unsigned> lines; ///< Of the tasks' names.
  std::string error;
};
} // namespace

/// A path of the file is relative to its folder.
std::string SetReader::resolve(StringRef file) const {
  SmallString<256> result;
  if (!sys::path::is_absolute(file))
    result = sys::path::parent_path(path);
  sys::path::append(result, file);
  return result.str().str();
}

void SetReader::readTime(const SetText &text, StringRef key, uint64_t &time) {
  if (!text)
    return;
  Expected<uint64_t> value = parseTime(text.value);
  if (!value)
    return fail(text.line, key + ": " + toString(value.takeError()));
  time = *value;
}

void SetReader::readCount(const SetText &text, StringRef key, uint64_t least,
                          uint64_t most, uint32_t &count) {
  uint64_t value = 0;
  if (!text)
    return;
  if (StringRef(text.value).getAsInteger(10, value) || value < least ||
      value > most)
    return fail(text.line, key + ": '" + text.value +
                               "' is not a number from " + Twine(least) +
                               " to " + Twine(most));
  count = static_cast<uint32_t>(value);
}

void SetReader::readPeriod(const SetText &period, const SetText &rate,
                           uint64_t &time) {
  if (period && rate)
    return fail(rate.line, "period and rate say the same: leave one out");
  readTime(period, "period", time);
  if (rate) {
    double value;
    if (StringRef(rate.value).getAsDouble(value) || !(value >= 1e-6) ||
        !(value <= 1e9))
      return fail(rate.line, "rate: '" + rate.value +
                                 "' is not a number of jobs a second, such as "
                                 "1.25");
    time = static_cast<uint64_t>(1e9 / value + 0.5);
  }
  if (error.empty() && (period || rate) && time == 0)
    fail(period ? period.line : rate.line,
         "period: 0 is no period; 'arrivals: back-to-back' starts a job when "
         "the one before has ended");
}

void SetReader::readDeadline(const SetText &text, uint64_t &time) {
  if (text.value == "none") {
    time = 0;
    return;
  }
  readTime(text, "deadline", time);
  if (text && error.empty() && time == 0)
    fail(text.line, "deadline: 0 cannot be kept; 'none' is a task without a "
                    "deadline");
}

size_t SetReader::readModel(const RawTask &raw) {
  SetModel model;
  model.path = resolve(raw.model.value);
  model.line = raw.model.line;
  for (const SetText &profile : raw.profile.values)
    model.profiles.push_back(resolve(profile.value));
  for (const auto &[name, text] : raw.dims.values) {
    uint32_t size = 0;
    readCount(text, "dims: " + name, 1, INT32_MAX, size);
    model.dims.push_back({name, size});
  }
  llvm::sort(model.dims);
  auto found = llvm::find(set.models, model);
  if (found == set.models.end())
    found = set.models.insert(found, std::move(model));
  return found - set.models.begin();
}

void SetReader::readArrivals(const RawTask &raw, SetTask &task) {
  const SetText &arrivals = raw.arrivals;
  if (arrivals.value == "poisson")
    task.arrivals = SWAP_ARRIVE_POISSON;
  else if (arrivals.value == "back-to-back")
    task.arrivals = SWAP_ARRIVE_BACK_TO_BACK;
  else if (arrivals && arrivals.value != "periodic")
    fail(arrivals.line, "arrivals: '" + arrivals.value +
                            "' is not periodic, poisson or back-to-back");
  readPeriod(raw.period, raw.rate, task.period);
  bool isGiven = raw.period || raw.rate;
  if (task.arrivals == SWAP_ARRIVE_BACK_TO_BACK && isGiven)
    fail(arrivals.line, "arrivals: back-to-back has no period and no rate: "
                        "leave them out, or the arrivals");
  if (task.arrivals != SWAP_ARRIVE_BACK_TO_BACK && !isGiven)
    fail(raw.line, "task '" + task.name +
                       "' has no period: give it a period, a rate or "
                       "'arrivals: back-to-back'");
  if (task.arrivals != SWAP_ARRIVE_PERIODIC && raw.jitter)
    fail(raw.jitter.line, "jitter: of periodic arrivals only");
}

void SetReader::readTask(const RawTask &raw) {
  SetTask task;
  if (raw.model.value.empty())
    return fail(raw.line, "task without a model: it has the key 'model', an "
                          "ONNX file");
  task.name =
      raw.name ? raw.name.value : sys::path::stem(raw.model.value).str();
  unsigned line = raw.name ? raw.name.line : raw.line;
  if (task.name.empty() || llvm::any_of(task.name, [](unsigned char c) {
        return c < ' ' || c == 0x7f;
      }))
    return fail(line, "name: a task's name is a text without control "
                      "characters");
  for (auto [other, at] : llvm::zip_equal(set.tasks, lines))
    if (other.name == task.name)
      return fail(line, "task '" + task.name + "' is in line " + Twine(at) +
                            " already: give one of them another name");
  task.model = readModel(raw);
  readArrivals(raw, task);
  task.deadline = task.arrivals == SWAP_ARRIVE_BACK_TO_BACK ? 0 : task.period;
  readDeadline(raw.deadline, task.deadline);
  readTime(raw.phase, "phase", task.phase);
  readTime(raw.jitter, "jitter", task.jitter);
  readCount(raw.priority, "priority", 0, SWAP_PRIORITY_MAX, task.priority);
  readCount(raw.depth, "depth", 1, kMostDepth, task.depth);
  if (raw.starts && raw.starts.value != "true" && raw.starts.value != "false")
    fail(raw.starts.line,
         "starts: '" + raw.starts.value + "' is not true or false");
  task.starts = raw.starts.value != "false";
  for (const auto &[name, text] : raw.inputs.values) {
    SmallString<256> file(resolve(text.value));
    (void)sys::fs::make_absolute(file);
    task.inputs.push_back({name, file.str().str()});
  }
  set.tasks.push_back(std::move(task));
  lines.push_back(line);
}

uint32_t SetReader::findTask(const SetText &name) {
  for (auto [i, task] : llvm::enumerate(set.tasks))
    if (task.name == name.value)
      return i;
  std::vector<StringRef> names;
  for (const SetTask &task : set.tasks)
    names.push_back(task.name);
  fail(name.line, "no task is called '" + name.value + "'; there are " +
                      join(names, ", "));
  return 0;
}

/// What is new about a task.
void SetReader::readChange(const RawEvent &raw, SetEvent &event) {
  event.task = findTask(raw.task);
  int given = !!raw.period + !!raw.rate + !!raw.deadline + !!raw.priority;
  if (given != 1)
    return fail(raw.line, "an event with a task has one of period, rate, "
                          "deadline and priority");
  uint32_t priority = 0;
  if (raw.deadline) {
    event.kind = SWAP_SET_DEADLINE;
    readDeadline(raw.deadline, event.value);
  } else if (raw.priority) {
    event.kind = SWAP_SET_PRIORITY;
    readCount(raw.priority, "priority", 0, SWAP_PRIORITY_MAX, priority);
    event.value = priority;
  } else {
    event.kind = SWAP_SET_PERIOD;
    readPeriod(raw.period, raw.rate, event.value);
    if (error.empty() &&
        set.tasks[event.task].arrivals == SWAP_ARRIVE_BACK_TO_BACK)
      fail(raw.line,
           "task '" + raw.task.value + "' is back-to-back and has no period");
  }
}

void SetReader::readEvent(const RawEvent &raw) {
  SetEvent event;
  if (!raw.at)
    return fail(raw.line, "event without a time: it has the key 'at', such as "
                          "'at: 10s'");
  readTime(raw.at, "at", event.at);
  bool hasChange = raw.period || raw.rate || raw.deadline || raw.priority;
  int given = !!raw.budget + !!raw.add + !!raw.remove + !!raw.task;
  if (given != 1 || (hasChange && !raw.task))
    return fail(raw.line, "an event has one of budget, add, remove, or task "
                          "with what is new about it");
  if (raw.budget) {
    event.text = raw.budget.value;
    if (Error wrong = checkSetBudget(event.text))
      fail(raw.budget.line, "budget: " + toString(std::move(wrong)));
  } else if (raw.task) {
    readChange(raw, event);
  } else {
    event.kind = raw.add ? SWAP_SET_ADD : SWAP_SET_REMOVE;
    event.task = findTask(raw.add ? raw.add : raw.remove);
  }
  set.events.push_back(std::move(event));
}

/// Sorts the events; who comes is away before, who goes is there.
void SetReader::checkOrder(ArrayRef<RawEvent> raw) {
  std::vector<size_t> order;
  for (size_t i = 0; i < set.events.size(); ++i)
    order.push_back(i);
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::make_pair(set.events[a].at, a) <
           std::make_pair(set.events[b].at, b);
  });
  std::vector<bool> isThere;
  for (const SetTask &task : set.tasks)
    isThere.push_back(task.starts);
  std::vector<SetEvent> sorted;
  for (size_t at : order) {
    SetEvent &event = set.events[at];
    if (event.kind != SWAP_SET_BUDGET) {
      bool isAdded = event.kind == SWAP_SET_ADD;
      const std::string &name = set.tasks[event.task].name;
      if (isAdded && isThere[event.task])
        fail(raw[at].line, "task '" + name + "' is there already at " +
                               formatTime(event.at) +
                               "; 'starts: false' is a task that an event "
                               "adds");
      if (!isAdded && !isThere[event.task])
        fail(raw[at].line, "task '" + name + "' is not there at " +
                               formatTime(event.at) +
                               ": an event has to add it before");
      if (isAdded || event.kind == SWAP_SET_REMOVE)
        isThere[event.task] = isAdded;
    }
    sorted.push_back(std::move(event));
  }
  set.events = std::move(sorted);
}

Error SetReader::read(const RawSet &raw) {
  set.path = path.str();
  set.name = raw.name ? raw.name.value : sys::path::stem(path).str();
  if (raw.budget) {
    set.budget = raw.budget.value;
    if (Error wrong = checkSetBudget(set.budget))
      fail(raw.budget.line, "budget: " + toString(std::move(wrong)));
  }
  set.isCuda = raw.target.value == "cuda";
  if (raw.target && !set.isCuda && raw.target.value != "cpu")
    fail(raw.target.line,
         "target: '" + raw.target.value + "' is not cpu or cuda");
  for (const auto &[text, name] : {std::pair(raw.threads, "threads"),
                                   std::pair(raw.lanes, "lanes"),
                                   std::pair(raw.io, "io")})
    if (set.isCuda && text)
      fail(text.line, Twine(name) + ": with target cuda the GPU runs one job "
                                    "after another, and reads its weights");
  readTime(raw.duration, "duration", set.duration);
  readCount(raw.threads, "threads", 1, kMostThreads, set.threads);
  readCount(raw.lanes, "lanes", 1, kMostThreads, set.lanes);
  if (raw.io) {
    Expected<uint32_t> io = parseSetIo(raw.io.value);
    if (io)
      set.io = *io;
    else
      fail(raw.io.line, "io: " + toString(io.takeError()));
  }
  if (raw.tasks.empty())
    fail(1, "no tasks: the key 'tasks' is a list of models with a period each");
  if (raw.tasks.size() > SWAP_POOL_MAX_TASKS)
    fail(raw.tasks[SWAP_POOL_MAX_TASKS].line,
         "more than " + Twine(SWAP_POOL_MAX_TASKS) + " tasks");
  for (const RawTask &task : raw.tasks)
    if (error.empty())
      readTask(task);
  for (const RawEvent &event : raw.events)
    if (error.empty())
      readEvent(event);
  if (error.empty())
    checkOrder(raw.events);
  return error.empty() ? Error::success() : createStringError(error);
}

Expected<SetFile> SetFile::parse(StringRef text, StringRef path) {
  Expected<RawSet> raw = readSetYaml(text, path);
  if (!raw)
    return raw.takeError();
  SetFile set;
  if (Error error = SetReader(path, set).read(*raw))
    return std::move(error);
  return set;
}

static Error checkFile(const SetFile &set, unsigned line, StringRef what,
                       StringRef file) {
  sys::fs::file_status status;
  std::error_code code = sys::fs::status(file, status);
  std::string place = set.path;
  if (line)
    place += ":" + std::to_string(line);
  if (code)
    return createStringError(place + ": " + what + " " + file + ": " +
                             code.message() +
                             " (paths are relative to the folder of the set)");
  if (!sys::fs::is_regular_file(status))
    return createStringError(place + ": " + what + " " + file +
                             " is not a regular file");
  return Error::success();
}

Expected<SetFile> SetFile::load(StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = readRegularFile(path);
  if (!buffer)
    return buffer.takeError();
  Expected<SetFile> set = parse((*buffer)->getBuffer(), path);
  if (!set)
    return set;
  for (const SetModel &model : set->models) {
    if (Error error = checkFile(*set, model.line, "model", model.path))
      return std::move(error);
    for (const std::string &profile : model.profiles)
      if (Error error = checkFile(*set, model.line, "profile", profile))
        return std::move(error);
  }
  for (const SetTask &task : set->tasks)
    for (const auto &[name, file] : task.inputs)
      if (Error error = checkFile(
              *set, 0, "task '" + task.name + "': input '" + name + "':", file))
        return std::move(error);
  return set;
}
