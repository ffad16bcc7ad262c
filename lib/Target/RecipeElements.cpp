//===- RecipeElements.cpp - Elements between storage and registers --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecipeBody.h"

#include "Rounding.h"
#include "mlir/IR/BuiltinTypes.h"

#include <cstring>

using namespace mlir;
using namespace swapc;

FailureOr<ElementType> ElementType::get(Type type) {
  if (type.isF16())
    return ElementType{ElementKind::F16, 16, 2, false};
  if (type.isBF16())
    return ElementType{ElementKind::BF16, 16, 2, false};
  if (type.isF32())
    return ElementType{ElementKind::F32, 32, 4, false};
  if (type.isF64())
    return ElementType{ElementKind::F64, 64, 8, false};
  if (type.isIndex())
    return ElementType{ElementKind::Int, 64, 8, false};
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return failure();
  unsigned bits = integer.getWidth();
  if (bits != 1 && bits != 8 && bits != 16 && bits != 32 && bits != 64)
    return failure();
  return ElementType{ElementKind::Int, uint8_t(bits),
                     uint8_t(bits == 1 ? 1 : bits / 8),
                     bits == 1 || integer.isUnsigned()};
}

namespace {
/// Calls fn(address index k) with the element index of each k.
struct Strided {
  int64_t stride;
  int64_t operator()(int64_t k) const { return k * stride; }
};
struct Dense {
  int64_t operator()(int64_t k) const { return k; }
};
struct Gathered {
  const int64_t *indices;
  int64_t operator()(int64_t k) const { return indices[k]; }
};
} // namespace

template <typename Storage, typename Index, typename Out, typename Convert>
static void loadAs(const char *base, Index index, int64_t count, Out *out,
                   Convert convert) {
  for (int64_t k = 0; k < count; ++k) {
    Storage value;
    std::memcpy(&value, base + index(k) * int64_t(sizeof(Storage)),
                sizeof(Storage));
    out[k] = convert(value);
  }
}

template <typename Index>
static void loadWith(ElementType type, const char *base, Index index,
                     int64_t count, Register &out) {
  auto same = [](auto value) { return value; };
  auto widen = [](auto value) { return int64_t(value); };
  switch (type.kind) {
  case ElementKind::F16:
    return loadAs<uint16_t>(base, index, count, out.f, halfToFloat);
  case ElementKind::BF16:
    return loadAs<uint16_t>(base, index, count, out.f, bfloatToFloat);
  case ElementKind::F32:
    return loadAs<float>(base, index, count, out.f, same);
  case ElementKind::F64:
    return loadAs<double>(base, index, count, out.d, same);
  case ElementKind::Int:
    break;
  }
  switch (type.bytes) {
  case 1:
    if (type.isUnsigned)
      return loadAs<uint8_t>(base, index, count, out.i, widen);
    return loadAs<int8_t>(base, index, count, out.i, widen);
  case 2:
    if (type.isUnsigned)
      return loadAs<uint16_t>(base, index, count, out.i, widen);
    return loadAs<int16_t>(base, index, count, out.i, widen);
  case 4:
    if (type.isUnsigned)
      return loadAs<uint32_t>(base, index, count, out.i, widen);
    return loadAs<int32_t>(base, index, count, out.i, widen);
  default:
    return loadAs<int64_t>(base, index, count, out.i, widen);
  }
}

void swapc::loadElements(ElementType type, const char *base, int64_t stride,
                         int64_t count, Register &out) {
  if (stride == 1)
    loadWith(type, base, Dense{}, count, out);
  else
    loadWith(type, base, Strided{stride}, count, out);
}

void swapc::gatherElements(ElementType type, const char *base,
                           const int64_t *indices, int64_t count,
                           Register &out) {
  loadWith(type, base, Gathered{indices}, count, out);
}

template <typename Storage, typename In, typename Convert>
static void storeAs(char *base, int64_t stride, int64_t count, const In *in,
                    Convert convert) {
  for (int64_t k = 0; k < count; ++k) {
    Storage value = convert(in[k]);
    std::memcpy(base + k * stride * int64_t(sizeof(Storage)), &value,
                sizeof(Storage));
  }
}

void swapc::storeElements(ElementType type, char *base, int64_t stride,
                          int64_t count, const Register &in) {
  auto same = [](auto value) { return value; };
  switch (type.kind) {
  case ElementKind::F16:
    return storeAs<uint16_t>(base, stride, count, in.f, floatToHalf);
  case ElementKind::BF16:
    return storeAs<uint16_t>(base, stride, count, in.f, floatToBfloat);
  case ElementKind::F32:
    return storeAs<float>(base, stride, count, in.f, same);
  case ElementKind::F64:
    return storeAs<double>(base, stride, count, in.d, same);
  case ElementKind::Int:
    break;
  }
  switch (type.bytes) {
  case 1:
    if (type.bits == 1)
      return storeAs<uint8_t>(base, stride, count, in.i,
                              [](int64_t value) { return value & 1; });
    return storeAs<uint8_t>(base, stride, count, in.i, same);
  case 2:
    return storeAs<uint16_t>(base, stride, count, in.i, same);
  case 4:
    return storeAs<uint32_t>(base, stride, count, in.i, same);
  default:
    return storeAs<uint64_t>(base, stride, count, in.i, same);
  }
}
