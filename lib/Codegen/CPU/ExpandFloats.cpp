//===- ExpandFloats.cpp - Float operations that a processor lacks ---------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CPU/Passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_EXPANDFLOATS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

Type elementOf(Value value) { return getElementTypeOrSelf(value.getType()); }

bool isHalf(Value value) { return isa<Float16Type>(elementOf(value)); }

/// Arithmetic on values of one shape: scalars, or vectors.
struct Builder : public ImplicitLocOpBuilder {
  Builder(Operation *op, PatternRewriter &rewriter)
      : ImplicitLocOpBuilder(op->getLoc(), rewriter),
        shape(op->getResult(0).getType()) {}

  Type like(Type element) {
    auto vector = dyn_cast<VectorType>(shape);
    return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
  }
  Value constant(Type element, Attribute value) {
    auto attr = cast<TypedAttr>(value);
    if (auto vector = dyn_cast<VectorType>(like(element)))
      attr = DenseElementsAttr::get(vector, value);
    return arith::ConstantOp::create(*this, attr);
  }
  Value integer(uint64_t bits, unsigned width = 32) {
    Type type = getIntegerType(width);
    return constant(type, IntegerAttr::get(type, APInt(width, bits)));
  }
  Value real(Type element, double value) {
    return constant(element, getFloatAttr(element, value));
  }
  Value bits(Value value) {
    Type type = getIntegerType(elementOf(value).getIntOrFloatBitWidth());
    return arith::BitcastOp::create(*this, like(type), value);
  }
  Value asFloat(Value value) {
    return arith::BitcastOp::create(*this, like(getF32Type()), value);
  }
  template <typename OpTy> Value make(Value a, Value b) {
    return OpTy::create(*this, a, b);
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(*this, predicate, a, b);
  }
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(*this, predicate, a, b);
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(*this, condition, a, b);
  }

  Type shape;
};

/// Two roundings instead of one.
struct Fma : public OpRewritePattern<math::FmaOp> {
  Fma(MLIRContext *context, const CpuTarget &target)
      : OpRewritePattern(context), target(target) {}
  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    bool isDouble = elementOf(op.getResult()).isF64();
    if (target.hasFma && (!isDouble || target.hasDouble))
      return failure();
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
  CpuTarget target;
};

/// floor, ceil, trunc and roundeven. Adding and taking off 2^23 (float64: 2^52)
/// rounds to even what is smaller; larger numbers are integral.
template <typename OpTy> struct Rounding : public OpRewritePattern<OpTy> {
  Rounding(MLIRContext *context, const CpuTarget &target)
      : OpRewritePattern<OpTy>(context), target(target) {}
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getOperand();
    Type element = elementOf(x);
    if (!element.isF32() && !element.isF64())
      return failure();
    if (target.hasRounding && (element.isF32() || target.hasDouble))
      return failure();
    Builder b(op, rewriter);
    Value size = math::AbsFOp::create(b, x);
    Value magic = b.real(element, element.isF64() ? 0x1p52 : 0x1p23);
    Value even =
        b.make<arith::SubFOp>(b.make<arith::AddFOp>(size, magic), magic);
    Value one = b.real(element, 1.0), zero = b.real(element, 0.0);
    auto correct = [&](arith::CmpFPredicate wrong, Value rounded, Value of) {
      Value step = b.select(b.compare(wrong, rounded, of), one, zero);
      return b.make<arith::SubFOp>(rounded, step);
    };
    // The magnitude towards zero, or the number itself towards an infinity.
    if (isa<math::TruncOp>(op))
      even = correct(arith::CmpFPredicate::OGT, even, size);
    Value rounded = b.make<math::CopySignOp>(even, x);
    if (isa<math::FloorOp>(op))
      rounded = correct(arith::CmpFPredicate::OGT, rounded, x);
    if (isa<math::CeilOp>(op)) {
      Value below = b.compare(arith::CmpFPredicate::OLT, rounded, x);
      rounded = b.make<arith::AddFOp>(rounded, b.select(below, one, zero));
      rounded = b.make<math::CopySignOp>(rounded, x);
    }
    Value fits = b.compare(arith::CmpFPredicate::OLT, size, magic);
    rewriter.replaceOp(op, b.select(fits, rounded, x));
    return success();
  }
  CpuTarget target;
};

/// The square root bit by bit, correctly rounded.
struct Sqrt : public OpRewritePattern<math::SqrtOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::SqrtOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getOperand();
    if (!elementOf(x).isF32())
      return failure();
    Builder b(op, rewriter);
    Type f32 = b.getF32Type();
    // Subnormal numbers times 2^24, and the root by 2^-12.
    Value small =
        b.compare(arith::CmpIPredicate::ult, b.bits(x), b.integer(0x00800000));
    Value scaled =
        b.select(small, b.make<arith::MulFOp>(x, b.real(f32, 0x1p24)), x);
    Value word = b.bits(scaled), one = b.integer(1);
    Value exponent = b.make<arith::SubIOp>(
        b.make<arith::ShRUIOp>(word, b.integer(23)), b.integer(127));
    Value mantissa =
        b.make<arith::OrIOp>(b.make<arith::AndIOp>(word, b.integer(0x007fffff)),
                             b.integer(0x00800000));
    Value odd = b.make<arith::AndIOp>(exponent, one);
    Value rest =
        b.make<arith::ShLIOp>(mantissa, b.make<arith::AddIOp>(odd, one));
    Value half = b.make<arith::ShRSIOp>(exponent, one);
    // One bit of the root a step: `root` is twice what is known of it.
    Value zero = b.integer(0);
    auto bound = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
    };
    auto loop =
        scf::ForOp::create(b, bound(0), bound(25), bound(1),
                           ValueRange{rest, zero, zero, b.integer(0x01000000)});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value rest = loop.getRegionIterArg(0), sum = loop.getRegionIterArg(1);
      Value root = loop.getRegionIterArg(2), bit = loop.getRegionIterArg(3);
      Value trial = b.make<arith::AddIOp>(sum, bit);
      Value taken = b.compare(arith::CmpIPredicate::ule, trial, rest);
      sum = b.select(taken, b.make<arith::AddIOp>(trial, bit), sum);
      root = b.select(taken, b.make<arith::AddIOp>(root, bit), root);
      rest = b.select(taken, b.make<arith::SubIOp>(rest, trial), rest);
      scf::YieldOp::create(
          b, ValueRange{b.make<arith::AddIOp>(rest, rest), sum, root,
                        b.make<arith::ShRUIOp>(bit, b.integer(1))});
    }
    Value root = loop.getResult(2);
    Value inexact =
        b.compare(arith::CmpIPredicate::ne, loop.getResult(0), zero);
    Value last = b.make<arith::AndIOp>(root, one);
    root = b.make<arith::AddIOp>(root, b.select(inexact, last, zero));
    root = b.make<arith::AddIOp>(b.make<arith::ShRUIOp>(root, one),
                                 b.integer(0x3f000000));
    root =
        b.make<arith::AddIOp>(root, b.make<arith::ShLIOp>(half, b.integer(23)));
    Value result = b.asFloat(root);
    result = b.select(
        small, b.make<arith::MulFOp>(result, b.real(f32, 0x1p-12)), result);
    // Zeros, infinity and NaN are their own root; less than zero has none.
    Value magnitude = b.make<arith::AndIOp>(b.bits(x), b.integer(0x7fffffff));
    Value negative = b.compare(arith::CmpIPredicate::slt, b.bits(x), zero);
    result = b.select(negative, b.asFloat(b.integer(0x7fc00000)), result);
    Value isZero = b.compare(arith::CmpIPredicate::eq, magnitude, zero);
    Value isLast =
        b.compare(arith::CmpIPredicate::sge, b.bits(x), b.integer(0x7f800000));
    Value isNaN =
        b.compare(arith::CmpIPredicate::ugt, magnitude, b.integer(0x7f800000));
    Value itself =
        b.make<arith::OrIOp>(isNaN, b.make<arith::OrIOp>(isZero, isLast));
    rewriter.replaceOp(op, b.select(itself, x, result));
    return success();
  }
};

/// float16 to float32 in integers; a subtraction shifts subnormal ones.
struct ExtendHalf : public OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    if (!isHalf(op.getIn()))
      return failure();
    Builder b(op, rewriter);
    Value word =
        arith::ExtUIOp::create(b, b.like(b.getI32Type()), b.bits(op.getIn()));
    Value sign = b.make<arith::ShLIOp>(
        b.make<arith::AndIOp>(word, b.integer(0x8000)), b.integer(16));
    Value rest = b.make<arith::ShLIOp>(
        b.make<arith::AndIOp>(word, b.integer(0x7fff)), b.integer(13));
    Value normal = b.make<arith::AddIOp>(rest, b.integer(112u << 23));
    Value last = b.make<arith::AddIOp>(rest, b.integer(224u << 23));
    Value subnormal = b.bits(b.make<arith::SubFOp>(
        b.asFloat(b.make<arith::AddIOp>(rest, b.integer(113u << 23))),
        b.asFloat(b.integer(113u << 23))));
    Value isLast = b.compare(arith::CmpIPredicate::uge, rest,
                             b.integer(0x0f800000)); // infinity and NaN
    Value isSubnormal =
        b.compare(arith::CmpIPredicate::ult, rest, b.integer(0x00800000));
    Value value = b.select(isLast, last, normal);
    value = b.select(isSubnormal, subnormal, value);
    value = b.asFloat(b.make<arith::OrIOp>(value, sign));
    if (elementOf(op.getResult()).isF64())
      value = arith::ExtFOp::create(b, op.getType(), value);
    rewriter.replaceOp(op, value);
    return success();
  }
};

/// float32 to float16, to nearest even.
struct TruncateHalf : public OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    if (!isHalf(op.getResult()))
      return failure();
    Builder b(op, rewriter);
    Value x = op.getIn();
    if (elementOf(x).isF64())
      x = arith::TruncFOp::create(b, b.like(b.getF32Type()), x);
    Value word = b.bits(x);
    Value sign = b.make<arith::ShRUIOp>(
        b.make<arith::AndIOp>(word, b.integer(0x80000000)), b.integer(16));
    Value rest = b.make<arith::AndIOp>(word, b.integer(0x7fffffff));
    // An addition rounds subnormal results into the low bits.
    Value magic = b.integer(126u << 23);
    Value subnormal = b.make<arith::SubIOp>(
        b.bits(b.make<arith::AddFOp>(b.asFloat(rest), b.asFloat(magic))),
        magic);
    Value odd = b.make<arith::AndIOp>(
        b.make<arith::ShRUIOp>(rest, b.integer(13)), b.integer(1));
    Value normal =
        b.make<arith::AddIOp>(rest, b.integer(0xfffu - (112u << 23)));
    normal = b.make<arith::ShRUIOp>(b.make<arith::AddIOp>(normal, odd),
                                    b.integer(13));
    Value isNaN =
        b.compare(arith::CmpIPredicate::ugt, rest, b.integer(0x7f800000));
    Value isLarge =
        b.compare(arith::CmpIPredicate::uge, rest, b.integer(143u << 23));
    Value isSmall =
        b.compare(arith::CmpIPredicate::ult, rest, b.integer(113u << 23));
    Value value = b.select(isSmall, subnormal, normal);
    value = b.select(
        isLarge, b.select(isNaN, b.integer(0x7e00), b.integer(0x7c00)), value);
    value = b.make<arith::OrIOp>(value, sign);
    value = arith::TruncIOp::create(b, b.like(b.getI16Type()), value);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), value);
    return success();
  }
};

/// Runs an operation on `narrow` floats in float32.
template <typename Narrow> struct Widen : public RewritePattern {
  Widen(MLIRContext *context, bool everything)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/10, context),
        everything(everything) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    auto isNarrow = [](Value value) { return isa<Narrow>(elementOf(value)); };
    bool isCast =
        isa<arith::FPToSIOp, arith::FPToUIOp, arith::SIToFPOp, arith::UIToFPOp>(
            op);
    if (!isCast &&
        (!everything || op->hasTrait<OpTrait::ConstantLike>() ||
         !isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) ||
         isa<arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::SelectOp>(
             op)))
      return failure();
    if (!llvm::any_of(op->getOperands(), isNarrow) &&
        !llvm::any_of(op->getResults(), isNarrow))
      return failure();
    Builder b(op, rewriter);
    SmallVector<Value> operands(op->getOperands());
    for (Value &operand : operands)
      if (isNarrow(operand))
        operand = arith::ExtFOp::create(b, b.like(b.getF32Type()), operand);
    Type type = op->getResult(0).getType();
    bool narrows = isNarrow(op->getResult(0));
    OperationState state(op->getLoc(), op->getName(), operands,
                         {narrows ? b.like(b.getF32Type()) : type},
                         op->getAttrs());
    Value result = b.create(state)->getResult(0);
    if (narrows)
      result = arith::TruncFOp::create(b, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
  bool everything;
};

/// No float16 is larger than an i32: 32-bit processors with instructions for
/// float16 would call compiler-rt for 64 bits, through float32 or not.
template <typename OpTy> struct HalfToLong : public OpRewritePattern<OpTy> {
  HalfToLong(MLIRContext *context)
      : OpRewritePattern<OpTy>(context, /*benefit=*/20) {}
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    // LLVM would take an extension to float32 away.
    auto extended = op.getIn().template getDefiningOp<arith::ExtFOp>();
    if (!isHalf(extended ? extended.getIn() : op.getIn()) ||
        !elementOf(op.getResult()).isInteger(64))
      return failure();
    Builder b(op, rewriter);
    auto convert = [&](Value x) -> Value {
      Value narrow = arith::FPToSIOp::create(b, b.getI32Type(), x);
      return arith::ExtSIOp::create(b, b.getI64Type(), narrow);
    };
    auto vector = dyn_cast<VectorType>(op.getType());
    if (!vector) {
      rewriter.replaceOp(op, convert(op.getIn()));
      return success();
    }
    // One by one: a vector's lanes would be made 64 bits wide before.
    Value result =
        arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(vector)));
    for (int64_t lane = 0; lane < vector.getNumElements(); ++lane)
      result = vector::InsertOp::create(
          b, convert(vector::ExtractOp::create(b, op.getIn(), lane)), result,
          lane);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The root of a float64 is as good as that of a float32.
struct NarrowSqrt : public OpRewritePattern<math::SqrtOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::SqrtOp op,
                                PatternRewriter &rewriter) const override {
    if (!elementOf(op.getResult()).isF64())
      return failure();
    Builder b(op, rewriter);
    Value narrow =
        arith::TruncFOp::create(b, b.like(b.getF32Type()), op.getOperand());
    Value root = math::SqrtOp::create(b, narrow);
    rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), root);
    return success();
  }
};

struct ExpandFloats : public swapc::impl::ExpandFloatsBase<ExpandFloats> {
  using ExpandFloatsBase::ExpandFloatsBase;

  void runOnOperation() override {
    FailureOr<CpuTarget> target =
        getCpuTarget(triple, cpu, features, getOperation());
    if (failed(target))
      return signalPassFailure();
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<Widen<Float16Type>>(context, !target->hasF16c);
    patterns.add<Fma, Rounding<math::FloorOp>, Rounding<math::CeilOp>,
                 Rounding<math::TruncOp>, Rounding<math::RoundEvenOp>>(context,
                                                                       *target);
    if (target->indexBits == 32)
      patterns.add<HalfToLong<arith::FPToSIOp>, HalfToLong<arith::FPToUIOp>>(
          context);
    if (!target->hasF16c)
      patterns.add<ExtendHalf, TruncateHalf>(context);
    if (!target->hasFloat)
      patterns.add<Sqrt>(context);
    if (!target->hasDouble)
      patterns.add<NarrowSqrt>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
