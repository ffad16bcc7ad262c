/*===- driver.h - The part of NVIDIA's driver API that is used ----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Own declarations, so that building needs no toolkit. Types, values and
|* prototypes have the ABI of cuda.h; test/runtime/cuda/DriverAbiTest.cpp
|* compares them where that header exists. The library is loaded when the first
|* handle is opened, and stays.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CUDA_DRIVER_H
#define SWAP_CUDA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int cu_result; /* CU_OK or an error of the driver */
typedef int cu_device;
typedef unsigned long long cu_address;
typedef struct cu_context_object *cu_context;
typedef struct cu_module_object *cu_module;
typedef struct cu_function_object *cu_function;
typedef struct cu_stream_object *cu_stream;
typedef struct cu_event_object *cu_event;
typedef struct cu_graph_object *cu_graph;
typedef struct cu_exec_object *cu_exec;

enum {
  CU_OK = 0,
  CU_INVALID_VALUE = 1,
  CU_OUT_OF_MEMORY = 2,
  CU_NO_DEVICE = 100,
  CU_NOT_FOUND = 500,
  CU_NOT_READY = 600
};

enum { /* cuDeviceGetAttribute */
  CU_ATTRIBUTE_CLOCK_KHZ = 13,
  CU_ATTRIBUTE_MULTIPROCESSORS = 16,
  CU_ATTRIBUTE_INTEGRATED = 18,
  CU_ATTRIBUTE_MEMORY_CLOCK_KHZ = 36,
  CU_ATTRIBUTE_MEMORY_BITS = 37,
  CU_ATTRIBUTE_MAJOR = 75,
  CU_ATTRIBUTE_MINOR = 76,
  CU_ATTRIBUTE_READ_ONLY_REGISTER = 113
};

enum {
  CU_HOST_PORTABLE = 1, /* of cuMemHostAlloc and cuMemHostRegister alike */
  CU_HOST_MAPPED = 2,
  CU_HOST_READ_ONLY = 8, /* cuMemHostRegister */
  CU_FUNCTION_DYNAMIC_SHARED = 8,
  CU_STREAM_INDEPENDENT = 1, /* of the null stream */
  CU_EVENT_TIMED = 0,
  CU_EVENT_UNTIMED = 2,
  CU_EXTERNAL = 1, /* captured as a node that records an event, or waits */
  CU_CAPTURE_THREAD = 1
};

#define CU_PARAMETERS_END ((void *)0)
#define CU_PARAMETERS ((void *)1)
#define CU_PARAMETERS_SIZE ((void *)2)

/* F(name in the table, symbol, parameters) */
#define SWAP_CUDA_DRIVER_FUNCTIONS(F)                                          \
  F(init, cuInit, (unsigned))                                                  \
  F(driver_version, cuDriverGetVersion, (int *))                               \
  F(device_count, cuDeviceGetCount, (int *))                                   \
  F(device_get, cuDeviceGet, (cu_device *, int))                               \
  F(device_name, cuDeviceGetName, (char *, int, cu_device))                    \
  F(device_attribute, cuDeviceGetAttribute, (int *, int, cu_device))           \
  F(context_retain, cuDevicePrimaryCtxRetain, (cu_context *, cu_device))       \
  F(context_release, cuDevicePrimaryCtxRelease_v2, (cu_device))                \
  F(context_push, cuCtxPushCurrent_v2, (cu_context))                           \
  F(context_pop, cuCtxPopCurrent_v2, (cu_context *))                           \
  F(context_sync, cuCtxSynchronize, (void))                                    \
  F(error_string, cuGetErrorString, (cu_result, const char **))                \
  F(memory_info, cuMemGetInfo_v2, (size_t *, size_t *))                        \
  F(memory_alloc, cuMemAlloc_v2, (cu_address *, size_t))                       \
  F(memory_free, cuMemFree_v2, (cu_address))                                   \
  F(host_alloc, cuMemHostAlloc, (void **, size_t, unsigned))                   \
  F(host_free, cuMemFreeHost, (void *))                                        \
  F(host_address, cuMemHostGetDevicePointer_v2,                                \
    (cu_address *, void *, unsigned))                                          \
  F(host_register, cuMemHostRegister_v2, (void *, size_t, unsigned))           \
  F(host_unregister, cuMemHostUnregister, (void *))                            \
  F(copy_in, cuMemcpyHtoDAsync_v2,                                             \
    (cu_address, const void *, size_t, cu_stream))                             \
  F(copy_out, cuMemcpyDtoHAsync_v2, (void *, cu_address, size_t, cu_stream))   \
  F(module_load, cuModuleLoadData, (cu_module *, const void *))                \
  F(module_unload, cuModuleUnload, (cu_module))                                \
  F(module_function, cuModuleGetFunction,                                      \
    (cu_function *, cu_module, const char *))                                  \
  F(function_set, cuFuncSetAttribute, (cu_function, int, int))                 \
  F(stream_create, cuStreamCreate, (cu_stream *, unsigned))                    \
  F(stream_destroy, cuStreamDestroy_v2, (cu_stream))                           \
  F(stream_sync, cuStreamSynchronize, (cu_stream))                             \
  F(stream_wait, cuStreamWaitEvent, (cu_stream, cu_event, unsigned))           \
  F(event_create, cuEventCreate, (cu_event *, unsigned))                       \
  F(event_destroy, cuEventDestroy_v2, (cu_event))                              \
  F(event_record, cuEventRecordWithFlags, (cu_event, cu_stream, unsigned))     \
  F(event_sync, cuEventSynchronize, (cu_event))                                \
  F(event_query, cuEventQuery, (cu_event))                                     \
  F(event_elapsed, cuEventElapsedTime, (float *, cu_event, cu_event))          \
  F(launch, cuLaunchKernel,                                                    \
    (cu_function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,  \
     unsigned, cu_stream, void **, void **))                                   \
  F(capture_begin, cuStreamBeginCapture_v2, (cu_stream, int))                  \
  F(capture_end, cuStreamEndCapture, (cu_stream, cu_graph *))                  \
  F(graph_instantiate, cuGraphInstantiateWithFlags,                            \
    (cu_exec *, cu_graph, unsigned long long))                                 \
  F(graph_destroy, cuGraphDestroy, (cu_graph))                                 \
  F(exec_destroy, cuGraphExecDestroy, (cu_exec))                               \
  F(graph_upload, cuGraphUpload, (cu_exec, cu_stream))                         \
  F(graph_launch, cuGraphLaunch, (cu_exec, cu_stream))

typedef struct cuda_driver {
#define F(name, symbol, parameters) cu_result (*name) parameters;
  SWAP_CUDA_DRIVER_FUNCTIONS(F)
#undef F
} cuda_driver;

/* The functions, loaded and initialised once per process; null with a sentence
 * in `error` otherwise. SWAP_CUDA_DRIVER in the environment names another
 * library than libcuda.so.1, for tests. */
const cuda_driver *cuda_driver_get(char *error, size_t size);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_CUDA_DRIVER_H */
