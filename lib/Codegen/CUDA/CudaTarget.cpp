//===- CudaTarget.cpp - What code generation knows of a GPU ------- -*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CUDA/CudaTarget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

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
