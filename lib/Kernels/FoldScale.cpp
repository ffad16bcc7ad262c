//===- FoldScale.cpp - Scales into weights ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

namespace swapc {
#define GEN_PASS_DEF_FOLDSCALE
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

namespace {
struct FoldScalePass : swapc::impl::FoldScaleBase<FoldScalePass> {
  using FoldScaleBase::FoldScaleBase;
  void runOnOperation() override {}
};
} // namespace
