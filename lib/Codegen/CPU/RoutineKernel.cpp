//===- RoutineKernel.cpp - Kernels that call a routine ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoutineKernel.h"

#include "swapc/Codegen/CPU/Passes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Work of a tile, below which threads gain little.
static constexpr int64_t kTileFlops = 32768;

swap::RoutineOp swapc::getRoutine(func::FuncOp kernel) {
  if (!kernel.getBody().hasOneBlock())
    return nullptr;
  for (Operation &op : kernel.getBody().front())
    if (auto routine = dyn_cast<swap::RoutineOp>(op))
      return routine;
  return nullptr;
}

/// The argument of the kernel that is an input of its routine.
static int64_t getArgument(Value input) {
  return cast<BlockArgument>(input).getArgNumber();
}

swap::ScheduleAttr swapc::getRoutineSchedule(swap::RoutineOp routine) {
  int64_t items = routine.getItems(), flops = routine.getFlops();
  int64_t wanted = std::clamp<int64_t>(flops / kTileFlops, 1, items);
  int64_t block = llvm::divideCeil(items, wanted);
  SmallVector<int64_t> inPlace;
  for (int64_t input : routine.getInplace()) {
    Value overwritten = routine.getInputs()[input];
    if (llvm::count(routine.getInputs(), overwritten) == 1)
      inPlace.push_back(getArgument(overwritten));
  }
  return swap::ScheduleAttr::get(routine.getContext(),
                                 swap::KernelKind::Routine, /*panels=*/1,
                                 llvm::divideCeil(items, block), /*rows=*/1,
                                 block, routine.getScratch(), flops, inPlace);
}

/// The address of constant memory that holds `values`.
static Value emitConstants(OpBuilder &builder, func::FuncOp kernel,
                           ArrayRef<int64_t> values) {
  Location loc = kernel.getLoc();
  auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), values.size());
  LLVM::GlobalOp global;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(kernel);
    auto tensor = RankedTensorType::get(static_cast<int64_t>(values.size()),
                                        builder.getI64Type());
    global = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                    LLVM::Linkage::Private,
                                    (kernel.getName() + ".constants").str(),
                                    DenseElementsAttr::get(tensor, values));
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

static LLVM::LLVMFuncOp declareRoutine(OpBuilder &builder, func::FuncOp kernel,
                                       StringRef name) {
  auto module = kernel->getParentOfType<ModuleOp>();
  std::string symbol = (kRoutinePrefix + name).str();
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(symbol))
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(module.getBody());
  MLIRContext *context = builder.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  Type i64 = builder.getI64Type();
  return LLVM::LLVMFuncOp::create(
      builder, kernel.getLoc(), symbol,
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                  {pointer, pointer, i64, i64, pointer}));
}

void swapc::emitRoutine(OpBuilder &builder, func::FuncOp kernel, int64_t block,
                        Value operands, Value begin, Value end, Value scratch) {
  Location loc = kernel.getLoc();
  swap::RoutineOp routine = getRoutine(kernel);
  Operation *ret = kernel.getBody().front().getTerminator();
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(builder, loc, i64, value);
  };

  // What the kernel takes, in the routine's order: it may take one tensor for
  // two inputs, and does not return a result that nobody reads.
  SmallVector<int64_t> positions;
  for (Value input : routine.getInputs())
    positions.push_back(getArgument(input));
  for (Value result : routine.getResults()) {
    auto found = llvm::find(ret->getOperands(), result);
    positions.push_back(found == ret->operand_end()
                            ? -1
                            : kernel.getNumArguments() +
                                  (found - ret->operand_begin()));
  }
  Value list = LLVM::AllocaOp::create(builder, loc, pointer, pointer,
                                      constant(positions.size()));
  for (auto [index, position] : llvm::enumerate(positions)) {
    Value address;
    if (position < 0) {
      address = LLVM::ZeroOp::create(builder, loc, pointer);
    } else {
      Value slot =
          LLVM::GEPOp::create(builder, loc, pointer, pointer, operands,
                              ArrayRef<LLVM::GEPArg>{int32_t(position)});
      address = LLVM::LoadOp::create(builder, loc, pointer, slot);
    }
    Value to = LLVM::GEPOp::create(builder, loc, pointer, pointer, list,
                                   ArrayRef<LLVM::GEPArg>{int32_t(index)});
    LLVM::StoreOp::create(builder, loc, address, to);
  }

  Value first = LLVM::MulOp::create(builder, loc, begin, constant(block));
  Value last = LLVM::MulOp::create(builder, loc, end, constant(block));
  last = LLVM::SMinOp::create(builder, loc, last, constant(routine.getItems()));
  Value constants = emitConstants(builder, kernel, routine.getConstants());
  LLVM::LLVMFuncOp callee =
      declareRoutine(builder, kernel, routine.getRoutine());
  LLVM::CallOp::create(builder, loc, callee,
                       ValueRange{list, constants, first, last, scratch});
}
