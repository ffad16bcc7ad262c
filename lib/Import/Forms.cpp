//===- Forms.cpp - The forms of the tensor phase ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Comparisons of up to this many elements are of sizes, not of positions.
static constexpr int64_t kMaxUniformTruths = 16;

/// Calls `visit` with each index into `shape`, in row-major order.
static void forEachIndex(ArrayRef<int64_t> shape,
                         function_ref<bool(ArrayRef<int64_t>)> visit) {
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t left = getProduct(shape); left > 0; --left) {
    if (!visit(index))
      return;
    for (int64_t i = shape.size() - 1; i >= 0 && ++index[i] == shape[i]; --i)
      index[i] = 0;
  }
}

static int64_t linearize(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t position = 0;
  for (auto [i, size] : llvm::zip_equal(index, shape))
    position = position * size + i;
  return position;
}

/// Folding leaves constants behind.
static void eraseDead(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// The elements of a constant; one for a splat.
static SmallVector<Attribute> getAttributes(DenseElementsAttr constant) {
  if (constant.isSplat())
    return {constant.getSplatValue<Attribute>()};
  return llvm::to_vector(constant.getValues<Attribute>());
}

TensorRef NodeImporter::fold(ArrayRef<Operand> operands,
                             ArrayRef<int64_t> shape, Type elementType,
                             Body body, bool isUnsigned) {
  bool allSplat = true;
  for (const Operand &operand : operands) {
    if (!operand.tensor->constant)
      return nullptr;
    allSplat &= operand.tensor->constant.isSplat();
  }
  auto type = RankedTensorType::get(shape, elementType);
  // A comparison of positions may not be linear in a size as they are.
  int64_t limit = graph.getOptions().isUniform && elementType.isInteger(1)
                      ? kMaxUniformTruths
                      : kMaxFoldedElements;
  if (operands.empty() || (!allSplat && type.getNumElements() > limit))
    return nullptr;
  SmallVector<SmallVector<Attribute>> elements;
  for (const Operand &operand : operands)
    elements.push_back(getAttributes(operand.tensor->constant));
  Block scratch;
  OpBuilder builder(b.getContext());
  builder.setInsertionPointToEnd(&scratch);
  Scalar scalar(builder, loc);
  SmallVector<Attribute> results;
  auto evaluate = [&](ArrayRef<int64_t> index) {
    SmallVector<Value> args;
    for (auto [operand, values] : llvm::zip_equal(operands, elements)) {
      int64_t position = 0;
      if (values.size() != 1)
        position =
            linearize(operand.map.compose(index), operand.tensor->getShape());
      args.push_back(scalar.constant(llvm::cast<TypedAttr>(values[position])));
    }
    Attribute result;
    bool known = matchPattern(body(scalar, args), m_Constant(&result));
    scratch.clear();
    if (known)
      results.push_back(result);
    return known && !allSplat;
  };
  forEachIndex(shape, evaluate);
  if (allSplat && results.size() == 1)
    return constant(DenseElementsAttr::get(type, results), isUnsigned);
  if (static_cast<int64_t>(results.size()) != type.getNumElements())
    return nullptr;
  return constant(makeElements(type, results), isUnsigned);
}

TensorRef NodeImporter::emptyTensor(ArrayRef<int64_t> shape, Type elementType,
                              bool isUnsigned) {
  auto type = RankedTensorType::get(shape, elementType);
  return constant(DenseElementsAttr::get(type, ArrayRef<Attribute>()),
                  isUnsigned);
}

TensorRef NodeImporter::parallel(ArrayRef<Operand> operands,
                                 ArrayRef<int64_t> shape, Type elementType,
                                 Body body, bool isUnsigned, bool foldable) {
  if (getProduct(shape) == 0)
    return emptyTensor(shape, elementType, isUnsigned);
  if (foldable)
    if (TensorRef folded = fold(operands, shape, elementType, body, isUnsigned))
      return folded;
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands) {
    if (operand.tensor->constant && operand.tensor->constant.isSplat())
      continue;
    values.push_back(value(operand.tensor));
    maps.push_back(operand.map);
  }
  maps.push_back(identity(shape.size()));
  Value empty = tensor::EmptyOp::create(b, loc, shape, elementType);
  SmallVector<IteratorType> iterators(shape.size(), IteratorType::parallel);
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange args) {
    Scalar scalar(builder, loc);
    SmallVector<Value> elements;
    unsigned next = 0;
    for (const Operand &operand : operands) {
      DenseElementsAttr constant = operand.tensor->constant;
      elements.push_back(
          constant && constant.isSplat()
              ? scalar.constant(constant.getSplatValue<TypedAttr>())
              : args[next++]);
    }
    linalg::YieldOp::create(builder, loc, body(scalar, elements));
  };
  auto op = linalg::GenericOp::create(b, loc, empty.getType(), values, empty,
                                      maps, iterators, emit);
  op->setAttr(swap::SwapDialect::kOriginAttr, origin);
  eraseDead(op.getRegion().front());
  return wrap(op.getResult(0), isUnsigned);
}

TensorRef NodeImporter::broadcasted(ArrayRef<TensorRef> tensors,
                                    Type elementType, Body body,
                                    bool isUnsigned) {
  FailureOr<SmallVector<int64_t>> shape = getBroadcastShape(tensors);
  if (failed(shape))
    return nullptr;
  SmallVector<Operand> operands;
  for (TensorRef tensor : tensors)
    operands.push_back({tensor, getBroadcastMap(tensor->getShape(), *shape)});
  return parallel(operands, *shape, elementType, body, isUnsigned);
}

TensorRef NodeImporter::elementwise(ArrayRef<TensorRef> tensors, Body body,
                                    Type elementType) {
  if (!elementType)
    elementType = tensors[0]->getElementType();
  auto wide = [&](Scalar &s, ValueRange args) -> Value {
    SmallVector<Value> widened;
    for (Value arg : args)
      widened.push_back(
          s.cast(arg, getComputeType(arg.getType()), false, false));
    Value result = body(s, widened);
    if (isFloat(result) && result.getType() != elementType)
      result = s.cast(result, elementType, false, false);
    return result;
  };
  return broadcasted(tensors, elementType, wide,
                     tensors[0]->isUnsigned &&
                         elementType == tensors[0]->getElementType());
}

TensorRef NodeImporter::reduce(ArrayRef<Operand> operands, AffineMap resultMap,
                               ArrayRef<IteratorType> iterators,
                               ArrayRef<int64_t> shape, TypedAttr init,
                               Body body) {
  if (getProduct(shape) == 0)
    return emptyTensor(shape, init.getType(), operands[0].tensor->isUnsigned);
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands) {
    values.push_back(value(operand.tensor));
    maps.push_back(operand.map);
  }
  maps.push_back(resultMap);
  Value empty = tensor::EmptyOp::create(b, loc, shape, init.getType());
  Value start = arith::ConstantOp::create(b, loc, init);
  auto fill = linalg::FillOp::create(b, loc, start, empty);
  fill->setAttr(swap::SwapDialect::kOriginAttr, origin);
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange args) {
    Scalar scalar(builder, loc);
    linalg::YieldOp::create(builder, loc, body(scalar, args));
  };
  auto op = linalg::GenericOp::create(b, loc, empty.getType(), values,
                                      fill.getResult(0), maps, iterators, emit);
  op->setAttr(swap::SwapDialect::kOriginAttr, origin);
  eraseDead(op.getRegion().front());
  return wrap(op.getResult(0), operands[0].tensor->isUnsigned);
}

TensorRef NodeImporter::foldReduction(TensorRef tensor, AffineMap map,
                                      ArrayRef<int64_t> shape, TypedAttr init,
                                      Body body) {
  auto type = RankedTensorType::get(shape, init.getType());
  SmallVector<Attribute> results(type.getNumElements(), init);
  SmallVector<Attribute> elements = getAttributes(tensor->constant);
  Block scratch;
  OpBuilder builder(b.getContext());
  builder.setInsertionPointToEnd(&scratch);
  Scalar scalar(builder, loc);
  bool known = true;
  forEachIndex(tensor->getShape(), [&](ArrayRef<int64_t> index) {
    Attribute &result = results[linearize(map.compose(index), shape)];
    int64_t position =
        elements.size() == 1 ? 0 : linearize(index, tensor->getShape());
    Value args[] = {scalar.constant(llvm::cast<TypedAttr>(elements[position])),
                    scalar.constant(llvm::cast<TypedAttr>(result))};
    known = matchPattern(body(scalar, args), m_Constant(&result));
    scratch.clear();
    return known;
  });
  if (!known || results.empty())
    return nullptr;
  return constant(makeElements(type, results), tensor->isUnsigned);
}

TensorRef NodeImporter::contract(Operand lhs, Operand rhs, AffineMap resultMap,
                                 ArrayRef<IteratorType> iterators,
                                 ArrayRef<int64_t> shape) {
  Type type = getComputeType(lhs.tensor->getElementType());
  if (isa<IntegerType>(type) && type.getIntOrFloatBitWidth() < 32)
    type = b.getI32Type();
  bool isWider = type != lhs.tensor->getElementType();
  TensorRef result =
         reduce({lhs, rhs}, resultMap, iterators, shape, zero(type),
                [&](Scalar &s, ValueRange args) {
                  Value left =
                      s.cast(args[0], type, lhs.tensor->isUnsigned, false);
                  Value right =
                      s.cast(args[1], type, rhs.tensor->isUnsigned, false);
                  return s.add(args[2], s.mul(left, right));
                });
  if (isWider)
    result->isUnsigned = false;
  return result;
}

TensorRef NodeImporter::copy(TensorRef tensor, ArrayRef<int64_t> shape,
                             AffineMap map) {
  if (map.isIdentity() && tensor->getShape() == shape)
    return tensor;
  return parallel(
      {{tensor, map}}, shape, tensor->getElementType(),
      [](Scalar &, ValueRange args) { return args[0]; }, tensor->isUnsigned);
}

TensorRef NodeImporter::transpose(TensorRef tensor,
                                  ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> results(permutation.size());
  for (auto [i, from] : llvm::enumerate(permutation)) {
    shape.push_back(tensor->getDim(from));
    results[from] = dim(i);
  }
  return copy(tensor, shape, getMap(shape.size(), results));
}

/// linalg takes a plain loop index for one that reaches all of the dimension.
/// A piece from the front is therefore index 0 of [pieces, size] where the size
/// divides, else `index + unit` with a loop of extent 1 in front of the others;
/// always so, even of all of a weight, where operations must not depend on sizes.
TensorRef NodeImporter::slice(TensorRef tensor, ArrayRef<int64_t> offsets,
                              ArrayRef<int64_t> sizes,
                              ArrayRef<int64_t> steps) {
  bool isUniform = graph.getOptions().isUniform;
  // A table may be as long as the bound, and longer than another size.
  bool isTable = isUniform && tensor->source && !tensor->constant;
  if (tensor->getShape() == sizes && !isTable &&
      llvm::all_of(steps, [](int64_t s) { return s == 1; }))
    return tensor;
  auto isFront = [&](unsigned i) {
    return offsets[i] == 0 && steps[i] == 1 && sizes[i] > 1 &&
           (isTable || sizes[i] < tensor->getDim(i));
  };
  bool needsUnit = false;
  for (unsigned i = 0; i < sizes.size(); ++i)
    needsUnit |=
        isFront(i) && (isUniform || tensor->getDim(i) % sizes[i] != 0);
  needsUnit &= !tensor->constant;
  SmallVector<int64_t> split, shape;
  if (needsUnit)
    shape.push_back(1);
  SmallVector<AffineExpr> results;
  for (unsigned i = 0; i < sizes.size(); ++i) {
    int64_t size = tensor->getDim(i);
    AffineExpr at = dim(i + needsUnit);
    if (sizes[i] == 1 && size != 1) {
      at = b.getAffineConstantExpr(offsets[i]);
    } else if (!isFront(i) || tensor->constant) {
      at = at * steps[i] + offsets[i];
    } else if (!isUniform && size % sizes[i] == 0) {
      split.push_back(size / sizes[i]);
      results.push_back(b.getAffineConstantExpr(0));
      size = sizes[i];
    } else {
      at = at + dim(0);
    }
    split.push_back(size);
    shape.push_back(sizes[i]);
    results.push_back(at);
  }
  TensorRef piece =
      copy(reshape(tensor, split), shape, getMap(shape.size(), results));
  return reshape(piece, sizes);
}

TensorRef NodeImporter::concat(ArrayRef<TensorRef> tensors, int64_t axis) {
  SmallVector<TensorRef> parts;
  SmallVector<int64_t> shape(tensors[0]->getShape());
  shape[axis] = 0;
  bool known = true;
  for (TensorRef tensor : tensors) {
    shape[axis] += tensor->getDim(axis);
    known &= bool(tensor->constant);
    if (tensor->getDim(axis) != 0)
      parts.push_back(tensor);
  }
  if (parts.empty())
    return tensors[0];
  if (parts.size() == 1)
    return parts[0];
  auto type = RankedTensorType::get(shape, tensors[0]->getElementType());
  if (known && type.getNumElements() <= kMaxFoldedElements) {
    int64_t outer = getProduct(ArrayRef(shape).take_front(axis));
    int64_t inner = getProduct(ArrayRef(shape).drop_front(axis + 1));
    SmallVector<Attribute> elements;
    for (int64_t i = 0; i < outer; ++i)
      for (TensorRef part : parts) {
        int64_t count = part->getDim(axis) * inner;
        auto values = part->constant.getValues<Attribute>();
        for (int64_t j = 0; j < count; ++j)
          elements.push_back(values[i * count + j]);
      }
    return constant(makeElements(type, elements), tensors[0]->isUnsigned);
  }
  SmallVector<Value> values;
  for (TensorRef part : parts)
    values.push_back(value(part));
  auto op = tensor::ConcatOp::create(b, loc, axis, values);
  return wrap(op.getResult(), tensors[0]->isUnsigned);
}

TensorRef NodeImporter::pad(TensorRef tensor, ArrayRef<int64_t> low,
                            ArrayRef<int64_t> high, TypedAttr padding) {
  if (llvm::all_of(low, [](int64_t n) { return n == 0; }) &&
      llvm::all_of(high, [](int64_t n) { return n == 0; }))
    return tensor;
  SmallVector<int64_t> shape;
  for (auto [size, before, after] :
       llvm::zip_equal(tensor->getShape(), low, high))
    shape.push_back(size + before + after);
  auto type = RankedTensorType::get(shape, tensor->getElementType());
  if (tensor->constant && getByteSize(shape, tensor->getElementType()) &&
      type.getNumElements() <= kMaxFoldedElements) {
    SmallVector<Attribute> elements(type.getNumElements(), padding);
    SmallVector<Attribute> values = getAttributes(tensor->constant);
    int64_t next = 0;
    forEachIndex(tensor->getShape(), [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> to(index);
      for (auto [i, before] : llvm::zip_equal(to, low))
        i += before;
      elements[linearize(to, shape)] = values[values.size() == 1 ? 0 : next++];
      return true;
    });
    return constant(makeElements(type, elements), tensor->isUnsigned);
  }
  Value source = value(tensor);
  Value fill = arith::ConstantOp::create(b, loc, padding);
  auto op = tensor::PadOp::create(
      b, loc, type, source, getAsIndexOpFoldResult(b.getContext(), low),
      getAsIndexOpFoldResult(b.getContext(), high), fill);
  return wrap(op.getResult(), tensor->isUnsigned);
}

TensorRef NodeImporter::cast(TensorRef tensor, Type elementType,
                             bool isUnsigned) {
  if (tensor->getElementType() == elementType &&
      tensor->isUnsigned == isUnsigned)
    return tensor;
  bool fromUnsigned = tensor->isUnsigned;
  return parallel(
      {{tensor, identity(tensor->getRank())}}, tensor->getShape(), elementType,
      [&](Scalar &s, ValueRange args) {
        return s.cast(args[0], elementType, fromUnsigned, isUnsigned);
      },
      isUnsigned);
}

/// Cuts two shapes of equally many elements into the smallest groups of
/// dimensions with equal products.
static SmallVector<int64_t>
groupDims(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
          SmallVectorImpl<ReassociationIndices> &fromGroups,
          SmallVectorImpl<ReassociationIndices> &toGroups) {
  SmallVector<int64_t> common;
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    ReassociationIndices left{int64_t(i)}, right{int64_t(j)};
    int64_t p = from[i++], q = to[j++];
    while (p != q) {
      if (p < q) {
        left.push_back(i);
        p *= from[i++];
      } else {
        right.push_back(j);
        q *= to[j++];
      }
    }
    common.push_back(p);
    fromGroups.push_back(left);
    toGroups.push_back(right);
  }
  // What is left are ones.
  for (; i < from.size(); ++i)
    fromGroups.back().push_back(i);
  for (; j < to.size(); ++j)
    toGroups.back().push_back(j);
  return common;
}

TensorRef NodeImporter::reshape(TensorRef tensor, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> from = tensor->getShape();
  if (from == shape)
    return tensor;
  auto type = RankedTensorType::get(shape, tensor->getElementType());
  if (tensor->constant)
    return constant(tensor->constant.reshape(type), tensor->isUnsigned);
  if (type.getNumElements() == 0)
    return emptyTensor(shape, tensor->getElementType(), tensor->isUnsigned);
  Value result = value(tensor);
  SmallVector<ReassociationIndices> fromGroups, toGroups;
  SmallVector<int64_t> common;
  if (from.empty() || shape.empty()) {
    common.clear(); // a scalar: no groups at all
  } else {
    common = groupDims(from, shape, fromGroups, toGroups);
  }
  auto commonType = RankedTensorType::get(common, tensor->getElementType());
  if (from != ArrayRef<int64_t>(common))
    result =
        tensor::CollapseShapeOp::create(b, loc, commonType, result, fromGroups);
  if (shape != ArrayRef<int64_t>(common))
    result = tensor::ExpandShapeOp::create(b, loc, type, result, toGroups);
  return wrap(result, tensor->isUnsigned);
}
