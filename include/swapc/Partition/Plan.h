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
/// Budget of the plan that swaps nothing.
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

/// Smallest budget from which streaming adds nothing to compute, as predicted.
constexpr llvm::StringLiteral kFreeBytesAttr = "swap.free_bytes";
/// Predictions over budgets, ascending: an array of [budget, time_ms, bound_ms,
/// least_ms, resident_bytes, streamed_bytes], each as in kPredictedAttr.
constexpr llvm::StringLiteral kCurveAttr = "swap.curve";

/// The link of plans that are not for a CPU: a dictionary of the numbers (f64)
/// of PlanLink that a prediction needs, by their names there.
constexpr llvm::StringLiteral kLinkAttr = "swap.link";

/// On a plan: a dictionary of `resident_bytes`, `streamed_bytes` (integers; of
/// the latter, `in_place_bytes` are read by kernels over the link),
/// `compute_ms`, `stream_ms`, `time_ms` (f64), as predicted for one of many
/// inferences, `bound_ms` where reading and computing take turns, `cold_ms` for
/// the first, `least_ms` (no schedule in this budget takes less) and `stall_ms`
/// (waiting for reads); `limit` says what the time depends on: "nothing"
/// (nothing streams), "compute", "link", "memory" (too little fits ahead of
/// where it is needed) or "stalls" (other waits). Of the call with the longest
/// waits `longest_stall_ms`, `stall_kernel` and `stall_node`.
constexpr llvm::StringLiteral kPredictedAttr = "swap.predicted";

/// On each call and row fetch of a plan: predicted seconds (f64).
constexpr llvm::StringLiteral kSecondsAttr = "swap.seconds";

/// On a plan of the memory phase: where its activations are and when, as an
/// array<i64> of four numbers each: offset in the arena, bytes, first and last
/// step (calls and row fetches, counted from 0) that touches them.
constexpr llvm::StringLiteral kBuffersAttr = "swap.buffers";

/// On a plan: when each call or fetch of rows begins, in microseconds from the
/// inference's beginning, as predicted (an i64 array).
constexpr llvm::StringLiteral kStartsAttr = "swap.start_us";

/// On a plan of the memory phase: bytes of the arena in use while each
/// operation but the last runs (an i64 array).
constexpr llvm::StringLiteral kLiveAttr = "swap.live";

} // namespace swapc

#endif // SWAPC_PARTITION_PLAN_H
