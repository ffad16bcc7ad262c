/*===- nonmax.c - Boxes that no better one overlaps ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "candidates.h"
#include "element.h"
#include "routine.h"

struct box {
  float top, left, bottom, right;
};

static inline struct box get_box(const float *b, bool isCenter) {
  struct box box;
  if (isCenter) {
    box.left = b[0] - b[2] / 2, box.right = b[0] + b[2] / 2;
    box.top = b[1] - b[3] / 2, box.bottom = b[1] + b[3] / 2;
    return box;
  }
  box.top = b[0] < b[2] ? b[0] : b[2], box.bottom = b[0] < b[2] ? b[2] : b[0];
  box.left = b[1] < b[3] ? b[1] : b[3], box.right = b[1] < b[3] ? b[3] : b[1];
  return box;
}

static inline float get_area(struct box box) {
  return (box.right - box.left) * (box.bottom - box.top);
}

static inline bool overlaps(struct box a, struct box b, float threshold) {
  struct box both = {a.top > b.top ? a.top : b.top,
                     a.left > b.left ? a.left : b.left,
                     a.bottom < b.bottom ? a.bottom : b.bottom,
                     a.right < b.right ? a.right : b.right};
  if (both.right <= both.left || both.bottom <= both.top)
    return false;
  float shared = get_area(both), one = get_area(a), other = get_area(b);
  float all = one + other - shared;
  if (shared <= 0 || one <= 0 || other <= 0 || all <= 0)
    return false;
  return shared / all > threshold;
}

/* (boxes [batches, boxes, 4], scores [batches, classes, boxes], most of a class
 * (int64), overlap, score) -> (batch, class and box of each selected, int64
 * [room, 3]). What there is no room for is left out, and what is left of the
 * room is -1. Scratch has a candidate and an int64 a box. Constants: batches,
 * classes, boxes, center, room, has a least score. */
void swap_routine_nonmax(void *const *operands, const int64_t *constants,
                         int64_t begin, int64_t end, void *scratch) {
  (void)begin, (void)end;
  const ptrdiff_t classes = (ptrdiff_t)constants[1];
  const ptrdiff_t lines = (ptrdiff_t)constants[0] * classes;
  const ptrdiff_t boxes = (ptrdiff_t)constants[2];
  const bool isCenter = constants[3] != 0;
  const ptrdiff_t room = (ptrdiff_t)constants[4];
  const int64_t most = *(const int64_t *)operands[2];
  const float threshold = *(const float *)operands[3];
  const float least = *(const float *)operands[4];
  int64_t *result = operands[5];
  struct candidate *heap = scratch;
  int64_t *chosen = (int64_t *)(heap + boxes);
  ptrdiff_t found = 0;
  for (ptrdiff_t line = 0; line < lines; ++line) {
    const float *corners =
        (const float *)operands[0] + line / classes * boxes * 4;
    const float *scores = (const float *)operands[1] + line * boxes;
    /* Better is smaller; the root of sift_down's heap is the worst, so the keys
     * are the scores' and larger indices are worse: both turned round. */
    ptrdiff_t left = 0, selected = 0;
    for (ptrdiff_t i = 0; i < boxes; ++i)
      if (!constants[5] || scores[i] > least) {
        heap[left].key = element_key(scores, i, SWAP_F32);
        heap[left++].index = -i;
      }
    make_heap(heap, left);
    while (left > 0 && selected < most) {
      ptrdiff_t index = (ptrdiff_t)-heap[0].index;
      struct box box = get_box(corners + index * 4, isCenter);
      if (--left > 0)
        sift_down(heap, left, 0, heap[left]);
      bool isHidden = false;
      for (ptrdiff_t i = 0; i < selected && !isHidden; ++i)
        isHidden =
            overlaps(box, get_box(corners + (ptrdiff_t)chosen[i] * 4, isCenter),
                     threshold);
      if (isHidden)
        continue;
      chosen[selected++] = index;
      if (found == room)
        continue;
      result[found * 3] = line / classes;
      result[found * 3 + 1] = line % classes;
      result[found * 3 + 2] = index;
      ++found;
    }
  }
  for (ptrdiff_t i = found * 3; i < room * 3; ++i)
    result[i] = -1;
}
