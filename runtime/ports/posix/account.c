/*===- account.c - Every byte that is taken is counted ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Memory is counted before it is taken and until it is given back, so that what
|* is in use never exceeds what is counted.
\*===----------------------------------------------------------------------===*/
#include "shared_memory.h"

static void changed(port_account *account) {
  if (account->changed)
    account->changed(account->context);
}

int port_account_take(port_account *account, uint64_t bytes) {
  if (bytes > account->budget - account->used)
    return 0;
  if (!bytes)
    return 1;
  account->used += bytes;
  if (account->used > account->peak)
    account->peak = account->used;
  changed(account);
  return 1;
}

void port_account_give(port_account *account, uint64_t bytes) {
  if (!bytes)
    return;
  account->used -= bytes;
  changed(account);
}

int port_account_set_budget(port_account *account, uint64_t budget) {
  if (budget < account->used)
    return 0;
  account->budget = budget;
  account->peak = account->used;
  changed(account);
  return 1;
}
