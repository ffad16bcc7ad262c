//===- LoopNest.cpp - The operations of a row kernel ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;

namespace {

/// Builds the nests of one kernel.
class NestBuilder {
public:
  NestBuilder(func::FuncOp kernel, RowPlan &plan)
      : kernel(kernel), plan(plan) {}
  LogicalResult build();

private:
  LogicalResult addOperation(Operation &op);
  LogicalResult addGeneric(linalg::GenericOp op);
  LogicalResult addCopy(Operation *op, Value source, Value target, int64_t dim,
                        int64_t offset);
  LogicalResult addPad(tensor::PadOp op);
  LogicalResult addReturn(func::ReturnOp op);
  RowTensor *getTensor(Value value);
  RowTensor *addTensor(Value value);
  void finishNest(RowNest &nest);
  void limitPrefix(RowNest &nest, const LoopAccess &access, AffineMap map);
  FailureOr<LoopAccess> access(RowNest &nest, Value tensor, AffineMap map);

  func::FuncOp kernel;
  RowPlan &plan;
  SmallVector<int64_t> prefixSizes;
  bool first = true;
};

} // namespace

int64_t RowNest::iterations(unsigned firstLoop) const {
  int64_t product = 1;
  for (int64_t size : ArrayRef(sizes).drop_front(firstLoop))
    product *= size;
  return product;
}

RowTensor *NestBuilder::addTensor(Value value) {
  auto &tensor = plan.tensors.emplace_back(std::make_unique<RowTensor>());
  tensor->tensor = value;
  tensor->access =
      TensorAccess::inMemory(cast<RankedTensorType>(value.getType()), value);
  plan.tensorOf[value] = tensor.get();
  return tensor.get();
}

/// The tensor of a value that is an argument, a constant or already computed.
RowTensor *NestBuilder::getTensor(Value value) {
  if (RowTensor *tensor = plan.tensorOf.lookup(value))
    return tensor;
  TypedAttr uniform;
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Attribute constant;
    if (matchPattern(fill.getInputs()[0], m_Constant(&constant)))
      uniform = cast<TypedAttr>(constant);
  } else if (DenseElementsAttr dense;
             matchPattern(value, m_Constant(&dense)) && dense.isSplat()) {
    uniform = cast<TypedAttr>(dense.getSplatValue<Attribute>());
  }
  if (!uniform)
    return nullptr;
  RowTensor *tensor = addTensor(value);
  tensor->uniform = uniform;
  tensor->access.base = nullptr;
  return tensor;
}

/// Keeps of the prefix what `access` reads of its own iteration only.
void NestBuilder::limitPrefix(RowNest &nest, const LoopAccess &access,
                              AffineMap map) {
  auto *tensor = plan.tensorOf.lookup(access.tensor->base);
  if (!tensor || !tensor->produced)
    return;
  ArrayRef<int64_t> shape = tensor->access.type.getShape();
  ArrayRef<int64_t> low = access.tensor->low;
  unsigned prefix = 0;
  for (; prefix < plan.prefix && prefix < shape.size() &&
         prefix < map.getNumResults();
       ++prefix) {
    FailureOr<LinearForm> form =
        getLinearForm(map.getResult(prefix), map.getNumDims());
    if (failed(form) || form->constant != 0 ||
        shape[prefix] != prefixSizes[prefix] ||
        (!low.empty() && low[prefix] != 0))
      break;
    bool identity = true;
    for (auto [loop, coefficient] : llvm::enumerate(form->coefficients)) {
      bool here = nest.loopOf[loop] == static_cast<int>(prefix);
      // A loop of one iteration may be missing from the map.
      identity &=
          here ? coefficient == 1 || shape[prefix] == 1 : coefficient == 0;
    }
    if (!identity)
      break;
  }
  plan.prefix = prefix;
}

FailureOr<LoopAccess> NestBuilder::access(RowNest &nest, Value value,
                                          AffineMap map) {
  RowTensor *tensor = getTensor(value);
  if (!tensor)
    return nest.op->emitOpError("reads a tensor that a row kernel cannot hold"),
           failure();
  FailureOr<LoopAccess> result = getLoopAccess(tensor->access, map);
  if (failed(result))
    return nest.op->emitOpError() << "has the map " << AffineMapAttr::get(map)
                                  << ", which is not linear",
           failure();
  if (swap::getPanels(tensor->access.type))
    return nest.op->emitOpError("reads a packed tensor in a row kernel"),
           failure();
  if (tensor->access.base)
    limitPrefix(nest, *result, map);

  // From the loops of the operation to those of the nest.
  auto reorder = [&](LinearForm &form) {
    LinearForm ordered(nest.sizes.size());
    ordered.constant = form.constant;
    for (auto [loop, coefficient] : llvm::enumerate(form.coefficients))
      ordered.coefficients[nest.loopOf[loop]] += coefficient;
    form = ordered;
  };
  reorder(result->offset);
  for (LoopAccess::Bound &bound : result->bounds)
    reorder(bound.form);
  return result;
}

/// The operation that combines the accumulator of result `index` with a value
/// that does not depend on it, or null.
static Operation *findCombiner(linalg::GenericOp op, unsigned index) {
  Block *body = op.getBody();
  BlockArgument accumulator = body->getArgument(op.getNumDpsInputs() + index);
  Operation *combiner =
      body->getTerminator()->getOperand(index).getDefiningOp();
  if (!combiner || !accumulator.hasOneUse() ||
      *accumulator.user_begin() != combiner ||
      !combiner->getResult(0).hasOneUse())
    return nullptr;
  return isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp, arith::AddIOp, arith::MulIOp,
             arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::MaxSIOp,
             arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp>(combiner)
             ? combiner
             : nullptr;
}

LogicalResult NestBuilder::addGeneric(linalg::GenericOp op) {
  RowNest nest;
  nest.generic = op;
  nest.op = op;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  nest.loopOf.assign(ranges.size(), -1);
  AffineMap outMap = op.getIndexingMapMatchingResult(op->getResult(0));
  for (AffineExpr expr : outMap.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim && !isa<AffineConstantExpr>(expr))
      return op.emitOpError(
          "writes its result through a map that is not a projection");
    if (dim)
      nest.loopOf[dim.getPosition()] = nest.sizes.size();
    nest.sizes.push_back(dim ? ranges[dim.getPosition()] : 1);
  }
  nest.parallel = nest.sizes.size();
  for (auto [loop, range] : llvm::enumerate(ranges))
    if (nest.loopOf[loop] < 0) {
      nest.loopOf[loop] = nest.sizes.size();
      nest.sizes.push_back(range);
    }
  finishNest(nest);

  Block *body = op.getBody();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    LoopAccess input;
    if (!body->getArgument(operand->getOperandNumber()).use_empty()) {
      if (!isa<RankedTensorType>(operand->get().getType()))
        return op.emitOpError("reads an operand that is not a tensor");
      FailureOr<LoopAccess> found =
          access(nest, operand->get(), op.getMatchingIndexingMap(operand));
      if (failed(found))
        return failure();
      input = *found;
    }
    nest.inputs.push_back(input);
  }
  for (auto [index, operand] : llvm::enumerate(op.getDpsInitsMutable())) {
    LoopAccess init;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (map != outMap)
      return op.emitOpError("writes its results through different maps");
    if (!body->getArgument(operand.getOperandNumber()).use_empty()) {
      FailureOr<LoopAccess> found = access(nest, operand.get(), map);
      if (failed(found))
        return failure();
      init = *found;
    }
    nest.inits.push_back(init);
    if (Operation *combiner = findCombiner(op, index))
      nest.combiners.push_back(combiner);
  }
  if (nest.combiners.size() != nest.inits.size())
    nest.combiners.clear();

  nest.pinned.assign(nest.sizes.size(), false);
  for (Operation &nested : *body) {
    if (auto index = dyn_cast<linalg::IndexOp>(nested))
      nest.pinned[nest.loopOf[index.getDim()]] = true;
    if (auto extract = dyn_cast<tensor::ExtractOp>(nested)) {
      RowTensor *tensor = getTensor(extract.getTensor());
      if (!tensor)
        return nested.emitOpError(
            "reads a tensor that a row kernel cannot hold");
      if (tensor->produced)
        plan.prefix = 0;
    }
  }
  for (OpResult result : op->getResults()) {
    addTensor(result)->produced = true;
    nest.outputs.push_back(*access(nest, result, outMap));
  }
  plan.nests.push_back(std::move(nest));
  return success();
}

/// Notes the shape of a nest in the prefix.
void NestBuilder::finishNest(RowNest &nest) {
  if (first) {
    prefixSizes.assign(nest.sizes.begin(), nest.sizes.begin() + nest.parallel);
    plan.prefix = nest.parallel;
    first = false;
  }
  plan.prefix = std::min(plan.prefix, nest.parallel);
  for (unsigned loop = 0; loop < plan.prefix; ++loop)
    if (nest.sizes[loop] != prefixSizes[loop])
      plan.prefix = loop;
}

/// Copies `source` to `target`, `offset` further along dimension `dim`.
LogicalResult NestBuilder::addCopy(Operation *op, Value source, Value target,
                                   int64_t dim, int64_t offset) {
  RowNest nest;
  nest.op = op;
  auto type = cast<RankedTensorType>(source.getType());
  nest.sizes.assign(type.getShape().begin(), type.getShape().end());
  nest.parallel = nest.sizes.size();
  nest.loopOf = llvm::to_vector(llvm::seq<int>(0, nest.parallel));
  nest.pinned.assign(nest.parallel, false);
  finishNest(nest);
  auto identity =
      AffineMap::getMultiDimIdentityMap(type.getRank(), op->getContext());
  FailureOr<LoopAccess> input = access(nest, source, identity);
  FailureOr<LoopAccess> output = access(nest, target, identity);
  if (failed(input) || failed(output))
    return failure();
  if (dim >= 0) {
    output->offset.constant += offset * output->offset.coefficients[dim];
    plan.prefix = std::min<unsigned>(plan.prefix, dim);
  }
  nest.inputs.push_back(*input);
  nest.outputs.push_back(*output);
  nest.inits.emplace_back();
  plan.nests.push_back(std::move(nest));
  return success();
}

LogicalResult NestBuilder::addPad(tensor::PadOp op) {
  Attribute constant;
  Value padValue = op.getConstantPaddingValue();
  if (!padValue || !matchPattern(padValue, m_Constant(&constant)) ||
      !op.getLow().empty() || !op.getHigh().empty())
    return op.emitOpError("is not padding by a constant");
  RowTensor *source = getTensor(op.getSource());
  if (!source || !source->access.base || !source->access.low.empty())
    return op.emitOpError("pads a tensor that a row kernel cannot hold");
  auto &tensor = plan.tensors.emplace_back(std::make_unique<RowTensor>());
  tensor->tensor = source->tensor;
  tensor->access = TensorAccess::padded(source->access, op, Value());
  tensor->padValue = cast<TypedAttr>(constant);
  plan.tensorOf[op.getResult()] = tensor.get();
  return success();
}

LogicalResult NestBuilder::addReturn(func::ReturnOp op) {
  unsigned operand = kernel.getNumArguments();
  for (Value value : op.getOperands()) {
    // A nest writes straight into the result that is returned once.
    RowTensor *tensor = plan.tensorOf.lookup(value);
    if (tensor && tensor->produced && tensor->operand < 0) {
      tensor->operand = operand++;
      continue;
    }
    // Copying may add tensors.
    RowTensor *result =
        plan.tensors.emplace_back(std::make_unique<RowTensor>()).get();
    result->access =
        TensorAccess::inMemory(cast<RankedTensorType>(value.getType()), value);
    result->operand = operand++;
    if (failed(addCopy(op, value, value, -1, 0)))
      return failure();
    LoopAccess &output = plan.nests.back().outputs[0];
    FailureOr<LoopAccess> target = getLoopAccess(
        result->access, AffineMap::getMultiDimIdentityMap(
                            result->access.type.getRank(), op.getContext()));
    output = *target;
  }
  return success();
}

LogicalResult NestBuilder::addOperation(Operation &op) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return addGeneric(generic);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return addPad(pad);
  if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    addTensor(concat.getResult())->produced = true;
    int64_t dim = concat.getDim(), offset = 0;
    for (Value input : concat.getInputs()) {
      if (failed(addCopy(&op, input, concat.getResult(), dim, offset)))
        return failure();
      offset += cast<RankedTensorType>(input.getType()).getDimSize(dim);
    }
    return success();
  }
  if (auto returnOp = dyn_cast<func::ReturnOp>(op))
    return addReturn(returnOp);
  if (isa<tensor::EmptyOp, linalg::FillOp>(op) ||
      op.hasTrait<OpTrait::ConstantLike>())
    return success();
  return op.emitOpError("is not supported in a row kernel");
}

LogicalResult NestBuilder::build() {
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitOpError("must have one block");
  for (auto [index, argument] : llvm::enumerate(kernel.getArguments())) {
    if (!isa<RankedTensorType>(argument.getType()))
      return kernel.emitOpError("takes an argument that is not a tensor");
    addTensor(argument)->operand = index;
  }
  for (Operation &op : kernel.getBody().front())
    if (failed(addOperation(op)))
      return failure();
  return success();
}

LogicalResult swapc::buildNests(func::FuncOp kernel, RowPlan &plan) {
  return NestBuilder(kernel, plan).build();
}

//===----------------------------------------------------------------------===//
// Merging loops
//===----------------------------------------------------------------------===//

static bool canMerge(RowNest &nest, unsigned loop) {
  int64_t inner = nest.sizes[loop + 1];
  auto isFree = [&](unsigned index) { return nest.sizes[index] == 1; };
  if (isFree(loop) || isFree(loop + 1))
    return true;
  if (nest.pinned[loop] || nest.pinned[loop + 1])
    return false;
  bool merges = true;
  auto check = [&](const LinearForm &form) {
    if (!form.coefficients.empty())
      merges &= form.coefficients[loop] == form.coefficients[loop + 1] * inner;
  };
  nest.forEachAccess([&](LoopAccess &access) {
    if (!access.tensor->base)
      return;
    check(access.offset);
    for (LoopAccess::Bound &bound : access.bounds)
      check(bound.form);
  });
  return merges;
}

static void merge(RowNest &nest, unsigned loop) {
  bool keepOuter = nest.sizes[loop + 1] == 1;
  unsigned dropped = keepOuter ? loop + 1 : loop;
  auto drop = [&](LinearForm &form) {
    if (!form.coefficients.empty())
      form.coefficients.erase(form.coefficients.begin() + dropped);
  };
  nest.forEachAccess([&](LoopAccess &access) {
    drop(access.offset);
    for (LoopAccess::Bound &bound : access.bounds)
      drop(bound.form);
  });
  for (int &target : nest.loopOf) {
    if (target == static_cast<int>(dropped))
      target = -1;
    else if (target > static_cast<int>(dropped))
      --target;
  }
  nest.sizes[loop] *= nest.sizes[loop + 1];
  nest.sizes.erase(nest.sizes.begin() + loop + 1);
  nest.pinned.erase(nest.pinned.begin() + dropped);
  if (loop + 1 < nest.parallel)
    --nest.parallel;
}

void swapc::mergeLoops(RowPlan &plan) {
  for (unsigned loop = 0; loop + 1 < plan.prefix;) {
    if (!llvm::all_of(plan.nests,
                      [&](RowNest &nest) { return canMerge(nest, loop); })) {
      ++loop;
      continue;
    }
    for (RowNest &nest : plan.nests)
      merge(nest, loop);
    --plan.prefix;
  }
  for (RowNest &nest : plan.nests)
    for (unsigned loop = plan.prefix; loop + 1 < nest.sizes.size();) {
      bool sameKind = loop + 1 != nest.parallel;
      if (sameKind && canMerge(nest, loop))
        merge(nest, loop);
      else
        ++loop;
    }
}
