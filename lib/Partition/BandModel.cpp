//===- BandModel.cpp - What running calls band by band costs ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BandModel.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

/// The schedule with tiles of about one row of the result, and of no less work
/// than `tileFlops`.
static ScheduleAttr refine(ScheduleAttr schedule, FootprintAttr footprint,
                           RankedTensorType type, int64_t tileFlops) {
  if (schedule.getKind() != KernelKind::Contraction)
    return schedule;
  int64_t positions = footprint.getPositions(), rows = 1;
  for (int64_t size : type.getShape())
    if (size != 1) {
      rows = size;
      break;
    }
  int64_t flopsPerPosition = std::max<int64_t>(
      1, schedule.getFlops() / (positions * schedule.getPanels()));
  int64_t block =
      llvm::alignTo(std::max(llvm::divideCeil(positions, rows),
                             llvm::divideCeil(tileFlops, flopsPerPosition)),
                    std::max<int64_t>(1, schedule.getRows()));
  if (block >= schedule.getBlock())
    return schedule;
  return ScheduleAttr::get(
      schedule.getContext(), schedule.getKind(), schedule.getPanels(),
      llvm::divideCeil(positions, block), schedule.getRows(), block,
      schedule.getScratch(), schedule.getFlops(), schedule.getInplace());
}

FailureOr<BandModel> BandModel::build(Block &block, const SymbolTable &symbols,
                                      const DeviceModel &device) {
  BandModel model;
  model.pageBytes = getPageBytes(symbols.getOp());
  llvm::DenseMap<Value, int> producers;
  for (Operation &op : block.without_terminator()) {
    auto call = dyn_cast<CallOp>(op);
    if (!call && !isa<RowsOp>(op))
      continue;
    int number = model.steps.size();
    Step step;
    step.call = call;
    step.lastUse = number;
    if (call) {
      step.schedule = ::getSchedule(call, symbols);
      if (!step.schedule)
        return failure();
      model.flops += step.schedule.getFlops();
      step.footprint =
          symbols.lookup(call.getKernel())
              ->getAttrOfType<FootprintAttr>(SwapDialect::kFootprintAttr);
      step.canBand =
          step.footprint && call->getNumResults() == 1 && !call.getBegin() &&
          !call.getFirstTile() &&
          step.footprint.getReaches().size() == call.getInputs().size();
    }
    if (op.getNumResults())
      step.type = cast<RankedTensorType>(op.getResult(0).getType());
    if (step.canBand && !device.blocks) // A block's tile is in its code.
      step.schedule =
          refine(step.schedule, step.footprint, step.type, device.tileFlops);
    auto &weights = model.weights.emplace_back();
    for (auto [i, value] : llvm::enumerate(op.getOperands())) {
      Operand operand;
      operand.type = cast<RankedTensorType>(value.getType());
      if (ParamOp param = getParam(value)) {
        if (call)
          weights.push_back(
              {param.getParameterAttr(), getStorageBytes(operand.type)});
      } else if (auto found = producers.find(stripViews(value));
                 found != producers.end()) {
        operand.producer = found->second;
        Step &producer = model.steps[operand.producer];
        producer.lastUse = number;
        if (call && i >= call.getInputs().size()) {
          step.isUpdate = true; // In a segment it gets memory of its own.
          continue;
        }
        if (!step.canBand || value != stripViews(value) ||
            step.footprint.getReaches()[i].getSlices() == 0)
          producer.neededWhole = true;
      }
      step.operands.push_back(operand);
    }
    for (Value result : op.getResults()) {
      producers[result] = number;
      step.resultBytes +=
          getStorageBytes(cast<RankedTensorType>(result.getType()));
    }
    model.steps.push_back(std::move(step));
  }
  SmallVector<Value> outputs;
  for (Value output : block.getTerminator()->getOperands()) {
    output = stripViews(output);
    if (auto concat = output.getDefiningOp<tensor::ConcatOp>())
      for (Value part : concat.getInputs())
        outputs.push_back(stripViews(part));
    outputs.push_back(output);
  }
  for (Value output : outputs)
    if (auto found = producers.find(output); found != producers.end()) {
      model.steps[found->second].neededWhole = true;
      model.steps[found->second].resultBytes = 0; // the caller's memory
    }
  for (int step = 0; step < model.size(); ++step) {
    const Step &from = model.steps[step];
    for (int at = step + from.isUpdate; at <= from.lastUse; ++at)
      model.steps[at].bytes += from.resultBytes;
  }
  model.callBytes = device.callBytes;
  // A call by itself has a unit in memory, and the next one comes in.
  model.unitBytes =
      device.getUnitBytes(model.getWeightBytes(0, model.size() - 1));
  for (int step = 0; step < model.size(); ++step) {
    int64_t weights = model.getWeightBytes(step, step);
    int64_t first = std::min(weights, model.unitBytes);
    int64_t second = std::min(weights - first, model.unitBytes);
    model.steps[step].bytes +=
        first + (second ? second : model.getFirstUnitBytes(step + 1));
  }
  return model;
}

int64_t BandModel::getWeightBytes(int first, int last) const {
  llvm::DenseSet<Attribute> seen;
  int64_t bytes = 0;
  for (int step = first; step <= last; ++step)
    for (auto [parameter, size] : weights[step])
      if (seen.insert(parameter).second)
        bytes += roundUp(size, pageBytes);
  return bytes;
}

int64_t BandModel::getFirstUnitBytes(int step) const {
  return step < size() ? std::min(getWeightBytes(step, step), unitBytes) : 0;
}

bool BandModel::isSegment(int first, int last) const {
  for (int step = first; step <= last; ++step) {
    const Step &at = steps[step];
    if (!at.canBand || (step < last && (at.neededWhole || at.lastUse > last ||
                                        at.lastUse == step)))
      return false;
  }
  return true;
}

void BandModel::getTiles(const Segment &segment, int64_t band,
                         SmallVectorImpl<TileRange> &tiles) const {
  int count = segment.last - segment.first + 1;
  tiles.assign(count, TileRange());
  SmallVector<ByteRange> needed(count);
  for (int i = count - 1; i >= 0; --i) {
    const Step &step = steps[segment.first + i];
    if (i == count - 1) {
      int64_t all = step.schedule.getTiles();
      tiles[i] = {band * all / segment.bands, (band + 1) * all / segment.bands};
    } else if (!needed[i].empty()) {
      std::tie(tiles[i].first, tiles[i].last) =
          getTilesOf(step.schedule, step.footprint, step.type, needed[i]);
    }
    if (tiles[i].empty())
      continue;
    for (auto [number, operand] : llvm::enumerate(step.operands)) {
      int producer = operand.producer - segment.first;
      if (operand.producer >= segment.first)
        needed[producer] = needed[producer].unite(
            getReadBytes(step.schedule, step.footprint, number, operand.type,
                         tiles[i].first, tiles[i].last));
    }
  }
}

void BandModel::measure(Segment &segment) const {
  int64_t around = getWeightBytes(segment.first, segment.last) +
                   getFirstUnitBytes(segment.last + 1) +
                   steps[segment.last].resultBytes;
  for (int step = 0; step < segment.first; ++step)
    if (steps[step].lastUse >= segment.first)
      around += steps[step].resultBytes;
  int count = segment.last - segment.first + 1;
  segment.bytes = 0;
  segment.flops = 0;
  for (int step = segment.first; step <= segment.last; ++step)
    segment.flops -= steps[step].schedule.getFlops();
  SmallVector<TileRange> tiles;
  SmallVector<int64_t> live;
  int64_t calls = 0;
  for (int64_t band = 0; band < segment.bands; ++band) {
    getTiles(segment, band, tiles);
    live.assign(count, 0);
    for (int i = 0; i < count; ++i) {
      const Step &step = steps[segment.first + i];
      if (tiles[i].empty())
        continue;
      ++calls;
      segment.flops += static_cast<double>(step.schedule.getFlops()) *
                       (tiles[i].last - tiles[i].first) /
                       step.schedule.getTiles();
      if (i == count - 1)
        continue;
      int64_t bytes = getWrittenBytes(step.schedule, step.footprint, step.type,
                                      tiles[i].first, tiles[i].last)
                          .size();
      for (int at = i; at <= step.lastUse - segment.first; ++at)
        live[at] += bytes;
    }
    for (int64_t bytes : live)
      segment.bytes = std::max(segment.bytes, around + bytes);
  }
  segment.bytes += callBytes * (calls - count);
}
