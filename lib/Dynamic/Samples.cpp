//===- Samples.cpp - A network imported for several sizes -----------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Samples.h"

#include "Swap/SwapDialect.h"
#include "swapc/Support/Diagnostics.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace swapc;

InFlightDiagnostic swapc::emitSizeError(Operation *op) {
  InFlightDiagnostic diagnostic = emitError(op->getLoc());
  if (auto origin =
          op->getAttrOfType<StringAttr>(swap::SwapDialect::kOriginAttr)) {
    auto [name, operation] = origin.getValue().rsplit(" ("); // NAME (OPERATOR)
    diagnostic << "node '" << name << "' (" << operation << ": ";
  } else if (std::string name = getLocationName(op->getLoc());
             !name.empty()) {
    diagnostic << "'" << name << "': ";
  }
  return diagnostic;
}

Samples::Samples(StringRef path, const ImportOptions &options,
                 ArrayRef<SizeRange> ranges, MLIRContext &context)
    : path(path), options(options), ranges(ranges), context(context) {
  this->options.isUniform = true;
}

std::string Samples::describe(ArrayRef<int64_t> sizes) const {
  std::string text;
  for (auto [range, size] : llvm::zip_equal(ranges, sizes))
    if (size != range.most || ranges.size() == 1)
      text += (text.empty() ? "" : " and ") + range.name + " is " +
              std::to_string(size);
  return text;
}

/// Point 0 is the bounds; points 1 + 2s and 2 + 2s are neighbours along size s.
std::optional<SizeForm> Samples::fit(ArrayRef<int64_t> values) const {
  SizeForm form;
  form.constant = values[0];
  form.scales.assign(ranges.size(), 0);
  for (size_t size = 0; size < ranges.size(); ++size) {
    size_t near = 1 + 2 * size;
    int64_t step = points[near][size] - points[0][size];
    int64_t more = values[near] - values[0];
    if (more % step != 0 || values[near + 1] - values[near] != more)
      return std::nullopt;
    form.scales[size] = more / step;
    form.constant -= form.scales[size] * points[0][size];
  }
  return form;
}

std::optional<Dim> Samples::makeDim(ArrayRef<int64_t> values) const {
  std::optional<SizeForm> form = fit(values);
  if (!form)
    return std::nullopt;
  Dim dim;
  dim.append({values[0], *form});
  return dim;
}

OwningOpRef<ModuleOp> Samples::importAt(ArrayRef<int64_t> sizes, Trace &trace) {
  ImportOptions here = options;
  here.trace = &trace;
  for (auto [range, size] : llvm::zip_equal(ranges, sizes))
    here.dims[range.name] = size;
  if (points.empty() || sizes == ArrayRef<int64_t>(points[0]))
    return importOnnx(path, here, context);
  // What is wrong at other sizes is wrong with these sizes only.
  std::optional<std::pair<Location, std::string>> first;
  OwningOpRef<ModuleOp> module;
  {
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error && !first)
        first = {diagnostic.getLocation(), diagnostic.str()};
      return success();
    });
    module = importOnnx(path, here, context);
  }
  if (!module)
    emitError(first ? first->first : UnknownLoc::get(&context))
        << (first ? first->second : "cannot be imported")
        << " (where " << describe(sizes)
        << "; a smaller range is given as --dim 'LEAST<=NAME<=MOST')";
  return module;
}

/// How much number `at` of node `node`, of its shape number `shape`, grows with
/// a size near its bound; nothing if it does so unevenly.
std::optional<int64_t> Samples::getStep(size_t size, size_t node, size_t shape,
                                        size_t at) const {
  SmallVector<int64_t> values = {traces[0][node].shapes[shape][at]};
  for (size_t point : {1 + 2 * size, 2 + 2 * size}) {
    const Trace &trace = traces[point];
    if (node >= trace.size() || shape >= trace[node].shapes.size() ||
        at >= trace[node].shapes[shape].size())
      return std::nullopt;
    values.push_back(trace[node].shapes[shape][at]);
  }
  int64_t step = points[1 + 2 * size][size] - points[0][size];
  int64_t more = values[1] - values[0];
  if (values[2] - values[1] != more || more % step != 0)
    return std::nullopt;
  return more / step;
}

/// Whether each node has the shapes at `sizes`, which differ from the bounds in
/// one size, that its shapes near the bounds lead to.
LogicalResult Samples::checkTrace(ArrayRef<int64_t> sizes, const Trace &trace) {
  const Trace &bound = traces[0];
  auto refuse = [&](const ImportedNode &node) {
    return emitError(node.location)
           << "node '" << node.name << "' computes something else where "
           << describe(sizes)
           << " than near the bound; a smaller range is given as --dim "
              "'LEAST<=NAME<=MOST'";
  };
  for (size_t i = 0; i < std::max(trace.size(), bound.size()); ++i) {
    if (i >= trace.size() || i >= bound.size())
      return refuse(i < bound.size() ? bound[i] : trace[i]);
    if (bound[i].name != trace[i].name ||
        bound[i].shapes.size() != trace[i].shapes.size())
      return refuse(bound[i]);
    for (size_t k = 0; k < bound[i].shapes.size(); ++k) {
      ArrayRef<int64_t> shape = bound[i].shapes[k];
      bool isShape = k % 2 == 0; // or the values of a small constant
      if (shape.size() != trace[i].shapes[k].size()) {
        if (isShape)
          return refuse(bound[i]);
        continue;
      }
      for (size_t dim = 0; dim < shape.size(); ++dim) {
        // A product of sizes is linear in each one of them.
        int64_t expected = shape[dim];
        bool isLinear = true;
        for (size_t size = 0; size < ranges.size(); ++size) {
          if (sizes[size] == points[0][size])
            continue;
          std::optional<int64_t> one = getStep(size, i, k, dim);
          isLinear &= one.has_value();
          expected += one.value_or(0) * (sizes[size] - points[0][size]);
        }
        // What is not linear is looked at where it is used.
        if (isLinear && trace[i].shapes[k][dim] != expected)
          return refuse(bound[i]);
      }
    }
  }
  return success();
}

/// Attributes that may differ: they are sizes, and looked at where they matter.
static bool isSize(Operation *op, StringAttr name) {
  if (isa<func::FuncOp>(op))
    return name == "function_type";
  if (isa<tensor::ExpandShapeOp>(op))
    return name == "static_output_shape";
  if (isa<tensor::PadOp>(op))
    return name == "static_low" || name == "static_high";
  if (isa<linalg::GenericOp>(op))
    return name == "indexing_maps";
  if (isa<arith::ConstantOp>(op))
    return name == "value";
  if (isa<swap::RoutineOp>(op))
    return name != "routine";
  return false;
}

LogicalResult Samples::match(Operation *op, ArrayRef<Operation *> others) {
  auto refuse = [&](size_t other) {
    return emitSizeError(op)
           << "is computed in another way where " << describe(points[other])
           << " than where it is the bound; swapc needs one way for all sizes";
  };
  operations[op].assign({op});
  llvm::append_range(operations[op], others);
  for (auto [i, other] : llvm::enumerate(others)) {
    if (op->getName() != other->getName() ||
        op->getNumOperands() != other->getNumOperands() ||
        op->getNumResults() != other->getNumResults() ||
        op->getNumRegions() != other->getNumRegions())
      return refuse(i + 1);
    for (auto [mine, its] :
         llvm::zip_equal(op->getOperands(), other->getOperands()))
      if (values[mine][i + 1] != its)
        return refuse(i + 1);
    if (op->getAttrDictionary() == other->getAttrDictionary())
      continue;
    if (op->getAttrDictionary().size() != other->getAttrDictionary().size())
      return refuse(i + 1);
    for (auto [mine, its] :
         llvm::zip_equal(op->getAttrDictionary(), other->getAttrDictionary()))
      if (mine.getName() != its.getName() ||
          (mine.getValue() != its.getValue() && !isSize(op, mine.getName())))
        return refuse(i + 1);
  }
  for (OpResult result : op->getResults()) {
    SmallVector<Value, 4> &all = values[result];
    for (Operation *one : operations[op])
      all.push_back(one->getResult(result.getResultNumber()));
    for (auto [i, value] : llvm::enumerate(all)) {
      auto mine = dyn_cast<RankedTensorType>(result.getType());
      auto its = dyn_cast<RankedTensorType>(value.getType());
      if (bool(mine) != bool(its) || (mine && mine.getRank() != its.getRank()))
        return refuse(i);
    }
  }
  for (unsigned i = 0; i < op->getNumRegions(); ++i) {
    SmallVector<Block *> blocks;
    if (op->getRegion(i).empty())
      continue;
    for (Operation *other : others) {
      if (!other->getRegion(i).hasOneBlock())
        return refuse(1);
      blocks.push_back(&other->getRegion(i).front());
    }
    if (failed(match(&op->getRegion(i).front(), blocks)))
      return failure();
  }
  return success();
}

LogicalResult Samples::match(Block *block, ArrayRef<Block *> others) {
  for (BlockArgument argument : block->getArguments()) {
    SmallVector<Value, 4> &all = values[argument];
    all.push_back(argument);
    for (Block *other : others) {
      if (other->getNumArguments() != block->getNumArguments())
        return emitSizeError(block->getParentOp())
               << "has other inputs for other sizes";
      all.push_back(other->getArgument(argument.getArgNumber()));
    }
  }
  SmallVector<Block::iterator> at;
  for (Block *other : others)
    at.push_back(other->begin());
  for (Operation &op : *block) {
    SmallVector<Operation *> same;
    for (auto [i, other] : llvm::enumerate(others)) {
      if (at[i] == other->end())
        return emitSizeError(&op)
               << "is not computed where " << describe(points[i + 1]);
      same.push_back(&*at[i]++);
    }
    if (failed(match(&op, same)))
      return failure();
  }
  return success();
}

LogicalResult Samples::import() {
  SmallVector<int64_t> most;
  for (const SizeRange &range : ranges)
    most.push_back(range.most);
  points.push_back(most);
  for (size_t i = 0; i < ranges.size(); ++i)
    for (int64_t step : {1, 2}) {
      points.push_back(most);
      // Small sizes are special: a 1 broadcasts.
      points.back()[i] += most[i] > 3 ? -step : step;
    }
  traces.resize(points.size());
  for (auto [sizes, trace] : llvm::zip_equal(points, traces)) {
    modules.push_back(importAt(sizes, trace));
    if (!modules.back())
      return failure();
  }
  for (size_t i = 0; i < ranges.size(); ++i)
    for (int64_t size :
         {ranges[i].least, ranges[i].least + 1,
          (ranges[i].least + ranges[i].most) / 2}) {
      SmallVector<int64_t> sizes = most;
      sizes[i] = std::min(size, ranges[i].most);
      Trace trace;
      if (!importAt(sizes, trace) || failed(checkTrace(sizes, trace)))
        return failure();
    }
  SmallVector<Block *> others;
  for (OwningOpRef<ModuleOp> &module : llvm::drop_begin(modules))
    others.push_back(module->getBody());
  return match(modules[0]->getBody(), others);
}
