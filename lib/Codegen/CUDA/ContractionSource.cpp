//===- ContractionSource.cpp --------- -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/Contraction.h"
#include "KernelSource.h"

using namespace mlir;
using namespace swapc;

LogicalResult swapc::emitCudaContraction(func::FuncOp kernel,
                                         const ContractionInfo &info,
                                         const CudaTarget &target,
                                         raw_ostream &os) {
  return kernel.emitError("no template");
}
