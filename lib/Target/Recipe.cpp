//===- Recipe.cpp - Computing the bytes of parameters -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A box of storage is cut until the source elements that it reads fit a
// staging buffer. Where all maps are linear, the rest is loops with strides: a
// copy where the body only passes a value on, else runs of elements through
// the body's operations. Maps with divisions compute the index of each element.
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Recipe.h"

#include "RecipeBody.h"
#include "RecipeLoops.h"
#include "RecipeMap.h"
#include "RecipeSource.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstring>

using namespace mlir;
using namespace swapc;
using llvm::Error;

/// Most bytes of one source that are in memory for one box.
constexpr uint64_t kStagingBytes = 32 << 20;

Recipe::~Recipe() = default;

namespace {

struct Input {
  RecipeSource source;
  RecipeMap map;
};

/// The storage dimensions of a type and the logical ones they come from.
struct StorageLayout {
  SmallVector<int64_t, 6> shape;   ///< Never empty.
  SmallVector<int64_t, 6> logical; ///< Per storage dimension; -1: none.
  int panelDim = -1; ///< Storage dimension of the panels; width is the last.
  int64_t cutSize = 0, width = 1; ///< Of the logical dimension that is cut.

  explicit StorageLayout(RankedTensorType type);
};

class RecipeImpl : public Recipe {
public:
  RecipeImpl(RankedTensorType type, ElementType element, RecipeBody body,
             SmallVector<Input, 2> inputs)
      : type(type), element(element), layout(type), body(std::move(body)),
        inputs(std::move(inputs)), panelBytes(swap::getPanelBytes(type)) {
    for (const Input &input : this->inputs)
      linear &= input.map.isLinear();
  }

  void cut(int64_t begin, int64_t end, uint64_t maxBytes,
           SmallVectorImpl<StorageBox> &boxes) const override;
  Error evaluate(const StorageBox &box,
                 MutableArrayRef<char> out) const override;
  uint64_t getPanelBytes() const override { return panelBytes; }

private:
  /// Part of a box, without padding. `strides` are the destination's.
  struct Part {
    SmallVector<int64_t, 6> begin, end, strides;
  };

  SmallVector<Interval, 6> getLogicalBounds(const Part &part) const;
  Error compute(const Part &part, char *out) const;
  Error computeLinear(const Part &part, ArrayRef<SourceView> views,
                      char *out) const;
  Error computeGeneral(const Part &part, ArrayRef<SourceView> views,
                       char *out) const;
  void runBody(const LoopNest &nest, ArrayRef<const char *> sources,
               char *out) const;

  RankedTensorType type;
  ElementType element;
  StorageLayout layout;
  RecipeBody body;
  SmallVector<Input, 2> inputs;
  uint64_t panelBytes;
  bool linear = true;
};

} // namespace

StorageLayout::StorageLayout(RankedTensorType type) {
  ArrayRef<int64_t> logicalShape = type.getShape();
  if (swap::PanelsAttr panels = swap::getPanels(type)) {
    shape = panels.getStorageShape(logicalShape);
    llvm::append_range(logical, panels.getBatch());
    panelDim = logical.size();
    logical.push_back(panels.getDim());
    llvm::append_range(logical, panels.getOrder());
    logical.push_back(panels.getDim());
    cutSize = logicalShape[panels.getDim()];
    width = panels.getWidth();
    return;
  }
  shape.assign(logicalShape.begin(), logicalShape.end());
  for (int64_t d = 0; d < type.getRank(); ++d)
    logical.push_back(d);
  if (shape.empty()) {
    shape.push_back(1);
    logical.push_back(-1);
  }
}

void RecipeImpl::cut(int64_t begin, int64_t end, uint64_t maxBytes,
                     SmallVectorImpl<StorageBox> &boxes) const {
  size_t rank = layout.shape.size();
  int64_t perPanel = panelBytes / element.bytes;
  int64_t at = begin * perPanel, stop = end * perPanel;
  int64_t limit = std::max<int64_t>(maxBytes / element.bytes, 1);
  while (at < stop) {
    // The outermost dimension of which whole indices fit.
    StorageBox box;
    box.begin.assign(rank, 0);
    box.end.assign(layout.shape.begin(), layout.shape.end());
    int64_t suffix = 1;
    for (int64_t size : layout.shape)
      suffix *= size;
    int64_t rest = at;
    for (size_t d = 0; d < rank; ++d) {
      suffix /= layout.shape[d];
      int64_t index = rest / suffix;
      rest %= suffix;
      box.begin[d] = index;
      box.end[d] = index + 1;
      if (rest || (suffix > std::min(limit, stop - at) && d + 1 < rank))
        continue;
      int64_t count = std::min(layout.shape[d] - index,
                               std::min(limit, stop - at) / suffix);
      box.end[d] = index + count;
      for (size_t inner = d + 1; inner < rank; ++inner)
        box.end[inner] = layout.shape[inner];
      box.bytes = count * suffix * element.bytes;
      at += count * suffix;
      break;
    }
    boxes.push_back(std::move(box));
  }
}

Error RecipeImpl::evaluate(const StorageBox &box,
                           MutableArrayRef<char> out) const {
  size_t rank = layout.shape.size();
  Part part{box.begin, box.end, SmallVector<int64_t, 6>(rank)};
  for (int64_t d = rank - 1, stride = 1; d >= 0; --d) {
    part.strides[d] = stride;
    stride *= box.end[d] - box.begin[d];
  }
  if (layout.panelDim < 0)
    return compute(part, out.data());

  // Whole panels, then the last one without its padding.
  int p = layout.panelDim, lane = rank - 1;
  int64_t whole = layout.cutSize / layout.width;
  int64_t left = layout.cutSize % layout.width;
  char *base = out.data();
  if (left && box.end[p] > whole)
    std::memset(base, 0, out.size());
  Part full = part;
  full.end[p] = std::min(full.end[p], whole);
  if (full.begin[p] < full.end[p])
    if (Error error = compute(full, base))
      return error;
  if (left && box.begin[p] <= whole && whole < box.end[p]) {
    base += (whole - part.begin[p]) * part.strides[p] * element.bytes;
    part.begin[p] = whole;
    part.end[lane] = std::min(part.end[lane], left);
    if (part.begin[lane] < part.end[lane])
      return compute(part, base);
  }
  return Error::success();
}

SmallVector<Interval, 6> RecipeImpl::getLogicalBounds(const Part &part) const {
  SmallVector<Interval, 6> bounds(type.getRank(), Interval{0, 0});
  for (size_t d = 0; d < layout.shape.size(); ++d)
    if (layout.logical[d] >= 0 && int(d) != layout.panelDim)
      bounds[layout.logical[d]] = {part.begin[d], part.end[d] - 1};
  if (layout.panelDim >= 0) {
    int p = layout.panelDim;
    Interval &cut = bounds[layout.logical[p]];
    cut.low = part.begin[p] * layout.width + cut.low;
    cut.high = std::min((part.end[p] - 1) * layout.width + cut.high,
                        layout.cutSize - 1);
  }
  return bounds;
}

Error RecipeImpl::compute(const Part &part, char *out) const {
  for (size_t d = 0; d < layout.shape.size(); ++d)
    if (part.begin[d] >= part.end[d])
      return Error::success();
  SmallVector<Interval, 6> bounds = getLogicalBounds(part);
  SmallVector<SmallVector<Interval>, 2> boxes;
  uint64_t staging = 0;
  for (const Input &input : inputs) {
    boxes.emplace_back();
    input.map.getBounds(bounds, boxes.back());
    staging = std::max(staging, input.source.getReadBytes(boxes.back()));
  }
  if (staging > kStagingBytes) {
    // Halve the longest dimension; one element reads one element at least.
    size_t longest = 0;
    for (size_t d = 1; d < layout.shape.size(); ++d)
      if (part.end[d] - part.begin[d] > part.end[longest] - part.begin[longest])
        longest = d;
    int64_t extent = part.end[longest] - part.begin[longest];
    if (extent > 1) {
      Part low = part, high = part;
      int64_t half = extent / 2;
      low.end[longest] = high.begin[longest] = part.begin[longest] + half;
      if (Error error = compute(low, out))
        return error;
      return compute(high, out + half * part.strides[longest] * element.bytes);
    }
  }
  SmallVector<SourceView, 2> views;
  for (auto [input, box] : llvm::zip_equal(inputs, boxes)) {
    llvm::Expected<SourceView> view = input.source.read(box);
    if (!view)
      return view.takeError();
    views.push_back(std::move(*view));
  }
  return linear ? computeLinear(part, views, out)
                : computeGeneral(part, views, out);
}

Error RecipeImpl::computeLinear(const Part &part, ArrayRef<SourceView> views,
                                char *out) const {
  LoopNest nest;
  SmallVector<const char *, 2> sources;
  for (size_t d = 0; d < layout.shape.size(); ++d) {
    Loop loop{part.end[d] - part.begin[d], {part.strides[d]}};
    nest.push_back(std::move(loop));
  }
  for (auto [input, view] : llvm::zip_equal(inputs, views)) {
    int64_t offset = 0;
    SmallVector<int64_t, 6> factors(type.getRank(), 0);
    for (unsigned r = 0; r < input.map.getNumResults(); ++r) {
      ArrayRef<int64_t> row = input.map.getRow(r);
      offset += (row.back() - view.low[r]) * view.strides[r];
      for (int64_t d = 0; d < type.getRank(); ++d)
        factors[d] += row[d] * view.strides[r];
    }
    for (size_t d = 0; d < layout.shape.size(); ++d) {
      int64_t factor = layout.logical[d] < 0 ? 0 : factors[layout.logical[d]];
      if (int(d) == layout.panelDim)
        factor *= layout.width;
      nest[d].strides.push_back(factor);
      offset += factor * part.begin[d];
    }
    sources.push_back(view.data + offset * input.source.getElementType().bytes);
  }
  nest = simplify(std::move(nest));
  if (body.isIdentity() && inputs.size() == 1)
    copyStrided(nest, element.bytes, out, sources[0]);
  else
    runBody(nest, sources, out);
  return Error::success();
}

void RecipeImpl::runBody(const LoopNest &nest, ArrayRef<const char *> sources,
                         char *out) const {
  std::unique_ptr<Register[]> file(new Register[body.getRegisterCount()]);
  const Loop &last = nest.back();
  forEachOuter(nest, 1, [&](ArrayRef<int64_t> offsets) {
    for (int64_t begin = 0; begin < last.extent; begin += kRun) {
      int64_t count = std::min(kRun, last.extent - begin);
      for (size_t k = 0; k < sources.size(); ++k) {
        ElementType from = inputs[k].source.getElementType();
        int64_t stride = last.strides[k + 1];
        loadElements(
            from, sources[k] + (offsets[k + 1] + begin * stride) * from.bytes,
            stride, count, file[k]);
      }
      body.run(file.get(), count);
      storeElements(
          element, out + (offsets[0] + begin * last.strides[0]) * element.bytes,
          last.strides[0], count, file[body.getResult()]);
    }
  });
}

Error RecipeImpl::computeGeneral(const Part &part, ArrayRef<SourceView> views,
                                 char *out) const {
  // Outer loops carry the storage index in place of array offsets.
  size_t rank = layout.shape.size();
  LoopNest nest;
  for (size_t d = 0; d < rank; ++d) {
    Loop loop{part.end[d] - part.begin[d],
              SmallVector<int64_t, 4>(rank + 1, 0)};
    loop.strides[0] = part.strides[d];
    loop.strides[d + 1] = 1;
    nest.push_back(std::move(loop));
  }
  std::unique_ptr<Register[]> file(new Register[body.getRegisterCount()]);
  const Loop &last = nest.back();
  SmallVector<Progression, 6> dims(type.getRank(), Progression{0, 0});
  forEachOuter(nest, 1, [&](ArrayRef<int64_t> offsets) {
    for (int64_t begin = 0; begin < last.extent; begin += kRun) {
      int64_t count = std::min(kRun, last.extent - begin);
      std::fill(dims.begin(), dims.end(), Progression{0, 0});
      for (size_t d = 0; d < rank; ++d) {
        if (layout.logical[d] < 0)
          continue;
        Progression &dim = dims[layout.logical[d]];
        int64_t index = part.begin[d] + offsets[d + 1];
        dim.base += int(d) == layout.panelDim ? index * layout.width : index;
        if (d + 1 == rank) {
          dim.base += begin;
          dim.step = 1;
        }
      }
      for (size_t k = 0; k < inputs.size(); ++k) {
        int64_t indices[kRun] = {}, values[kRun];
        for (unsigned r = 0; r < inputs[k].map.getNumResults(); ++r) {
          inputs[k].map.evaluate(r, dims, count, values);
          for (int64_t i = 0; i < count; ++i)
            indices[i] += (values[i] - views[k].low[r]) * views[k].strides[r];
        }
        gatherElements(inputs[k].source.getElementType(), views[k].data,
                       indices, count, file[k]);
      }
      body.run(file.get(), count);
      storeElements(
          element, out + (offsets[0] + begin * last.strides[0]) * element.bytes,
          last.strides[0], count, file[body.getResult()]);
    }
  });
  return Error::success();
}

FailureOr<std::unique_ptr<Recipe>> Recipe::create(Operation *op,
                                                  SourceFiles &files) {
  SmallVector<Input, 2> inputs;
  if (auto parameter = dyn_cast<swap::ParameterOp>(op)) {
    auto type = cast<RankedTensorType>(parameter.getType());
    FailureOr<RecipeSource> source = RecipeSource::create(parameter, files);
    if (failed(source))
      return failure();
    ElementType element = source->getElementType();
    inputs.push_back(
        {std::move(*source), RecipeMap(AffineMap::getMultiDimIdentityMap(
                                 type.getRank(), op->getContext()))});
    return std::unique_ptr<Recipe>(new RecipeImpl(
        type, element, RecipeBody::getIdentity(), std::move(inputs)));
  }
  auto derived = dyn_cast<swap::DerivedOp>(op);
  if (!derived)
    return op->emitError("is not a parameter");
  auto type = cast<RankedTensorType>(derived.getType());
  FailureOr<ElementType> element = ElementType::get(type.getElementType());
  if (failed(element))
    return op->emitError() << "parameter " << derived.getSymName()
                           << " has elements of a type that swapc cannot store";
  for (auto [symbol, map] :
       llvm::zip_equal(derived.getSources(), derived.getMaps())) {
    auto parameter = SymbolTable::lookupNearestSymbolFrom<swap::ParameterOp>(
        op, cast<FlatSymbolRefAttr>(symbol));
    if (!parameter)
      return op->emitError() << symbol << " is not a parameter";
    FailureOr<RecipeSource> source = RecipeSource::create(parameter, files);
    if (failed(source))
      return failure();
    inputs.push_back(
        {std::move(*source), RecipeMap(cast<AffineMapAttr>(map).getValue())});
  }
  FailureOr<RecipeBody> body =
      RecipeBody::compile(derived.getBody().front(), derived.getSymName());
  if (failed(body))
    return failure();
  return std::unique_ptr<Recipe>(
      new RecipeImpl(type, *element, std::move(*body), std::move(inputs)));
}
