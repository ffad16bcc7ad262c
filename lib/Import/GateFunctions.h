//===- GateFunctions.h - Activations of recurrent operators -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_GATEFUNCTIONS_H
#define SWAPC_LIB_IMPORT_GATEFUNCTIONS_H

#include "NodeImporter.h"

namespace swapc {

/// A function between gates, by its name in the attribute `activations`.
struct GateFunction {
  enum Kind {
    Affine,
    Elu,
    HardSigmoid,
    LeakyRelu,
    Relu,
    ScaledTanh,
    Sigmoid,
    Softplus,
    Softsign,
    Tanh,
    ThresholdedRelu
  };
  Kind kind;
  double alpha, beta;

  mlir::Value apply(Scalar &s, mlir::Value x) const;
};

/// `count` functions for each of `directions`; `otherwise` where the node names
/// none.
llvm::FailureOr<llvm::SmallVector<GateFunction>>
getGateFunctions(NodeImporter &n, unsigned directions,
                 llvm::ArrayRef<llvm::StringRef> otherwise);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_GATEFUNCTIONS_H
