//===- LaneEmitter.cpp - Loads and stores of lanes --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// Linear forms and accesses
//===----------------------------------------------------------------------===//

void LinearForm::add(const LinearForm &other, int64_t factor) {
  if (coefficients.size() < other.coefficients.size())
    coefficients.resize(other.coefficients.size(), 0);
  for (auto [index, coefficient] : llvm::enumerate(other.coefficients))
    coefficients[index] += factor * coefficient;
  constant += factor * other.constant;
}

FailureOr<LinearForm> swapc::getLinearForm(AffineExpr expr, unsigned loops) {
  LinearForm form(loops);
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    form.coefficients[dim.getPosition()] = 1;
    return form;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    form.constant = constant.getValue();
    return form;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return failure();
  FailureOr<LinearForm> lhs = getLinearForm(binary.getLHS(), loops);
  FailureOr<LinearForm> rhs = getLinearForm(binary.getRHS(), loops);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (binary.getKind() == AffineExprKind::Add) {
    lhs->add(*rhs);
    return lhs;
  }
  if (binary.getKind() != AffineExprKind::Mul)
    return failure();
  auto isConstant = [](const LinearForm &form) {
    return llvm::all_of(form.coefficients, [](int64_t c) { return c == 0; });
  };
  if (!isConstant(*rhs))
    std::swap(*lhs, *rhs);
  if (!isConstant(*rhs))
    return failure();
  form.add(*lhs, rhs->constant);
  return form;
}

TensorAccess TensorAccess::inMemory(RankedTensorType type, Value base) {
  TensorAccess access;
  access.type = type;
  access.base = base;
  return access;
}

TensorAccess TensorAccess::inRegister(RankedTensorType type, Value value) {
  TensorAccess access;
  access.type = type;
  access.value = value;
  return access;
}

TensorAccess TensorAccess::padded(const TensorAccess &source, tensor::PadOp pad,
                                  Value padValue) {
  TensorAccess access = source;
  access.type = pad.getResultType();
  access.low.assign(pad.getStaticLow().begin(), pad.getStaticLow().end());
  access.sourceShape.assign(source.type.getShape().begin(),
                            source.type.getShape().end());
  access.padValue = padValue;
  return access;
}

FailureOr<LoopAccess> swapc::getLoopAccess(const TensorAccess &tensor,
                                           AffineMap map) {
  LoopAccess access;
  access.tensor = &tensor;
  unsigned loops = map.getNumDims();
  access.offset = LinearForm(loops);
  if (!tensor.base)
    return access;

  // Strides of the logical dimensions; 0 for the one that panels cut.
  ArrayRef<int64_t> shape = tensor.type.getShape();
  ArrayRef<int64_t> stored =
      tensor.low.empty() ? shape : ArrayRef(tensor.sourceShape);
  SmallVector<int64_t> strides(shape.size(), 0);
  swap::PanelsAttr panels = swap::getPanels(tensor.type);
  if (panels) {
    int64_t stride = panels.getWidth();
    for (int64_t dim : llvm::reverse(panels.getOrder())) {
      strides[dim] = stride;
      stride *= shape[dim];
    }
    stride *= llvm::divideCeil(shape[panels.getDim()], panels.getWidth());
    for (int64_t dim : llvm::reverse(panels.getBatch())) {
      strides[dim] = stride;
      stride *= shape[dim];
    }
  } else {
    int64_t stride = 1;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      strides[dim] = stride;
      stride *= stored[dim];
    }
  }

  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    FailureOr<LinearForm> form = getLinearForm(expr, loops);
    if (failed(form))
      return failure();
    if (!tensor.low.empty()) {
      form->constant -= tensor.low[dim];
      if (tensor.low[dim] != 0 || stored[dim] != shape[dim])
        access.bounds.push_back({*form, stored[dim]});
    }
    if (panels && static_cast<int64_t>(dim) == panels.getDim())
      access.panelCoordinate = *form;
    access.offset.add(*form, strides[dim]);
  }
  return access;
}

//===----------------------------------------------------------------------===//
// Arithmetic on offsets
//===----------------------------------------------------------------------===//

Value LaneEmitter::constant(int64_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getIntegerAttr(indexType, value));
}

Value LaneEmitter::add(Value a, Value b) {
  if (!a)
    return b;
  if (!b)
    return a;
  if (auto vector = dyn_cast<VectorType>(b.getType());
      vector && !isa<VectorType>(a.getType()))
    a = broadcast(a, vector.getNumElements());
  else if (auto vector = dyn_cast<VectorType>(a.getType());
           vector && !isa<VectorType>(b.getType()))
    b = broadcast(b, vector.getNumElements());
  return arith::AddIOp::create(builder, loc, a, b);
}

Value LaneEmitter::multiply(Value a, int64_t factor) {
  if (factor == 1)
    return a;
  Value by = constant(factor);
  if (auto vector = dyn_cast<VectorType>(a.getType()))
    by = broadcast(by, vector.getNumElements());
  return arith::MulIOp::create(builder, loc, a, by);
}

Value LaneEmitter::evaluate(const LinearForm &form, ArrayRef<Value> indices) {
  Value sum;
  for (auto [index, coefficient] : llvm::enumerate(form.coefficients))
    if (coefficient != 0)
      sum = add(sum, multiply(indices[index], coefficient));
  if (form.constant != 0 || !sum)
    sum = add(sum, constant(form.constant));
  return sum;
}

Value LaneEmitter::broadcast(Value value, int64_t width) {
  if (isa<VectorType>(value.getType()))
    return value;
  auto type = VectorType::get({width}, value.getType());
  return vector::BroadcastOp::create(builder, loc, type, value);
}

Value LaneEmitter::iota(int64_t width) {
  auto type = VectorType::get({width}, indexType);
  SmallVector<Attribute> values;
  for (int64_t lane = 0; lane < width; ++lane)
    values.push_back(builder.getIntegerAttr(indexType, lane));
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, values));
}

Value LaneEmitter::createMask(Value count, int64_t width) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                               iota(width), broadcast(count, width));
}

Value LaneEmitter::address(Value base, Type elementType, Value offset) {
  if (matchPattern(offset, m_Zero()))
    return base;
  Type type = base.getType();
  if (auto vector = dyn_cast<VectorType>(offset.getType()))
    type = VectorType::get(vector.getShape(), type);
  Type stored = getMemoryType(elementType);
  return LLVM::GEPOp::create(builder, loc, type, stored, base,
                             ValueRange{offset});
}

Value LaneEmitter::offsetOf(const LoopAccess &access, ArrayRef<Value> indices) {
  Value offset = evaluate(access.offset, indices);
  swap::PanelsAttr panels = swap::getPanels(access.tensor->type);
  if (!panels)
    return offset;
  Value coordinate = evaluate(access.panelCoordinate, indices);
  Value width = constant(panels.getWidth());
  Value panel = arith::DivUIOp::create(builder, loc, coordinate, width);
  Value lane = arith::RemUIOp::create(builder, loc, coordinate, width);
  int64_t elements = panels.getPanelElements(access.tensor->type.getShape());
  return add(add(offset, multiply(panel, elements)), lane);
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

static unsigned alignmentOf(Type elementType) {
  return swap::getElementBytes(elementType);
}

/// What lanes that do not exist hold: for integers 1, which divides anything.
static Value createFiller(OpBuilder &builder, Location loc, VectorType type) {
  TypedAttr one =
      isa<FloatType>(type.getElementType())
          ? TypedAttr(builder.getFloatAttr(type.getElementType(), 0.0))
          : TypedAttr(builder.getIntegerAttr(type.getElementType(), 1));
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, one));
}

/// bool takes a byte in memory; 16-bit floats travel as integers, since LLVM
/// takes masked accesses of bfloat16 apart with calls of compiler-rt.
Type swapc::getMemoryType(Type elementType) {
  if (elementType.isInteger(1))
    return IntegerType::get(elementType.getContext(), 8);
  if (elementType.isF16() || elementType.isBF16())
    return IntegerType::get(elementType.getContext(), 16);
  return elementType;
}

Value swapc::createZeroPointer(OpBuilder &builder, Location loc,
                               ModuleOp module, int64_t bytes) {
  static constexpr llvm::StringLiteral kName = "swap_zeros";
  auto global = module.lookupSymbol<LLVM::GlobalOp>(kName);
  auto sizeOf = [](LLVM::GlobalOp op) {
    return static_cast<int64_t>(
        cast<LLVM::LLVMArrayType>(op.getGlobalType()).getNumElements());
  };
  if (!global || sizeOf(global) < bytes) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes);
    auto larger =
        LLVM::GlobalOp::create(builder, loc, type,
                               /*isConstant=*/true, LLVM::Linkage::Internal,
                               kName, Attribute(), /*alignment=*/64);
    builder.createBlock(&larger.getInitializerRegion());
    Value zero = LLVM::ZeroOp::create(builder, loc, type);
    LLVM::ReturnOp::create(builder, loc, zero);
    if (global)
      global.erase();
  }
  return LLVM::AddressOfOp::create(
      builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), kName);
}

Value LaneEmitter::fromMemory(Value value, Type elementType) {
  if (getElementTypeOrSelf(value.getType()) == elementType)
    return value;
  Type type = elementType;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = VectorType::get(vector.getShape(), type);
  if (elementType.isInteger(1))
    return arith::TruncIOp::create(builder, loc, type, value);
  return arith::BitcastOp::create(builder, loc, type, value);
}

Value LaneEmitter::toMemory(Value value) {
  Type elementType = getElementTypeOrSelf(value.getType());
  Type type = getMemoryType(elementType);
  if (type == elementType)
    return value;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = VectorType::get(vector.getShape(), type);
  if (elementType.isInteger(1))
    return arith::ExtUIOp::create(builder, loc, type, value);
  return arith::BitcastOp::create(builder, loc, type, value);
}

Value LaneEmitter::loadVector(Value pointer, Type elementType,
                              const Lanes &lanes, Value mask,
                              Value passThrough) {
  Type stored = getMemoryType(elementType);
  auto type = VectorType::get({lanes.width}, stored);
  Value loaded;
  if (!mask) {
    loaded = LLVM::LoadOp::create(builder, loc, type, pointer,
                                  alignmentOf(elementType));
  } else {
    passThrough = passThrough ? toMemory(broadcast(passThrough, lanes.width))
                              : createFiller(builder, loc, type);
    loaded = LLVM::MaskedLoadOp::create(
        builder, loc, type, pointer, mask, passThrough,
        builder.getI32IntegerAttr(alignmentOf(elementType)), UnitAttr());
  }
  return fromMemory(loaded, elementType);
}

Value LaneEmitter::gather(Value base, Type elementType, Value offsets,
                          const Lanes &lanes, Value mask, Value passThrough) {
  Type stored = getMemoryType(elementType);
  auto type = VectorType::get({lanes.width}, stored);
  Value pointers = address(base, elementType, offsets);
  if (!isa<VectorType>(pointers.getType()))
    pointers = broadcast(pointers, lanes.width);
  if (!mask)
    mask = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(
            VectorType::get({lanes.width}, builder.getI1Type()), true));
  passThrough = passThrough ? toMemory(broadcast(passThrough, lanes.width))
                            : createFiller(builder, loc, type);
  Value loaded = LLVM::masked_gather::create(
      builder, loc, type, pointers, mask, ValueRange{passThrough},
      builder.getI32IntegerAttr(alignmentOf(elementType)));
  return fromMemory(loaded, elementType);
}

Value LaneEmitter::emitLoad(const LoopAccess &access, ArrayRef<Value> indices,
                            const Lanes &lanes) {
  const TensorAccess &tensor = *access.tensor;
  if (!tensor.base)
    return tensor.value;
  Type elementType = tensor.type.getElementType();
  auto along = [&](const LinearForm &form) {
    return lanes.isVector() && !form.coefficients.empty()
               ? form.coefficients[lanes.loop]
               : 0;
  };
  int64_t step = along(access.offset) + along(access.panelCoordinate);

  // Bounds that do not depend on the lane give a condition, others a mask.
  Value condition, mask = lanes.mask;
  bool padLanes = false;
  for (const LoopAccess::Bound &bound : access.bounds) {
    Value coordinate = evaluate(bound.form, indices);
    Value size = constant(bound.size);
    if (int64_t coefficient = along(bound.form)) {
      coordinate = add(coordinate, multiply(iota(lanes.width), coefficient));
      size = broadcast(size, lanes.width);
      padLanes = true;
    }
    Value inside = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, coordinate, size);
    Value &target = isa<VectorType>(inside.getType()) ? mask : condition;
    target = target ? Value(arith::AndIOp::create(builder, loc, target, inside))
                    : inside;
  }
  Value offset = offsetOf(access, indices);
  // Outside, nothing of the tensor is touched: it may exist in part only.
  Value base = tensor.base;
  bool gathers = step != 1 && (step != 0 || padLanes);
  if (condition && (padLanes || gathers)) {
    Value all = broadcast(condition, lanes.width);
    mask = mask ? Value(arith::AndIOp::create(builder, loc, mask, all)) : all;
  } else if (condition) {
    offset =
        arith::SelectOp::create(builder, loc, condition, offset, constant(0));
    Value zeros = createZeroPointer(
        builder, loc, module, lanes.width * swap::getElementBytes(elementType));
    base = arith::SelectOp::create(builder, loc, condition, base, zeros);
  }

  Value loaded;
  Value passThrough = padLanes ? tensor.padValue : Value();
  if (step == 0 && !padLanes) {
    Type stored = getMemoryType(elementType);
    Value pointer = address(base, elementType, offset);
    loaded = LLVM::LoadOp::create(builder, loc, stored, pointer,
                                  alignmentOf(elementType));
    loaded = fromMemory(loaded, elementType);
  } else if (step == 1) {
    Value pointer = address(base, elementType, offset);
    loaded = loadVector(pointer, elementType, lanes, mask, passThrough);
  } else {
    Value offsets = add(offset, multiply(iota(lanes.width), step));
    loaded = gather(base, elementType, offsets, lanes, mask, passThrough);
  }
  if (condition && !padLanes) {
    Value pad = tensor.padValue;
    if (isa<VectorType>(loaded.getType()))
      pad = broadcast(pad, lanes.width);
    loaded = arith::SelectOp::create(builder, loc, condition, loaded, pad);
  }
  return loaded;
}

void LaneEmitter::emitStore(Value value, const LoopAccess &access,
                            ArrayRef<Value> indices, const Lanes &lanes) {
  const TensorAccess &tensor = *access.tensor;
  Type elementType = tensor.type.getElementType();
  Value pointer = address(tensor.base, elementType, offsetOf(access, indices));
  if (lanes.isVector())
    value = broadcast(value, lanes.width);
  value = toMemory(value);
  if (lanes.isVector() && lanes.mask)
    LLVM::MaskedStoreOp::create(
        builder, loc, value, pointer, lanes.mask,
        builder.getI32IntegerAttr(alignmentOf(elementType)));
  else
    LLVM::StoreOp::create(builder, loc, value, pointer,
                          alignmentOf(elementType));
}

FailureOr<Value> LaneEmitter::emitLoad(const TensorAccess &tensor,
                                       AffineMap map, ArrayRef<Value> indices,
                                       const Lanes &lanes) {
  FailureOr<LoopAccess> access = getLoopAccess(tensor, map);
  if (failed(access))
    return failure();
  return emitLoad(*access, indices, lanes);
}

LogicalResult LaneEmitter::emitStore(Value value, const TensorAccess &tensor,
                                     AffineMap map, ArrayRef<Value> indices,
                                     const Lanes &lanes) {
  FailureOr<LoopAccess> access = getLoopAccess(tensor, map);
  if (failed(access))
    return failure();
  emitStore(value, *access, indices, lanes);
  return success();
}
