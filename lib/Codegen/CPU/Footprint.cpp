//===- Footprint.cpp - What some tiles read and write -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Footprint.h"
#include "Winograd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

namespace {

/// Rows of a value that rows [a, b) of the result need:
/// [scale * a + low, scale * (b - 1) + high].
struct Need {
  bool known = false; ///< else all of the value
  bool exact = false; ///< position by position
  int64_t scale = 1, low = 0, high = 0;
};

class FootprintAnalysis {
public:
  FootprintAnalysis(func::FuncOp kernel, FootprintCut cut)
      : kernel(kernel), cut(cut) {}
  /// Null if the result cannot be cut.
  swap::FootprintAttr run();

private:
  void add(Value value, Need need);
  void visit(linalg::GenericOp op);
  void visit(tensor::PadOp op);
  bool isExact(AffineMap map, ArrayRef<int64_t> sizes,
               RankedTensorType type) const;
  bool leadsToPositions(AffineMap outMap) const;
  swap::ReachAttr getReach(BlockArgument argument) const;

  func::FuncOp kernel;
  FootprintCut cut;
  RankedTensorType result;
  unsigned dims = 0; ///< leading dimensions of the result that count positions
  llvm::DenseMap<Value, Need> needs;
};

} // namespace

/// The first dimension of more than one element, or -1: rows are its indices.
static int64_t getRowDim(RankedTensorType type) {
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (size != 1)
      return dim;
  return -1;
}

/// Elements that leading dimensions have together.
static int64_t countLeading(RankedTensorType type, unsigned dims) {
  int64_t count = 1;
  for (int64_t size : type.getShape().take_front(dims))
    count *= size;
  return count;
}

void FootprintAnalysis::add(Value value, Need need) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return;
  if (getRowDim(type) < 0)
    need.known = false;
  auto [entry, isNew] = needs.try_emplace(value, need);
  if (isNew)
    return;
  Need &before = entry->second;
  before.known &= need.known && before.scale == need.scale;
  before.exact &= need.exact;
  before.low = std::min(before.low, need.low);
  before.high = std::max(before.high, need.high);
}

/// Whether a map over loops of `sizes` leads from each position to the same
/// position of a tensor.
bool FootprintAnalysis::isExact(AffineMap map, ArrayRef<int64_t> sizes,
                                RankedTensorType type) const {
  if (map.getNumResults() < dims)
    return false;
  for (unsigned dim = 0; dim < dims; ++dim) {
    if (type.getDimSize(dim) != result.getDimSize(dim))
      return false;
    FailureOr<LinearForm> form =
        getLinearForm(map.getResult(dim), map.getNumDims());
    if (failed(form) || form->constant != 0)
      return false;
    for (auto [loop, coefficient] : llvm::enumerate(form->coefficients))
      if (sizes[loop] != 1 && coefficient != (loop == dim ? 1 : 0))
        return false;
  }
  return true;
}

/// Whether the first loops are the dimensions that count positions.
bool FootprintAnalysis::leadsToPositions(AffineMap outMap) const {
  if (outMap.getNumResults() < dims)
    return false;
  for (unsigned dim = 0; dim < dims; ++dim)
    if (outMap.getResult(dim) != getAffineDimExpr(dim, outMap.getContext()))
      return false;
  return true;
}

void FootprintAnalysis::visit(linalg::GenericOp op) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (OpResult opResult : op->getResults()) {
    auto found = needs.find(opResult);
    if (found == needs.end())
      continue;
    Need need = found->second;
    AffineMap outMap = op.getIndexingMapMatchingResult(opResult);
    auto type = cast<RankedTensorType>(opResult.getType());
    int64_t rowDim = getRowDim(type);
    AffineDimExpr row = nullptr;
    if (rowDim >= 0)
      row = dyn_cast<AffineDimExpr>(outMap.getResult(rowDim));
    add(op.getDpsInits()[opResult.getResultNumber()], need);
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto inputType = dyn_cast<RankedTensorType>(input->get().getType());
      if (!inputType)
        continue;
      AffineMap map = op.getMatchingIndexingMap(input);
      int64_t inputDim = getRowDim(inputType);
      Need wanted;
      FailureOr<LinearForm> form = failure();
      if (need.known && row && inputDim >= 0)
        form = getLinearForm(map.getResult(inputDim), map.getNumDims());
      if (succeeded(form) && form->coefficients[row.getPosition()] > 0) {
        int64_t scale = form->coefficients[row.getPosition()];
        wanted = {true,
                  need.exact && leadsToPositions(outMap) &&
                      isExact(map, sizes, inputType),
                  scale * need.scale, scale * need.low + form->constant,
                  scale * need.high + form->constant};
        form->coefficients[row.getPosition()] = 0;
        for (auto [loop, coefficient] : llvm::enumerate(form->coefficients))
          (coefficient < 0 ? wanted.low : wanted.high) +=
              coefficient * (sizes[loop] - 1);
      }
      add(input->get(), wanted);
    }
  }
  // What the body reads by itself may be anywhere.
  op.getRegion().walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (isa<RankedTensorType>(operand.getType()))
        add(operand, Need());
  });
}

void FootprintAnalysis::visit(tensor::PadOp op) {
  auto found = needs.find(op.getResult());
  if (found == needs.end())
    return;
  Need need = found->second;
  int64_t rowDim = getRowDim(op.getSourceType());
  bool isStatic = op.getLow().empty() && op.getHigh().empty();
  if (!isStatic || rowDim < 0 || rowDim != getRowDim(op.getResultType()))
    return add(op.getSource(), Need());
  for (unsigned dim = 0; dim < op.getStaticLow().size(); ++dim)
    if (dim < dims && (op.getStaticLow()[dim] || op.getStaticHigh()[dim]))
      need.exact = false;
  need.low -= op.getStaticLow()[rowDim];
  need.high -= op.getStaticLow()[rowDim];
  add(op.getSource(), need);
}

swap::ReachAttr FootprintAnalysis::getReach(BlockArgument argument) const {
  MLIRContext *context = argument.getContext();
  auto type = cast<RankedTensorType>(argument.getType());
  Need need = needs.lookup(argument);
  if (type.getEncoding() || !need.known)
    return swap::ReachAttr::get(context, 0, 1, 0, 0, 0);
  if (need.exact)
    return swap::ReachAttr::get(context, cut.positions, 1, 1, 0, 0);
  int64_t rows = countLeading(result, getRowDim(result) + 1);
  return swap::ReachAttr::get(context, countLeading(type, getRowDim(type) + 1),
                              cut.positions / rows, need.scale, need.low,
                              need.high);
}

swap::FootprintAttr FootprintAnalysis::run() {
  if (!kernel.getBody().hasOneBlock() || kernel.getNumResults() != 1)
    return nullptr;
  result = dyn_cast<RankedTensorType>(kernel.getResultTypes()[0]);
  if (!result || !result.hasStaticShape() || getRowDim(result) < 0)
    return nullptr;
  while (dims <= getRowDim(result) ||
         countLeading(result, dims) < cut.positions)
    if (++dims > result.getRank())
      return nullptr;
  if (countLeading(result, dims) != cut.positions)
    return nullptr;
  Block &block = kernel.getBody().front();
  add(block.getTerminator()->getOperand(0), {true, true});
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      visit(generic);
    else if (auto pad = dyn_cast<tensor::PadOp>(op))
      visit(pad);
    else if (!isa<linalg::FillOp>(op))
      for (Value operand : op.getOperands())
        add(operand, Need());
  }
  SmallVector<swap::ReachAttr> reaches;
  for (BlockArgument argument : kernel.getArguments()) {
    if (!isa<RankedTensorType>(argument.getType()))
      return nullptr;
    reaches.push_back(getReach(argument));
  }
  return swap::FootprintAttr::get(kernel.getContext(), cut.positions, cut.step,
                                  reaches);
}

/// Whether there are several images, whose rows of squares of `positions` are
/// not all whole.
static bool hasPartialSquares(const ContractionInfo &info, int64_t positions) {
  int64_t image = 1;
  bool several = false;
  SmallVector<unsigned> m;
  for (unsigned loop : info.m)
    if (info.sizes[loop] != 1)
      m.push_back(loop);
  for (auto [index, loop] : llvm::enumerate(llvm::reverse(m)))
    if (index < 2)
      image *= info.sizes[loop];
    else
      several = true;
  return several && image % positions != 0;
}

FailureOr<FootprintCut> swapc::getContractionCut(const ContractionInfo &info,
                                                 swap::ScheduleAttr schedule) {
  int64_t tiles = llvm::divideCeil(info.rows(), schedule.getBlock());
  if (schedule.getTiles() != tiles)
    return failure();
  // Squares of a second image would not start where the first one ends.
  if (info.root->getParentOfType<func::FuncOp>()->hasAttr(kWinogradAttr) &&
      hasPartialSquares(info, schedule.getRows()))
    return failure();
  // Rows before columns and batches in the result.
  int64_t lastRow = -1;
  for (unsigned loop : info.m)
    if (info.sizes[loop] != 1)
      lastRow = std::max(lastRow, info.loopToDimOut[loop]);
  SmallVector<unsigned> others(info.batch);
  others.push_back(info.n);
  for (unsigned loop : others)
    if (info.sizes[loop] != 1 && info.loopToDimOut[loop] < lastRow)
      return failure();
  return FootprintCut{info.rows(), 1};
}

FailureOr<FootprintCut> swapc::getRowCut(const RowPlan &plan) {
  FootprintCut cut;
  if (plan.nests.empty() || plan.outer == 0)
    return failure();
  ArrayRef<int64_t> sizes =
      ArrayRef(plan.nests[0].sizes).take_front(plan.outer);
  for (int64_t size : sizes)
    cut.positions *= size;
  if (plan.chunk) {
    if (cut.positions != sizes.back() && sizes.back() % plan.chunk != 0)
      return failure();
    cut.step = plan.chunk;
  }
  for (const RowNest &nest : plan.nests)
    for (const LoopAccess &output : nest.outputs) {
      int64_t stride = output.tensor->type.getNumElements() /
                       std::max<int64_t>(1, cut.positions);
      for (unsigned loop = plan.outer; loop-- > 0; stride *= sizes[loop])
        if (sizes[loop] != 1 && output.offset.coefficients[loop] != stride)
          return failure();
    }
  return cut;
}

void swapc::setFootprint(func::FuncOp kernel, const FootprintCut &cut) {
  auto schedule = kernel->getAttrOfType<swap::ScheduleAttr>(
      swap::SwapDialect::kScheduleAttr);
  int64_t tiles =
      llvm::divideCeil(cut.positions, schedule.getBlock() * cut.step);
  if (schedule.getTiles() != tiles)
    return;
  if (auto footprint = FootprintAnalysis(kernel, cut).run())
    kernel->setAttr(swap::SwapDialect::kFootprintAttr, footprint);
}
