//===- RecipeMap.cpp - Where a recipe reads its sources ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecipeMap.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace swapc;

/// Adds factor * expr to `row`; false where expr is not linear.
static bool addLinear(AffineExpr expr, int64_t factor,
                      SmallVectorImpl<int64_t> &row) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    row.back() += factor * constant.getValue();
    return true;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    row[dim.getPosition()] += factor;
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), factor, row) &&
           addLinear(binary.getRHS(), factor, row);
  if (expr.getKind() != AffineExprKind::Mul)
    return false;
  auto rhs = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return rhs && addLinear(binary.getLHS(), factor * rhs.getValue(), row);
}

RecipeMap::RecipeMap(AffineMap original) : map(simplifyAffineMap(original)) {
  for (AffineExpr expr : map.getResults()) {
    rows.emplace_back(map.getNumDims() + 1, 0);
    linear &= addLinear(expr, 1, rows.back());
  }
}

static int64_t apply(AffineExprKind kind, int64_t a, int64_t b) {
  switch (kind) {
  case AffineExprKind::Add:
    return a + b;
  case AffineExprKind::Mul:
    return a * b;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(a, b);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(a, b);
  default:
    return llvm::mod(a, b);
  }
}

static Interval getInterval(AffineExpr expr, ArrayRef<Interval> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return {constant.getValue(), constant.getValue()};
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Interval a = getInterval(binary.getLHS(), dims);
  Interval b = getInterval(binary.getRHS(), dims);
  AffineExprKind kind = expr.getKind();
  if (kind == AffineExprKind::Add)
    return {a.low + b.low, a.high + b.high};
  // The right side of everything else is a constant.
  if (kind == AffineExprKind::Mod) {
    if (llvm::divideFloorSigned(a.low, b.low) !=
        llvm::divideFloorSigned(a.high, b.low))
      return {0, b.low - 1};
    return {llvm::mod(a.low, b.low), llvm::mod(a.high, b.low)};
  }
  int64_t x = apply(kind, a.low, b.low), y = apply(kind, a.high, b.low);
  return {std::min(x, y), std::max(x, y)};
}

void RecipeMap::getBounds(ArrayRef<Interval> dims,
                          SmallVectorImpl<Interval> &bounds) const {
  bounds.clear();
  for (AffineExpr expr : map.getResults())
    bounds.push_back(getInterval(expr, dims));
}

static void evaluateExpr(AffineExpr expr, ArrayRef<Progression> dims,
                         int64_t count, int64_t *out) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    std::fill_n(out, count, constant.getValue());
    return;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    Progression values = dims[dim.getPosition()];
    for (int64_t k = 0; k < count; ++k)
      out[k] = values.base + k * values.step;
    return;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t rhs[kRun];
  evaluateExpr(binary.getLHS(), dims, count, out);
  evaluateExpr(binary.getRHS(), dims, count, rhs);
  for (int64_t k = 0; k < count; ++k)
    out[k] = apply(expr.getKind(), out[k], rhs[k]);
}

void RecipeMap::evaluate(unsigned r, ArrayRef<Progression> dims, int64_t count,
                         int64_t *out) const {
  evaluateExpr(map.getResult(r), dims, count, out);
}
