//===- StageTensors.cpp - Copies between host and device memory -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The model's inputs and outputs are host memory, which kernels reach over the
// bus: at a hundredth of the rate of device memory. So an element crosses the
// bus once, in a row with its neighbours; everything else is copied first.
//
//===----------------------------------------------------------------------===//

#include "HostReads.h"
#include "swapc/Codegen/CUDA/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_STAGETENSORS
#include "swapc/Codegen/CUDA/Passes.h.inc"
} // namespace swapc

/// What crosses the bus faster than a launch takes.
static constexpr int64_t kTinyBytes = 256;
/// From here on an output that is written in pieces is worth a launch: GPT-2's
/// logits took 1.7 ms in the kernel that computes them, and 0.25 ms copied.
static constexpr int64_t kScatteredBytes = 64 << 10;

static bool isView(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op);
}

/// The value whose memory `value` is.
static Value stripViews(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Uses of a value's memory, through views.
static void collectUses(Value value, SmallVectorImpl<OpOperand *> &uses) {
  for (OpOperand &use : value.getUses())
    if (isView(use.getOwner()))
      collectUses(use.getOwner()->getResult(0), uses);
    else
      uses.push_back(&use);
}

static bool isTiny(Value value) {
  return swap::getStorageBytes(cast<RankedTensorType>(value.getType())) <=
         kTinyBytes;
}

namespace {

class Stager {
public:
  Stager(ModuleOp module, func::FuncOp main)
      : module(module), symbols(module), main(main) {}

  void run() {
    for (BlockArgument input : main.getArguments())
      stageInput(input);
    // The copies are calls after which nothing reads the output.
    for (OpOperand &output : main.front().getTerminator()->getOpOperands()) {
      auto joined = stripViews(output.get()).getDefiningOp<tensor::ConcatOp>();
      if (!joined)
        stageOutput(output);
      else
        for (OpOperand &part : joined->getOpOperands())
          stageOutput(part);
    }
  }

private:
  void stageInput(BlockArgument input);
  void stageOutput(OpOperand &output);
  bool isScattered(Value root);
  func::FuncOp getCopyKernel(RankedTensorType type);
  func::FuncOp getTwiceKernel(func::FuncOp kernel);
  Value makeTwice(Value &root);
  Value copy(OpBuilder &builder, Location loc, Value from);

  ModuleOp module;
  SymbolTable symbols;
  func::FuncOp main;
  llvm::DenseMap<Type, func::FuncOp> kernels;
  llvm::DenseMap<Operation *, func::FuncOp> twices;
};

struct StageTensors : swapc::impl::StageTensorsBase<StageTensors> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      getOperation().emitError("has no @main to copy inputs and outputs of");
      return signalPassFailure();
    }
    Stager(getOperation(), main).run();
  }
};

} // namespace

/// A copy of a tensor, inside of a kernel.
static Value makeCopy(OpBuilder &b, Location loc, Value from) {
  auto type = cast<RankedTensorType>(from.getType());
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, TypeRange(type), from, empty, maps, loops,
             [](OpBuilder &inner, Location at, ValueRange values) {
               linalg::YieldOp::create(inner, at, values[0]);
             })
      .getResult(0);
}

/// Whether a kernel is one elementwise operation.
static bool isMap(func::FuncOp kernel) {
  if (!kernel || kernel.isExternal() || kernel.getNumResults() != 1)
    return false;
  auto ops = kernel.front().getOps<linalg::LinalgOp>();
  if (!llvm::hasSingleElement(ops))
    return false;
  auto op = dyn_cast<linalg::GenericOp>((*ops.begin()).getOperation());
  return op && op.getNumReductionLoops() == 0 &&
         op->getResult(0) == kernel.front().getTerminator()->getOperand(0);
}

/// A kernel that copies a tensor in the order of its elements.
func::FuncOp Stager::getCopyKernel(RankedTensorType type) {
  func::FuncOp &kernel = kernels[type];
  if (kernel)
    return kernel;
  std::string name = "stage";
  for (auto [index, size] : llvm::enumerate(type.getShape()))
    name += (index ? "x" : "_") + std::to_string(size);
  OpBuilder b(module.getContext());
  Location loc = module.getLoc();
  kernel = func::FuncOp::create(loc, name, b.getFunctionType(type, type));
  kernel.setPrivate();
  b.setInsertionPointToStart(kernel.addEntryBlock());
  func::ReturnOp::create(b, loc, makeCopy(b, loc, kernel.getArgument(0)));
  symbols.insert(kernel, Block::iterator(main.getOperation()));
  return kernel;
}

/// The kernel of a map with its result twice; null if it does more than to map.
func::FuncOp Stager::getTwiceKernel(func::FuncOp kernel) {
  if (!isMap(kernel))
    return nullptr;
  func::FuncOp &twice = twices[kernel];
  if (twice)
    return twice;
  twice = kernel.clone();
  twice.setName((kernel.getName() + "_twice").str());
  auto end = cast<func::ReturnOp>(twice.front().getTerminator());
  OpBuilder b(end);
  end->insertOperands(1, makeCopy(b, end.getLoc(), end.getOperand(0)));
  twice.setFunctionType(
      b.getFunctionType(twice.getArgumentTypes(), end->getOperandTypes()));
  symbols.insert(twice, std::next(Block::iterator(kernel)));
  return twice;
}

/// Makes `root` again, in device memory, and as a second value for the output;
/// null if a copy must do.
Value Stager::makeTwice(Value &root) {
  auto call = root.getDefiningOp<swap::CallOp>();
  func::FuncOp twice =
      call ? getTwiceKernel(symbols.lookup<func::FuncOp>(call.getKernel()))
           : nullptr;
  if (!twice)
    return nullptr;
  OpBuilder builder(call);
  auto both = swap::CallOp::create(
      builder, call.getLoc(), twice.getResultTypes(),
      FlatSymbolRefAttr::get(twice), call.getInputs(), ValueRange(),
      IntegerAttr(), IntegerAttr(), IntegerAttr(), IntegerAttr());
  both->setDiscardableAttrs(call->getDiscardableAttrDictionary());
  root.replaceAllUsesWith(both.getResult(0));
  root = both.getResult(0);
  auto kernel = symbols.lookup<func::FuncOp>(call.getKernel());
  call.erase();
  if (SymbolTable::symbolKnownUseEmpty(kernel, module)) {
    twices.erase(kernel);
    symbols.erase(kernel);
  }
  return both.getResult(1);
}

Value Stager::copy(OpBuilder &builder, Location loc, Value from) {
  func::FuncOp kernel = getCopyKernel(cast<RankedTensorType>(from.getType()));
  return swap::CallOp::create(
             builder, loc, kernel.getFunctionType().getResults(),
             FlatSymbolRefAttr::get(kernel), from, ValueRange(), IntegerAttr(),
             IntegerAttr(), IntegerAttr(), IntegerAttr())
      .getResult(0);
}

void Stager::stageInput(BlockArgument input) {
  SmallVector<OpOperand *> uses;
  collectUses(input, uses);
  if (uses.empty() || isTiny(input) || readsOnce(uses, symbols))
    return;
  // As late as it may be, so that it takes memory no longer than it must.
  Operation *first = nullptr;
  for (Operation *user : input.getUsers())
    if (!first || user->isBeforeInBlock(first))
      first = user;
  OpBuilder builder(first);
  Value staged = copy(builder, input.getLoc(), input);
  input.replaceAllUsesExcept(staged, staged.getDefiningOp());
}

/// Whether the kernel of an output writes it in pieces: only maps write whole
/// rows of neighbours.
bool Stager::isScattered(Value root) {
  auto call = root.getDefiningOp<swap::CallOp>();
  return call &&
         swap::getStorageBytes(cast<RankedTensorType>(root.getType())) >=
             kScatteredBytes &&
         !isMap(symbols.lookup<func::FuncOp>(call.getKernel()));
}

void Stager::stageOutput(OpOperand &output) {
  Value root = stripViews(output.get());
  if (!root.getDefiningOp() || isTiny(root))
    return;
  SmallVector<OpOperand *> uses;
  collectUses(root, uses);
  bool isRead = llvm::any_of(uses, [](OpOperand *use) {
    return isa<swap::CallOp, swap::RowsOp>(use->getOwner());
  });
  if (!isRead && !isScattered(root))
    return;
  // As early as it may be, for the same reason; seen as the output afterwards.
  OpBuilder builder(module.getContext());
  Value staged = makeTwice(root);
  builder.setInsertionPointAfterValue(root);
  if (!staged)
    staged = copy(builder, root.getLoc(), root);
  SmallVector<Operation *> views;
  for (Value value = output.get(); value != root;
       value = views.back()->getOperand(0))
    views.push_back(value.getDefiningOp());
  for (Operation *view : llvm::reverse(views)) {
    Operation *clone = builder.clone(*view);
    clone->setOperand(0, staged);
    staged = clone->getResult(0);
  }
  output.set(staged);
  for (Operation *view : views)
    if (view->use_empty())
      view->erase();
}
