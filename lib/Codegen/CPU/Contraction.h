//===- Contraction.h - Kernels with a multiply-add root ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One micro-kernel serves matrix products, convolutions, depthwise and grouped
// convolutions. The loops of the root operation fall into four groups:
//
//   n      the last dimension of the result: the vector dimension
//   batch  other parallel loops that the right operand B depends on
//   m      parallel loops that B does not depend on: the rows ("pixels")
//   k      reductions; all but the innermost are called taps
//
// A panel is one index of (batch..., n / NR). The register tile holds MR rows
// times NR columns; each output element is summed over k in the order of the
// loops, whatever the tiling, so every split gives the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_CONTRACTION_H
#define SWAPC_LIB_CODEGEN_CPU_CONTRACTION_H

#include "Swap/SwapDialect.h"
#include "swapc/Codegen/CPU/CpuTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace swapc {

/// How an operand moves with the loops of the root: element offset =
/// constant + sum of coefficient[loop] * loop.
struct ContractionAccess {
  llvm::SmallVector<int64_t> coefficients;
  int64_t constant = 0;
};

/// A padded dimension of A: coordinate = sum of coefficients * loops - low is
/// inside if 0 <= coordinate < size; outside, A is zero.
struct ContractionWindow {
  llvm::SmallVector<int64_t> coefficients;
  int64_t low = 0;
  int64_t size = 0;
};

struct ContractionInfo {
  mlir::linalg::GenericOp root;
  mlir::BlockArgument a, b;                           // of the kernel function
  mlir::Operation *castA = nullptr, *castB = nullptr; // before the product
  llvm::SmallVector<int64_t> sizes;                   // of the root's loops
  llvm::SmallVector<unsigned> batch, m, taps;
  unsigned n = 0;
  int k = -1;           // the innermost reduction, if there is one
  bool vectorA = false; // A depends on n: depthwise
  bool slicesB = false; // B is at one index of a larger dimension: never packed
  ContractionAccess accessA, accessB, accessOut;
  llvm::SmallVector<ContractionWindow> windows;
  llvm::SmallVector<int64_t> loopToDimB;   // dimension of B, or -1
  llvm::SmallVector<int64_t> loopToDimOut; // dimension of the result, or -1
  llvm::SmallVector<mlir::linalg::GenericOp> epilogue;
  mlir::Value result; // what the kernel returns
  mlir::Type accumulator, elementA, elementB, elementOut;

  int64_t sizeOf(llvm::ArrayRef<unsigned> loops) const {
    int64_t size = 1;
    for (unsigned loop : loops)
      size *= sizes[loop];
    return size;
  }
  int64_t rows() const { return sizeOf(m); }
  int64_t columns() const { return sizes[n]; }
  int64_t innerK() const { return k < 0 ? 1 : sizes[k]; }
  int64_t depth() const { return sizeOf(taps) * innerK(); }
  int64_t flops() const {
    return 2 * sizeOf(batch) * rows() * columns() * depth();
  }
};

/// Where the micro-kernel finds the columns of B.
enum class PanelSource {
  Packed, // a parameter with a #swap.panels encoding
  Direct, // row-major, columns next to each other
  Scratch // packed by the kernel, once per tile
};

/// Steps of k whose products one instruction sums.
enum class ProductSteps {
  One,
  Two,      // of 16 bits
  TwoTwice, // the same; four bytes of A are loaded at once
  Four      // of 8 bits
};

/// Sizes of the register tile and of a grid tile.
struct ContractionPlan {
  PanelSource source = PanelSource::Packed;
  int64_t lanes = 1;   // elements of one vector register
  int64_t vectors = 1; // NR = lanes * vectors
  int64_t rows = 1;    // MR; rows of the image where there are strips
  int64_t strip = 0;   // rows of a register tile of a depthwise kernel, or 0
  int64_t block = 1;   // rows of a grid tile
  int64_t panels = 1;  // of all batches
  int64_t step = 0;    // of k, what is widened at once; divides it
  bool widensA = false;
  bool widensB = false;
  int64_t scratch = 0; // bytes per thread
  unsigned indexBits = 64;
  int64_t straightSteps = 8; // of k, below which the code has no loop
  int64_t straightTaps = 32; // of taps and k together, the same of the taps
  int64_t unroll = 4;        // steps of k in a loop's body
  int64_t rowUnroll = 8;     // the same where the tile has one row
  ProductSteps steps = ProductSteps::One;
  bool fuses = false;        // multiplies and adds with one rounding, by demand
  int64_t width() const { return lanes * vectors; }
};

/// The loops of a depthwise kernel that strips go through.
struct StripLoops {
  unsigned x = 0;   // the innermost row of the result
  unsigned tap = 0; // the innermost of the window
  int window = -1;  // that x and tap move in, if it is padded
  llvm::SmallVector<int> outerWindows; // of each other tap, or -1
};
std::optional<StripLoops> getStripLoops(const ContractionInfo &info);
/// Whether the input of x at `tap` is inside the image.
bool isInsideStrip(const ContractionInfo &info, const StripLoops &loops,
                   int64_t x, int64_t tap);
/// The same for all taps of `count` neighbours from x on.
bool isInterior(const ContractionInfo &info, const StripLoops &loops, int64_t x,
                int64_t count);
/// Sets the register tile of a depthwise kernel; false if it has no strips.
bool chooseStrip(const ContractionInfo &info, const CpuTarget &target,
                 int64_t fixedWidth, ContractionPlan &plan);

/// Where in scratch memory, in bytes from its begin.
struct ContractionScratch {
  int64_t block = 0;   // after the panel that the kernel packs: widened B
  int64_t sums = 0;    // of the rows of a tile
  int64_t strips = 0;  // of A
  int64_t columns = 0; // sums of the panel's columns
  int64_t end = 0;
};

/// Recognises a kernel that the micro-kernel can compute. Fails silently.
llvm::FailureOr<ContractionInfo> analyzeContraction(mlir::func::FuncOp kernel);

/// How far a window reaches behind its first tap.
int64_t getReach(const ContractionInfo &info, const ContractionWindow &window);
/// Whether register tiles that meet no padding are code of their own.
bool hasInterior(const ContractionInfo &info, int64_t lanes);

/// Chooses tile sizes; honours a #swap.panels encoding on B.
ContractionPlan planContraction(const ContractionInfo &info,
                                const CpuTarget &target);

/// Cycles that the micro-kernel takes, in multiply-adds of one vector.
double estimateContractionCycles(const ContractionInfo &info,
                                 const CpuTarget &target);

/// What the processor can do with the kernel's integers.
ProductSteps getProductSteps(const ContractionInfo &info,
                             const CpuTarget &target);

/// Steps of k that one instruction, or two in turn, take.
int64_t getGroup(const ContractionPlan &plan);

/// Whether narrow operands are brought ahead of their use into the form that
/// products take, and how many at once: see ContractionWidening.cpp.
void chooseWidening(const ContractionInfo &info, ContractionPlan &plan);

ContractionScratch getScratch(const ContractionInfo &info,
                              const ContractionPlan &plan);

/// The schedule that says the same; emission takes rows and block from it.
mlir::swap::ScheduleAttr getSchedule(const ContractionInfo &info,
                                     const ContractionPlan &plan);
ContractionPlan planContraction(const ContractionInfo &info,
                                const CpuTarget &target,
                                mlir::swap::ScheduleAttr schedule);

/// The layout of B that the micro-kernel reads.
mlir::swap::PanelsAttr getPackedEncoding(const ContractionInfo &info,
                                         int64_t width);

/// The same for an operand of the epilogue that depends on the columns (and
/// batches) only; null if it cannot be cut into the panels of B.
mlir::swap::PanelsAttr getPackedEncoding(const ContractionInfo &info,
                                         mlir::linalg::GenericOp op,
                                         unsigned input, int64_t width);

/// How an input of an epilogue operation, which may be a window of a larger
/// tensor, moves with the loops of the root.
ContractionAccess getEpilogueAccess(const ContractionInfo &info,
                                    mlir::linalg::GenericOp op, unsigned input);

/// Operands whose memory the result may take: see #swap.schedule.
llvm::SmallVector<int64_t> findInPlaceOperands(const ContractionInfo &info,
                                               const ContractionPlan &plan);

/// Fills in the body of a kernel: tiles [begin, end) with the operands that
/// the array of pointers `operands` names.
void emitContraction(mlir::OpBuilder &builder, mlir::Location loc,
                     const ContractionInfo &info, const ContractionPlan &plan,
                     mlir::Value operands, mlir::Value begin, mlir::Value end,
                     mlir::Value scratch);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_CONTRACTION_H
