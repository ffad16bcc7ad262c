//===- Bounder.cpp - Makes a network right for any sizes ------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bounder.h"

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace swapc;

Bounder::Bounder(Samples &samples)
    : samples(samples), module(samples.getModule()),
      main(module.lookupSymbol<func::FuncOp>("main")) {}

/// Three numbers for each dimension that sizes shorten: swap.extents.
static LogicalResult getExtents(ArrayRef<Dim> layout,
                                SmallVectorImpl<int64_t> &extents) {
  for (auto [index, dim] : llvm::enumerate(layout)) {
    if (dim.isStatic())
      continue;
    if (!dim.isSingle())
      return failure();
    for (auto [size, scale] : llvm::enumerate(dim.factors[0].valid.scales)) {
      if (scale < 0)
        return failure();
      if (scale != 0)
        extents.append(
            {static_cast<int64_t>(index), static_cast<int64_t>(size), scale});
    }
  }
  return success();
}

LogicalResult Bounder::addSizes() {
  Builder b(module.getContext());
  Block &entry = main.getBody().front();
  first = &entry.front();
  for (BlockArgument argument : entry.getArguments()) {
    FailureOr<Layout> layout = getLayout(main, argument);
    SmallVector<int64_t> extents;
    if (failed(layout) || failed(getExtents(*layout, extents)))
      return failure();
    layouts[argument] = *layout;
    if (!extents.empty())
      main.setArgAttr(argument.getArgNumber(), swap::SwapDialect::kExtentsAttr,
                      b.getDenseI64ArrayAttr(extents));
  }
  SmallVector<Attribute> names;
  for (const SizeRange &range : samples.getRanges()) {
    StringAttr name = b.getStringAttr(range.name);
    DictionaryAttr attrs = b.getDictionaryAttr(
        b.getNamedAttr(swap::SwapDialect::kNameAttr, name));
    auto type = RankedTensorType::get({}, b.getI64Type());
    if (failed(main.insertArgument(main.getNumArguments(), type, attrs,
                                   NameLoc::get(name))))
      return failure();
    sizes.push_back(entry.getArguments().back());
    names.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("least", b.getI64IntegerAttr(range.least)),
         b.getNamedAttr("most", b.getI64IntegerAttr(range.most)),
         b.getNamedAttr("name", name)}));
  }
  module->setAttr(swap::SwapDialect::kSizesAttr, b.getArrayAttr(names));
  return success();
}

FailureOr<Layout> Bounder::getLayout(Operation *user, Value value) {
  if (auto found = layouts.find(value); found != layouts.end())
    return found->second;
  Layout layout;
  ArrayRef<Value> all = samples.getValues(value);
  auto type = cast<RankedTensorType>(value.getType());
  for (int64_t i = 0; i < type.getRank(); ++i) {
    SmallVector<int64_t> at;
    for (Value one : all)
      at.push_back(cast<RankedTensorType>(one.getType()).getDimSize(i));
    std::optional<Dim> dim = samples.makeDim(at);
    if (!dim)
      return emitSizeError(user) << "dimension " << i
                                 << " of a tensor does not grow evenly with "
                                    "the size, so that swapc cannot bound it",
             failure();
    layout.push_back(*dim);
  }
  return layout;
}

LogicalResult Bounder::setLayout(Operation *op, Value original,
                                 const Layout &layout) {
  for (auto [point, value] :
       llvm::zip_equal(samples.getPoints(), samples.getValues(original)))
    for (auto [dim, size] : llvm::zip_equal(
             layout, cast<RankedTensorType>(value.getType()).getShape()))
      if (dim.at(point) != size)
        return emitSizeError(op)
               << "its result does not keep the elements of a dimension "
                  "together whose size a run says";
  layouts[original] = layout;
  return success();
}

void Bounder::replace(Operation *op, Value by, const Layout &layout) {
  layouts[by] = layout;
  op->getResult(0).replaceAllUsesWith(by);
  dead.push_back(op);
}

LogicalResult Bounder::checkStatic(Operation *op) {
  auto isStatic = [&](Value value) {
    if (!isa<RankedTensorType>(value.getType()))
      return true;
    FailureOr<Layout> layout = getLayout(op, value);
    return succeeded(layout) &&
           llvm::all_of(*layout, [](const Dim &dim) { return dim.isStatic(); });
  };
  if (llvm::all_of(op->getOperands(), isStatic) &&
      llvm::all_of(op->getResults(), isStatic))
    return success();
  return emitSizeError(op)
         << "swapc cannot compute this for a size that a run says; give it "
            "with --dim NAME=N";
}

LogicalResult Bounder::visitReshape(Operation *op) {
  FailureOr<Layout> from = getLayout(op, op->getOperand(0));
  if (failed(from))
    return failure();
  std::optional<Layout> to;
  if (auto collapseOp = dyn_cast<tensor::CollapseShapeOp>(op)) {
    to = collapse(*from, collapseOp.getReassociationIndices());
  } else {
    auto expandOp = cast<tensor::ExpandShapeOp>(op);
    to = expand(*from, expandOp.getReassociationIndices(),
                expandOp.getResultType().getShape());
    if (from->empty())
      to = Layout(expandOp.getResultType().getRank());
  }
  if (!to)
    return emitSizeError(op)
           << "the new shape cuts through a dimension whose size a run says";
  return setLayout(op, op->getResult(0), *to);
}

LogicalResult Bounder::visitPad(tensor::PadOp op) {
  FailureOr<Layout> layout = getLayout(op, op.getSource());
  if (failed(layout))
    return failure();
  for (Operation *other : samples.getOps(op)) {
    auto pad = cast<tensor::PadOp>(other);
    if (pad.getStaticLow() != op.getStaticLow() ||
        pad.getStaticHigh() != op.getStaticHigh())
      return emitSizeError(op) << "pads by a number that depends on a size "
                                  "that a run says, which swapc cannot";
  }
  TypedAttr padding;
  Value value = op.getConstantPaddingValue();
  if (!value || !matchPattern(value, m_Constant(&padding)))
    return checkStatic(op);
  OpBuilder b(op);
  for (auto [i, dim] : llvm::enumerate(*layout)) {
    int64_t more = op.getStaticLow()[i] + op.getStaticHigh()[i];
    if (more == 0)
      continue;
    if (!dim.isSingle())
      return checkStatic(op);
    if (!dim.isStatic())
      op.getSourceMutable().assign(
          maskTensor(b, op.getLoc(), op.getSource(), i, dim, padding, op));
    Factor factor{dim.getSize(), {dim.getSize(), {}}};
    if (!dim.factors.empty())
      factor = dim.factors[0];
    factor.size += more;
    factor.valid.constant += more;
    dim = Dim();
    dim.append(factor);
  }
  return setLayout(op, op.getResult(), *layout);
}

/// Parts behind one whose size a run says begin where that ends.
LogicalResult Bounder::visitConcat(tensor::ConcatOp op) {
  unsigned axis = op.getDim();
  Layout result;
  SmallVector<SizeForm> starts;
  SizeForm end = SizeForm();
  bool moves = false;
  for (Value input : op.getInputs()) {
    FailureOr<Layout> layout = getLayout(op, input);
    if (failed(layout))
      return failure();
    if (!(*layout)[axis].isSingle())
      return checkStatic(op);
    if (result.empty())
      result = *layout;
    for (auto [i, dim] : llvm::enumerate(*layout))
      if (i != axis && !(dim == result[i]))
        return checkStatic(op);
    moves |= !end.isStatic();
    starts.push_back(end);
    Dim &along = (*layout)[axis];
    SizeForm length = along.factors.empty() ? SizeForm{1, {}}
                                            : along.factors[0].valid;
    end = end + length;
  }
  auto type = cast<RankedTensorType>(op.getResult().getType());
  result[axis] = Dim();
  result[axis].append({type.getDimSize(axis), end});
  if (failed(setLayout(op, op.getResult(), result)))
    return failure();
  if (!moves)
    return success();

  // One nest that reads each element from the part that it lies in.
  OpBuilder b(op);
  Type i32 = b.getI32Type();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const SizeForm &start : ArrayRef(starts).drop_front()) {
    inputs.push_back(getNumber({start}, i32));
    maps.push_back(AffineMap::get(type.getRank(), 0, b.getContext()));
  }
  Value joined = makeNest(
      b, op.getLoc(), inputs, maps, type.getShape(), type.getElementType(),
      [&](OpBuilder &b, Location loc, ValueRange args) {
        SmallVector<Value> at;
        for (int64_t i = 0; i < type.getRank(); ++i)
          at.push_back(linalg::IndexOp::create(b, loc, i));
        Value result;
        for (auto [part, input] : llvm::enumerate(op.getInputs())) {
          Value index = at[axis];
          Value start;
          if (part > 0) {
            start = arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                               args[part - 1]);
            index = arith::SubIOp::create(b, loc, index, start);
          }
          int64_t last =
              cast<RankedTensorType>(input.getType()).getDimSize(axis) - 1;
          Value zero = arith::ConstantIndexOp::create(b, loc, 0);
          Value most = arith::ConstantIndexOp::create(b, loc, last);
          SmallVector<Value> here = at;
          here[axis] = arith::MinSIOp::create(
              b, loc, arith::MaxSIOp::create(b, loc, index, zero), most);
          Value element = tensor::ExtractOp::create(b, loc, input, here);
          if (part > 0)
            element = arith::SelectOp::create(
                b, loc,
                arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                      at[axis], start),
                element, result);
          result = element;
        }
        return result;
      });
  if (Attribute origin = op->getAttr(swap::SwapDialect::kOriginAttr))
    joined.getDefiningOp()->setAttr(swap::SwapDialect::kOriginAttr, origin);
  replace(op, joined, result);
  return success();
}

LogicalResult Bounder::visitReturn(func::ReturnOp op) {
  Builder b(module.getContext());
  for (OpOperand &operand : op->getOpOperands()) {
    FailureOr<Layout> layout = getLayout(op, operand.get());
    if (failed(layout))
      return failure();
    unsigned number = operand.getOperandNumber();
    SmallVector<int64_t> extents;
    if (failed(getExtents(*layout, extents)))
      return emitSizeError(op)
             << "output "
             << main.getResultAttr(number, swap::SwapDialect::kNameAttr)
             << " has a dimension that joins one whose size a run says with "
                "others; swapc cannot return it so";
    if (!extents.empty())
      main.setResultAttr(number, swap::SwapDialect::kExtentsAttr,
                         b.getDenseI64ArrayAttr(extents));
  }
  return success();
}

/// A value that depends on a size comes from where the sizes are computed.
LogicalResult Bounder::visitFill(linalg::FillOp op) {
  Operation *constant = op.getInputs()[0].getDefiningOp();
  SmallVector<Attribute> values;
  for (Operation *other : samples.getOps(constant))
    values.push_back(cast<arith::ConstantOp>(other).getValue());
  if (llvm::all_equal(values))
    return success();
  std::optional<NumberForm> number = fitNumbers(values);
  FailureOr<Layout> layout = getLayout(op, op->getResult(0));
  if (!number || failed(layout))
    return checkStatic(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  OpBuilder b(op);
  Value filled = makeNest(
      b, op.getLoc(), getNumber(*number, type.getElementType()),
      AffineMap::get(type.getRank(), 0, b.getContext()), type.getShape(),
      type.getElementType(),
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  replace(op, filled, *layout);
  return success();
}

LogicalResult Bounder::visit(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::GenericOp nest) { return visitGeneric(nest); })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
          [&](Operation *reshape) { return visitReshape(reshape); })
      .Case([&](tensor::PadOp pad) { return visitPad(pad); })
      .Case([&](tensor::ConcatOp concat) { return visitConcat(concat); })
      .Case([&](func::ReturnOp end) { return visitReturn(end); })
      .Case([&](arith::ConstantOp constant) { return visitConstant(constant); })
      .Case([&](linalg::FillOp fill) { return visitFill(fill); })
      .Case([&](tensor::EmptyOp) { return success(); })
      .Default([&](Operation *other) { return checkStatic(other); });
}

LogicalResult Bounder::run() {
  SmallVector<Operation *> operations;
  for (Operation &op : main.getBody().front())
    operations.push_back(&op);
  if (failed(addSizes()))
    return failure();
  for (Operation *op : operations)
    if (failed(visit(op)))
      return failure();
  for (Operation *op : llvm::reverse(dead))
    op->erase();
  return success();
}
