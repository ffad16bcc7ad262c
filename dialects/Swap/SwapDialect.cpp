//===- SwapDialect.cpp - Registration ---------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::swap;

#include "Swap/SwapDialect.cpp.inc"
#include "Swap/SwapEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "Swap/SwapTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "Swap/SwapAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "Swap/SwapOps.cpp.inc"

void SwapDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Swap/SwapAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "Swap/SwapTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Swap/SwapOps.cpp.inc"
      >();
}
