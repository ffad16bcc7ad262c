//===- Windows.cpp - Windows of convolutions and pools ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Windows.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

FailureOr<Windows> Windows::get(NodeImporter &n, ArrayRef<int64_t> spatial,
                                ArrayRef<int64_t> kernel) {
  Windows w;
  size_t rank = spatial.size();
  w.kernel.assign(kernel.begin(), kernel.end());
  w.strides = n.getInts("strides", SmallVector<int64_t>(rank, 1));
  w.dilations = n.getInts("dilations", SmallVector<int64_t>(rank, 1));
  SmallVector<int64_t> pads =
      n.getInts("pads", SmallVector<int64_t>(2 * rank, 0));
  if (w.kernel.size() != rank || w.strides.size() != rank ||
      w.dilations.size() != rank || pads.size() != 2 * rank)
    return n.error("kernel_shape, strides, dilations and pads must fit " +
                   Twine(rank) + " spatial dimensions");
  constexpr int64_t kLimit = int64_t(1) << 31;
  auto isIn = [](int64_t least) {
    return [=](int64_t x) { return x >= least && x < kLimit; };
  };
  if (!llvm::all_of(w.kernel, isIn(1)) || !llvm::all_of(w.strides, isIn(1)) ||
      !llvm::all_of(w.dilations, isIn(1)) || !llvm::all_of(pads, isIn(0)))
    return n.error("kernel_shape, strides and dilations must be positive, and "
                   "pads not negative");
  w.low.assign(pads.begin(), pads.begin() + rank);
  w.high.assign(pads.begin() + rank, pads.end());
  StringRef automatic = n.getString("auto_pad", "NOTSET");
  bool ceil = n.getInt("ceil_mode", 0);
  for (size_t i = 0; i < rank; ++i) {
    int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      int64_t out = llvm::divideCeil(spatial[i], w.strides[i]);
      int64_t total =
          std::max<int64_t>(0, (out - 1) * w.strides[i] + reach - spatial[i]);
      w.low[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.high[i] = total - w.low[i];
      w.out.push_back(out);
      continue;
    }
    if (automatic == "VALID")
      w.low[i] = w.high[i] = 0;
    else if (automatic != "NOTSET")
      return n.error("auto_pad '" + automatic + "' is not supported");
    int64_t room = spatial[i] + w.low[i] + w.high[i] - reach;
    if (room < 0)
      return n.error("the window of " + Twine(reach) +
                     " is larger than the padded input");
    int64_t out =
        (ceil ? llvm::divideCeil(room, w.strides[i]) : room / w.strides[i]) + 1;
    // A window must not start in the padding behind the input.
    if (ceil && (out - 1) * w.strides[i] >= spatial[i] + w.low[i])
      --out;
    w.out.push_back(out);
  }
  return w;
}

TensorRef Windows::pad(NodeImporter &n, TensorRef input,
                       TypedAttr value) const {
  SmallVector<int64_t> before(2, 0), after(2, 0);
  for (unsigned i = 0; i < size(); ++i) {
    // ceil_mode lets the last window reach beyond the padding.
    int64_t need =
        (out[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1;
    int64_t excess = need - (input->getDim(i + 2) + low[i] + high[i]);
    before.push_back(low[i]);
    after.push_back(high[i] + std::max<int64_t>(0, excess));
  }
  return n.pad(input, before, after, value);
}

TensorRef swapc::spreadOut(NodeImporter &n, TensorRef tensor, int64_t axis,
                           int64_t stride) {
  int64_t size = tensor->getDim(axis);
  if (stride == 1 || size == 0)
    return tensor;
  SmallVector<int64_t> shape(tensor->getShape());
  shape.insert(shape.begin() + axis + 1, 1);
  SmallVector<int64_t> before(shape.size(), 0), after(shape.size(), 0);
  after[axis + 1] = stride - 1;
  TypedAttr zero = n.zero(tensor->getElementType());
  TensorRef wide = n.pad(n.reshape(tensor, shape), before, after, zero);
  shape.erase(shape.begin() + axis + 1);
  shape[axis] = size * stride;
  return n.reshape(wide, shape);
}
