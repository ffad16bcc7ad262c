//===- Scans.cpp - Scan -----------------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Iteration t reads piece t of each scanned input. All are written out, as
// those of Loop are. Before opset 9 a Scan has a batch, each sample of which is
// one.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

using namespace mlir;
using namespace swapc;

namespace {

/// One Scan node, or one sample of a batch, while it is written out.
struct ScanState {
  NodeImporter &n;
  const onnx::Graph &body;
  SmallVector<TensorRef> states, inputs;
  /// For each input, and for each scanned output.
  SmallVector<int64_t> inputAxes, inputBackwards, outputAxes, outputBackwards;

  LogicalResult run(const Twine &label, SmallVectorImpl<TensorRef> &results);
};

} // namespace

LogicalResult ScanState::run(const Twine &label,
                             SmallVectorImpl<TensorRef> &results) {
  int64_t length = -1;
  for (auto [input, axis] : llvm::zip_equal(inputs, inputAxes)) {
    FailureOr<int64_t> at = n.getAxis(axis, input->getRank());
    if (failed(at))
      return failure();
    axis = *at;
    if (length >= 0 && input->getDim(axis) != length)
      return n.error("its scanned inputs differ in length");
    length = input->getDim(axis);
    if (length > kMaxIterations)
      return n.error("has " + Twine(length) +
                     " iterations, which are written out; " +
                     Twine(kMaxIterations) + " are the most");
  }
  size_t numScans = body.outputs.size() - states.size();
  SmallVector<SmallVector<TensorRef>> scans(numScans);
  for (int64_t i = 0; i < length; ++i) {
    SmallVector<TensorRef> arguments(states), outputs;
    for (auto [input, axis, backwards] :
         llvm::zip_equal(inputs, inputAxes, inputBackwards))
      arguments.push_back(
          takePiece(n, input, axis, backwards ? length - 1 - i : i));
    if (failed(n.graph.importBody(body, arguments, label + "/" + Twine(i),
                                  outputs)))
      return failure();
    for (size_t k = 0; k < states.size(); ++k)
      states[k] = outputs[k];
    for (size_t k = 0; k < numScans; ++k)
      scans[k].push_back(outputs[states.size() + k]);
  }
  results.append(states);
  for (size_t k = 0; k < numScans; ++k) {
    if (outputBackwards[k])
      std::reverse(scans[k].begin(), scans[k].end());
    results.push_back(
        stack(n, scans[k], outputAxes[k], body.outputs[states.size() + k]));
    if (!results.back())
      return failure();
  }
  return success();
}

/// An attribute with one number for each of `count` tensors.
static FailureOr<SmallVector<int64_t>> getEach(NodeImporter &n, StringRef name,
                                               size_t count) {
  SmallVector<int64_t> values = n.getInts(name, SmallVector<int64_t>(count, 0));
  if (values.size() != count)
    return n.error(name + " must have " + Twine(count) + " elements");
  return values;
}

/// Before opset 9: all samples of the batch in turn.
static LogicalResult runBatch(NodeImporter &n, const ScanState &scan) {
  SmallVector<TensorRef> all(scan.states);
  all.append(scan.inputs);
  int64_t batch = -1;
  for (TensorRef tensor : all) {
    if (tensor->getRank() == 0 || (batch >= 0 && tensor->getDim(0) != batch))
      return n.error("its inputs must start with one batch dimension");
    batch = tensor->getDim(0);
  }
  SmallVector<SmallVector<TensorRef>> results(scan.body.outputs.size());
  for (int64_t sample = 0; sample < batch; ++sample) {
    ScanState one = scan;
    for (TensorRef &state : one.states)
      state = takePiece(n, state, 0, sample);
    for (TensorRef &input : one.inputs)
      input = takePiece(n, input, 0, sample);
    SmallVector<TensorRef> outputs;
    if (failed(one.run(n.getLabel() + "/sample" + Twine(sample), outputs)))
      return failure();
    for (auto [result, output] : llvm::zip_equal(results, outputs))
      result.push_back(output);
  }
  SmallVector<TensorRef> stacked;
  for (auto [pieces, declared] : llvm::zip_equal(results, scan.body.outputs)) {
    stacked.push_back(stack(n, pieces, 0, declared));
    if (!stacked.back())
      return failure();
  }
  return n.finish(stacked);
}

static LogicalResult importScan(NodeImporter &n) {
  bool hasBatch = n.opset < 9;
  unsigned first = hasBatch ? 1 : 0, last = n.getNumListedInputs();
  if (hasBatch && n.in(0))
    return n.error("sequence_lens is not supported; run the model with "
                   "sequences of one length");
  int64_t numInputs = n.getInt("num_scan_inputs", 0);
  if (numInputs < 1 || numInputs > int64_t(last) - int64_t(first))
    return n.error("num_scan_inputs must be 1 to the number of its inputs");
  const onnx::Graph *body = getBody(n, "body", last - first, n.getNumOutputs());
  if (!body)
    return failure();
  ScanState scan{n, *body, {}, {}, {}, {}, {}, {}};
  for (unsigned i = first; i < last; ++i) {
    if (!getTensor(n, i))
      return failure();
    (i < last - numInputs ? scan.states : scan.inputs).push_back(n.in(i));
  }
  if (body->outputs.size() < scan.states.size())
    return n.error("its body has fewer outputs than states");
  size_t numScans = body->outputs.size() - scan.states.size();
  auto inputAxes = getEach(n, "scan_input_axes", numInputs);
  auto backwards =
      getEach(n, hasBatch ? "directions" : "scan_input_directions", numInputs);
  auto outputAxes = getEach(n, "scan_output_axes", numScans);
  auto outputBackwards = getEach(n, "scan_output_directions", numScans);
  if (failed(inputAxes) || failed(backwards) || failed(outputAxes) ||
      failed(outputBackwards))
    return failure();
  scan.inputAxes = *inputAxes;
  scan.inputBackwards = *backwards;
  scan.outputAxes = *outputAxes;
  scan.outputBackwards = *outputBackwards;
  if (hasBatch)
    return runBatch(n, scan);
  SmallVector<TensorRef> results;
  if (failed(scan.run(n.getLabel(), results)))
    return failure();
  return n.finish(results);
}

void swapc::addScans(HandlerMap &handlers) { handlers["Scan"] = importScan; }
