//===- Passes.td - Passes of the CUDA target ---------------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CUDA_PASSES_TD
#define SWAPC_CODEGEN_CUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

class SwapCUDAPass<string name> : Pass<name, "::mlir::ModuleOp"> {
  list<Option> targetOptions = [
    Option<"archs", "archs", "std::string", /*default=*/"\"sm_90\"",
           "architectures: sm_NN[,sm_NN...]">,
    Option<"tf32", "tf32", "bool", /*default=*/"false",
           "float32 contractions on tensor cores">];
}

def ScheduleCudaKernels : SwapCUDAPass<"swap-schedule-cuda-kernels"> {
  let summary = "chooses how each kernel is cut into tiles and launched";
  let description = [{
    Every function that a `swap.call` names gets a `swap.schedule` and a
    `swap.gpu`.

    ```mlir
    // Before
    func.func private @matmul(%x: tensor<128x768xf32>, %w: tensor<768x768xf32>) -> tensor<128x768xf32>
    // After
    func.func private @matmul(...) attributes {
      swap.gpu = #swap.gpu<"gemm", threads = 256, splits = 4, shared = 0, tile = [64, 64, 16]>,
      swap.schedule = #swap.schedule<contraction, panels = 12, tiles = 2, ...>}
    ```
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

def PrintCudaSource : SwapCUDAPass<"swap-print-cuda-source"> {
  let summary = "prints the CUDA C++ of all kernels";
  let description = [{
    Writes one translation unit of all functions with a `swap.gpu` to standard
    output, for tests and for reading. The module stays as it is.

    ```mlir
    // Before and after
    func.func private @matmul(...) attributes {swap.gpu = ..., swap.schedule = ...}
    // Printed
    // extern "C" __global__ void __launch_bounds__(256, 1) matmul(...) {...}
    ```
  }];
  let options = targetOptions;
}

#endif // SWAPC_CODEGEN_CUDA_PASSES_TD
