//===- GraphImporter.cpp - Walks the nodes of a graph -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "Swap/SwapDialect.h"
#include "Versions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace swapc;

DictionaryAttr swapc::getSignature(Builder &builder, StringRef name,
                                   const ElementKind &kind) {
  SmallVector<NamedAttribute> attributes{builder.getNamedAttr(
      swap::SwapDialect::kNameAttr, builder.getStringAttr(name))};
  if (kind.isUnsigned)
    attributes.push_back(builder.getNamedAttr(
        swap::SwapDialect::kUnsignedAttr, builder.getUnitAttr()));
  if (kind.format != Format::Plain)
    attributes.push_back(builder.getNamedAttr(
        swap::SwapDialect::kElementAttr,
        builder.getStringAttr(getFormatName(kind.format))));
  return builder.getDictionaryAttr(attributes);
}

static constexpr int64_t kOldestOpset = 1, kNewestOpset = 28;
static constexpr int64_t kOldestIr = 3, kNewestIr = 14;

/// Nodes, those of functions and loops counted each time that they run.
static constexpr unsigned kMaxNodes = 1 << 20;

/// Integers of a constant that are compared for several sizes.
static constexpr int64_t kMaxTracedElements = 16;

static StringRef normalizeDomain(StringRef domain) {
  return domain == "ai.onnx" ? StringRef() : domain;
}

GraphImporter::GraphImporter(const onnx::File &file,
                             const ImportOptions &options, StringRef path,
                             ModuleOp module)
    : file(file), options(options), fileName(llvm::sys::path::filename(path)),
      directory(llvm::sys::path::parent_path(path)), module(module),
      builder(module.getContext()),
      fileLoc(FileLineColLoc::get(module.getContext(), path, 0, 0)) {
  absent.kind = TensorValue::Absent;
  addActivations(handlers);
  addAttentions(handlers);
  addBlockGathers(handlers);
  addCasts(handlers);
  addConditionals(structureHandlers);
  addConvolutions(handlers);
  addCumulations(handlers);
  addDeformConvs(handlers);
  addDetections(handlers);
  addDeterminants(handlers);
  addEinsums(handlers);
  addElementwise(handlers);
  addFouriers(handlers);
  addFusedActivations(handlers);
  addFusedProducts(handlers);
  addGathers(handlers);
  addGenerators(handlers);
  addGroupQueryAttention(handlers);
  addHots(handlers);
  addIntegerToFloats(handlers);
  addLinearAttentions(handlers);
  addLoops(structureHandlers);
  addLosses(handlers);
  addMatMulNBits(handlers);
  addMatMuls(handlers);
  addMicrosoftAttentions(handlers);
  addMovements(handlers);
  addNormalizations(handlers);
  addOptionals(structureHandlers);
  addPatches(handlers);
  addPoolings(handlers);
  addQuantization(handlers);
  addQuantizedElementwise(handlers);
  addQuantizedProducts(handlers);
  addRecurrences(handlers);
  addReductions(handlers);
  addReshapes(handlers);
  addResizes(handlers);
  addRotaryEmbeddings(handlers);
  addSamplings(handlers);
  addScans(structureHandlers);
  addScatters(handlers);
  addSelections(handlers);
  addSequences(structureHandlers);
  addShapes(handlers);
  addSkipNormalizations(handlers);
  addTfIdf(handlers);
  addUnpoolings(handlers);
}

InFlightDiagnostic GraphImporter::error(Location loc) {
  failed = true;
  return emitError(loc);
}

Location GraphImporter::nameLoc(StringRef name) {
  return NameLoc::get(builder.getStringAttr(name));
}

LogicalResult GraphImporter::checkOpsets() {
  const onnx::Model &model = file.getModel();
  if (model.irVersion < kOldestIr)
    return error(fileLoc) << "the model has IR version " << model.irVersion
                          << "; swapc reads versions " << kOldestIr << " to "
                          << kNewestIr;
  if (model.irVersion > kNewestIr)
    return error(fileLoc)
           << "the model has IR version " << model.irVersion
           << ", newer than swapc knows; export it for IR version " << kNewestIr
           << " or below";
  for (const onnx::OperatorSet &set : model.operatorSets) {
    StringRef domain = normalizeDomain(set.domain);
    top.opsets[domain] = set.version;
    if (domain.empty() &&
        (set.version < kOldestOpset || set.version > kNewestOpset))
      error(fileLoc)
          << "the model uses opset " << set.version << "; swapc reads opsets "
          << kOldestOpset << " to " << kNewestOpset
          << ": convert it with onnx.version_converter or export it again";
  }
  return success(!failed);
}

LogicalResult GraphImporter::run() {
  const onnx::Graph &graph = *file.getModel().graph;
  if (mlir::failed(checkOpsets()))
    return failure();
  MLIRContext *context = builder.getContext();
  module->setAttr(swap::SwapDialect::kModelAttr,
                  builder.getStringAttr(llvm::sys::path::stem(fileName)));
  module->setAttr(swap::SwapDialect::kDirectoryAttr,
                  builder.getStringAttr(directory));
  builder.setInsertionPointToEnd(module.getBody());
  auto main = func::FuncOp::create(builder, fileLoc, "main",
                                   FunctionType::get(context, {}, {}));
  builder.setInsertionPointToStart(main.addEntryBlock());
  symbols["main"] = 0;
  if (graph.hasSparseInitializers)
    error(fileLoc) << "sparse initializers are not supported";
  (void)addInitializers(graph);
  (void)addInputs(graph);
  if (failed)
    return failure();
  if (mlir::failed(importNodes(graph.nodes, top)))
    failed = true;
  (void)addOutputs(graph);
  if (failed)
    return failure();
  for (auto [i, attrs] : llvm::enumerate(argAttrs))
    main.setArgAttrs(i, attrs);
  return success();
}

LogicalResult GraphImporter::addInitializers(const onnx::Graph &graph) {
  for (const onnx::Tensor &tensor : graph.initializers) {
    if (top.values.count(tensor.name)) {
      error(nameLoc(tensor.name))
          << "initializer '" << tensor.name << "' is defined twice";
      continue;
    }
    top.values[tensor.name] =
        makeStored(tensor, tensor.name, nameLoc(tensor.name));
  }
  return success(!failed);
}

LogicalResult GraphImporter::importNodes(ArrayRef<onnx::Node> nodes,
                                         Frame &frame) {
  bool good = true;
  frame.nodes = nodes;
  for (const onnx::Node &node : nodes) {
    if (++numImported > kMaxNodes)
      return error(nameLoc(frame.prefix))
             << "the model has more than " << kMaxNodes
             << " nodes when its functions and loops are written out";
    good &= succeeded(importNode(node, frame));
  }
  return success(good);
}

LogicalResult GraphImporter::collectInputs(const onnx::Node &node, Frame &frame,
                                           Location loc,
                                           SmallVectorImpl<TensorRef> &inputs,
                                           bool &poisoned) {
  for (StringRef name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(nullptr);
      continue;
    }
    std::optional<TensorRef> found = frame.lookup(name);
    if (!found)
      return error(loc) << "input '" << name << "' of node '" << node.name
                        << "' (" << node.opType << ") "
                        << (frame.computes(name)
                                ? "is computed by a later node: the graph has "
                                  "a cycle or is not sorted"
                                : "is defined nowhere in the graph");
    poisoned |= !*found;
    inputs.push_back(*found == &absent ? nullptr : *found);
  }
  // What the node leaves out at the end counts as not there.
  while (!poisoned && !inputs.empty() && !inputs.back())
    inputs.pop_back();
  return success();
}

/// The results of `node`, which `importer` is for; in its newest form if it is
/// old.
static FailureOr<SmallVector<TensorRef>> runHandler(Handler handler,
                                                    NodeImporter &importer,
                                                    const onnx::Node &node,
                                                    bool isOld) {
  if (!isOld) {
    if (failed(handler(importer)))
      return failure();
    return SmallVector<TensorRef>(importer.getResults());
  }
  FailureOr<ModernNode> modern = modernize(importer, node);
  if (failed(modern))
    return failure();
  NodeImporter inner(importer, modern->node, modern->inputs);
  if (failed(handler(inner)))
    return failure();
  SmallVector<TensorRef> results(inner.getResults());
  if (modern->resultShape)
    for (TensorRef &result : results)
      result = inner.reshape(result, *modern->resultShape);
  return results;
}

/// Notes the shape of a result, and what it holds if that may be made of sizes.
static void traceResult(const TensorValue &result, ImportedNode &node) {
  node.shapes.emplace_back(result.getShape());
  SmallVector<int64_t> &values = node.shapes.emplace_back();
  if (!result.constant || result.getNumElements() > kMaxTracedElements ||
      !isa<IntegerType>(result.getElementType()))
    return;
  for (const APInt &value : result.constant.getValues<APInt>())
    values.push_back(value.getSExtValue());
}

LogicalResult GraphImporter::importNode(const onnx::Node &original,
                                        Frame &frame) {
  // In a function, attributes may refer to those of the call.
  std::optional<onnx::Node> resolved;
  if (frame.function) {
    resolved = original;
    resolved->attributes.clear();
    for (const onnx::Attribute &attribute : original.attributes) {
      if (attribute.reference.empty()) {
        resolved->attributes.push_back(attribute);
      } else if (const onnx::Attribute *value =
                     frame.lookupAttribute(attribute.reference)) {
        resolved->attributes.push_back(*value);
        resolved->attributes.back().name = attribute.name;
      }
    }
  }
  const onnx::Node &node = resolved ? *resolved : original;
  StringRef own = !node.name.empty()      ? node.name
                  : !node.outputs.empty() ? node.outputs.front()
                                          : node.opType;
  std::string label = frame.prefix + own.str();
  Location loc = nameLoc(label);

  SmallVector<TensorRef> outputs(node.outputs.size(), nullptr);
  llvm::scope_exit define([&] {
    for (auto [name, tensor] : llvm::zip_equal(node.outputs, outputs))
      if (!name.empty() && !frame.values.try_emplace(name, tensor).second)
        error(loc) << "node '" << label << "' defines '" << name
                   << "', which exists already";
  });

  StringRef domain = normalizeDomain(node.domain);
  const onnx::Function *function = nullptr;
  for (const onnx::Function &candidate : file.getModel().functions)
    if (candidate.name == node.opType &&
        normalizeDomain(candidate.domain) == domain)
      function = &candidate;
  int64_t opset = frame.opsets.lookup(domain);
  std::string key =
      domain.empty() ? node.opType.str() : (domain + "." + node.opType).str();
  Handler handler = handlers.lookup(key);
  bool takesStructures = !handler;
  if (takesStructures)
    handler = structureHandlers.lookup(key);
  if (domain.empty() && opset == 0)
    return error(loc) << "node '" << label << "' (" << node.opType
                      << "): the model does not say which opset of ai.onnx it "
                         "uses";
  if (!function && !handler) {
    InFlightDiagnostic diagnostic = error(loc);
    diagnostic << "node '" << label << "': operator ";
    if (!domain.empty())
      diagnostic << domain << ".";
    diagnostic << node.opType << " (opset " << opset << ") is not supported";
    return diagnostic;
  }
  SmallVector<TensorRef> inputs;
  bool poisoned = false;
  if (mlir::failed(collectInputs(node, frame, loc, inputs, poisoned)))
    return failure();
  if (poisoned)
    return failure(); // what it depends on is reported already
  if (function)
    return importCall(node, *function, inputs, outputs, loc, frame);
  if (!takesStructures)
    for (auto [i, input] : llvm::enumerate(inputs))
      if (input && input->kind == TensorValue::Sequence)
        return error(loc) << "node '" << label << "' (" << node.opType
                          << "): input " << i << " ('" << node.inputs[i]
                          << "') is a sequence, where the operator takes a "
                             "tensor";

  llvm::SaveAndRestore<const Frame *> inside(current, &frame);
  NodeImporter importer(*this, node, opset, loc, label, inputs);
  FailureOr<SmallVector<TensorRef>> results = failure();
  if (succeeded(importer.checkFormats(key)))
    results = runHandler(handler, importer, node,
                         domain.empty() && isOldForm(node, opset));
  if (mlir::failed(results)) {
    failed = true;
    return failure();
  }
  importer.passFormats(key, *results);
  for (TensorRef result : *results)
    if (result->kind == TensorValue::Tensor &&
        !getByteSize(result->getShape(), result->getElementType()))
      return error(loc) << "node '" << label << "' (" << node.opType
                        << "): the size of a result overflows";
  if (options.trace) {
    options.trace->push_back({label, loc, {}});
    for (TensorRef result : *results)
      if (result->kind == TensorValue::Tensor)
        traceResult(*result, options.trace->back());
  }
  for (auto [output, result] : llvm::zip(outputs, *results))
    output = result;
  return success();
}

LogicalResult GraphImporter::importCall(const onnx::Node &node,
                                        const onnx::Function &function,
                                        ArrayRef<TensorRef> inputs,
                                        SmallVectorImpl<TensorRef> &outputs,
                                        Location loc, Frame &frame) {
  auto describe = [&]() -> InFlightDiagnostic {
    return error(loc) << "call of function '" << function.name << "': ";
  };
  if (frame.depth >= kMaxFrameDepth)
    return describe() << "functions call each other too deeply, or without end";
  if (inputs.size() > function.inputs.size() ||
      outputs.size() > function.outputs.size())
    return describe() << "has more inputs or outputs than the function";
  Frame inner;
  inner.function = &function;
  inner.depth = frame.depth + 1;
  inner.prefix = frame.prefix +
                 (node.name.empty() ? function.name : node.name).str() + "/";
  inner.opsets = frame.opsets;
  for (const onnx::OperatorSet &set : function.operatorSets)
    inner.opsets[normalizeDomain(set.domain)] = set.version;
  int64_t opset = inner.opsets.lookup("");
  if (opset < kOldestOpset || opset > kNewestOpset)
    return describe() << "uses opset " << opset << "; swapc reads opsets "
                      << kOldestOpset << " to " << kNewestOpset;
  for (const onnx::Attribute &attribute : function.defaults)
    inner.attributes[attribute.name] = &attribute;
  for (const onnx::Attribute &attribute : node.attributes)
    inner.attributes[attribute.name] = &attribute;
  // What a call leaves out, nodes inside leave out as well.
  for (auto [i, name] : llvm::enumerate(function.inputs)) {
    TensorRef tensor = i < inputs.size() ? inputs[i] : nullptr;
    inner.values[name] = tensor ? tensor : &absent;
  }
  if (mlir::failed(importNodes(function.nodes, inner)))
    return failure();
  for (unsigned i = 0; i < outputs.size(); ++i) {
    auto found = inner.values.find(function.outputs[i]);
    if (found == inner.values.end())
      return describe() << "output '" << function.outputs[i]
                        << "' is computed by no node";
    outputs[i] = found->second;
  }
  return success();
}
