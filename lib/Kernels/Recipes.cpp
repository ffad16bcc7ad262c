//===- Recipes.cpp - Parameters computed from parameters --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Kernels/Recipes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace swapc;

/// A derived one that computes the same, or null.
static swap::DerivedOp findEqual(ModuleOp module, swap::DerivedOp derived) {
  for (auto other : module.getOps<swap::DerivedOp>())
    if (other != derived && other.getType() == derived.getType() &&
        other.getSources() == derived.getSources() &&
        other.getMaps() == derived.getMaps() &&
        OperationEquivalence::isRegionEquivalentTo(
            &other.getBody(), &derived.getBody(),
            OperationEquivalence::IgnoreLocations))
      return other;
  return nullptr;
}

static void insert(ModuleOp module, swap::DerivedOp derived) {
  auto funcs = module.getOps<func::FuncOp>();
  Block::iterator place =
      funcs.empty() ? module.getBody()->end()
                    : Block::iterator((*funcs.begin()).getOperation());
  SymbolTable(module).insert(derived, place);
}

swap::DerivedOp swapc::getOrCreateDerived(
    ModuleOp module, StringRef name, RankedTensorType type,
    ArrayRef<FlatSymbolRefAttr> sources, ArrayRef<AffineMap> maps,
    function_ref<Value(OpBuilder &, ValueRange)> body) {
  OpBuilder b(module.getContext());
  Location loc = module.getLoc();
  SmallVector<Attribute> names;
  SmallVector<AffineMap> composed;
  Region region;
  Block *block = &region.emplaceBlock();
  b.setInsertionPointToStart(block);
  SmallVector<Value> elements;
  auto addSource = [&](FlatSymbolRefAttr source, AffineMap map, Type element) {
    map = simplifyAffineMap(map);
    for (auto [index, known] : llvm::enumerate(names))
      if (known == source && composed[index] == map)
        return Value(block->getArgument(index));
    names.push_back(source);
    composed.push_back(map);
    return Value(block->addArgument(element, loc));
  };
  for (auto [source, map] : llvm::zip_equal(sources, maps)) {
    Operation *symbol = module.lookupSymbol(source.getAttr());
    if (auto parameter = dyn_cast<swap::ParameterOp>(symbol)) {
      elements.push_back(addSource(
          source, map,
          cast<RankedTensorType>(parameter.getType()).getElementType()));
      continue;
    }
    auto derived = cast<swap::DerivedOp>(symbol);
    Block &recipe = derived.getBody().front();
    IRMapping mapping;
    for (auto [index, arg] : llvm::enumerate(recipe.getArguments())) {
      AffineMap inner =
          cast<AffineMapAttr>(derived.getMaps()[index]).getValue();
      mapping.map(
          arg, addSource(cast<FlatSymbolRefAttr>(derived.getSources()[index]),
                         inner.compose(map), arg.getType()));
    }
    for (Operation &op : recipe.without_terminator())
      b.clone(op, mapping);
    elements.push_back(
        mapping.lookupOrDefault(recipe.getTerminator()->getOperand(0)));
  }
  swap::YieldOp::create(b, loc, body(b, elements));

  b.clearInsertionPoint();
  auto result =
      swap::DerivedOp::create(b, loc, name, type, b.getArrayAttr(names),
                              b.getAffineMapArrayAttr(composed));
  result.getBody().takeBody(region);
  if (swap::DerivedOp equal = findEqual(module, result)) {
    result->erase();
    return equal;
  }
  insert(module, result);
  return result;
}

swap::DerivedOp swapc::getOrCreateDerived(ModuleOp module,
                                          FlatSymbolRefAttr source,
                                          RankedTensorType type) {
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(type.getRank(), module.getContext());
  return getOrCreateDerived(
      module, source.getValue(), type, source, identity,
      [](OpBuilder &, ValueRange args) { return args[0]; });
}

AffineMap swapc::getReshapeMap(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                               MLIRContext *context) {
  // Groups of dimensions with equal products, each linear on its own.
  SmallVector<AffineExpr> results;
  size_t i = 0, j = 0;
  while (i < from.size()) {
    size_t firstFrom = i, firstTo = j;
    int64_t p = from[i++], q = j < to.size() ? to[j++] : 1;
    while (p != q) {
      if (p < q)
        p *= from[i++];
      else
        q *= to[j++];
    }
    // Unit dimensions at the end join the last group.
    AffineExpr linear = getAffineConstantExpr(0, context);
    for (size_t d = firstTo; d < j; ++d)
      linear = linear * to[d] + (to[d] == 1 ? getAffineConstantExpr(0, context)
                                            : getAffineDimExpr(d, context));
    int64_t stride = p;
    for (size_t d = firstFrom; d < i; ++d) {
      stride /= from[d];
      if (from[d] == 1)
        results.push_back(getAffineConstantExpr(0, context));
      else if (stride * from[d] == p)
        results.push_back(linear.floorDiv(stride));
      else
        results.push_back(linear.floorDiv(stride) % from[d]);
    }
  }
  return simplifyAffineMap(AffineMap::get(to.size(), 0, results, context));
}
