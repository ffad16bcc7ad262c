//===- RowKernel.cpp - Outer iterations and elementwise nests ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

RowEmitter::Vector RowEmitter::emitLoop(const Range &range, int64_t step,
                                        ValueRange carried, LoopBody body) {
  if (range.isStatic() && range.extent <= step) {
    if (range.extent == 0)
      return Vector(carried);
    return body(range.begin, carried);
  }
  auto loop = scf::ForOp::create(builder, loc, range.begin, range.end,
                                 lanes.constant(step), carried);
  OpBuilder::InsertionGuard guard(builder);
  if (carried.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToStart(loop.getBody());
  Vector next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, next);
  return Vector(loop.getResults());
}

/// Loops over the result's dimensions, but for the one of the lanes.
void RowEmitter::emitParallel(RowNest &nest, Ranges &ranges, Vector &indices,
                              unsigned loop, std::function<void()> body) {
  if (loop == nest.parallel)
    return body();
  bool isInner = static_cast<int>(loop) == nest.vector ||
                 static_cast<int>(loop) == nest.across;
  if (isInner || !ranges[loop].begin)
    return emitParallel(nest, ranges, indices, loop + 1, body);
  emitLoop(ranges[loop], 1, {}, [&](Value index, ValueRange) {
    indices[loop] = index;
    emitParallel(nest, ranges, indices, loop + 1, body);
    return Vector();
  });
}

/// Cuts a range into groups of `unroll` vectors, single vectors and a masked
/// rest.
void RowEmitter::emitGroups(const Range &range, RowNest &nest, int64_t unroll,
                            GroupBody body) {
  Lanes whole{nest.vector, nest.width, Value()};
  int64_t width = nest.width;
  if (range.isStatic()) {
    int64_t vectors = range.extent / width, rest = range.extent % width;
    int64_t groups = vectors / unroll;
    auto at = [&](int64_t offset) {
      return offset ? lanes.add(range.begin, lanes.constant(offset))
                    : range.begin;
    };
    int64_t done = groups * unroll * width;
    emitLoop({range.begin, groups > 1 ? at(done) : range.end, done},
             unroll * width, {}, [&](Value index, ValueRange) {
               return body(index, unroll, whole), Vector();
             });
    if (int64_t left = vectors % unroll)
      body(at(done), left, whole);
    if (rest) {
      Lanes part = whole;
      part.mask = lanes.createMask(lanes.constant(rest), width);
      body(at(vectors * width), 1, part);
    }
    return;
  }
  // Begin is a multiple of the step, so lanes fall the same in any tile.
  Value position = range.begin;
  for (int64_t count : {unroll, int64_t(1)}) {
    if (count == 1 && unroll == 1 && position != range.begin)
      break;
    Value step = lanes.constant(count * width);
    Value left = arith::SubIOp::create(builder, loc, range.end, position);
    Value steps = arith::DivUIOp::create(builder, loc, left, step);
    Value end =
        lanes.add(position, arith::MulIOp::create(builder, loc, steps, step));
    emitLoop({position, end, -1}, count * width, {},
             [&](Value index, ValueRange) {
               return body(index, count, whole), Vector();
             });
    position = end;
  }
  Value left = arith::SubIOp::create(builder, loc, range.end, position);
  Value any = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt,
                                    left, lanes.constant(0));
  auto rest = scf::IfOp::create(builder, loc, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(rest.thenBlock());
  Lanes part = whole;
  part.mask = lanes.createMask(left, width);
  body(position, 1, part);
}

//===----------------------------------------------------------------------===//
// One point of a nest, or lanes of it
//===----------------------------------------------------------------------===//

RowEmitter::Vector RowEmitter::loadInputs(RowNest &nest,
                                          ArrayRef<Value> indices,
                                          const Lanes &at) {
  Vector values;
  for (LoopAccess &input : nest.inputs)
    values.push_back(input.tensor ? lanes.emitLoad(input, indices, at)
                                  : Value());
  return values;
}

RowEmitter::Vector RowEmitter::loadInits(RowNest &nest, ArrayRef<Value> indices,
                                         const Lanes &at) {
  Vector values;
  for (LoopAccess &init : nest.inits)
    values.push_back(init.tensor ? lanes.emitLoad(init, indices, at) : Value());
  return values;
}

void RowEmitter::store(RowNest &nest, ArrayRef<Value> values,
                       ArrayRef<Value> indices, const Lanes &at) {
  for (auto [value, output] : llvm::zip(values, nest.outputs))
    lanes.emitStore(value, output, indices, at);
}

Value RowEmitter::broadcastFor(Value value, const Lanes &at) {
  return at.isVector() ? lanes.broadcast(value, at.width) : value;
}

RowEmitter::Vector RowEmitter::emitPoint(RowNest &nest, ArrayRef<Value> indices,
                                         const Lanes &at,
                                         ArrayRef<Value> inputs,
                                         ArrayRef<Value> accumulators) {
  if (!nest.generic)
    return Vector(inputs);
  // Loops that the body asks for by number keep theirs; see RowNest::loopOf.
  Vector original;
  Lanes inBody = at;
  inBody.loop = at.loop < 0 ? -1 : static_cast<int>(nest.loopOf.size());
  for (auto [loop, target] : llvm::enumerate(nest.loopOf)) {
    bool pinned = target >= 0 && nest.pinned[target];
    original.push_back(pinned ? indices[target] : lanes.constant(0));
    if (pinned && target == at.loop)
      inBody.loop = loop;
  }
  Vector arguments(inputs);
  llvm::append_range(arguments, accumulators);
  auto lookup = [&](Value tensor) -> const TensorAccess * {
    RowTensor *found = plan.tensorOf.lookup(tensor);
    return found ? &found->access : nullptr;
  };
  FailureOr<SmallVector<Value>> results =
      lanes.emitBody(nest.generic, arguments, original, inBody, lookup);
  if (mlir::succeeded(results))
    return *results;
  failed = true;
  Vector zeros;
  for (Value result : nest.generic.getBody()->getTerminator()->getOperands())
    zeros.push_back(arith::ConstantOp::create(
        builder, loc, builder.getZeroAttr(result.getType())));
  return zeros;
}

/// Nests without a reduction over lanes: elementwise, or sums of neighbours.
void RowEmitter::emitLanes(RowNest &nest, Ranges &ranges, Vector &indices) {
  bool reduces = nest.sizes.size() > nest.parallel;
  auto group = [&](Value index, int64_t count, const Lanes &at) {
    if (reduces)
      return emitVertical(nest, ranges, indices, index, count, at);
    Vector here = indices;
    if (at.loop >= 0)
      here[at.loop] = index;
    store(nest,
          emitPoint(nest, here, at, loadInputs(nest, here, at),
                    loadInits(nest, here, at)),
          here, at);
  };
  if (nest.vector < 0)
    return group(Value(), 1, Lanes());
  // The body of a reduction is small; an elementwise loop is unrolled by LLVM.
  emitGroups(ranges[nest.vector], nest, reduces ? 4 : 1, group);
}

//===----------------------------------------------------------------------===//
// Outer iterations
//===----------------------------------------------------------------------===//

void RowEmitter::emitNest(RowNest &nest, ArrayRef<Value> outer) {
  Vector indices(nest.sizes.size());
  Ranges ranges(nest.sizes.size());
  for (auto [loop, size] : llvm::enumerate(nest.sizes)) {
    if (loop + 1 == plan.outer && plan.chunk) {
      Value begin = lanes.multiply(outer[loop], plan.chunk);
      Value end = lanes.add(begin, lanes.constant(plan.chunk));
      bool even = size % plan.chunk == 0;
      if (!even)
        end = arith::MinSIOp::create(builder, loc, end, lanes.constant(size));
      ranges[loop] = {begin, end, even ? plan.chunk : -1};
    } else if (loop < plan.outer) {
      indices[loop] = outer[loop];
    } else {
      ranges[loop] = {lanes.constant(0), lanes.constant(size), size};
    }
  }
  emitParallel(nest, ranges, indices, 0, [&] {
    switch (nest.mode) {
    case NestMode::Lanes:
      return emitLanes(nest, ranges, indices);
    case NestMode::Horizontal:
      return emitHorizontal(nest, ranges, indices);
    case NestMode::Transpose:
      return emitTransposed(nest, ranges, indices);
    }
  });
}

void RowEmitter::bindTensors(Value operands) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  for (auto &tensor : plan.tensors) {
    if (tensor->uniform)
      tensor->access.value =
          arith::ConstantOp::create(builder, loc, tensor->uniform);
    if (tensor->padValue)
      tensor->access.padValue =
          arith::ConstantOp::create(builder, loc, tensor->padValue);
    if (tensor->operand < 0)
      continue;
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, operands,
                                     ArrayRef<LLVM::GEPArg>{tensor->operand});
    tensor->access.base = LLVM::LoadOp::create(builder, loc, pointer, slot);
  }
}

/// Points each scratch tensor at where its first element would be, so that the
/// part of this outer iteration falls on its place in scratch memory.
void RowEmitter::bindScratch(ArrayRef<Value> outer, Value scratch) {
  for (RowNest &nest : plan.nests)
    for (LoopAccess &output : nest.outputs)
      for (auto &tensor : plan.tensors) {
        if (&tensor->access != output.tensor || tensor->operand >= 0)
          continue;
        LinearForm start(plan.outer);
        for (unsigned loop = 0; loop < plan.outer; ++loop) {
          bool isChunk = plan.chunk && loop + 1 == plan.outer;
          start.coefficients[loop] =
              -output.offset.coefficients[loop] * (isChunk ? plan.chunk : 1);
        }
        int64_t bytes =
            swap::getElementBytes(tensor->access.type.getElementType());
        Value offset = lanes.multiply(lanes.evaluate(start, outer), bytes);
        offset = lanes.add(offset, lanes.constant(tensor->scratchOffset));
        tensor->access.base =
            lanes.address(scratch, builder.getI8Type(), offset);
      }
  for (auto &tensor : plan.tensors)
    if (tensor->padValue)
      tensor->access.base = plan.tensorOf.lookup(tensor->tensor)->access.base;
}

void RowEmitter::emitOuterIteration(ArrayRef<Value> outer, Value scratch) {
  bindScratch(outer, scratch);
  for (RowNest &nest : plan.nests)
    emitNest(nest, outer);
}

LogicalResult RowEmitter::emit(Value operands, Value begin, Value end,
                               Value scratch, int64_t block) {
  bindTensors(operands);
  Value first = lanes.multiply(begin, block);
  Value last = arith::MinSIOp::create(builder, loc, lanes.multiply(end, block),
                                      lanes.constant(plan.outerIterations));
  // Indices of the first outer iteration; the loop counts them up.
  Vector start(plan.outerSizes.size());
  Value rest = first;
  for (int dim = static_cast<int>(start.size()) - 1; dim >= 0; --dim) {
    if (dim == 0) {
      start[dim] = rest;
      break;
    }
    Value size = lanes.constant(plan.outerSizes[dim]);
    start[dim] = arith::RemUIOp::create(builder, loc, rest, size);
    rest = arith::DivUIOp::create(builder, loc, rest, size);
  }
  emitLoop({first, last, -1}, 1, start, [&](Value, ValueRange carried) {
    Vector outer(carried);
    emitOuterIteration(outer, scratch);
    Value carry = lanes.constant(1);
    for (int dim = static_cast<int>(outer.size()) - 1; dim >= 0; --dim) {
      Value next = lanes.add(outer[dim], carry);
      if (dim > 0) {
        Value wraps =
            arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, next,
                                  lanes.constant(plan.outerSizes[dim]));
        next = arith::SelectOp::create(builder, loc, wraps, lanes.constant(0),
                                       next);
        carry = arith::ExtUIOp::create(builder, loc, next.getType(), wraps);
      }
      outer[dim] = next;
    }
    return outer;
  });
  return failure(failed);
}

LogicalResult swapc::emitRowKernel(OpBuilder &builder, func::FuncOp kernel,
                                   int64_t block, const CpuTarget &target,
                                   Value operands, Value begin, Value end,
                                   Value scratch) {
  FailureOr<RowPlan> plan = makeRowPlan(kernel, target);
  if (failed(plan))
    return failure();
  return RowEmitter(builder, kernel.getLoc(), *plan)
      .emit(operands, begin, end, scratch, std::max<int64_t>(1, block));
}
