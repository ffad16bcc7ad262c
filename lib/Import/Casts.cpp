//===- Casts.cpp - Casts between element types ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

using namespace mlir;
using namespace swapc;

TensorRef swapc::castTensor(NodeImporter &n, TensorRef tensor,
                            const ElementKind &to, Fit fit) {
  ElementKind from = tensor->getKind();
  if (from == to)
    return tensor;
  TensorRef result = n.parallel(
      {{tensor, n.identity(tensor->getRank())}}, tensor->getShape(), to.type,
      [&](Scalar &s, ValueRange args) {
        return castElement(s, args[0], from, to, fit);
      },
      to.isUnsigned);
  result->format = to.format;
  return result;
}

FailureOr<ElementKind> swapc::getKindAttr(NodeImporter &n, StringRef name) {
  int64_t to = n.getInt(name, 0);
  ElementKind kind =
      llvm::isInt<32>(to) ? n.graph.convertKind(to) : ElementKind{};
  if (!kind.type)
    return n.error(name + " is element type " + Twine(to) +
                   " of TensorProto.DataType, which is not supported");
  return kind;
}

static FailureOr<Fit> getFit(NodeImporter &n) {
  Fit fit;
  fit.saturate = n.getInt("saturate", 1) != 0;
  StringRef round = n.getString("round_mode", "up");
  if (round == "down")
    fit.round = RoundMode::Down;
  else if (round == "nearest")
    fit.round = RoundMode::Nearest;
  else if (round != "up")
    return n.error("round_mode is '" + round +
                   "', not 'up', 'down' or 'nearest'");
  return fit;
}

static LogicalResult importCast(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  FailureOr<ElementKind> to = getKindAttr(n, "to");
  FailureOr<Fit> fit = getFit(n);
  if (failed(to) || failed(fit))
    return failure();
  return n.finish(castTensor(n, n.in(0), *to, *fit));
}

static LogicalResult importCastLike(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  FailureOr<Fit> fit = getFit(n);
  if (failed(fit))
    return failure();
  return n.finish(castTensor(n, n.in(0), n.in(1)->getKind(), *fit));
}

static unsigned getBits(const ElementKind &kind) {
  if (kind.format != Format::Plain)
    return getFormatBits(kind.format);
  return kind.type.isInteger(1) ? 8 : kind.type.getIntOrFloatBitWidth();
}

/// The bits of one element as those of another, both of one size.
static Value bitcastElement(Scalar &s, Value element, const ElementKind &from,
                            const ElementKind &to) {
  Type byte = s.getBuilder().getI8Type();
  if (from.type.isInteger(1))
    element = s.make<arith::ExtUIOp>(byte, element);
  if (to.type.isInteger(1))
    return s.isNonZero(element);
  // An int4 is held as its value, so only the low bits are those of a uint4.
  if (getFormatBits(to.format) < 8)
    return castElement(s, element, {byte, true}, to);
  return element.getType() == to.type
             ? element
             : s.make<arith::BitcastOp>(to.type, element);
}

static LogicalResult importBitCast(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  FailureOr<ElementKind> to = getKindAttr(n, "to");
  if (failed(to))
    return failure();
  TensorRef tensor = n.in(0);
  ElementKind from = tensor->getKind();
  if (getBits(from) != getBits(*to))
    return n.error("takes types of one size, not " + getKindName(from) +
                   " and " + getKindName(*to));
  if (from == *to)
    return n.finish(tensor);
  TensorRef result = n.parallel(
      {{tensor, n.identity(tensor->getRank())}}, tensor->getShape(), to->type,
      [&](Scalar &s, ValueRange args) {
        return bitcastElement(s, args[0], from, *to);
      },
      to->isUnsigned);
  result->format = to->format;
  return n.finish(result);
}

void swapc::addCasts(HandlerMap &handlers) {
  handlers["BitCast"] = importBitCast;
  handlers["Cast"] = importCast;
  handlers["CastLike"] = importCastLike;
}
