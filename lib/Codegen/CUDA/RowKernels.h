//===- RowKernels.h - Kernels without a contraction, on a GPU ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The nests of a row kernel (../CPU/LoopNest.h) run in groups: the nests of a
// group one after the other on the same outer iterations, groups beside each
// other. A team of threads takes an outer iteration; what its nests hand to
// each other stays in registers or shared memory. Teams, tiles and the order in
// which a reduction combines depend on the kernel alone.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CUDA_ROWKERNELS_H
#define SWAPC_LIB_CODEGEN_CUDA_ROWKERNELS_H

#include "../CPU/LoopNest.h"
#include "KernelSource.h"

namespace swapc {

/// Which threads of a block are a team.
enum class RowTeam {
  Thread,  // one
  Warp,    // the 32 of a warp
  Block,   // all
  Columns, // one of each warp; the warp's lanes are neighbouring teams
};

/// How a team shares the work of a nest.
enum class NestRun {
  Each,  // a thread takes whole results, one after the other
  Team,  // all threads reduce to the one result, which each of them has then
  Warps, // a warp reduces to one result after the other
  Tiles, // a block transposes tiles of 32 by 32 through shared memory
};

/// Where a tensor of the kernel is.
enum class RowStorage {
  Memory,    // an operand
  Constant,  // all elements are the same
  Register,  // one element an outer iteration, which each thread has
  Registers, // a thread reads the elements that it wrote
  Shared,
  Scratch,
};

struct RowPlace {
  RowStorage storage = RowStorage::Memory;
  int64_t elements = 1; // of an outer iteration; Registers: of a thread
  int64_t offset = 0;   // bytes in the scratch area of a tile
};

struct CudaNest {
  RowNest *nest = nullptr;
  NestRun run = NestRun::Each;
  int64_t inner = 1;           // results of an outer iteration
  int64_t reduced = 1;         // elements that a result combines
  int along = -1, across = -1; // Tiles: contiguous in the result, in an input
};

struct RowGroup {
  llvm::SmallVector<CudaNest> nests;
  unsigned outer = 0; // loops of the outer iterations
  int64_t items = 1;  // outer iterations, `vector` as one
  int64_t vector = 1; // neighbours that a thread takes at once
  int64_t firstTile = 0, tiles = 1;
};

struct CudaRowPlan {
  RowPlan rows;
  std::vector<RowGroup> groups;
  RowTeam team = RowTeam::Thread;
  int64_t teamSize = 1;
  int64_t threads = 256; // of a block
  int64_t teams = 256;   // of a block
  int64_t block = 1;     // outer iterations of a team, one after the other
  int64_t tileScratch = 0;
  bool isWide = false; // offsets need 64 bits
  llvm::DenseMap<const TensorAccess *, RowTensor *> tensorOf;
  llvm::DenseMap<const RowTensor *, RowPlace> places;
  llvm::SmallVector<int64_t> inPlace;

  /// The tensor whose memory an access goes to: not its padded view.
  RowTensor *getStored(const TensorAccess *access) const;
  const RowPlace &getPlace(const TensorAccess *access) const;
};

/// Deterministic, so that the plan may be made again where code is emitted.
llvm::FailureOr<CudaRowPlan> makeCudaRowPlan(mlir::func::FuncOp kernel,
                                             const CudaTarget &target);

/// Loops of at most so many steps are written out: their arrays are registers.
constexpr int64_t kUnrolledRows = 8;

/// Makes the loops that all nests share, wherever they stand, the leading ones.
/// Before loops are merged.
void leadWithSharedLoops(CudaRowPlan &plan);

/// Chooses where tensors are; false if one thread cannot hold them.
bool placeTensors(CudaRowPlan &plan);

/// Where `access` goes with the loops [begin, end) counted as one, if it is
/// exactly that count.
bool isCountOf(const RowNest &nest, const LoopAccess &access, unsigned outer,
               unsigned begin, unsigned end);

/// Whether each thread reads the elements of `access` that it wrote itself.
bool isOwnElement(const CudaRowPlan &plan, const RowGroup &group,
                  const CudaNest &reader, const LoopAccess &access);

/// Whether `vector` neighbours along `loop` are one aligned piece of memory.
bool isPack(const LoopAccess &access, unsigned loop, int64_t vector);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CUDA_ROWKERNELS_H
