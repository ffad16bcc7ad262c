//===- KernelSource.cpp - One translation unit of CUDA C++ --------- -*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelSource.h"
#include "../CPU/Contraction.h"
#include "swapc/Codegen/CUDA/Passes.h"

using namespace mlir;
using namespace swapc;

namespace {
struct DeviceTemplate {
  llvm::StringLiteral name, text;
};
} // namespace

/// In the order that they include each other.
static constexpr DeviceTemplate kTemplates[] = {
#include "DeviceTemplates.h"
};

static LogicalResult emitKernel(func::FuncOp kernel, const CudaTarget &target,
                                raw_ostream &os) {
  auto schedule = kernel->getAttrOfType<swap::ScheduleAttr>(
      swap::SwapDialect::kScheduleAttr);
  auto launch =
      kernel->getAttrOfType<swap::GpuAttr>(swap::SwapDialect::kGpuAttr);
  if (!schedule || !launch)
    return kernel.emitError("kernel without a swap.schedule and a swap.gpu");
  if (schedule.getKind() == swap::KernelKind::Rows)
    return emitCudaRows(kernel, target, os);
  FailureOr<ContractionInfo> info = analyzeContraction(kernel);
  if (failed(info))
    return kernel.emitError("schedule of a contraction on another kernel");
  return emitCudaContraction(kernel, *info, target, os);
}

FailureOr<std::string> swapc::emitCudaSource(ModuleOp module,
                                             ArrayRef<std::string> names,
                                             const CudaTarget &target,
                                             bool rows) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const DeviceTemplate &part : kTemplates)
    if (rows || part.name != "rows")
      os << part.text << '\n';
  for (const std::string &name : names) {
    auto kernel = module.lookupSymbol<func::FuncOp>(name);
    if (!kernel)
      return module.emitError("no kernel named ") << name;
    if (failed(emitKernel(kernel, target, os)))
      return failure();
  }
  return text;
}
