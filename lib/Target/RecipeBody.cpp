//===- RecipeBody.cpp - The body of a derived parameter, by arrays --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecipeOps.h"

#include "Swap/SwapDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace swapc;


static RecipeBody::Op getOp(StringRef name) {
  using Op = RecipeBody::Op;
  return llvm::StringSwitch<Op>(name)
      .Case("arith.constant", Op::Constant)
      .Case("arith.select", Op::Select)
      .Case("arith.cmpi", Op::CompareInt)
      .Case("arith.cmpf", Op::CompareFloat)
      .Case("arith.bitcast", Op::Bitcast)
      .Cases({"arith.extf", "arith.truncf"}, Op::FloatToFloat)
      .Case("arith.sitofp", Op::IntToFloat)
      .Case("arith.uitofp", Op::UIntToFloat)
      .Cases({"arith.fptosi", "arith.fptoui"}, Op::FloatToInt)
      .Cases({"arith.extsi", "arith.index_cast"}, Op::ExtendSigned)
      .Cases({"arith.extui", "arith.index_castui"}, Op::ExtendUnsigned)
      .Case("arith.trunci", Op::Truncate)
      .Case("arith.addf", Op::Add)
      .Case("arith.subf", Op::Sub)
      .Case("arith.mulf", Op::Mul)
      .Case("arith.divf", Op::Div)
      .Case("arith.remf", Op::Rem)
      .Case("arith.maximumf", Op::Maximum)
      .Case("arith.minimumf", Op::Minimum)
      .Case("arith.maxnumf", Op::Maxnum)
      .Case("arith.minnumf", Op::Minnum)
      .Case("arith.negf", Op::Neg)
      .Case("math.absf", Op::Abs)
      .Case("math.exp", Op::Exp)
      .Case("math.exp2", Op::Exp2)
      .Case("math.log", Op::Log)
      .Case("math.sqrt", Op::Sqrt)
      .Case("math.rsqrt", Op::Rsqrt)
      .Case("math.tanh", Op::Tanh)
      .Case("math.erf", Op::Erf)
      .Case("math.sin", Op::Sin)
      .Case("math.cos", Op::Cos)
      .Case("math.tan", Op::Tan)
      .Case("math.asin", Op::Asin)
      .Case("math.acos", Op::Acos)
      .Case("math.atan", Op::Atan)
      .Case("math.sinh", Op::Sinh)
      .Case("math.cosh", Op::Cosh)
      .Case("math.asinh", Op::Asinh)
      .Case("math.acosh", Op::Acosh)
      .Case("math.atanh", Op::Atanh)
      .Case("math.floor", Op::Floor)
      .Case("math.ceil", Op::Ceil)
      .Case("math.roundeven", Op::RoundEven)
      .Case("math.powf", Op::Pow)
      .Case("math.copysign", Op::CopySign)
      .Case("math.fma", Op::Fma)
      .Case("arith.addi", Op::AddInt)
      .Case("arith.subi", Op::SubInt)
      .Case("arith.muli", Op::MulInt)
      .Case("arith.divsi", Op::DivInt)
      .Case("arith.divui", Op::DivUInt)
      .Case("arith.remsi", Op::RemInt)
      .Case("arith.remui", Op::RemUInt)
      .Case("arith.andi", Op::And)
      .Case("arith.ori", Op::Or)
      .Case("arith.xori", Op::Xor)
      .Case("arith.shli", Op::ShiftLeft)
      .Case("arith.shrsi", Op::ShiftRight)
      .Case("arith.shrui", Op::ShiftRightUnsigned)
      .Case("arith.maxsi", Op::MaxInt)
      .Case("arith.minsi", Op::MinInt)
      .Case("arith.maxui", Op::MaxUInt)
      .Case("arith.minui", Op::MinUInt)
      .Case("math.absi", Op::AbsInt)
      .Default(Op::Unknown);
}

static void setConstant(Attribute attribute, ElementType type, uint64_t &bits) {
  if (auto integer = dyn_cast<IntegerAttr>(attribute)) {
    bits = normalize(integer.getValue().getSExtValue(), type);
    return;
  }
  APFloat value = cast<FloatAttr>(attribute).getValue();
  bool lossless;
  if (type.kind == ElementKind::F64) {
    bits = value.bitcastToAPInt().getZExtValue();
    return;
  }
  value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &lossless);
  bits = value.bitcastToAPInt().getZExtValue();
}

FailureOr<RecipeBody> RecipeBody::compile(Block &block, StringRef parameter) {
  RecipeBody body;
  llvm::DenseMap<Value, unsigned> numbers;
  for (BlockArgument argument : block.getArguments())
    numbers[argument] = body.registers++;
  for (Operation &op : block) {
    if (auto yield = dyn_cast<swap::YieldOp>(op)) {
      body.result = numbers.lookup(yield.getValue());
      break;
    }
    Instruction instruction = {};
    instruction.op = getOp(op.getName().getStringRef());
    if (instruction.op == Op::Unknown || op.getNumResults() != 1 ||
        op.getNumOperands() > 3)
      return op.emitError()
             << "parameter " << parameter << " uses '"
             << op.getName().getStringRef() << "', which swapc cannot evaluate";
    FailureOr<ElementType> type = ElementType::get(op.getResult(0).getType());
    FailureOr<ElementType> operand =
        op.getNumOperands() ? ElementType::get(op.getOperand(0).getType())
                            : type;
    if (failed(type) || failed(operand))
      return op.emitError() << "parameter " << parameter
                            << " computes with a type that swapc cannot "
                               "evaluate";
    instruction.type = *type;
    instruction.operand = *operand;
    for (auto [index, value] : llvm::enumerate(op.getOperands()))
      instruction.operands[index] = numbers.lookup(value);
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      setConstant(constant.getValue(), *type, instruction.constant);
    else if (auto compare = dyn_cast<arith::CmpIOp>(op))
      instruction.constant = uint64_t(compare.getPredicate());
    else if (auto compare = dyn_cast<arith::CmpFOp>(op))
      instruction.constant = uint64_t(compare.getPredicate());
    instruction.result = numbers[op.getResult(0)] = body.registers++;
    body.program.push_back(instruction);
  }
  return body;
}

