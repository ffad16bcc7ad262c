//===- CutTiles.cpp - Tiles that a smaller size does not need -------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tiles of a kernel go through some loops of its result one after the
// other. Where one of them is a dimension whose size a run says, tiles behind
// the size compute what nobody reads. Which these are is linear in the size,
// so that the runtime finds them from a few numbers: see swap_cut.
//
// Tiles become smaller here than threads alone would want them: what a size
// does not fill of its last tile is computed in vain.
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "Contraction.h"
#include "LoopNest.h"
#include "SizedLayouts.h"
#include "swap/runtime.h"
#include "swapc/Codegen/CPU/Passes.h"

#include "llvm/Support/MathExtras.h"

#include <map>
#include <numeric>

/// Rows of a contraction's tile, and more where each tile packs its columns.
static constexpr int64_t kTileRows = 12, kPackingTileRows = 64;
/// Tiles along a dimension, from which on smaller ones save nothing.
static constexpr int64_t kSizeTiles = 16;
/// The most tiles that a kernel is cut into for it.
static constexpr int64_t kMostTiles = 8192;

namespace swapc {
#define GEN_PASS_DEF_CUTTILES
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

namespace {

struct Cut {
  int64_t size, period, unit, scale, offset;
  bool operator==(const Cut &other) const {
    return size == other.size && period == other.period && unit == other.unit &&
           scale == other.scale && offset == other.offset;
  }
};
using Cuts = SmallVector<Cut, 2>;

/// Positions of a result that tiles go through in order.
struct Positions {
  Dim dim;
  int64_t inner = 1; ///< Tiles' own steps for each position of `dim`.
  int64_t unit = 1;  ///< Such steps of one tile.
  int64_t tiles = 1; ///< After which the positions begin anew.
  int64_t slack = 0; ///< Steps more, where the last ones are not whole.
};

} // namespace

static void addCuts(const Positions &at, Cuts &cuts) {
  int64_t inner = at.inner, size = at.dim.getSize();
  for (const Factor &factor : llvm::reverse(at.dim.factors)) {
    int64_t length = factor.size * inner;
    bool isOutermost = length == size * at.inner;
    int64_t scaled = -1, count = 0;
    for (auto [i, scale] : llvm::enumerate(factor.valid.scales))
      if (scale != 0) {
        scaled = i;
        ++count;
      }
    bool fits = isOutermost || (length % at.unit == 0 && at.slack == 0);
    if (count == 1 && fits && factor.valid.scales[scaled] > 0) {
      Cut cut{scaled, isOutermost ? at.tiles : length / at.unit, at.unit,
              factor.valid.scales[scaled] * inner,
              factor.valid.constant * inner + at.slack};
      if (cut.period > 1 && llvm::isUInt<32>(cut.period) &&
          llvm::isUInt<32>(cut.unit) && cuts.size() < SWAP_MAX_CUTS)
        cuts.push_back(cut);
    }
    inner = length;
  }
}

static bool isAnySized(ArrayRef<Dim> dims) {
  return llvm::any_of(dims, [](const Dim &dim) { return !dim.isStatic(); });
}

/// The schedule with tiles of so many rows.
static swap::ScheduleAttr shrink(swap::ScheduleAttr schedule, int64_t block,
                                 int64_t tiles) {
  return swap::ScheduleAttr::get(
      schedule.getContext(), schedule.getKind(), schedule.getPanels(), tiles,
      schedule.getRows(), block, schedule.getScratch(), schedule.getFlops(),
      schedule.getInplace());
}

static swap::ScheduleAttr shrink(swap::ScheduleAttr schedule,
                                 const ContractionInfo &info,
                                 const ContractionPlan &plan) {
  int64_t rows = plan.source == PanelSource::Scratch ? kPackingTileRows
                                                     : kTileRows;
  int64_t block =
      std::min<int64_t>(schedule.getBlock(), llvm::alignTo(rows, plan.rows));
  int64_t before = llvm::divideCeil(info.rows(), schedule.getBlock());
  int64_t chunks = llvm::divideCeil(info.rows(), block);
  return shrink(schedule, block, schedule.getTiles() / before * chunks);
}

/// All dimensions of a layout as one.
static Dim flatten(ArrayRef<Dim> layout) {
  Dim all;
  for (const Dim &dim : layout)
    all.append(dim);
  return all;
}

static Cuts getContractionCuts(const ContractionInfo &info,
                               const ContractionPlan &plan,
                               ArrayRef<Dim> loops) {
  auto join = [&](ArrayRef<unsigned> order) {
    Dim all;
    for (unsigned loop : order)
      all.append(loops[loop]);
    return all;
  };
  Cuts cuts;
  int64_t chunks = llvm::divideCeil(info.rows(), plan.block);
  int64_t columns = llvm::divideCeil(info.columns(), plan.width());
  addCuts({join(info.m), 1, plan.block, chunks}, cuts);
  int64_t batches = info.sizeOf(info.batch);
  addCuts({join(info.batch), columns * chunks, 1, batches * columns * chunks},
          cuts);
  // Panels of columns are whole: no fewer than the size needs.
  addCuts({loops[info.n], chunks, plan.width(), columns * chunks,
           (plan.width() - 1) * chunks},
          cuts);
  return cuts;
}

namespace {
/// Outer iterations go through the leading dimensions of a result, the last of
/// them perhaps in chunks.
struct RowPositions {
  Positions leading, chunked;
  bool hasChunks = false;
};
} // namespace

static std::optional<RowPositions> getPositions(const RowPlan &plan,
                                                ArrayRef<Dim> layout) {
  if (plan.nests.empty() || plan.outerIterations <= 1)
    return std::nullopt;
  Dim all = flatten(layout);
  int64_t before = 1, last = 1, chunks = 1;
  for (int64_t size : plan.outerSizes)
    before *= size;
  if (plan.chunk) {
    chunks = plan.outerSizes.back();
    before /= chunks;
    last = plan.nests[0].sizes[plan.outer - 1];
  }
  int64_t rest = all.getSize() / std::max<int64_t>(1, before * last);
  if (before * last * rest != all.getSize())
    return std::nullopt;
  std::optional<Layout> parts =
      expand(all, ReassociationIndices{0, 1, 2}, {before, last, rest});
  if (!parts)
    return std::nullopt;
  RowPositions positions;
  positions.leading.dim = (*parts)[0];
  positions.leading.inner = chunks;
  positions.chunked.dim = (*parts)[1];
  positions.chunked.unit = std::max<int64_t>(1, plan.chunk);
  positions.hasChunks = before == 1;
  return positions;
}

/// A number of iterations for a tile that divides what a size repeats after.
static int64_t getBlock(const RowPositions &positions, int64_t block,
                        int64_t iterations) {
  int64_t least = std::max<int64_t>(1, llvm::divideCeil(iterations, kMostTiles));
  const Positions &at = positions.leading;
  int64_t inner = at.inner, size = at.dim.getSize() * at.inner;
  for (const Factor &factor : llvm::reverse(at.dim.factors)) {
    inner *= factor.size;
    if (factor.isStatic())
      continue;
    int64_t most =
        std::min(block, std::max<int64_t>(1, inner / kSizeTiles));
    if (inner == size) { // the outermost one
      block = std::max(most, least);
      continue;
    }
    while (most > 1 && inner % most != 0)
      --most;
    if (most >= least)
      block = most;
  }
  return block;
}

static Cuts getRowCuts(const RowPlan &plan, ArrayRef<Dim> layout,
                       int64_t block) {
  Cuts cuts;
  std::optional<RowPositions> positions = getPositions(plan, layout);
  if (!positions)
    return cuts;
  int64_t tiles = llvm::divideCeil(plan.outerIterations, block);
  for (Positions *at : {&positions->leading, &positions->chunked}) {
    at->unit *= block;
    at->tiles = tiles;
  }
  addCuts(positions->leading, cuts);
  if (positions->hasChunks)
    addCuts(positions->chunked, cuts);
  return cuts;
}

namespace {

struct CutTiles : public swapc::impl::CutTilesBase<CutTiles> {
  using CutTilesBase::CutTilesBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto sizes =
        module->getAttrOfType<ArrayAttr>(swap::SwapDialect::kSizesAttr);
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!sizes || !main)
      return;
    FailureOr<CpuTarget> target = getCpuTarget(triple, cpu, features, module);
    if (failed(target))
      return signalPassFailure();
    SmallVector<int64_t> most;
    for (auto size : sizes.getAsRange<DictionaryAttr>())
      most.push_back(size.getAs<IntegerAttr>("most").getInt());
    for (BlockArgument argument : main.getArguments()) {
      unsigned index = argument.getArgNumber();
      if (index >= main.getNumArguments() - most.size())
        layouts.setSize(argument);
      else if (auto extents = main.getArgAttrOfType<DenseI64ArrayAttr>(
                   index, swap::SwapDialect::kExtentsAttr))
        layouts.setInput(argument, extents, most);
    }
    SymbolTable symbols(module);
    for (Operation &op : main.getBody().front()) {
      auto call = dyn_cast<swap::CallOp>(op);
      if (!call) {
        layouts.visit(&op);
        if (auto rows = dyn_cast<swap::RowsOp>(op))
          visitRows(rows);
        continue;
      }
      visitCall(call, symbols.lookup<func::FuncOp>(call.getKernel()), *target);
    }
    Builder b(module.getContext());
    for (auto &[name, cuts] : found) {
      SmallVector<int64_t> numbers;
      for (const Cut &cut : cuts)
        numbers.append(
            {cut.size, cut.period, cut.unit, cut.scale, cut.offset});
      if (!numbers.empty())
        symbols.lookup(name)->setAttr(swap::SwapDialect::kCutsAttr,
                                      b.getDenseI64ArrayAttr(numbers));
    }
  }

  /// Cuts that hold for all calls of a kernel and for all of its results.
  static void keepCommon(std::optional<Cuts> &known, const Cuts &more) {
    if (!known) {
      known = more;
      return;
    }
    llvm::erase_if(*known,
                   [&](const Cut &cut) { return !llvm::is_contained(more, cut); });
  }

  /// Rows that a run does not need are not brought in: cuts of the table.
  void visitRows(swap::RowsOp rows) {
    auto table = rows.getTable().getDefiningOp<swap::ParamOp>();
    if (!table)
      return;
    Dim dim = layouts.getLayout(rows.getIndices())[0];
    Cuts cuts;
    addCuts({dim, 1, 1, dim.getSize(), 0}, cuts);
    llvm::erase_if(cuts, [&](const Cut &cut) {
      return cut.period != dim.getSize(); // only those at the end
    });
    std::optional<Cuts> known;
    auto [entry, isNew] = found.try_emplace(table.getParameter().str(), cuts);
    if (!isNew) {
      known = entry->second;
      keepCommon(known, cuts);
      entry->second = *known;
    }
  }

  void visitCall(swap::CallOp call, func::FuncOp kernel,
                 const CpuTarget &target) {
    layouts.enter(kernel, call.getInputs());
    for (Operation &op : kernel.getBody().front().without_terminator())
      layouts.visit(&op);
    Operation *end = kernel.getBody().front().getTerminator();
    for (auto [result, value] :
         llvm::zip_equal(call.getResults(), end->getOperands()))
      layouts.setResult(result, value);
    std::optional<Cuts> cuts;
    auto schedule = kernel->getAttrOfType<swap::ScheduleAttr>(
        swap::SwapDialect::kScheduleAttr);
    if (schedule && schedule.getKind() != swap::KernelKind::Routine &&
        !isAttention(kernel))
      cuts = getCuts(kernel, schedule, target);
    auto [entry, isNew] =
        found.try_emplace(call.getKernel().str(), cuts.value_or(Cuts()));
    if (!isNew) {
      std::optional<Cuts> known = entry->second;
      keepCommon(known, cuts.value_or(Cuts()));
      entry->second = *known;
    }
  }

  std::optional<Cuts> getCuts(func::FuncOp kernel, swap::ScheduleAttr schedule,
                              const CpuTarget &target) {
    // Tiles are cut once, however often the kernel is called.
    bool isNew = !found.count(kernel.getName().str());
    FailureOr<ContractionInfo> info = analyzeContraction(kernel);
    if (succeeded(info)) {
      SmallVector<Dim> loops = layouts.getLoops(info->root);
      ContractionPlan plan = planContraction(*info, target, schedule);
      if (isNew && isAnySized(loops)) {
        schedule = shrink(schedule, *info, plan);
        kernel->setAttr(swap::SwapDialect::kScheduleAttr, schedule);
        plan = planContraction(*info, target, schedule);
      }
      return getContractionCuts(*info, plan, loops);
    }
    FailureOr<RowPlan> plan = makeRowPlan(kernel, target);
    if (failed(plan))
      return std::nullopt;
    int64_t block = schedule.getBlock();
    auto results = kernel.getBody().front().getTerminator()->getOperands();
    if (isNew && !results.empty())
      if (auto positions =
              getPositions(*plan, layouts.getLayout(results.front()))) {
        block = getBlock(*positions, block, plan->outerIterations);
        kernel->setAttr(
            swap::SwapDialect::kScheduleAttr,
            shrink(schedule, block,
                   llvm::divideCeil(plan->outerIterations, block)));
      }
    std::optional<Cuts> cuts;
    for (Value result : results)
      keepCommon(cuts, getRowCuts(*plan, layouts.getLayout(result), block));
    return cuts;
  }

  SizedLayouts layouts;
  std::map<std::string, Cuts> found;
};

} // namespace
