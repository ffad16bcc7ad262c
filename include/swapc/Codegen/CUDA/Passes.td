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

def StageTensors : Pass<"swap-stage-tensors", "::mlir::ModuleOp"> {
  let summary = "copies what would cross the bus more than once";
  let description = [{
    Inputs and outputs of the model are host memory that kernels reach over the
    bus. An input is copied to device memory first, unless it is tiny or the
    kernels that read it, all together, read each element once and in order. An
    output that kernels read again is made in device memory and copied; a map
    makes it twice instead, as two results. Comes after `swap-join-outputs`, for
    parts of outputs are treated like outputs.

    ```mlir
    func.func @main(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
      %0 = swap.call @matmul(%x, %w) : ...
      %1 = swap.call @softmax(%0) : ...
      return %1, %0
    ```
    becomes
    ```mlir
      %x_0 = swap.call @stage_64x64(%x) : ...
      %0 = swap.call @matmul(%x_0, %w) : ...
      %0_0 = swap.call @stage_64x64(%0) : ...
      %1 = swap.call @softmax(%0) : ...
      return %1, %0_0
    ```
  }];
  let dependentDialects = [
    "::mlir::swap::SwapDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
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

def PackCudaParameters : SwapCUDAPass<"swap-pack-cuda-parameters"> {
  let summary = "gives parameters the layout that their kernel reads";
  let description = [{
    A contraction that reads a parameter reads it in panels, and is scheduled
    anew. Comes after `swap-schedule-cuda-kernels`.

    ```mlir
    // Before
    %w = swap.param @w : tensor<768x768xf32>
    // After
    %w = swap.param @w_0 : tensor<768x768xf32, #swap.panels<dim = 1, width = 64, order = [0]>>
    ```
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

def CudaFootprints : SwapCUDAPass<"swap-cuda-footprints"> {
  let summary = "says which bytes some tiles of a kernel read and write";
  let description = [{
    What `swap-kernel-footprints` does for the kernels of the CPU: those whose
    blocks compute bands of the result get a `swap.footprint`. Comes after
    `swap-pack-cuda-parameters`, which sets the final schedules.

    ```mlir
    // Before
    func.func private @conv(...) attributes {swap.gpu = ..., swap.schedule = ...}
    // After
    func.func private @conv(...) attributes {swap.footprint = #swap.footprint<positions = 3136,
      step = 1, reaches = [<slices = 56, group = 56, scale = 1, low = -1, high = 1>, ...]>, ...}
    ```
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

#endif // SWAPC_CODEGEN_CUDA_PASSES_TD
