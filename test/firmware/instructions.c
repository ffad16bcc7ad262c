/*===- instructions.c - Counts executed instructions by address ---*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A plugin of QEMU (-plugin instructions.so,out=PATH): at exit, one line "address count" for
|* each block of code that ran, address of its first instruction. QEMU's header
|* is not packaged; what is used of it is declared here (its version 1).
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INLINE_ADD = 0 };
int qemu_plugin_version = 1;
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(uint64_t, void *));
extern size_t qemu_plugin_tb_n_insns(const void *);
extern uint64_t qemu_plugin_tb_vaddr(const void *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(void *, int, void *, uint64_t);
extern void qemu_plugin_register_atexit_cb(uint64_t, void (*)(uint64_t, void *), void *);

struct block {
  uint64_t address, executed;
  size_t instructions;
  struct block *next;
};
static struct block *blocks;

static void translated(uint64_t id, void *tb) {
  struct block *block = calloc(1, sizeof *block);
  (void)id;
  block->address = qemu_plugin_tb_vaddr(tb);
  block->instructions = qemu_plugin_tb_n_insns(tb);
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD, &block->executed, 1);
}

static void finished(uint64_t id, void *path) {
  (void)id;
  FILE *file = fopen(path, "w");
  for (struct block *block = blocks; file && block; block = block->next)
    fprintf(file, "%" PRIx64 " %" PRIu64 "\n", block->address, block->executed * block->instructions);
  if (file)
    fclose(file);
}

int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments);
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments) {
  (void)info;
  if (count != 1 || strncmp(arguments[0], "out=", 4))
    return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, strdup(arguments[0] + 4));
  return 0;
}
