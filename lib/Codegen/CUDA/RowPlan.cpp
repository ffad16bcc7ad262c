//===- RowPlan.cpp - Teams and tiles of row kernels -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Reductions that are worth several threads.
static constexpr int64_t kLongReduction = 16;

static int64_t coefficient(const LoopAccess &access, int loop) {
  return access.tensor && access.tensor->base && loop >= 0
             ? access.offset.coefficients[loop]
             : 0;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

/// The operation that combines the accumulator of result `index` where a
/// condition holds, as ArgMax takes the smaller position; or null. A thread for
/// which it never holds is left with the combiner's neutral element.
static Operation *findConditionalCombiner(linalg::GenericOp op,
                                          unsigned index) {
  Block *body = op.getBody();
  BlockArgument accumulator = body->getArgument(op.getNumDpsInputs() + index);
  auto select =
      body->getTerminator()->getOperand(index).getDefiningOp<arith::SelectOp>();
  if (!select || select.getFalseValue() != accumulator ||
      !accumulator.hasNUses(2))
    return nullptr;
  Operation *combiner = select.getTrueValue().getDefiningOp();
  if (!isa_and_nonnull<arith::MinSIOp, arith::MaxSIOp>(combiner) ||
      !combiner->hasOneUse() ||
      !llvm::is_contained(combiner->getOperands(), accumulator))
    return nullptr;
  return combiner;
}

static void findConditionalCombiners(RowNest &nest) {
  if (!nest.generic || !nest.combiners.empty())
    return;
  for (unsigned index = 0; index < nest.inits.size(); ++index)
    if (Operation *combiner = findConditionalCombiner(nest.generic, index))
      nest.combiners.push_back(combiner);
  if (nest.combiners.size() != nest.inits.size())
    nest.combiners.clear();
}

static bool hasExtract(RowNest &nest) {
  return nest.generic &&
         llvm::any_of(*nest.generic.getBody(),
                      [](Operation &op) { return isa<tensor::ExtractOp>(op); });
}

/// Whether no nest reads what another one of the kernel writes.
static bool areIndependent(CudaRowPlan &plan) {
  for (auto &tensor : plan.rows.tensors)
    if (tensor->produced && tensor->operand < 0)
      return false;
  for (RowNest &nest : plan.rows.nests) {
    for (const auto *list : {&nest.inputs, &nest.inits})
      for (const LoopAccess &access : *list)
        if (access.tensor && access.tensor->base &&
            plan.getStored(access.tensor)->produced)
          return false;
    if (nest.generic)
      for (Operation &op : *nest.generic.getBody())
        if (auto extract = dyn_cast<tensor::ExtractOp>(op))
          if (plan.rows.tensorOf.lookup(extract.getTensor())->produced)
            return false;
  }
  return true;
}

static RowGroup makeGroup(MutableArrayRef<RowNest> nests, unsigned outer) {
  RowGroup group;
  group.outer = outer;
  for (RowNest &nest : nests) {
    CudaNest entry;
    entry.nest = &nest;
    ArrayRef<int64_t> sizes = nest.sizes;
    entry.inner = product(sizes.slice(outer, nest.parallel - outer));
    entry.reduced = product(sizes.drop_front(nest.parallel));
    group.nests.push_back(entry);
  }
  group.items = product(ArrayRef(nests[0].sizes).take_front(outer));
  return group;
}

/// Another loop of the result that the inputs are contiguous in which are not
/// along the result's own; or -1.
static int findAcross(const RowNest &nest, int along, int64_t least) {
  if (!nest.outputs[0].tensor || coefficient(nest.outputs[0], along) != 1)
    return -1;
  int across = -1;
  for (const LoopAccess &input : nest.inputs) {
    int64_t step = coefficient(input, along);
    if (step == 0 || step == 1)
      continue;
    int found = -1;
    for (unsigned loop = 0; loop < nest.parallel; ++loop)
      if (coefficient(input, loop) == 1 && nest.sizes[loop] >= least)
        found = loop;
    if (found < 0 || (across >= 0 && across != found))
      return -1;
    across = found;
  }
  return across;
}

/// Neighbours along the last outer loop that a thread takes at once.
static int64_t chooseVector(const RowGroup &group, const CudaTarget &target) {
  RowNest &nest = *group.nests[0].nest;
  if (group.nests.size() > 1 || group.outer == 0 || hasExtract(nest))
    return 1;
  unsigned loop = group.outer - 1;
  int64_t bytes = 1;
  bool isStrided = false;
  nest.forEachAccess([&](LoopAccess &access) {
    if (!access.tensor->base)
      return;
    bytes = std::max<int64_t>(
        bytes, swap::getElementBytes(access.tensor->type.getElementType()));
    int64_t step = coefficient(access, loop);
    isStrided |= step != 0 && step != 1;
  });
  if (isStrided)
    return 1;
  int64_t wanted = target.multiprocessors * 256;
  int64_t vector = std::min<int64_t>(16 / bytes, 8);
  while (vector > 1 &&
         (nest.sizes[loop] % vector != 0 || group.items / vector < wanted ||
          !llvm::all_of(nest.outputs, [&](LoopAccess &output) {
            return isPack(output, loop, vector);
          })))
    vector /= 2;
  return vector;
}

/// A group whose nests each thread runs on outer iterations of its own.
static RowGroup makeThreadGroup(MutableArrayRef<RowNest> nests, unsigned outer,
                                const CudaTarget &target) {
  RowNest &nest = nests[0];
  RowGroup group = makeGroup(nests, outer);
  int along = nest.parallel;
  while (along > 0 && nest.sizes[along - 1] == 1)
    --along;
  --along;
  bool alone = nests.size() == 1 && outer == nest.parallel && along >= 0 &&
               nest.sizes.size() == nest.parallel && !nest.pinned[along] &&
               group.items > 0;
  if (alone && nest.sizes[along] < 8 &&
      along + 1 == static_cast<int>(nest.parallel) &&
      findAcross(nest, along, 8) >= 0)
    return makeGroup(nests, nest.parallel - 1);
  if (int across = alone ? findAcross(nest, along, 8) : -1;
      across >= 0 && nest.sizes[along] >= 8) {
    CudaNest &entry = group.nests[0];
    entry.run = NestRun::Tiles;
    entry.along = along;
    entry.across = across;
    group.tiles = 1;
    for (unsigned loop = 0; loop < nest.parallel; ++loop) {
      bool isTiled =
          static_cast<int>(loop) == along || static_cast<int>(loop) == across;
      group.tiles *= llvm::divideCeil(nest.sizes[loop], isTiled ? 32 : 1);
    }
    return group;
  }
  group.vector = chooseVector(group, target);
  group.items /= group.vector;
  return group;
}

//===----------------------------------------------------------------------===//
// Teams
//===----------------------------------------------------------------------===//

static int64_t nextPowerOf2(int64_t value) {
  return llvm::PowerOf2Ceil(std::max<int64_t>(1, value));
}

/// Neighbouring outer iterations are neighbours in memory, where the work of
/// one iteration is not: as of an image whose channels are innermost, a sum
/// over pixels; or of one whose pixels are, a softmax over channels.
static bool areColumns(CudaRowPlan &plan, const CudaTarget &target) {
  RowGroup &group = plan.groups[0];
  int last = static_cast<int>(group.outer) - 1;
  while (last >= 0 && group.nests[0].nest->sizes[last] == 1)
    --last;
  if (last < 0)
    return false;
  bool isLong = false, isAlong = false, isWithin = false;
  for (const CudaNest &entry : group.nests) {
    if (entry.reduced >= kLongReduction && entry.nest->combiners.empty())
      return false;
    isLong |= entry.inner > kUnrolledRows ||
              (entry.reduced >= kLongReduction &&
               group.items < target.multiprocessors * 2048);
    entry.nest->forEachAccess([&](LoopAccess &access) {
      if (!access.tensor->base || plan.getStored(access.tensor)->operand < 0)
        return;
      isAlong |= coefficient(access, last) == 1;
      for (unsigned loop = group.outer; loop < entry.nest->sizes.size(); ++loop)
        isWithin |=
            entry.nest->sizes[loop] > 1 && coefficient(access, loop) == 1;
    });
  }
  return isLong && isAlong && !isWithin;
}

static void chooseTeam(CudaRowPlan &plan, const CudaTarget &target) {
  RowGroup &group = plan.groups[0];
  int64_t length = 1, width = 1;
  for (const CudaNest &entry : group.nests) {
    length = std::max(length, entry.inner * entry.reduced);
    width = std::max({width, entry.inner, entry.reduced});
  }
  if (areColumns(plan, target)) {
    plan.team = RowTeam::Columns;
    plan.teamSize = std::clamp<int64_t>(nextPowerOf2(width / 4), 4, 16);
    plan.teams = 32;
    plan.threads = 32 * plan.teamSize;
    return;
  }
  bool many = group.items >= target.multiprocessors * 8;
  if (length <= 64 || (many && length <= 1024)) {
    plan.team = RowTeam::Warp;
    plan.teamSize = 32;
    plan.teams =
        std::clamp<int64_t>(group.items / target.multiprocessors, 1, 4);
  } else {
    plan.team = RowTeam::Block;
    plan.teamSize =
        std::clamp<int64_t>(nextPowerOf2(length / 4), 64, many ? 256 : 1024);
    plan.teams = 1;
  }
  plan.threads = plan.teamSize * plan.teams;
}

static void chooseRuns(CudaRowPlan &plan) {
  for (CudaNest &entry : plan.groups[0].nests) {
    if (entry.nest->combiners.empty() || entry.reduced < kLongReduction)
      continue;
    if (entry.inner == 1) {
      entry.run = NestRun::Team;
      continue;
    }
    int64_t warps = std::max<int64_t>(1, plan.teamSize / 32);
    int64_t each = llvm::divideCeil(entry.inner, plan.teamSize) * entry.reduced;
    int64_t byWarps = llvm::divideCeil(entry.inner, warps) *
                      (llvm::divideCeil(entry.reduced, 32) + 10);
    if (byWarps < each && plan.team != RowTeam::Columns)
      entry.run = NestRun::Warps;
  }
}

/// A thread for each outer iteration, unless reductions are long.
static bool planThreads(CudaRowPlan &plan, const CudaTarget &target) {
  MutableArrayRef<RowNest> nests(plan.rows.nests);
  bool isShort = true;
  for (RowNest &nest : nests) {
    int64_t reduced = product(ArrayRef(nest.sizes).drop_front(nest.parallel));
    int64_t items = product(ArrayRef(nest.sizes).take_front(nest.parallel));
    bool enough = items >= target.multiprocessors * 2048;
    isShort &= reduced < kLongReduction || nest.combiners.empty() ||
               (enough && reduced < 64);
  }
  plan.team = RowTeam::Thread;
  plan.teamSize = 1;
  if (areIndependent(plan) && (isShort || nests.size() > 1)) {
    for (RowNest &nest : nests)
      plan.groups.push_back(makeThreadGroup(nest, nest.parallel, target));
  } else {
    plan.groups.push_back(makeGroup(nests, plan.rows.prefix));
    for (const CudaNest &entry : plan.groups[0].nests)
      isShort &= entry.inner <= kUnrolledRows;
    if (!isShort)
      return false;
  }
  plan.rows.outer = plan.groups[0].outer;
  if (!placeTensors(plan))
    return false;
  int64_t items = 0;
  bool isTiled = false;
  for (const RowGroup &group : plan.groups) {
    items = std::max(items, group.items);
    isTiled |= group.nests[0].run == NestRun::Tiles;
  }
  plan.threads = isTiled || items >= target.multiprocessors * 512 ? 256
                 : items >= target.multiprocessors * 64           ? 128
                                                                  : 64;
  plan.teams = plan.threads;
  for (RowGroup &group : plan.groups)
    if (group.nests[0].run != NestRun::Tiles)
      group.tiles =
          std::max<int64_t>(1, llvm::divideCeil(group.items, plan.threads));
  return true;
}

static void planTeams(CudaRowPlan &plan, const CudaTarget &target) {
  plan.groups.clear();
  plan.groups.push_back(makeGroup(plan.rows.nests, plan.rows.prefix));
  RowGroup &group = plan.groups[0];
  plan.rows.outer = group.outer;
  chooseTeam(plan, target);
  chooseRuns(plan);
  placeTensors(plan);
  if (plan.tileScratch > 0 && plan.team != RowTeam::Block) {
    plan.team = RowTeam::Block;
    plan.teamSize = plan.threads = 256;
    plan.teams = 1;
    plan.tileScratch = 0;
    placeTensors(plan);
  }
  // A workspace for each tile, so no more of them than keep the GPU busy.
  if (plan.tileScratch > 0)
    plan.block = std::max<int64_t>(
        1, llvm::divideCeil(group.items, 2 * target.multiprocessors));
  group.tiles = std::max<int64_t>(
      1, llvm::divideCeil(group.items, plan.teams * plan.block));
}

FailureOr<CudaRowPlan> swapc::makeCudaRowPlan(func::FuncOp kernel,
                                              const CudaTarget &target) {
  CudaRowPlan plan;
  if (failed(buildNests(kernel, plan.rows)))
    return failure();
  if (plan.rows.nests.empty())
    return kernel.emitError("computes nothing"), failure();
  for (auto &tensor : plan.rows.tensors)
    plan.tensorOf[&tensor->access] = tensor.get();
  leadWithSharedLoops(plan);
  mergeLoops(plan.rows);
  int64_t largest = 0;
  for (auto &tensor : plan.rows.tensors) {
    largest = std::max(largest, tensor->access.type.getNumElements());
  }
  for (RowNest &nest : plan.rows.nests) {
    findConditionalCombiners(nest);
    largest = std::max(largest, nest.iterations());
  }
  plan.isWide = largest >= int64_t(1) << 30;
  if (!planThreads(plan, target))
    planTeams(plan, target);
  int64_t tile = 0;
  for (RowGroup &group : plan.groups) {
    group.firstTile = tile;
    tile += group.tiles;
  }
  plan.inPlace = findInPlaceOperands(kernel, plan.rows);
  return plan;
}

static StringRef getVariant(const CudaRowPlan &plan) {
  switch (plan.team) {
  case RowTeam::Thread:
    return plan.groups[0].nests[0].run == NestRun::Tiles ? "transpose" : "map";
  case RowTeam::Warp:
    return "warp_rows";
  case RowTeam::Block:
    return "block_rows";
  case RowTeam::Columns:
    return "columns";
  }
  llvm_unreachable("all teams are above");
}

FailureOr<CudaKernelPlan> swapc::planCudaRows(func::FuncOp kernel,
                                              const CudaTarget &target) {
  FailureOr<CudaRowPlan> plan = makeCudaRowPlan(kernel, target);
  if (failed(plan))
    return failure();
  MLIRContext *context = kernel.getContext();
  const RowGroup &last = plan->groups.back();
  int64_t tiles = last.firstTile + last.tiles;
  CudaKernelPlan result;
  result.schedule = swap::ScheduleAttr::get(
      context, swap::KernelKind::Rows, /*panels=*/1, tiles, /*rows=*/1,
      plan->block, plan->tileScratch * tiles, countFlops(plan->rows),
      plan->inPlace);
  result.launch = swap::GpuAttr::get(
      context, StringAttr::get(context, getVariant(*plan)), plan->threads,
      /*splits=*/1, /*shared=*/0, {plan->teamSize, plan->groups[0].vector});
  return result;
}
