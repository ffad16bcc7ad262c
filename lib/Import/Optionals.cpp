//===- Optionals.cpp - Optional values --------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whether an optional is there is known while compiling. One that is there is
// its element; one that is not reads as an input that is left out.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace swapc;

static LogicalResult importOptional(NodeImporter &n) {
  if (failed(n.checkInputs(0, 1)))
    return failure();
  return n.finish(n.in(0) ? n.in(0) : n.graph.makeAbsent());
}

static LogicalResult importHasElement(NodeImporter &n) {
  if (failed(n.checkInputs(0, 1)))
    return failure();
  return n.finish(n.splat({}, n.b.getBoolAttr(n.in(0) != nullptr)));
}

static LogicalResult importGetElement(NodeImporter &n) {
  if (n.getNumListedInputs() == 1 && !n.in(0))
    return n.error("the optional is empty");
  if (failed(n.checkInputs(1, 1)))
    return failure();
  return n.finish(n.in(0));
}

static LogicalResult importIdentity(NodeImporter &n) {
  if (n.getNumListedInputs() != 1)
    return n.checkInputs(1, 1);
  return n.finish(n.in(0) ? n.in(0) : n.graph.makeAbsent());
}

void swapc::addOptionals(HandlerMap &handlers) {
  handlers["Identity"] = importIdentity;
  handlers["Optional"] = importOptional;
  handlers["OptionalGetElement"] = importGetElement;
  handlers["OptionalHasElement"] = importHasElement;
}
