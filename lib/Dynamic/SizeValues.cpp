//===- SizeValues.cpp - What is computed from the sizes -------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bounder.h"

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace mlir;
using namespace swapc;

/// Constants of more elements than this are compared as a whole only.
static constexpr int64_t kMaxNumbers = 64;

Value Bounder::makeNest(
    OpBuilder &b, Location loc, ValueRange inputs, ArrayRef<AffineMap> maps,
    ArrayRef<int64_t> shape, Type type,
    function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  Value empty = tensor::EmptyOp::create(b, loc, shape, type);
  SmallVector<utils::IteratorType> iterators(shape.size(),
                                             utils::IteratorType::parallel);
  SmallVector<AffineMap> all(maps);
  all.push_back(b.getMultiDimIdentityMap(shape.size()));
  return linalg::GenericOp::create(
             b, loc, empty.getType(), inputs, empty, all, iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               linalg::YieldOp::create(b, loc, body(b, loc, args));
             })
      .getResult(0);
}

namespace {
/// The sizes that a form needs as inputs of a nest, and its value in the body.
class FormInputs {
public:
  FormInputs(ArrayRef<Value> sizes) : sizes(sizes) {}

  void add(const SizeForm &form) {
    for (auto [size, scale] : llvm::enumerate(form.scales))
      if (scale != 0 && !llvm::is_contained(inputs, sizes[size]))
        inputs.push_back(sizes[size]);
  }
  Value emit(OpBuilder &b, Location loc, const SizeForm &form,
             ValueRange args) const {
    Value sum = arith::ConstantIntOp::create(b, loc, form.constant, 64);
    for (auto [size, scale] : llvm::enumerate(form.scales)) {
      if (scale == 0)
        continue;
      Value part = args[llvm::find(inputs, sizes[size]) - inputs.begin()];
      if (scale != 1)
        part = arith::MulIOp::create(
            b, loc, part, arith::ConstantIntOp::create(b, loc, scale, 64));
      sum = arith::AddIOp::create(b, loc, sum, part);
    }
    return sum;
  }

  SmallVector<Value> inputs;

private:
  ArrayRef<Value> sizes;
};
} // namespace

Value Bounder::getMask(const Dim &dim) {
  for (const MaskEntry &entry : masks)
    if (entry.dim == dim)
      return entry.value;
  OpBuilder b(first);
  Location loc = main.getLoc();
  FormInputs inputs(sizes);
  for (const Factor &factor : dim.factors)
    inputs.add(factor.valid);
  SmallVector<AffineMap> maps(inputs.inputs.size(),
                              AffineMap::get(1, 0, b.getContext()));
  Value mask = makeNest(
      b, loc, inputs.inputs, maps, dim.getSize(), b.getI1Type(),
      [&](OpBuilder &b, Location loc, ValueRange args) {
        auto number = [&](int64_t value) -> Value {
          return arith::ConstantIntOp::create(b, loc, value, 64);
        };
        Value index = arith::IndexCastOp::create(
            b, loc, b.getI64Type(), linalg::IndexOp::create(b, loc, 0));
        Value isInside;
        int64_t inner = 1;
        for (const Factor &factor : llvm::reverse(dim.factors)) {
          Value at = index;
          if (inner != 1)
            at = arith::DivUIOp::create(b, loc, at, number(inner));
          inner *= factor.size;
          if (factor.isStatic())
            continue;
          if (inner != dim.getSize())
            at = arith::RemUIOp::create(b, loc, at, number(factor.size));
          Value here = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::slt, at,
              inputs.emit(b, loc, factor.valid, args));
          isInside = isInside
                         ? arith::AndIOp::create(b, loc, isInside, here)
                         : here;
        }
        return isInside;
      });
  masks.push_back({dim, mask});
  return mask;
}

Value Bounder::getNumber(const NumberForm &wanted, Type type) {
  for (const NumberEntry &entry : numbers)
    if (entry.form == wanted && entry.type == type)
      return entry.value;
  OpBuilder b(first);
  const SizeForm &form = wanted.form;
  FormInputs inputs(sizes);
  inputs.add(form);
  SmallVector<AffineMap> maps(inputs.inputs.size(),
                              AffineMap::get(0, 0, b.getContext()));
  Value number =
      makeNest(b, main.getLoc(), inputs.inputs, maps, {}, type,
               [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                 Value sum = inputs.emit(b, loc, form, args);
                 if (isa<FloatType>(type)) {
                   Value real = arith::SIToFPOp::create(b, loc, type, sum);
                   if (!wanted.isReciprocal)
                     return real;
                   Value one = arith::ConstantOp::create(
                       b, loc, b.getFloatAttr(type, 1));
                   return arith::DivFOp::create(b, loc, one, real);
                 }
                 if (type.getIntOrFloatBitWidth() < 64)
                   return arith::TruncIOp::create(b, loc, type, sum);
                 return sum;
               });
  numbers.push_back({wanted, type, number});
  return number;
}

Value Bounder::maskTensor(OpBuilder &b, Location loc, Value value, unsigned dim,
                          const Dim &layout, TypedAttr other,
                          Operation *origin) {
  auto type = cast<RankedTensorType>(value.getType());
  FailureOr<Layout> before = getLayout(origin, value);
  AffineMap along = AffineMap::get(type.getRank(), 0, b.getAffineDimExpr(dim),
                                   b.getContext());
  Value masked = makeNest(
      b, loc, {value, getMask(layout)},
      {b.getMultiDimIdentityMap(type.getRank()), along}, type.getShape(),
      type.getElementType(),
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        Value outside = arith::ConstantOp::create(b, loc, other);
        return arith::SelectOp::create(b, loc, args[1], args[0], outside);
      });
  if (Attribute name = origin->getAttr(swap::SwapDialect::kOriginAttr))
    masked.getDefiningOp()->setAttr(swap::SwapDialect::kOriginAttr, name);
  layouts[masked] = *before;
  return masked;
}

std::optional<NumberForm> Bounder::fitNumbers(ArrayRef<Attribute> numbers) {
  SmallVector<int64_t> values, reciprocals;
  for (Attribute number : numbers) {
    if (auto integer = dyn_cast<IntegerAttr>(number)) {
      if (integer.getType().isInteger(1))
        return std::nullopt;
      values.push_back(integer.getValue().getSExtValue());
      continue;
    }
    auto real = cast<FloatAttr>(number);
    double value = real.getValueAsDouble();
    // What is exact in this type of floats.
    double limit = real.getType().isF32() || real.getType().isF64() ? 1 << 24
                                                                    : 256;
    if (std::abs(value) <= limit && value == std::floor(value))
      values.push_back(value);
    double below = std::round(1 / value);
    if (std::abs(below) <= limit &&
        FloatAttr::get(real.getType(), 1 / below) == real)
      reciprocals.push_back(below);
  }
  std::optional<SizeForm> form;
  if (values.size() == numbers.size() && (form = samples.fit(values)))
    return NumberForm{*form, false};
  if (reciprocals.size() == numbers.size() &&
      (form = samples.fit(reciprocals)))
    return NumberForm{*form, true};
  return std::nullopt;
}

/// How much larger all elements of `other` are than those of `whole` in the
/// same places; nothing if they differ by different numbers.
static std::optional<int64_t> getOffset(DenseElementsAttr whole,
                                        DenseElementsAttr other) {
  auto type = cast<RankedTensorType>(whole.getType());
  auto subtract = [](Attribute a, Attribute b) -> std::optional<int64_t> {
    if (a == b)
      return 0;
    if (auto integer = dyn_cast<IntegerAttr>(a); integer && !integer.getType().isInteger(1))
      return integer.getValue().getSExtValue() -
             cast<IntegerAttr>(b).getValue().getSExtValue();
    return std::nullopt;
  };
  if (whole.isSplat() && other.isSplat())
    return subtract(other.getSplatValue<Attribute>(),
                    whole.getSplatValue<Attribute>());
  std::optional<int64_t> offset;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(other.getType()).getShape();
  auto mine = whole.getValues<Attribute>(), its = other.getValues<Attribute>();
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0, e = other.getNumElements(); i < e; ++i) {
    int64_t position = 0;
    bool isInside = true;
    for (auto [at, size] : llvm::zip_equal(index, type.getShape())) {
      isInside &= at < size;
      position = position * size + at;
    }
    if (isInside) {
      std::optional<int64_t> here = subtract(its[i], mine[position]);
      if (!here || (offset && *offset != *here))
        return std::nullopt;
      offset = here;
    }
    for (int64_t dim = shape.size() - 1;
         dim >= 0 && ++index[dim] == shape[dim]; --dim)
      index[dim] = 0;
  }
  return offset.value_or(0);
}

LogicalResult Bounder::visitConstant(Operation *op) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type)
    return success(); // where it is used
  SmallVector<DenseElementsAttr> all;
  for (Operation *one : samples.getOps(op))
    all.push_back(dyn_cast<DenseElementsAttr>(
        cast<arith::ConstantOp>(one).getValue()));
  if (llvm::is_contained(all, DenseElementsAttr()))
    return success();
  SmallVector<int64_t> offsets;
  for (DenseElementsAttr one : all)
    if (std::optional<int64_t> offset = getOffset(all[0], one))
      offsets.push_back(*offset);
  bool isShifted = offsets.size() == all.size();
  if (isShifted && llvm::all_equal(offsets)) // the fronts of one constant
    return success();
  FailureOr<Layout> layout = getLayout(op, op->getResult(0));
  if (failed(layout))
    return failure();
  auto refuse = [&]() {
    return emitSizeError(op) << "a number depends on a size that a run says, "
                                "and not evenly; swapc cannot compute it";
  };
  bool isStatic =
      llvm::all_of(*layout, [](const Dim &dim) { return dim.isStatic(); });
  bool isSplat =
      llvm::all_of(all, [](DenseElementsAttr one) { return one.isSplat(); });
  if (std::optional<SizeForm> offset;
      isShifted && !isSplat && (offset = samples.fit(offsets))) {
    OpBuilder b(op);
    b.setInsertionPointAfter(op);
    AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
    Value old = op->getResult(0);
    Value sum = makeNest(
        b, op->getLoc(), {old, getNumber({*offset}, type.getElementType())},
        {identity, AffineMap::get(type.getRank(), 0, b.getContext())},
        type.getShape(), type.getElementType(),
        [](OpBuilder &b, Location loc, ValueRange args) -> Value {
          return arith::AddIOp::create(b, loc, args[0], args[1]);
        });
    layouts[sum] = layouts[old] = *layout;
    old.replaceAllUsesExcept(sum, sum.getDefiningOp());
    return success();
  }
  if (!isSplat && (!isStatic || type.getNumElements() > kMaxNumbers))
    return refuse();
  OpBuilder b(op);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (int64_t i = 0, e = isSplat ? 1 : type.getNumElements(); i < e; ++i) {
    SmallVector<Attribute> numbers;
    for (DenseElementsAttr one : all)
      numbers.push_back(isSplat ? one.getSplatValue<Attribute>()
                                : *(one.getValues<Attribute>().begin() + i));
    std::optional<NumberForm> form = fitNumbers(numbers);
    if (!form)
      return refuse();
    inputs.push_back(getNumber(*form, type.getElementType()));
  }
  auto toShape = [&](Value number, ArrayRef<int64_t> shape) {
    return makeNest(b, op->getLoc(), number,
                    AffineMap::get(shape.size(), 0, b.getContext()), shape,
                    type.getElementType(),
                    [](OpBuilder &, Location, ValueRange args) {
                      return args[0];
                    });
  };
  Value result;
  if (isSplat) {
    result = toShape(inputs[0], type.getShape());
  } else {
    SmallVector<Value> parts;
    for (Value number : inputs)
      parts.push_back(toShape(number, 1));
    result = tensor::ConcatOp::create(b, op->getLoc(), 0, parts);
    if (type.getRank() != 1) {
      SmallVector<ReassociationIndices> groups(1);
      llvm::append_range(groups[0], llvm::seq<int64_t>(0, type.getRank()));
      result = tensor::ExpandShapeOp::create(b, op->getLoc(), type, result,
                                             groups);
    }
  }
  replace(op, result, *layout);
  return success();
}
