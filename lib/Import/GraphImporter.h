//===- GraphImporter.h - Walks the nodes of a graph -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_GRAPHIMPORTER_H
#define SWAPC_LIB_IMPORT_GRAPHIMPORTER_H

#include "ExternalData.h"
#include "Formats.h"
#include "OnnxFile.h"
#include "swapc/Import/Import.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <deque>
#include <functional>

namespace swapc {

class NodeImporter;

/// A tensor of the ONNX graph. It is known while compiling (`constant`), lies
/// in a file (`range`), or is computed (`value`); the first two get a value
/// where an operation first needs one. Sequences and absent optionals exist
/// while compiling only: what uses them is handed their tensors.
struct TensorValue {
  enum Kind { Tensor, Sequence, Absent };
  Kind kind = Tensor;
  /// Of a sequence; an optional that is present is its element.
  std::vector<TensorValue *> elements;
  mlir::RankedTensorType type;
  bool isUnsigned = false;
  Format format = Format::Plain;
  mlir::Value value;
  mlir::DenseElementsAttr constant;
  /// A weight: its source attribute and the symbol to give it.
  mlir::Attribute source;
  std::string name;
  /// The source's bytes hold several elements each.
  bool isPacked = false;

  llvm::ArrayRef<int64_t> getShape() const { return type.getShape(); }
  int64_t getRank() const { return type.getRank(); }
  int64_t getDim(int64_t dim) const { return type.getDimSize(dim); }
  mlir::Type getElementType() const { return type.getElementType(); }
  int64_t getNumElements() const { return type.getNumElements(); }
  ElementKind getKind() const {
    return {type.getElementType(), isUnsigned, format};
  }
};
using TensorRef = TensorValue *;

/// Imports the node, or emits why it cannot.
using Handler = llvm::LogicalResult (*)(NodeImporter &);
/// By operator, with its domain and a dot before it unless it is ONNX's own.
using HandlerMap = llvm::StringMap<Handler>;

/// Functions may call functions, and graphs hold graphs, up to this depth.
constexpr unsigned kMaxFrameDepth = 64;

/// A constant of up to this many elements may be evaluated while importing.
constexpr int64_t kMaxFoldedElements = 4096;

/// What is written out step by step, or a tensor each, may be this many.
constexpr int64_t kMaxIterations = 1 << 16;

class GraphImporter {
public:
  GraphImporter(const onnx::File &file, const ImportOptions &options,
                llvm::StringRef path, mlir::ModuleOp module);

  llvm::LogicalResult run();

  mlir::OpBuilder &getBuilder() { return builder; }
  const ImportOptions &getOptions() const { return options; }
  TensorRef makeValue(mlir::Value value, bool isUnsigned);
  TensorRef makeConstant(mlir::DenseElementsAttr constant, bool isUnsigned);
  /// A tensor of the file, checked; null after an emitted error.
  TensorRef makeStored(const onnx::Tensor &tensor, llvm::StringRef name,
                       mlir::Location loc);
  /// An input with the value that the file at `path` holds; null after an
  /// emitted error.
  TensorRef makeBound(const onnx::ValueInfo &input, llvm::StringRef path);
  /// The same for a tensor that stays where it is: one weight, however often
  /// its node is imported.
  TensorRef getStored(const onnx::Tensor &tensor, llvm::StringRef name,
                      mlir::Location loc);
  TensorRef makeSequence(llvm::ArrayRef<TensorRef> elements);
  TensorRef makeAbsent() { return &absent; }
  mlir::Value materialize(TensorRef tensor);
  /// The elements of a constant or of a small weight; null when not known.
  mlir::DenseElementsAttr getElements(TensorRef tensor);
  /// The sizes that the model declares for its output `name`, -1 where it
  /// declares none; nothing for other tensors.
  std::optional<llvm::SmallVector<int64_t>>
  getDeclaredShape(llvm::StringRef name);
  /// The handler of an operator of ai.onnx that swapc has.
  Handler getHandler(llvm::StringRef opType) const {
    return handlers.lookup(opType);
  }
  /// The element type of an ONNX data type, or null; of those that kernels
  /// compute in.
  mlir::Type convertType(int32_t dataType);
  /// The same of every data type that swapc stores.
  ElementKind convertKind(int32_t dataType);
  static bool isUnsignedType(int32_t dataType);
  /// Imports the nodes of `graph`, an attribute of the node that is being
  /// imported, whose values its nodes see. Null inputs are absent optionals.
  llvm::LogicalResult importBody(const onnx::Graph &graph,
                                 llvm::ArrayRef<TensorRef> inputs,
                                 const llvm::Twine &label,
                                 llvm::SmallVectorImpl<TensorRef> &outputs);

private:
  using Scope = llvm::StringMap<TensorRef>;
  struct Frame {
    Scope values;
    llvm::StringMap<int64_t> opsets;
    const onnx::Function *function = nullptr;
    llvm::StringMap<const onnx::Attribute *> attributes;
    std::string prefix;
    unsigned depth = 0;
    /// Of the graph that this one is an attribute in.
    const Frame *outer = nullptr;
    llvm::ArrayRef<onnx::Node> nodes;

    std::optional<TensorRef> lookup(llvm::StringRef name) const;
    const onnx::Attribute *lookupAttribute(llvm::StringRef name) const;
    bool computes(llvm::StringRef name) const;
  };

  llvm::LogicalResult checkOpsets();
  llvm::LogicalResult addInitializers(const onnx::Graph &graph);
  llvm::LogicalResult addInputs(const onnx::Graph &graph);
  llvm::LogicalResult addOutputs(const onnx::Graph &graph);
  void addResult(const onnx::ValueInfo &output, llvm::StringRef name,
                 TensorRef tensor, llvm::SmallVectorImpl<mlir::Value> &results,
                 llvm::SmallVectorImpl<mlir::DictionaryAttr> &attrs);
  TensorRef addArgument(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                        const onnx::ValueInfo &input);
  TensorRef addShapedInput(const onnx::ValueInfo &input,
                           llvm::ArrayRef<llvm::SmallVector<int64_t>> shapes);
  llvm::LogicalResult importNodes(llvm::ArrayRef<onnx::Node> nodes,
                                  Frame &frame);
  llvm::LogicalResult importNode(const onnx::Node &node, Frame &frame);
  llvm::LogicalResult importCall(const onnx::Node &node,
                                 const onnx::Function &function,
                                 llvm::ArrayRef<TensorRef> inputs,
                                 llvm::SmallVectorImpl<TensorRef> &outputs,
                                 mlir::Location loc, Frame &frame);
  llvm::LogicalResult collectInputs(const onnx::Node &node, Frame &frame,
                                    mlir::Location loc,
                                    llvm::SmallVectorImpl<TensorRef> &inputs,
                                    bool &poisoned);
  mlir::DenseElementsAttr readElements(TensorRef tensor);
  mlir::Value addParameter(TensorRef tensor, mlir::Location loc,
                           mlir::RankedTensorType type);
  mlir::Value unpack(TensorRef tensor, mlir::Location loc);
  mlir::Location nameLoc(llvm::StringRef name);
  mlir::InFlightDiagnostic error(mlir::Location loc);

  const onnx::File &file;
  const ImportOptions &options;
  std::string fileName, directory;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  mlir::Location fileLoc;
  std::deque<TensorValue> tensors;
  llvm::DenseMap<const onnx::Tensor *, TensorRef> stored;
  TensorValue absent;
  unsigned numImported = 0;
  const Frame *current = nullptr;
  llvm::StringMap<unsigned> symbols;
  HandlerMap handlers;
  /// Operators that take and give sequences and optionals as well.
  HandlerMap structureHandlers;
  Frame top;
  llvm::SmallVector<mlir::DictionaryAttr> argAttrs;
  bool failed = false;
};

/// The attributes of an argument or result of @main.
mlir::DictionaryAttr getSignature(mlir::Builder &builder, llvm::StringRef name,
                                  const ElementKind &kind);

/// What element `index` of a sequence is called as an input or output.
std::string getElementName(llvm::StringRef name, size_t index);

/// The bytes that `shape` of `elementType` takes in a file, unless it
/// overflows.
std::optional<uint64_t> getByteSize(llvm::ArrayRef<int64_t> shape,
                                    mlir::Type elementType);

/// Elements of `type`, as a splat where they are all equal.
mlir::DenseElementsAttr makeElements(mlir::RankedTensorType type,
                                     llvm::ArrayRef<mlir::Attribute> values);

void addActivations(HandlerMap &handlers);
void addAttentions(HandlerMap &handlers);
void addBlockGathers(HandlerMap &handlers);
void addCasts(HandlerMap &handlers);
void addConditionals(HandlerMap &handlers);
void addConvolutions(HandlerMap &handlers);
void addCumulations(HandlerMap &handlers);
void addDeformConvs(HandlerMap &handlers);
void addDetections(HandlerMap &handlers);
void addDeterminants(HandlerMap &handlers);
void addEinsums(HandlerMap &handlers);
void addElementwise(HandlerMap &handlers);
void addFouriers(HandlerMap &handlers);
void addFusedActivations(HandlerMap &handlers);
void addFusedProducts(HandlerMap &handlers);
void addGathers(HandlerMap &handlers);
void addGenerators(HandlerMap &handlers);
void addGroupQueryAttention(HandlerMap &handlers);
void addHots(HandlerMap &handlers);
void addIntegerToFloats(HandlerMap &handlers);
void addLinearAttentions(HandlerMap &handlers);
void addLoops(HandlerMap &handlers);
void addLosses(HandlerMap &handlers);
void addMatMulNBits(HandlerMap &handlers);
void addMatMuls(HandlerMap &handlers);
void addMicrosoftAttentions(HandlerMap &handlers);
void addMovements(HandlerMap &handlers);
void addNormalizations(HandlerMap &handlers);
void addOptionals(HandlerMap &handlers);
void addPatches(HandlerMap &handlers);
void addPoolings(HandlerMap &handlers);
void addQuantization(HandlerMap &handlers);
void addQuantizedElementwise(HandlerMap &handlers);
void addQuantizedProducts(HandlerMap &handlers);
void addRecurrences(HandlerMap &handlers);
void addReductions(HandlerMap &handlers);
void addReshapes(HandlerMap &handlers);
void addResizes(HandlerMap &handlers);
void addRotaryEmbeddings(HandlerMap &handlers);
void addSamplings(HandlerMap &handlers);
void addScans(HandlerMap &handlers);
void addScatters(HandlerMap &handlers);
void addSelections(HandlerMap &handlers);
void addSequences(HandlerMap &handlers);
void addShapes(HandlerMap &handlers);
void addSkipNormalizations(HandlerMap &handlers);
void addTfIdf(HandlerMap &handlers);
void addUnpoolings(HandlerMap &handlers);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_GRAPHIMPORTER_H
