//===- ContractionEpilogue.cpp - Elementwise work in registers --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace swapc;

/// A vector of columns of an operand, or one element in all lanes. The result
/// is kept for the other rows if it does not depend on the row.
Value ContractionEmitter::loadEpilogue(linalg::GenericOp op, unsigned input,
                                       Row *row, int64_t vector) {
  Value operand = op.getInputs()[input];
  auto type = cast<RankedTensorType>(operand.getType());
  Type element = type.getElementType();
  Value pointer = pointers[cast<BlockArgument>(operand).getArgNumber()];
  if (swap::getPanels(type)) {
    pointer = advance(pointer, element, scale(panel, plan.width()));
    return loadVector(element, advance(pointer, element, vector * plan.lanes),
                      nullptr);
  }
  ContractionAccess access = getEpilogueAccess(info, op, input);
  ArrayRef<int64_t> coefficients = access.coefficients;
  pointer = advance(pointer, element, access.constant);
  pointer = advance(pointer, element, linear(info.batch, batch, coefficients));
  if (row)
    pointer = advance(pointer, element, rowOffset(*row, coefficients));
  if (coefficients[info.n] == 0) {
    Value scalar = loadScalar(element, pointer);
    return vector::BroadcastOp::create(b, loc, vectorOf(element), scalar);
  }
  pointer = advance(pointer, element, firstColumn);
  pointer = advance(pointer, element, vector * plan.lanes);
  return loadVector(element, pointer, masks[vector]);
}

/// The body of an elementwise operation on vectors.
Value ContractionEmitter::evaluate(linalg::GenericOp op,
                                   ArrayRef<Value> inputs) {
  Block *body = op.getBody();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(body->getArguments(), inputs))
    mapping.map(argument, value);
  auto lookup = [&](Value value) -> Value {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    // A constant outside the operation.
    Value clone = value;
    if (Operation *def = value.getDefiningOp())
      clone = b.clone(*def)->getResult(0);
    clone =
        vector::BroadcastOp::create(b, loc, vectorOf(value.getType()), clone);
    mapping.map(value, clone);
    return clone;
  };
  for (Operation &inner : body->without_terminator()) {
    if (auto scalar = dyn_cast<arith::ConstantOp>(inner)) {
      auto type = vectorOf(scalar.getType());
      mapping.map(scalar.getResult(),
                  arith::ConstantOp::create(
                      b, loc, DenseElementsAttr::get(type, scalar.getValue()))
                      .getResult());
      continue;
    }
    OperationState state(loc, inner.getName());
    for (Value value : inner.getOperands())
      state.addOperands(lookup(value));
    state.addTypes(vectorOf(inner.getResult(0).getType()));
    state.addAttributes(inner.getAttrs());
    state.propertiesAttr = inner.getPropertiesAsAttribute();
    mapping.map(inner.getResult(0), b.create(state)->getResult(0));
  }
  return lookup(body->getTerminator()->getOperand(0));
}

void ContractionEmitter::emitEpilogue(MutableArrayRef<Row> rows,
                                      ArrayRef<Value> acc) {
  // Operands that all rows share are loaded once.
  invariant.clear();
  for (linalg::GenericOp op : info.epilogue)
    for (unsigned input = 0; input < op.getInputs().size(); ++input) {
      if (!isa<BlockArgument>(op.getInputs()[input]))
        continue;
      ContractionAccess access = getEpilogueAccess(info, op, input);
      bool shared = swap::getPanels(op.getInputs()[input].getType()) ||
                    llvm::all_of(info.m, [&](unsigned loop) {
                      return access.coefficients[loop] == 0 ||
                             info.sizes[loop] == 1;
                    });
      if (!shared)
        continue;
      Values &vectors = invariant[{op, input}];
      for (int64_t v = 0; v < plan.vectors; ++v)
        vectors.push_back(loadEpilogue(op, input, nullptr, v));
    }

  auto store = [&](Row &row, unsigned r) {
    Value target =
        advance(pointers.back(), info.elementOut,
                linear(info.batch, batch, info.accessOut.coefficients));
    target = advance(target, info.elementOut,
                     rowOffset(row, info.accessOut.coefficients));
    target = advance(target, info.elementOut, firstColumn);
    for (int64_t v = 0; v < plan.vectors; ++v) {
      llvm::DenseMap<Value, Value> values;
      values[info.root->getResult(0)] = acc[r * plan.vectors + v];
      for (linalg::GenericOp op : info.epilogue) {
        Values inputs;
        for (auto [index, input] : llvm::enumerate(op.getInputs())) {
          auto shared = invariant.find({op, static_cast<unsigned>(index)});
          if (Value known = values.lookup(input))
            inputs.push_back(known);
          else if (shared != invariant.end())
            inputs.push_back(shared->second[v]);
          else
            inputs.push_back(loadEpilogue(op, index, &row, v));
        }
        values[op->getResult(0)] = evaluate(op, inputs);
      }
      storeVector(values[info.result],
                  advance(target, info.elementOut, v * plan.lanes), masks[v]);
    }
  };
  for (auto [r, row] : llvm::enumerate(rows)) {
    if (!row.inBounds) {
      store(row, r);
      continue;
    }
    // Coordinates computed inside must not be used outside.
    Row local = row;
    unsigned index = r;
    scf::IfOp::create(b, loc, row.inBounds, [&](OpBuilder &, Location) {
      store(local, index);
      scf::YieldOp::create(b, loc);
    });
  }
}
