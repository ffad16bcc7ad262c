//===- Nvrtc.h - CUDA C++ to machine code -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NVRTC is NVIDIA's compiler as a library. It is loaded when code is made, so
// that swapc neither needs it to be built nor to make plans.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CUDA_NVRTC_H
#define SWAPC_CODEGEN_CUDA_NVRTC_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace swapc {

/// Path of NVRTC in the toolkit at `folder`; if that is empty, in the first of
/// $CUDA_HOME, $CUDA_PATH, that of nvcc in PATH, /usr/local/cuda and the
/// system's libraries. Errors say where was looked.
llvm::Expected<std::string> findNvrtc(llvm::StringRef folder);

/// What one compilation gives.
struct CudaBinary {
  llvm::SmallVector<char, 0> cubin;
  std::string ptx; ///< of the same architecture
};

/// Calls may come from several threads at once.
class Nvrtc {
public:
  static llvm::Expected<std::unique_ptr<Nvrtc>> load(llvm::StringRef path);
  ~Nvrtc();

  /// An error if this version cannot make code for one of `archs`.
  llvm::Error checkArchs(llvm::ArrayRef<unsigned> archs) const;
  /// Errors name the kernel where the first error of the source is.
  llvm::Expected<CudaBinary> compile(llvm::StringRef source,
                                     unsigned arch) const;

private:
  struct Functions;
  Nvrtc(std::string path, std::unique_ptr<Functions> functions);

  std::string path;
  std::unique_ptr<Functions> functions;
};

} // namespace swapc

#endif // SWAPC_CODEGEN_CUDA_NVRTC_H
