//===- Samples.h - A network imported for several sizes ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What depends on a size is found by comparison: the network is imported for
// the bounds, and for each size twice more with a neighbour of its bound. All
// modules have the same operations then; numbers in them that differ (sizes of
// tensors, constants, offsets) are linear in the sizes, or else the network is
// refused. So no operator's import has to know of sizes that a run says.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_DYNAMIC_SAMPLES_H
#define SWAPC_LIB_DYNAMIC_SAMPLES_H

#include "swapc/Dynamic/Dynamic.h"
#include "swapc/Dynamic/Layout.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace swapc {

class Samples {
public:
  Samples(llvm::StringRef path, const ImportOptions &options,
          llvm::ArrayRef<SizeRange> ranges, mlir::MLIRContext &context);

  /// Imports the network, or emits why it cannot be one for all sizes.
  mlir::LogicalResult import();

  llvm::ArrayRef<SizeRange> getRanges() const { return ranges; }
  /// The module for the bounds.
  mlir::ModuleOp getModule() { return *modules[0]; }
  mlir::OwningOpRef<mlir::ModuleOp> takeModule() {
    return std::move(modules[0]);
  }
  /// The sizes of each module, the bounds first.
  llvm::ArrayRef<llvm::SmallVector<int64_t>> getPoints() const {
    return points;
  }
  /// The same operation or value in all modules, of one that was imported for
  /// the bounds.
  llvm::ArrayRef<mlir::Operation *> getOps(mlir::Operation *op) const {
    return operations.find(op)->second;
  }
  llvm::ArrayRef<mlir::Value> getValues(mlir::Value value) const {
    return values.find(value)->second;
  }
  /// The form that has these values at the points, if there is one.
  std::optional<SizeForm> fit(llvm::ArrayRef<int64_t> values) const;
  /// A dimension with these sizes at the points; nothing if it is not linear.
  std::optional<Dim> makeDim(llvm::ArrayRef<int64_t> values) const;
  /// "seq is 511"
  std::string describe(llvm::ArrayRef<int64_t> sizes) const;

private:
  using Trace = std::vector<ImportedNode>;

  mlir::OwningOpRef<mlir::ModuleOp> importAt(llvm::ArrayRef<int64_t> sizes,
                                             Trace &trace);
  std::optional<int64_t> getStep(size_t size, size_t node, size_t shape,
                                 size_t at) const;
  mlir::LogicalResult checkTrace(llvm::ArrayRef<int64_t> sizes,
                                 const Trace &trace);
  mlir::LogicalResult match(mlir::Block *block,
                            llvm::ArrayRef<mlir::Block *> others);
  mlir::LogicalResult match(mlir::Operation *op,
                            llvm::ArrayRef<mlir::Operation *> others);

  llvm::StringRef path;
  ImportOptions options;
  llvm::ArrayRef<SizeRange> ranges;
  mlir::MLIRContext &context;
  std::vector<llvm::SmallVector<int64_t>> points;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  std::vector<Trace> traces;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Operation *, 4>>
      operations;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value, 4>> values;
};

/// An error at `op` that names its node.
mlir::InFlightDiagnostic emitSizeError(mlir::Operation *op);

} // namespace swapc

#endif // SWAPC_LIB_DYNAMIC_SAMPLES_H
