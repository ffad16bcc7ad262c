//===- Layout.cpp - Which elements of a tensor hold values ----------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Dynamic/Layout.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace swapc;

bool SizeForm::isStatic() const {
  return llvm::all_of(scales, [](int64_t scale) { return scale == 0; });
}

int64_t SizeForm::at(ArrayRef<int64_t> sizes) const {
  int64_t value = constant;
  for (auto [scale, size] : llvm::zip(scales, sizes))
    value += scale * size;
  return value;
}

SizeForm SizeForm::operator+(const SizeForm &other) const {
  SizeForm sum = *this;
  sum.constant += other.constant;
  sum.scales.resize(std::max(scales.size(), other.scales.size()), 0);
  for (auto [scale, more] : llvm::zip(sum.scales, other.scales))
    scale += more;
  return sum;
}

bool SizeForm::operator==(const SizeForm &other) const {
  size_t common = std::min(scales.size(), other.scales.size());
  auto areZero = [&](const SizeForm &form) {
    return llvm::all_of(ArrayRef(form.scales).drop_front(common),
                        [](int64_t scale) { return scale == 0; });
  };
  return constant == other.constant &&
         ArrayRef(scales).take_front(common) ==
             ArrayRef(other.scales).take_front(common) &&
         areZero(*this) && areZero(other);
}

bool Dim::isStatic() const {
  return llvm::all_of(factors, [](const Factor &f) { return f.isStatic(); });
}

int64_t Dim::getSize() const {
  int64_t size = 1;
  for (const Factor &factor : factors)
    size *= factor.size;
  return size;
}

int64_t Dim::at(ArrayRef<int64_t> sizes) const {
  int64_t size = 1;
  for (const Factor &factor : factors)
    size *= factor.valid.at(sizes);
  return size;
}

void Dim::append(const Factor &factor) {
  if (factor.isStatic() && factor.size == 1)
    return;
  if (factor.isStatic() && !factors.empty() && factors.back().isStatic()) {
    factors.back().size *= factor.size;
    factors.back().valid.constant = factors.back().size;
    return;
  }
  factors.push_back(factor);
}

void Dim::append(const Dim &dim) {
  for (const Factor &factor : dim.factors)
    append(factor);
}

Dim swapc::makeStaticDim(int64_t size) {
  Dim dim;
  dim.append({size, {size, {}}});
  return dim;
}

Layout swapc::collapse(ArrayRef<Dim> layout,
                       ArrayRef<ReassociationIndices> groups) {
  Layout result;
  for (const ReassociationIndices &group : groups) {
    Dim &dim = result.emplace_back();
    for (int64_t index : group)
      dim.append(layout[index]);
  }
  return result;
}

std::optional<Layout> swapc::expand(ArrayRef<Dim> layout,
                                    ArrayRef<ReassociationIndices> groups,
                                    ArrayRef<int64_t> shape) {
  Layout result(shape.size());
  for (auto [dim, group] : llvm::zip_equal(layout, groups)) {
    SmallVector<Factor> left(llvm::reverse(dim.factors));
    for (int64_t index : group) {
      int64_t wanted = shape[index];
      while (wanted > 1 && !left.empty()) {
        Factor factor = left.pop_back_val();
        if (factor.isStatic() && factor.size > wanted) {
          if (factor.size % wanted != 0)
            return std::nullopt;
          int64_t inner = factor.size / wanted;
          left.push_back({inner, {inner, {}}});
          factor = {wanted, {wanted, {}}};
        }
        if (wanted % factor.size != 0)
          return std::nullopt;
        wanted /= factor.size;
        result[index].append(factor);
      }
      if (wanted != 1)
        return std::nullopt;
    }
    if (!left.empty())
      return std::nullopt;
  }
  return result;
}
