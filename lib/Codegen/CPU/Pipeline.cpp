//===- Pipeline.cpp - From kernels to the LLVM dialect ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CPU/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace swapc;

void swapc::buildCPULoweringPipeline(OpPassManager &pm,
                                     const CpuTarget &target) {
  // Kernels become functions of the runtime's ABI.
  EmitKernelsOptions options;
  options.triple = target.triple;
  options.cpu = target.cpu;
  options.features = target.features;
  pm.addPass(createEmitKernels(options));

  // Offsets that many accesses share are computed once, outside of loops.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());

  // Nothing may call libm or compiler-rt.
  pm.addPass(createMathPolynomials());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  ExpandFloatsOptions floats;
  floats.triple = target.triple;
  floats.cpu = target.cpu;
  floats.features = target.features;
  pm.addPass(createExpandFloats(floats));
  pm.addPass(createCSEPass());

  // From here on everything is the LLVM dialect.
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

namespace {

struct CPUPipelineOptions : public PassPipelineOptions<CPUPipelineOptions> {
  Option<std::string> triple{*this, "triple", llvm::cl::desc("target triple")};
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("processor, or native")};
  Option<std::string> features{*this, "features",
                               llvm::cl::desc("beside the processor's: +f,-g")};
};

} // namespace

void swapc::registerCPUPasses() {
  registerCPUCodegenPasses();
  PassPipelineRegistration<CPUPipelineOptions>(
      "swap-cpu-pipeline", "kernels with a schedule to the LLVM dialect",
      [](OpPassManager &pm, const CPUPipelineOptions &options) {
        FailureOr<CpuTarget> target =
            getCpuTarget(options.triple, options.cpu, options.features);
        if (succeeded(target))
          buildCPULoweringPipeline(pm, *target);
      });
}
