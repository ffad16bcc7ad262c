//===- Conditionals.cpp - If ------------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the condition is known while compiling, only its branch exists. Else
// both run and each output is chosen: no branch is worth the choice between two
// plans, whose units, places and reads ahead would all depend on it.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

using namespace mlir;
using namespace swapc;

static LogicalResult importBranch(NodeImporter &n, StringRef name,
                                  SmallVectorImpl<TensorRef> &outputs) {
  const onnx::Graph *graph = getBody(n, name, 0, n.getNumOutputs());
  if (!graph)
    return failure();
  return n.graph.importBody(*graph, {}, n.getLabel() + "/" + name, outputs);
}

static LogicalResult importIf(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef condition = getTensor(n, 0);
  if (!condition)
    return failure();
  if (condition->getNumElements() != 1 ||
      !condition->getElementType().isInteger(1))
    return n.error("the condition must be one bool");
  SmallVector<TensorRef> then, otherwise, results;
  if (auto known = n.getInts(condition)) {
    if (failed(importBranch(n, known->front() ? "then_branch" : "else_branch",
                            results)))
      return failure();
    results.truncate(n.getNumOutputs());
    return n.finish(results);
  }
  bool taken = succeeded(importBranch(n, "then_branch", then));
  bool other = succeeded(importBranch(n, "else_branch", otherwise));
  if (taken != other)
    return n.error("its condition is computed in the run, so both branches are "
                   "compiled; give what the condition depends on with --bind "
                   "INPUT=FILE.npy to compile only one");
  if (!taken)
    return failure();
  for (unsigned i = 0; i < n.getNumOutputs(); ++i) {
    results.push_back(n.wantsOutput(i)
                          ? selectWhole(n, condition, then[i], otherwise[i], i)
                          : n.graph.makeAbsent());
    if (!results.back())
      return failure();
  }
  return n.finish(results);
}

void swapc::addConditionals(HandlerMap &handlers) { handlers["If"] = importIf; }
