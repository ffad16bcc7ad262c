/*===- write.c - Continues Python source text ----------------------------===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*   write WEIGHTS BUDGET_KIB PREFIX COUNT [TEMPERATURE [SEED]]
|*
|* Prints PREFIX and COUNT more bytes. The model is one decode step over a
|* 256-position cache: each run takes a byte, its position and the caches, and
|* gives 256 logits and the new caches, which the next run takes as they are.
\*===----------------------------------------------------------------------===*/
#include <math.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codewriter.h"
#include "swap/posix.h"

enum { POSITIONS = 256, VOCABULARY = 256, CACHE = 6 * 4 * 256 * 64 };

/* [generation][k, v] */
static alignas(SWAP_BUFFER_ALIGN) float cache[2][2][CACHE];
static alignas(SWAP_BUFFER_ALIGN) float logits[VOCABULARY];
static alignas(SWAP_BUFFER_ALIGN) int64_t token, position;

/* A number in [0, 1) from a 64-bit xorshift generator. */
static double uniform(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (double)(*state >> 11) / 9007199254740992.0;
}

static int sample(double temperature, uint64_t *state) {
  int best = 0;
  for (int i = 1; i < VOCABULARY; i++)
    if (logits[i] > logits[best])
      best = i;
  if (temperature <= 0)
    return best;
  double weight[VOCABULARY], sum = 0;
  for (int i = 0; i < VOCABULARY; i++)
    sum += weight[i] = exp((logits[i] - logits[best]) / temperature);
  double at = uniform(state) * sum;
  for (int i = 0; i < VOCABULARY; i++)
    if ((at -= weight[i]) < 0)
      return i;
  return best;
}

int main(int argc, char **argv) {
  if (argc < 5 || !argv[3][0]) {
    fprintf(
        stderr,
        "usage: write WEIGHTS BUDGET_KIB PREFIX COUNT [TEMPERATURE [SEED]]\n");
    return 2;
  }
  const char *prefix = argv[3];
  long length = (long)strlen(prefix), total = length + atol(argv[4]);
  double temperature = argc > 5 ? atof(argv[5]) : 0;
  uint64_t state = argc > 6 ? strtoull(argv[6], NULL, 10) | 1 : 1;
  swap_posix_options options = {
      .weights = argv[1], .budget_bytes = strtoull(argv[2], NULL, 10) << 10};
  swap_posix *model;
  int status = swap_posix_open(&model, &codewriter_model, &options);
  for (long i = 0; !status && i < total && i < POSITIONS; i++) {
    token = i < length ? (unsigned char)prefix[i] : sample(temperature, &state);
    position = i;
    putchar((int)token);
    const void *inputs[] = {&token, &position, cache[i % 2][0],
                            cache[i % 2][1]};
    void *outputs[] = {logits, cache[(i + 1) % 2][0], cache[(i + 1) % 2][1]};
    status = swap_posix_run(model, inputs, outputs);
  }
  putchar('\n');
  if (status)
    fprintf(stderr, "write: %s\n", swap_posix_error(model));
  swap_posix_close(model);
  return status ? 1 : 0;
}
