//===- EmitKernels.cpp - Kernels to functions of the runtime's ABI --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "Contraction.h"
#include "RoutineKernel.h"
#include "Winograd.h"
#include "swapc/Codegen/CPU/Passes.h"
#include "swapc/Codegen/CPU/RowKernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_EMITKERNELS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

struct EmitKernels : public swapc::impl::EmitKernelsBase<EmitKernels> {
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override;

private:
  LogicalResult emitKernel(func::FuncOp kernel, const CpuTarget &target);
};

} // namespace

/// An empty function that has the type of swap_kernel_fn.
static LLVM::LLVMFuncOp createFunction(OpBuilder &builder, func::FuncOp kernel,
                                       const CpuTarget &target) {
  MLIRContext *context = builder.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  Type i64 = builder.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {pointer, i64, i64, pointer});
  auto function = LLVM::LLVMFuncOp::create(builder, kernel.getLoc(),
                                           kernel.getName(), type);
  function.setVisibility_(LLVM::Visibility::Hidden);
  function.setDsoLocal(true);
  function.setNoUnwind(true);
  function.setTargetCpu(target.cpu);
  if (!target.features.empty()) {
    SmallVector<StringRef> features;
    StringRef(target.features).split(features, ',', -1, /*KeepEmpty=*/false);
    function.setTargetFeaturesAttr(
        LLVM::TargetFeaturesAttr::get(context, features));
  }
  SmallVector<Attribute> passthrough;
  for (StringRef name : {"no-trapping-math", "no-builtins"}) {
    if (name == "no-builtins")
      passthrough.push_back(builder.getStringAttr(name));
    else
      passthrough.push_back(builder.getStrArrayAttr({name, "true"}));
  }
  function.setPassthroughAttr(builder.getArrayAttr(passthrough));
  for (unsigned argument : {0, 3})
    function.setArgAttr(argument, LLVM::LLVMDialect::getNoAliasAttrName(),
                        builder.getUnitAttr());
  if (Attribute origin = kernel->getAttr(swap::SwapDialect::kOriginAttr))
    function->setAttr(swap::SwapDialect::kOriginAttr, origin);
  return function;
}

LogicalResult EmitKernels::emitKernel(func::FuncOp kernel,
                                      const CpuTarget &target) {
  auto schedule = kernel->getAttrOfType<swap::ScheduleAttr>(
      swap::SwapDialect::kScheduleAttr);
  OpBuilder builder(kernel);
  LLVM::LLVMFuncOp function = createFunction(builder, kernel, target);
  Block *entry = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(entry);
  Value operands = entry->getArgument(0), begin = entry->getArgument(1);
  Value end = entry->getArgument(2), scratch = entry->getArgument(3);
  if (target.indexBits < 64) {
    Type index = builder.getIntegerType(target.indexBits);
    begin = arith::TruncIOp::create(builder, kernel.getLoc(), index, begin);
    end = arith::TruncIOp::create(builder, kernel.getLoc(), index, end);
  }
  LogicalResult result = success();
  if (schedule.getKind() == swap::KernelKind::Routine) {
    emitRoutine(builder, kernel, schedule.getBlock(), operands,
                entry->getArgument(1), entry->getArgument(2), scratch);
  } else if (isAttention(kernel)) {
    result = emitAttention(builder, kernel, schedule.getBlock(), target,
                           operands, begin, end, scratch);
  } else if (schedule.getKind() == swap::KernelKind::Rows) {
    result = emitRowKernel(builder, kernel, schedule.getBlock(), target,
                           operands, begin, end, scratch);
  } else {
    FailureOr<ContractionInfo> info = analyzeContraction(kernel);
    if (failed(info))
      return kernel.emitOpError(
          "is scheduled as a contraction, which it is not");
    if (kernel->hasAttr(kWinogradAttr)) {
      FailureOr<WinogradPlan> plan = planWinograd(*info, target, schedule);
      if (failed(plan))
        return kernel.emitOpError("has a schedule that does not fit it");
      emitWinograd(builder, kernel.getLoc(), *info, *plan, target, operands,
                   begin, end, scratch);
    } else {
      ContractionPlan plan = planContraction(*info, target, schedule);
      emitContraction(builder, kernel.getLoc(), *info, plan, operands, begin,
                      end, scratch);
    }
  }
  LLVM::ReturnOp::create(builder, kernel.getLoc(), ValueRange());
  kernel.erase();
  return result;
}

void EmitKernels::runOnOperation() {
  FailureOr<CpuTarget> target =
      getCpuTarget(triple, cpu, features, getOperation());
  if (failed(target))
    return signalPassFailure();
  for (func::FuncOp kernel :
       llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
    if (kernel->hasAttrOfType<swap::ScheduleAttr>(
            swap::SwapDialect::kScheduleAttr))
      if (failed(emitKernel(kernel, *target)))
        signalPassFailure();
}
