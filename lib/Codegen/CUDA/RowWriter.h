//===- RowWriter.h - CUDA C++ of a row kernel -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names in the code: t<n> is the kernel's n-th tensor (rt<n> the
// register that holds its element), x<loop> the index of a
// nest's loop, item the outer iteration, thread the position in the team, a<n>
// and y<n> the inputs and results of a nest.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CUDA_ROWWRITER_H
#define SWAPC_LIB_CODEGEN_CUDA_ROWWRITER_H

#include "RowKernels.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"

namespace swapc {

class RowWriter {
public:
  RowWriter(mlir::func::FuncOp kernel, CudaRowPlan &plan, llvm::raw_ostream &os)
      : kernel(kernel), plan(plan), os(os) {}
  mlir::LogicalResult emit();

private:
  using Text = std::string;
  using Body = llvm::function_ref<void()>;

  // RowSource.cpp
  void emitPointers();
  void emitGroup(const RowGroup &group);
  void emitItem(const RowGroup &group);
  void declareTensors();
  void emitNests(const RowGroup &group);
  void emitTiles(const RowGroup &group);
  void sync();
  bool readsPending(const CudaNest &entry);

  // RowNestSource.cpp
  void emitEach(const CudaNest &entry);
  void emitTeam(const CudaNest &entry);
  void emitWarps(const CudaNest &entry);
  /// Combines what the threads have in y<n>: those of a warp, or of the team.
  void emitWarpTree(const RowNest &nest);
  void emitBlockTree(const CudaNest &entry);
  void combine(const RowNest &nest, unsigned result, llvm::Twine other);
  /// Runs `body` for each `step`-th of `count` from `first` on, as `e`.
  void emitShared(llvm::StringRef first, int64_t step, int64_t count,
                  Body body);
  void emitReductions(const RowNest &nest, Body body);
  void declareResults(const RowNest &nest, bool neutral);
  void emitPoint(const RowNest &nest, bool accumulates,
                 llvm::ArrayRef<Text> loaded = {});
  void emitStores(const CudaNest &entry, llvm::StringRef condition);

  // RowAccess.cpp
  Text getName(const RowTensor *tensor) const;
  Text getIndex(const RowNest &nest, unsigned loop, int64_t lane = 0) const;
  Text getForm(const RowNest &nest, const LinearForm &form, unsigned firstLoop,
               int64_t lane) const;
  Text getOffset(const RowNest &nest, const LoopAccess &access,
                 int64_t lane) const;
  Text getCondition(const RowNest &nest, const LoopAccess &access,
                    int64_t lane) const;
  Text getRegister(const RowNest &nest, const LoopAccess &access) const;
  /// An element, or the pad value outside the tensor.
  Text load(const RowNest &nest, const LoopAccess &access, int64_t lane) const;
  Text extract(mlir::Value tensor, llvm::ArrayRef<Text> indices) const;
  /// Declares a<position> where lanes share a load; gives their expressions.
  llvm::SmallVector<Text> emitLoad(const RowNest &nest,
                                   const LoopAccess &access, llvm::Twine name);
  void emitDecode(llvm::StringRef count, llvm::ArrayRef<int64_t> sizes,
                  llvm::ArrayRef<unsigned> loops, unsigned scaled = ~0u);
  bool isVector() const { return group->vector > 1; }
  Text getIndexType() const { return plan.isWide ? "long long" : "int"; }
  Text getCountType() const {
    return plan.isWide ? "unsigned long long" : "unsigned";
  }

  mlir::func::FuncOp kernel;
  CudaRowPlan &plan;
  llvm::raw_ostream &os;
  const RowGroup *group = nullptr;
  llvm::SmallPtrSet<const RowTensor *, 4>
      pending; // written since the last sync
  bool failed = false;
};

/// "unsigned char" for bool, the device type of others.
std::string getStoredType(mlir::Type type);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CUDA_ROWWRITER_H
