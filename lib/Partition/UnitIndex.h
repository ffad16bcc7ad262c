//===- UnitIndex.h - Which unit holds which panels --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_UNITINDEX_H
#define SWAPC_LIB_PARTITION_UNITINDEX_H

#include "Sequence.h"

namespace swapc {

/// Panels [begin, end) of a parameter at `offset` of unit number `unit`.
struct UnitPiece {
  int unit;
  int64_t begin, end;
  int64_t offset;
};

/// The units of a module by number and by what they hold.
class UnitIndex {
public:
  explicit UnitIndex(mlir::ModuleOp module);

  llvm::ArrayRef<mlir::swap::UnitOp> getUnits() const { return units; }
  mlir::swap::UnitOp getUnit(int number) const { return units[number]; }
  /// Number of a unit, or -1.
  int getNumber(llvm::StringRef unit) const;

  /// The unit that holds what a call of `range` reads of `param`: these panels,
  /// or all of a parameter without panels. Null if none does; row tables are
  /// not looked at.
  const UnitPiece *find(mlir::swap::ParamOp param, PanelRange range) const;

  /// The row table that holds `param`, or -1.
  int findTable(mlir::swap::ParamOp param) const;

  /// Whether another unit holds data made of a row table's sources, too.
  bool isRepeated(mlir::swap::UnitOp table) const;

private:
  /// The swap.parameters that a parameter is made of.
  void addSources(mlir::Attribute parameter,
                  llvm::SmallVectorImpl<mlir::Attribute> &sources) const;

  mlir::ModuleOp module;
  llvm::SmallVector<mlir::swap::UnitOp> units;
  llvm::StringMap<int> numbers;
  llvm::DenseMap<mlir::Attribute, llvm::SmallVector<UnitPiece, 1>> pieces;
  llvm::DenseMap<mlir::Attribute, int> tables;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_UNITINDEX_H
