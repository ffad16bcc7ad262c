//===- RowAccess.cpp - Indices, loads and stores of row kernels -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowWriter.h"

using namespace mlir;
using namespace swapc;

std::string swapc::getStoredType(Type type) {
  return type.isInteger(1) ? "unsigned char" : getDeviceType(type);
}

static std::string getNumber(int64_t value) {
  return std::to_string(value) + (llvm::isInt<32>(value) ? "" : "ll");
}

std::string RowWriter::getName(const RowTensor *tensor) const {
  for (auto [index, other] : llvm::enumerate(plan.rows.tensors))
    if (other.get() == tensor)
      return "t" + std::to_string(index);
  llvm_unreachable("a tensor of the kernel");
}

std::string RowWriter::getIndex(const RowNest &nest, unsigned loop,
                                int64_t lane) const {
  if (nest.sizes[loop] == 1)
    return "0";
  Text name = "x" + std::to_string(loop);
  bool isLane = isVector() && loop + 1 == group->outer;
  return isLane && lane ? "(" + name + " + " + std::to_string(lane) + ")"
                        : name;
}

/// The value of a form; loops before `firstLoop` count as 0.
std::string RowWriter::getForm(const RowNest &nest, const LinearForm &form,
                               unsigned firstLoop, int64_t lane) const {
  Text text;
  int64_t constant = form.constant;
  for (auto [loop, coefficient] : llvm::enumerate(form.coefficients)) {
    if (coefficient == 0 || loop < firstLoop || nest.sizes[loop] == 1)
      continue;
    if (isVector() && loop + 1 == group->outer)
      constant += coefficient * lane;
    text += (text.empty() ? "" : " + ") + getIndex(nest, loop);
    if (coefficient != 1)
      text += " * " + getNumber(coefficient);
  }
  if (text.empty())
    return getNumber(constant);
  return constant ? text + " + " + getNumber(constant) : text;
}

std::string RowWriter::getOffset(const RowNest &nest, const LoopAccess &access,
                                 int64_t lane) const {
  RowStorage storage = plan.getPlace(access.tensor).storage;
  return getForm(nest, access.offset,
                 storage == RowStorage::Memory ? 0 : group->outer, lane);
}

std::string RowWriter::getCondition(const RowNest &nest,
                                    const LoopAccess &access,
                                    int64_t lane) const {
  Text text;
  for (const LoopAccess::Bound &bound : access.bounds)
    text += (text.empty() ? "" : " && ") + ("(" + getCountType() + ")(") +
            getForm(nest, bound.form, 0, lane) + ") < " +
            std::to_string(bound.size) + "u";
  return text;
}

/// Which of a thread's elements: constant once loops are unrolled.
std::string RowWriter::getRegister(const RowNest &nest,
                                   const LoopAccess &access) const {
  return plan.teamSize > 1 ? "k"
                           : getForm(nest, access.offset, group->outer, 0);
}

static std::string fromStored(Type type, const std::string &text) {
  return type.isInteger(1) ? "(" + text + " != 0)" : text;
}

std::string RowWriter::load(const RowNest &nest, const LoopAccess &access,
                            int64_t lane) const {
  RowTensor *view = plan.tensorOf.lookup(access.tensor);
  if (!access.tensor->base)
    return formatDeviceConstant(view->uniform);
  RowTensor *tensor = plan.getStored(access.tensor);
  Text name = getName(tensor);
  RowStorage storage = plan.getPlace(access.tensor).storage;
  if (storage == RowStorage::Register)
    return "r" + name;
  if (storage == RowStorage::Registers)
    return name + "[" + getRegister(nest, access) + "]";
  Text element = fromStored(access.tensor->type.getElementType(),
                            name + "[" + getOffset(nest, access, lane) + "]");
  if (access.bounds.empty())
    return element;
  return "(" + getCondition(nest, access, lane) + " ? " + element + " : " +
         formatDeviceConstant(view->padValue) + ")";
}

std::string RowWriter::extract(Value value, ArrayRef<Text> indices) const {
  RowTensor *tensor = plan.rows.tensorOf.lookup(value);
  if (!tensor || !tensor->access.low.empty() ||
      swap::getPanels(tensor->access.type))
    return "";
  if (tensor->uniform)
    return formatDeviceConstant(tensor->uniform);
  ArrayRef<int64_t> shape = tensor->access.type.getShape();
  Text offset;
  int64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0; stride *= shape[dim]) {
    if (shape[dim] == 1)
      continue;
    offset +=
        (offset.empty() ? "(" : " + (") + getIndexType() + ")" + indices[dim];
    if (stride != 1)
      offset += " * " + getNumber(stride);
  }
  if (offset.empty())
    offset = "0";
  return fromStored(tensor->access.type.getElementType(),
                    getName(tensor) + "[" + offset + "]");
}

SmallVector<std::string>
RowWriter::emitLoad(const RowNest &nest, const LoopAccess &access, Twine name) {
  int64_t vector = group->vector;
  if (!access.tensor)
    return SmallVector<Text>(vector);
  Type type = access.tensor->type.getElementType();
  unsigned loop = group->outer - 1;
  auto dependsOnLane = [&](const LinearForm &form) {
    return !form.coefficients.empty() && form.coefficients[loop] != 0;
  };
  bool isShared = !isVector() || !access.tensor->base ||
                  (!dependsOnLane(access.offset) &&
                   llvm::none_of(access.bounds, [&](const auto &bound) {
                     return dependsOnLane(bound.form);
                   }));
  if (isShared) {
    os << "const " << getDeviceType(type) << " " << name << " = "
       << load(nest, access, 0) << ";\n";
    return SmallVector<Text>(vector, name.str());
  }
  SmallVector<Text> lanes;
  if (!isPack(access, loop, vector)) {
    for (int64_t lane = 0; lane < vector; ++lane)
      lanes.push_back(load(nest, access, lane));
    return lanes;
  }
  RowTensor *tensor = plan.getStored(access.tensor);
  os << "swap_pack<" << getStoredType(type) << ", " << vector << "> " << name
     << ";\n";
  if (!access.bounds.empty())
    os << "if (" << getCondition(nest, access, 0) << ")\n";
  os << name << " = swap_load_pack<" << vector << ">(" << getName(tensor)
     << " + " << getOffset(nest, access, 0) << ");\n";
  Text pad;
  if (!access.bounds.empty()) {
    pad = formatDeviceConstant(plan.tensorOf.lookup(access.tensor)->padValue);
    os << "else {\n";
    for (int64_t lane = 0; lane < vector; ++lane)
      os << name << ".at[" << lane << "] = " << pad << ";\n";
    os << "}\n";
  }
  for (int64_t lane = 0; lane < vector; ++lane)
    lanes.push_back(
        fromStored(type, (name + ".at[" + Twine(lane) + "]").str()));
  return lanes;
}

/// Declares the indices of `loops` from their count; that of `scaled` counts
/// vectors.
void RowWriter::emitDecode(StringRef count, ArrayRef<int64_t> sizes,
                           ArrayRef<unsigned> loops, unsigned scaled) {
  int64_t stride = 1, total = 1;
  for (auto [size, loop] : llvm::zip(sizes, loops))
    total *= size / (loop == scaled ? group->vector : 1);
  for (size_t position = loops.size(); position-- > 0;) {
    unsigned loop = loops[position];
    int64_t factor = loop == scaled ? group->vector : 1;
    int64_t size = sizes[position] / factor;
    if (sizes[position] == 1)
      continue;
    os << "const " << getIndexType() << " x" << loop << " = (" << getIndexType()
       << ")(" << count;
    if (total == 0) {
      os << ");\n";
      continue;
    }
    if (stride != 1)
      os << " / " << stride << "u";
    if (stride * size < total)
      os << " % " << size << "u";
    os << ")";
    if (factor != 1)
      os << " * " << factor;
    os << ";\n";
    stride *= size;
  }
}
