//===- Loops.cpp - Loop and SequenceMap -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each iteration is written out: its number, the shapes of its values and often
// its condition are constants, values may change their shape from one iteration
// to the next, and equal kernels are shared in the kernel phase. A condition
// that the run computes stops nothing: what follows it keeps the values.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

#include <limits>

using namespace mlir;
using namespace swapc;

namespace {

/// One Loop node while it is written out.
struct LoopState {
  NodeImporter &n;
  const onnx::Graph &body;
  size_t numCarried = 0, numScans = 0;
  /// Null while iterations run for certain.
  TensorRef active = nullptr;
  SmallVector<TensorRef> carried = {};
  SmallVector<SmallVector<TensorRef>> scans = {};

  /// The value that the loop goes on with: none of those when it has ended.
  FailureOr<bool> step(int64_t iteration);
  LogicalResult finish();
};

} // namespace

static TensorRef both(NodeImporter &n, TensorRef a, TensorRef b) {
  return n.elementwise({n.reshape(a, {}), n.reshape(b, {})},
                       [](Scalar &s, ValueRange args) -> Value {
                         return s.make<arith::AndIOp>(args[0], args[1]);
                       });
}

static bool isCondition(TensorRef tensor) {
  return tensor && tensor->kind == TensorValue::Tensor &&
         tensor->getNumElements() == 1 && tensor->getElementType().isInteger(1);
}

FailureOr<bool> LoopState::step(int64_t iteration) {
  Type i64 = n.b.getI64Type();
  SmallVector<TensorRef> inputs{n.constantInts({}, iteration, i64),
                                active ? active
                                       : n.splat({}, n.b.getBoolAttr(true))};
  inputs.append(carried);
  SmallVector<TensorRef> outputs;
  if (failed(n.graph.importBody(
          body, inputs, n.getLabel() + "/" + Twine(iteration), outputs)))
    return failure();
  for (size_t i = 0; i < numCarried; ++i) {
    TensorRef next = outputs[1 + i];
    if (active)
      next = selectWhole(n, active, next, carried[i], i);
    if (!next)
      return failure();
    carried[i] = next;
  }
  for (size_t i = 0; i < numScans; ++i)
    scans[i].push_back(outputs[1 + numCarried + i]);
  TensorRef condition = outputs[0];
  if (!isCondition(condition))
    return n.error("the condition that the body computes must be one bool");
  if (auto known = n.getInts(condition))
    return known->front() != 0;
  active = active ? both(n, active, condition) : condition;
  return true;
}

LogicalResult LoopState::finish() {
  SmallVector<TensorRef> results(carried);
  for (auto [i, pieces] : llvm::enumerate(scans)) {
    unsigned output = numCarried + i;
    if (output >= n.getNumOutputs())
      break;
    results.push_back(n.wantsOutput(output)
                          ? stack(n, pieces, 0, body.outputs[1 + output])
                          : n.graph.makeAbsent());
  }
  for (TensorRef &result : results)
    if (result == nullptr)
      return failure();
  return n.finish(results);
}

static LogicalResult importLoop(NodeImporter &n) {
  // With the absent optionals at the end.
  size_t numCarried = std::max<size_t>(n.getNumListedInputs(), 2) - 2;
  const onnx::Graph *body =
      getBody(n, "body", numCarried + 2,
              1 + std::max<size_t>(numCarried, n.getNumOutputs()));
  if (!body)
    return failure();
  int64_t trips = std::numeric_limits<int64_t>::max();
  if (n.in(0)) {
    TensorRef count = getTensor(n, 0);
    auto known = count ? n.getInts(count) : std::nullopt;
    if (!known || known->size() != 1)
      return n.error("the trip count must be an integer known while compiling");
    trips = known->front();
  }
  LoopState loop{n, *body, numCarried, body->outputs.size() - 1 - numCarried};
  loop.scans.resize(loop.numScans);
  for (size_t i = 0; i < numCarried; ++i)
    loop.carried.push_back(n.in(2 + i) ? n.in(2 + i) : n.graph.makeAbsent());
  bool goesOn = true;
  if (n.in(1)) {
    if (!isCondition(n.in(1)))
      return n.error("the condition must be one bool");
    if (auto known = n.getInts(n.in(1)))
      goesOn = known->front() != 0;
    else
      loop.active = n.in(1);
  }
  for (int64_t i = 0; goesOn && i < trips; ++i) {
    bool wantsScan = false;
    for (size_t output = numCarried; output < n.getNumOutputs(); ++output)
      wantsScan |= n.wantsOutput(output);
    if (loop.active && wantsScan)
      return n.error("its condition decides the size of an output, so it must "
                     "be known while compiling");
    if (i >= kMaxIterations || (loop.active && trips > kMaxIterations))
      return n.error(
          "runs until a condition that is not known while compiling, or more "
          "than " +
          Twine(kMaxIterations) + " times; give it a trip count");
    FailureOr<bool> next = loop.step(i);
    if (failed(next))
      return failure();
    goesOn = *next;
  }
  return loop.finish();
}

/// The body once for each element of the first input.
static LogicalResult importSequenceMap(NodeImporter &n) {
  TensorRef first = getSequence(n, 0);
  if (!first)
    return failure();
  const onnx::Graph *body =
      getBody(n, "body", n.getNumListedInputs(), n.getNumOutputs());
  if (!body)
    return failure();
  SmallVector<SmallVector<TensorRef>> results(n.getNumOutputs());
  for (size_t i = 0; i < first->elements.size(); ++i) {
    SmallVector<TensorRef> inputs, outputs;
    for (size_t position = 0; position < body->inputs.size(); ++position) {
      TensorRef input = n.in(position);
      if (input && input->kind == TensorValue::Sequence) {
        if (i >= input->elements.size())
          return n.error("its sequences differ in length");
        input = input->elements[i];
      }
      inputs.push_back(input);
    }
    if (failed(n.graph.importBody(*body, inputs, n.getLabel() + "/" + Twine(i),
                                  outputs)))
      return failure();
    for (auto [result, output] : llvm::zip(results, outputs))
      result.push_back(output);
  }
  SmallVector<TensorRef> sequences;
  for (ArrayRef<TensorRef> elements : results)
    sequences.push_back(n.graph.makeSequence(elements));
  return n.finish(sequences);
}

void swapc::addLoops(HandlerMap &handlers) {
  handlers["Loop"] = importLoop;
  handlers["SequenceMap"] = importSequenceMap;
}
