//===- Outline.cpp - From a group to a function and a call ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Outline.h"

#include "Structure.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace swapc;

/// Inits and scalars are made again inside the kernel.
static bool isRemade(Operation *op) {
  return isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(op) ||
         (isa_and_nonnull<arith::ConstantOp>(op) &&
          !isa<TensorType>(op->getResult(0).getType()));
}

/// The values that `op` reads, inside of its bodies included.
static SetVector<Value> getReads(Operation *op) {
  SetVector<Value> reads(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), reads);
  return reads;
}

void Outliner::outline(const Group &group) {
  SetVector<Value> inputs, results;
  SmallPtrSet<Operation *, 8> members(group.ops.begin(), group.ops.end());
  Block *block = group.ops[0]->getBlock();
  for (Operation *op : group.ops) {
    for (Value value : getReads(op)) {
      Operation *def = value.getDefiningOp();
      // A routine reads memory, not what the loops around it would compute.
      bool isInside = isRemade(def) && !isa<swap::RoutineOp>(op);
      if (isa<TensorType>(value.getType()) && !members.contains(def) &&
          !isInside)
        inputs.insert(value);
    }
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !members.contains(block->findAncestorOpInBlock(*user));
          }))
        results.insert(result);
  }
  auto caller = group.ops[0]->getParentOfType<func::FuncOp>();
  func::FuncOp kernel =
      share(build(group, inputs.getArrayRef(), results.getArrayRef()), caller);
  OpBuilder b(block, std::next(Block::iterator(group.ops.back())));
  auto call = swap::CallOp::create(
      b, group.ops.back()->getLoc(), kernel.getFunctionType().getResults(),
      FlatSymbolRefAttr::get(kernel), inputs.getArrayRef(), ValueRange(),
      IntegerAttr(), IntegerAttr(), IntegerAttr(), IntegerAttr());
  setOrigin(call, group.ops.back());
  for (auto [from, to] : llvm::zip_equal(results, call.getResults()))
    Value(from).replaceAllUsesWith(to);
  for (Operation *op : llvm::reverse(group.ops))
    op->erase();
}

func::FuncOp Outliner::build(const Group &group, ArrayRef<Value> inputs,
                             ArrayRef<Value> results) {
  Location loc = group.ops[0]->getLoc();
  OpBuilder b(group.ops[0]->getContext());
  auto type = b.getFunctionType(TypeRange(ValueRange(inputs)),
                                TypeRange(ValueRange(results)));
  auto kernel = func::FuncOp::create(loc, group.name, type);
  kernel.setPrivate();
  Block *body = kernel.addEntryBlock();
  b.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(inputs, body->getArguments());
  auto remake = [&](auto &self, Value value) -> void {
    Operation *def = value.getDefiningOp();
    if (mapping.contains(value) || !isRemade(def))
      return;
    for (Value operand : def->getOperands())
      self(self, operand);
    b.clone(*def, mapping)->removeAttr(swap::SwapDialect::kOriginAttr);
  };
  for (Operation *op : group.ops) {
    for (Value value : getReads(op))
      remake(remake, value);
    Operation *clone = b.clone(*op, mapping);
    clone->removeAttr(swap::SwapDialect::kOriginAttr);
    if (auto generic = dyn_cast<linalg::GenericOp>(clone))
      sinkConstants(generic);
  }
  SmallVector<Value> returned;
  for (Value result : results)
    returned.push_back(mapping.lookup(result));
  func::ReturnOp::create(b, loc, returned);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  // What it is called after: its first computation.
  for (Operation *op : group.ops)
    if (op->hasAttr(swap::SwapDialect::kOriginAttr)) {
      setOrigin(kernel, op);
      break;
    }
  return kernel;
}

func::FuncOp Outliner::share(func::FuncOp kernel, func::FuncOp caller) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  Attribute origin = kernel->removeAttr(swap::SwapDialect::kOriginAttr);
  kernel->print(stream, OpPrintingFlags().useLocalScope());
  auto [it, isNew] = known.try_emplace(text, kernel);
  if (!isNew) {
    kernel->erase();
    return it->second;
  }
  if (origin)
    kernel->setAttr(swap::SwapDialect::kOriginAttr, origin);
  symbols.insert(kernel, Block::iterator(caller.getOperation()));
  return kernel;
}
