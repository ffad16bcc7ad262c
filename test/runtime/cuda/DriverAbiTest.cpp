//===- DriverAbiTest.cpp - The port's declarations are cuda.h's -*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Compiled only: everything is known then.
//===----------------------------------------------------------------------===//
#include "driver.h"

#include <cuda.h>

#include <type_traits>

namespace {

template <typename A, typename B> constexpr bool passAlike() {
  return sizeof(A) == sizeof(B) &&
         std::is_pointer<A>::value == std::is_pointer<B>::value;
}

template <typename R, typename... As, typename S, typename... Bs>
constexpr bool haveOneAbi(R (*)(As...), S (*)(Bs...)) {
  if constexpr (sizeof...(As) != sizeof...(Bs))
    return false;
  else
    return passAlike<R, S>() && (passAlike<As, Bs>() && ...);
}

#define F(name, symbol, parameters)                                            \
  static_assert(haveOneAbi(static_cast<cu_result(*) parameters>(nullptr),      \
                           static_cast<decltype(&symbol)>(nullptr)),           \
                #symbol);
SWAP_CUDA_DRIVER_FUNCTIONS(F)
#undef F

template <typename A, typename B> constexpr bool isSame(A a, B b) {
  return static_cast<int>(a) == static_cast<int>(b);
}

static_assert(isSame(CU_OK, CUDA_SUCCESS), "");
static_assert(isSame(CU_INVALID_VALUE, CUDA_ERROR_INVALID_VALUE), "");
static_assert(isSame(CU_OUT_OF_MEMORY, CUDA_ERROR_OUT_OF_MEMORY), "");
static_assert(isSame(CU_NO_DEVICE, CUDA_ERROR_NO_DEVICE), "");
static_assert(isSame(CU_NOT_FOUND, CUDA_ERROR_NOT_FOUND), "");
static_assert(isSame(CU_NOT_READY, CUDA_ERROR_NOT_READY), "");
static_assert(isSame(CU_ATTRIBUTE_INTEGRATED, CU_DEVICE_ATTRIBUTE_INTEGRATED),
              "");
static_assert(isSame(CU_ATTRIBUTE_MAJOR,
                     CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
              "");
static_assert(isSame(CU_ATTRIBUTE_MINOR,
                     CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
              "");
static_assert(isSame(CU_ATTRIBUTE_READ_ONLY_REGISTER,
                     CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED),
              "");
static_assert(CU_HOST_PORTABLE == CU_MEMHOSTALLOC_PORTABLE, "");
static_assert(CU_HOST_PORTABLE == CU_MEMHOSTREGISTER_PORTABLE, "");
static_assert(CU_HOST_MAPPED == CU_MEMHOSTALLOC_DEVICEMAP, "");
static_assert(CU_HOST_MAPPED == CU_MEMHOSTREGISTER_DEVICEMAP, "");
static_assert(CU_HOST_READ_ONLY == CU_MEMHOSTREGISTER_READ_ONLY, "");
static_assert(isSame(CU_FUNCTION_DYNAMIC_SHARED,
                     CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES),
              "");
static_assert(isSame(CU_STREAM_INDEPENDENT, CU_STREAM_NON_BLOCKING), "");
static_assert(isSame(CU_EVENT_TIMED, CU_EVENT_DEFAULT), "");
static_assert(isSame(CU_EVENT_UNTIMED, CU_EVENT_DISABLE_TIMING), "");
static_assert(isSame(CU_EXTERNAL, CU_EVENT_RECORD_EXTERNAL), "");
static_assert(isSame(CU_EXTERNAL, CU_EVENT_WAIT_EXTERNAL), "");
static_assert(isSame(CU_CAPTURE_THREAD, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
              "");
static_assert(CU_LAUNCH_PARAM_END_AS_INT == 0, "");
static_assert(CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT == 1, "");
static_assert(CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT == 2, "");

} // namespace
