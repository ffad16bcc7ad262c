//===- RowStorage.cpp - Where tensors of row kernels are --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowKernels.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Static shared memory of a block.
static constexpr int64_t kSharedBytes = 48 * 1024 - 4096;

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

RowTensor *CudaRowPlan::getStored(const TensorAccess *access) const {
  RowTensor *tensor = tensorOf.lookup(access);
  return tensor->padValue ? rows.tensorOf.lookup(tensor->tensor) : tensor;
}

const RowPlace &CudaRowPlan::getPlace(const TensorAccess *access) const {
  return places.find(getStored(access))->second;
}

bool swapc::isCountOf(const RowNest &nest, const LoopAccess &access,
                      unsigned outer, unsigned begin, unsigned end) {
  if (!access.bounds.empty() || access.offset.constant != 0)
    return false;
  int64_t stride = 1;
  for (unsigned loop = nest.sizes.size(); loop-- > outer;) {
    if (nest.sizes[loop] == 1)
      continue;
    bool inside = loop >= begin && loop < end;
    if (access.offset.coefficients[loop] != (inside ? stride : 0))
      return false;
    if (inside)
      stride *= nest.sizes[loop];
  }
  return true;
}

bool swapc::isPack(const LoopAccess &access, unsigned loop, int64_t vector) {
  const LinearForm &offset = access.offset;
  if (offset.coefficients[loop] != 1 || offset.constant % vector != 0)
    return false;
  for (auto [other, coefficient] : llvm::enumerate(offset.coefficients))
    if (other != loop && coefficient % vector != 0)
      return false;
  return llvm::none_of(access.bounds, [&](const LoopAccess::Bound &bound) {
    return bound.form.coefficients[loop] != 0;
  });
}

/// The loops whose count a thread takes every teamSize-th of.
static std::pair<unsigned, unsigned> getSharedLoops(const CudaNest &nest,
                                                    unsigned outer) {
  unsigned parallel = nest.nest->parallel, all = nest.nest->sizes.size();
  return nest.run == NestRun::Team ? std::pair(parallel, all)
                                   : std::pair(outer, parallel);
}

bool swapc::isOwnElement(const CudaRowPlan &plan, const RowGroup &group,
                         const CudaNest &reader, const LoopAccess &access) {
  RowTensor *tensor = plan.getStored(access.tensor);
  const CudaNest *writer = nullptr;
  const LoopAccess *write = nullptr;
  for (const CudaNest &nest : group.nests)
    for (const LoopAccess &output : nest.nest->outputs)
      if (output.tensor == &tensor->access) {
        if (writer)
          return false;
        writer = &nest;
        write = &output;
      }
  if (!writer || writer->run != NestRun::Each || reader.run == NestRun::Warps ||
      &tensor->access != access.tensor)
    return false;
  auto [begin, end] = getSharedLoops(reader, group.outer);
  int64_t count = reader.run == NestRun::Team ? reader.reduced : reader.inner;
  return count == writer->inner &&
         isCountOf(*reader.nest, access, group.outer, begin, end) &&
         isCountOf(*writer->nest, *write, group.outer, group.outer,
                   writer->nest->parallel);
}

//===----------------------------------------------------------------------===//
// Storage
//===----------------------------------------------------------------------===//

/// How often a nest of the group, or a padded view, needs the tensor in memory.
static bool needsMemory(CudaRowPlan &plan, const RowGroup &group,
                        RowTensor *tensor) {
  unsigned writers = 0;
  for (const CudaNest &entry : group.nests) {
    RowNest &nest = *entry.nest;
    for (LoopAccess &output : nest.outputs)
      writers += output.tensor == &tensor->access;
    for (const auto *list : {&nest.inputs, &nest.inits})
      for (const LoopAccess &access : *list)
        if (access.tensor && access.tensor->base &&
            access.tensor != &tensor->access &&
            plan.getStored(access.tensor) == tensor)
          return true;
    if (nest.generic)
      for (Operation &op : *nest.generic.getBody())
        if (auto extract = dyn_cast<tensor::ExtractOp>(op))
          if (plan.rows.tensorOf.lookup(extract.getTensor()) == tensor)
            return true;
  }
  return writers != 1;
}

static bool isRead(const RowGroup &group, RowTensor *tensor) {
  for (const CudaNest &entry : group.nests)
    for (const auto *list : {&entry.nest->inputs, &entry.nest->inits})
      for (const LoopAccess &access : *list)
        if (access.tensor == &tensor->access)
          return true;
  return false;
}

/// Whether all loops that an access of a single thread steps through are
/// written out, so that it goes to a register.
static bool isUnrolled(const RowNest &nest, const LoopAccess &access,
                       unsigned outer) {
  for (unsigned loop = outer; loop < nest.sizes.size(); ++loop)
    if (access.offset.coefficients[loop] != 0 &&
        nest.sizes[loop] > kUnrolledRows)
      return false;
  return true;
}

static bool areOwnElements(CudaRowPlan &plan, const RowGroup &group,
                           RowTensor *tensor) {
  for (const CudaNest &entry : group.nests)
    for (const auto *list : {&entry.nest->inputs, &entry.nest->inits})
      for (const LoopAccess &access : *list) {
        if (access.tensor != &tensor->access)
          continue;
        bool isOwn = plan.teamSize == 1
                         ? isUnrolled(*entry.nest, access, group.outer)
                         : isOwnElement(plan, group, entry, access);
        if (!isOwn)
          return false;
      }
  return true;
}

bool swapc::placeTensors(CudaRowPlan &plan) {
  int64_t shared = 0;
  for (auto &tensor : plan.rows.tensors) {
    RowPlace &place = plan.places[tensor.get()];
    place = RowPlace();
    if (!tensor->access.base) {
      place.storage = RowStorage::Constant;
      continue;
    }
    if (!tensor->produced || plan.groups.size() > 1)
      continue;
    const RowGroup &group = plan.groups[0];
    bool isPlain = !needsMemory(plan, group, tensor.get());
    int64_t items = std::max<int64_t>(1, group.items * group.vector);
    place.elements = tensor->access.type.getNumElements() / items;
    if (tensor->operand >= 0 && !isRead(group, tensor.get()))
      continue;
    if (place.elements == 1 && isPlain && group.vector == 1) {
      place.storage = RowStorage::Register;
      continue;
    }
    if (tensor->operand >= 0)
      continue;
    int64_t own = llvm::divideCeil(place.elements, plan.teamSize);
    if (own <= kUnrolledRows && isPlain &&
        areOwnElements(plan, group, tensor.get())) {
      place.storage = RowStorage::Registers;
      place.elements = own;
      continue;
    }
    if (plan.teamSize == 1)
      return false;
    int64_t bytes = llvm::alignTo(
        place.elements *
            swap::getElementBytes(tensor->access.type.getElementType()),
        64);
    if (shared + bytes * plan.teams <= kSharedBytes) {
      place.storage = RowStorage::Shared;
      shared += bytes * plan.teams;
    } else {
      place.storage = RowStorage::Scratch;
      place.offset = plan.tileScratch;
      plan.tileScratch += bytes;
    }
  }
  return true;
}
