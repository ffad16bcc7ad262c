//===- ScalarSource.cpp --------- -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/Contraction.h"
#include "KernelSource.h"

using namespace mlir;
using namespace swapc;

std::string swapc::getDeviceType(Type type) { return "float"; }

FailureOr<SmallVector<std::string>>
swapc::emitScalarBody(linalg::GenericOp op, ArrayRef<std::string> arguments,
                      ArrayRef<std::string> indices,
                      const ExtractSource &extract, raw_ostream &os) {
  return failure();
}
