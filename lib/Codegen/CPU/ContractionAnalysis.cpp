//===- ContractionAnalysis.cpp - Recognise multiply-add kernels -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// Adds `expr` times `factor` to a linear form over `coefficients`.
static bool addLinear(AffineExpr expr, int64_t factor,
                      MutableArrayRef<int64_t> coefficients,
                      int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    coefficients[dim.getPosition()] += factor;
    return true;
  }
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += factor * value.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), factor, coefficients, constant) &&
           addLinear(binary.getRHS(), factor, coefficients, constant);
  auto scale = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() != AffineExprKind::Mul || !scale)
    return false;
  return addLinear(binary.getLHS(), factor * scale.getValue(), coefficients,
                   constant);
}

/// The access of a dense tensor of `shape` through `map`, shifted by `low`.
static bool computeAccess(AffineMap map, ArrayRef<int64_t> shape,
                          ArrayRef<int64_t> low, ContractionAccess &access) {
  access.coefficients.assign(map.getNumDims(), 0);
  access.constant = 0;
  int64_t stride = 1;
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 1; dim >= 0; --dim) {
    if (!addLinear(map.getResult(dim), stride, access.coefficients,
                   access.constant))
      return false;
    if (!low.empty())
      access.constant -= low[dim] * stride;
    stride *= shape[dim];
  }
  return true;
}

/// For each loop the result of `map` that is this loop alone, or -1; fails if
/// the map is not a permutation of some loops and constants, which are zero
/// unless `slices` allows a fixed index of a larger dimension.
static bool getLoopToDim(AffineMap map, SmallVector<int64_t> &loopToDim,
                         bool slices = false) {
  loopToDim.assign(map.getNumDims(), -1);
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      int64_t &slot = loopToDim[dim.getPosition()];
      if (slot >= 0)
        return false;
      slot = position;
      continue;
    }
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!constant || (constant.getValue() != 0 && !slices))
      return false;
  }
  return true;
}

static bool isStatic(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getElementType().isIntOrFloat();
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

static bool isWidening(Operation *op) {
  return isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp, arith::SIToFPOp,
             arith::UIToFPOp>(op);
}

/// The block argument behind an optional cast.
static BlockArgument skipCast(Value value, Operation *&cast) {
  if (Operation *op = value.getDefiningOp(); op && isWidening(op)) {
    cast = op;
    value = op->getOperand(0);
  }
  return dyn_cast<BlockArgument>(value);
}

/// yield(accumulator + cast(x) * cast(y)); x is the root's input `inputX`.
static bool matchBody(linalg::GenericOp root, unsigned &inputX,
                      unsigned &inputY, Operation *&castX, Operation *&castY) {
  Block *body = root.getBody();
  Operation *add = body->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_present<arith::AddFOp, arith::AddIOp>(add))
    return false;
  Value sum = body->getArgument(2);
  Value product = add->getOperand(0) == sum   ? add->getOperand(1)
                  : add->getOperand(1) == sum ? add->getOperand(0)
                                              : Value();
  Operation *mul = product ? product.getDefiningOp() : nullptr;
  if (!isa_and_present<arith::MulFOp, arith::MulIOp>(mul))
    return false;
  BlockArgument x = skipCast(mul->getOperand(0), castX);
  BlockArgument y = skipCast(mul->getOperand(1), castY);
  if (!x || !y || x == y || x == sum || y == sum)
    return false;
  inputX = x.getArgNumber();
  inputY = y.getArgNumber();
  return llvm::range_size(body->without_terminator()) ==
         2 + (castX ? 1 : 0) + (castY ? 1 : 0);
}

static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
}

/// The kernel's argument behind an input of the root, and the low padding.
static BlockArgument skipPad(Value value, SmallVector<int64_t> &low,
                             SmallVector<bool> &padded) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  padded.assign(rank, false);
  auto pad = value.getDefiningOp<tensor::PadOp>();
  if (!pad)
    return dyn_cast<BlockArgument>(value);
  Value constant = pad.getConstantPaddingValue();
  if (!constant || !isZero(constant) || !pad.getLow().empty() ||
      !pad.getHigh().empty() || !isStatic(pad.getSource()))
    return nullptr;
  low.assign(pad.getStaticLow().begin(), pad.getStaticLow().end());
  for (int64_t dim = 0; dim < rank; ++dim)
    padded[dim] = low[dim] != 0 || pad.getStaticHigh()[dim] != 0;
  return dyn_cast<BlockArgument>(pad.getSource());
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// The one reduction among the kernel's operations, with a zero start.
static linalg::GenericOp findRoot(func::FuncOp kernel) {
  linalg::GenericOp root;
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>()) {
    if (op.getNumReductionLoops() == 0)
      continue;
    if (root)
      return nullptr;
    root = op;
  }
  if (!root || root.getNumDpsInputs() != 2 || root.getNumDpsInits() != 1 ||
      root.getNumResults() != 1)
    return nullptr;
  auto fill = root.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  if (!fill || !isZero(fill.getInputs()[0]))
    return nullptr;
  return root;
}

/// Each result is a constant or one loop, of its own, and a constant.
static bool isWindow(AffineMap map) {
  llvm::SmallBitVector seen(map.getNumDims());
  for (AffineExpr expr : map.getResults()) {
    SmallVector<int64_t> coefficients(map.getNumDims(), 0);
    int64_t constant = 0, loops = 0;
    if (!addLinear(expr, 1, coefficients, constant) || constant < 0)
      return false;
    for (auto [loop, coefficient] : llvm::enumerate(coefficients)) {
      if (coefficient == 0)
        continue;
      if (coefficient != 1 || ++loops > 1 || seen.test(loop))
        return false;
      seen.set(loop);
    }
  }
  return true;
}

/// Elementwise operations after the root, all over the result's index space.
static bool collectEpilogue(func::FuncOp kernel, ContractionInfo &info) {
  Value root = info.root->getResult(0);
  auto shape = cast<RankedTensorType>(root.getType()).getShape();
  llvm::SmallPtrSet<Operation *, 8> known = {info.root};
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (&op == info.root)
      continue;
    if (isa<tensor::EmptyOp, linalg::FillOp, arith::ConstantOp, tensor::PadOp>(
            op))
      continue;
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic || generic.getNumResults() != 1 ||
        generic.getNumReductionLoops() != 0 ||
        !generic.getIndexingMapsArray().back().isIdentity() ||
        !isStatic(generic->getResult(0)) ||
        cast<RankedTensorType>(generic->getResult(0).getType()).getShape() !=
            shape)
      return false;
    Block *body = generic.getBody();
    if (!body->getArguments().back().use_empty())
      return false;
    for (Operation &inner : body->without_terminator())
      if (inner.getNumRegions() != 0 || inner.getNumResults() != 1 ||
          !isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()))
        return false;
    for (OpOperand *input : generic.getDpsInputOperands()) {
      AffineMap map = generic.getMatchingIndexingMap(input);
      if (Operation *def = input->get().getDefiningOp()) {
        if (!known.contains(def) || !map.isIdentity())
          return false;
        continue;
      }
      if (!isStatic(input->get()) || !isWindow(map))
        return false;
      // A vector of columns must be contiguous.
      ContractionAccess access;
      computeAccess(map,
                    cast<RankedTensorType>(input->get().getType()).getShape(),
                    {}, access);
      if (map.isFunctionOfDim(map.getNumDims() - 1) &&
          access.coefficients.back() != 1 && shape.back() != 1)
        return false;
    }
    known.insert(generic);
    info.epilogue.push_back(generic);
  }
  auto results = kernel.getBody().front().getTerminator()->getOperands();
  if (results.size() != 1 || !results[0].getDefiningOp() ||
      !known.contains(results[0].getDefiningOp()))
    return false;
  info.result = results[0];
  info.elementOut =
      cast<RankedTensorType>(info.result.getType()).getElementType();
  return true;
}

/// Sorts the loops into batch, m, n, taps and k.
static bool classifyLoops(ContractionInfo &info, AffineMap mapA) {
  auto dependsOn = [](const ContractionAccess &access, unsigned loop) {
    return access.coefficients[loop] != 0;
  };
  SmallVector<unsigned> reductions;
  SmallVector<utils::IteratorType> iterators =
      info.root.getIteratorTypesArray();
  // Parallel loops in the order of the result, so that neighbouring rows are
  // neighbours in memory.
  SmallVector<unsigned> byDim(info.root.getNumLoops() -
                              info.root.getNumReductionLoops());
  for (auto [loop, dim] : llvm::enumerate(info.loopToDimOut))
    if (iterators[loop] == utils::IteratorType::reduction)
      reductions.push_back(loop);
    else if (dim < 0)
      return false;
    else if (static_cast<size_t>(dim) < byDim.size())
      byDim[dim] = loop;
    else
      return false;
  for (unsigned loop : byDim) {
    if (loop == info.n)
      continue;
    (info.loopToDimB[loop] >= 0 ? info.batch : info.m).push_back(loop);
  }
  for (unsigned loop : reductions)
    if (info.sizes[loop] != 1 &&
        (!dependsOn(info.accessA, loop) || info.loopToDimB[loop] < 0))
      return false;
  // The innermost reduction is the one that A runs through fastest.
  auto inWindow = [&](unsigned loop) {
    return llvm::any_of(info.windows, [&](const ContractionWindow &window) {
      return window.coefficients[loop] != 0;
    });
  };
  auto strideA = [&](unsigned loop) {
    return std::abs(info.accessA.coefficients[loop]);
  };
  llvm::sort(reductions, [&](unsigned x, unsigned y) {
    return std::make_pair(-strideA(x), x) < std::make_pair(-strideA(y), y);
  });
  auto isPlain = [&](unsigned loop) {
    return llvm::is_contained(mapA.getResults(),
                              getAffineDimExpr(loop, mapA.getContext()));
  };
  for (unsigned loop : llvm::reverse(reductions))
    if (!inWindow(loop) && isPlain(loop)) {
      info.k = loop;
      break;
    }
  for (unsigned loop : reductions)
    if (static_cast<int>(loop) != info.k)
      info.taps.push_back(loop);
  return true;
}

/// Encoded operands must be packed the way the micro-kernel reads them.
static bool checkEncodings(const ContractionInfo &info) {
  swap::PanelsAttr encoding = swap::getPanels(info.b.getType());
  if (encoding && info.slicesB)
    return false;
  if (encoding && encoding != getPackedEncoding(info, encoding.getWidth()))
    return false;
  for (linalg::GenericOp op : info.epilogue)
    for (auto [index, input] : llvm::enumerate(op.getInputs()))
      if (swap::PanelsAttr other = swap::getPanels(input.getType()))
        if (!encoding ||
            other != getPackedEncoding(info, op, index, encoding.getWidth()))
          return false;
  return true;
}

FailureOr<ContractionInfo> swapc::analyzeContraction(func::FuncOp kernel) {
  if (kernel.isExternal() || !kernel.getBody().hasOneBlock())
    return failure();
  ContractionInfo info;
  info.root = findRoot(kernel);
  if (!info.root)
    return failure();
  unsigned inputX = 0, inputY = 0;
  Operation *castX = nullptr, *castY = nullptr;
  if (!matchBody(info.root, inputX, inputY, castX, castY))
    return failure();

  SmallVector<AffineMap> maps = info.root.getIndexingMapsArray();
  AffineMap mapOut = maps.back();
  if (mapOut.getNumResults() == 0 || !getLoopToDim(mapOut, info.loopToDimOut))
    return failure();
  auto last = dyn_cast<AffineDimExpr>(mapOut.getResults().back());
  if (!last)
    return failure();
  info.n = last.getPosition();
  info.sizes = info.root.getStaticLoopRanges();
  if (llvm::any_of(info.sizes, [](int64_t size) { return size <= 0; }))
    return failure();

  // B is the operand whose columns are the result's; it is a permutation.
  auto canBeB = [&](unsigned input) {
    SmallVector<int64_t> low, loopToDim;
    SmallVector<bool> padded;
    return getLoopToDim(maps[input], loopToDim, /*slices=*/true) &&
           loopToDim[info.n] >= 0 &&
           skipPad(info.root.getInputs()[input], low, padded) && low.empty();
  };
  if (!canBeB(inputY) ||
      (canBeB(inputX) && maps[inputX].isFunctionOfDim(info.n) &&
       !maps[inputY].isFunctionOfDim(info.n))) {
    std::swap(inputX, inputY);
    std::swap(castX, castY);
    if (!canBeB(inputY))
      return failure();
  }
  info.castA = castX;
  info.castB = castY;

  SmallVector<int64_t> low;
  SmallVector<bool> padded, paddedB;
  SmallVector<int64_t> noLow;
  info.a = skipPad(info.root.getInputs()[inputX], low, padded);
  info.b = skipPad(info.root.getInputs()[inputY], noLow, paddedB);
  if (!info.a || !info.b || !isStatic(info.a) || !isStatic(info.b) ||
      !isStatic(info.root->getResult(0)))
    return failure();
  AffineMap mapA = maps[inputX], mapB = maps[inputY];
  auto typeA = cast<RankedTensorType>(info.a.getType());
  auto typeB = cast<RankedTensorType>(info.b.getType());
  auto typeOut = cast<RankedTensorType>(info.root->getResult(0).getType());
  info.elementA = typeA.getElementType();
  info.elementB = typeB.getElementType();
  info.accumulator = typeOut.getElementType();
  bool wide = info.accumulator.isF32() || info.accumulator.isF64() ||
              info.accumulator.isInteger(32) || info.accumulator.isInteger(64);
  if (!wide || typeA.getEncoding() ||
      !computeAccess(mapA, typeA.getShape(), low, info.accessA) ||
      !computeAccess(mapB, typeB.getShape(), {}, info.accessB) ||
      !computeAccess(mapOut, typeOut.getShape(), {}, info.accessOut) ||
      !getLoopToDim(mapB, info.loopToDimB, /*slices=*/true))
    return failure();

  for (auto [dim, isPadded] : llvm::enumerate(padded)) {
    if (!isPadded)
      continue;
    ContractionWindow window;
    window.coefficients.assign(mapA.getNumDims(), 0);
    int64_t constant = 0;
    addLinear(mapA.getResult(dim), 1, window.coefficients, constant);
    window.low = low[dim] - constant;
    window.size = typeA.getDimSize(dim);
    info.windows.push_back(std::move(window));
  }

  // Depthwise: A's columns are contiguous too.
  info.vectorA = mapA.isFunctionOfDim(info.n);
  bool columnInWindow =
      llvm::any_of(info.windows, [&](const ContractionWindow &w) {
        return w.coefficients[info.n] != 0;
      });
  if (columnInWindow ||
      (info.vectorA && info.accessA.coefficients[info.n] != 1 &&
       info.columns() != 1))
    return failure();
  for (auto [dim, expr] : llvm::enumerate(mapB.getResults()))
    if (isa<AffineConstantExpr>(expr) && typeB.getDimSize(dim) != 1)
      info.slicesB = true;
  if (!classifyLoops(info, mapA) || !collectEpilogue(kernel, info) ||
      !checkEncodings(info))
    return failure();
  return info;
}

ContractionAccess swapc::getEpilogueAccess(const ContractionInfo &info,
                                           linalg::GenericOp op,
                                           unsigned input) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInputOperand(input));
  auto type = cast<RankedTensorType>(op.getInputs()[input].getType());
  ContractionAccess byDim, access;
  computeAccess(map, type.getShape(), {}, byDim);
  access.constant = byDim.constant;
  access.coefficients.assign(info.sizes.size(), 0);
  for (auto [loop, dim] : llvm::enumerate(info.loopToDimOut))
    if (dim >= 0)
      access.coefficients[loop] = byDim.coefficients[dim];
  return access;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

swap::PanelsAttr swapc::getPackedEncoding(const ContractionInfo &info,
                                          int64_t width) {
  auto type = cast<RankedTensorType>(info.b.getType());
  SmallVector<int64_t> batch, order;
  llvm::SmallBitVector named(type.getRank());
  auto add = [&](SmallVector<int64_t> &dims, int64_t dim) {
    if (dim < 0)
      return;
    dims.push_back(dim);
    named.set(dim);
  };
  for (unsigned loop : info.batch)
    add(batch, info.loopToDimB[loop]);
  for (unsigned loop : info.taps)
    add(order, info.loopToDimB[loop]);
  if (info.k >= 0)
    add(order, info.loopToDimB[info.k]);
  int64_t dim = info.loopToDimB[info.n];
  named.set(dim);
  for (int64_t unit = 0; unit < type.getRank(); ++unit)
    if (!named.test(unit))
      batch.push_back(unit); // Of size 1 as far as the kernel reads.
  return swap::PanelsAttr::get(type.getContext(), batch, dim, width, order);
}

swap::PanelsAttr swapc::getPackedEncoding(const ContractionInfo &info,
                                          linalg::GenericOp op, unsigned input,
                                          int64_t width) {
  auto type = cast<RankedTensorType>(op.getInputs()[input].getType());
  SmallVector<int64_t> loopToDim;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInputOperand(input));
  if (!getLoopToDim(map, loopToDim))
    return nullptr;
  SmallVector<int64_t> batch;
  for (unsigned loop : info.batch) {
    int64_t dim = loopToDim[info.loopToDimOut[loop]];
    if (dim < 0 && info.sizes[loop] != 1)
      return nullptr;
    if (dim >= 0)
      batch.push_back(dim);
  }
  for (unsigned loop : info.m) {
    int64_t dim = loopToDim[info.loopToDimOut[loop]];
    if (dim >= 0 && info.sizes[loop] != 1)
      return nullptr;
    if (dim >= 0)
      batch.push_back(dim);
  }
  int64_t dim = loopToDim[info.loopToDimOut[info.n]];
  if (dim < 0)
    return nullptr;
  for (auto [position, expr] : llvm::enumerate(map.getResults()))
    if (isa<AffineConstantExpr>(expr)) {
      if (type.getDimSize(position) != 1)
        return nullptr;
      batch.push_back(position);
    }
  return swap::PanelsAttr::get(type.getContext(), batch, dim, width, {});
}
