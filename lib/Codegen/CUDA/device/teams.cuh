//===- teams.cuh - Threads that share the work of a row ------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_TEAMS_CUH
#define SWAP_TEAMS_CUH

/// Neighbours in memory that one load or store moves, aligned to their size.
template <typename T, int Count> struct alignas(sizeof(T) * Count) swap_pack {
  T at[Count];
};

/// Where fast, in one access: an integer of as many bytes.
template <int Bytes> struct swap_word;
template <> struct swap_word<2> { typedef unsigned short type; };
template <> struct swap_word<4> { typedef unsigned type; };
template <> struct swap_word<8> { typedef uint2 type; };
template <> struct swap_word<16> { typedef uint4 type; };

template <int Count, typename T>
SWAP_SCALAR swap_pack<T, Count> swap_load_pack(const T *from) {
#ifdef SWAP_EMULATION
  return *reinterpret_cast<const swap_pack<T, Count> *>(from);
#else
  typedef typename swap_word<sizeof(T) * Count>::type word;
  return swap_bitcast<swap_pack<T, Count>>(*reinterpret_cast<const word *>(from));
#endif
}

template <int Count, typename T>
SWAP_SCALAR void swap_store_pack(T *to, const swap_pack<T, Count> &value) {
#ifdef SWAP_EMULATION
  *reinterpret_cast<swap_pack<T, Count> *>(to) = value;
#else
  typedef typename swap_word<sizeof(T) * Count>::type word;
  *reinterpret_cast<word *>(to) = swap_bitcast<word>(value);
#endif
}

/// The value of the lane whose number differs in the bits of `mask`, of types
/// that the warp does not exchange.
template <typename T> SWAP_SCALAR T swap_exchange(T value, int mask) {
  return swap_shuffle_xor(value, mask);
}
SWAP_SCALAR f16 swap_exchange(f16 value, int mask) {
  return f16{static_cast<unsigned short>(
      swap_shuffle_xor(static_cast<unsigned>(value.bits), mask))};
}
SWAP_SCALAR bf16 swap_exchange(bf16 value, int mask) {
  return bf16{static_cast<unsigned short>(
      swap_shuffle_xor(static_cast<unsigned>(value.bits), mask))};
}
SWAP_SCALAR bool swap_exchange(bool value, int mask) {
  return swap_shuffle_xor(static_cast<unsigned>(value), mask) != 0;
}
SWAP_SCALAR signed char swap_exchange(signed char value, int mask) {
  return static_cast<signed char>(
      swap_shuffle_xor(static_cast<int>(value), mask));
}
SWAP_SCALAR short swap_exchange(short value, int mask) {
  return static_cast<short>(swap_shuffle_xor(static_cast<int>(value), mask));
}

#endif // SWAP_TEAMS_CUH
