//===- Plan.h - Attributes that planning leaves -----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PLAN_H
#define SWAPC_PARTITION_PLAN_H

#include "llvm/ADT/StringRef.h"

namespace swapc {

// On the module, integers of bytes unless said otherwise.

/// Packed parameters of one inference; row tables that a packed parameter
/// repeats do not count.
constexpr llvm::StringLiteral kWeightBytesAttr = "swap.weight_bytes";
/// Arena of the plan that swaps nothing.
constexpr llvm::StringLiteral kModelBytesAttr = "swap.model_bytes";
/// Smallest feasible budget.
constexpr llvm::StringLiteral kMinBytesAttr = "swap.min_bytes";
/// Kernel and ONNX node (strings) that set the smallest feasible budget.
constexpr llvm::StringLiteral kMinKernelAttr = "swap.min_kernel";
constexpr llvm::StringLiteral kMinNodeAttr = "swap.min_node";
/// Activations, laid out by lifetime.
constexpr llvm::StringLiteral kActivationBytesAttr = "swap.activation_bytes";

/// The second sequence of calls, which needs less memory: see swap-band-rows.
constexpr llvm::StringLiteral kBandedMain = "main_banded";

/// On a plan: a dictionary of `resident_bytes`, `streamed_bytes` (integers),
/// `compute_ms`, `stream_ms` and `time_ms` (f64), as predicted.
constexpr llvm::StringLiteral kPredictedAttr = "swap.predicted";

} // namespace swapc

#endif // SWAPC_PARTITION_PLAN_H
