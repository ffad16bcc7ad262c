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

} // namespace mlir::swap

#endif // SWAP_SWAPDIALECT_H
