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
  // Before anything fuses, each operation is still the one whose layout is
  // known: a convolution, a pool, a pad.
  pm.addPass(createChannelsLast());
  // Folding makes products of parameters, which hoisting then turns into
  // recipes.
  pm.addPass(createFoldScale());
  pm.addPass(createHoistParameters());
  // Before the index computation of a gather fuses with its neighbours.
  pm.addPass(createGatherRows());
  pm.addPass(createFuseElementwise());
  // Fusion brings parameters together, and copies next to parameters.
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
