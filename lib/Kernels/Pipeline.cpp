//===- Pipeline.cpp - From the tensor phase to the kernel phase -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Kernels/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace swapc;

void swapc::buildKernelPipeline(OpPassManager &pm) {
  // Scalars first: the patterns below look at the operands that remain.
  pm.addPass(createInlineScalars());
  pm.addPass(createShareHeads());
  // Before anything fuses, each operation is still the one whose layout is
  // known: a convolution, a pool, a pad.
  pm.addPass(createChannelsLast());
  // What reads parameters alone is out of the way of fusion; but quantised
  // weights are converted where they are read.
  pm.addPass(
      createHoistParameters(HoistParametersOptions{/*keepNarrow=*/true}));
  // Before the index computation of a gather fuses with its neighbours.
  pm.addPass(createGatherRows());
  pm.addPass(createFuseElementwise());
  // Transposes of the converted weights are part of the conversion now.
  pm.addPass(createFuseDequantize());
  // A bias and the batch norm behind it are one operation now. Folding leaves
  // products of parameters, and fusion copies of them: more to hoist.
  pm.addPass(createFoldScale());
  pm.addPass(createHoistParameters());
  pm.addPass(createCSEPass());
  pm.addPass(createFormKernels());
  pm.addPass(createSymbolDCEPass());
  // Nothing leaves the phase unchecked.
  pm.addPass(createVerifyKernels());
}

void swapc::registerKernelPasses() {
  registerKernelsPasses();
  PassPipelineRegistration<>("swap-kernel-pipeline",
                             "From the tensor phase to the kernel phase",
                             buildKernelPipeline);
}
