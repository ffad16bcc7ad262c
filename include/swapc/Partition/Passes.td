//===- Passes.td - Passes of partitioning and memory ------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PASSES_TD
#define SWAPC_PARTITION_PASSES_TD

include "mlir/Pass/PassBase.td"

def JoinOutputs : Pass<"swap-join-outputs", "::mlir::ModuleOp"> {
  let summary = "parts of an output are written straight into it";
  let description = [{
    A call that does nothing but concatenate into an output of the model, of
    parts that are contiguous in it and that calls compute for this alone,
    becomes a `tensor.concat`, which takes no time: it says that the parts lie
    in the output's memory, one after the other.

    ```mlir
    %2 = swap.call @concat_22x512x64(%0, %1) : ...
    return %2 : ...
    ```
    becomes
    ```mlir
    %2 = tensor.concat dim(0) %0, %1 : ...
    return %2 : ...
    ```
  }];
}

def UpdateInPlace : Pass<"swap-update-in-place", "::mlir::ModuleOp"> {
  let summary = "results take the memory of operands that die";
  let description = [{
    A call whose kernel may overwrite an operand (`inplace` of its
    `#swap.schedule`) gets it as `init` if nothing needs that memory later. What
    the caller owns (inputs and parameters) stays as it is. Comes before
    `swap-form-units`.

    ```mlir
    %2 = swap.call @conv_add(%0, %w, %1) : ...
    ```
    becomes, with `inplace = [2]` and no later use of `%1`,
    ```mlir
    %2 = swap.call @conv_add(%0, %w, %1) into(%1 : tensor<1x8x8x16xf32>) : ...
    ```
  }];
}

def FormUnits : Pass<"swap-form-units", "::mlir::ModuleOp"> {
  let summary = "cut parameters into units and calls into panel ranges";
  let description = [{
    A unit is what one read brings in: a range of panels of the packed operands
    of one call, and the plain operands of a call that is not cut. Parameters
    that several calls read are units of their own, and all tiny ones share one
    unit. A call is cut wherever its units end.

    ```mlir
    %0 = swap.call @fc(%x, %w) : ...
    ```
    becomes
    ```mlir
    swap.unit @u0 [#swap.piece<@w, 0, 4, 0>] length 1048576
    swap.unit @u1 [#swap.piece<@w, 4, 8, 0>] length 1048576
    %0 = swap.call @fc panels(0 to 4)(%x, %w) : ...
    %1 = swap.call @fc panels(4 to 8)(%x, %w) into(%0 : ...) : ...
    ```
  }];
  let options = [
    Option<"unitBytes", "unit-bytes", "int64_t", "0",
           "bytes of a unit; 0: a 64th of the weights, from 16 KiB to 1 MiB">
  ];
}

def SwapPlan : Pass<"swap-plan", "::mlir::ModuleOp"> {
  let summary = "decide what is in memory when, for each budget";
  let description = [{
    Replaces `@main` by one `swap.plan` for each budget: the calls of `@main`
    with `swap.in`, `swap.wait` and `swap.out` of the units between them.

    ```mlir
    swap.plan @plan_0 budget 98566144 threads 1 resident [@u0] {
    ^bb0(%x: tensor<1x25088xf32>):
      %t1 = swap.in @u1
      %w = swap.param @w : ...
      swap.wait %t1
      %0 = swap.call @fc panels(0 to 4)(%x, %w) : ...
      swap.out %t1
    ```
  }];
  let options = [
    ListOption<"budgets", "budgets", "std::string",
               "budgets: 96MiB, 40%, min, max (the default)">,
    Option<"threads", "threads", "int64_t", "1", "threads of a kernel">,
    Option<"depth", "depth", "int64_t", "8", "most reads in flight">,
    Option<"linkMBps", "link-mb-per-s", "int64_t", "1500",
           "the link's rate in 10^6 bytes a second">
  ];
}

def VerifyPlan : Pass<"swap-verify-plan", "::mlir::ModuleOp"> {
  let summary = "no kernel reads a unit that is not in memory";
  let description = [{
    Closes the swap phase. In each plan, what a call reads is in a unit that is
    resident or waited for and not out yet; each read is waited for before it
    is given up, every `swap.in` has one `swap.out`, and at most `depth` reads
    are in flight.
  }];
  let options = [
    Option<"depth", "depth", "int64_t", "8", "most reads in flight">
  ];
}

def AssignMemory : Pass<"swap-assign-memory", "::mlir::ModuleOp"> {
  let summary = "fixed addresses for every operand";
  let description = [{
    Lays out activations by their lifetimes, and turns calls into
    `swap.launch` and rows into `swap.fetch` with fixed places.
  }];
}

def VerifyMemory : Pass<"swap-verify-memory", "::mlir::ModuleOp"> {
  let summary = "nothing alive overlaps, and everything is in the budget";
  let description = [{
    Closes the memory phase, and derives everything again from the launches:
    activations live from the first write of their bytes to the last read,
    units from `swap.in` to `swap.out`. No two of these, the resident units and
    the scratch areas overlap while alive; all are in the arena, the arena is
    in the budget; a launch reads only units that are in; `peak` is right.
  }];
}

#endif // SWAPC_PARTITION_PASSES_TD
