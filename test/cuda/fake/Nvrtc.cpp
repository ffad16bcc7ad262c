//===- Nvrtc.cpp - A libnvrtc.so that compiles nothing --------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs that run on the emulated GPU never look at their cubins: their tests
// need no toolkit, and no time to compile for GPUs.
//
//===----------------------------------------------------------------------===//

#include <cstddef>
#include <cstring>

namespace {
constexpr int kArchs[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};
constexpr char kCode[] = "not code of any GPU";
} // namespace

extern "C" {

int nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
int nvrtcGetNumSupportedArchs(int *count) {
  *count = static_cast<int>(sizeof kArchs / sizeof kArchs[0]);
  return 0;
}
int nvrtcGetSupportedArchs(int *archs) {
  memcpy(archs, kArchs, sizeof kArchs);
  return 0;
}
int nvrtcCreateProgram(void **program, const char *, const char *, int,
                       const char *const *, const char *const *) {
  *program = nullptr;
  return 0;
}
int nvrtcDestroyProgram(void **) { return 0; }
int nvrtcCompileProgram(void *, int, const char *const *) { return 0; }
int nvrtcGetProgramLogSize(void *, size_t *size) {
  *size = 1;
  return 0;
}
int nvrtcGetProgramLog(void *, char *log) {
  *log = 0;
  return 0;
}
int nvrtcGetCUBINSize(void *, size_t *size) {
  *size = sizeof kCode;
  return 0;
}
int nvrtcGetCUBIN(void *, char *code) {
  memcpy(code, kCode, sizeof kCode);
  return 0;
}
int nvrtcGetPTXSize(void *, size_t *size) {
  *size = sizeof kCode;
  return 0;
}
int nvrtcGetPTX(void *, char *code) {
  memcpy(code, kCode, sizeof kCode);
  return 0;
}
const char *nvrtcGetErrorString(int) { return "no error"; }
}
