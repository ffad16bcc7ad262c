//===- scalars.cuh - Arithmetic of scalar bodies ------------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a linalg.generic computes that is not an operator of C++. Functions of
// float64 are computed in float32, as on the CPU: results are good to 1e-6.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_SCALARS_CUH
#define SWAP_SCALARS_CUH

#define SWAP_SCALAR static __device__ __forceinline__

template <typename To, typename From> SWAP_SCALAR To swap_bitcast(From from) {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  union {
    From from;
    To to;
  } both;
  both.from = from;
  return both.to;
}

//===----------------------------------------------------------------------===//
// float16 and bfloat16
//===----------------------------------------------------------------------===//

SWAP_SCALAR float swap_float(float value) { return value; }

SWAP_SCALAR float swap_float(bf16 value) {
  return swap_bits_float(static_cast<unsigned>(value.bits) << 16);
}

SWAP_SCALAR bf16 swap_bf16(float value) {
#if !defined(SWAP_EMULATION) && __CUDA_ARCH__ >= 800
  bf16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
  return result;
#else
  unsigned bits = swap_float_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return bf16{static_cast<unsigned short>(bits >> 16 | 0x40u)};
  return bf16{
      static_cast<unsigned short>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
#endif
}

SWAP_SCALAR float swap_float(f16 value) {
#ifndef SWAP_EMULATION
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
  return result;
#else
  const unsigned sign = (value.bits & 0x8000u) << 16;
  const unsigned rest = value.bits & 0x7fffu;
  if (rest >= 0x7c00u)
    return swap_bits_float(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
  // The exponent counts from 15 instead of 127; the product is exact.
  const float magnitude = swap_bits_float(rest << 13) * 0x1p112f;
  return swap_bits_float(sign | swap_float_bits(magnitude));
#endif
}

SWAP_SCALAR f16 swap_f16(float value) {
#ifndef SWAP_EMULATION
  f16 result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
  return result;
#else
  const unsigned bits = swap_float_bits(value), rest = bits & 0x7fffffffu;
  const unsigned sign = bits >> 16 & 0x8000u;
  unsigned half;
  if (rest > 0x7f800000u)
    half = 0x7e00u;
  else if (rest >= 0x477ff000u)
    half = 0x7c00u;
  else if (rest < 0x38800000u) // subnormal: units of 2^-24 at the bottom of 0.5
    half = swap_float_bits(swap_bits_float(rest) + 0.5f) - 0x3f000000u;
  else
    half = (rest - 0x38000000u + 0xfffu + (rest >> 13 & 1u)) >> 13;
  return f16{static_cast<unsigned short>(sign | half)};
#endif
}

/// A float that rounds to 16 bits as `value` does: rounded towards zero, with
/// the last bit set where something was lost.
SWAP_SCALAR float swap_round_odd(double value) {
  const float nearest = static_cast<float>(value);
  const double back = static_cast<double>(nearest);
  if (back == value || value != value)
    return nearest;
  unsigned bits = swap_float_bits(nearest);
  bits -= (value < 0 ? back < value : back > value) ? 1u : 0u;
  return swap_bits_float(bits | 1u);
}
SWAP_SCALAR f16 swap_f16(double value) { return swap_f16(swap_round_odd(value)); }
SWAP_SCALAR bf16 swap_bf16(double value) {
  return swap_bf16(swap_round_odd(value));
}

//===----------------------------------------------------------------------===//
// Minima, maxima, clamps
//===----------------------------------------------------------------------===//

/// NaN where one is; -0 is less than 0.
SWAP_SCALAR float swap_maximum(float a, float b) {
#if !defined(SWAP_EMULATION) && __CUDA_ARCH__ >= 800
  float result;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#else
  return a != a || b != b ? a + b
         : a == b         ? (swap_float_bits(a) >> 31 ? b : a)
                          : (a > b ? a : b);
#endif
}
SWAP_SCALAR float swap_minimum(float a, float b) {
#if !defined(SWAP_EMULATION) && __CUDA_ARCH__ >= 800
  float result;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#else
  return a != a || b != b ? a + b
         : a == b         ? (swap_float_bits(a) >> 31 ? a : b)
                          : (a < b ? a : b);
#endif
}
SWAP_SCALAR double swap_maximum(double a, double b) {
  return a != a || b != b ? a + b
         : a == b ? (swap_bitcast<long long>(a) < 0 ? b : a)
                  : (a > b ? a : b);
}
SWAP_SCALAR double swap_minimum(double a, double b) {
  return a != a || b != b ? a + b
         : a == b ? (swap_bitcast<long long>(a) < 0 ? a : b)
                  : (a < b ? a : b);
}

/// The number, where one is not.
SWAP_SCALAR float swap_maxnum(float a, float b) { return fmaxf(a, b); }
SWAP_SCALAR float swap_minnum(float a, float b) { return fminf(a, b); }
SWAP_SCALAR double swap_maxnum(double a, double b) { return fmax(a, b); }
SWAP_SCALAR double swap_minnum(double a, double b) { return fmin(a, b); }

template <typename T> SWAP_SCALAR T swap_max(T a, T b) { return a > b ? a : b; }
template <typename T> SWAP_SCALAR T swap_min(T a, T b) { return a < b ? a : b; }

/// A computed index is data: whatever it is, the access stays inside.
SWAP_SCALAR long long swap_inside(long long index, long long last) {
  return static_cast<unsigned long long>(index) >
                 static_cast<unsigned long long>(last)
             ? last
             : index;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// NAME of float by the device's library, and of double through it.
#define SWAP_FUNCTION(NAME, CALL)                                              \
  SWAP_SCALAR float swap_##NAME(float x) { return CALL; }                      \
  SWAP_SCALAR double swap_##NAME(double x) {                                   \
    return swap_##NAME(static_cast<float>(x));                                 \
  }
/// The same of both types, each in its own precision.
#define SWAP_EXACT(NAME, FUNCTION)                                             \
  SWAP_SCALAR float swap_##NAME(float x) { return FUNCTION##f(x); }            \
  SWAP_SCALAR double swap_##NAME(double x) { return FUNCTION(x); }

SWAP_EXACT(abs, fabs)
SWAP_EXACT(ceil, ceil)
SWAP_EXACT(floor, floor)
SWAP_EXACT(round, round)
SWAP_EXACT(roundeven, rint)
SWAP_EXACT(sqrt, sqrt)
SWAP_EXACT(trunc, trunc)

SWAP_FUNCTION(acos, acosf(x))
SWAP_FUNCTION(acosh, acoshf(x))
SWAP_FUNCTION(asin, asinf(x))
SWAP_FUNCTION(asinh, asinhf(x))
SWAP_FUNCTION(atan, atanf(x))
SWAP_FUNCTION(atanh, atanhf(x))
SWAP_FUNCTION(cbrt, cbrtf(x))
SWAP_FUNCTION(cosh, coshf(x))
SWAP_FUNCTION(erf, erff(x))
SWAP_FUNCTION(erfc, erfcf(x))
SWAP_FUNCTION(exp, expf(x))
SWAP_FUNCTION(exp2, exp2f(x))
SWAP_FUNCTION(expm1, expm1f(x))
SWAP_FUNCTION(log, logf(x))
SWAP_FUNCTION(log10, log10f(x))
SWAP_FUNCTION(log1p, log1pf(x))
SWAP_FUNCTION(log2, log2f(x))
SWAP_FUNCTION(rsqrt, 1.0f / sqrtf(x))
SWAP_FUNCTION(sinh, sinhf(x))
SWAP_FUNCTION(tanh, tanhf(x))

SWAP_SCALAR float swap_fma(float a, float b, float c) { return fmaf(a, b, c); }
SWAP_SCALAR double swap_fma(double a, double b, double c) {
  return fma(a, b, c);
}
SWAP_SCALAR float swap_copysign(float a, float b) { return copysignf(a, b); }
SWAP_SCALAR double swap_copysign(double a, double b) { return copysign(a, b); }
SWAP_SCALAR float swap_rem(float a, float b) { return fmodf(a, b); }
SWAP_SCALAR double swap_rem(double a, double b) { return fmod(a, b); }
SWAP_SCALAR float swap_atan2(float a, float b) { return atan2f(a, b); }
SWAP_SCALAR double swap_atan2(double a, double b) {
  return atan2f(static_cast<float>(a), static_cast<float>(b));
}
SWAP_SCALAR float swap_pow(float a, float b) { return powf(a, b); }
SWAP_SCALAR double swap_pow(double a, double b) {
  return powf(static_cast<float>(a), static_cast<float>(b));
}

/// sin and cos for any argument that counts, such as a rotary embedding's
/// position: the quadrant is taken off in float64, the rest is a polynomial.
/// (The library's take memory for large arguments.)
SWAP_SCALAR float swap_quarter(float x, int further) {
  const double wide = static_cast<double>(x);
  const double quadrant = rint(wide * 0.63661977236758134308);
  const float r =
      static_cast<float>(fma(quadrant, -1.57079632679489661923, wide));
  const float square = r * r;
  float sine = fmaf(2.7183114939898219e-6f, square, -1.9839334836096632e-4f);
  sine = fmaf(sine, square, 8.3333293858894632e-3f);
  sine = fmaf(sine, square, -1.6666666641626524e-1f);
  sine = fmaf(sine * square, r, r);
  float cosine = fmaf(2.4390448796277409e-5f, square, -1.3886763747465437e-3f);
  cosine = fmaf(cosine, square, 4.1666623323739063e-2f);
  cosine = fmaf(cosine, square, -4.9999999725103100e-1f);
  cosine = fmaf(cosine, square, 1.0f);
  // Beyond what an int counts, and for what is no number, r says it all.
  const bool counts = fabs(quadrant) < 1073741824.0;
  const int n = (counts ? static_cast<int>(quadrant) : 0) + further;
  const float value = n & 1 ? cosine : sine;
  return n & 2 ? -value : value;
}
SWAP_FUNCTION(sin, swap_quarter(x, 0))
SWAP_FUNCTION(cos, swap_quarter(x, 1))
SWAP_FUNCTION(tan, swap_quarter(x, 0) / swap_quarter(x, 1))

#endif // SWAP_SCALARS_CUH
