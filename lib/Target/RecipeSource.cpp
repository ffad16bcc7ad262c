//===- RecipeSource.cpp - Elements that a recipe reads ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecipeSource.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace mlir;
using namespace swapc;
using llvm::Error;
using llvm::Expected;

/// Far fewer than a process may have, far more than threads read at once.
static constexpr size_t kMostOpenFiles = 64;

SourceFile::~SourceFile() { ::close(descriptor); }

Expected<std::shared_ptr<SourceFile>> SourceFiles::open(StringRef path) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = files.find(path);
  if (found != files.end()) {
    found->second.lastUse = ++uses;
    return found->second.file;
  }
  llvm::SmallString<256> full(directory);
  llvm::sys::path::append(full, path);
  int descriptor = ::open(full.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return fileError("read", full,
                     std::error_code(errno, std::generic_category()));
  if (files.size() >= kMostOpenFiles)
    files.erase(std::min_element(files.begin(), files.end(),
                                 [](const auto &a, const auto &b) {
                                   return a.second.lastUse < b.second.lastUse;
                                 }));
  Entry &entry = files[path];
  entry = {std::make_shared<SourceFile>(descriptor), ++uses};
  return entry.file;
}

/// The elements in storage form, where they are or else in `owned`.
static LogicalResult getBytes(ElementsAttr elements, ElementType type,
                              ArrayRef<char> &bytes, std::vector<char> &owned,
                              bool &splat) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return failure();
    bytes = blob->getData();
    return success(bytes.size() ==
                   size_t(elements.getNumElements()) * type.bytes);
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return failure();
  splat = dense.isSplat();
  bytes = dense.getRawData();
  if (type.bits == 1) {
    if (splat)
      owned.push_back(dense.getSplatValue<bool>());
    else
      for (bool value : dense.getValues<bool>())
        owned.push_back(value);
    bytes = owned;
  }
  return success();
}

FailureOr<RecipeSource> RecipeSource::create(swap::ParameterOp op,
                                             SourceFiles &files) {
  auto type = cast<RankedTensorType>(op.getType());
  RecipeSource source;
  FailureOr<ElementType> elementType = ElementType::get(type.getElementType());
  if (failed(elementType))
    return op.emitError() << "parameter " << op.getSymName()
                          << " has elements of a type that swapc cannot store";
  source.elementType = *elementType;
  source.shape.assign(type.getShape().begin(), type.getShape().end());
  if (auto file = dyn_cast<swap::FileAttr>(op.getSource())) {
    auto opened = files.open(file.getPath().getValue());
    if (!opened)
      return op.emitError() << llvm::toString(opened.takeError());
    source.files = &files;
    source.offset = file.getOffset();
    source.path = file.getPath().str();
    return source;
  }
  auto elements = dyn_cast<ElementsAttr>(op.getSource());
  if (!elements ||
      failed(getBytes(elements, *elementType, source.inlined, source.owned,
                      source.splat)))
    return op.emitError() << "parameter " << op.getSymName()
                          << " has a source that swapc cannot read";
  return source;
}

Error RecipeSource::readFile(int descriptor, uint64_t at, char *to,
                             uint64_t length) const {
  while (length) {
    ssize_t count = ::pread(descriptor, to, length, at);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fileError("read", path,
                       std::error_code(errno, std::generic_category()));
    if (count == 0)
      return llvm::createStringError(
          llvm::inconvertibleErrorCode(),
          "%s ends at byte %llu, before the weights that it should hold",
          path.c_str(), (unsigned long long)at);
    at += count;
    to += count;
    length -= count;
  }
  return Error::success();
}

uint64_t RecipeSource::getReadBytes(ArrayRef<Interval> box) const {
  if (!files)
    return 0;
  uint64_t bytes = elementType.bytes;
  for (Interval interval : box)
    bytes *= interval.high - interval.low + 1;
  return bytes;
}

Expected<SourceView> RecipeSource::read(ArrayRef<Interval> request) const {
  SourceView view;
  size_t rank = shape.size();
  view.low.assign(rank, 0);
  view.strides.assign(rank, 0);
  for (size_t d = 0; d < rank; ++d)
    if (request[d].low < 0 || request[d].high >= shape[d])
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "recipe reads outside of its source");
  if (!files) {
    view.data = inlined.data();
    if (!splat)
      for (int64_t d = rank - 1, stride = 1; d >= 0; stride *= shape[d--])
        view.strides[d] = stride;
    return view;
  }

  auto file = files->open(path);
  if (!file)
    return file.takeError();

  // Short pieces of neighbouring rows are read with what lies between them.
  SmallVector<Interval, 6> box(request);
  uint64_t segment = elementType.bytes;
  for (int64_t d = rank - 1; d >= 0; --d) {
    uint64_t row = segment * shape[d];
    uint64_t part = segment * (box[d].high - box[d].low + 1);
    if (part == row || (part < 2048 && row <= 8 * part)) {
      box[d] = {0, shape[d] - 1};
      segment = row;
      continue;
    }
    break;
  }

  uint64_t bytes = getReadBytes(box);
  // Not zeroed: every byte is read.
  view.buffer.reset(new char[bytes]);
  view.data = view.buffer.get();
  SmallVector<int64_t, 6> pitch(rank);
  int64_t stride = 1, full = elementType.bytes;
  for (int64_t d = rank - 1; d >= 0; --d) {
    view.low[d] = box[d].low;
    view.strides[d] = stride;
    pitch[d] = full;
    stride *= box[d].high - box[d].low + 1;
    full *= shape[d];
  }
  // Dimensions from `inner` on are one contiguous segment.
  size_t inner = rank;
  while (inner > 0 && box[inner - 1].low == 0 &&
         box[inner - 1].high == shape[inner - 1] - 1)
    --inner;
  if (inner > 0)
    --inner;
  uint64_t length = elementType.bytes;
  for (size_t d = inner; d < rank; ++d)
    length *= box[d].high - box[d].low + 1;
  SmallVector<int64_t, 6> index;
  for (size_t d = 0; d < inner; ++d)
    index.push_back(box[d].low);
  for (char *to = view.buffer.get();; to += length) {
    uint64_t at = offset;
    for (size_t d = 0; d < inner; ++d)
      at += index[d] * pitch[d];
    if (inner < rank)
      at += box[inner].low * pitch[inner];
    if (Error error = readFile((*file)->descriptor, at, to, length))
      return std::move(error);
    size_t d = inner;
    for (; d > 0; --d) {
      if (++index[d - 1] <= box[d - 1].high)
        break;
      index[d - 1] = box[d - 1].low;
    }
    if (d == 0)
      return view;
  }
}
