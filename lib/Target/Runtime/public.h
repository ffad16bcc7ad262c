/*===- public.h - What a library shows of the runtime -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Comes before each file of the runtime that is compiled for libraries, with
|* hidden symbols: those declared here stay visible.
\*===----------------------------------------------------------------------===*/
#pragma GCC visibility push(default)
#include "swap/crc32c.h"
#include "swap/flash.h"
#include "swap/runtime.h"
#pragma GCC visibility pop
