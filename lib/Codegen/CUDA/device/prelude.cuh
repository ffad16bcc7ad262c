//===- prelude.cuh - What all kernels use -------------------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled by NVRTC (or nvcc), and by a host compiler for the emulated GPU of
// the tests (SWAP_EMULATION). Nothing outside intrinsics.cuh and scalars.cuh
// names PTX or a builtin of CUDA beside threadIdx, blockIdx, blockDim and
// __shared__.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_PRELUDE_CUH
#define SWAP_PRELUDE_CUH

/// The one parameter of a kernel (swap/cuda.h).
template <int Operands> struct swap_args {
  void *operand[Operands];
  void *scratch;
  unsigned long long begin, end, width, stride;
};

/// Floats of 16 bits, computed with in float (scalars.cuh).
struct f16 {
  unsigned short bits;
};
struct bf16 {
  unsigned short bits;
};

#endif // SWAP_PRELUDE_CUH
