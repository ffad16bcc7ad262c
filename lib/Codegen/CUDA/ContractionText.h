//===- ContractionText.h - What a contraction template asks -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the struct of one kernel that device/contraction.cuh describes.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CUDA_CONTRACTIONTEXT_H
#define SWAPC_LIB_CODEGEN_CUDA_CONTRACTIONTEXT_H

#include "../CPU/Contraction.h"
#include "KernelSource.h"

namespace swapc {

/// Sizes of the tiles of a kernel.
struct CudaContraction {
  int64_t width = 0; ///< Columns of a tile.
  int64_t block = 0; ///< Rows of a tile.
  int64_t part = 0;  ///< Products of a split.
  int64_t splits = 1;
};

/// Whether `count` neighbouring elements can move at once, along the innermost
/// reduction or along the columns.
bool isVectorDepth(const ContractionInfo &info,
                   llvm::ArrayRef<int64_t> coefficients, int64_t constant,
                   int64_t count = 4);
bool isVectorColumns(const ContractionInfo &info,
                     llvm::ArrayRef<int64_t> coefficients, int64_t constant,
                     int64_t count = 4);

class ContractionText {
public:
  ContractionText(const ContractionInfo &info, const CudaContraction &sizes,
                  llvm::raw_ostream &os)
      : info(info), sizes(sizes), os(os) {}

  /// struct NAME_shape { ... };
  mlir::LogicalResult emit(llvm::StringRef name);

private:
  using Loops = llvm::ArrayRef<unsigned>;

  // ContractionText.cpp
  void emitConstants();
  void emitAccesses();
  void emitCasts();
  /// Names and statements for the coordinates of `loops` behind `index`.
  void delinearize(llvm::StringRef index, Loops loops, llvm::raw_ostream &to);
  /// The sum of coefficients times coordinates. Where it is a multiple of
  /// `index` no coordinates are needed; else `decode` is set.
  std::string linear(llvm::StringRef index, Loops loops,
                     llvm::ArrayRef<int64_t> coefficients, bool &decode);
  std::string plus(llvm::ArrayRef<std::string> terms);

  // ContractionFinish.cpp
  mlir::LogicalResult emitFinish();
  std::string offset(llvm::ArrayRef<int64_t> coefficients);
  void loadOperand(mlir::linalg::GenericOp op, unsigned input,
                   llvm::StringRef name, llvm::raw_ostream &to);

  const ContractionInfo &info;
  const CudaContraction &sizes;
  llvm::raw_ostream &os;
  bool decodeRows = false, decodeBatch = false; // in finish
};

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CUDA_CONTRACTIONTEXT_H
