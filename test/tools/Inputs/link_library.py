"""Links a program with a library by another compiler; a warning is an error.

usage: link_library.py ARCHIVE INCLUDE COMPILER FLAGS...
"""
import os
import subprocess
import sys
import tempfile

PROGRAM = """
#include "swap/runtime.h"

extern const swap_model digits_model;
static swap_session session;

/* What a board's libc has. */
void *memcpy(void *to, const void *from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memset(void *to, int value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((volatile char *)to)[i] = (char)value;
  return to;
}
int memcmp(const void *a, const void *b, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    if (((const volatile char *)a)[i] != ((const volatile char *)b)[i])
      return 1;
  return 0;
}
#ifdef __arm__
void __aeabi_memcpy(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); }
void __aeabi_memcpy4(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); }
void __aeabi_memcpy8(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); }
void __aeabi_memclr(void *to, size_t bytes) { memset(to, 0, bytes); }
void __aeabi_memclr4(void *to, size_t bytes) { memset(to, 0, bytes); }
void __aeabi_memclr8(void *to, size_t bytes) { memset(to, 0, bytes); }
#endif

int main(void) {
  swap_config config = {0};
  config.event = 0;
  swap_event_kind kind = SWAP_EVENT_IN;
  return swap_open(&session, &digits_model, digits_model.plans, &config) +
         swap_run(&session, 0, 0) + (int)kind;
}
"""


def main(archive, include, *compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "main.c"), os.path.join(folder, "program")
        with open(source, "w") as file:
            file.write(PROGRAM)
        command = [*compiler, "-std=c11", "-O1", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-I", include,
                   "-nostdlib", source, archive, "-lgcc", "-Wl,--fatal-warnings,--gc-sections,-e,main", "-o", program]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode or result.stdout or result.stderr:
            sys.exit(" ".join(command) + "\n" + result.stdout + result.stderr)


main(*sys.argv[1:])
