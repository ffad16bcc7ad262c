//===- SwapParameters.cpp - Parameters and what refers to them --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"

using namespace mlir;
using namespace mlir::swap;

LogicalResult ParameterOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape())
    return emitOpError("needs a static shape");
  if (type.getEncoding())
    return emitOpError("has an encoding; only swap.derived changes a layout");
  int64_t bytes = getStorageBytes(type);
  if (auto file = dyn_cast<FileAttr>(getSource())) {
    if (static_cast<uint64_t>(bytes) != file.getLength())
      return emitOpError() << "takes " << bytes << " bytes but names "
                           << file.getLength() << " of " << file.getPath();
    return success();
  }
  auto elements = dyn_cast<ElementsAttr>(getSource());
  if (!elements || elements.getShapedType() != type)
    return emitOpError("source must be #swap.file or elements of its type");
  return success();
}

LogicalResult DerivedOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape())
    return emitOpError("needs a static shape");
  if (PanelsAttr panels = getPanels(type))
    if (failed(panels.verifyForRank(type.getRank(),
                                    [&] { return emitOpError(); })))
      return failure();
  size_t count = getSources().size();
  Block &body = getBody().front();
  if (getMaps().size() != count || body.getNumArguments() != count)
    return emitOpError() << "has " << count << " sources, " << getMaps().size()
                         << " maps and " << body.getNumArguments()
                         << " block arguments";
  auto module = (*this)->getParentOfType<ModuleOp>();
  for (auto [index, source] : llvm::enumerate(getSources())) {
    auto symbol = cast<FlatSymbolRefAttr>(source);
    auto parameter =
        module ? module.lookupSymbol<ParameterOp>(symbol.getAttr()) : nullptr;
    if (!parameter)
      return emitOpError() << symbol << " is not a swap.parameter";
    auto sourceType = cast<RankedTensorType>(parameter.getType());
    AffineMap map = cast<AffineMapAttr>(getMaps()[index]).getValue();
    if (map.getNumDims() != type.getRank() || map.getNumSymbols() != 0 ||
        map.getNumResults() != sourceType.getRank())
      return emitOpError() << "map " << index << " does not take "
                           << type.getRank() << " indices to "
                           << sourceType.getRank();
    if (body.getArgument(index).getType() != sourceType.getElementType())
      return emitOpError() << "block argument " << index
                           << " is not an element of " << symbol;
  }
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValue().getType() != type.getElementType())
    return emitOpError("must yield an element of its type");
  return success();
}

LogicalResult ParamOp::verifySymbolUses(SymbolTableCollection &tables) {
  Operation *symbol = tables.lookupNearestSymbolFrom(*this, getParameterAttr());
  Type type;
  if (auto parameter = dyn_cast_or_null<ParameterOp>(symbol))
    type = parameter.getType();
  else if (auto derived = dyn_cast_or_null<DerivedOp>(symbol))
    type = derived.getType();
  else
    return emitOpError() << getParameterAttr()
                         << " is neither a swap.parameter nor a swap.derived";
  if (type != getResult().getType())
    return emitOpError() << getParameterAttr() << " has type " << type;
  return success();
}

LogicalResult RowsOp::verify() {
  auto table = cast<RankedTensorType>(getTable().getType());
  auto indices = cast<RankedTensorType>(getIndices().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (table.getRank() != 2 || table.getEncoding())
    return emitOpError("needs a table of rank 2 without an encoding");
  if (result.getRank() != 2 || result.getDimSize(0) != indices.getDimSize(0) ||
      result.getDimSize(1) != table.getDimSize(1) ||
      result.getElementType() != table.getElementType())
    return emitOpError("result must be one table row for each index");
  return success();
}
