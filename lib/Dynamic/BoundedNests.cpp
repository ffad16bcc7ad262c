//===- BoundedNests.cpp - Loop nests over sizes that a run says -----------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bounder.h"

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

int IndexForm::getLoop() const {
  int found = -1;
  for (auto [loop, coefficient] : llvm::enumerate(coefficients)) {
    if (coefficient == 0)
      continue;
    if (coefficient != 1 || found >= 0)
      return -1;
    found = loop;
  }
  return constant.isStatic() && constant.constant == 0 ? found : -1;
}

/// Adds `factor` times the expression; false if it is not linear.
static bool addLinear(AffineExpr expr, int64_t factor,
                      SmallVectorImpl<int64_t> &coefficients,
                      int64_t &constant) {
  if (auto number = dyn_cast<AffineConstantExpr>(expr)) {
    constant += factor * number.getValue();
    return true;
  }
  if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
    coefficients[loop.getPosition()] += factor;
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  AffineExpr lhs = binary.getLHS(), rhs = binary.getRHS();
  if (expr.getKind() == AffineExprKind::Add)
    return addLinear(lhs, factor, coefficients, constant) &&
           addLinear(rhs, factor, coefficients, constant);
  auto scale = dyn_cast<AffineConstantExpr>(rhs);
  return expr.getKind() == AffineExprKind::Mul && scale &&
         addLinear(lhs, factor * scale.getValue(), coefficients, constant);
}

FailureOr<SmallVector<IndexForm>>
Bounder::getIndexForms(linalg::GenericOp op, unsigned operand) {
  SmallVector<IndexForm> forms;
  ArrayRef<Operation *> all = samples.getOps(op);
  AffineMap map = op.getIndexingMapsArray()[operand];
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    IndexForm &form = forms.emplace_back();
    SmallVector<int64_t> constants;
    bool isLinear = true, isSame = true;
    for (Operation *one : all) {
      AffineMap its = cast<linalg::GenericOp>(one).getIndexingMapsArray()[operand];
      if (its.getNumResults() != map.getNumResults() ||
          its.getNumDims() != map.getNumDims())
        return emitSizeError(op) << "reads in another order at other sizes",
               failure();
      SmallVector<int64_t> coefficients(map.getNumDims(), 0);
      isSame &= its.getResult(i) == map.getResult(i);
      isLinear &= addLinear(its.getResult(i), 1, coefficients,
                            constants.emplace_back(0));
      if (form.coefficients.empty())
        form.coefficients = coefficients;
      isLinear &= form.coefficients == coefficients;
    }
    std::optional<SizeForm> constant = samples.fit(constants);
    if ((!isLinear || !constant) && !isSame)
      return emitSizeError(op)
             << "reads at places that do not move evenly with a size that a "
                "run says",
             failure();
    form.constant = constant.value_or(SizeForm());
    if (!isLinear) {
      form.other = map.getResult(i);
      form.coefficients.clear();
    }
  }
  return forms;
}

FailureOr<SmallVector<Dim>>
Bounder::getLoops(linalg::GenericOp op, ArrayRef<SmallVector<IndexForm>> forms) {
  SmallVector<std::optional<Dim>> found(op.getNumLoops());
  for (OpOperand *input : op.getDpsInputOperands()) {
    FailureOr<Layout> layout = getLayout(op, input->get());
    if (failed(layout))
      return failure();
    for (auto [form, dim] :
         llvm::zip_equal(forms[input->getOperandNumber()], *layout)) {
      int loop = form.getLoop();
      if (loop < 0)
        continue;
      if (found[loop] && !(*found[loop] == dim))
        return emitSizeError(op) << "combines dimensions that hold values in "
                                    "different places when a run says a size",
               failure();
      found[loop] = dim;
    }
  }
  SmallVector<Dim> loops;
  SmallVector<SmallVector<int64_t>> ranges;
  for (Operation *one : samples.getOps(op))
    ranges.push_back(cast<linalg::GenericOp>(one).getStaticLoopRanges());
  for (auto [i, loop] : llvm::enumerate(found)) {
    SmallVector<int64_t> at;
    for (ArrayRef<int64_t> range : ranges)
      at.push_back(range[i]);
    if (!loop)
      loop = samples.makeDim(at);
    bool fits = loop.has_value();
    for (auto [point, size] : llvm::zip_equal(samples.getPoints(), at))
      fits &= loop && loop->at(point) == size;
    if (!fits)
      return emitSizeError(op) << "does not grow evenly with a size that a run "
                                  "says, so that swapc cannot bound it",
             failure();
    loops.push_back(*loop);
  }
  return loops;
}

//===----------------------------------------------------------------------===//
// What an element is computed from
//===----------------------------------------------------------------------===//

/// What holds values may only be computed from what does.
LogicalResult Bounder::checkRead(linalg::GenericOp op, const IndexForm &form,
                                 const Dim &dim, ArrayRef<Dim> loops) {
  auto refuse = [&] {
    return emitSizeError(op)
           << "reads elements that are outside of a size that a run says; "
              "swapc cannot compute it so";
  };
  bool isStatic = dim.isStatic() && form.constant.isStatic();
  for (auto [i, loop] : llvm::enumerate(loops)) {
    bool isUsed = form.other ? form.other.isFunctionOfDim(i)
                             : form.coefficients[i] != 0;
    isStatic &= !isUsed || loop.isStatic();
    if (isUsed && !loop.isSingle() && !loop.isStatic())
      return refuse();
  }
  if (isStatic)
    return success();
  if (form.other || !dim.isSingle())
    return refuse();
  // Linear in each size, so the ends of their ranges are enough.
  ArrayRef<SizeRange> ranges = samples.getRanges();
  for (unsigned corner = 0; corner < (1u << ranges.size()); ++corner) {
    SmallVector<int64_t> sizes;
    for (auto [i, range] : llvm::enumerate(ranges))
      sizes.push_back(corner >> i & 1 ? range.most : range.least);
    int64_t low = form.constant.at(sizes), high = low;
    for (auto [coefficient, loop] : llvm::zip_equal(form.coefficients, loops)) {
      int64_t reach = coefficient * (loop.at(sizes) - 1);
      (reach < 0 ? low : high) += reach;
    }
    if (low < 0 || high >= dim.at(sizes))
      return refuse();
  }
  return success();
}

LogicalResult Bounder::checkBody(linalg::GenericOp op, ArrayRef<Dim> loops,
                                 Edit &edit) {
  llvm::SmallPtrSet<Operation *, 8> seen;
  WalkResult result = op.getBody()->walk([&](Operation *inner) -> WalkResult {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      const Dim &loop = loops[index.getDim()];
      if (!loop.isStatic() && !loop.isSingle())
        return emitSizeError(op) << "counts the elements of a dimension that "
                                    "joins one whose size a run says";
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(inner)) {
      FailureOr<Layout> layout = getLayout(op, extract.getTensor());
      if (failed(layout))
        return failure();
      for (const Dim &dim : *layout)
        if (!dim.isStatic() && !dim.isSingle())
          return emitSizeError(op) << "looks up elements of a dimension that "
                                      "joins one whose size a run says";
    }
    for (Value operand : inner->getOperands()) {
      Operation *constant = operand.getDefiningOp();
      if (!isa_and_nonnull<arith::ConstantOp>(constant) ||
          !seen.insert(constant).second)
        continue;
      SmallVector<Attribute> numbers;
      for (Operation *one : samples.getOps(constant))
        numbers.push_back(cast<arith::ConstantOp>(one).getValue());
      if (llvm::all_equal(numbers))
        continue;
      std::optional<NumberForm> form = fitNumbers(numbers);
      if (!form)
        return emitSizeError(op)
               << "a number depends on a size that a run says, and not "
                  "evenly; swapc cannot compute it";
      Type type = operand.getType();
      if (type.isIndex())
        type = IntegerType::get(op.getContext(), 32);
      edit.numbers.push_back({constant, getNumber(*form, type)});
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// A sum of products of two inputs as they are, which kernels of contractions
/// know: inputs are masked, and the nest stays as it is.
static bool isProduct(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op->getNumResults() != 1)
    return false;
  Block *body = op.getBody();
  Operation *add = body->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add))
    return false;
  auto isInput = [&](Value value) {
    while (isa_and_nonnull<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp,
                           arith::SIToFPOp, arith::UIToFPOp>(
        value.getDefiningOp()))
      value = value.getDefiningOp()->getOperand(0);
    return value == body->getArgument(0) || value == body->getArgument(1);
  };
  return llvm::any_of(add->getOperands(), [&](Value value) {
    Operation *mul = value.getDefiningOp();
    return isa_and_nonnull<arith::MulFOp, arith::MulIOp>(mul) &&
           llvm::all_of(mul->getOperands(), isInput);
  });
}

LogicalResult
Bounder::maskReductions(linalg::GenericOp op,
                        ArrayRef<SmallVector<IndexForm>> forms,
                        ArrayRef<Dim> loops, Edit &edit) {
  auto kinds = op.getIteratorTypesArray();
  for (auto [i, loop] : llvm::enumerate(loops)) {
    if (kinds[i] != utils::IteratorType::reduction || loop.isStatic())
      continue;
    if (!isProduct(op)) {
      edit.masked.push_back(i);
      continue;
    }
    // Both, since what is outside of the other may be no number.
    bool isMasked = false;
    OpBuilder b(op);
    for (OpOperand *input : op.getDpsInputOperands())
      for (auto [dim, form] :
           llvm::enumerate(forms[input->getOperandNumber()])) {
        if (form.getLoop() == static_cast<int>(i)) {
          Type type = getElementTypeOrSelf(input->get().getType());
          input->set(maskTensor(b, op.getLoc(), input->get(), dim, loop,
                                b.getZeroAttr(type), op));
          isMasked = true;
        } else if (form.other || form.coefficients[i] != 0) {
          return emitSizeError(op) << "slides a window over a dimension whose "
                                      "size a run says";
        }
      }
    if (!isMasked)
      return emitSizeError(op) << "sums over a dimension whose size a run says "
                                  "in a way that swapc cannot";
  }
  return success();
}

/// Replaces what reductions yield where `isInside` is false.
static void maskYields(OpBuilder &b, linalg::GenericOp op, Value isInside) {
  Operation *yield = op.getBody()->getTerminator();
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    Value old = op.getBody()->getArgument(op.getNumDpsInputs() + i);
    Value value = yield->getOperand(i);
    Operation *combiner = value.getDefiningOp();
    b.setInsertionPoint(yield);
    // What the combiner adds becomes neutral, so that it stays one to kernels.
    std::optional<TypedAttr> neutral;
    if (combiner && combiner->getNumOperands() == 2 && old.hasOneUse() &&
        *old.user_begin() == combiner)
      neutral = arith::getNeutralElement(combiner);
    if (neutral) {
      unsigned other = combiner->getOperand(0) == old ? 1 : 0;
      b.setInsertionPoint(combiner);
      Value nothing = arith::ConstantOp::create(b, op.getLoc(), *neutral);
      combiner->setOperand(
          other, arith::SelectOp::create(b, op.getLoc(), isInside,
                                         combiner->getOperand(other), nothing));
    } else {
      yield->setOperand(i, arith::SelectOp::create(b, op.getLoc(), isInside,
                                                   value, old));
    }
  }
}

//===----------------------------------------------------------------------===//
// The new nest
//===----------------------------------------------------------------------===//

/// Outside of the sizes an index may be any number.
static Value clamp(OpBuilder &b, Location loc, Value index, int64_t size) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value last = arith::ConstantIndexOp::create(b, loc, size - 1);
  return arith::MinSIOp::create(
      b, loc, arith::MaxSIOp::create(b, loc, index, zero), last);
}

/// The same of what the body looks up.
static void clampExtracts(OpBuilder &b, Block *body) {
  for (auto extract : body->getOps<tensor::ExtractOp>()) {
    b.setInsertionPoint(extract);
    ArrayRef<int64_t> shape = extract.getTensor().getType().getShape();
    for (auto [index, size] :
         llvm::zip_equal(extract.getIndicesMutable(), shape))
      if (!isa_and_nonnull<linalg::IndexOp, arith::ConstantOp>(
              index.get().getDefiningOp()))
        index.set(clamp(b, extract.getLoc(), index.get(), size));
  }
}

linalg::GenericOp Bounder::apply(linalg::GenericOp op, const Edit &edit,
                                 ArrayRef<Dim> loops) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  unsigned nest = op.getNumLoops(), oldInputs = op.getNumDpsInputs();
  SmallVector<Value> inputs(op.getInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<AffineMap> inits(maps.begin() + oldInputs, maps.end());
  maps.resize(oldInputs);
  AffineMap toScalar = AffineMap::get(nest, 0, b.getContext());
  for (const Edit::Number &number : edit.numbers) {
    inputs.push_back(number.value);
    maps.push_back(toScalar);
  }
  for (const auto &[operand, forms] : edit.moving)
    for (const IndexForm &form : forms)
      if (!form.constant.isStatic()) {
        inputs.push_back(getNumber({form.constant}, b.getI32Type()));
        maps.push_back(toScalar);
      }
  for (unsigned loop : edit.masked) {
    inputs.push_back(getMask(loops[loop]));
    maps.push_back(
        AffineMap::get(nest, 0, b.getAffineDimExpr(loop), b.getContext()));
  }
  unsigned numInputs = inputs.size();
  llvm::append_range(maps, inits);
  auto changed = linalg::GenericOp::create(b, loc, op->getResultTypes(), inputs,
                                           op.getOutputs(), maps,
                                           op.getIteratorTypesArray());
  for (NamedAttribute attr : op->getDiscardableAttrs())
    changed->setDiscardableAttr(attr.getName(), attr.getValue());
  changed.getRegion().takeBody(op.getRegion());
  Block *body = changed.getBody();
  for (unsigned i = oldInputs; i < numInputs; ++i)
    body->insertArgument(i, getElementTypeOrSelf(inputs[i].getType()), loc);

  b.setInsertionPointToStart(body);
  unsigned next = oldInputs;
  for (const Edit::Number &number : edit.numbers) {
    Value value = body->getArgument(next++);
    Value old = number.constant->getResult(0);
    if (old.getType().isIndex())
      value = arith::IndexCastOp::create(b, loc, old.getType(), value);
    old.replaceUsesWithIf(value, [&](OpOperand &use) {
      return changed.getRegion().isAncestor(use.getOwner()->getParentRegion());
    });
  }
  if (!edit.numbers.empty())
    clampExtracts(b, body);
  for (const auto &[operand, forms] : edit.moving) {
    b.setInsertionPointToStart(body);
    SmallVector<Value> at;
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(inputs[operand].getType()).getShape();
    for (auto [dim, form] : llvm::enumerate(forms)) {
      Value index =
          form.constant.isStatic()
              ? Value(arith::ConstantIndexOp::create(b, loc,
                                                     form.constant.constant))
              : Value(arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                                 body->getArgument(next++)));
      for (auto [loop, coefficient] : llvm::enumerate(form.coefficients)) {
        if (coefficient == 0)
          continue;
        Value part = linalg::IndexOp::create(b, loc, loop);
        if (coefficient != 1)
          part = arith::MulIOp::create(
              b, loc, part,
              arith::ConstantIndexOp::create(b, loc, coefficient));
        index = arith::AddIOp::create(b, loc, index, part);
      }
      if (!isa<linalg::IndexOp>(index.getDefiningOp()))
        index = clamp(b, loc, index, shape[dim]);
      at.push_back(index);
    }
    body->getArgument(operand).replaceAllUsesWith(
        tensor::ExtractOp::create(b, loc, inputs[operand], at).getResult());
  }
  Value isInside;
  for (unsigned i = 0; i < edit.masked.size(); ++i) {
    Value here = body->getArgument(next++);
    isInside =
        isInside ? Value(arith::AndIOp::create(b, loc, isInside, here)) : here;
  }
  if (isInside)
    maskYields(b, changed, isInside);
  // What moves is read in the body now.
  for (const auto &[operand, forms] : llvm::reverse(edit.moving)) {
    body->eraseArgument(operand);
    changed->eraseOperand(operand);
    maps.erase(maps.begin() + operand);
  }
  if (!edit.moving.empty()) {
    changed.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
    changed.getProperties().setOperandSegmentSizes(
        {static_cast<int32_t>(numInputs - edit.moving.size()),
         static_cast<int32_t>(op.getNumDpsInits())});
  }
  return changed;
}

/// Whether `value` comes from outside, which fills it with zeros.
static bool isInput(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return true;
}

/// An index into a table is right everywhere: rows of tables that are on
/// storage are fetched by their numbers, and a wrong one is an error.
LogicalResult Bounder::maskIndices(linalg::GenericOp op) {
  bool looksUp = false;
  op.getBody()->walk([&](tensor::ExtractOp extract) {
    looksUp |= bool(extract.getTensor().getDefiningOp<swap::ParamOp>());
  });
  for (OpOperand *input : op.getDpsInputOperands()) {
    Type type = getElementTypeOrSelf(input->get().getType());
    if (!looksUp || !type.isInteger() || isInput(input->get()))
      continue;
    FailureOr<Layout> layout = getLayout(op, input->get());
    if (failed(layout))
      return failure();
    OpBuilder b(op);
    for (auto [i, dim] : llvm::enumerate(*layout))
      if (!dim.isStatic())
        input->set(maskTensor(b, op.getLoc(), input->get(), i, dim,
                              b.getZeroAttr(type), op));
  }
  return success();
}

LogicalResult Bounder::visitGeneric(linalg::GenericOp op) {
  if (failed(maskIndices(op)))
    return failure();
  SmallVector<SmallVector<IndexForm>, 0> forms;
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    FailureOr<SmallVector<IndexForm>> found = getIndexForms(op, i);
    if (failed(found))
      return failure();
    forms.push_back(*found);
  }
  FailureOr<SmallVector<Dim>> loops = getLoops(op, forms);
  if (failed(loops))
    return failure();
  Edit edit;
  for (OpOperand *input : op.getDpsInputOperands()) {
    FailureOr<Layout> layout = getLayout(op, input->get());
    if (failed(layout))
      return failure();
    unsigned number = input->getOperandNumber();
    bool moves = false;
    for (auto [form, dim] : llvm::zip_equal(forms[number], *layout)) {
      if (form.getLoop() < 0 && failed(checkRead(op, form, dim, *loops)))
        return failure();
      moves |= !form.constant.isStatic();
    }
    if (moves)
      edit.moving.push_back({number, forms[number]});
  }
  if (failed(checkBody(op, *loops, edit)) ||
      failed(maskReductions(op, forms, *loops, edit)))
    return failure();

  SmallVector<Layout, 1> results;
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    Layout &layout = results.emplace_back();
    for (const IndexForm &form : forms[op.getNumDpsInputs() + i]) {
      int loop = form.getLoop();
      layout.push_back(loop < 0 ? Dim() : (*loops)[loop]);
    }
    if (failed(setLayout(op, op->getResult(i), layout)))
      return failure();
  }
  if (edit.empty())
    return success();
  linalg::GenericOp changed = apply(op, edit, *loops);
  for (auto [before, after, layout] :
       llvm::zip_equal(op->getResults(), changed->getResults(), results)) {
    layouts[after] = layout;
    before.replaceAllUsesWith(after);
  }
  dead.push_back(op);
  return success();
}
