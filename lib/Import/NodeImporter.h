//===- NodeImporter.h - What the import of one node works with --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_NODEIMPORTER_H
#define SWAPC_LIB_IMPORT_NODEIMPORTER_H

#include "GraphImporter.h"
#include "Scalar.h"

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"

namespace swapc {

/// A tensor read by a loop nest, and where each iteration reads it.
struct Operand {
  TensorRef tensor;
  mlir::AffineMap map;
};

/// Computes one element from the elements of the operands; in a reduction, the
/// last argument is the value so far.
using Body = llvm::function_ref<mlir::Value(Scalar &, mlir::ValueRange)>;

/// The inputs and attributes of a node, and the forms in which the tensor phase
/// writes computations. Operations on constants are evaluated instead.
class NodeImporter {
public:
  NodeImporter(GraphImporter &graph, const onnx::Node &node, int64_t opset,
               mlir::Location loc, llvm::StringRef label,
               llvm::ArrayRef<TensorRef> inputs);
  /// The same node in another form.
  NodeImporter(const NodeImporter &other, const onnx::Node &node,
               llvm::ArrayRef<TensorRef> inputs)
      : NodeImporter(other.graph, node, other.opset, other.loc, other.label,
                     inputs) {}

  GraphImporter &graph;
  mlir::OpBuilder &b;
  mlir::Location loc;
  int64_t opset;

  //===--- Attributes -----------------------------------------------------===//
  bool has(llvm::StringRef name) const { return find(name); }
  int64_t getInt(llvm::StringRef name, int64_t otherwise) const;
  double getFloat(llvm::StringRef name, double otherwise) const;
  llvm::StringRef getString(llvm::StringRef name,
                            llvm::StringRef otherwise) const;
  llvm::SmallVector<int64_t>
  getInts(llvm::StringRef name, llvm::ArrayRef<int64_t> otherwise = {}) const;
  const onnx::Attribute *find(llvm::StringRef name) const;

  //===--- Inputs and outputs ---------------------------------------------===//
  llvm::StringRef getOpType() const { return node.opType; }
  /// The node's name, with those of the graphs around it.
  llvm::StringRef getLabel() const { return label; }
  /// Without those left out at the end, and with them.
  unsigned getNumInputs() const { return inputs.size(); }
  unsigned getNumListedInputs() const { return node.inputs.size(); }
  /// Input `index`, or null when it is left out.
  TensorRef in(unsigned index) const {
    return index < inputs.size() ? inputs[index] : nullptr;
  }
  llvm::ArrayRef<TensorRef> getInputs() const { return inputs; }
  unsigned getNumOutputs() const { return node.outputs.size(); }
  bool wantsOutput(unsigned index) const {
    return index < node.outputs.size() && !node.outputs[index].empty();
  }
  llvm::StringRef getOutputName(unsigned index) const {
    return node.outputs[index];
  }
  /// What its operations are called after.
  mlir::StringAttr getOrigin() const { return origin; }
  llvm::LogicalResult finish(llvm::ArrayRef<TensorRef> results);
  llvm::ArrayRef<TensorRef> getResults() const { return results; }
  llvm::LogicalResult error(const llvm::Twine &text);
  /// An error unless the node has `least` to `most` inputs, the first `least`
  /// of them not left out.
  llvm::LogicalResult checkInputs(unsigned least, unsigned most);

  /// Before the handler: an error unless the operator takes the formats of its
  /// inputs. `name`: with its domain, as in HandlerMap.
  llvm::LogicalResult checkFormats(llvm::StringRef name);
  /// After it: the results of an operator that moves elements get their format.
  void passFormats(llvm::StringRef name,
                   llvm::ArrayRef<TensorRef> tensors) const;

  /// The elements of an input that must be known while compiling.
  llvm::FailureOr<llvm::SmallVector<int64_t>> getConstInts(unsigned index);
  std::optional<llvm::SmallVector<int64_t>> getInts(TensorRef tensor);
  std::optional<llvm::SmallVector<double>> getFloats(TensorRef tensor);
  /// `axis` counted from the front, or an error.
  llvm::FailureOr<int64_t> getAxis(int64_t axis, int64_t rank);
  llvm::FailureOr<llvm::SmallVector<int64_t>>
  getAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  //===--- Operations -----------------------------------------------------===//
  mlir::Value value(TensorRef tensor) { return graph.materialize(tensor); }
  TensorRef wrap(mlir::Value value, bool isUnsigned = false) {
    return graph.makeValue(value, isUnsigned);
  }
  TensorRef constant(mlir::DenseElementsAttr attr, bool isUnsigned = false) {
    return graph.makeConstant(attr, isUnsigned);
  }
  TensorRef constantInts(llvm::ArrayRef<int64_t> shape,
                         llvm::ArrayRef<int64_t> values, mlir::Type type);
  TensorRef constantFloats(llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<float> values);
  /// The same in any type of numbers; integers take what is before the point.
  TensorRef constantNumbers(llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<double> values, mlir::Type type,
                            bool isUnsigned = false);
  TensorRef splat(llvm::ArrayRef<int64_t> shape, mlir::Attribute value,
                  bool isUnsigned = false);

  /// A tensor without elements, of which nothing has to be computed.
  TensorRef emptyTensor(llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
                  bool isUnsigned);
  /// One element of the result from one element of each operand, in a nest of
  /// `shape`.
  TensorRef parallel(llvm::ArrayRef<Operand> operands,
                     llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
                     Body body, bool isUnsigned = false, bool foldable = true);
  /// The same with ONNX broadcasting; f16 and bf16 elements reach the body as
  /// f32. Null after an error. `elementType`: of the first input by default.
  TensorRef elementwise(llvm::ArrayRef<TensorRef> operands, Body body,
                        mlir::Type elementType = {});
  /// Broadcasting without the detour through f32.
  TensorRef broadcasted(llvm::ArrayRef<TensorRef> operands,
                        mlir::Type elementType, Body body, bool isUnsigned);
  /// A nest with reductions. The result starts as `init`.
  TensorRef reduce(llvm::ArrayRef<Operand> operands, mlir::AffineMap resultMap,
                   llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                   llvm::ArrayRef<int64_t> shape, mlir::TypedAttr init,
                   Body body);
  /// The same for one constant; null when it cannot be evaluated.
  TensorRef foldReduction(TensorRef tensor, mlir::AffineMap map,
                          llvm::ArrayRef<int64_t> shape, mlir::TypedAttr init,
                          Body body);
  /// The sum of products, in f32 for narrower floats and in i32 for narrower
  /// integers.
  TensorRef contract(Operand lhs, Operand rhs, mlir::AffineMap resultMap,
                     llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                     llvm::ArrayRef<int64_t> shape);
  TensorRef copy(TensorRef tensor, llvm::ArrayRef<int64_t> shape,
                 mlir::AffineMap map);
  TensorRef transpose(TensorRef tensor, llvm::ArrayRef<int64_t> permutation);
  TensorRef slice(TensorRef tensor, llvm::ArrayRef<int64_t> offsets,
                  llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> steps);
  TensorRef reshape(TensorRef tensor, llvm::ArrayRef<int64_t> shape);
  TensorRef concat(llvm::ArrayRef<TensorRef> tensors, int64_t dim);
  TensorRef pad(TensorRef tensor, llvm::ArrayRef<int64_t> low,
                llvm::ArrayRef<int64_t> high, mlir::TypedAttr value);
  TensorRef cast(TensorRef tensor, mlir::Type elementType,
                 bool isUnsigned = false);

  /// What ONNX's operator `opType` makes of `inputs`, as part of this node;
  /// null after an error.
  TensorRef apply(llvm::StringRef opType, llvm::ArrayRef<TensorRef> inputs,
                  std::vector<onnx::Attribute> attributes = {});
  /// The same for an operator with `count` results.
  llvm::LogicalResult applyAll(llvm::StringRef opType,
                               llvm::ArrayRef<TensorRef> inputs, unsigned count,
                               llvm::SmallVectorImpl<TensorRef> &results,
                               std::vector<onnx::Attribute> attributes = {});

  /// The shape that ONNX broadcasting gives, or failure after an error.
  llvm::FailureOr<llvm::SmallVector<int64_t>>
  getBroadcastShape(llvm::ArrayRef<TensorRef> tensors);
  mlir::AffineMap getBroadcastMap(llvm::ArrayRef<int64_t> from,
                                  llvm::ArrayRef<int64_t> to);
  mlir::AffineMap identity(int64_t rank) {
    return b.getMultiDimIdentityMap(rank);
  }
  mlir::AffineMap getMap(int64_t dims,
                         llvm::ArrayRef<mlir::AffineExpr> results) {
    return mlir::AffineMap::get(dims, 0, results, b.getContext());
  }
  mlir::AffineExpr dim(int64_t position) {
    return b.getAffineDimExpr(position);
  }
  mlir::TypedAttr zero(mlir::Type type) { return b.getZeroAttr(type); }

private:
  TensorRef fold(llvm::ArrayRef<Operand> operands,
                 llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
                 Body body, bool isUnsigned);

  const onnx::Node &node;
  std::string label;
  mlir::StringAttr origin;
  llvm::SmallVector<TensorRef> inputs;
  llvm::SmallVector<TensorRef> results;
};

/// Attributes for NodeImporter::apply. The name must outlive them.
onnx::Attribute makeInt(llvm::StringRef name, int64_t value);
onnx::Attribute makeInts(llvm::StringRef name, llvm::ArrayRef<int64_t> values);
onnx::Attribute makeFloat(llvm::StringRef name, double value);
onnx::Attribute makeString(llvm::StringRef name, llvm::StringRef value);

/// f32 in place of f16 and bf16, in which nothing is computed.
mlir::Type getComputeType(mlir::Type type);
int64_t getProduct(llvm::ArrayRef<int64_t> shape);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_NODEIMPORTER_H
