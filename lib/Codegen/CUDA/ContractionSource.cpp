//===- ContractionSource.cpp - Contractions as CUDA C++ ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionText.h"
#include "ContractionTiles.h"

using namespace mlir;
using namespace swapc;

/// Blocks of a multiprocessor that registers must suffice for: 16 warps with
/// small register tiles, 12 with large ones.
static int64_t getBlocks(int64_t threads, int64_t registerTile) {
  return std::max<int64_t>(1, (registerTile > 32 ? 384 : 512) / threads);
}

LogicalResult swapc::emitCudaContraction(func::FuncOp kernel,
                                         const ContractionInfo &info,
                                         const CudaTarget &target,
                                         raw_ostream &os) {
  auto launch =
      kernel->getAttrOfType<swap::GpuAttr>(swap::SwapDialect::kGpuAttr);
  ArrayRef<int64_t> tile = launch.getTile();
  StringRef variant = launch.getVariant().getValue();
  StringRef name = kernel.getName();
  StringRef product = getTensorProduct(variant);
  bool gemm = variant == "gemm" || !product.empty();
  size_t fields = gemm ? 7 : variant == "depthwise" ? 3 : 4;
  if ((!gemm && variant != "gemv" && variant != "depthwise") ||
      tile.size() != fields)
    return kernel.emitError("no contraction template '")
           << variant << "' with " << tile.size() << " tile sizes";

  CudaContraction sizes;
  sizes.block = tile[0];
  sizes.width = tile[1];
  sizes.part = variant == "depthwise" ? info.depth() : tile[2];
  sizes.splits = launch.getSplits();
  if (gemm)
    sizes.part = llvm::alignTo(
        llvm::divideCeil(info.depth(), launch.getSplits()), tile[2]);
  if (failed(ContractionText(info, sizes, os).emit(name)))
    return kernel.emitError("an epilogue that has no CUDA C++");

  int64_t threads = launch.getThreads(), blocks = 1;
  std::string shape = (name + "_shape").str(), code;
  llvm::raw_string_ostream instance(code);
  if (gemm) {
    // A single step is unrolled with all around it, which takes registers.
    blocks =
        info.depth() <= tile[2] ? 1 : getBlocks(threads, tile[3] * tile[4]);
    instance << "swap_gemm<" << shape << ", " << tile[0];
    for (int64_t size : tile.drop_front(2))
      instance << ", " << size;
    if (!product.empty())
      instance << ", " << product << "<" << shape << ", " << tile[2] << ", "
               << tile[3] << ", " << tile[4] << ">";
  } else if (variant == "gemv") {
    blocks = std::max<int64_t>(1, kCudaGemvThreads /
                                      (tile[0] > 4 ? 2 * threads : threads));
    instance << "swap_gemv<" << shape << ", " << threads << ", " << tile[3];
  } else {
    instance << "swap_depthwise<" << shape << ", " << tile[0] << ", "
             << tile[2];
  }
  os << "extern \"C\" __global__ void __launch_bounds__(" << threads << ", "
     << blocks << ")\n"
     << name << "(const __grid_constant__ " << shape << "::Args args) {\n"
     << "  " << code << ">::run(args);\n}\n";
  return success();
}
