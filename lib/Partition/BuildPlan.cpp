//===- BuildPlan.cpp - A plan as IR -----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BuildPlan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

PlanOp swapc::buildPlan(func::FuncOp main, const Sequence &sequence,
                        const UnitIndex &index, const MemoryPlan &plan,
                        const PlanTerms &terms, int number) {
  OpBuilder builder(main->getParentOfType<ModuleOp>().lookupSymbol("main"));
  auto getSymbols = [&](ArrayRef<char> chosen) {
    SmallVector<Attribute> symbols;
    for (auto [unit, isChosen] : llvm::enumerate(chosen))
      if (isChosen)
        symbols.push_back(
            FlatSymbolRefAttr::get(index.getUnit(unit).getSymNameAttr()));
    return builder.getArrayAttr(symbols);
  };
  auto op =
      PlanOp::create(builder, main.getLoc(), ("plan_" + Twine(number)).str(),
                     terms.budget, terms.threads, getSymbols(plan.resident),
                     plan.inPlaceBytes ? getSymbols(plan.inPlace) : ArrayAttr(),
                     terms.isMapped, plan.arena,
                     plan.peak, plan.scratchOffset, sequence.scratchStride,
                     builder.getDenseI64ArrayAttr(plan.slots));
  Block &body = op.getBody().emplaceBlock();
  IRMapping mapping;
  for (BlockArgument argument : main.getArguments())
    mapping.map(argument,
                body.addArgument(argument.getType(), argument.getLoc()));
  builder.setInsertionPointToStart(&body);
  llvm::DenseMap<int, Value> tokens;
  size_t next = 0;
  auto tokenType = TokenType::get(builder.getContext());
  auto emitUnitActions = [&] { // up to the next step
    for (; next < plan.actions.size() &&
           plan.actions[next].kind != PlanAction::Run;
         ++next) {
      int unit = plan.actions[next].index;
      Location loc = main.getLoc();
      PlanAction::Kind kind = plan.actions[next].kind;
      if (kind == PlanAction::Wait)
        WaitOp::create(builder, loc, tokens[unit]);
      else if (kind == PlanAction::Out)
        OutOp::create(builder, loc, tokens[unit]);
      else
        tokens[unit] = InOp::create(
            builder, loc, tokenType, kind == PlanAction::Started,
            kind == PlanAction::Ahead, index.getUnit(unit).getSymName());
    }
  };
  for (Operation &source : main.front().without_terminator()) {
    bool isStep = isa<CallOp, RowsOp>(source);
    if (isStep)
      emitUnitActions();
    builder.clone(source, mapping);
    next += isStep;
  }
  emitUnitActions();
  SmallVector<Value> outputs;
  for (Value value : main.front().getTerminator()->getOperands())
    outputs.push_back(mapping.lookup(value));
  ReturnOp::create(builder, main.getLoc(), outputs);
  return op;
}
