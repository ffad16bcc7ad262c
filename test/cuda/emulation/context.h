//===- context.h - Switching between the threads of a block -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Threads of a block are fibers of one thread of the operating system. A switch
// saves what the calling convention preserves, nothing else: a few nanoseconds.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_EMULATION_CONTEXT_H
#define SWAP_EMULATION_CONTEXT_H

#include <cstddef>

#ifdef __x86_64__

extern "C" __attribute__((visibility("hidden"))) void
swap_emulation_exchange(void **from, void *to);

asm(R"(
  .text
  .p2align 4
  .hidden swap_emulation_exchange
  .globl swap_emulation_exchange
  .type swap_emulation_exchange, @function
swap_emulation_exchange:
  endbr64
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size swap_emulation_exchange, . - swap_emulation_exchange
)");

namespace swap_emulation {

struct Context {
  void *stack = nullptr;
};

/// `context` will call `entry`, which never returns, on a stack that ends at
/// `top` (aligned to 16).
inline void prepare(Context &context, unsigned char *top, size_t,
                    void (*entry)()) {
  void **words = reinterpret_cast<void **>(top);
  words[-1] = nullptr; // where `entry` would return to
  words[-2] = reinterpret_cast<void *>(entry);
  for (int i = 3; i <= 8; ++i)
    words[-i] = nullptr;
  context.stack = words - 8;
}

inline void exchange(Context &from, Context &to) {
  swap_emulation_exchange(&from.stack, to.stack);
}

} // namespace swap_emulation

#else

#include <ucontext.h>

namespace swap_emulation {

struct Context {
  ucontext_t context;
};

inline void prepare(Context &context, unsigned char *top, size_t bytes,
                    void (*entry)()) {
  getcontext(&context.context);
  context.context.uc_stack.ss_sp = top - bytes;
  context.context.uc_stack.ss_size = bytes;
  context.context.uc_link = nullptr;
  makecontext(&context.context, entry, 0);
}

inline void exchange(Context &from, Context &to) {
  swapcontext(&from.context, &to.context);
}

} // namespace swap_emulation

#endif

#endif // SWAP_EMULATION_CONTEXT_H
