/*===- random.c - Numbers that a seed decides ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
|* generators", OOPSLA 2014.
\*===----------------------------------------------------------------------===*/
#include <math.h>

#include "set_program.h"

static uint64_t next(random_numbers *r) {
  uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

random_numbers random_from(uint64_t seed, uint64_t stream) {
  random_numbers r = {seed};
  r.state = next(&r) ^ stream;
  r.state = next(&r);
  return r;
}

double random_unit(random_numbers *r) {
  return (double)(next(r) >> 11) / 9007199254740992.0;
}

uint64_t random_below(random_numbers *r, uint64_t bound) {
  return bound ? next(r) % bound : 0;
}

uint64_t random_interval(random_numbers *r, uint64_t mean_ns) {
  return (uint64_t)(-log(1 - random_unit(r)) * (double)mean_ns);
}
