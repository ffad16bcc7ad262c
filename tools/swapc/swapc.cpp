//===- swapc.cpp - The compiler's command line ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"
#include "Run.h"
#include "swap/blob.h"
#include "swap/runtime.h"
#include "swapc/Codegen/CPU/CpuTarget.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/Progress.h"
#include "swapc/Target/Compiler.h"
#include "swapc/Target/Link.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/Threading.h"

#include <fcntl.h>
#include <unistd.h>

using namespace llvm;
using namespace swapc;

namespace {
/// Made after the options of LLVM's libraries were dropped: some have names
/// that are ours.
struct Options {
  cl::OptionCategory category{"swapc options"};
  cl::opt<std::string> modelPath{cl::Positional, cl::desc("MODEL.onnx"),
                                 cl::cat(category)};
  cl::opt<std::string> outputPath{
      "o", cl::value_desc("PROG"), cl::cat(category),
      cl::desc("output; the blob goes to PROG.swap ('-': stdout)")};
  cl::opt<std::string> name{
      "name", cl::value_desc("NAME"), cl::cat(category),
      cl::desc("of a library's files and symbols (default: the model file's "
               "as a C identifier)")};
  cl::list<std::string> budgets{
      "budget", cl::CommaSeparated, cl::value_desc("SIZE[,SIZE...]"),
      cl::cat(category),
      cl::desc("memory that a run may use: 96MiB, 1.5GiB, bytes, 40% "
               "(of what the model needs; cuda: beside code and graphs, which "
               "are added), min, max (default); mapped, mapped:64KiB, "
               "mapped:min: beside weights that are read where they lie; "
               "ladder: up to 24 of them, for several models under one budget "
               "to choose from")};
  cl::list<std::string> profiles{
      "profile", cl::CommaSeparated, cl::value_desc("FILE[,FILE...]"),
      cl::cat(category),
      cl::desc("what swap-profile or PROG --profile measured on the target")};
  cl::opt<std::string> targetName{"target", cl::init("cpu"),
                                  cl::value_desc("cpu|cuda"), cl::cat(category),
                                  cl::desc("what runs the kernels")};
  cl::opt<std::string> mtriple{"mtriple", cl::value_desc("triple"),
                               cl::cat(category),
                               cl::desc("target triple (default: host)")};
  cl::opt<std::string> relocation{
      "relocation-model", cl::value_desc("pic|static"), cl::cat(category),
      cl::desc("code for any address or for the one that it is linked to "
               "(default: static where the triple has no system, else pic)")};
  cl::opt<std::string> targetAbi{
      "target-abi", cl::value_desc("abi"), cl::cat(category),
      cl::desc("RISC-V: ilp32, ilp32f, lp64d, ... (default: by the features)")};
  cl::opt<bool> cudaTf32{
      "cuda-tf32", cl::cat(category),
      cl::desc("multiply float32 on tensor cores, at 10 bits of mantissa")};
  cl::list<std::string> dims{
      "dim", cl::value_desc("NAME=N"), cl::cat(category),
      cl::desc("size of a symbolic dimension; NAME<=N (or M<=NAME<=N): its "
               "bound, for which memory is planned while each run has a size "
               "of its own")};
  cl::list<std::string> shapes{
      "shape", cl::value_desc("NAME=2x3[,4x5...]"), cl::cat(category),
      cl::desc("shape of an input that the model leaves open (scalar for no "
               "dimension); of a sequence that of each of its tensors, which "
               "become inputs NAME.0, NAME.1, ...; none: no tensor")};
  cl::list<std::string> bindings{
      "bind", cl::value_desc("NAME=FILE.npy"), cl::cat(category),
      cl::desc("value of an input that is known while compiling, such as a "
               "shape or a number of steps; the program has no such input "
               "then")};
  cl::opt<std::string> emitKind{
      "emit", cl::init("exe"), cl::value_desc("KIND"), cl::cat(category),
      cl::desc("exe (default), lib (folder with library, header and blob), "
               "obj, tensor-ir, kernel-ir, swap-ir, memory-ir, llvm-ir, asm, "
               "cuda (source), ptx, plan (JSON)")};
  cl::opt<std::string> report{
      "report", cl::value_desc("FILE.html"), cl::cat(category),
      cl::desc("writes a page that shows the plans, for a browser")};
  cl::opt<std::string> unitBytes{
      "unit-bytes", cl::value_desc("SIZE"), cl::cat(category),
      cl::desc("bytes that move together (default: chosen)")};
  cl::opt<std::string> pageBytes{
      "page-bytes", cl::value_desc("SIZE"), cl::cat(category),
      cl::desc("slots of units are multiples of it: a power of two from 64 to "
               "4096 (default: 4096 for files, 64 for a target without an "
               "operating system)")};
  cl::opt<std::string> storage{
      "storage", cl::init("overlapping"), cl::value_desc("KIND"),
      cl::cat(category),
      cl::desc("overlapping (default): weights come in while kernels run; "
               "blocking: reads keep the processor, so they come when needed")};
  cl::opt<bool> timing{"timing", cl::cat(category),
                       cl::desc("print what each phase of the compiler takes")};
  CommonOptions common{
      category,
      "most threads of a run (default: processors here; 1 where the triple has "
      "no system)",
      "GPUs to make code for, the newest also as PTX for newer ones (default: "
      "sm_80,sm_90; native: those here)",
      "CUDA toolkit (default: $CUDA_HOME, $CUDA_PATH, that of nvcc, "
      "/usr/local/cuda)",
      "folder of libswap_runtime.a"};

  cl::extrahelp examples{
      "\nExamples:\n"
      "  swapc vgg19.onnx --budget 94MiB -o vgg19   # writes vgg19, "
      "vgg19.swap\n"
      "  ./vgg19 --input x=image.npy --output-dir out\n"
      "  swapc gpt2.onnx --dim batch=1 --budget min,40%,max -o gpt2\n"
      "  swapc model.onnx --budget 17% --emit plan\n"
      "  swapc run set.yaml --budget 25%     # several models; see swapc run "
      "--help\n"};
};
} // namespace

static std::optional<Emit> parseEmit(StringRef kind) {
  return StringSwitch<std::optional<Emit>>(kind)
      .Case("exe", Emit::Exe)
      .Case("lib", Emit::Lib)
      .Case("obj", Emit::Obj)
      .Case("tensor-ir", Emit::TensorIR)
      .Case("kernel-ir", Emit::KernelIR)
      .Case("swap-ir", Emit::SwapIR)
      .Case("memory-ir", Emit::MemoryIR)
      .Case("llvm-ir", Emit::LLVMIR)
      .Case("asm", Emit::Asm)
      .Case("cuda", Emit::Cuda)
      .Case("ptx", Emit::Ptx)
      .Case("plan", Emit::Plan)
      .Default(std::nullopt);
}

/// Reads NAME<=N or M<=NAME<=N.
static bool parseRange(StringRef text, SizeRange &range) {
  auto [rest, most] = text.rsplit("<=");
  auto [least, name] = rest.split("<=");
  if (name.empty())
    std::swap(least, name);
  range.name = name.trim().str();
  return !range.name.empty() &&
         (least.empty() || !least.trim().getAsInteger(10, range.least)) &&
         !most.trim().getAsInteger(10, range.most) && range.least > 0 &&
         range.least <= range.most && range.most <= INT32_MAX;
}

static bool parseDims(const Options &line, CompileOptions &options,
                      std::string &wrong) {
  StringSet<> names;
  for (const std::string &dim : line.dims) {
    if (StringRef(dim).contains("<=")) {
      SizeRange range;
      if (!parseRange(dim, range)) {
        wrong = "'" + dim + "' is not NAME<=N or M<=NAME<=N with 0 < M <= N";
        return false;
      }
      if (!names.insert(range.name).second) {
        wrong = "'" + range.name + "' is given twice";
        return false;
      }
      options.ranges.push_back(range);
      continue;
    }
    auto [name, value] = StringRef(dim).rsplit('=');
    int64_t size;
    if (name.empty() || value.getAsInteger(10, size) || size <= 0) {
      wrong = "'" + dim + "' is not NAME=N with N above 0";
      return false;
    }
    options.dims[name] = size;
    if (!names.insert(name).second) {
      wrong = "'" + name.str() + "' is given twice";
      return false;
    }
  }
  return true;
}

static bool parseShape(StringRef text, SmallVectorImpl<int64_t> &shape) {
  if (text == "scalar")
    return true;
  SmallVector<StringRef> sizes;
  text.split(sizes, 'x');
  for (StringRef size : sizes)
    if (size.getAsInteger(10, shape.emplace_back()) || shape.back() < 0)
      return false;
  return true;
}

static bool parseShapes(const Options &line, CompileOptions &options,
                        std::string &wrong) {
  for (const std::string &text : line.shapes) {
    auto [name, value] = StringRef(text).rsplit('=');
    SmallVector<StringRef> parts;
    if (value != "none")
      value.split(parts, ',');
    SmallVector<SmallVector<int64_t>> shapes(parts.size());
    bool good = !name.empty();
    for (auto [part, shape] : llvm::zip_equal(parts, shapes))
      good &= parseShape(part, shape);
    if (!good) {
      wrong = "'" + text + "' is not NAME=2x3, NAME=2x3,4x5 or NAME=none";
      return false;
    }
    if (!options.shapes.try_emplace(name, shapes).second) {
      wrong = "'" + name.str() + "' is given twice";
      return false;
    }
  }
  return true;
}

static bool parseBindings(const Options &line, CompileOptions &options,
                          std::string &wrong) {
  for (const std::string &binding : line.bindings) {
    auto [name, path] = StringRef(binding).split('=');
    if (name.empty() || path.empty()) {
      wrong = "'" + binding + "' is not NAME=FILE.npy";
      return false;
    }
    if (!options.bindings.try_emplace(name, path).second) {
      wrong = "'" + name.str() + "' is given twice";
      return false;
    }
  }
  return true;
}

/// Reads what depends on the target; an exit code where it is wrong.
static int readTarget(const Options &line, CompileOptions &options) {
  bool isCuda = line.targetName == "cuda";
  StringRef needless = line.common.cudaArchs.getNumOccurrences()  ? "--cuda-arch"
                       : line.common.cudaPath.getNumOccurrences() ? "--cuda-path"
                       : line.cudaTf32.getNumOccurrences() ? "--cuda-tf32"
                                                           : "";
  if (!isCuda && !needless.empty())
    return usageError(needless + ": needs --target cuda");
  bool isCudaText = line.emitKind == "cuda" || line.emitKind == "ptx";
  if (!isCuda)
    return isCudaText
               ? usageError("--emit " + line.emitKind + ": needs --target cuda")
               : 0;
  if (line.emitKind == "llvm-ir")
    return usageError("--emit llvm-ir: with --target cuda kernels have no LLVM "
                      "IR; there are cuda and ptx");
  if (line.common.threads.getNumOccurrences())
    return usageError("--threads: with --target cuda the GPU runs the kernels");
  if (int code = line.common.readCuda(options))
    return code;
  options.cuda.tf32 = line.cudaTf32;
  return 0;
}

/// Fills `options` from the command line; an exit code where it is wrong.
static int readOptions(const Options &line, CompileOptions &options,
                       const char *program) {
  if (line.modelPath.empty())
    return usageError("no model given");
  if (line.targetName != "cpu" && line.targetName != "cuda")
    return usageError("--target: '" + line.targetName + "' is not cpu or cuda");
  if (int code = readTarget(line, options))
    return code;
  std::string wrong;
  if (!parseDims(line, options, wrong))
    return usageError("--dim: " + wrong);
  if (!options.ranges.empty() && options.device == Device::Cuda)
    return usageError("--dim: with --target cuda a dimension has one size: "
                      "NAME=N");
  if (!parseShapes(line, options, wrong))
    return usageError("--shape: " + wrong);
  if (!parseBindings(line, options, wrong))
    return usageError("--bind: " + wrong);
  if (line.budgets.getNumOccurrences())
    options.budgets.assign(line.budgets.begin(), line.budgets.end());
  for (const std::string &budget : options.budgets) {
    Expected<BudgetSpec> spec = BudgetSpec::parse(budget);
    if (!spec)
      return usageError("--budget: " + toString(spec.takeError()));
    if (spec->isMapped && options.device == Device::Cuda)
      return usageError("--budget: '" + budget +
                        "' is for processors; with "
                        "--target cuda kernels read weights where they lie "
                        "with every budget, where that pays");
  }
  if (line.storage != "overlapping" && line.storage != "blocking")
    return usageError("--storage: '" + line.storage +
                      "' is not overlapping or blocking");
  options.isBlocking = line.storage == "blocking";
  if (options.isBlocking && options.device == Device::Cuda)
    return usageError("--storage blocking: with --target cuda a copy engine "
                      "reads");
  options.profiles.assign(line.profiles.begin(), line.profiles.end());
  if (!line.unitBytes.empty()) {
    Expected<int64_t> bytes = parseSize(line.unitBytes);
    if (!bytes)
      return usageError("--unit-bytes: " + toString(bytes.takeError()));
    options.unitBytes = *bytes;
  }
  if (line.pageBytes.getNumOccurrences()) {
    Expected<int64_t> bytes = parseSize(line.pageBytes);
    if (!bytes)
      return usageError("--page-bytes: " + toString(bytes.takeError()));
    if (!isPowerOf2_64(*bytes) || *bytes < SWAP_BUFFER_ALIGN ||
        *bytes > SWAP_BLOB_ALIGN)
      return usageError("--page-bytes: '" + line.pageBytes +
                        "' is not a power of two from 64 to 4096");
    options.pageBytes = *bytes;
  }
  options.compileThreads = hardware_concurrency().compute_thread_count();
  options.threads = isBareMetal(line.mtriple) ? 1 : options.compileThreads;
  if (int code = line.common.read(options, program))
    return code;
  if (options.device == Device::Cuda)
    options.threads = 1;
  std::optional<Emit> emit = parseEmit(line.emitKind);
  if (!emit)
    return usageError("--emit: '" + line.emitKind +
                      "' is not exe, lib, obj, tensor-ir, kernel-ir, swap-ir, "
                      "memory-ir, llvm-ir, asm, cuda, ptx or plan");
  options.emit = *emit;
  options.model = line.modelPath;
  options.output = line.outputPath;
  if (line.name.getNumOccurrences() && toIdentifier(line.name) != line.name)
    return usageError("--name: '" + line.name +
                      "' is no name in C that a program may use; '" +
                      toIdentifier(line.name) + "' is");
  options.name = line.name;
  if (options.output == "-" &&
      (*emit == Emit::Exe || *emit == Emit::Lib || *emit == Emit::Obj))
    return usageError("-o -: only text goes to standard output");
  if (line.report.getNumOccurrences() &&
      (line.report.empty() || line.report == "-"))
    return usageError("--report: '" + line.report + "' is not a file");
  if (!line.report.empty() &&
      (*emit == Emit::TensorIR || *emit == Emit::KernelIR ||
       *emit == Emit::SwapIR))
    return usageError("--report: no plan is made with --emit " + line.emitKind);
  options.report = line.report;
  options.triple = line.mtriple;
  options.abi = line.targetAbi;
  if (line.relocation.getNumOccurrences()) {
    if (line.relocation != "pic" && line.relocation != "static")
      return usageError("--relocation-model: '" + line.relocation +
                        "' is not pic or static");
    options.pic = line.relocation == "pic";
  }
  options.summary = !line.common.quiet;
  return 0;
}

/// A file opened in the place of a closed standard stream would be written to.
/// Standard output for reading, so that results without a place are an error.
static void fillStandardFiles() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0 &&
        open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
      _exit(kExitFailure);
}

int main(int argc, char **argv) {
  fillStandardFiles();
  InitLLVM init(argc, argv);
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmPrinters();
  InitializeAllAsmParsers();
  cl::ResetCommandLineParser();
  cl::SetVersionPrinter(
      [](raw_ostream &os) { os << "swapc " SWAPC_VERSION "\n"; });
  if (argc > 1 && StringRef(argv[1]) == "run")
    return runSet(argc - 1, argv + 1, argv[0]);
  Options line;
  cl::HideUnrelatedOptions(line.category);
  if (int code = parseCommandLine(
          argc, argv,
          "compiles a neural network into a program that runs it inside a "
          "memory budget\n"))
    return code;
  CompileOptions options;
  if (int code = readOptions(line, options, argv[0]))
    return code;

  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  Progress progress(!line.common.quiet);
  DiagnosticPrinter printer(&context, progress);
  if (succeeded(compile(options, context, progress))) {
    if (line.timing)
      progress.printTimes(errs());
    return 0;
  }
  if (!printer.hasErrors())
    errs() << "swapc: error: compilation failed\n";
  return kExitFailure;
}
