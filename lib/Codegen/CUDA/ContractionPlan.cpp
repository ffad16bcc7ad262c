//===- ContractionPlan.cpp --------- -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/Contraction.h"
#include "KernelSource.h"

using namespace mlir;
using namespace swapc;

FailureOr<CudaKernelPlan>
swapc::planCudaContraction(const ContractionInfo &info,
                           const CudaTarget &target) {
  return failure();
}

int64_t swapc::getCudaPanelWidth(const ContractionInfo &info,
                                 const CudaTarget &target) {
  return 64;
}
