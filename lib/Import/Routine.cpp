//===- Routine.cpp - What no loop nest computes -----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

#include "Swap/SwapDialect.h"
#include "routine.h"
#include "swap/runtime.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

FailureOr<int64_t> swapc::getRoutineType(NodeImporter &n, TensorRef tensor) {
  Type type = tensor->getElementType();
  if (type.isF32())
    return SWAP_F32;
  if (type.isF64())
    return SWAP_F64;
  if (type.isF16())
    return SWAP_F16;
  if (type.isBF16())
    return SWAP_BF16;
  bool isUnsigned = tensor->isUnsigned;
  if (type.isInteger(1))
    return SWAP_BOOL;
  if (type.isInteger(8))
    return isUnsigned ? SWAP_U8 : SWAP_I8;
  if (type.isInteger(16))
    return isUnsigned ? SWAP_U16 : SWAP_I16;
  if (type.isInteger(32))
    return isUnsigned ? SWAP_U32 : SWAP_I32;
  if (type.isInteger(64))
    return isUnsigned ? SWAP_U64 : SWAP_I64;
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return n.error("elements of type " + name + " are not supported here");
}

TensorRef swapc::widenForRoutine(NodeImporter &n, TensorRef tensor) {
  Type type = tensor->getElementType();
  if (isa<FloatType>(type))
    return n.cast(tensor, getComputeType(type));
  if (type.getIntOrFloatBitWidth() < 32)
    return n.cast(tensor, n.b.getI32Type());
  return tensor;
}

FailureOr<int64_t> swapc::getDeclaredRoom(NodeImporter &n, unsigned output,
                                          int64_t dim, StringRef rest) {
  if (n.wantsOutput(output))
    if (std::optional<SmallVector<int64_t>> shape =
            n.graph.getDeclaredShape(n.getOutputName(output)))
      if (dim < static_cast<int64_t>(shape->size()) && (*shape)[dim] >= 0)
        return (*shape)[dim];
  return n.error("how many results it has depends on data, and memory is "
                 "planned while compiling; where '" +
                 n.getOutputName(output) +
                 "' is an output of the model, declare its size (--dim where "
                 "it has a name), and what is left of it is " +
                 rest);
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

static swap_routine_fn *findRoutine(StringRef name) {
#define SWAP_FIND_ROUTINE(routine)                                             \
  if (name == #routine)                                                        \
    return swap_routine_##routine;
  SWAP_ROUTINES(SWAP_FIND_ROUTINE)
#undef SWAP_FIND_ROUTINE
  return nullptr;
}

using Bytes = SmallVector<uint64_t, 0>; // aligned for any element

static Bytes allocate(int64_t bytes) { return Bytes(bytes / 8 + 1, 0); }

static Bytes getBytes(DenseElementsAttr elements) {
  Type type = elements.getElementType();
  int64_t size = swap::getElementBytes(type);
  Bytes bytes = allocate(elements.getNumElements() * size);
  char *to = reinterpret_cast<char *>(bytes.data());
  auto append = [&](const APInt &value) {
    memcpy(to, value.getRawData(), size);
    to += size;
  };
  if (isa<FloatType>(type))
    for (const APFloat &value : elements.getValues<APFloat>())
      append(value.bitcastToAPInt());
  else
    for (const APInt &value : elements.getValues<APInt>())
      append(value);
  return bytes;
}

static DenseElementsAttr getElements(const Bytes &bytes,
                                     RankedTensorType type) {
  Type element = type.getElementType();
  int64_t size = swap::getElementBytes(element);
  unsigned bits = element.getIntOrFloatBitWidth();
  const char *from = reinterpret_cast<const char *>(bytes.data());
  SmallVector<Attribute> values;
  for (int64_t i = 0; i < type.getNumElements(); ++i, from += size) {
    uint64_t word = 0;
    memcpy(&word, from, size);
    APInt value = APInt(64, word).trunc(bits);
    if (auto floatType = dyn_cast<FloatType>(element))
      values.push_back(FloatAttr::get(
          element, APFloat(floatType.getFloatSemantics(), value)));
    else
      values.push_back(IntegerAttr::get(element, value));
  }
  return makeElements(type, values);
}

/// Runs the routine in the compiler; nothing if not all inputs are known.
static SmallVector<TensorRef> evaluate(NodeImporter &n, const RoutineUse &use,
                                       swap_routine_fn *routine) {
  SmallVector<Bytes> memory;
  int64_t elements = 0;
  for (TensorRef input : use.inputs) {
    elements += input->getNumElements();
    DenseElementsAttr known;
    if (elements <= kMaxFoldedElements)
      known = n.graph.getElements(input);
    if (!known)
      return {};
    memory.push_back(getBytes(known));
  }
  SmallVector<RankedTensorType> types;
  for (const RoutineResult &result : use.results) {
    types.push_back(RankedTensorType::get(result.shape, result.elementType));
    elements += types.back().getNumElements();
    if (elements > 4 * kMaxFoldedElements)
      return {};
    memory.push_back(allocate(*getByteSize(result.shape, result.elementType)));
  }
  SmallVector<void *> operands;
  for (Bytes &bytes : memory)
    operands.push_back(bytes.data());
  Bytes scratch = allocate(use.scratch);
  routine(operands.data(), use.constants.data(), 0, use.items, scratch.data());
  SmallVector<TensorRef> results;
  for (auto [i, result] : llvm::enumerate(use.results))
    results.push_back(
        n.constant(getElements(memory[use.inputs.size() + i], types[i]),
                   result.isUnsigned));
  return results;
}

SmallVector<TensorRef> swapc::addRoutine(NodeImporter &n,
                                         const RoutineUse &use) {
  swap_routine_fn *routine = findRoutine(use.name);
  assert(routine && "a handler names a routine that exists");
  SmallVector<TensorRef> results;
  SmallVector<Type> types;
  bool isEmpty = true;
  for (const RoutineResult &result : use.results) {
    auto type = RankedTensorType::get(result.shape, result.elementType);
    if (!getByteSize(result.shape, result.elementType)) {
      (void)n.error("the size of a result overflows");
      return SmallVector<TensorRef>(use.results.size(), nullptr);
    }
    types.push_back(type);
    isEmpty &= type.getNumElements() == 0;
  }
  if (isEmpty) {
    for (Type type : types)
      results.push_back(n.constant(DenseElementsAttr::get(
          cast<RankedTensorType>(type), ArrayRef<Attribute>())));
    return results;
  }
  results = evaluate(n, use, routine);
  if (!results.empty())
    return results;
  if (!n.graph.getOptions().routines) {
    (void)n.error("is computed by a routine, which runs on processors only; "
                  "compile for --target cpu, or take it out of the model");
    return SmallVector<TensorRef>(use.results.size(), nullptr);
  }
  SmallVector<Value> inputs;
  for (TensorRef input : use.inputs)
    inputs.push_back(n.value(input));
  auto op = swap::RoutineOp::create(n.b, n.loc, types, use.name, inputs,
                                    use.constants, use.items, use.scratch,
                                    use.flops, use.inPlace);
  op->setAttr(swap::SwapDialect::kOriginAttr, n.getOrigin());
  for (auto [value, result] : llvm::zip_equal(op.getResults(), use.results))
    results.push_back(n.wrap(value, result.isUnsigned));
  return results;
}
