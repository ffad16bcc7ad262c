//===- Packing.cpp - Weights in the layout of their kernel ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel's right operand is packed where it is a parameter at the call. Calls
// of the same kernel with a computed operand keep the kernel as it is; the
// others then call a copy. Operands of the epilogue that depend on the columns
// alone are cut into the same panels, so that a range of panels needs a range
// of each. Others stay plain: every call needs all of them.
//
//===----------------------------------------------------------------------===//

#include "Packing.h"

#include "swapc/Kernels/Recipes.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace swapc;

using Calls = SmallVector<swap::CallOp>;

static bool isParameter(swap::CallOp call, unsigned argument) {
  return call.getInputs()[argument].getDefiningOp<swap::ParamOp>() != nullptr;
}

/// The encoding that all uses of an argument in the epilogue agree on, or null.
static swap::PanelsAttr getEpilogueEncoding(const ContractionInfo &info,
                                            BlockArgument argument,
                                            int64_t width) {
  swap::PanelsAttr encoding;
  for (OpOperand &use : argument.getUses()) {
    auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!op || !llvm::is_contained(info.epilogue, op) || !op.isDpsInput(&use))
      return nullptr;
    swap::PanelsAttr wanted =
        getPackedEncoding(info, op, use.getOperandNumber(), width);
    if (!wanted || (encoding && encoding != wanted))
      return nullptr;
    encoding = wanted;
  }
  return encoding;
}

/// The arguments of a kernel that its calls may pass packed.
static llvm::MapVector<unsigned, swap::PanelsAttr>
chooseEncodings(const ContractionInfo &info, ArrayRef<swap::CallOp> calls,
                int64_t width, bool epilogues) {
  llvm::MapVector<unsigned, swap::PanelsAttr> encodings;
  if (!info.b.hasOneUse())
    return encodings;
  encodings[info.b.getArgNumber()] = getPackedEncoding(info, width);
  if (!epilogues)
    return encodings;
  for (BlockArgument argument : info.b.getOwner()->getArguments()) {
    unsigned number = argument.getArgNumber();
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (argument == info.b || argument == info.a || !type ||
        type.getEncoding() || !llvm::all_of(calls, [&](swap::CallOp call) {
          return isParameter(call, number);
        }))
      continue;
    if (swap::PanelsAttr encoding = getEpilogueEncoding(info, argument, width))
      encodings[number] = encoding;
  }
  return encodings;
}

/// Gives an argument of the kernel and of its calls the encoding.
static void packArgument(ModuleOp module, func::FuncOp kernel,
                         ArrayRef<swap::CallOp> calls, unsigned number,
                         swap::PanelsAttr encoding) {
  BlockArgument argument = kernel.getArgument(number);
  auto plain = cast<RankedTensorType>(argument.getType());
  auto packed =
      RankedTensorType::get(plain.getShape(), plain.getElementType(), encoding);
  argument.setType(packed);
  kernel.setFunctionType(FunctionType::get(kernel.getContext(),
                                           kernel.getBody().getArgumentTypes(),
                                           kernel.getResultTypes()));
  for (swap::CallOp call : calls) {
    auto param = call.getInputs()[number].getDefiningOp<swap::ParamOp>();
    swap::DerivedOp derived =
        getOrCreateDerived(module, param.getParameterAttr(), packed);
    OpBuilder builder(call);
    auto value =
        swap::ParamOp::create(builder, param.getLoc(), packed,
                              FlatSymbolRefAttr::get(derived.getSymNameAttr()));
    call.getInputsMutable()[number].set(value);
    if (param->use_empty())
      param.erase();
  }
}

/// Removes the recipes that packing replaced.
static void eraseUnusedRecipes(ModuleOp module) {
  llvm::DenseSet<StringAttr> used;
  module.walk([&](Operation *op) {
    for (NamedAttribute attribute : op->getAttrs())
      attribute.getValue().walk(
          [&](FlatSymbolRefAttr symbol) { used.insert(symbol.getAttr()); });
  });
  for (auto derived :
       llvm::make_early_inc_range(module.getOps<swap::DerivedOp>()))
    if (!used.contains(derived.getSymNameAttr()))
      derived.erase();
}

LogicalResult swapc::packParameters(ModuleOp module, PanelWidth getWidth,
                                    Reschedule reschedule, bool epilogues) {
  SymbolTable symbols(module);
  llvm::MapVector<func::FuncOp, Calls> kernels;
  module.walk([&](swap::CallOp call) {
    if (auto kernel = symbols.lookup<func::FuncOp>(call.getKernel()))
      kernels[kernel].push_back(call);
  });

  for (auto &[kernel, calls] : kernels) {
    FailureOr<ContractionInfo> info = analyzeContraction(kernel);
    if (failed(info) || info->slicesB || swap::getPanels(info->b.getType()))
      continue;
    Calls packing;
    for (swap::CallOp call : calls)
      if (isParameter(call, info->b.getArgNumber()))
        packing.push_back(call);
    if (packing.empty())
      continue;
    int64_t width = getWidth(*info);
    if (width <= 0)
      continue;
    auto encodings = chooseEncodings(*info, packing, width, epilogues);
    if (encodings.empty())
      continue;
    func::FuncOp packed = kernel;
    if (packing.size() != calls.size()) {
      packed = kernel.clone();
      symbols.insert(packed, std::next(Block::iterator(kernel)));
      for (swap::CallOp call : packing)
        call.setKernelAttr(FlatSymbolRefAttr::get(packed.getSymNameAttr()));
    }
    for (auto [number, encoding] : encodings)
      packArgument(module, packed, packing, number, encoding);
    // A schedule from before counts other panels.
    if (packed->hasAttr(swap::SwapDialect::kScheduleAttr) &&
        failed(reschedule(packed)))
      return failure();
  }
  eraseUnusedRecipes(module);
  return success();
}
