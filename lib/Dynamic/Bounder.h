//===- Bounder.h - Makes a network right for any sizes ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations that keep the elements of a dimension apart compute what is
// outside the sizes as well, from whatever is there, and nobody looks at it.
// What mixes them takes care: a reduction over the dimension replaces what is
// outside by what changes nothing, and numbers that depend on a size (offsets,
// lengths) come from the run. Both are tensors that kernels at the beginning of
// a run compute from the sizes, so that kernels that use them are ordinary.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_DYNAMIC_BOUNDER_H
#define SWAPC_LIB_DYNAMIC_BOUNDER_H

#include "Samples.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace swapc {

/// coefficients * loops + constant; the constant may depend on the sizes.
struct IndexForm {
  llvm::SmallVector<int64_t> coefficients;
  SizeForm constant;
  /// The loop that it is, or -1.
  int getLoop() const;
  /// Set for what is not linear; coefficients are empty then.
  mlir::AffineExpr other;
};

/// A number that a run computes from its sizes.
struct NumberForm {
  SizeForm form;
  bool isReciprocal = false; ///< 1 / form, of floats.
  bool operator==(const NumberForm &other) const {
    return form == other.form && isReciprocal == other.isReciprocal;
  }
};

class Bounder {
public:
  explicit Bounder(Samples &samples);
  mlir::LogicalResult run();

private:
  /// What must change of a loop nest.
  struct Edit {
    struct Number {
      mlir::Operation *constant;
      mlir::Value value; // a tensor of rank 0
    };
    llvm::SmallVector<Number> numbers;
    /// Loops of reductions to mask inside the body.
    llvm::SmallVector<unsigned> masked;
    /// Inputs, by number, that are read at an offset that depends on sizes.
    std::vector<std::pair<unsigned, llvm::SmallVector<IndexForm>>> moving;
    bool empty() const {
      return numbers.empty() && masked.empty() && moving.empty();
    }
  };

  // Bounder.cpp: one operation after the other.
  mlir::LogicalResult visit(mlir::Operation *op);
  mlir::LogicalResult visitFill(mlir::linalg::FillOp op);
  mlir::LogicalResult visitReshape(mlir::Operation *op);
  mlir::LogicalResult visitPad(mlir::tensor::PadOp op);
  mlir::LogicalResult visitConcat(mlir::tensor::ConcatOp op);
  mlir::LogicalResult visitReturn(mlir::func::ReturnOp op);
  mlir::LogicalResult addSizes();
  /// Compares the layout with the shapes at all points and keeps it.
  mlir::LogicalResult setLayout(mlir::Operation *op, mlir::Value original,
                                const Layout &layout);
  /// The layout of a tensor; by its shapes where nothing else says so.
  mlir::FailureOr<Layout> getLayout(mlir::Operation *user, mlir::Value value);
  void replace(mlir::Operation *op, mlir::Value by, const Layout &layout);
  /// An error at an operation that sizes must not reach.
  mlir::LogicalResult checkStatic(mlir::Operation *op);

  // BoundedNests.cpp: loop nests.
  mlir::LogicalResult visitGeneric(mlir::linalg::GenericOp op);
  mlir::LogicalResult maskIndices(mlir::linalg::GenericOp op);
  mlir::FailureOr<llvm::SmallVector<IndexForm>>
  getIndexForms(mlir::linalg::GenericOp op, unsigned operand);
  mlir::FailureOr<llvm::SmallVector<Dim>>
  getLoops(mlir::linalg::GenericOp op,
           llvm::ArrayRef<llvm::SmallVector<IndexForm>> forms);
  mlir::LogicalResult checkRead(mlir::linalg::GenericOp op,
                                const IndexForm &form, const Dim &dim,
                                llvm::ArrayRef<Dim> loops);
  mlir::LogicalResult checkBody(mlir::linalg::GenericOp op,
                                llvm::ArrayRef<Dim> loops, Edit &edit);
  mlir::LogicalResult maskReductions(mlir::linalg::GenericOp op,
                                     llvm::ArrayRef<llvm::SmallVector<IndexForm>> forms,
                                     llvm::ArrayRef<Dim> loops, Edit &edit);
  mlir::linalg::GenericOp apply(mlir::linalg::GenericOp op, const Edit &edit,
                                llvm::ArrayRef<Dim> loops);

  // SizeValues.cpp: what is computed from the sizes.
  /// A vector of i1: where the elements of a dimension hold values.
  mlir::Value getMask(const Dim &dim);
  /// A tensor of rank 0 and this element type.
  mlir::Value getNumber(const NumberForm &number, mlir::Type type);
  /// `value`, and `other` where dimension `dim` holds no values.
  mlir::Value maskTensor(mlir::OpBuilder &b, mlir::Location loc,
                         mlir::Value value, unsigned dim, const Dim &layout,
                         mlir::TypedAttr other, mlir::Operation *origin);
  mlir::Value makeNest(mlir::OpBuilder &b, mlir::Location loc,
                       mlir::ValueRange inputs,
                       llvm::ArrayRef<mlir::AffineMap> maps,
                       llvm::ArrayRef<int64_t> shape, mlir::Type type,
                       llvm::function_ref<mlir::Value(
                           mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>
                           body);
  /// The form of a number that is this one at each point.
  std::optional<NumberForm>
  fitNumbers(llvm::ArrayRef<mlir::Attribute> numbers);
  /// A constant of the function: kept, or computed from the sizes.
  mlir::LogicalResult visitConstant(mlir::Operation *op);

  Samples &samples;
  mlir::ModuleOp module;
  mlir::func::FuncOp main;
  llvm::SmallVector<mlir::Value> sizes; // arguments
  mlir::Operation *first = nullptr;     // size values stand before it
  llvm::DenseMap<mlir::Value, Layout> layouts;
  llvm::SmallVector<mlir::Operation *> dead;
  struct MaskEntry {
    Dim dim;
    mlir::Value value;
  };
  struct NumberEntry {
    NumberForm form;
    mlir::Type type;
    mlir::Value value;
  };
  std::vector<MaskEntry> masks;
  std::vector<NumberEntry> numbers;
};

} // namespace swapc

#endif // SWAPC_LIB_DYNAMIC_BOUNDER_H
