/*===- driver.c - Loading NVIDIA's driver -------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_VERSION 11040 /* cuGraphInstantiateWithFlags */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cuda_driver functions;
static void *library;
static int ready;

/* The first function that the library lacks; null if none. */
static const char *find_functions(void) {
  void *symbol;
  /* POSIX has dlsym return functions as objects. */
#define F(name, symbol_name, parameters)                                       \
  if (!(symbol = dlsym(library, #symbol_name)))                                \
    return #symbol_name;                                                       \
  memcpy(&functions.name, &symbol, sizeof symbol);
  SWAP_CUDA_DRIVER_FUNCTIONS(F)
#undef F
  return NULL;
}

static int load(char *error, size_t size) {
  const char *chosen = getenv("SWAP_CUDA_DRIVER");
  const char *name = chosen && *chosen ? chosen : "libcuda.so.1";
  library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(error, size,
             "the NVIDIA driver's library could not be loaded (%s); install "
             "the driver, or make the GPU visible to this container",
             dlerror());
    return 0;
  }
  const char *missing = find_functions();
  int version = 0;
  if (missing) {
    if (functions.driver_version)
      functions.driver_version(&version);
    snprintf(error, size,
             "the NVIDIA driver is too old: it has no %s and supports CUDA "
             "%d.%d; CUDA %d.%d or later is needed",
             missing, version / 1000, version % 1000 / 10,
             OLDEST_VERSION / 1000, OLDEST_VERSION % 1000 / 10);
    return 0;
  }
  /* Else the driver takes memory for code when kernels are first launched. */
  setenv("CUDA_MODULE_LOADING", "EAGER", 0);
  const cu_result result = functions.init(0);
  const char *why = NULL;
  if (result == CU_OK)
    return 1;
  if (result == CU_NO_DEVICE)
    snprintf(error, size, "there is no NVIDIA GPU here");
  else if (functions.error_string(result, &why) == CU_OK && why)
    snprintf(error, size, "the NVIDIA driver does not start: %s", why);
  else
    snprintf(error, size, "the NVIDIA driver does not start: error %d", result);
  return 0;
}

const cuda_driver *cuda_driver_get(char *error, size_t size) {
  pthread_mutex_lock(&lock);
  if (!ready && !(ready = load(error, size)) && library) {
    dlclose(library);
    library = NULL;
    memset(&functions, 0, sizeof functions);
  }
  pthread_mutex_unlock(&lock);
  return ready ? &functions : NULL;
}
