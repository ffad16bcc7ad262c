//===- Planner.h - What is in memory when, under a budget -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//
// The planner knows nothing of MLIR: steps in execution order, the units that
// each reads, buffers with lifetimes, a link. Times are in steps, addresses in
// bytes of one arena. Everything is deterministic.
//
// The arena of a plan, from offset 0: a region that buffers and streamed units
// share in time, the scratch areas, the resident units. Where kernels can read
// units in place, over the link, these need no memory.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PLANNER_H
#define SWAPC_PARTITION_PLANNER_H

#include <cstdint>
#include <vector>

namespace swapc {

/// Slots start on pages and take whole pages, as reads do: of this size where
/// there are files, and as small as kBufferAlign elsewhere.
constexpr int64_t kPageBytes = 4096;
/// Buffers and scratch areas start on multiples of this.
constexpr int64_t kBufferAlign = 64;

/// What a second of reading counts beside a second of inference. Bytes that are
/// not read cost nothing where the estimates are wrong.
constexpr double kStreamWeight = 0.01;

inline int64_t roundUp(int64_t bytes, int64_t to) {
  return (bytes + to - 1) / to * to;
}

/// The link that units come in over. A read occupies it for `perRead` and its
/// bytes; the first byte comes `latency` after the start, which reads in flight
/// hide from each other. Starting a read takes the processor `startSeconds`,
/// and every byte `cpuPerByte` (interrupts, pinned pages); reads that are
/// started one right after another share the start. Storage keeps no promises:
/// plans are chosen that do not lose much either when every read takes
/// `caution` times as long and comes `jitter` late besides, and predictions do
/// without. While the link has enough to do, reads wait until `burstBytes` can
/// be started together: one by one they cost the processor more. A kernel that
/// reads a unit in place does so at `inPlaceBytesPerSecond` at most, and shares
/// the link with reads under way. 0: kernels cannot.
struct PlanLink {
  double bytesPerSecond = 2e9;
  double latency = 100e-6;
  double perRead = 10e-6;
  double startSeconds = 5e-6;
  double cpuPerByte = 2e-11;
  double jitter = 0;
  double caution = 1;
  int64_t burstBytes = 0;
  double inPlaceBytesPerSecond = 0;
  /// The processor reads by itself, and computes nothing meanwhile. What a read
  /// takes is then all in `startSeconds` and `cpuPerByte`.
  bool isBlocking = false;

  /// Makes a link that blocks of one that does not.
  void block() {
    startSeconds += latency + perRead;
    cpuPerByte += 1 / bytesPerSecond;
    latency = perRead = jitter = 0;
    caution = 1;
    burstBytes = 0;
    isBlocking = true;
  }
  /// How long a read of `bytes` occupies the link.
  double getReadSeconds(int64_t bytes) const {
    return isBlocking ? 0
                      : perRead + static_cast<double>(bytes) / bytesPerSecond;
  }
  /// What starting it costs the processor.
  double getStartSeconds(int64_t bytes) const {
    return startSeconds + static_cast<double>(bytes) * cpuPerByte;
  }
};

struct PlanUnit {
  int64_t bytes = 0;
  /// Always in memory (shared by many steps and small, for example).
  bool pinned = false;
  /// A row table: steps fetch rows of it wherever it is, none needs it whole.
  bool table = false;
  /// A row table whose source parameter another unit holds too: it never comes
  /// in whole, and does not count as memory that the model needs.
  bool duplicate = false;
  /// Its step reads each byte once, so that it may as well do so over the link.
  bool inPlace = false;
};

struct PlanStep {
  std::vector<int> units; ///< that must be in memory while the step runs
  double seconds = 0;
  int group = 0; ///< steps that one kernel call was cut into share a group
  /// What it adds to the step before where both are one launch, because their
  /// units stay in memory side by side; negative: they never are.
  double joinedSeconds = -1;
  /// What it takes where the processor reads units where the blob lies.
  double mappedSeconds = 0;

  /// What it takes at least.
  double getLeastSeconds() const {
    return joinedSeconds < 0 || joinedSeconds > seconds ? seconds
                                                        : joinedSeconds;
  }
};

/// Memory that is live from step `first` to step `last`, both included.
struct PlanBuffer {
  int64_t bytes = 0;
  int first = 0, last = 0;
};

struct PlanProblem {
  std::vector<PlanStep> steps;
  std::vector<PlanUnit> units;
  std::vector<PlanBuffer> buffers;
  int64_t scratchBytes = 0; ///< of all threads together
  int64_t overheadBytes = 0; ///< of a budget that are not the arena's
  int64_t pageBytes = kPageBytes; ///< of slots; a power of two
  /// What buffers and streamed units share is no larger: several models may
  /// take turns in that memory, so that it costs less if it is small.
  int64_t mostRegion = INT64_MAX;
  PlanLink link;
  int depth = 64; ///< most reads in flight
};

/// `Started` (all at the top) and `Ahead` are the two halves of a read that
/// begins at the end of one inference and is used at the start of the next: see
/// swap.in.
struct PlanAction {
  enum Kind { In, Wait, Out, Run, Started, Ahead } kind;
  int index; ///< unit, or step for Run
};

/// Slots of units that have none.
constexpr int64_t kNoSlot = -1, kInPlaceSlot = -2;

struct MemoryPlan {
  bool feasible = false;
  int64_t arena = 0; ///< bytes needed, at most the budget less the overhead
  int64_t peak = 0;  ///< bytes in use at the worst moment
  int64_t scratchOffset = 0;
  int64_t residentBytes = 0;  ///< whole pages
  int64_t streamedBytes = 0;  ///< per inference, whole pages
  int64_t inPlaceBytes = 0;   ///< of these, read by kernels over the link
  std::vector<char> resident; ///< per unit
  std::vector<char> inPlace;  ///< per unit; none of these is resident
  std::vector<int64_t> slots; ///< per unit, kNoSlot, kInPlaceSlot or an offset
  std::vector<PlanAction> actions;
  /// Per step: one launch with the step before, and what it takes.
  std::vector<char> joins;
  std::vector<double> stepSeconds;
  /// Per step, what its reads in place take the link alone; empty if none.
  std::vector<double> inPlaceSeconds;
  double computeSeconds = 0;
  double streamSeconds = 0; ///< streamed bytes at the link's rate
  double seconds = 0;       ///< predicted for each of many, stalls included
  double lateSeconds = 0;   ///< the same with a cautious look at the link
  double coldSeconds = 0;   ///< predicted for the first, with nothing in memory
  /// No schedule inside this budget takes less: for every stretch of steps,
  /// what it reads and memory cannot hold at its start has to cross the link.
  double leastSeconds = 0;
  bool isSerial = false; ///< reading and computing take turns
  double boundSeconds() const {
    return isSerial                         ? computeSeconds + streamSeconds
           : computeSeconds > streamSeconds ? computeSeconds
                                            : streamSeconds;
  }
};

/// Offsets for buffers so that no two live at the same time overlap, in little
/// more than the most bytes live at once.
struct BufferLayout {
  std::vector<int64_t> offsets;
  int64_t bytes = 0;      ///< end of the highest buffer
  int64_t lowerBound = 0; ///< most bytes live at once
};
BufferLayout layoutBuffers(const std::vector<PlanBuffer> &buffers);

/// Addresses for the streamed units of a problem.
struct UnitPlacement {
  bool feasible = false;
  std::vector<int64_t> slots; ///< per unit, -1 where not streamed
  /// First step before which its read may start in an endless row of
  /// inferences; negative: that many steps before the end of the one before.
  std::vector<int> earliest;
};

enum class PlacementPolicy {
  Earliest, ///< the address that lets the read start first: a ring in effect
  Lowest    ///< the lowest address that is free in time: feasible if any is
};

class Planner {
public:
  explicit Planner(PlanProblem problem);

  const PlanProblem &getProblem() const { return problem; }
  const BufferLayout &getBuffers() const { return layout; }
  /// Budget of the plan that swaps nothing.
  int64_t getModelBytes() const { return modelBytes + problem.overheadBytes; }
  /// Smallest budget that plan() accepts: every unit is read in place, or can
  /// come in while the step before its first one computes.
  int64_t getMinBytes() const { return minBytes + problem.overheadBytes; }
  /// The step that sets the smallest budget; -1 without steps.
  int getMinStep() const { return minStep; }

  /// Where the processor addresses the blob: all units are read in place, and
  /// the arena is for buffers and scratch. What that needs, and the step that
  /// sets it.
  int64_t getMappedBytes() const;
  int getMappedStep() const;
  MemoryPlan planMapped() const;

  /// The fastest plan found inside `budget`; infeasible below getMinBytes(), and
  /// where the problem wants a smaller region than getMinRegion().
  MemoryPlan plan(int64_t budget) const;
  /// The same with a region of at most `mostRegion` bytes.
  MemoryPlan plan(int64_t budget, int64_t mostRegion) const;
  /// Smallest region in which all that is not pinned can stream.
  int64_t getMinRegion() const;
  /// Budget for a region and resident units of these sizes.
  int64_t getBudget(int64_t region, int64_t resident) const {
    return getArenaBytes(region, resident) + problem.overheadBytes;
  }

private:
  /// Which units kernels read in place unless they are resident.
  struct Mode {
    std::vector<char> inPlace; ///< per unit
    int64_t minRegion = 0;     ///< in which all others can stream
  };

  bool isStreamable(int unit) const;
  std::vector<char> getJoins(const std::vector<char> &resident) const;
  std::vector<double> getStepSeconds(const std::vector<char> &joins) const;
  int64_t getPages(int unit) const {
    return roundUp(problem.units[unit].bytes, problem.pageBytes);
  }
  int64_t getArenaBytes(int64_t region, int64_t resident) const;
  bool readsAhead(const Mode &mode, int64_t region) const;
  std::vector<int64_t> getNeeded(const Mode &mode) const;
  void computeMin(Mode &mode);
  void computeMin();
  void computeLive();

  // What is read in place: InPlace.cpp.
  void makeModes();
  bool isEligible(int unit) const;
  std::vector<char> getHeld(const MemoryPlan &plan) const;
  void readInPlace(MemoryPlan &plan, const Mode &mode) const;
  const Mode &getMode(const MemoryPlan &plan) const;
  std::vector<double> getInPlaceSeconds(const std::vector<char> &inPlace) const;
  void moveInPlace(MemoryPlan &plan, size_t at) const;

  // What stays: Residency.cpp.
  std::vector<char> choose(const Mode &mode, int64_t region, int64_t room,
                           double &seconds) const;

  // Where: UnitPlacement.cpp. Those `held` have no slot in the region.
  UnitPlacement place(const std::vector<char> &held, int64_t region,
                      PlacementPolicy policy) const;
  void findEarliest(UnitPlacement &placement, int64_t region) const;

  // When: Schedule.cpp.
  void schedule(MemoryPlan &plan, const UnitPlacement &placement) const;
  std::vector<int> chooseStarts(const MemoryPlan &plan,
                                const std::vector<int> &queue,
                                const std::vector<int> &earliest) const;
  void finish(MemoryPlan &plan, int64_t region) const;

  // How long: Simulation.cpp and LowerBound.cpp.
  double getReadSeconds(int unit) const;
  double getStartSeconds(int unit) const;
  double simulate(const MemoryPlan &plan, bool isCautious) const;
  double simulateFirst(const MemoryPlan &plan) const;
  double getLeastSeconds(int64_t budget) const;

  MemoryPlan keepAll(int64_t budget) const;
  bool evaluate(MemoryPlan &plan, int64_t budget) const;
  void searchRegions(MemoryPlan &best, const Mode &mode, int64_t budget) const;
  void improve(MemoryPlan &best, int64_t budget, bool mayMove) const;
  void searchExhaustively(MemoryPlan &best, int64_t budget) const;
  void searchPlacements(MemoryPlan &best, int64_t budget, unsigned set,
                        unsigned inPlace) const;
  int64_t getRoom(int64_t budget, int64_t region) const;
  int64_t getRegion(int64_t budget, const std::vector<char> &resident) const;

  PlanProblem problem;
  BufferLayout layout;
  std::vector<int> firstUse, lastUse; ///< per unit, -1 if no step needs it
  std::vector<char> pinned;
  std::vector<int> order; ///< streamable units in the order of first use
  std::vector<int>
      byDensity; ///< streamable units, least compute per byte first
  std::vector<int> buffersByFirst;
  std::vector<int64_t> liveBytes; ///< of buffers, per step
  int64_t pinnedBytes = 0;
  int64_t streamableBytes = 0;
  int64_t modelBytes = 0;
  int64_t minBytes = 0;
  std::vector<Mode> modes; ///< from none in place to all that may be
  int minStep = -1;
};

} // namespace swapc

#endif // SWAPC_PARTITION_PLANNER_H
