//===- Dynamic.cpp - Sizes that a run says --------------------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Dynamic/Dynamic.h"

#include "Bounder.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace swapc;

OwningOpRef<ModuleOp> swapc::importDynamic(StringRef path,
                                           const ImportOptions &options,
                                           ArrayRef<SizeRange> ranges,
                                           MLIRContext &context) {
  if (ranges.empty())
    return importOnnx(path, options, context);
  Samples samples(path, options, ranges, context);
  if (failed(samples.import()) || failed(Bounder(samples).run()) ||
      failed(verify(samples.getModule())))
    return nullptr;
  return samples.takeModule();
}
