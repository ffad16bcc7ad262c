//===- ScalarSource.cpp - Scalar bodies as CUDA C++ -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation of the body becomes a constant named v<operation of the
// kernel>_<operation of the body>. Signed integers are computed with as
// unsigned ones where they may wrap; index is "long long".
//
//===----------------------------------------------------------------------===//

#include "KernelSource.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace swapc;

std::string swapc::getDeviceType(Type type) {
  if (type.isF16())
    return "f16";
  if (type.isBF16())
    return "bf16";
  if (type.isF64())
    return "double";
  if (type.isInteger(1))
    return "bool";
  if (type.isInteger(8))
    return "signed char";
  if (type.isInteger(16))
    return "short";
  if (type.isInteger(32))
    return "int";
  if (type.isInteger(64) || type.isIndex())
    return "long long";
  return "float";
}

static std::string getUnsignedType(Type type) {
  if (type.isInteger(1))
    return "bool";
  if (type.isInteger(8))
    return "unsigned char";
  return "unsigned " + getDeviceType(type);
}

static bool isSmallFloat(Type type) { return type.isF16() || type.isBF16(); }

static std::string call(StringRef function, ArrayRef<std::string> operands) {
  return (function + "(" + llvm::join(operands, ", ") + ")").str();
}

static std::string cast(StringRef type, StringRef value) {
  return ("(" + type + ")(" + value + ")").str();
}

static std::string bits(uint64_t value, StringRef suffix) {
  return "0x" + llvm::utohexstr(value, /*LowerCase=*/true) + suffix.str();
}

static std::string formatFloat(const APFloat &value, Type type) {
  uint64_t pattern = value.bitcastToAPInt().getZExtValue();
  if (isSmallFloat(type))
    return getDeviceType(type) + "{" + bits(pattern, "") + "}";
  if (!value.isFinite())
    return type.isF64() ? "swap_bitcast<double>(" + bits(pattern, "ull") + ")"
                        : "swap_bits_float(" + bits(pattern, "u") + ")";
  SmallString<32> text;
  value.toString(text, type.isF64() ? 17 : 9, /*FormatMaxPadding=*/4);
  if (!StringRef(text).contains_insensitive('e') &&
      !StringRef(text).contains('.'))
    text += ".0";
  return text.str().str() + (type.isF64() ? "" : "f");
}

std::string swapc::formatDeviceConstant(Attribute value) {
  if (auto real = dyn_cast<FloatAttr>(value))
    return formatFloat(real.getValue(), real.getType());
  auto integer = mlir::cast<IntegerAttr>(value);
  Type type = integer.getType();
  if (type.isInteger(1))
    return integer.getValue().isZero() ? "false" : "true";
  int64_t number = integer.getValue().getSExtValue();
  if (number == std::numeric_limits<int64_t>::min())
    return "(-9223372036854775807ll - 1)";
  if (type.isInteger(64) || type.isIndex())
    return std::to_string(number) + "ll";
  if (number == std::numeric_limits<int32_t>::min())
    return "(-2147483647 - 1)";
  if (type.isInteger(32))
    return std::to_string(number);
  return "(" + getDeviceType(type) + ")" + std::to_string(number);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// As a signed number: a bool that is true is -1.
static std::string asSigned(Type type, StringRef value) {
  return type.isInteger(1) ? ("-(int)" + value).str() : value.str();
}
static std::string asUnsigned(Type type, StringRef value) {
  return cast(getUnsignedType(type), value);
}

static std::string wrap(Type type, StringRef a, StringRef op, StringRef b) {
  if (type.isInteger(1))
    op = op == "*" ? "&" : "^";
  bool isLong = type.isIndex() || type.isInteger(64);
  std::string wide = isLong ? "unsigned long long" : "unsigned";
  std::string text = (cast(wide, a) + " " + op + " " + cast(wide, b)).str();
  return cast(getDeviceType(type), text);
}

static std::string compare(arith::CmpIOp op, StringRef a, StringRef b) {
  Type type = op.getLhs().getType();
  auto text = [&](StringRef sign, bool isSigned) {
    auto side = [&](StringRef value) {
      return isSigned ? asSigned(type, value) : asUnsigned(type, value);
    };
    return (side(a) + " " + sign + " " + side(b)).str();
  };
  switch (op.getPredicate()) {
  case arith::CmpIPredicate::eq:
    return (a + " == " + b).str();
  case arith::CmpIPredicate::ne:
    return (a + " != " + b).str();
  case arith::CmpIPredicate::slt:
    return text("<", true);
  case arith::CmpIPredicate::sle:
    return text("<=", true);
  case arith::CmpIPredicate::sgt:
    return text(">", true);
  case arith::CmpIPredicate::sge:
    return text(">=", true);
  case arith::CmpIPredicate::ult:
    return text("<", false);
  case arith::CmpIPredicate::ule:
    return text("<=", false);
  case arith::CmpIPredicate::ugt:
    return text(">", false);
  case arith::CmpIPredicate::uge:
    return text(">=", false);
  }
  llvm_unreachable("all predicates are above");
}

static std::string compare(arith::CmpFPredicate predicate, StringRef a,
                           StringRef b) {
  auto text = [&](StringRef format) {
    std::string result;
    for (char c : format)
      result += c == 'a' ? a.str() : c == 'b' ? b.str() : std::string(1, c);
    return result;
  };
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return "false";
  case arith::CmpFPredicate::AlwaysTrue:
    return "true";
  case arith::CmpFPredicate::OEQ:
    return text("a == b");
  case arith::CmpFPredicate::OGT:
    return text("a > b");
  case arith::CmpFPredicate::OGE:
    return text("a >= b");
  case arith::CmpFPredicate::OLT:
    return text("a < b");
  case arith::CmpFPredicate::OLE:
    return text("a <= b");
  case arith::CmpFPredicate::ONE:
    return text("a < b || a > b");
  case arith::CmpFPredicate::ORD:
    return text("a == a && b == b");
  case arith::CmpFPredicate::UEQ:
    return text("!(a < b || a > b)");
  case arith::CmpFPredicate::UGT:
    return text("!(a <= b)");
  case arith::CmpFPredicate::UGE:
    return text("!(a < b)");
  case arith::CmpFPredicate::ULT:
    return text("!(a >= b)");
  case arith::CmpFPredicate::ULE:
    return text("!(a > b)");
  case arith::CmpFPredicate::UNE:
    return text("a != b");
  case arith::CmpFPredicate::UNO:
    return text("a != a || b != b");
  }
  llvm_unreachable("all predicates are above");
}

/// The function of device/scalars.cuh, or "".
static StringRef getFloatFunction(Operation *op) {
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Case("arith.maximumf", "swap_maximum")
      .Case("arith.minimumf", "swap_minimum")
      .Case("arith.maxnumf", "swap_maxnum")
      .Case("arith.minnumf", "swap_minnum")
      .Case("arith.remf", "swap_rem")
      .Case("math.absf", "swap_abs")
      .Case("math.acos", "swap_acos")
      .Case("math.acosh", "swap_acosh")
      .Case("math.asin", "swap_asin")
      .Case("math.asinh", "swap_asinh")
      .Case("math.atan", "swap_atan")
      .Case("math.atan2", "swap_atan2")
      .Case("math.atanh", "swap_atanh")
      .Case("math.cbrt", "swap_cbrt")
      .Case("math.ceil", "swap_ceil")
      .Case("math.copysign", "swap_copysign")
      .Case("math.cos", "swap_cos")
      .Case("math.cosh", "swap_cosh")
      .Case("math.erf", "swap_erf")
      .Case("math.erfc", "swap_erfc")
      .Case("math.exp", "swap_exp")
      .Case("math.exp2", "swap_exp2")
      .Case("math.expm1", "swap_expm1")
      .Case("math.floor", "swap_floor")
      .Case("math.fma", "swap_fma")
      .Case("math.log", "swap_log")
      .Case("math.log10", "swap_log10")
      .Case("math.log1p", "swap_log1p")
      .Case("math.log2", "swap_log2")
      .Case("math.powf", "swap_pow")
      .Case("math.round", "swap_round")
      .Case("math.roundeven", "swap_roundeven")
      .Case("math.rsqrt", "swap_rsqrt")
      .Case("math.sin", "swap_sin")
      .Case("math.sinh", "swap_sinh")
      .Case("math.sqrt", "swap_sqrt")
      .Case("math.tan", "swap_tan")
      .Case("math.tanh", "swap_tanh")
      .Case("math.trunc", "swap_trunc")
      .Default("");
}

static std::string emitFloat(Operation *op, ArrayRef<std::string> v) {
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](arith::AddFOp) { return v[0] + " + " + v[1]; })
      .Case([&](arith::SubFOp) { return v[0] + " - " + v[1]; })
      .Case([&](arith::MulFOp) { return v[0] + " * " + v[1]; })
      .Case([&](arith::DivFOp) { return v[0] + " / " + v[1]; })
      .Case([&](arith::NegFOp) { return "-(" + v[0] + ")"; })
      .Case([&](arith::CmpFOp cmp) {
        return compare(cmp.getPredicate(), v[0], v[1]);
      })
      .Default([&](Operation *op) {
        StringRef function = getFloatFunction(op);
        return function.empty() ? std::string() : call(function, v);
      });
}

/// Between types: `from` is that of the operand.
static std::string emitCast(Operation *op, Type from, Type to,
                            const std::string &v) {
  auto toFloat = [&](const std::string &value) {
    if (isSmallFloat(to))
      return call(to.isF16() ? "swap_f16" : "swap_bf16", {value});
    return cast(getDeviceType(to), value);
  };
  std::string type = getDeviceType(to);
  std::string real = isSmallFloat(from) ? call("swap_float", {v}) : v;
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return toFloat(real); })
      .Case([&](arith::SIToFPOp) {
        std::string value = asSigned(from, v);
        return toFloat(isSmallFloat(to) ? cast("float", value) : value);
      })
      .Case([&](arith::UIToFPOp) {
        std::string value = asUnsigned(from, v);
        return toFloat(isSmallFloat(to) ? cast("float", value) : value);
      })
      .Case([&](arith::FPToSIOp) {
        // Through an integer that the device converts to itself.
        return to.isInteger(64)  ? cast(type, real)
               : to.isInteger(1) ? cast("int", real) + " & 1"
                                 : cast(type, cast("int", real));
      })
      .Case([&](arith::FPToUIOp) {
        return to.isInteger(64)  ? cast(type, cast("unsigned long long", real))
               : to.isInteger(1) ? cast("unsigned", real) + " & 1"
                                 : cast(type, cast("unsigned", real));
      })
      .Case<arith::ExtSIOp, arith::IndexCastOp>(
          [&](auto) { return cast(type, asSigned(from, v)); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>(
          [&](auto) { return cast(type, asUnsigned(from, v)); })
      .Case([&](arith::TruncIOp) {
        return to.isInteger(1) ? "(" + v + ") & 1" : cast(type, v);
      })
      .Case([&](arith::BitcastOp) {
        return from == to ? v : call("swap_bitcast<" + type + ">", {v});
      })
      .Default([](Operation *) { return std::string(); });
}

static std::string emitInteger(Operation *op, ArrayRef<std::string> v) {
  Type type = op->getResult(0).getType();
  Type from = op->getOperand(0).getType();
  std::string device = getDeviceType(type), wide = getUnsignedType(type);
  bool isBool = type.isInteger(1);
  auto bitwise = [&](StringRef sign) {
    return cast(device, (v[0] + " " + sign + " " + v[1]).str());
  };
  auto unsignedOf = [&](StringRef sign) {
    return cast(device, (asUnsigned(type, v[0]) + " " + sign + " " +
                         asUnsigned(type, v[1]))
                            .str());
  };
  // Of bools, the signed order is the other way round.
  auto extreme = [&](bool max, bool isSigned) {
    if (isBool)
      return bitwise(max != isSigned ? "|" : "&");
    std::string function =
        (max ? "swap_max<" : "swap_min<") + (isSigned ? device : wide) + ">";
    return cast(device, call(function, v));
  };
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](arith::AddIOp) { return wrap(type, v[0], "+", v[1]); })
      .Case([&](arith::SubIOp) { return wrap(type, v[0], "-", v[1]); })
      .Case([&](arith::MulIOp) { return wrap(type, v[0], "*", v[1]); })
      .Case([&](arith::DivSIOp) { return bitwise("/"); })
      .Case([&](arith::RemSIOp) { return bitwise("%"); })
      .Case([&](arith::DivUIOp) { return unsignedOf("/"); })
      .Case([&](arith::RemUIOp) { return unsignedOf("%"); })
      .Case([&](arith::AndIOp) { return bitwise("&"); })
      .Case([&](arith::OrIOp) { return bitwise("|"); })
      .Case([&](arith::XOrIOp) { return bitwise("^"); })
      .Case([&](arith::ShLIOp) {
        return cast(device, asUnsigned(type, v[0]) + " << " + v[1]);
      })
      .Case([&](arith::ShRSIOp) { return bitwise(">>"); })
      .Case([&](arith::ShRUIOp) {
        return cast(device, asUnsigned(type, v[0]) + " >> " + v[1]);
      })
      .Case([&](arith::MaxSIOp) { return extreme(true, true); })
      .Case([&](arith::MaxUIOp) { return extreme(true, false); })
      .Case([&](arith::MinSIOp) { return extreme(false, true); })
      .Case([&](arith::MinUIOp) { return extreme(false, false); })
      .Case([&](math::AbsIOp) {
        return v[0] + " < 0 ? " + wrap(type, "0", "-", v[0]) + " : " + v[0];
      })
      .Case([&](arith::CmpIOp cmp) { return compare(cmp, v[0], v[1]); })
      .Default([&](Operation *op) { return emitCast(op, from, type, v[0]); });
}

/// Arithmetic on float16 and bfloat16 runs in float32, rounded each time.
std::string swapc::formatDeviceOperation(Operation *op,
                                         ArrayRef<std::string> operands) {
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return operands[0] + " ? " + operands[1] + " : " + operands[2];
  Type type = op->getResult(0).getType();
  if (op->getNumOperands() == 0 ||
      !isa<FloatType>(op->getOperand(0).getType()) ||
      !(isa<FloatType>(type) || isa<arith::CmpFOp>(op)) ||
      isa<arith::ExtFOp, arith::TruncFOp, arith::BitcastOp>(op))
    return op->getNumOperands() == 0 ? "" : emitInteger(op, operands);
  SmallVector<std::string> wide(operands);
  for (auto [operand, text] : llvm::zip(op->getOperands(), wide))
    if (isSmallFloat(operand.getType()))
      text = call("swap_float", {text});
  std::string result = emitFloat(op, wide);
  if (isSmallFloat(type) && !result.empty())
    result = call(type.isF16() ? "swap_f16" : "swap_bf16", {result});
  return result;
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<std::string>>
swapc::emitScalarBody(linalg::GenericOp op, ArrayRef<std::string> arguments,
                      ArrayRef<std::string> indices,
                      const ExtractSource &extract, raw_ostream &os) {
  Block *body = op.getBody();
  DenseMap<Value, std::string> values;
  for (auto [argument, text] : llvm::zip(body->getArguments(), arguments))
    values[argument] = StringRef(text).contains(' ') ? "(" + text + ")" : text;
  auto find = [&](Value value) -> FailureOr<std::string> {
    if (auto known = values.find(value); known != values.end())
      return known->second;
    Attribute constant;
    if (matchPattern(value, m_Constant(&constant)) &&
        isa<FloatAttr, IntegerAttr>(constant))
      return formatDeviceConstant(constant);
    return op.emitOpError("uses a value from outside the kernel's operation"),
           failure();
  };

  unsigned position = 0, number = 0;
  for (Operation *other = op->getPrevNode(); other;
       other = other->getPrevNode())
    position += isa<linalg::GenericOp>(other);
  for (Operation &nested : body->without_terminator()) {
    if (nested.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (nested.getNumResults() != 1)
      return nested.emitOpError("is not supported in the body of a kernel"),
             failure();
    Value result = nested.getResult(0);
    auto extractOp = dyn_cast<tensor::ExtractOp>(nested);
    SmallVector<std::string> operands;
    for (Value operand : nested.getOperands().drop_front(extractOp ? 1 : 0)) {
      FailureOr<std::string> text = find(operand);
      if (failed(text))
        return failure();
      operands.push_back(*text);
    }
    std::string text;
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      text = cast("long long", indices[index.getDim()]);
    } else if (extractOp) {
      auto type = mlir::cast<RankedTensorType>(extractOp.getTensor().getType());
      for (auto [dim, index] : llvm::enumerate(extractOp.getIndices())) {
        if (matchPattern(index, m_Constant()) ||
            index.getDefiningOp<linalg::IndexOp>())
          continue;
        int64_t last = std::max<int64_t>(0, type.getDimSize(dim) - 1);
        operands[dim] =
            call("swap_inside", {operands[dim], std::to_string(last) + "ll"});
      }
      if (extract)
        text = extract(extractOp.getTensor(), operands);
    } else if (isa<arith::ArithDialect, math::MathDialect>(
                   nested.getDialect())) {
      text = formatDeviceOperation(&nested, operands);
    }
    if (text.empty())
      return nested.emitOpError("is not supported in the body of a kernel"),
             failure();
    std::string name =
        "v" + std::to_string(position) + "_" + std::to_string(number++);
    os << "const " << getDeviceType(result.getType()) << " " << name << " = "
       << text << ";\n";
    values[result] = name;
  }

  SmallVector<std::string> yielded;
  for (Value value : body->getTerminator()->getOperands()) {
    FailureOr<std::string> text = find(value);
    if (failed(text))
      return failure();
    yielded.push_back(*text);
  }
  return yielded;
}
