//===- RecipeSource.h - Elements that a recipe reads ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_RECIPESOURCE_H
#define SWAPC_LIB_TARGET_RECIPESOURCE_H

#include "RecipeBody.h"
#include "Swap/SwapDialect.h"
#include "swapc/Target/Recipe.h"

#include <vector>

namespace swapc {

/// An inclusive range of indices.
struct Interval {
  int64_t low, high;
};

/// Elements of a box of a source in memory: element i is at `data`
/// + sum((i[d] - low[d]) * strides[d]) elements. Owns what it read.
struct SourceView {
  const char *data = nullptr;
  llvm::SmallVector<int64_t, 6> low, strides;
  std::unique_ptr<char[]> buffer;
};

/// The elements of a swap.parameter: bytes of a file or an attribute.
class RecipeSource {
public:
  static llvm::FailureOr<RecipeSource> create(mlir::swap::ParameterOp op,
                                              SourceFiles &files);

  ElementType getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  /// Bytes that read() of this box would allocate.
  uint64_t getReadBytes(llvm::ArrayRef<Interval> box) const;
  llvm::Expected<SourceView> read(llvm::ArrayRef<Interval> box) const;

private:
  RecipeSource() = default;
  llvm::Error readFile(int descriptor, uint64_t at, char *to,
                       uint64_t length) const;

  ElementType elementType;
  llvm::SmallVector<int64_t, 6> shape;
  std::string path;
  SourceFiles *files = nullptr; /// Null where `inlined` holds all.
  uint64_t offset = 0;
  bool splat = false; /// `inlined` is one element.
  llvm::ArrayRef<char> inlined; /// In the attribute or in `owned`.
  std::vector<char> owned;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_RECIPESOURCE_H
