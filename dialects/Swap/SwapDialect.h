//===- SwapDialect.h - The swap dialect -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_SWAPDIALECT_H
#define SWAP_SWAPDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Swap/SwapDialect.h.inc"
#include "Swap/SwapEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "Swap/SwapAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "Swap/SwapTypes.h.inc"
#define GET_OP_CLASSES
#include "Swap/SwapOps.h.inc"

namespace mlir::swap {

/// Bytes that one element takes in storage: bool takes one byte.
int64_t getElementBytes(Type elementType);

/// Bytes of a tensor in storage; with a #swap.panels encoding, padding
/// included.
int64_t getStorageBytes(RankedTensorType type);

/// The panels encoding of a tensor type, or null.
PanelsAttr getPanels(Type type);

/// Panels of a tensor in storage: 1 without an encoding.
int64_t getPanelCount(RankedTensorType type);

/// Bytes of one panel: all of the tensor without an encoding.
int64_t getPanelBytes(RankedTensorType type);

/// Bytes of every budget of a module that are not its arenas'.
int64_t getOverheadBytes(Operation *module);

/// Slots of a module's plans start on multiples of this and take whole ones.
int64_t getPageBytes(Operation *module);

/// Bytes [begin, end) of a tensor.
struct ByteRange {
  int64_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  int64_t size() const { return end - begin; }
  bool contains(ByteRange other) const {
    return begin <= other.begin && other.end <= end;
  }
  /// The smallest range that holds both.
  ByteRange unite(ByteRange other) const;
};

/// Bytes of the result of `type` that tiles [first, last) of all panels write.
ByteRange getWrittenBytes(ScheduleAttr schedule, FootprintAttr footprint,
                          RankedTensorType type, int64_t first, int64_t last);

/// Bytes of operand number `operand`, of `type`, that these tiles read.
ByteRange getReadBytes(ScheduleAttr schedule, FootprintAttr footprint,
                       unsigned operand, RankedTensorType type, int64_t first,
                       int64_t last);

/// The fewest tiles [first, last) that write `bytes` of the result.
std::pair<int64_t, int64_t> getTilesOf(ScheduleAttr schedule,
                                       FootprintAttr footprint,
                                       RankedTensorType type, ByteRange bytes);

/// Success if tiles [first, last) of this kernel may run without the others.
LogicalResult verifyTiles(Operation *user, Operation *kernel,
                          std::optional<int64_t> first,
                          std::optional<int64_t> last);

} // namespace mlir::swap

#endif // SWAP_SWAPDIALECT_H
