#!/usr/bin/env python3
"""digits_images.py COUNT HEADER: writes the first held-out images of examples/digits as C."""
import os
import struct
import sys

digits = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "digits")
count, path = int(sys.argv[1]), sys.argv[2]


def numbers(name, kind, size):
    """The first ones of a .npy file, which is a header and then plain numbers."""
    data = open(os.path.join(digits, name), "rb").read()
    start = 10 + struct.unpack_from("<H", data, 8)[0]
    return struct.unpack_from(f"<{size}{kind}", data, start)


images, labels = numbers("images.npy", "f", count * 64), numbers("labels.npy", "q", count)
rows = ["  {" + ", ".join(f"{n!r}f" for n in images[i * 64:(i + 1) * 64]) + "}" for i in range(count)]
with open(path, "w") as file:
    file.write(f"""/* The first images of examples/digits/images.npy, as digits_images.py writes them. */
#define DIGITS_IMAGES {count}
static const _Alignas(64) float digits_images[DIGITS_IMAGES][64] = {{
{("," + chr(10)).join(rows)}
}};
static const int digits_labels[DIGITS_IMAGES] = {{{", ".join(map(str, labels))}}};

/* Prints the digit with the highest score, and says whether it is image i's. */
static inline int digits_check(int i, const float *scores) {{
  int best = 0;
  for (int k = 1; k < 10; k++)
    best = scores[k] > scores[best] ? k : best;
  board_print("%d", best);
  return best == digits_labels[i];
}}
""")
