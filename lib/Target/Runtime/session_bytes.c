/*===- session_bytes.c - For the report of sizes ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* swapc reads the value and takes the constant out again.
\*===----------------------------------------------------------------------===*/
#include "swap/runtime.h"

extern const uint32_t swapc_session_bytes;
const uint32_t swapc_session_bytes = sizeof(swap_session);
