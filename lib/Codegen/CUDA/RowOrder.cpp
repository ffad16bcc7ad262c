//===- RowOrder.cpp - Common loops of a row kernel first --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A softmax over the channels of an image whose pixels are innermost has few
// leading loops that all nests share, though every pixel is on its own. Here
// the loops that nests share wherever they stand become the leading ones, and
// what nests hand to each other is stored in that order.
//
//===----------------------------------------------------------------------===//

#include "RowKernels.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace swapc;

namespace {

/// A loop of a nest.
using LoopRef = std::pair<unsigned, unsigned>;

class LoopOrder {
public:
  explicit LoopOrder(CudaRowPlan &plan) : plan(plan), nests(plan.rows.nests) {}
  void run();

private:
  bool match();
  bool matchAccess(unsigned nest, Value tensor, AffineMap map);
  bool isShared(LoopRef leader, SmallVectorImpl<unsigned> &loops);
  void permute(unsigned nest);
  void restride(RowNest &nest, LoopAccess &access, AffineMap map);
  RowTensor *getProduced(Value tensor) {
    RowTensor *found = plan.rows.tensorOf.lookup(tensor);
    return found && found->produced ? found : nullptr;
  }

  CudaRowPlan &plan;
  std::vector<RowNest> &nests;
  llvm::DenseMap<const RowTensor *, unsigned> writerOf;
  llvm::EquivalenceClasses<LoopRef> classes;
  llvm::SmallSet<LoopRef, 4> fixed; // loops that cannot lead
  /// For each leading loop, which loop of each nest it is.
  SmallVector<SmallVector<unsigned>> leading;
  llvm::DenseMap<const RowTensor *, SmallVector<int64_t>> strides;
};

} // namespace

/// A dimension of what nest `writer` made is read along a loop of `nest`.
bool LoopOrder::matchAccess(unsigned nest, Value tensor, AffineMap map) {
  RowTensor *produced = plan.rows.tensorOf.lookup(tensor);
  if (!produced || !produced->access.base)
    return true;
  if (produced->padValue)
    return !getProduced(produced->tensor);
  if (!produced->produced)
    return true;
  unsigned writer = writerOf.lookup(produced);
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    LoopRef written(writer, dim);
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop)
      fixed.insert(written);
    else
      classes.unionSets(written,
                        {nest, nests[nest].loopOf[loop.getPosition()]});
  }
  return true;
}

/// Finds which loops are the same; false if nests are not all of linalg.
bool LoopOrder::match() {
  for (auto [number, nest] : llvm::enumerate(nests)) {
    if (!nest.generic)
      return false;
    for (unsigned loop = 0; loop < nest.sizes.size(); ++loop)
      classes.insert({number, loop});
    for (Operation &op : *nest.generic.getBody())
      if (auto extract = dyn_cast<tensor::ExtractOp>(op))
        if (getProduced(extract.getTensor()))
          return false;
    for (OpOperand &operand : nest.generic->getOpOperands())
      if (!nest.generic.getMatchingBlockArgument(&operand).use_empty() &&
          !matchAccess(number, operand.get(),
                       nest.generic.getMatchingIndexingMap(&operand)))
        return false;
    for (OpResult result : nest.generic->getResults())
      writerOf[plan.rows.tensorOf.lookup(result)] = number;
  }
  return true;
}

/// Whether a class has one loop of the result in each nest; gives these.
bool LoopOrder::isShared(LoopRef leader, SmallVectorImpl<unsigned> &loops) {
  loops.assign(nests.size(), ~0u);
  for (auto member = classes.findLeader(leader); member != classes.member_end();
       ++member) {
    auto [nest, loop] = *member;
    if (fixed.contains(*member) || loop >= nests[nest].parallel ||
        loops[nest] != ~0u)
      return false;
    loops[nest] = loop;
  }
  return !llvm::is_contained(loops, ~0u);
}

void LoopOrder::permute(unsigned number) {
  RowNest &nest = nests[number];
  SmallVector<unsigned> order;
  for (ArrayRef<unsigned> loops : leading)
    order.push_back(loops[number]);
  for (unsigned loop = 0; loop < nest.sizes.size(); ++loop)
    if (!llvm::is_contained(order, loop))
      order.push_back(loop);
  auto reorder = [&](auto &list) {
    if (list.empty())
      return;
    auto old = list;
    for (auto [position, loop] : llvm::enumerate(order))
      list[position] = old[loop];
  };
  reorder(nest.sizes);
  reorder(nest.pinned);
  nest.forEachAccess([&](LoopAccess &access) {
    reorder(access.offset.coefficients);
    for (LoopAccess::Bound &bound : access.bounds)
      reorder(bound.form.coefficients);
  });
  for (int &loop : nest.loopOf)
    loop = llvm::find(order, static_cast<unsigned>(loop)) - order.begin();
}

/// The offset of an access in a tensor whose dimensions have new strides.
void LoopOrder::restride(RowNest &nest, LoopAccess &access, AffineMap map) {
  if (!access.tensor || !access.tensor->base)
    return;
  auto found = strides.find(plan.tensorOf.lookup(access.tensor));
  if (found == strides.end())
    return;
  LinearForm offset(nest.sizes.size());
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    LinearForm form = *getLinearForm(expr, map.getNumDims());
    offset.constant += form.constant * found->second[dim];
    for (auto [loop, coefficient] : llvm::enumerate(form.coefficients))
      offset.coefficients[nest.loopOf[loop]] +=
          coefficient * found->second[dim];
  }
  access.offset = offset;
}

void LoopOrder::run() {
  if (!match())
    return;
  RowNest &last = nests.back();
  int64_t iterations = 1, before = 1;
  for (unsigned loop = 0; loop < plan.rows.prefix; ++loop)
    before *= last.sizes[loop];
  for (unsigned loop = 0; loop < last.parallel; ++loop) {
    SmallVector<unsigned> loops;
    if (!isShared({static_cast<unsigned>(nests.size() - 1), loop}, loops))
      continue;
    leading.push_back(loops);
    iterations *= last.sizes[loop];
  }
  if (iterations <= before)
    return;
  for (auto &tensor : plan.rows.tensors) {
    if (!tensor->produced || tensor->operand >= 0)
      continue;
    ArrayRef<int64_t> shape = tensor->access.type.getShape();
    SmallVector<unsigned> order;
    for (ArrayRef<unsigned> loops : leading)
      order.push_back(loops[writerOf.lookup(tensor.get())]);
    for (unsigned dim = 0; dim < shape.size(); ++dim)
      if (!llvm::is_contained(order, dim))
        order.push_back(dim);
    SmallVector<int64_t> &found = strides[tensor.get()];
    found.assign(shape.size(), 0);
    int64_t stride = 1;
    for (unsigned dim : llvm::reverse(order)) {
      found[dim] = stride;
      stride *= shape[dim];
    }
  }
  for (auto [number, nest] : llvm::enumerate(nests)) {
    permute(number);
    linalg::GenericOp op = nest.generic;
    for (auto [operand, access] :
         llvm::zip(op.getDpsInputOperands(), nest.inputs))
      restride(nest, access, op.getMatchingIndexingMap(operand));
    for (auto [position, init] : llvm::enumerate(op.getDpsInitsMutable())) {
      AffineMap map = op.getMatchingIndexingMap(&init);
      restride(nest, nest.inits[position], map);
      restride(nest, nest.outputs[position], map);
    }
  }
  plan.rows.prefix = leading.size();
}

void swapc::leadWithSharedLoops(CudaRowPlan &plan) {
  if (plan.rows.nests.size() > 1)
    LoopOrder(plan).run();
}
