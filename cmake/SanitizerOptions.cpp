//===- SanitizerOptions.cpp - Beside an LLVM without sanitizers -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tools ask of their sanitizers. Debian's LLVM is not instrumented:
// what it does with memory and atomics is not seen, and looks like our errors.
//
//===----------------------------------------------------------------------===//

/// Memory that LLVM's headers, compiled here, poison in an arena is handed out
/// again by LLVM's code, which does not know that it has to lift the poison.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}

/// The end of a thread pool's task, which LLVM counts the references of, and
/// what it copies and locks that it published by an atomic. Races in tasks are
/// still found.
extern "C" const char *__tsan_default_suppressions() {
  return "race:std::_Sp_counted_ptr_inplace<std::__future_base::\n"
         "race_top:memcpy\n"
         "race_top:pthread_rwlock_\n";
}
