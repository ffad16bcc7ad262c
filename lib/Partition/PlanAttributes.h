//===- PlanAttributes.h - Predictions as attributes -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_PLANATTRIBUTES_H
#define SWAPC_LIB_PARTITION_PLANATTRIBUTES_H

#include "PlanCurve.h"
#include "Sequence.h"

namespace swapc {

/// What is foreseen of one plan: kPredictedAttr and kStartsAttr, and
/// kSecondsAttr of each step.
void setPrediction(mlir::swap::PlanOp op, const MemoryPlan &plan,
                   const PlanProblem &problem, const Sequence &sequence,
                   const mlir::SymbolTable &symbols);

/// What reads cost: kLinkAttr.
void setLink(mlir::ModuleOp module, const PlanLink &link);

/// What is foreseen of each budget: kCurveAttr.
void setCurve(mlir::ModuleOp module, const PlanCurve &curve);

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_PLANATTRIBUTES_H
