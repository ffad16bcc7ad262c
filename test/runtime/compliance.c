/*===- compliance.c - The public headers are C --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "swap/blob.h"
#include "swap/crc32c.h"
#include "swap/cuda.h"
#include "swap/flash.h"
#include "swap/posix.h"
#include "swap/runtime.h"

int swap_compliance(void);
int swap_compliance(void) {
  swap_session session;
  return swap_open(&session, NULL, NULL, NULL) == SWAP_ERR_ARGUMENT;
}
