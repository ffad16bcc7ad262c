//===- LaneEmitter.h - Scalar bodies on vectors of lanes --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads, stores and the scalar body of a linalg.generic for `width` neighbours
// along one loop at a time. A value that is the same for all of them stays a
// scalar ("uniform"); one that differs is a vector of `width` lanes. Loop
// indices, offsets and `index` are integers as wide as the target's addresses.
// Memory is reached through !llvm.ptr alone.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_LANEEMITTER_H
#define SWAPC_LIB_CODEGEN_CPU_LANEEMITTER_H

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallVector.h"

#include <functional>

namespace swapc {

/// constant + sum of coefficients[loop] * loop.
struct LinearForm {
  llvm::SmallVector<int64_t> coefficients;
  int64_t constant = 0;

  LinearForm() = default;
  explicit LinearForm(unsigned loops) : coefficients(loops, 0) {}
  void add(const LinearForm &other, int64_t factor = 1);
};

/// The linear form of an expression; fails on floordiv, mod and symbols.
llvm::FailureOr<LinearForm> getLinearForm(mlir::AffineExpr expr,
                                          unsigned loops);

/// The type that loads and stores of an element have.
mlir::Type getMemoryType(mlir::Type elementType);

/// The address of `bytes` constant zero bytes of the module.
mlir::Value createZeroPointer(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::ModuleOp module, int64_t bytes);

/// Where the elements of a tensor are: in memory (`base`), or, where base is
/// null, in `value`: one scalar for all, or a vector that holds the lanes.
struct TensorAccess {
  mlir::RankedTensorType type; // as the kernel sees it, padding included
  mlir::Value base;            // !llvm.ptr to the first element
  mlir::Value value;

  /// Padding in front of a tensor in memory: coordinate - low[d] of dimension d
  /// indexes the stored tensor of `sourceShape`; outside, elements are
  /// padValue. Empty without padding.
  llvm::SmallVector<int64_t> low, sourceShape;
  mlir::Value padValue;

  /// A tensor in memory, row-major or in the panels of its encoding.
  static TensorAccess inMemory(mlir::RankedTensorType type, mlir::Value base);
  static TensorAccess inRegister(mlir::RankedTensorType type,
                                 mlir::Value value);
  /// `source` seen through `pad`, which has a constant value (`padValue`).
  static TensorAccess padded(const TensorAccess &source,
                             mlir::tensor::PadOp pad, mlir::Value padValue);
};

/// A TensorAccess seen from a loop nest.
struct LoopAccess {
  /// A coordinate that is inside if 0 <= form < size.
  struct Bound {
    LinearForm form;
    int64_t size;
  };
  const TensorAccess *tensor = nullptr;
  LinearForm offset; // in elements, of the stored tensor
  /// With a panels encoding: the coordinate along the panels' dimension, which
  /// is not part of `offset`.
  LinearForm panelCoordinate;
  llvm::SmallVector<Bound> bounds;
};

/// Fails where the map is not linear.
llvm::FailureOr<LoopAccess> getLoopAccess(const TensorAccess &tensor,
                                          mlir::AffineMap map);

/// Which neighbours are computed together. With width 1 everything is scalar.
struct Lanes {
  int loop = -1; // the loop that the lanes run along
  int64_t width = 1;
  mlir::Value mask; // vector of i1: which lanes exist; null for all

  bool isVector() const { return loop >= 0 && width > 1; }
};

class LaneEmitter {
public:
  using Value = mlir::Value;
  using Values = llvm::ArrayRef<mlir::Value>;
  /// Finds the tensor that a tensor.extract reads.
  using Lookup = std::function<const TensorAccess *(mlir::Value tensor)>;

  /// The builder must stand in a function of a module.
  LaneEmitter(mlir::OpBuilder &builder, mlir::Location loc, unsigned indexBits)
      : builder(builder), loc(loc), indexType(builder.getIntegerType(indexBits)),
        module(builder.getInsertionBlock()
                   ->getParentOp()
                   ->getParentOfType<mlir::ModuleOp>()) {}

  /// The mask for the first `count` of `width` lanes.
  Value createMask(Value count, int64_t width);

  /// The element at `map`(indices), or the lanes from there on.
  mlir::FailureOr<Value> emitLoad(const TensorAccess &tensor,
                                  mlir::AffineMap map, Values indices,
                                  const Lanes &lanes);
  Value emitLoad(const LoopAccess &access, Values indices, const Lanes &lanes);
  /// Lanes along a loop that the tensor is contiguous in (any loop with width
  /// 1). Uniform values are broadcast.
  mlir::LogicalResult emitStore(Value value, const TensorAccess &tensor,
                                mlir::AffineMap map, Values indices,
                                const Lanes &lanes);
  void emitStore(Value value, const LoopAccess &access, Values indices,
                 const Lanes &lanes);

  /// Evaluates the body of `op`. `arguments` are the values of the block's
  /// arguments (an accumulator too); `indices` those of all loops, only needed
  /// where the body uses linalg.index. Null on an operation that lanes cannot
  /// hold, after a diagnostic.
  mlir::FailureOr<llvm::SmallVector<Value>>
  emitBody(mlir::linalg::GenericOp op, Values arguments, Values indices,
           const Lanes &lanes, const Lookup &lookup);

  /// A vector of the lanes, whether `value` is uniform or not.
  Value broadcast(Value value, int64_t width);
  /// 0, 1, ... width - 1.
  Value iota(int64_t width);
  Value constant(int64_t value);
  Value evaluate(const LinearForm &form, Values indices);
  Value add(Value a, Value b);
  Value multiply(Value a, int64_t factor);
  /// The address of element `offset` (or vector of offsets).
  Value address(Value base, mlir::Type elementType, Value offset);

private:
  /// A value of the body: the lanes base + coefficient * lane where that is
  /// known, the value itself otherwise.
  struct BodyValue {
    Value value;
    Value base;
    int64_t coefficient = 0;
  };
  Value materialize(BodyValue &value, int64_t width);
  BodyValue emitExtract(mlir::tensor::ExtractOp op,
                        llvm::MutableArrayRef<BodyValue> indices,
                        const TensorAccess &tensor, const Lanes &lanes);
  Value emitElementwise(mlir::Operation *op, llvm::ArrayRef<Value> operands,
                        int64_t width);
  bool trackLanes(mlir::Operation *op, llvm::ArrayRef<BodyValue *> operands,
                  BodyValue &result);
  Value loadVector(Value pointer, mlir::Type elementType, const Lanes &lanes,
                   Value mask, Value passThrough);
  Value gather(Value base, mlir::Type elementType, Value offsets,
               const Lanes &lanes, Value mask, Value passThrough);
  Value fromMemory(Value value, mlir::Type elementType);
  Value toMemory(Value value);
  Value offsetOf(const LoopAccess &access, Values indices);

  /// `value`, an integer or lanes of them, as `type`; negative ones too.
  Value castInteger(Value value, mlir::Type type);
  /// `index` becomes an integer; other types stay.
  mlir::Type lowered(mlir::Type type) const {
    return type.isIndex() ? mlir::Type(indexType) : type;
  }
  Value emitConstant(mlir::Operation *op);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::IntegerType indexType;
  mlir::ModuleOp module;
};

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_LANEEMITTER_H
