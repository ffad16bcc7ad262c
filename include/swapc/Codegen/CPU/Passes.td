//===- Passes.td - Passes of the CPU target ----------------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CPU_PASSES_TD
#define SWAPC_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

class SwapCPUPass<string name> : Pass<name, "::mlir::ModuleOp"> {
  list<Option> targetOptions = [
    Option<"triple", "triple", "std::string", /*default=*/"\"\"",
           "target triple; empty for the host's">,
    Option<"cpu", "cpu", "std::string", /*default=*/"\"\"",
           "processor: empty for x86-64-v3, native, or a name that LLVM knows">,
    Option<"features", "features", "std::string", /*default=*/"\"\"",
           "features beside those of the processor: +f,-g">];
}

def ScheduleKernels : SwapCPUPass<"swap-schedule-kernels"> {
  let summary = "chooses how each kernel is cut into tiles";
  let description = [{
    Every function that a `swap.call` names gets a `swap.schedule`: the
    contraction micro-kernel where it fits, a row kernel otherwise. 3x3
    convolutions of parameters for which it pays get `swap.winograd`, but where
    a run says sizes.
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = !listconcat(targetOptions, [
    Option<"directConvolutions", "direct-convolutions", "bool",
           /*default=*/"false", "add up all convolutions tap by tap">]);
}

def PackParameters : SwapCPUPass<"swap-pack-parameters"> {
  let summary = "gives parameters the layout that their kernel reads";
  let description = [{
    Before: a contraction reads a parameter `tensor<KxNxf32>`. After: it reads
    the same parameter with a `#swap.panels` encoding, through a `swap.derived`
    where other kernels want another layout.
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

def FuseAttention : SwapCPUPass<"swap-fuse-attention"> {
  let summary = "two products and the softmax between them become one kernel";
  let description = [{
    The matrix between them, scores of all queries with all keys, is in memory a
    block of rows at a time, as scratch. The kernel holds the operations of the
    three, which `swap.part` numbers.

    ```mlir
    // Before, all with a schedule:
    %s = swap.call @matmul_12x197x197x64(%q, %k) : ... -> tensor<12x197x197xf32>
    %p = swap.call @rows_12x197x197(%s) : ... -> tensor<12x197x197xf32>
    %o = swap.call @matmul_12x197x64x197(%p, %v) : ... -> tensor<12x197x64xf32>
    // After:
    %o = swap.call @attention_12x197x64x197(%q, %k, %v) : ... -> tensor<12x197x64xf32>
    ```

    Not where a run says a size: tiles of keys behind it are left out there.
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

def KernelFootprints : SwapCPUPass<"swap-kernel-footprints"> {
  let summary = "says which bytes some tiles of a kernel read and write";
  let description = [{
    Kernels whose tiles are bands of their result get a `swap.footprint`: for a
    convolution, which rows of the image a row of the result needs. Kernels
    without one run whole.

    ```mlir
    func.func private @conv(...) attributes {swap.footprint = #swap.footprint<positions = 3136,
      step = 1, reaches = [<slices = 56, group = 56, scale = 1, low = -1, high = 1>, ...]>, ...}
    ```
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

def CutTiles : SwapCPUPass<"swap-cut-tiles"> {
  let summary = "says which tiles a run leaves out where its sizes are small";
  let description = [{
    In a module with `swap.sizes`, kernels whose tiles go along a dimension
    whose size a run says get `swap.cuts`: of each `period` tiles only the
    first (offset + scale * size) / unit, rounded up, compute what is inside.

    ```mlir
    // 512 rows in tiles of 66: of 8 tiles those that hold rows of the run.
    func.func private @matmul(...) attributes {swap.cuts = array<i64: 0, 8, 66, 1, 0>, ...}
    ```
  }];
  let dependentDialects = ["::mlir::swap::SwapDialect"];
  let options = targetOptions;
}

def EmitKernels : SwapCPUPass<"swap-emit-kernels"> {
  let summary = "writes the code of kernels as loops over vectors";
  let description = [{
    Before: `func.func private @k(tensors) -> tensors` with a `swap.schedule`.
    After: `llvm.func @k(!llvm.ptr, i64, i64, !llvm.ptr)`, the `swap_kernel_fn`
    of the runtime: operands (arguments, then results), first tile, end tile,
    scratch. Its body is scf, arith, math and vector on `!llvm.ptr`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
  let options = targetOptions;
}

def MathPolynomials : Pass<"swap-math-polynomials"> {
  let summary = "exp, tanh, erf and their like as arithmetic";
  let description = [{
    Replaces functions of the math dialect, scalar or on vectors, by
    polynomials, so that no call of libm is left. float16 and bfloat16 go
    through float32, and so does float64. The relative error of exp, tanh, erf,
    log, sin and cos is below 1e-6; of the rarer functions below 2e-5.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def ExpandFloats : SwapCPUPass<"swap-expand-floats"> {
  let summary = "float operations that the processor has no instruction for";
  let description = [{
    The back end would call libm or compiler-rt for them; other arithmetic on
    floats that a processor without an FPU lacks stays, and becomes calls of the
    helpers that every compiler brings (`__aeabi_fadd`, `__addsf3`).

    ```mlir
    %0 = math.fma %a, %b, %c : f32       // arith.mulf, arith.addf
    %1 = math.floor %a : f32             // |a| + 2^23 - 2^23, corrected
    %2 = math.sqrt %a : f32              // without an FPU: a loop over its bits
    %3 = arith.extf %h : f16 to f32      // shifts of the bits
    %4 = arith.sitofp %i : i64 to f16    // through f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let options = targetOptions;
}

#endif // SWAPC_CODEGEN_CPU_PASSES_TD
