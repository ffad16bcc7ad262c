//===- CudaCode.cpp - Kernels of a model as code for GPUs -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels do not call each other, so they are compiled in parts, a few kernels
// each. The parts do not depend on the threads that there are: a program is the
// same wherever it was compiled.
//
//===----------------------------------------------------------------------===//

#include "CudaCode.h"

#include "Swap/SwapDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "swap/runtime.h"
#include "swapc/Codegen/CUDA/Passes.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/Progress.h"
#include "llvm/Support/ThreadPool.h"

#include <atomic>
#include <deque>

using namespace mlir;
using namespace swapc;

/// Kernels of a part. Reading the templates takes as long as compiling one.
static constexpr size_t kPartKernels = 8;

std::unique_ptr<Nvrtc> swapc::loadNvrtc(Location location, StringRef folder,
                                        const CudaTarget &target) {
  llvm::Expected<std::string> path = findNvrtc(folder);
  if (!path) {
    (void)emitFailure(location, path.takeError());
    return nullptr;
  }
  llvm::Expected<std::unique_ptr<Nvrtc>> nvrtc = Nvrtc::load(*path);
  if (!nvrtc) {
    (void)emitFailure(location, nvrtc.takeError());
    return nullptr;
  }
  if (llvm::Error error = (*nvrtc)->checkArchs(target.archs)) {
    (void)emitFailure(location, std::move(error));
    return nullptr;
  }
  return std::move(*nvrtc);
}

/// Whether a plan looks rows up on the device.
static bool hasRows(const ModelTables &tables) {
  return llvm::any_of(tables.plans, [](const PlanTable &plan) {
    return llvm::any_of(plan.steps, [](const PlanTable::Step &step) {
      return step.op == SWAP_OP_ROWS;
    });
  });
}

FailureOr<std::string> swapc::makeCudaSource(ModuleOp module,
                                             const ModelTables &tables,
                                             const CudaTarget &target) {
  return emitCudaSource(module, tables.kernels, target, hasRows(tables));
}

FailureOr<std::string> swapc::makePtx(ModuleOp module,
                                      const ModelTables &tables,
                                      const CudaTarget &target,
                                      const Nvrtc &nvrtc) {
  FailureOr<std::string> source = makeCudaSource(module, tables, target);
  if (failed(source))
    return failure();
  llvm::Expected<CudaBinary> binary =
      nvrtc.compile(*source, target.archs.back());
  if (!binary)
    return emitFailure(module.getLoc(), binary.takeError());
  return std::move(binary->ptx);
}

static LogicalResult addKernels(ModuleOp module, const ModelTables &tables,
                                CudaTables &cuda) {
  for (const std::string &name : tables.kernels) {
    Operation *kernel = module.lookupSymbol(name);
    auto launch =
        kernel->getAttrOfType<swap::GpuAttr>(swap::SwapDialect::kGpuAttr);
    if (!launch)
      return kernel->emitError("kernel without a swap.gpu");
    cuda.kernels.push_back({uint32_t(launch.getThreads()),
                            uint32_t(launch.getSplits()),
                            uint32_t(launch.getShared())});
  }
  return success();
}

namespace {
/// Some kernels in a row, and what they become for each architecture.
struct Part {
  uint32_t first, count;
  std::string source;
  std::vector<CudaBinary> binaries;
};
} // namespace

static FailureOr<std::vector<Part>> makeParts(ModuleOp module,
                                              const ModelTables &tables,
                                              const CudaTarget &target) {
  ArrayRef<std::string> names = tables.kernels;
  size_t count = llvm::divideCeil(names.size(), kPartKernels);
  std::vector<Part> parts;
  for (size_t index = 0; index < count; ++index) {
    size_t begin = names.size() * index / count;
    size_t end = names.size() * (index + 1) / count;
    FailureOr<std::string> source =
        emitCudaSource(module, names.slice(begin, end - begin), target,
                       index == 0 && hasRows(tables));
    if (failed(source))
      return failure();
    parts.push_back({uint32_t(begin), uint32_t(end - begin), std::move(*source),
                     std::vector<CudaBinary>(target.archs.size())});
  }
  return parts;
}

FailureOr<CudaTables> swapc::compileCuda(ModuleOp module,
                                         const ModelTables &tables,
                                         const CudaCodeOptions &options,
                                         const Nvrtc &nvrtc,
                                         Progress &progress) {
  CudaTables cuda;
  ArrayRef<unsigned> archs = options.target.archs;
  FailureOr<std::vector<Part>> parts =
      makeParts(module, tables, options.target);
  if (failed(parts) || failed(addKernels(module, tables, cuda)))
    return failure();

  struct Job {
    Part *part;
    size_t arch;
    llvm::Error error = llvm::Error::success();
  };
  std::deque<Job> jobs;
  for (Part &part : *parts)
    for (size_t arch = 0; arch < archs.size(); ++arch)
      jobs.push_back({&part, arch});
  llvm::DefaultThreadPool pool(
      llvm::hardware_concurrency(std::max(options.threads, 1u)));
  std::atomic<size_t> done = 0;
  for (Job &job : jobs) {
    llvm::cantFail(std::move(job.error));
    pool.async([&] {
      auto binary = nvrtc.compile(job.part->source, archs[job.arch]);
      job.error = binary.takeError();
      if (binary)
        job.part->binaries[job.arch] = std::move(*binary);
      progress.update(++done, jobs.size());
    });
  }
  pool.wait();
  LogicalResult result = success();
  for (Job &job : jobs)
    if (job.error) {
      // The first says enough.
      if (succeeded(result))
        result = emitFailure(module.getLoc(), std::move(job.error));
      else
        llvm::consumeError(std::move(job.error));
    }
  if (failed(result))
    return failure();

  for (auto [index, arch] : llvm::enumerate(archs))
    for (Part &part : *parts)
      cuda.images.push_back({arch, /*ptx=*/false, part.first, part.count,
                             std::move(part.binaries[index].cubin)});
  for (Part &part : *parts) {
    const std::string &ptx = part.binaries.back().ptx;
    cuda.images.push_back({archs.back(), /*ptx=*/true, part.first, part.count,
                           llvm::SmallVector<char, 0>(ptx.begin(), ptx.end())});
  }
  if (auto overhead =
          module->getAttrOfType<IntegerAttr>(swap::SwapDialect::kOverheadAttr))
    cuda.overhead = overhead.getInt();
  return cuda;
}

void swapc::printCudaSummary(const CudaTables &tables, llvm::raw_ostream &os) {
  uint64_t bytes = 0;
  std::string names;
  for (const CudaTables::Image &image : tables.images) {
    bytes += image.data.size();
    if (image.firstKernel == 0)
      names += (names.empty() ? "" : ", ") +
               std::string(image.ptx ? "PTX of compute_" : "sm_") +
               std::to_string(image.arch);
  }
  os << "code for " << names << ": " << humanSize(bytes) << "\n";
}
