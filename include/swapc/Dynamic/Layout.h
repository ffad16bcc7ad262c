//===- Layout.h - Which elements of a tensor hold values --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each tensor is as large as for the bounds. A dimension is a product of
// factors, from the outermost to the innermost, as reshapes join and split
// them; of each factor the front holds values, as many as its form says. So an
// element holds a value where each of its coordinates is inside.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_DYNAMIC_LAYOUT_H
#define SWAPC_DYNAMIC_LAYOUT_H

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace swapc {

/// constant + the sum of scales * sizes.
struct SizeForm {
  int64_t constant = 0;
  llvm::SmallVector<int64_t, 2> scales; // those at the end may be missing

  bool isStatic() const;
  int64_t at(llvm::ArrayRef<int64_t> sizes) const;
  SizeForm operator+(const SizeForm &other) const;
  bool operator==(const SizeForm &other) const;
};

struct Factor {
  int64_t size = 1;
  SizeForm valid;
  bool isStatic() const { return valid.isStatic(); }
  bool operator==(const Factor &other) const {
    return size == other.size && valid == other.valid;
  }
};

struct Dim {
  /// Without static factors of 1; neighbours that are static are one.
  llvm::SmallVector<Factor, 2> factors;

  bool isStatic() const;
  bool isSingle() const { return factors.size() <= 1; }
  int64_t getSize() const;
  /// How many indices hold values, where the factors are true sizes.
  int64_t at(llvm::ArrayRef<int64_t> sizes) const;
  void append(const Factor &factor);
  void append(const Dim &dim);
  bool operator==(const Dim &other) const { return factors == other.factors; }
};

using Layout = llvm::SmallVector<Dim, 4>;

/// Of which all indices hold values.
Dim makeStaticDim(int64_t size);

/// Each group of dimensions as one.
Layout collapse(llvm::ArrayRef<Dim> layout,
                llvm::ArrayRef<mlir::ReassociationIndices> groups);

/// Cuts each dimension into a group with the sizes of `shape`; nothing where
/// that cuts through a factor.
std::optional<Layout> expand(llvm::ArrayRef<Dim> layout,
                             llvm::ArrayRef<mlir::ReassociationIndices> groups,
                             llvm::ArrayRef<int64_t> shape);

} // namespace swapc

#endif // SWAPC_DYNAMIC_LAYOUT_H
