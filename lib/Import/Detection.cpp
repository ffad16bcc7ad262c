//===- Detection.cpp - Boxes and regions of an image ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

/// A number that may be left out.
static FailureOr<TensorRef> getScalar(NodeImporter &n, unsigned index,
                                      TypedAttr otherwise) {
  TensorRef tensor = n.in(index);
  if (!tensor)
    return n.splat({1}, otherwise);
  if (tensor->getNumElements() != 1 ||
      tensor->getElementType() != otherwise.getType())
    return n.error("input " + Twine(index) + " must be one number");
  return tensor;
}

/// Room for the boxes: as declared, or for as many as can be selected, which is
/// told.
static int64_t getRoom(NodeImporter &n, int64_t lines, int64_t boxes) {
  if (auto shape = n.graph.getDeclaredShape(n.getOutputName(0)))
    if (!shape->empty() && shape->front() >= 0)
      return shape->front();
  int64_t most = 0;
  if (n.in(2)) {
    std::optional<SmallVector<int64_t>> known = n.getInts(n.in(2));
    most = known ? std::clamp<int64_t>(known->front(), 0, boxes) : boxes;
  }
  if (most > 0)
    emitWarning(n.loc) << "how many boxes NonMaxSuppression selects depends on "
                          "data; its result has room for "
                       << lines * most << ", and what is left of it is -1";
  return lines * most;
}

static LogicalResult importNonMaxSuppression(NodeImporter &n) {
  if (failed(n.checkInputs(2, 5)))
    return failure();
  TensorRef boxes = n.in(0), scores = n.in(1);
  Type f32 = n.b.getF32Type(), i64 = n.b.getI64Type();
  if (boxes->getRank() != 3 || scores->getRank() != 3 ||
      boxes->getDim(2) != 4 || boxes->getDim(0) != scores->getDim(0) ||
      boxes->getDim(1) != scores->getDim(2) || boxes->getElementType() != f32 ||
      scores->getElementType() != f32)
    return n.error("takes boxes [batches, boxes, 4] and scores [batches, "
                   "classes, boxes] of float32");
  int64_t batches = scores->getDim(0), classes = scores->getDim(1);
  int64_t count = scores->getDim(2);
  auto most = getScalar(n, 2, n.b.getI64IntegerAttr(0));
  auto overlap = getScalar(n, 3, n.b.getF32FloatAttr(0));
  auto least = getScalar(n, 4, n.b.getF32FloatAttr(0));
  if (failed(most) || failed(overlap) || failed(least))
    return failure();
  int64_t room = getRoom(n, batches * classes, count);
  RoutineUse use{"nonmax", {boxes, scores, *most, *overlap, *least}};
  use.constants = {batches, classes,
                   count,   n.getInt("center_point_box", 0) != 0,
                   room,    n.in(4) != nullptr};
  use.results = {{{room, 3}, i64}};
  use.scratch = count * 24;
  use.flops = scores->getNumElements() * (llvm::Log2_64(count + 1) + 1) * 4;
  return n.finish(addRoutine(n, use));
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

static LogicalResult importRoiAlign(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  TensorRef input = n.in(0), regions = n.in(1), images = n.in(2);
  if (input->getRank() != 4 || regions->getRank() != 2 ||
      regions->getDim(1) != 4 || images->getRank() != 1 ||
      images->getDim(0) != regions->getDim(0) ||
      !images->getElementType().isInteger(64))
    return n.error("takes an image [n, c, h, w], regions [count, 4] and the "
                   "image of each as int64");
  Type type = input->getElementType(), f32 = n.b.getF32Type();
  if (!isa<FloatType>(type) || type.isF64() || input->getNumElements() == 0)
    return n.error("takes images of float32, float16 or bfloat16, not empty");
  int64_t rows = n.getInt("output_height", 1);
  int64_t columns = n.getInt("output_width", 1);
  int64_t samples = n.getInt("sampling_ratio", 0);
  StringRef mode = n.getString("mode", "avg");
  StringRef coordinates =
      n.getString("coordinate_transformation_mode",
                  n.opset < 16 ? "output_half_pixel" : "half_pixel");
  if (rows < 1 || columns < 1 || samples < 0)
    return n.error("needs an output of one cell or more, and no negative "
                   "sampling_ratio");
  if (mode != "avg" && mode != "max")
    return n.error("mode '" + mode + "' is not supported");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel")
    return n.error("coordinate_transformation_mode '" + coordinates +
                   "' is not supported");
  float scale = n.getFloat("spatial_scale", 1);
  RoutineUse use{"roi_align",
                 {n.cast(input, f32), n.cast(regions, f32), images}};
  use.constants = llvm::to_vector(input->getShape());
  use.constants.append({rows, columns, samples, mode == "max",
                        coordinates == "half_pixel",
                        llvm::bit_cast<uint32_t>(scale)});
  use.results = {{{regions->getDim(0), input->getDim(1), rows, columns}, f32}};
  use.items = std::max<int64_t>(1, regions->getDim(0) * input->getDim(1));
  use.flops =
      use.items * rows * columns * 32 * std::max<int64_t>(4, samples * samples);
  TensorRef result = addRoutine(n, use).front();
  if (!result)
    return failure();
  return n.finish(n.cast(result, type));
}

//===----------------------------------------------------------------------===//
// MaxRoiPool
//===----------------------------------------------------------------------===//

static LogicalResult importMaxRoiPool(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef input = n.in(0), regions = n.in(1);
  Type type = input->getElementType(), f32 = n.b.getF32Type();
  if (input->getRank() != 4 || regions->getRank() != 2 ||
      regions->getDim(1) != 5 || !isa<FloatType>(type) || type.isF64() ||
      regions->getElementType() != type || input->getNumElements() == 0)
    return n.error("takes an image [n, c, h, w] and regions [count, 5], of "
                   "float32, float16 or bfloat16, the image not empty");
  SmallVector<int64_t> cells = n.getInts("pooled_shape");
  if (cells.size() != 2 || cells[0] < 1 || cells[1] < 1)
    return n.error("pooled_shape must be two numbers above 0");
  float scale = n.getFloat("spatial_scale", 1);
  RoutineUse use{"roi_pool", {n.cast(input, f32), n.cast(regions, f32)}};
  use.constants = llvm::to_vector(input->getShape());
  use.constants.append({cells[0], cells[1], llvm::bit_cast<uint32_t>(scale)});
  use.results = {
      {{regions->getDim(0), input->getDim(1), cells[0], cells[1]}, f32}};
  use.items = std::max<int64_t>(1, regions->getDim(0) * input->getDim(1));
  use.flops = use.items * input->getDim(2) * input->getDim(3);
  TensorRef result = addRoutine(n, use).front();
  if (!result)
    return failure();
  return n.finish(n.cast(result, type));
}

void swapc::addDetections(HandlerMap &handlers) {
  handlers["MaxRoiPool"] = importMaxRoiPool;
  handlers["NonMaxSuppression"] = importNonMaxSuppression;
  handlers["RoiAlign"] = importRoiAlign;
}
