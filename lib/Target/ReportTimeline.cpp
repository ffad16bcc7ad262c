//===- ReportTimeline.cpp - What happens when in a plan -----------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportTimeline.h"

#include "swapc/Partition/LinkQueue.h"
#include "swapc/Partition/Plan.h"
#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

int64_t Timeline::getPeak() const {
  int64_t peak = overheadBytes + scratchBytes + residentBytes;
  for (const TimelineStep &step : steps)
    peak = std::max(peak, getBytes(step));
  return peak;
}

namespace {

/// Walks through two inferences; the second, which finds the first one's reads
/// ahead, is the one that is kept.
class TimelineBuilder {
public:
  TimelineBuilder(PlanOp plan, Timeline &timeline)
      : plan(plan), timeline(timeline) {}
  void run();

private:
  struct Read {
    int unit;
    double issued, transfer, done;
    bool waited = false;
    int64_t tenant = -1; ///< of the timeline
  };

  void readUnits();
  void readPlan();
  void walk();
  void visit(InOp in);
  void visit(WaitOp wait);
  void visit(OutOp out);
  void visitStep(Operation &op);
  double readInPlace(LaunchOp launch);
  void addBuffers();
  int getUnit(StringRef name) const { return numbers.lookup(name); }
  int getUnit(Value token) const {
    return getUnit(token.getDefiningOp<InOp>().getUnit());
  }

  PlanOp plan;
  Timeline &timeline;
  llvm::StringMap<int> numbers;
  std::vector<std::optional<Read>> reads; ///< per unit, since its swap.in
  PlanLink link;
  double origin = 0, now = 0, linkFree = 0; ///< seconds, or steps
  int64_t slots = 0;
};

} // namespace

void TimelineBuilder::readUnits() {
  auto module = plan->getParentOfType<ModuleOp>();
  int64_t pageBytes = getPageBytes(module);
  for (UnitOp unit : module.getOps<UnitOp>()) {
    numbers[unit.getSymName()] = timeline.units.size();
    timeline.units.push_back(
        {unit.getSymName().str(), roundUp(unit.getLength(), pageBytes)});
  }
  reads.resize(timeline.units.size());
}

void TimelineBuilder::readPlan() {
  timeline.overheadBytes = getOverheadBytes(plan->getParentOp());
  timeline.scratchOffset = plan.getScratchOffset();
  timeline.scratchBytes = plan.getScratchStride() * plan.getThreads();
  std::optional<ArrayRef<int64_t>> places = plan.getSlots();
  int64_t lowest = std::numeric_limits<int64_t>::max();
  for (auto symbol : plan.getResident().getAsRange<FlatSymbolRefAttr>()) {
    int unit = getUnit(symbol.getValue());
    timeline.residentBytes += timeline.units[unit].bytes;
    if (places)
      lowest = std::min(lowest, (*places)[unit]);
  }
  timeline.residentOffset = timeline.residentBytes && places ? lowest : 0;
  for (Operation &op : plan.getBody().front())
    if (isa<LaunchOp, FetchOp>(op) && !op.hasAttr(kSecondsAttr))
      timeline.inSteps = true;
  if (auto predicted = plan->getAttrOfType<DictionaryAttr>(kPredictedAttr)) {
    auto bytes = predicted.getAs<IntegerAttr>("streamed_bytes");
    auto ms = predicted.getAs<FloatAttr>("stream_ms");
    if (bytes && ms && ms.getValueAsDouble() > 0 && bytes.getInt() > 0)
      link.bytesPerSecond = bytes.getInt() / (ms.getValueAsDouble() / 1e3);
  }
  auto known = plan->getParentOp()->getAttrOfType<DictionaryAttr>(kLinkAttr);
  auto take = [&](StringRef name, double &value) {
    if (auto number = known ? known.getAs<FloatAttr>(name) : FloatAttr())
      value = number.getValueAsDouble();
  };
  take("bytesPerSecond", link.bytesPerSecond);
  take("latency", link.latency);
  take("perRead", link.perRead);
  take("startSeconds", link.startSeconds);
  take("cpuPerByte", link.cpuPerByte);
  take("inPlaceBytesPerSecond", link.inPlaceBytesPerSecond);
  link.isBlocking = known && known.contains("blocking");
}

void TimelineBuilder::visit(InOp in) {
  int unit = getUnit(in.getUnit());
  int64_t bytes = timeline.units[unit].bytes;
  slots += bytes;
  if (!in.getStarted() || !reads[unit]) {
    Read read{unit, now, now, now};
    if (!timeline.inSteps) {
      now += link.getStartSeconds(bytes);
      read.issued = now;
      read.transfer = std::max(linkFree, now + link.latency);
      read.done = linkFree = read.transfer + link.getReadSeconds(bytes);
    }
    reads[unit] = read;
  }
  Read &read = *reads[unit];
  read.tenant = -1;
  std::optional<ArrayRef<int64_t>> places = plan.getSlots();
  if (!places || (*places)[unit] < 0)
    return;
  read.tenant = timeline.tenants.size();
  timeline.tenants.push_back({unit, (*places)[unit], bytes, now, -1});
}

void TimelineBuilder::visit(WaitOp wait) {
  std::optional<Read> &read = reads[getUnit(wait.getToken())];
  if (!read)
    return;
  if (timeline.inSteps)
    read->done = now;
  if (read->done > now)
    timeline.stalls.push_back(
        {read->unit, timeline.steps.size(), now, read->done});
  now = std::max(now, read->done);
  timeline.reads.push_back(
      {read->unit, read->issued, read->done, read->transfer});
  read->waited = true;
}

void TimelineBuilder::visit(OutOp out) {
  int unit = getUnit(out.getToken());
  slots -= timeline.units[unit].bytes;
  if (reads[unit] && reads[unit]->tenant >= 0)
    timeline.tenants[reads[unit]->tenant].end = now;
  reads[unit].reset();
}

/// Units that a kernel reads in place: when it has them, which holds up reads
/// under way.
double TimelineBuilder::readInPlace(LaunchOp launch) {
  std::optional<ArrayRef<int64_t>> places = plan.getSlots();
  std::vector<int> units;
  double seconds = 0;
  for (auto place : launch.getOperands().getAsRange<PlaceAttr>()) {
    int unit = place.getIndex();
    if (place.getSpace() != Space::Unit || !places ||
        (*places)[unit] != kInPlaceSlot || llvm::is_contained(units, unit))
      continue;
    units.push_back(unit);
    seconds += timeline.units[unit].bytes / link.inPlaceBytesPerSecond;
  }
  if (units.empty() || timeline.inSteps || link.inPlaceBytesPerSecond <= 0)
    return now;
  for (std::optional<Read> &read : reads)
    if (read)
      shareLink(now, seconds, read->done);
  double end = now + seconds + shareLink(now, seconds, linkFree);
  for (int unit : units)
    timeline.reads.push_back({unit, now, end, now});
  return end;
}

void TimelineBuilder::visitStep(Operation &op) {
  TimelineStep step;
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    step.name = launch.getKernel().str();
  } else {
    step.name = ("rows of " + cast<FetchOp>(op).getUnit()).str();
    step.isRows = true;
  }
  if (auto origin = op.getAttrOfType<StringAttr>(SwapDialect::kOriginAttr))
    step.node = origin.getValue().str();
  step.begin = now;
  auto seconds = op.getAttrOfType<FloatAttr>(kSecondsAttr);
  double read = isa<LaunchOp>(op) ? readInPlace(cast<LaunchOp>(op)) : now;
  now += timeline.inSteps ? 1 : seconds.getValueAsDouble();
  step.end = now = std::max(now, read);
  step.slots = slots;
  timeline.steps.push_back(std::move(step));
}

void TimelineBuilder::walk() {
  timeline.steps.clear();
  timeline.reads.clear();
  timeline.stalls.clear();
  timeline.tenants.clear();
  slots = 0;
  origin = now;
  for (Operation &op : plan.getBody().front()) {
    if (auto in = dyn_cast<InOp>(op))
      visit(in);
    else if (auto wait = dyn_cast<WaitOp>(op))
      visit(wait);
    else if (auto out = dyn_cast<OutOp>(op))
      visit(out);
    else if (isa<LaunchOp, FetchOp>(op))
      visitStep(op);
  }
  for (const std::optional<Read> &read : reads) {
    if (!read || read->waited)
      continue; // not for the inference that follows
    timeline.reads.push_back(
        {read->unit, read->issued, read->done, read->transfer});
    if (read->tenant >= 0)
      timeline.tenants[read->tenant].end = now;
  }
}

/// Activations of every step, and where they are.
void TimelineBuilder::addBuffers() {
  auto buffers = plan->getAttrOfType<DenseI64ArrayAttr>(kBuffersAttr);
  if (!buffers)
    return;
  ArrayRef<int64_t> rest = buffers.asArrayRef();
  int64_t count = timeline.steps.size();
  std::vector<int64_t> change(count + 1, 0);
  for (; rest.size() >= 4; rest = rest.drop_front(4)) {
    int64_t first = rest[2], last = rest[3];
    if (first < 0 || first > last || last >= count)
      continue;
    int64_t bytes = roundUp(rest[1], kBufferAlign);
    change[first] += bytes;
    change[last + 1] -= bytes;
    timeline.tenants.push_back({-1, rest[0], bytes, timeline.steps[first].begin,
                                timeline.steps[last].end});
  }
  int64_t bytes = 0;
  for (int64_t step = 0; step < count; ++step)
    timeline.steps[step].activations = bytes += change[step];
}

void TimelineBuilder::run() {
  readUnits();
  readPlan();
  walk();
  walk();
  timeline.length = now;
  addBuffers();
  double scale = timeline.inSteps ? 1 : 1e3;
  auto shift = [&](auto &...times) {
    ((times = (times - origin) * scale), ...);
  };
  for (TimelineStep &step : timeline.steps)
    shift(step.begin, step.end);
  for (TimelineRead &read : timeline.reads)
    shift(read.begin, read.end, read.transfer);
  for (TimelineStall &stall : timeline.stalls)
    shift(stall.begin, stall.end);
  for (TimelineTenant &tenant : timeline.tenants)
    shift(tenant.begin, tenant.end);
  shift(timeline.length);
  llvm::sort(timeline.reads, [](const TimelineRead &a, const TimelineRead &b) {
    return std::tie(a.begin, a.end, a.unit) < std::tie(b.begin, b.end, b.unit);
  });
}

Timeline Timeline::build(PlanOp plan) {
  Timeline timeline;
  TimelineBuilder(plan, timeline).run();
  return timeline;
}
