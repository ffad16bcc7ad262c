/* Two models in one translation unit, C and C++: every constant where firmware
 * uses it. */
#include "digits.h"
#include "model_7_segment.h"

#if DIGITS_ARENA_BYTES > 2 * 1024 * 1024 ||                                    \
    DIGITS_BLOB_BYTES < DIGITS_ARENA_ALIGN || DIGITS_PLAN_COUNT != 2 ||        \
    DIGITS_PLAN_0_ARENA_BYTES > DIGITS_PLAN_0_BUDGET_BYTES ||                  \
    DIGITS_PLAN_0_BUDGET_BYTES < DIGITS_MIN_BYTES ||                           \
    DIGITS_PLAN_1_ARENA_BYTES != DIGITS_MODEL_BYTES
#error "sizes of the model"
#endif
#if DIGITS_INPUT_COUNT != 1 || DIGITS_INPUT_0_RANK != 4 ||                     \
    DIGITS_INPUT_0_DIM_2 * DIGITS_INPUT_0_DIM_3 != DIGITS_INPUT_0_ELEMENTS ||  \
    DIGITS_OUTPUT_COUNT != 1 || DIGITS_OUTPUT_0_DIM_1 != 10
#error "shapes of the model"
#endif

#define LARGER(a, b) ((a) > (b) ? (a) : (b))

/* One arena for both. */
extern unsigned char
    arena[LARGER(DIGITS_ARENA_BYTES, MODEL_7_SEGMENT_ARENA_BYTES)];
unsigned char arena[LARGER(DIGITS_ARENA_BYTES, MODEL_7_SEGMENT_ARENA_BYTES)];
extern DIGITS_INPUT_0_TYPE image[DIGITS_INPUT_0_ELEMENTS];
DIGITS_INPUT_0_TYPE image[DIGITS_INPUT_0_ELEMENTS];
extern const int64_t dims[DIGITS_INPUT_0_RANK];
const int64_t dims[DIGITS_INPUT_0_RANK] = DIGITS_INPUT_0_DIMS;

size_t fits(const swap_model **model, size_t bytes, int wanted);
size_t fits(const swap_model **model, size_t bytes, int wanted) {
  size_t index;
  uint32_t need = DIGITS_ARENA_BYTES;
  *model =
      wanted == DIGITS_OUTPUT_0_DTYPE ? &digits_model : &model_7_segment_model;
  for (index = 0; index < DIGITS_OUTPUT_0_ELEMENTS; ++index)
    need += digits_blob[index];
  return bytes >= DIGITS_PLAN_1_ARENA_BYTES &&
                 sizeof image == DIGITS_INPUT_0_BYTES
             ? need
             : index;
}
