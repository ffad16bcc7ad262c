/*===- startup.c - How a program begins and ends -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file opened in the place of a closed standard stream would be written to.
 * Standard output for reading: results without a place are an error. */
static void fill_standard_files(void) {
  for (int fd = 0; fd < 3; ++fd)
    if (fcntl(fd, F_GETFD) < 0 &&
        open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
      _Exit(EXIT_RUN);
}

/* Most likely kernels compiled for a newer processor. */
static void illegal_instruction(int number) {
  static const char text[] =
      "error: illegal instruction: this processor lacks what the program was "
      "compiled for; compile it here with --mcpu native\n";
  (void)number;
  output_remove_pending();
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
    _exit(EXIT_RUN); /* nobody reads it */
  _exit(EXIT_RUN);
}

void program_start(int argc, char **argv) {
  fill_standard_files();
  signal(SIGILL, illegal_instruction);
  program_name(argc ? argv[0] : "swap");
}

int program_end(int status) {
  if ((fflush(stdout) != 0 || ferror(stdout)) && !status)
    status = fail(EXIT_RUN, "standard output: %s", strerror(errno));
  return status;
}
