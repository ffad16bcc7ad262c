//===- FuseAttention.cpp - Scores that are never in memory ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "swapc/Codegen/CPU/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_FUSEATTENTION
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

/// The calls that become one, and the views between them.
struct Chain {
  swap::CallOp scores, softmax, values;
  Value scoresRead, softmaxRead; // by the call that follows
};

struct FuseAttention : swapc::impl::FuseAttentionBase<FuseAttention> {
  using FuseAttentionBase::FuseAttentionBase;

  void runOnOperation() override;

private:
  func::FuncOp getKernel(swap::CallOp call, swap::KernelKind kind);
  swap::CallOp findProducer(Value read, swap::KernelKind kind);
  bool find(swap::CallOp call, Chain &chain);
  func::FuncOp build(Chain &chain, ArrayRef<Value> inputs);
  bool fuse(Chain &chain, const CpuTarget &target);
  std::string nameAfter(StringRef values);

  SymbolTable *symbols = nullptr;
  llvm::StringMap<func::FuncOp> known; // by the text of a kernel
};

} // namespace

/// The kernel of `call`, if it is of this kind and reads no part of a weight.
func::FuncOp FuseAttention::getKernel(swap::CallOp call,
                                      swap::KernelKind kind) {
  auto kernel = symbols->lookup<func::FuncOp>(call.getKernel());
  auto schedule = kernel ? kernel->getAttrOfType<swap::ScheduleAttr>(
                               swap::SwapDialect::kScheduleAttr)
                         : swap::ScheduleAttr();
  if (!schedule || schedule.getKind() != kind || call->getNumResults() != 1 ||
      llvm::any_of(call.getInputs().getTypes(),
                   [](Type type) { return !!swap::getPanels(type); }))
    return nullptr;
  return kernel;
}

/// The call whose result is read here alone, perhaps in another shape.
swap::CallOp FuseAttention::findProducer(Value read, swap::KernelKind kind) {
  while (read.hasOneUse() &&
         isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
             read.getDefiningOp()))
    read = read.getDefiningOp()->getOperand(0);
  auto call = read.getDefiningOp<swap::CallOp>();
  return call && read.hasOneUse() && getKernel(call, kind) ? call
                                                           : swap::CallOp();
}

bool FuseAttention::find(swap::CallOp call, Chain &chain) {
  func::FuncOp kernel = getKernel(call, swap::KernelKind::Contraction);
  if (!kernel)
    return false;
  FailureOr<ContractionInfo> info = analyzeContraction(kernel);
  if (failed(info))
    return false;
  chain.values = call;
  chain.softmaxRead = call.getInputs()[info->a.getArgNumber()];
  chain.softmax = findProducer(chain.softmaxRead, swap::KernelKind::Rows);
  if (!chain.softmax)
    return false;
  auto schedule = symbols->lookup(chain.softmax.getKernel())
                      ->getAttrOfType<swap::ScheduleAttr>(
                          swap::SwapDialect::kScheduleAttr);
  for (int64_t operand : schedule.getInplace()) {
    chain.scoresRead = chain.softmax.getInputs()[operand];
    chain.scores =
        findProducer(chain.scoresRead, swap::KernelKind::Contraction);
    if (chain.scores)
      return true;
  }
  return false;
}

/// "attention" and the sizes behind the "matmul" of the last product.
std::string FuseAttention::nameAfter(StringRef values) {
  values.consume_front("matmul");
  std::string name = ("attention" + values).str(), unique = name;
  for (int number = 0; symbols->lookup(unique); ++number)
    unique = name + "_" + std::to_string(number);
  return unique;
}

/// The three kernels one after the other.
func::FuncOp FuseAttention::build(Chain &chain, ArrayRef<Value> inputs) {
  OpBuilder b(&getContext());
  auto kernel = func::FuncOp::create(
      chain.values.getLoc(), "attention",
      b.getFunctionType(TypeRange(ValueRange(inputs)),
                        chain.values.getResultTypes()));
  kernel.setPrivate();
  b.setInsertionPointToStart(kernel.addEntryBlock());
  IRMapping outer; // from values of the caller
  outer.map(inputs, kernel.getArguments());
  auto view = [&](auto &self, Value value) -> Value {
    if (Value mapped = outer.lookupOrNull(value))
      return mapped;
    self(self, value.getDefiningOp()->getOperand(0));
    return b.clone(*value.getDefiningOp(), outer)->getResult(0);
  };
  int64_t number = 0;
  for (swap::CallOp call : {chain.scores, chain.softmax, chain.values}) {
    auto part = symbols->lookup<func::FuncOp>(call.getKernel());
    IRMapping inner;
    for (auto [argument, input] :
         llvm::zip_equal(part.getArguments(), call.getInputs()))
      inner.map(argument, view(view, input));
    Block &body = part.getBody().front();
    for (Operation &op : body.without_terminator())
      b.clone(op, inner)->setAttr(kPartAttr, b.getI64IntegerAttr(number));
    outer.map(call->getResult(0),
              inner.lookup(body.getTerminator()->getOperand(0)));
    ++number;
  }
  func::ReturnOp::create(b, kernel.getLoc(),
                         outer.lookup(chain.values->getResult(0)));
  kernel.walk([](Operation *op) {
    op->removeAttr(swap::SwapDialect::kOriginAttr);
  });
  return kernel;
}

bool FuseAttention::fuse(Chain &chain, const CpuTarget &target) {
  llvm::SetVector<Value> inputs;
  for (swap::CallOp call : {chain.scores, chain.softmax, chain.values})
    for (Value input : call.getInputs())
      if (input != chain.scoresRead && input != chain.softmaxRead)
        inputs.insert(input);
  func::FuncOp kernel = build(chain, inputs.getArrayRef());
  std::string text;
  llvm::raw_string_ostream(text) << kernel;
  auto [found, isNew] = known.try_emplace(text, kernel);
  if (isNew) {
    auto values = symbols->lookup<func::FuncOp>(chain.values.getKernel());
    kernel.setName(nameAfter(values.getName()));
    symbols->insert(kernel, Block::iterator(values));
    FailureOr<AttentionInfo> info = analyzeAttention(kernel, target);
    if (failed(info)) {
      symbols->erase(kernel);
      found->second = nullptr;
      return false;
    }
    kernel->setAttr(swap::SwapDialect::kScheduleAttr,
                    getSchedule(*info, target));
    auto softmax = symbols->lookup(chain.softmax.getKernel());
    if (Attribute origin = softmax->getAttr(swap::SwapDialect::kOriginAttr))
      kernel->setAttr(swap::SwapDialect::kOriginAttr, origin);
  } else {
    kernel.erase();
    kernel = found->second;
    if (!kernel)
      return false;
  }
  OpBuilder b(chain.values);
  auto call = swap::CallOp::create(
      b, chain.values.getLoc(), chain.values.getResultTypes(),
      FlatSymbolRefAttr::get(kernel), inputs.getArrayRef(), ValueRange(),
      IntegerAttr(), IntegerAttr(), IntegerAttr(), IntegerAttr());
  if (Attribute origin =
          chain.values->getAttr(swap::SwapDialect::kOriginAttr))
    call->setAttr(swap::SwapDialect::kOriginAttr, origin);
  chain.values->getResult(0).replaceAllUsesWith(call.getResult(0));
  chain.values->erase();
  for (auto [read, call] :
       {std::make_pair(chain.softmaxRead, chain.softmax),
        std::make_pair(chain.scoresRead, chain.scores)}) {
    Operation *op = read.getDefiningOp();
    while (op != call) { // a view
      Operation *from = op->getOperand(0).getDefiningOp();
      op->erase();
      op = from;
    }
    call->erase();
  }
  return true;
}

void FuseAttention::runOnOperation() {
  FailureOr<CpuTarget> target =
      getCpuTarget(triple, cpu, features, getOperation());
  if (failed(target))
    return signalPassFailure();
  SymbolTable table(getOperation());
  symbols = &table;
  auto main = table.lookup<func::FuncOp>("main");
  if (!main || getOperation()->hasAttr(swap::SwapDialect::kSizesAttr))
    return;
  llvm::SetVector<Operation *> replaced;
  SmallVector<swap::CallOp> calls(main.getOps<swap::CallOp>());
  for (swap::CallOp call : calls) {
    Chain chain;
    if (!find(call, chain))
      continue;
    SmallVector<Operation *> kernels;
    for (swap::CallOp part : {chain.scores, chain.softmax, chain.values})
      kernels.push_back(table.lookup(part.getKernel()));
    if (fuse(chain, *target))
      replaced.insert(kernels.begin(), kernels.end());
  }
  llvm::DenseSet<StringAttr> used;
  main.walk([&](swap::CallOp call) {
    used.insert(call.getKernelAttr().getAttr());
  });
  for (Operation *kernel : replaced)
    if (!used.contains(cast<func::FuncOp>(kernel).getSymNameAttr()))
      table.erase(kernel);
}
