//===- SwapAttrs.cpp - Sizes in storage and the panels layout ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::swap;

int64_t swap::getElementBytes(Type elementType) {
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

PanelsAttr swap::getPanels(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<PanelsAttr>(tensor.getEncoding()) : nullptr;
}

int64_t swap::getPanelCount(RankedTensorType type) {
  PanelsAttr panels = getPanels(type);
  return panels ? panels.getPanelCount(type.getShape()) : 1;
}

int64_t swap::getPanelBytes(RankedTensorType type) {
  PanelsAttr panels = getPanels(type);
  int64_t elements =
      panels ? panels.getPanelElements(type.getShape()) : type.getNumElements();
  return elements * getElementBytes(type.getElementType());
}

int64_t swap::getOverheadBytes(Operation *module) {
  auto bytes =
      module->getAttrOfType<IntegerAttr>(SwapDialect::kOverheadAttr);
  return bytes ? bytes.getInt() : 0;
}

/// Pages of storage with files; SWAP_BLOB_ALIGN of the runtime.
static constexpr int64_t kMostPageBytes = 4096;
/// Where pieces of a unit begin; SWAP_BUFFER_ALIGN of the runtime.
static constexpr int64_t kLeastPageBytes = 64;

int64_t swap::getPageBytes(Operation *module) {
  auto bytes = module->getAttrOfType<IntegerAttr>(SwapDialect::kPageBytesAttr);
  return bytes ? bytes.getInt() : kMostPageBytes;
}

LogicalResult SwapDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  if (attribute.getName() != kPageBytesAttr)
    return success();
  if (!isa<ModuleOp>(op))
    return op->emitOpError() << kPageBytesAttr << " belongs on the module";
  auto bytes = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!bytes || !bytes.getType().isInteger(64) ||
      bytes.getInt() < kLeastPageBytes || bytes.getInt() > kMostPageBytes ||
      !llvm::isPowerOf2_64(bytes.getInt()))
    return op->emitOpError()
           << kPageBytesAttr << " is not an i64 power of two from "
           << kLeastPageBytes << " to " << kMostPageBytes;
  return success();
}

int64_t swap::getStorageBytes(RankedTensorType type) {
  return getPanelCount(type) * getPanelBytes(type);
}

int64_t PanelsAttr::getPanelCount(ArrayRef<int64_t> shape) const {
  int64_t count = llvm::divideCeil(shape[getDim()], getWidth());
  for (int64_t dim : getBatch())
    count *= shape[dim];
  return count;
}

int64_t PanelsAttr::getPanelElements(ArrayRef<int64_t> shape) const {
  int64_t count = getWidth();
  for (int64_t dim : getOrder())
    count *= shape[dim];
  return count;
}

SmallVector<int64_t>
PanelsAttr::getStorageShape(ArrayRef<int64_t> shape) const {
  SmallVector<int64_t> storage;
  for (int64_t dim : getBatch())
    storage.push_back(shape[dim]);
  storage.push_back(llvm::divideCeil(shape[getDim()], getWidth()));
  for (int64_t dim : getOrder())
    storage.push_back(shape[dim]);
  storage.push_back(getWidth());
  return storage;
}

LogicalResult
PanelsAttr::verifyForRank(int64_t rank,
                          function_ref<InFlightDiagnostic()> emitError) const {
  SmallVector<bool> seen(rank, false);
  SmallVector<int64_t> dims(getBatch());
  dims.push_back(getDim());
  llvm::append_range(dims, getOrder());
  for (int64_t dim : dims) {
    if (dim < 0 || dim >= rank || seen[dim])
      return emitError() << "panels encoding names dimension " << dim
                         << " wrongly or twice for rank " << rank;
    seen[dim] = true;
  }
  if (static_cast<int64_t>(dims.size()) != rank)
    return emitError() << "panels encoding names " << dims.size() << " of "
                       << rank << " dimensions";
  if (getWidth() < 1)
    return emitError() << "panels encoding has width " << getWidth();
  return success();
}
