/*===- histogram.c - Many times in little memory ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What is answered is off by at most half a part: 0.2 per cent.
\*===----------------------------------------------------------------------===*/
#include "set_program.h"

static uint32_t find(uint64_t ns, uint32_t *part) {
  uint32_t octave = HISTOGRAM_FIRST;
  if (ns < UINT64_C(1) << HISTOGRAM_FIRST)
    ns = UINT64_C(1) << HISTOGRAM_FIRST;
  while (octave + 1 < HISTOGRAM_FIRST + HISTOGRAM_OCTAVES && ns >> (octave + 1))
    ++octave;
  const uint64_t behind = (ns >> (octave - 8)) - HISTOGRAM_PARTS;
  *part = behind < HISTOGRAM_PARTS ? (uint32_t)behind : HISTOGRAM_PARTS - 1;
  return octave - HISTOGRAM_FIRST;
}

void histogram_add(histogram *h, uint64_t ns) {
  uint32_t part;
  const uint32_t octave = find(ns, &part);
  h->parts[octave][part] += 1;
  h->least = !h->count || ns < h->least ? ns : h->least;
  h->most = ns > h->most ? ns : h->most;
  h->sum += (double)ns;
  h->count += 1;
}

static uint64_t middle(uint32_t octave, uint32_t part) {
  const uint32_t shift = octave + HISTOGRAM_FIRST - 8;
  return ((uint64_t)(HISTOGRAM_PARTS + part) << shift) +
         (UINT64_C(1) << shift) / 2;
}

uint64_t histogram_at(const histogram *h, double share) {
  const double exact = share * (double)h->count;
  uint64_t rank = (uint64_t)exact, seen = 0;
  rank += (double)rank < exact || !rank; /* the first is number 1 */
  for (uint32_t octave = 0; octave < HISTOGRAM_OCTAVES; ++octave)
    for (uint32_t part = 0; part < HISTOGRAM_PARTS; ++part) {
      seen += h->parts[octave][part];
      if (h->count && seen >= rank) {
        const uint64_t value = middle(octave, part);
        return value < h->least ? h->least : value > h->most ? h->most : value;
      }
    }
  return h->most;
}

double histogram_mean(const histogram *h) {
  return h->count ? h->sum / (double)h->count : 0;
}
