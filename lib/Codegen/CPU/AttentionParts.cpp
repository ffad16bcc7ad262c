//===- AttentionParts.cpp - What an attention kernel is made of -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace swapc;

/// Scores of one tile that leave room in the second-level cache for the keys
/// and values that pass by.
static constexpr int64_t kScoreBytes = 32 * 1024;
/// Rows of a tile, below which keys and values pass by too often.
static constexpr int64_t kLeastRows = 32;

int64_t AttentionInfo::grain() const {
  return std::lcm(productPlan.rows, sumPlan.rows);
}

int64_t AttentionInfo::scoreBytes(int64_t block) const {
  return llvm::alignTo(std::min(block, rows) * rowBytes, 64);
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

static int64_t getPart(Operation *op) {
  auto part = op->getAttrOfType<IntegerAttr>(kPartAttr);
  return part ? part.getInt() : -1;
}

bool swapc::isAttention(func::FuncOp kernel) {
  return llvm::any_of(kernel.getOps<linalg::GenericOp>(),
                      [](linalg::GenericOp op) { return getPart(op) >= 0; });
}

/// What a view between two parts shows.
static Value skipViews(Value value) {
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// The operations of one part as a function that stands before `kernel`.
static std::optional<AttentionPart> takePart(func::FuncOp kernel,
                                             int64_t number) {
  Block &body = kernel.getBody().front();
  llvm::SetVector<Value> inputs;
  SmallVector<Operation *> ops;
  Value result;
  for (Operation &op : body.without_terminator()) {
    if (getPart(&op) != number)
      continue;
    ops.push_back(&op);
    llvm::SetVector<Value> reads(op.operand_begin(), op.operand_end());
    getUsedValuesDefinedAbove(op.getRegions(), reads);
    for (Value read : reads)
      if (!read.getDefiningOp() || getPart(read.getDefiningOp()) != number)
        inputs.insert(read);
    for (Value value : op.getResults())
      if (llvm::any_of(value.getUsers(), [&](Operation *user) {
            return getPart(body.findAncestorOpInBlock(*user)) != number;
          })) {
        if (result)
          return std::nullopt;
        result = value;
      }
  }
  if (!result)
    return std::nullopt;
  OpBuilder b(kernel);
  auto type = b.getFunctionType(TypeRange(ValueRange(inputs.getArrayRef())),
                                result.getType());
  AttentionPart part;
  part.function = func::FuncOp::create(
      b, kernel.getLoc(),
      (kernel.getName() + "_part" + std::to_string(number)).str(), type);
  part.function->setPrivate();
  b.setInsertionPointToStart(part.function->addEntryBlock());
  IRMapping mapping;
  mapping.map(inputs.getArrayRef(), part.function->getArguments());
  for (Operation *op : ops)
    b.clone(*op, mapping)->removeAttr(kPartAttr);
  func::ReturnOp::create(b, kernel.getLoc(), mapping.lookup(result));
  for (Value input : inputs) {
    auto argument = dyn_cast<BlockArgument>(skipViews(input));
    if (argument && skipViews(input) != input)
      return std::nullopt; // Views stand between parts alone.
    part.operands.push_back(argument ? argument.getArgNumber()
                                     : AttentionPart::kScores);
  }
  bool isResult = llvm::is_contained(body.getTerminator()->getOperands(), result);
  part.operands.push_back(isResult ? kernel.getNumArguments()
                                   : AttentionPart::kScores);
  return part;
}

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// Rows of a tensor with this access follow each other, those of a batch first.
static bool walksRows(const ContractionInfo &info,
                      ArrayRef<int64_t> coefficients, int64_t stride) {
  for (ArrayRef<unsigned> loops : {ArrayRef(info.m), ArrayRef(info.batch)})
    for (unsigned loop : llvm::reverse(loops)) {
      if (info.sizes[loop] == 1)
        continue;
      if (coefficients[loop] != stride)
        return false;
      stride *= info.sizes[loop];
    }
  return true;
}

static bool isPlain(const ContractionInfo &info) {
  return info.windows.empty() && !info.vectorA && info.sizeOf(info.taps) == 1 &&
         !swap::getPanels(info.b.getType());
}

/// A tile reads of the queries the elements that it writes of the result.
static bool readsWhereItWrites(const AttentionInfo &info) {
  const ContractionInfo &from = info.product, &to = info.sum;
  auto rowsOf = [](const ContractionInfo &part,
                   ArrayRef<int64_t> coefficients) {
    SmallVector<std::pair<int64_t, int64_t>> steps;
    for (ArrayRef<unsigned> loops : {ArrayRef(part.batch), ArrayRef(part.m)})
      for (unsigned loop : loops)
        if (part.sizes[loop] > 1)
          steps.push_back({part.sizes[loop], coefficients[loop]});
    return steps;
  };
  return from.k >= 0 && from.sizes[from.k] == to.columns() &&
         from.accessA.coefficients[from.k] == 1 && from.accessA.constant == 0 &&
         to.accessOut.constant == 0 && from.a != from.b &&
         from.a.hasOneUse() &&
         cast<RankedTensorType>(from.a.getType()).getNumElements() ==
             cast<RankedTensorType>(to.result.getType()).getNumElements() &&
         swap::getElementBytes(from.elementA) ==
             swap::getElementBytes(to.elementOut) &&
         rowsOf(from, from.accessA.coefficients) ==
             rowsOf(to, to.accessOut.coefficients);
}

/// Operands whose memory the result may take: queries that nothing else reads.
static SmallVector<int64_t> findOverwritable(const AttentionInfo &info) {
  if (!readsWhereItWrites(info))
    return {};
  int64_t query = info.scores.operands[info.product.a.getArgNumber()];
  int64_t uses = 0;
  for (const AttentionPart *part :
       {&info.scores, &info.softmax, &info.values})
    uses += llvm::count(part->operands, query);
  return uses == 1 ? SmallVector<int64_t>{query} : SmallVector<int64_t>();
}

FailureOr<AttentionInfo> swapc::analyzeAttention(func::FuncOp kernel,
                                                 const CpuTarget &target) {
  AttentionInfo info;
  int64_t number = 0;
  for (AttentionPart *part : {&info.scores, &info.softmax, &info.values}) {
    std::optional<AttentionPart> taken = takePart(kernel, number++);
    if (!taken)
      return failure();
    *part = std::move(*taken);
  }
  FailureOr<ContractionInfo> product = analyzeContraction(*info.scores.function);
  FailureOr<ContractionInfo> sum = analyzeContraction(*info.values.function);
  if (failed(product) || failed(sum))
    return failure();
  info.product = std::move(*product);
  info.sum = std::move(*sum);
  const ContractionInfo &first = info.product, &last = info.sum;
  int64_t keys = first.columns();
  info.batches = first.sizeOf(first.batch);
  info.rows = first.rows();
  bool fits = isPlain(first) && isPlain(last) && last.k >= 0 &&
              last.sizes[last.k] == keys &&
              last.accessA.coefficients[last.k] == 1 &&
              last.sizeOf(last.batch) == info.batches &&
              last.rows() == info.rows && first.accessOut.constant == 0 &&
              last.accessA.constant == 0 &&
              walksRows(first, first.accessOut.coefficients, keys) &&
              walksRows(last, last.accessA.coefficients, keys);
  if (!fits || info.values.operands[last.a.getArgNumber()] !=
                   AttentionPart::kScores)
    return failure();
  // The softmax: one outer iteration a row, which overwrites it.
  ArrayRef<int64_t> reads = ArrayRef(info.softmax.operands).drop_back();
  if (llvm::count(reads, AttentionPart::kScores) != 1)
    return failure();
  int64_t scores = llvm::find(reads, AttentionPart::kScores) - reads.begin();
  FailureOr<RowPlan> rows = makeRowPlan(*info.softmax.function, target);
  if (failed(rows) || rows->chunk != 0 ||
      rows->outerIterations != info.batches * info.rows ||
      !llvm::is_contained(findInPlaceOperands(*info.softmax.function, *rows),
                          scores))
    return failure();
  info.rowBytes = keys * swap::getElementBytes(first.elementOut);
  info.productPlan = planContraction(first, target);
  info.sumPlan = planContraction(last, target);
  info.partScratch =
      std::max({info.productPlan.scratch, rows->schedule.scratch,
                info.sumPlan.scratch});
  info.flops = first.flops() + rows->schedule.flops + last.flops();
  info.inPlace = findOverwritable(info);
  return info;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

swap::ScheduleAttr swapc::getSchedule(const AttentionInfo &info, int64_t block,
                                      MLIRContext *context) {
  int64_t chunks = llvm::divideCeil(info.rows, block);
  return swap::ScheduleAttr::get(
      context, swap::KernelKind::Contraction, /*panels=*/1,
      info.batches * chunks, info.grain(), block,
      info.scoreBytes(block) + info.partScratch, info.flops, info.inPlace);
}

swap::ScheduleAttr swapc::getSchedule(const AttentionInfo &info,
                                      const CpuTarget &target) {
  // As many rows as the cache takes, but several tiles for each thread. A small
  // processor has no cache to fill: the fewest.
  int64_t grain = info.grain();
  int64_t wanted =
      llvm::divideCeil(4 * std::max<int64_t>(1, target.threads), info.batches);
  int64_t block = target.isBareMetal
                      ? grain
                      : std::max(kScoreBytes / info.rowBytes, kLeastRows);
  block = std::min<int64_t>(block, llvm::divideCeil(info.rows, wanted));
  block = std::max(block / grain * grain, grain);
  int64_t chunks = llvm::divideCeil(info.rows, block);
  block = llvm::alignTo(llvm::divideCeil(info.rows, chunks), grain);
  return getSchedule(info, block, info.sum.result.getContext());
}
