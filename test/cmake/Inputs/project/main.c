/* Runs digits with its embedded weights and knows of the other model. */
#include "digits.h"

#include <stdio.h>

uint64_t again_bytes(void);

static _Alignas(DIGITS_ARENA_ALIGN) unsigned char arena[DIGITS_ARENA_BYTES];
static _Alignas(SWAP_BUFFER_ALIGN) float image[DIGITS_INPUT_0_ELEMENTS];
static _Alignas(SWAP_BUFFER_ALIGN) float first[DIGITS_OUTPUT_0_ELEMENTS];
static _Alignas(SWAP_BUFFER_ALIGN) float second[DIGITS_OUTPUT_0_ELEMENTS];
static swap_session session;

/* One run with one of the plans. */
static int run(int plan, float *result) {
  const swap_memory memory = {digits_blob, DIGITS_BLOB_BYTES};
  const swap_storage storage = swap_memory_copied(&memory);
  const swap_config config = {.arena = arena, .arena_bytes = sizeof arena, .storage = &storage};
  const void *const inputs[] = {image};
  void *const outputs[] = {result};
  int status = swap_open(&session, &digits_model, &digits_model.plans[plan], &config);
  if (status == SWAP_OK) {
    status = swap_run(&session, inputs, outputs);
    swap_close(&session);
  }
  return status;
}

int main(void) {
  int status = run(0, first);
  if (status == SWAP_OK)
    status = run(DIGITS_PLAN_COUNT - 1, second);
  if (status != SWAP_OK) {
    puts(swap_status_string(status));
    return 1;
  }
  for (int i = 0; i < DIGITS_OUTPUT_0_ELEMENTS; ++i)
    if (first[i] != second[i])
      return puts("plans differ"), 1;
  puts(again_bytes() ? "two plans, the same scores" : "no other model");
  return 0;
}
