//===- VerifyKernels.cpp - The rules of the kernel phase --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/Transforms/RegionUtils.h"

namespace swapc {
#define GEN_PASS_DEF_VERIFYKERNELS
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

static constexpr unsigned kMaxTensors = 60;

static LogicalResult verifyMain(func::FuncOp main) {
  // K1
  for (Operation &op : main.getBody().front())
    if (!isa<swap::ParamOp, swap::RowsOp, tensor::ExpandShapeOp,
             tensor::CollapseShapeOp, swap::CallOp, func::ReturnOp>(op))
      return op.emitOpError("K1: stands outside of a kernel");
  // K2
  Operation *ret = main.getBody().front().getTerminator();
  DenseSet<Value> written;
  for (auto [index, value] : llvm::enumerate(ret->getOperands())) {
    while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
        value.getDefiningOp()))
      value = value.getDefiningOp()->getOperand(0);
    if (!value.getDefiningOp<swap::CallOp>())
      return ret->emitOpError("K2: no kernel writes result ") << index;
    if (!written.insert(value).second)
      return ret->emitOpError("K2: result ")
             << index << " is an earlier result, too";
  }
  return success();
}

static LogicalResult verifyKernel(func::FuncOp kernel) {
  auto type = kernel.getFunctionType();
  // K5
  unsigned count = type.getNumInputs() + type.getNumResults();
  if (count > kMaxTensors)
    return kernel.emitOpError("K5: takes ")
           << count << " tensors, more than " << kMaxTensors;
  if (!llvm::hasSingleElement(kernel.getBody()))
    return kernel.emitOpError("K3: has more than one block");
  for (Operation &op : kernel.getBody().front()) {
    // K4
    if (isa<swap::ParamOp>(op))
      return op.emitOpError("K4: names a parameter inside of a kernel");
    // K3
    if (!isa<tensor::PadOp, tensor::EmptyOp, linalg::FillOp, linalg::GenericOp,
             tensor::ConcatOp, swap::RoutineOp, arith::ConstantOp,
             func::ReturnOp>(op))
      return op.emitOpError("K3: cannot stand in a kernel");
    if (isa<arith::ConstantOp>(op) &&
        isa<TensorType>(op.getResult(0).getType()))
      return op.emitOpError("K3: a kernel has no tensor constants");
    // K7
    if (auto routine = dyn_cast<swap::RoutineOp>(op)) {
      if (kernel.getBody().front().getOperations().size() != 2)
        return op.emitOpError("K7: is not alone in its kernel");
      for (Value input : routine.getInputs())
        if (!isa<BlockArgument>(input))
          return op.emitOpError("K7: reads what the kernel does not take");
    }
    // K6
    if (!isa<linalg::GenericOp>(op))
      continue;
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getRegions(), captured);
    for (Value value : captured)
      if (!isa<BlockArgument>(value) || !isa<TensorType>(value.getType()))
        return op.emitOpError("K6: its body uses a value from outside that "
                              "the kernel does not take");
  }
  return success();
}

namespace {

struct VerifyKernelsPass : swapc::impl::VerifyKernelsBase<VerifyKernelsPass> {
  using VerifyKernelsBase::VerifyKernelsBase;

  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (failed(func.getSymName() == "main" ? verifyMain(func)
                                             : verifyKernel(func)))
        return signalPassFailure();
  }
};

} // namespace
