//===- CudaTarget.cpp - What code generation knows of a GPU -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CUDA/CudaTarget.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <string>

using namespace swapc;

llvm::ArrayRef<unsigned> swapc::getCudaArchs() {
  static const unsigned archs[] = {75, 80,  86,  87,  88,  89,
                                   90, 100, 103, 110, 120, 121};
  return archs;
}

llvm::Expected<CudaTarget> swapc::parseCudaTarget(llvm::StringRef archs) {
  CudaTarget target;
  target.archs.clear();
  llvm::SmallVector<llvm::StringRef> names;
  archs.split(names, ',');
  for (llvm::StringRef name : names) {
    llvm::StringRef digits = name.trim();
    unsigned arch;
    if (!digits.consume_front("sm_") || digits.getAsInteger(10, arch) ||
        !llvm::is_contained(getCudaArchs(), arch)) {
      std::string message;
      llvm::raw_string_ostream os(message);
      os << "'" << name << "' is not a GPU architecture; known are";
      for (unsigned known : getCudaArchs())
        os << " sm_" << known;
      return llvm::createStringError(message);
    }
    target.archs.push_back(arch);
  }
  llvm::sort(target.archs);
  target.archs.erase(llvm::unique(target.archs), target.archs.end());
  return target;
}

llvm::FailureOr<CudaTarget>
swapc::getCudaTarget(llvm::StringRef archs, bool tf32, mlir::Operation *op) {
  llvm::Expected<CudaTarget> target = parseCudaTarget(archs);
  if (!target) {
    op->emitError(llvm::toString(target.takeError()));
    return llvm::failure();
  }
  target->tf32 = tf32;
  return *target;
}

std::string swapc::getCudaArchNames(const CudaTarget &target) {
  std::string names;
  for (unsigned arch : target.archs)
    names += (names.empty() ? "sm_" : ",sm_") + std::to_string(arch);
  return names;
}

int64_t swapc::getCudaOverhead(int64_t kernels, int64_t calls) {
  // The driver takes device memory in steps of 2 MiB: for code; for streams and
  // registered memory; for a graph, which is small up to some hundred nodes;
  // and the arena is rounded up to a step, too.
  constexpr int64_t kStep = 2 << 20;
  constexpr int64_t kKernelBytes = 24 << 10, kSmallGraph = 256, kCalls = 64;
  int64_t large = std::max<int64_t>(calls - kSmallGraph, 0);
  return int64_t(llvm::alignTo(kernels * kKernelBytes, kStep)) + 3 * kStep +
         kStep * int64_t(llvm::divideCeil(large, kCalls));
}
