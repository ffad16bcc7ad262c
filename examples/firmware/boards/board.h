/*===- board.h - What the examples ask of a board -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A console, files of the host and a clock, the same on every emulated board.
|* They go through semihosting: the emulator, or a debugger, serves them.
|* `main(void)` is called with the stack painted; what it returns ends the run.
\*===----------------------------------------------------------------------===*/
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Writes text to the console. `board_print` knows %s %c %d %u %x and %%. */
void board_write(const char *text);
void board_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the run; the emulator exits with `status`. */
_Noreturn void board_exit(int status);

/* What follows the program's name on the emulator's command line. */
const char *board_command_line(void);

/* Files on the host. `mode` is 'r' or 'w'. Negative: an error. Reads and
 * writes return the bytes done, fewer than asked for only at the end. */
int board_file_open(const char *path, char mode);
long board_file_bytes(int file);
int board_file_seek(int file, size_t offset);
long board_file_read(int file, void *buffer, size_t bytes);
long board_file_write(int file, const void *data, size_t bytes);
void board_file_close(int file);

/* A clock. Under `qemu -icount shift=0` an instruction takes a nanosecond. */
uint64_t board_nanoseconds(void);

/* Bytes of stack in use at the worst moment since the start, or since the stack
 * was painted last; `main` itself and what called it count too. */
size_t board_stack_used(void);
void board_paint_stack(void);

#endif
