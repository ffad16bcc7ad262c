//===- Run.cpp - swapc run: several models in one program -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "CommandLine.h"
#include "swapc/Target/SetBuild.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Threading.h"
#include "llvm/TargetParser/Host.h"

#include <cerrno>
#include <deque>
#include <unistd.h>

using namespace llvm;
using namespace swapc;

constexpr char kHelp[] = "swapc run --help";

namespace {
/// Options of the program, which get there as they are.
struct Passed {
  const char *name, *value, *description;
};
constexpr Passed kPassed[] = {
    {"budget", "SIZE",
     "memory of all models together: 96MiB, 1.5GiB, bytes, 40% (of what they "
     "need), min, max; default: as the set says"},
    {"duration", "TIME",
     "800ms, 30s, 10min; 0: until it is interrupted (default: as the set "
     "says)"},
    {"warmup", "TIME", "jobs of the first 2s, 500ms, ... are not counted"},
    {"lanes", "N", "jobs that compute side by side"},
    {"io", "auto|uring|thread", "how weights are read"},
    {"seed", "N", "of arrivals and of inputs that are made up"},
    {"stats", "FILE.json", "writes what was measured"},
    {"trace", "FILE.json", "writes a trace for ui.perfetto.dev"},
    {"random-changes", "N", "tasks come and go, budgets change, N times"},
    {"check", nullptr,
     "compares each output with a run of its model alone; exit code 1 if any "
     "bit differs"},
    {"admit", nullptr,
     "exit code 1 if by prediction a deadline cannot be kept"},
    {"strict", nullptr, "exit code 1 if a deadline was missed"},
    {"describe", nullptr,
     "prints models, plans and whether the set is feasible; runs nothing"}};

struct RunOptions {
  cl::OptionCategory category{"swapc run options"};
  cl::OptionCategory passedCategory{
      "Options of the program, which get there as they are"};
  cl::opt<std::string> setPath{cl::Positional, cl::desc("SET.yaml"),
                               cl::cat(category)};
  cl::opt<std::string> outputPath{
      "o", cl::value_desc("PROG"), cl::cat(category),
      cl::desc("the program; what it needs goes beside it, as PROG.* (default: "
               "SET.swapset/SET beside SET.yaml)")};
  cl::opt<bool> noRun{"no-run", cl::cat(category), cl::desc("only build")};
  cl::opt<bool> measure{
      "measure", cl::cat(category),
      cl::desc("profile on this machine each model that has no profile; kept "
               "beside the program and used from then on")};
  CommonOptions common{
      category,
      "that compute, in plans and in the program (default: as the set says, or "
      "all processors)",
      "GPUs that a set with target cuda is for; native: those here",
      "the CUDA toolkit, for a set with target cuda", "folder of libswap_set.a"};
  std::deque<cl::opt<std::string>> texts;
  std::deque<cl::opt<bool>> flags;

  RunOptions() {
    for (const Passed &option : kPassed)
      if (option.value)
        texts.emplace_back(StringRef(option.name), cl::value_desc(option.value),
                           cl::desc(option.description),
                           cl::cat(passedCategory));
      else
        flags.emplace_back(StringRef(option.name), cl::desc(option.description),
                           cl::cat(passedCategory));
  }

  cl::extrahelp examples{
      "\nExamples:\n"
      "  swapc run car.yaml --budget 214MiB --duration 30s\n"
      "  swapc run car.yaml --measure --describe\n"
      "  swapc run car.yaml --no-run -o car && ./car --stats car.json\n"};

  const std::string *get(StringRef name) const {
    for (const cl::opt<std::string> &text : texts)
      if (text.ArgStr == name && text.getNumOccurrences())
        return &text.getValue();
    return nullptr;
  }
};
} // namespace

static int runError(const Twine &message) { return usageError(message, kHelp); }

/// What the program would refuse is refused before it is built.
static int checkPassed(const RunOptions &line) {
  if (const std::string *budget = line.get("budget"))
    if (Error error = checkSetBudget(*budget))
      return runError("--budget: " + toString(std::move(error)));
  for (StringRef name : {"duration", "warmup"})
    if (const std::string *given = line.get(name)) {
      Expected<uint64_t> time = parseTime(*given);
      if (!time)
        return runError("--" + name + ": " + toString(time.takeError()));
    }
  if (const std::string *io = line.get("io")) {
    Expected<uint32_t> way = parseSetIo(*io);
    if (!way)
      return runError("--io: " + toString(way.takeError()));
  }
  for (StringRef name : {"lanes", "seed", "random-changes"}) {
    const std::string *count = line.get(name);
    uint64_t value;
    if (count && StringRef(*count).getAsInteger(10, value))
      return runError("--" + name + ": '" + *count + "' is not a number");
  }
  return 0;
}

/// The place of the program where -o names none, in a folder that is made.
static Expected<std::string> makeDefaultPlace(StringRef setPath) {
  SmallString<256> place(setPath);
  sys::path::replace_extension(place, "swapset");
  if (std::error_code code = sys::fs::create_directories(place))
    return createStringError("cannot make folder " + place.str() + ": " +
                             code.message() +
                             "; -o names another place for the program");
  sys::path::append(place, sys::path::stem(setPath));
  return place.str().str();
}

static int readTarget(const RunOptions &line, const SetFile &set,
                      CompileOptions &compile) {
  if (!set.isCuda && (line.common.cudaArchs.getNumOccurrences() ||
                      line.common.cudaPath.getNumOccurrences()))
    return runError("--cuda-arch, --cuda-path: the set needs 'target: cuda'");
  if (!set.isCuda)
    return 0;
  if (line.common.threads.getNumOccurrences() || line.get("lanes") ||
      line.get("io"))
    return runError("--threads, --lanes, --io: with target cuda the GPU runs "
                    "one job after another, and reads its weights");
  compile.threads = 1;
  return line.common.readCuda(compile, kHelp);
}

/// Fills in how models are compiled; an exit code where the line is wrong.
static int readOptions(const RunOptions &line, const SetFile &set,
                       const char *program, CompileOptions &compile) {
  compile.budgets = {"ladder"};
  compile.compileThreads = hardware_concurrency().compute_thread_count();
  compile.threads = set.threads ? set.threads : compile.compileThreads;
  if (int code = readTarget(line, set, compile))
    return code;
  if (int code = line.common.read(compile, program, kHelp))
    return code;
  compile.triple = sys::getProcessTriple();
  compile.output = line.outputPath;
  if (compile.output.empty()) {
    Expected<std::string> place = makeDefaultPlace(line.setPath);
    if (!place) {
      errs() << "swapc: error: " << toString(place.takeError()) << "\n";
      return kExitFailure;
    }
    compile.output = *place;
  }
  return 0;
}

/// This process becomes the program, so that signals and exit codes are its.
static int becomeProgram(const RunOptions &line, StringRef output) {
  std::vector<std::string> arguments;
  SmallString<256> path(output);
  (void)sys::fs::make_absolute(path);
  arguments.push_back(path.str().str());
  auto add = [&](StringRef name, StringRef value) {
    arguments.push_back(("--" + name).str());
    if (!value.empty())
      arguments.push_back(value.str());
  };
  if (line.common.threads.getNumOccurrences())
    add("threads", line.common.threads);
  for (const cl::opt<std::string> &text : line.texts)
    if (text.getNumOccurrences())
      add(text.ArgStr, text);
  for (const cl::opt<bool> &flag : line.flags)
    if (flag)
      add(flag.ArgStr, "");
  if (line.common.quiet)
    add("quiet", "");
  std::vector<char *> pointers;
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  errs() << "swapc: error: cannot run " << arguments[0] << ": "
         << std::generic_category().message(errno) << "\n";
  return kExitFailure;
}

int runSet(int argc, char **argv, const char *program) {
  char name[] = "swapc run"; // for messages
  argv[0] = name;
  // Of LLVM's own, this one has a name that is ours.
  if (cl::Option *stats = cl::getRegisteredOptions().lookup("stats"))
    stats->removeArgument();
  RunOptions line;
  cl::HideUnrelatedOptions({&line.category, &line.passedCategory});
  if (int code = parseCommandLine(
          argc, argv,
          "builds a program of several models under one memory budget, and "
          "runs it\n",
          kHelp))
    return code;
  if (line.setPath.empty())
    return runError("no set given");
  if (int code = checkPassed(line))
    return code;
  Expected<SetFile> set = SetFile::load(line.setPath);
  if (!set) {
    errs() << "swapc: error: " << toString(set.takeError()) << "\n";
    return kExitFailure;
  }
  SetBuildOptions options;
  options.measure = line.measure;
  options.quiet = line.common.quiet;
  if (int code = readOptions(line, *set, program, options.compile))
    return code;
  if (failed(buildSet(*set, options)))
    return kExitFailure;
  return line.noRun ? 0 : becomeProgram(line, options.compile.output);
}
