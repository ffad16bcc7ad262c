//===- SanitizerOptions.cpp - Beside an LLVM without sanitizers -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the sanitizers of a tool ask for before they start; ASAN_OPTIONS and its
// like still override. Debian's LLVM is not instrumented: memory that its
// headers, compiled here, poison in an arena is handed out again by its code,
// which does not know that it has to lift the poison.
//
//===----------------------------------------------------------------------===//

extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}
