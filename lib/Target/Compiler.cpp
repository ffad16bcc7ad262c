//===- Compiler.cpp - The whole compiler as one function --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Compiler.h"

#include "CudaCode.h"
#include "KernelObjects.h"
#include "Library.h"
#include "LibraryPage.h"
#include "Phases.h"
#include "Swap/SwapDialect.h"
#include "swapc/Partition/PlanJson.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/OutputFile.h"
#include "swapc/Support/Progress.h"
#include "swapc/Target/Blob.h"
#include "swapc/Target/Link.h"
#include "swapc/Target/Object.h"
#include "swapc/Target/Report.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace swapc;
using llvm::Error;
using llvm::Expected;

namespace {

class Compiler {
public:
  Compiler(const CompileOptions &options, MLIRContext &context,
           Progress &progress, CompileResult &result)
      : options(options), context(context), progress(progress), result(result),
        location(UnknownLoc::get(&context)) {}
  ~Compiler();
  LogicalResult run();

private:
  LogicalResult makeFolder(StringRef path);
  LogicalResult checkPage(StringRef path);
  LogicalResult openPage(StringRef base);
  LogicalResult openOutputs();
  LogicalResult openReport();
  LogicalResult checkNotRead(StringRef path);
  LogicalResult checkOutputs();
  LogicalResult open(std::unique_ptr<OutputFile> &file, StringRef path,
                     bool executable = false);
  LogicalResult write(OutputFile &file, ArrayRef<char> bytes);
  LogicalResult writeString(OutputFile &file, StringRef text);
  LogicalResult emitText(StringRef text);
  LogicalResult emitModule();
  LogicalResult loadToolkit();
  LogicalResult emitCodeAndBlob();
  FailureOr<std::vector<CodeBuffer>> compileKernels(const BlobInfo &info);
  FailureOr<std::vector<CodeBuffer>> makeCachedKernels();
  LogicalResult emitCudaText();
  LogicalResult emitReport();
  LogicalResult writeLibrary(MutableArrayRef<CodeBuffer> objects,
                             const BlobInfo &info);
  LogicalResult writeProducts(MutableArrayRef<CodeBuffer> objects,
                              const BlobInfo &info);
  LogicalResult commit();

  bool isText() const {
    return options.emit != Emit::Exe && options.emit != Emit::Lib &&
           options.emit != Emit::Obj;
  }
  std::string getName() const { return getModelName(options); }

  bool isCuda() const { return options.device == Device::Cuda; }
  /// The kernels as text for a GPU: asm is PTX.
  bool isCudaText() const {
    return options.emit == Emit::Cuda || options.emit == Emit::Ptx ||
           (isCuda() && options.emit == Emit::Asm);
  }

  const CompileOptions &options;
  MLIRContext &context;
  Progress &progress;
  CompileResult &result;
  Location location;
  std::unique_ptr<Nvrtc> nvrtc;
  Phases phases;
  ModelTables tables;
  CodeOptions code;
  CodeSizes sizes;
  KernelCounts kernelCounts;
  std::string output;
  std::vector<std::string> outputPaths; ///< Of all that will be written.
  /// Folders that were made: they go again if nothing is in them.
  std::vector<std::string> madeFolders;
  // Committed in this order: a program is there only with its blob.
  std::unique_ptr<OutputFile> report, blob, header, page;
  std::vector<std::unique_ptr<OutputFile>> publicHeaders;
  std::unique_ptr<OutputFile> product;
};

} // namespace

Compiler::~Compiler() {
  report.reset();
  blob.reset();
  header.reset();
  page.reset();
  publicHeaders.clear();
  product.reset();
  for (const std::string &folder : llvm::reverse(madeFolders))
    llvm::sys::fs::remove(folder);
}

LogicalResult Compiler::open(std::unique_ptr<OutputFile> &file, StringRef path,
                             bool executable) {
  outputPaths.push_back(path.str());
  if (failed(checkNotRead(options.model)))
    return failure();
  Expected<OutputFile> opened = OutputFile::create(path, executable);
  if (!opened)
    return emitFailure(location, opened.takeError());
  file = std::make_unique<OutputFile>(std::move(*opened));
  return success();
}

/// Nothing that is written may take the place of `path`, a file of the model.
LogicalResult Compiler::checkNotRead(StringRef path) {
  for (const std::string &written : outputPaths) {
    bool same = false;
    if (!llvm::sys::fs::equivalent(written, path, same) && same)
      return emitError(location)
             << "cannot write " << written
             << ": the model is read from it; -o names another place";
  }
  return success();
}

/// The same for the files of its weights, known once it is imported.
LogicalResult Compiler::checkOutputs() {
  auto directory = phases.module->getOperation()->getAttrOfType<StringAttr>(
      swap::SwapDialect::kDirectoryAttr);
  llvm::StringSet<> files;
  for (auto parameter : phases.module->getOps<swap::ParameterOp>())
    if (auto file = dyn_cast<swap::FileAttr>(parameter.getSource()))
      files.insert(file.getPath());
  result.files.push_back(options.model);
  for (const auto &file : files) {
    llvm::SmallString<256> path(directory ? directory.getValue() : ".");
    llvm::sys::path::append(path, file.getKey());
    result.files.push_back(path.str().str());
    if (failed(checkNotRead(path)))
      return failure();
  }
  return success();
}

LogicalResult Compiler::makeFolder(StringRef path) {
  if (!llvm::sys::fs::exists(path))
    madeFolders.push_back(path.str());
  if (std::error_code code = llvm::sys::fs::create_directories(
          path, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
    return emitFailure(location, fileError("make folder", path, code));
  return success();
}

/// A page of a project's own stays.
LogicalResult Compiler::checkPage(StringRef path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> old =
      llvm::MemoryBuffer::getFile(path);
  if (!old || (*old)->getBuffer().empty() ||
      (*old)->getBuffer().contains(kPageOrigin))
    return success();
  return emitError(location)
         << "cannot write " << path
         << ": what is there is not of swapc; -o names another folder";
}

/// What lies beside a library for those who build it in.
LogicalResult Compiler::openPage(StringRef base) {
  if (isCuda())
    return success();
  if (failed(checkPage((base + "README.md").str())) ||
      failed(open(page, (base + "README.md").str())) ||
      failed(makeFolder((base + "swap").str())))
    return failure();
  for (const HeaderFile &file : getPublicHeaders())
    if (failed(open(publicHeaders.emplace_back(), (base + file.name).str())))
      return failure();
  return success();
}

/// Opens what will be written, so that a place that cannot be written to is
/// known before the work is done.
LogicalResult Compiler::openOutputs() {
  output = options.output;
  StringRef stem = llvm::sys::path::stem(options.model);
  if (isText()) {
    if (output.empty())
      output = "-";
    if (output != "-")
      outputPaths.push_back(output);
    return checkNotRead(options.model);
  }
  if (options.emit == Emit::Lib) {
    if (output.empty())
      output = stem.str();
    std::string base = output + "/";
    return success(succeeded(makeFolder(output)) &&
                   succeeded(open(blob, base + getName() + ".swap")) &&
                   succeeded(open(header, base + getName() + ".h")) &&
                   succeeded(openPage(base)) &&
                   succeeded(open(product, base + "lib" + getName() + ".a")));
  }
  bool isObject = options.emit == Emit::Obj;
  if (output.empty())
    output = (stem + (isObject ? ".o" : "")).str();
  StringRef base = output;
  if (isObject)
    base.consume_back(options.isArchive ? ".a" : ".o");
  return success(succeeded(open(blob, (base + ".swap").str())) &&
                 succeeded(open(product, output, !isObject)));
}

LogicalResult Compiler::openReport() {
  if (options.report.empty())
    return success();
  auto normalize = [](StringRef path) {
    SmallString<256> absolute(path);
    (void)llvm::sys::fs::make_absolute(absolute);
    llvm::sys::path::remove_dots(absolute, /*remove_dot_dot=*/true);
    return absolute;
  };
  for (StringRef written : outputPaths)
    if (normalize(written) == normalize(options.report))
      return emitError(location)
             << "cannot write the report to " << written
             << ": it is written to by -o; --report names another place";
  return open(report, options.report);
}

LogicalResult Compiler::writeString(OutputFile &file, StringRef text) {
  return write(file, ArrayRef(text.data(), text.size()));
}

LogicalResult Compiler::write(OutputFile &file, ArrayRef<char> bytes) {
  if (Error error = file.write(bytes))
    return emitFailure(location, std::move(error));
  return success();
}

LogicalResult Compiler::emitText(StringRef text) {
  progress.clear();
  if (Error error = writeText(output, text))
    return emitFailure(location, std::move(error));
  return success();
}

LogicalResult Compiler::emitModule() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  phases.module->print(stream);
  stream << '\n';
  return emitText(text);
}

LogicalResult Compiler::emitCodeAndBlob() {
  FailureOr<ModelTables> built =
      buildModelTables(*phases.module, phases.signature);
  if (failed(built))
    return failure();
  tables = std::move(*built);
  result.plans = tables.plans.size();
  result.leastBytes = tables.plans.front().budget;
  result.mostBytes = tables.plans.back().budget;
  BlobInfo info = layoutBlob(*phases.module);
  if (blob) {
    progress.start("writing weights");
    FailureOr<BlobInfo> written =
        writeBlob(*phases.module, *blob, options.compileThreads, progress);
    if (failed(written))
      return failure();
    info = std::move(*written);
  }
  progress.start("compiling kernels");
  if (isCudaText())
    return emitCudaText();
  FailureOr<std::vector<CodeBuffer>> buffers = compileKernels(info);
  if (failed(buffers))
    return failure();
  if (isText())
    return emitText(
        StringRef(buffers->front().data(), buffers->front().size()));
  return writeProducts(*buffers, info);
}

/// What compiles kernels for a GPU, so that what is missing is known before
/// the work is done.
LogicalResult Compiler::loadToolkit() {
  bool needed = isCuda() && (!isText() || options.emit == Emit::Ptx ||
                             options.emit == Emit::Asm);
  if (needed)
    nvrtc = loadNvrtc(location, options.cudaPath, options.cuda);
  return success(!needed || nvrtc);
}

LogicalResult Compiler::emitCudaText() {
  FailureOr<std::string> text =
      nvrtc ? makePtx(*phases.module, tables, options.cuda, *nvrtc)
            : makeCudaSource(*phases.module, tables, options.cuda);
  return success(succeeded(text) && succeeded(emitText(*text)));
}

/// Code for the host: kernels, or with a GPU the images of theirs, and tables.
FailureOr<std::vector<CodeBuffer>>
Compiler::compileKernels(const BlobInfo &info) {
  bool isProgram = options.emit == Emit::Exe;
  OwningOpRef<ModuleOp> kernels = ModuleOp::create(location);
  if (isCuda()) {
    FailureOr<CudaTables> cuda =
        compileCuda(*phases.module, tables,
                    {options.cuda, options.compileThreads}, *nvrtc, progress);
    if (failed(cuda))
      return failure();
    tables.cuda = std::move(*cuda);
    tables.cuda->symbol =
        isProgram                ? "swap_cuda_instance"
        : options.symbol.empty() ? getName() + "_cuda"
                                 : getCudaSymbol(options.symbol);
  }
  code.target = phases.target;
  code.abi = options.abi;
  code.pic = options.pic.value_or(!phases.target.isBareMetal);
  code.symbol = isProgram                ? "swap_model_instance"
                : options.symbol.empty() ? getName() + "_model"
                                         : options.symbol;
  if (isProgram)
    code.costs = code.symbol + "_costs";
  if (options.emit == Emit::LLVMIR)
    code.format = CodeFormat::LLVMIR;
  else if (options.emit == Emit::Asm)
    code.format = CodeFormat::Assembly;
  code.frames = options.emit == Emit::Lib && !isCuda();
  std::vector<CodeBuffer> objects;
  bool isSplit = options.emit == Emit::Exe || options.emit == Emit::Lib ||
                 (options.emit == Emit::Obj && options.isArchive);
  if (isSplit && !isCuda()) {
    FailureOr<std::vector<CodeBuffer>> made = makeCachedKernels();
    if (failed(made))
      return failure();
    objects = std::move(*made);
  } else if (!isCuda() && !(kernels = lowerKernels(phases, tables.kernels))) {
    return failure();
  }
  FailureOr<CodeBuffer> rest = emitCode(std::move(kernels), tables, info, code);
  if (failed(rest))
    return failure();
  objects.insert(objects.begin(), std::move(*rest));
  return objects;
}

FailureOr<std::vector<CodeBuffer>> Compiler::makeCachedKernels() {
  ObjectCache cache(options.cache);
  FailureOr<std::vector<CodeBuffer>> objects =
      makeKernelObjects(phases, tables, code, options.compileThreads, cache,
                        progress, kernelCounts);
  if (!cache.getFailure().empty())
    emitWarning(location) << cache.getFailure()
                          << "; kernels are compiled again each time";
  return objects;
}

LogicalResult Compiler::emitReport() {
  if (!report)
    return success();
  std::string text;
  llvm::raw_string_ostream stream(text);
  writeReport(*phases.module, stream);
  return write(*report, ArrayRef(text.data(), text.size()));
}

LogicalResult Compiler::writeLibrary(MutableArrayRef<CodeBuffer> objects,
                                     const BlobInfo &info) {
  Expected<CodeBuffer> archive =
      makeLibrary(objects, getName(), code, tables, sizes);
  if (!archive)
    return emitFailure(location, archive.takeError());
  if (failed(write(*product, *archive)))
    return failure();
  if (failed(writeString(*header, makeHeader(tables, sizes, getName()))))
    return failure();
  if (!page)
    return success();
  Expected<std::string> text =
      makeLibraryPage(tables, sizes, code, *archive, getName());
  if (!text)
    return emitFailure(location, text.takeError());
  for (auto [file, header] : llvm::zip_equal(publicHeaders, getPublicHeaders()))
    if (failed(writeString(*file, header.text)))
      return failure();
  return writeString(*page, *text);
}

LogicalResult Compiler::writeProducts(MutableArrayRef<CodeBuffer> objects,
                                      const BlobInfo &info) {
  Expected<CodeSizes> measured = measureModel(objects, tables, info);
  if (!measured)
    return emitFailure(location, measured.takeError());
  sizes = *measured;
  if (options.emit == Emit::Obj && !options.isArchive)
    return write(*product, objects.front());
  if (options.emit == Emit::Obj) {
    Expected<CodeBuffer> archive = makeObjectArchive(objects, getName());
    if (!archive)
      return emitFailure(location, archive.takeError());
    return write(*product, *archive);
  }
  if (options.emit == Emit::Lib)
    return writeLibrary(objects, info);
  progress.start("linking");
  LinkOptions link;
  link.driver = options.linkerDriver;
  link.runtimeDir = options.runtimeDir;
  link.executable = options.executable;
  link.triple = phases.target.triple;
  link.cuda = isCuda();
  link.pic = code.pic;
  if (Error error = linkProgram(objects, *product, link))
    return emitFailure(location, std::move(error));
  return success();
}

LogicalResult Compiler::commit() {
  SmallVector<OutputFile *, 8> files = {report.get(), blob.get(), header.get(),
                                        page.get()};
  for (std::unique_ptr<OutputFile> &file : publicHeaders)
    files.push_back(file.get());
  files.push_back(product.get());
  SmallVector<std::string, 8> done;
  progress.start("flushing files");
  for (OutputFile *file : files) {
    if (!file)
      continue;
    std::string path = file->getPath().str();
    if (Error error = file->commit()) {
      for (const std::string &other : done)
        llvm::sys::fs::remove(other);
      return emitFailure(location, std::move(error));
    }
    done.push_back(path);
  }
  return success();
}

LogicalResult Compiler::run() {
  // Text goes to a place that is opened when the text is there.
  if (failed(openOutputs()) || failed(openReport()) || failed(loadToolkit()) ||
      failed(runPhases(options, context, progress, phases)) ||
      failed(checkOutputs()) || failed(emitReport()))
    return failure();
  switch (options.emit) {
  case Emit::TensorIR:
  case Emit::KernelIR:
  case Emit::SwapIR:
  case Emit::MemoryIR:
    return emitModule();
  case Emit::Plan: {
    std::string text;
    llvm::raw_string_ostream stream(text);
    writePlanJson(*phases.module, stream);
    return success(succeeded(emitText(text)) && succeeded(commit()));
  }
  default:
    break;
  }
  if (failed(emitCodeAndBlob()) || failed(commit()))
    return failure();
  if (options.summary && !isText()) {
    progress.clear();
    printPlanSummary(*phases.module, llvm::errs());
    if (tables.cuda)
      printCudaSummary(*tables.cuda, llvm::errs());
    else
      printCodeSizes(sizes, llvm::errs());
    if (kernelCounts.cached)
      llvm::errs() << kernelCounts.cached << " of "
                   << kernelCounts.cached + kernelCounts.compiled
                   << " kernels were in the cache " << options.cache.folder
                   << "\n";
  }
  return success();
}

LogicalResult swapc::compile(const CompileOptions &options,
                             MLIRContext &context, Progress &progress,
                             CompileResult *result) {
  CompileResult unused;
  return Compiler(options, context, progress, result ? *result : unused).run();
}
