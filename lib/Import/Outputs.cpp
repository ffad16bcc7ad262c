//===- Outputs.cpp - What @main returns -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace swapc;

void GraphImporter::addResult(const onnx::ValueInfo &output, StringRef name,
                              TensorRef tensor, SmallVectorImpl<Value> &results,
                              SmallVectorImpl<DictionaryAttr> &attrs) {
  Location loc = nameLoc(name);
  ElementKind declared = convertKind(output.elementType);
  if (output.isTensor && output.elementType != onnx::Undefined &&
      (declared.type != tensor->getElementType() ||
       declared.format != tensor->format))
    error(loc) << "output '" << name
               << "' is declared with another "
                  "element type than the "
               << getKindName(tensor->getKind()) << " that its node computes";
  if (output.hasShape) {
    bool matches =
        static_cast<int64_t>(output.dims.size()) == tensor->getRank();
    for (unsigned i = 0; matches && i < output.dims.size(); ++i)
      matches =
          !output.dims[i].value || *output.dims[i].value == tensor->getDim(i);
    if (!matches)
      error(loc) << "output '" << name
                 << "' is declared with another "
                    "shape than the computed "
                 << tensor->type;
  }
  for (DictionaryAttr other : attrs)
    if (other.getAs<StringAttr>(swap::SwapDialect::kNameAttr) == name)
      error(loc) << "output '" << name << "' is defined twice";
  results.push_back(materialize(tensor));
  attrs.push_back(getSignature(builder, name, tensor->getKind()));
}

LogicalResult GraphImporter::addOutputs(const onnx::Graph &graph) {
  auto main = cast<func::FuncOp>(builder.getInsertionBlock()->getParentOp());
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> resultAttrs;
  for (const onnx::ValueInfo &output : graph.outputs) {
    Location loc = nameLoc(output.name);
    auto found = top.values.find(output.name);
    if (found == top.values.end()) {
      error(loc) << "output '" << output.name << "' is computed by no node";
      continue;
    }
    TensorRef tensor = found->second;
    if (!tensor)
      continue; // reported where it went wrong
    bool isSequence = tensor->kind == TensorValue::Sequence;
    if (isSequence != output.isSequence && tensor->kind != TensorValue::Absent)
      error(loc) << "output '" << output.name << "' is declared as "
                 << (isSequence ? "no" : "a") << " sequence, and computed as "
                 << (isSequence ? "one" : "a tensor");
    if (tensor->kind == TensorValue::Tensor)
      addResult(output, output.name, tensor, results, resultAttrs);
    for (auto [i, element] : llvm::enumerate(tensor->elements))
      addResult(output, getElementName(output.name, i), element, results,
                resultAttrs);
  }
  if (!failed && results.empty())
    error(fileLoc) << "the model has no outputs"
                   << (graph.outputs.empty()
                           ? ""
                           : ": all are empty sequences or absent optionals");
  if (failed)
    return failure();
  func::ReturnOp::create(builder, fileLoc, results);
  main.setFunctionType(FunctionType::get(
      builder.getContext(), main.getBody().front().getArgumentTypes(),
      TypeRange(ValueRange(results))));
  main.setAllResultAttrs(resultAttrs);
  return success();
}
