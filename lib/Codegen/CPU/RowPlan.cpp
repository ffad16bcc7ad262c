//===- RowPlan.cpp - Lanes, tiles and scratch of a row kernel ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopNest.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Elements that one grid tile should compute, below which threads gain little.
static constexpr int64_t kTileElements = 16384;
/// Tiles that a kernel worth threading has at least.
static constexpr int64_t kMinTiles = 8;
static constexpr int64_t kThreadedElements = 65536;

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

static int64_t coefficient(const LoopAccess &access, int loop) {
  return access.tensor && access.tensor->base && loop >= 0
             ? access.offset.coefficients[loop]
             : 0;
}

static int64_t elementBits(Type type) {
  return 8 * swap::getElementBytes(type);
}

/// Lanes of one vector: as many as fit of the widest type that is stored; no
/// narrower than 32 bits where there is arithmetic.
static int64_t chooseWidth(RowNest &nest, const CpuTarget &target) {
  int64_t bits = 8;
  nest.forEachAccess([&](LoopAccess &access) {
    bits = std::max(bits, elementBits(access.tensor->type.getElementType()));
  });
  if (nest.generic)
    for (Operation &op : nest.generic.getBody()->without_terminator()) {
      bits = std::max<int64_t>(bits, 32);
      Type type = op.getResult(0).getType();
      if (type.isF64())
        bits = 64;
    }
  return target.lanes(bits);
}

/// The parallel loop that results are contiguous in.
static int findContiguousLoop(RowNest &nest) {
  for (int loop = nest.parallel - 1; loop >= 0; --loop)
    if (nest.sizes[loop] > 1)
      return coefficient(nest.outputs[0], loop) == 1 ? loop : -1;
  return -1;
}

static bool dependsOn(const LoopAccess &access, int loop) {
  return llvm::any_of(access.bounds, [&](const LoopAccess::Bound &bound) {
    return bound.form.coefficients[loop] != 0;
  });
}

/// Another parallel loop that an input is contiguous in, or -1.
static int findAcross(RowNest &nest) {
  int along = nest.vector, across = -1;
  if (nest.sizes[along] < 4 || nest.pinned[along])
    return -1;
  for (LoopAccess &input : nest.inputs) {
    int64_t step = coefficient(input, along);
    if (step == 0 || step == 1)
      continue;
    int found = -1;
    for (unsigned loop = 0; loop < nest.parallel; ++loop)
      if (coefficient(input, loop) == 1 && nest.sizes[loop] >= 4)
        found = loop;
    if (found < 0 || dependsOn(input, along) || dependsOn(input, found) ||
        nest.pinned[found] || (across >= 0 && across != found))
      return -1;
    across = found;
  }
  return across;
}

/// The reduction that all inputs are contiguous or constant in, or -1.
static int findHorizontal(RowNest &nest) {
  if (nest.combiners.empty())
    return -1;
  for (unsigned loop = nest.parallel; loop < nest.sizes.size(); ++loop) {
    bool steps = nest.sizes[loop] >= 4, contiguous = false;
    for (LoopAccess &input : nest.inputs) {
      int64_t step = coefficient(input, loop);
      steps &= step == 0 || step == 1;
      contiguous |= step == 1;
    }
    if (steps && contiguous)
      return loop;
  }
  return -1;
}

static void makeScalar(RowNest &nest) {
  nest.vector = nest.across = -1;
  nest.width = 1;
  nest.mode = NestMode::Lanes;
}

static void chooseLanes(RowNest &nest, const CpuTarget &target) {
  nest.width = chooseWidth(nest, target);
  nest.vector = findContiguousLoop(nest);
  bool reduces = nest.sizes.size() > nest.parallel;
  if (reduces) {
    bool contiguous =
        nest.vector >= 0 && llvm::all_of(nest.inputs, [&](LoopAccess &input) {
          int64_t step = coefficient(input, nest.vector);
          return step == 0 || step == 1;
        });
    int horizontal = contiguous ? -1 : findHorizontal(nest);
    if (horizontal >= 0) {
      nest.mode = NestMode::Horizontal;
      nest.vector = horizontal;
    }
  } else if (nest.vector >= 0) {
    nest.across = findAcross(nest);
    bool strided = !nest.inputs.empty() &&
                   llvm::all_of(nest.inputs, [&](LoopAccess &input) {
                     int64_t step = coefficient(input, nest.vector);
                     return step != 0 && step != 1;
                   });
    if (strided && nest.sizes[nest.vector] < 4) {
      // Few elements from far apart, as in channels-last images: one by one.
      nest.inside = std::max<int>(0, nest.vector - 1);
      makeScalar(nest);
      return;
    }
    if (nest.across >= 0) {
      nest.mode = NestMode::Transpose;
      nest.width = std::min<int64_t>(nest.width, 16);
    }
  }
  if (nest.vector < 0 || nest.width < 2)
    makeScalar(nest);
}

//===----------------------------------------------------------------------===//
// Tiles and scratch
//===----------------------------------------------------------------------===//

int64_t swapc::countFlops(RowPlan &plan) {
  int64_t flops = 0;
  for (RowNest &nest : plan.nests) {
    int64_t operations = 1;
    if (nest.generic)
      operations = std::max<int64_t>(
          1, nest.generic.getBody()->getOperations().size() - 1);
    flops += operations * nest.iterations();
  }
  return flops;
}

static void chooseOuter(RowPlan &plan) {
  // Loops before `inner` are outer ones; lanes must stay inside.
  unsigned inner = plan.prefix;
  int64_t grain = 1, total = 0, largest = 0, perInner = 0;
  for (RowNest &nest : plan.nests) {
    total += nest.iterations();
    largest = std::max(largest, nest.iterations());
  }
  auto innermostOuter = [](RowNest &nest) {
    if (nest.inside >= 0)
      return static_cast<unsigned>(nest.inside);
    unsigned loop = nest.vector < 0 ? nest.sizes.size() : nest.vector;
    return nest.across < 0 ? loop : std::min<unsigned>(loop, nest.across);
  };
  for (RowNest &nest : plan.nests)
    if (nest.iterations() * 8 >= largest)
      inner = std::min(inner, innermostOuter(nest));
  // A small nest (a scale of each row) does not cut across the others' rows.
  for (RowNest &nest : plan.nests)
    if (innermostOuter(nest) < inner)
      makeScalar(nest);
  for (RowNest &nest : plan.nests) {
    perInner += nest.iterations(inner);
    grain = std::max(grain,
                     nest.width * (nest.mode == NestMode::Transpose ? 1 : 4));
  }

  if (plan.nests.empty())
    return;
  ArrayRef<int64_t> sizes = plan.nests[0].sizes;
  plan.outerSizes.assign(sizes.begin(), sizes.begin() + inner);
  int64_t iterations = 1;
  for (int64_t size : plan.outerSizes)
    iterations *= size;
  plan.outer = inner;

  int64_t wantedTiles = total > kThreadedElements ? kMinTiles : 1;
  if (inner < plan.prefix) {
    int64_t size = sizes[inner];
    int64_t perIndex =
        std::max<int64_t>(1, perInner / std::max<int64_t>(1, size));
    int64_t chunk = llvm::divideCeil(kTileElements, perIndex);
    if (iterations < wantedTiles)
      chunk = std::min<int64_t>(
          chunk,
          llvm::divideCeil(
              size, llvm::divideCeil(wantedTiles,
                                     std::max<int64_t>(1, iterations))));
    chunk = llvm::alignTo(chunk, grain);
    if (chunk < size) {
      plan.chunk = chunk;
      plan.outer = inner + 1;
      plan.outerSizes.push_back(llvm::divideCeil(size, chunk));
      iterations *= plan.outerSizes.back();
      perInner = perIndex * chunk;
    }
  }
  plan.outerIterations = iterations;
  int64_t block =
      std::max<int64_t>(1, kTileElements / std::max<int64_t>(1, perInner));
  block = std::min<int64_t>(block, llvm::divideCeil(iterations, wantedTiles));
  plan.schedule.block = std::max<int64_t>(1, block);
  plan.schedule.tiles = llvm::divideCeil(iterations, plan.schedule.block);
}

/// Places what nests hand to each other, one outer iteration of it.
static void placeScratch(RowPlan &plan) {
  int64_t end = 0;
  // A loop without iterations divides nothing.
  auto share = [](int64_t elements, int64_t size) -> int64_t {
    return llvm::divideCeil(elements, std::max<int64_t>(1, size));
  };
  for (auto &tensor : plan.tensors) {
    if (!tensor->produced || tensor->operand >= 0)
      continue;
    int64_t elements = tensor->access.type.getNumElements();
    for (int64_t size : plan.outerSizes)
      elements = share(elements, size);
    if (plan.chunk)
      elements = share(tensor->access.type.getNumElements(),
                       plan.nests[0].sizes[plan.outer - 1]) *
                 plan.chunk;
    if (plan.chunk)
      for (int64_t size : ArrayRef(plan.outerSizes).drop_back())
        elements = share(elements, size);
    tensor->scratchOffset = end;
    end += llvm::alignTo(
        elements * swap::getElementBytes(tensor->access.type.getElementType()),
        64);
  }
  plan.schedule.scratch = end;
}

FailureOr<RowPlan> swapc::makeRowPlan(func::FuncOp kernel,
                                      const CpuTarget &target) {
  RowPlan plan;
  plan.indexBits = target.indexBits;
  if (failed(buildNests(kernel, plan)))
    return failure();
  mergeLoops(plan);
  for (RowNest &nest : plan.nests)
    chooseLanes(nest, target);
  chooseOuter(plan);
  placeScratch(plan);
  plan.schedule.flops = countFlops(plan);
  return plan;
}

FailureOr<RowSchedule> swapc::planRowKernel(func::FuncOp kernel,
                                            const CpuTarget &target) {
  FailureOr<RowPlan> plan = makeRowPlan(kernel, target);
  if (failed(plan))
    return failure();
  plan->schedule.inPlace = findInPlaceOperands(kernel, *plan);
  return plan->schedule;
}
