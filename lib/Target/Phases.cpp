//===- Phases.cpp - From a model to the memory phase ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Phases.h"

#include "Machine.h"
#include "RuntimeCode.h"
#include "Swap/SwapDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Pass/PassManager.h"
#include "swap/runtime.h"
#include "swapc/Codegen/CPU/Passes.h"
#include "swapc/Codegen/CUDA/Passes.h"
#include "swapc/Dynamic/Dynamic.h"
#include "swapc/Kernels/Passes.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Support/Diagnostics.h"
#include "swapc/Support/Progress.h"
#include "swapc/Target/Link.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace swapc;

void swapc::registerDialects(DialectRegistry &registry) {
  registry
      .insert<swap::SwapDialect, affine::AffineDialect, arith::ArithDialect,
              cf::ControlFlowDialect, func::FuncDialect, linalg::LinalgDialect,
              LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
              tensor::TensorDialect, vector::VectorDialect>();
}

/// Options of a pass of the CUDA target.
template <typename Options> static Options getOptions(const CudaTarget &cuda) {
  Options options;
  options.archs = getCudaArchNames(cuda);
  options.tf32 = cuda.tf32;
  return options;
}

/// Notes what code takes of the device's memory beside the arena.
static void setOverhead(ModuleOp module) {
  int64_t kernels = 0, most = 0;
  for (auto function : module.getOps<func::FuncOp>()) {
    int64_t calls = 0;
    function.walk([&](swap::CallOp) { ++calls; });
    most = std::max(most, calls);
    kernels += function->hasAttr(swap::SwapDialect::kGpuAttr);
  }
  Builder builder(module.getContext());
  module->setAttr(swap::SwapDialect::kOverheadAttr,
                  builder.getI64IntegerAttr(getCudaOverhead(kernels, most)));
}

static LogicalResult runCudaKernelPhase(const CudaTarget &cuda,
                                        Phases &phases) {
  PassManager pm(phases.module->getContext());
  pm.enableVerifier(true);
  buildKernelPipeline(pm);
  JoinOutputsOptions join;
  join.alignment = 16; // kernels move 16 bytes at a time
  pm.addPass(createJoinOutputs(join));
  pm.addPass(createStageTensors());
  pm.addPass(
      createScheduleCudaKernels(getOptions<ScheduleCudaKernelsOptions>(cuda)));
  pm.addPass(
      createPackCudaParameters(getOptions<PackCudaParametersOptions>(cuda)));
  pm.addPass(createCudaFootprints(getOptions<CudaFootprintsOptions>(cuda)));
  if (failed(pm.run(*phases.module)))
    return failure();
  setOverhead(*phases.module);
  return success();
}

static LogicalResult runKernelPhase(const CompileOptions &options,
                                    Phases &phases) {
  if (options.device == Device::Cuda)
    return runCudaKernelPhase(options.cuda, phases);
  PassManager pm(phases.module->getContext());
  pm.enableVerifier(true);
  buildKernelPipeline(pm);
  ScheduleKernelsOptions schedule;
  schedule.triple = phases.target.triple;
  schedule.cpu = phases.target.cpu;
  schedule.features = phases.target.features;
  schedule.directConvolutions = options.directConvolutions;
  pm.addPass(createScheduleKernels(schedule));
  PackParametersOptions pack;
  pack.triple = phases.target.triple;
  pack.cpu = phases.target.cpu;
  pack.features = phases.target.features;
  pm.addPass(createPackParameters(pack));
  FuseAttentionOptions attention;
  attention.triple = phases.target.triple;
  attention.cpu = phases.target.cpu;
  attention.features = phases.target.features;
  pm.addPass(createFuseAttention(attention));
  CutTilesOptions cuts;
  cuts.triple = phases.target.triple;
  cuts.cpu = phases.target.cpu;
  cuts.features = phases.target.features;
  pm.addPass(createCutTiles(cuts));
  KernelFootprintsOptions footprints;
  footprints.triple = phases.target.triple;
  footprints.cpu = phases.target.cpu;
  footprints.features = phases.target.features;
  pm.addPass(createKernelFootprints(footprints));
  return pm.run(*phases.module);
}

/// What is assumed where no profile was measured.
static StringRef getDeviceModel(const CompileOptions &options,
                                const Phases &phases) {
  return options.device == Device::Cuda ? "cuda"
         : phases.target.isBareMetal    ? "mcu"
                                        : "cpu";
}

/// Calls of the model in their order, and a second time band by band.
static LogicalResult orderCalls(const CompileOptions &options, Phases &phases) {
  bool isCuda = options.device == Device::Cuda;
  PassManager pm(phases.module->getContext());
  pm.enableVerifier(true);
  UpdateInPlaceOptions update;
  update.outputsApart = isCuda;
  if (!isCuda)
    pm.addPass(createJoinOutputs());
  pm.addPass(createUpdateInPlace(update));
  BandRowsOptions bands;
  bands.device = getDeviceModel(options, phases).str();
  pm.addPass(createBandRows(bands));
  if (failed(pm.run(*phases.module)))
    return failure();
  if (isCuda) // A graph of bands is larger.
    setOverhead(*phases.module);
  return success();
}

/// Slots of files' pages where there may be files; without, there is no page
/// but that of the processor's cache.
static void setPageBytes(const CompileOptions &options, Phases &phases) {
  int64_t bytes = options.pageBytes;
  if (!bytes)
    bytes = phases.target.isBareMetal ? SWAP_BUFFER_ALIGN : SWAP_BLOB_ALIGN;
  if (bytes != SWAP_BLOB_ALIGN)
    phases.module.get()->setAttr(
        swap::SwapDialect::kPageBytesAttr,
        Builder(phases.module->getContext()).getI64IntegerAttr(bytes));
}

static LogicalResult runSwapPhase(const CompileOptions &options,
                                  Phases &phases) {
  setPageBytes(options, phases);
  if (failed(orderCalls(options, phases)))
    return failure();
  PassManager pm(phases.module->getContext());
  pm.enableVerifier(true);
  FormUnitsOptions units;
  units.unitBytes = options.unitBytes;
  units.device = getDeviceModel(options, phases).str();
  pm.addPass(createFormUnits(units));
  SwapPlanOptions plan;
  plan.budgets.assign(options.budgets.begin(), options.budgets.end());
  plan.threads = options.threads;
  plan.profiles.assign(options.profiles.begin(), options.profiles.end());
  plan.model = getModelName(options);
  plan.curve = options.emit == Emit::Plan || !options.report.empty();
  plan.freeBudget = options.summary;
  plan.device = units.device;
  plan.blocking = options.isBlocking;
  pm.addPass(createSwapPlan(plan));
  pm.addPass(createVerifyPlan());
  return pm.run(*phases.module);
}

static LogicalResult runMemoryPhase(Phases &phases) {
  PassManager pm(phases.module->getContext());
  pm.enableVerifier(true);
  pm.addPass(createAssignMemory());
  pm.addPass(createVerifyMemory());
  return pm.run(*phases.module);
}

std::string swapc::getModelName(const CompileOptions &options) {
  return options.name.empty()
             ? toIdentifier(llvm::sys::path::stem(options.model))
             : options.name;
}

LogicalResult swapc::runPhases(const CompileOptions &options,
                               MLIRContext &context, Progress &progress,
                               Phases &phases) {
  if (options.emit == Emit::Lib)
    if (llvm::Error error = checkLibraryTarget(options.triple))
      return emitFailure(UnknownLoc::get(&context), std::move(error));
  std::string message;
  llvm::raw_string_ostream errors(message);
  FailureOr<CpuTarget> target =
      getCpuTarget(options.triple, options.cpu, options.features, errors);
  if (failed(target))
    return emitError(UnknownLoc::get(&context)) << StringRef(message).trim();
  if (options.emit == Emit::Exe && target->isBareMetal)
    return emitError(UnknownLoc::get(&context))
           << "a program needs a system to run on, and " << target->triple
           << " has none: --emit lib makes a library for firmware";
  if (llvm::Error error = checkAbi(*target, options.abi))
    return emitFailure(UnknownLoc::get(&context), std::move(error));
  phases.target = *target;
  phases.target.threads = options.threads;

  progress.start("reading the model");
  ImportOptions import;
  import.dims = options.dims;
  import.routines = options.device != Device::Cuda;
  import.bindings = options.bindings;
  import.shapes = options.shapes;
  phases.module =
      importDynamic(options.model, import, options.ranges, context);
  if (!phases.module)
    return failure();
  if (options.emit == Emit::TensorIR)
    return success();

  FailureOr<ModelSignature> signature = getModelSignature(*phases.module);
  if (failed(signature))
    return failure();
  phases.signature = std::move(*signature);
  progress.start("forming kernels");
  if (failed(runKernelPhase(options, phases)))
    return failure();
  if (options.emit == Emit::KernelIR)
    return success();

  progress.start("planning");
  if (failed(runSwapPhase(options, phases)))
    return failure();
  if (options.emit == Emit::SwapIR)
    return success();
  return runMemoryPhase(phases);
}

OwningOpRef<ModuleOp> swapc::lowerKernels(Phases &phases,
                                          ArrayRef<std::string> names) {
  OwningOpRef<ModuleOp> kernels = ModuleOp::create(phases.module->getLoc());
  for (const std::string &name : names)
    kernels->push_back(phases.module->lookupSymbol(name)->clone());
  PassManager pm(phases.module->getContext());
  pm.enableVerifier(true);
  buildCPULoweringPipeline(pm, phases.target);
  if (failed(pm.run(*kernels)))
    return nullptr;
  return kernels;
}
