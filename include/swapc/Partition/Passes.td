//===- Passes.td - Passes of partitioning and memory ------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PASSES_TD
#define SWAPC_PARTITION_PASSES_TD

include "mlir/Pass/PassBase.td"

def BandRows : Pass<"swap-band-rows", "::mlir::ModuleOp"> {
  let summary = "a second sequence of calls: the widest layers band by band";
  let description = [{
    Between the first convolutions of an image network lie the largest
    activations. `@main_banded` computes what `@main` does, but stretches of
    calls run for some rows of their last result at a time, so that of what is
    between them only a band exists. Rows that two bands need are computed
    twice. The stretches are chosen so that the least memory is alive at the
    worst moment, weights of a stretch included; without a gain of a twentieth
    there is no `@main_banded`. Kernels of a stretch get smaller tiles, but on a
    GPU, where these are part of their code.

    ```mlir
    %0 = swap.call @conv(%x, %w) : ...
    %1 = swap.call @pool(%0) : ...
    ```
    becomes, beside it,
    ```mlir
    %0 = swap.call @conv tiles(0 to 5)(%x, %w) {swap.segment = 0} : ...
    %1 = swap.call @pool tiles(0 to 2)(%0) {swap.segment = 0} : ...
    %2 = swap.call @conv tiles(3 to 8)(%x, %w) {swap.segment = 0} : ...
    %3 = swap.call @pool tiles(2 to 4)(%2) into(%1 : ...) {swap.segment = 0} : ...
    ```
  }];
  let options = [
    Option<"moreFlops", "more-flops", "int64_t", "15",
           "work that may be done twice, in percent of the model's">,
    Option<"device", "device", "std::string", "\"cpu\"",
           "what kernels run on: cpu, mcu or cuda">
  ];
}

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
  let options = [
    Option<"alignment", "alignment", "int64_t", /*default=*/"1",
           "bytes that a part's place has to be a multiple of">];
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
  let options = [
    Option<"outputsApart", "outputs-apart", "bool", "false",
           "the model's outputs are memory that kernels do not read">
  ];
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
           "bytes of a unit; 0: a 64th of the weights, from 16 KiB to 256 KiB, "
           "or from 512 KiB to 8 MiB for a GPU, and more where they "
           "would be more than 16384">,
    Option<"device", "device", "std::string", [{"cpu"}],
           "what runs the kernels: cpu, mcu or cuda">
  ];
}

def SwapPlan : Pass<"swap-plan", "::mlir::ModuleOp"> {
  let summary = "decide what is in memory when, for each budget";
  let description = [{
    Replaces `@main` by one `swap.plan` for each budget: the calls of `@main`
    with `swap.in`, `swap.wait` and `swap.out` of the units between them. What
    the beginning needs is read ahead at the end of the inference before.

    ```mlir
    swap.plan @plan_0 budget 98566144 threads 1 resident [@u0] {
    ^bb0(%x: tensor<1x25088xf32>):
      %t1 = swap.in @u1
      %w = swap.param @w : ...
      swap.wait %t1
      %0 = swap.call @fc panels(0 to 4)(%x, %w) : ...
      swap.out %t1
    ```

    Times come from the device profiles where they hold them (docs/profile.md):
    what was measured of a kernel and of reads of the size that units have.

    With `device=cuda`, budgets are of GPU memory, units come over the bus, and
    those that a kernel reads once may be read where they lie in host memory:

    ```mlir
    swap.plan @plan_0 budget 4194304 threads 1 resident [@u0] in_place [@u1, @u2] {
    ```

    All budgets count the module's `swap.overhead` too, which is no part of the
    arena. Slots are whole pages of `swap.page_bytes`.

    With the budget `mapped` the processor reads all units where the blob lies,
    and the arena is for activations; `mapped:SIZE` limits it, in bands of rows
    if need be.

    ```mlir
    swap.plan @plan_0 budget 49152 threads 1 resident [] in_place [@u0, @u1] mapped {
    ```

    The budget `ladder` is up to 24 plans from the smallest to the largest
    budget, for a pool of models that chooses: those with larger regions
    (activations and streamed units, memory that models share in time), more
    resident bytes, or both, are faster.

    With `blocking`, units are read right before the call that needs them.
  }];
  let options = [
    ListOption<"budgets", "budgets", "std::string",
               "budgets: 96MiB, 40%, min, max (the default), ladder, mapped, mapped:64KiB">,
    Option<"threads", "threads", "int64_t", "1", "threads of a kernel">,
    Option<"depth", "depth", "int64_t", "64", "most reads in flight">,
    Option<"linkMBps", "link-mb-per-s", "int64_t", "0",
           "the link's rate in 10^6 bytes a second; 0: the profile's, or 2000">,
    ListOption<"profiles", "profiles", "std::string",
               "device profiles; parts of later ones replace earlier ones'">,
    Option<"model", "model", "std::string", "",
           "the model's name, by which profiles know its kernels">,
    Option<"freeBudget", "free-budget", "bool", "false",
           "find the smallest budget that costs no time: swap.free_bytes">,
    Option<"curve", "curve", "bool", "false",
           "predict 24 budgets besides: swap.curve">,
    Option<"device", "device", "std::string", [{"cpu"}],
           "what runs the kernels: cpu, mcu or cuda">,
    Option<"blocking", "blocking", "bool", "false",
           "the processor does nothing else while it reads">,
    Option<"inPlace", "in-place", "bool", "true",
           "let kernels read units over the bus where the device can">
  ];
}

def VerifyPlan : Pass<"swap-verify-plan", "::mlir::ModuleOp"> {
  let summary = "no kernel reads a unit that is not in memory";
  let description = [{
    Closes the swap phase. In each plan, what a call reads is in a unit that is
    resident, read in place (each byte once), or waited for and not out yet; each
    read is waited for before it
    is given up, every `swap.in` has one `swap.out`, and at most `depth` reads
    are in flight. As inferences follow each other, what is read ahead is, in the
    same order, what the plan finds started.

    ```mlir
    swap.plan @p budget 65536 threads 1 resident [] {
    ^bb0(%x: tensor<1024xf32>):
      %w = swap.param @w : ...
      %t = swap.in @u
      // error: reads @w, but unit @u is not in memory
      %0 = swap.call @k(%x, %w) : ...
    ```
  }];
  let options = [
    Option<"depth", "depth", "int64_t", "64", "most reads in flight">
  ];
}

def AssignMemory : Pass<"swap-assign-memory", "::mlir::ModuleOp"> {
  let summary = "fixed addresses for every operand";
  let description = [{
    Lays out activations by their lifetimes, and turns calls into
    `swap.launch` and rows into `swap.fetch` with fixed places. Notes in
    `swap.live` how many bytes of the arena are in use while each step runs.
    Calls of a GPU's kernel that follow each other and have all operands at the
    same addresses, resident units among them, become one launch.

    ```mlir
    %0 = swap.call @fc panels(0 to 4)(%x, %w) : ...
    %1 = swap.call @fc panels(4 to 8)(%x, %w) into(%0 : ...) : ...
    ```
    becomes, where both units stay,
    ```mlir
    swap.launch @fc panels(0 to 8) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, ...]
    ```
  }];
}

def VerifyMemory : Pass<"swap-verify-memory", "::mlir::ModuleOp"> {
  let summary = "nothing alive overlaps, and everything is in the budget";
  let description = [{
    Closes the memory phase, and derives everything again from the launches:
    activations live from the first write of their bytes to the last read,
    units from `swap.in` to `swap.out`, or to the end and from the beginning to
    `swap.out` if they are read ahead. No two of these, the resident units and
    the scratch areas overlap while alive; all are in the arena, the arena and
    `swap.overhead` are in the budget; a launch reads only units that are in, or in place; `peak` and
    `swap.live` are right.
  }];
}

#endif // SWAPC_PARTITION_PASSES_TD
