//===- RecipeLoops.cpp - Loops over arrays with strides ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecipeLoops.h"

#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace swapc;

LoopNest swapc::simplify(LoopNest nest) {
  size_t arrays = nest.empty() ? 1 : nest.front().strides.size();
  LoopNest result;
  for (Loop &loop : nest) {
    if (loop.extent == 1)
      continue;
    if (!result.empty()) {
      Loop &outer = result.back();
      bool merges = true;
      for (size_t k = 0; k < arrays; ++k)
        merges &= outer.strides[k] == loop.strides[k] * loop.extent;
      if (merges) {
        outer.extent *= loop.extent;
        outer.strides = loop.strides;
        continue;
      }
    }
    result.push_back(loop);
  }
  if (result.empty())
    result.push_back({1, SmallVector<int64_t, 4>(arrays, 0)});
  return result;
}

void swapc::forEachOuter(ArrayRef<Loop> nest, size_t inner,
                         function_ref<void(ArrayRef<int64_t>)> fn) {
  ArrayRef<Loop> outer = nest.drop_back(std::min(inner, nest.size()));
  SmallVector<int64_t, 4> offsets(nest.front().strides.size(), 0);
  SmallVector<int64_t, 6> index(outer.size(), 0);
  for (const Loop &loop : outer)
    if (loop.extent == 0)
      return;
  for (;;) {
    fn(offsets);
    size_t d = outer.size();
    for (; d > 0; --d) {
      const Loop &loop = outer[d - 1];
      for (size_t k = 0; k < offsets.size(); ++k)
        offsets[k] += loop.strides[k];
      if (++index[d - 1] < loop.extent)
        break;
      for (size_t k = 0; k < offsets.size(); ++k)
        offsets[k] -= loop.strides[k] * loop.extent;
      index[d - 1] = 0;
    }
    if (d == 0)
      return;
  }
}

/// out[i, j] = in[i, j] in blocks, so that the lines of neither side leave the
/// first-level cache between two touches.
template <typename T>
static void copyBlocked(T *out, const T *in, const Loop &outer,
                        const Loop &inner) {
  constexpr int64_t kBlock = 32;
  int64_t dstOuter = outer.strides[0], srcOuter = outer.strides[1];
  int64_t dstInner = inner.strides[0], srcInner = inner.strides[1];
  for (int64_t i0 = 0; i0 < outer.extent; i0 += kBlock) {
    int64_t i1 = std::min(i0 + kBlock, outer.extent);
    for (int64_t j0 = 0; j0 < inner.extent; j0 += kBlock) {
      int64_t j1 = std::min(j0 + kBlock, inner.extent);
      // Read along the side whose elements are neighbours in the source.
      if (srcOuter == 1)
        for (int64_t j = j0; j < j1; ++j)
          for (int64_t i = i0; i < i1; ++i)
            out[i * dstOuter + j * dstInner] = in[i + j * srcInner];
      else
        for (int64_t i = i0; i < i1; ++i)
          for (int64_t j = j0; j < j1; ++j)
            out[i * dstOuter + j * dstInner] = in[i * srcOuter + j * srcInner];
    }
  }
}

template <typename T>
static void copyAs(LoopNest nest, char *outBytes, const char *inBytes) {
  T *out = reinterpret_cast<T *>(outBytes);
  const T *in = reinterpret_cast<const T *>(inBytes);
  const Loop &last = nest.back();
  if (last.strides[0] == 1 && last.strides[1] == 1) {
    forEachOuter(nest, 1, [&](ArrayRef<int64_t> offsets) {
      std::memcpy(out + offsets[0], in + offsets[1], last.extent * sizeof(T));
    });
    return;
  }
  // The loop along the source's neighbours goes next to the innermost one.
  size_t partner = nest.size();
  for (size_t d = 0; d + 1 < nest.size(); ++d)
    if (nest[d].strides[1] == 1)
      partner = d;
  if (partner == nest.size()) {
    forEachOuter(nest, 1, [&](ArrayRef<int64_t> offsets) {
      T *to = out + offsets[0];
      const T *from = in + offsets[1];
      for (int64_t i = 0; i < last.extent; ++i)
        to[i * last.strides[0]] = from[i * last.strides[1]];
    });
    return;
  }
  Loop moved = nest[partner];
  nest.erase(nest.begin() + partner);
  nest.insert(nest.end() - 1, moved);
  forEachOuter(nest, 2, [&](ArrayRef<int64_t> offsets) {
    copyBlocked(out + offsets[0], in + offsets[1], nest[nest.size() - 2],
                nest.back());
  });
}

void swapc::copyStrided(const LoopNest &nest, unsigned bytes, char *out,
                        const char *in) {
  switch (bytes) {
  case 1:
    return copyAs<uint8_t>(nest, out, in);
  case 2:
    return copyAs<uint16_t>(nest, out, in);
  case 4:
    return copyAs<uint32_t>(nest, out, in);
  default:
    return copyAs<uint64_t>(nest, out, in);
  }
}
