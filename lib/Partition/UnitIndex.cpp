//===- UnitIndex.cpp - Which unit holds which panels ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "UnitIndex.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

UnitIndex::UnitIndex(ModuleOp module) : module(module) {
  for (UnitOp unit : module.getOps<UnitOp>()) {
    int number = units.size();
    units.push_back(unit);
    numbers[unit.getSymName()] = number;
    for (auto piece : unit.getPieces().getAsRange<PieceAttr>()) {
      if (unit.getRowBytes() > 0)
        tables[piece.getParameter()] = number;
      else
        pieces[piece.getParameter()].push_back(
            {number, piece.getBegin(), piece.getEnd(), piece.getOffset()});
    }
  }
}

int UnitIndex::getNumber(StringRef unit) const {
  auto found = numbers.find(unit);
  return found == numbers.end() ? -1 : found->second;
}

const UnitPiece *UnitIndex::find(ParamOp param, PanelRange range) const {
  auto found = pieces.find(param.getParameterAttr());
  if (found == pieces.end())
    return nullptr;
  if (!getPanels(param.getType()))
    range = {0, 1};
  for (const UnitPiece &piece : found->second)
    if (piece.begin <= range.begin && range.end <= piece.end)
      return &piece;
  return nullptr;
}

int UnitIndex::findTable(ParamOp param) const {
  auto found = tables.find(param.getParameterAttr());
  return found == tables.end() ? -1 : found->second;
}

void UnitIndex::addSources(Attribute parameter,
                           SmallVectorImpl<Attribute> &sources) const {
  auto derived = ModuleOp(module).lookupSymbol<DerivedOp>(
      cast<FlatSymbolRefAttr>(parameter).getAttr());
  if (derived)
    sources.append(derived.getSources().begin(), derived.getSources().end());
  else
    sources.push_back(parameter);
}

bool UnitIndex::isRepeated(UnitOp table) const {
  SmallVector<Attribute> own;
  for (auto piece : table.getPieces().getAsRange<PieceAttr>())
    addSources(piece.getParameter(), own);
  for (const auto &[parameter, ignored] : pieces) {
    SmallVector<Attribute> sources;
    addSources(parameter, sources);
    if (llvm::any_of(sources, [&](Attribute source) {
          return llvm::is_contained(own, source);
        }))
      return true;
  }
  return false;
}
