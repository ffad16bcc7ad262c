//===- MathPolynomials.cpp - exp, tanh, erf and others as arithmetic ------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CPU/Passes.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_MATHPOLYNOMIALS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

/// Functions that become polynomials; the others of the dialect are single
/// instructions, or expand into these.
bool isPolynomial(Operation *op) {
  return isa<math::AcosOp, math::AsinOp, math::AtanOp, math::Atan2Op,
             math::CbrtOp, math::CosOp, math::ErfOp, math::ErfcOp, math::ExpOp,
             math::ExpM1Op, math::LogOp, math::Log1pOp, math::Log2Op,
             math::SinOp, math::TanhOp>(op);
}

/// `element`, or a vector of it where `type` is a vector.
Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

/// `value` in each element of `type`, a float or an integer.
Value createConstant(ImplicitLocOpBuilder &b, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attr =
      isa<FloatType>(element)
          ? TypedAttr(b.getFloatAttr(element, value))
          : TypedAttr(b.getIntegerAttr(element, static_cast<int64_t>(value)));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, attr);
}

/// Coefficients from that of the highest power of x on.
Value createPolynomial(ImplicitLocOpBuilder &b, Value x,
                       ArrayRef<double> coefficients) {
  Value sum = createConstant(b, x.getType(), coefficients[0]);
  for (double coefficient : coefficients.drop_front())
    sum = math::FmaOp::create(b, sum, x,
                              createConstant(b, x.getType(), coefficient));
  return sum;
}

/// float64 functions are computed in float32: their results are good to 1e-6.
struct NarrowDouble : public RewritePattern {
  NarrowDouble(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/100, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isPolynomial(op) ||
        !getElementTypeOrSelf(op->getResult(0).getType()).isF64())
      return failure();
    Type wide = op->getResult(0).getType();
    Type narrow = withElement(wide, rewriter.getF32Type());
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          arith::TruncFOp::create(rewriter, op->getLoc(), narrow, operand));
    OperationState state(op->getLoc(), op->getName(), operands, {narrow},
                         op->getAttrs());
    Value result = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, wide, result);
    return success();
  }
};

/// sin and cos for any argument that counts, such as a rotary embedding's
/// position: the quadrant is taken off in float64, the rest is a polynomial.
template <typename OpTy> struct SinCos : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto constant = [&](Type of, double value) {
      return createConstant(b, of, value);
    };
    Type f64 = withElement(type, b.getF64Type());
    Type i32 = withElement(type, b.getI32Type());

    Value x = arith::ExtFOp::create(b, f64, op.getOperand());
    Value quadrant = math::RoundEvenOp::create(
        b, arith::MulFOp::create(b, x, constant(f64, 0.63661977236758134308)));
    Value rest = math::FmaOp::create(b, quadrant,
                                     constant(f64, -1.57079632679489661923), x);
    Value r = arith::TruncFOp::create(b, type, rest);
    Value square = arith::MulFOp::create(b, r, r);
    Value sine =
        createPolynomial(b, square,
                         {2.7183114939898219e-6, -1.9839334836096632e-4,
                          8.3333293858894632e-3, -1.6666666641626524e-1});
    sine = math::FmaOp::create(b, arith::MulFOp::create(b, sine, square), r, r);
    Value cosine = createPolynomial(
        b, square, {2.4390448796277409e-5, -1.3886763747465437e-3,
                 4.1666623323739063e-2, -4.9999999725103100e-1, 1.0});

    Value n = arith::FPToSIOp::create(b, i32, quadrant);
    if (isa<math::CosOp>(op.getOperation()))
      n = arith::AddIOp::create(b, n, constant(i32, 1));
    auto bit = [&](double mask) -> Value {
      return arith::CmpIOp::create(
          b, arith::CmpIPredicate::ne,
          arith::AndIOp::create(b, n, constant(i32, mask)), constant(i32, 0));
    };
    Value value = arith::SelectOp::create(b, bit(1), cosine, sine);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(
        op, bit(2), arith::NegFOp::create(b, value), value);
    return success();
  }
};

/// exp in as few instructions as keep its error below 1e-7: softmax is made of
/// it. What would be subnormal is 0.
struct Exp : public OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type i32 = withElement(type, b.getI32Type());
    auto constant = [&](double value) {
      return createConstant(b, type, value);
    };
    auto fma = [&](Value x, Value y, Value z) -> Value {
      return math::FmaOp::create(b, x, y, z);
    };

    // x = n ln 2 + r. The sum with 1.5 * 2^23 has n in its lowest bits.
    constexpr double kRounder = 12582912.0;
    Value x = op.getOperand();
    Value shifted = fma(x, constant(1.44269504088896341), constant(kRounder));
    Value n = arith::SubFOp::create(b, shifted, constant(kRounder));
    Value r = fma(n, constant(-0.693359375), x);
    r = fma(n, constant(2.12194440e-4), r);
    Value sum = createPolynomial(
        b, r,
        {1.3814467238262296e-3, 8.3687808364629745e-3, 4.1668392717838287e-2,
         1.6666519641876221e-1, 4.9999994039535522e-1, 1.0, 1.0});
    // Times 2^n, in the exponent. Up to the bounds below nothing carries into
    // the sign: where n is 128, the sum is below 1; where -126, at least 1.
    Value exponent = arith::ShLIOp::create(
        b, arith::BitcastOp::create(b, i32, shifted),
        createConstant(b, i32, 23));
    Value bits = arith::AddIOp::create(
        b, arith::BitcastOp::create(b, i32, sum), exponent);
    Value value = arith::BitcastOp::create(b, type, bits);
    Value isSmall = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x,
                                          constant(-87.336540));
    value = arith::SelectOp::create(b, isSmall, constant(0), value);
    // Infinity, or what is no number.
    Value isLarge = arith::CmpFOp::create(b, arith::CmpFPredicate::UGT, x,
                                          constant(88.722830));
    Value infinity = constant(std::numeric_limits<float>::infinity());
    rewriter.replaceOpWithNewOp<arith::SelectOp>(
        op, isLarge, arith::AddFOp::create(b, x, infinity), value);
    return success();
  }
};

/// erf as a quotient of two polynomials: its error is below 4e-7, and from 3.96
/// on it is 1.
struct Erf : public OpRewritePattern<math::ErfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ErfOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto constant = [&](double value) {
      return createConstant(b, type, value);
    };
    Value x = op.getOperand(), most = constant(3.96), least = constant(-3.96);
    x = arith::SelectOp::create(
        b, arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, least), least,
        x);
    x = arith::SelectOp::create(
        b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, most), most,
        x);
    Value square = arith::MulFOp::create(b, x, x);
    Value above = createPolynomial(
        b, square,
        {1.9867566152242944e-6, 2.8456648578867316e-4, 3.8834165316075087e-3,
         5.310197174549103e-2, 1.9354690611362457e-1, 1.1283791065216064});
    Value below = createPolynomial(
        b, square,
        {3.741993350558914e-5, 1.185586559586227e-3, 1.5207399614155293e-2,
         1.1535074561834335e-1, 5.048590302467346e-1, 1.0});
    rewriter.replaceOpWithNewOp<arith::DivFOp>(
        op, arith::MulFOp::create(b, above, x), below);
    return success();
  }
};

/// The larger number, and any of the two where one is none: one instruction.
struct Largest : public OpRewritePattern<arith::MaximumFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::MaximumFOp op,
                                PatternRewriter &rewriter) const override {
    if (!bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::nnan))
      return failure();
    Value isMore = arith::CmpFOp::create(rewriter, op.getLoc(),
                                         arith::CmpFPredicate::OGT, op.getLhs(),
                                         op.getRhs());
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isMore, op.getLhs(),
                                                 op.getRhs());
    return success();
  }
};

struct MathPolynomials
    : public swapc::impl::MathPolynomialsBase<MathPolynomials> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    SmallVector<StringRef> expanded = {"sinh",  "cosh",  "tan",   "asinh",
                                       "acosh", "atanh", "powf",  "exp2",
                                       "fpowi", "round", "clampf"};
    math::populateExpansionPatterns(patterns, expanded);
    patterns.add<Exp, Erf, Largest, SinCos<math::SinOp>,
                 SinCos<math::CosOp>>(&getContext());
    // 1 / sqrt is two instructions; the polynomial of MLIR fails on some
    // widths.
    auto any = [](StringRef name) {
      return name != "math.rsqrt" && name != "math.sin" && name != "math.cos";
    };
    populateMathF32ExpansionPatterns(patterns, any);
    populateMathPolynomialApproximationPatterns(
        patterns,
        [&](StringRef name) {
          return any(name) && name != "math.exp" && name != "math.erf";
        });
    // First, so that the polynomials, which are of float32, see no float64.
    RewritePatternSet narrow(&getContext());
    math::populateExpansionPatterns(narrow, expanded);
    narrow.add<NarrowDouble>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(narrow))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
