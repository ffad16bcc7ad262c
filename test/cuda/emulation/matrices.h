//===- matrices.h - Tensor cores of an emulated GPU -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fragments are those of intrinsics.cuh. Products are exact in float, sums
// are rounded one by one.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_EMULATION_MATRICES_H
#define SWAP_EMULATION_MATRICES_H

namespace swap_emulation {

inline void loadMatrices(const char *call, unsigned (&to)[4],
                         const void *shared, bool transposed) {
  if (reinterpret_cast<uintptr_t>(shared) % 16)
    fail("misaligned row of a matrix in ", call);
  if (!here.worker->isShared(shared, 16))
    fail("row of a matrix outside of shared memory in ", call);
  WarpValues<const void *> rows(call, shared);
  const unsigned lane = rows.getLane();
  for (unsigned i = 0; i < 4; ++i) {
    unsigned short pair[2];
    for (unsigned j = 0; j < 2; ++j) {
      unsigned row = transposed ? lane % 4 * 2 + j : lane / 4;
      unsigned column = transposed ? lane / 4 : lane % 4 * 2 + j;
      pair[j] = static_cast<const unsigned short *>(rows[8 * i + row])[column];
    }
    memcpy(&to[i], pair, 4);
  }
}

inline float getHalf(unsigned word, unsigned index) {
  unsigned short bits = static_cast<unsigned short>(word >> 16 * index);
  _Float16 value;
  memcpy(&value, &bits, 2);
  return static_cast<float>(value);
}
inline float getBfloat(unsigned word, unsigned index) {
  return swap_bits_float(word >> 16 * index << 16);
}
/// The hardware does not look at the other bits.
inline float getTf32(unsigned word, unsigned) {
  return swap_bits_float(word & 0xffffe000u);
}

/// `Packed` elements to a word, read by `Get`.
template <unsigned Packed, float (*Get)(unsigned, unsigned)>
void multiply(const char *call, float (&sums)[4], const unsigned (&a)[4],
              const unsigned (&b)[2]) {
  struct Fragments {
    unsigned a[4], b[2];
  } mine;
  memcpy(mine.a, a, sizeof(a));
  memcpy(mine.b, b, sizeof(b));
  WarpValues<Fragments> all(call, mine);
  const unsigned g = all.getLane() / 4, t = all.getLane() % 4;
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned k = 0; k < 4; ++k) {
      Fragments left = all[4 * g + k];
      Fragments right[2] = {all[8 * t + k], all[8 * t + 4 + k]};
      for (unsigned e = 0; e < Packed; ++e)
        for (unsigned i = 0; i < 4; ++i)
          sums[i] = std::fma(Get(left.a[i / 2 + 2 * half], e),
                             Get(right[i % 2].b[half], e), sums[i]);
    }
}

} // namespace swap_emulation

static inline void swap_load_matrices(unsigned (&to)[4], const void *shared) {
  swap_emulation::loadMatrices("swap_load_matrices", to, shared, false);
}
static inline void swap_load_transposed(unsigned (&to)[4], const void *shared) {
  swap_emulation::loadMatrices("swap_load_transposed", to, shared, true);
}
static inline void swap_mma_f16(float (&sums)[4], const unsigned (&a)[4],
                                const unsigned (&b)[2]) {
  swap_emulation::multiply<2, swap_emulation::getHalf>("swap_mma_f16", sums, a,
                                                       b);
}
static inline void swap_mma_bf16(float (&sums)[4], const unsigned (&a)[4],
                                 const unsigned (&b)[2]) {
  swap_emulation::multiply<2, swap_emulation::getBfloat>("swap_mma_bf16", sums,
                                                         a, b);
}
static inline unsigned swap_tf32(float value) {
  const unsigned bits = swap_float_bits(value);
  const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  return finite ? (bits + 0x1000u) & 0xffffe000u : bits;
}
static inline void swap_mma_tf32(float (&sums)[4], const unsigned (&a)[4],
                                 const unsigned (&b)[2]) {
  swap_emulation::multiply<1, swap_emulation::getTf32>("swap_mma_tf32", sums, a,
                                                       b);
}

#endif // SWAP_EMULATION_MATRICES_H
