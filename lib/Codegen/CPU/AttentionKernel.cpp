//===- AttentionKernel.cpp - The loop over tiles of attention ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

namespace {

class AttentionEmitter {
public:
  AttentionEmitter(OpBuilder &builder, Location loc, const AttentionInfo &info,
                   int64_t block, const CpuTarget &target)
      : b(builder), loc(loc), info(info), block(block), target(target),
        pointer(LLVM::LLVMPointerType::get(builder.getContext())) {}

  LogicalResult emit(Value operands, Value begin, Value end, Value scratch);

private:
  Value constant(int64_t value) {
    return arith::ConstantOp::create(
        b, loc, b.getIntegerAttr(b.getIntegerType(target.indexBits), value));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value scale(Value x, int64_t factor) {
    return arith::MulIOp::create(b, loc, x, constant(factor));
  }
  Value slot(Value array, int64_t index) {
    return LLVM::GEPOp::create(
        b, loc, pointer, pointer, array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  Value offset(Value base, Value bytes) {
    return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{bytes});
  }

  /// The operands of a part: those of the kernel, and a place for the scores.
  Value createOperands(const AttentionPart &part, Value operands);
  void setScores(const AttentionPart &part, Value array, Value scores);
  /// All columns of the tile's rows.
  void emitProduct(const ContractionInfo &product, ContractionPlan plan,
                   Value array, Value batch, Value chunk, Value scratch);

  OpBuilder &b;
  Location loc;
  const AttentionInfo &info;
  int64_t block;
  const CpuTarget &target;
  Type pointer;
};

} // namespace

Value AttentionEmitter::createOperands(const AttentionPart &part,
                                       Value operands) {
  Value count = arith::ConstantOp::create(
      b, loc, b.getI32IntegerAttr(part.operands.size()));
  Value array = LLVM::AllocaOp::create(b, loc, pointer, pointer, count);
  for (auto [index, operand] : llvm::enumerate(part.operands)) {
    if (operand == AttentionPart::kScores)
      continue;
    Value from = LLVM::LoadOp::create(b, loc, pointer, slot(operands, operand));
    LLVM::StoreOp::create(b, loc, from, slot(array, index));
  }
  return array;
}

void AttentionEmitter::setScores(const AttentionPart &part, Value array,
                                 Value scores) {
  for (auto [index, operand] : llvm::enumerate(part.operands))
    if (operand == AttentionPart::kScores)
      LLVM::StoreOp::create(b, loc, scores, slot(array, index));
}

void AttentionEmitter::emitProduct(const ContractionInfo &product,
                                   ContractionPlan plan, Value array,
                                   Value batch, Value chunk, Value scratch) {
  plan.block = block;
  int64_t chunks = llvm::divideCeil(info.rows, block);
  int64_t columns = llvm::divideCeil(product.columns(), plan.width());
  Value first = add(scale(batch, columns * chunks), chunk);
  scf::ForOp::create(
      b, loc, constant(0), constant(columns), constant(1), ValueRange(),
      [&](OpBuilder &, Location, Value column, ValueRange) {
        Value tile = add(first, scale(column, chunks));
        emitContraction(b, loc, product, plan, array, tile,
                        add(tile, constant(1)), scratch);
        scf::YieldOp::create(b, loc);
      });
}

LogicalResult AttentionEmitter::emit(Value operands, Value begin, Value end,
                                     Value scratch) {
  Value forScores = createOperands(info.scores, operands);
  Value forSoftmax = createOperands(info.softmax, operands);
  Value forValues = createOperands(info.values, operands);
  Value partScratch = offset(scratch, constant(info.scoreBytes(block)));
  int64_t chunks = llvm::divideCeil(info.rows, block);
  auto loop = scf::ForOp::create(b, loc, begin, end, constant(1));
  OpBuilder::InsertionGuard guard(b);
  // The emitter of rows asks for the function that it stands in.
  b.setInsertionPointToStart(loop.getBody());
  Value tile = loop.getInductionVar();
  Value batch = arith::DivUIOp::create(b, loc, tile, constant(chunks));
  Value chunk = arith::RemUIOp::create(b, loc, tile, constant(chunks));
  Value row = scale(chunk, block);
  Value count = arith::MinUIOp::create(
      b, loc, constant(block),
      arith::SubIOp::create(b, loc, constant(info.rows), row));
  row = add(row, scale(batch, info.rows));
  // Row `row` falls on the beginning of the scratch memory.
  Value scores = offset(scratch, scale(row, -info.rowBytes));
  setScores(info.scores, forScores, scores);
  setScores(info.softmax, forSoftmax, scores);
  setScores(info.values, forValues, scores);
  emitProduct(info.product, info.productPlan, forScores, batch, chunk,
              partScratch);
  if (failed(emitRowKernel(b, *info.softmax.function, /*block=*/1, target,
                           forSoftmax, row, add(row, count), partScratch)))
    return failure();
  emitProduct(info.sum, info.sumPlan, forValues, batch, chunk, partScratch);
  return success();
}

LogicalResult swapc::emitAttention(OpBuilder &builder, func::FuncOp kernel,
                                   int64_t block, const CpuTarget &target,
                                   Value operands, Value begin, Value end,
                                   Value scratch) {
  FailureOr<AttentionInfo> info = analyzeAttention(kernel, target);
  if (failed(info))
    return kernel.emitOpError("is scheduled as attention, which it is not");
  return AttentionEmitter(builder, kernel.getLoc(), *info, block, target)
      .emit(operands, begin, end, scratch);
}
