//===- SwapOps.td - Operations of the swap dialect ---------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_OPS_TD
#define SWAP_OPS_TD

include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "SwapAttrs.td"

class Swap_Op<string mnemonic, list<Trait> traits = []>
    : Op<Swap_Dialect, mnemonic, traits>;

def Swap_TokenType : TypeDef<Swap_Dialect, "Token"> {
  let mnemonic = "token";
  let summary = "a read under way";
}

//===----------------------------------------------------------------------===//
// Parameters (all phases)
//===----------------------------------------------------------------------===//

def Swap_ParameterOp : Swap_Op<"parameter", [Symbol]> {
  let summary = "a weight of the model, named and not copied";
  let description = [{
    `source` is a `#swap.file`, or an elements attribute for values that are
    not stored as plain bytes in any file (small or varint-coded tensors).

    ```mlir
    swap.parameter @fc1.weight : tensor<4096x25088xf32> = #swap.file<"vgg19.weights", 0, 411041792>
    swap.parameter @half : tensor<2xf32> = dense<[0.5, 0.25]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type, AnyAttr:$source);
  let assemblyFormat = "$sym_name `:` $type `=` $source attr-dict";
  let hasVerifier = 1;
}

def Swap_DerivedOp : Swap_Op<"derived", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "a parameter computed from parameters while the blob is written";
  let description = [{
    Element i of the result is the body applied to element map_k(i) of each
    source k, where the maps give logical indices. The blob writer evaluates it
    tile by tile. A `#swap.panels` encoding on the result type says how it is
    stored. A source is a `swap.parameter`, never another derived one: recipes
    compose instead.

    ```mlir
    // A filter with a batch norm folded in, packed for the kernel.
    swap.derived @w : tensor<64x3x3x3xf32, #swap.panels<dim = 0, width = 32, order = [2, 3, 1]>>
        from [@weight, @scale] maps [affine_map<(o, i, h, w) -> (o, i, h, w)>,
                                     affine_map<(o, i, h, w) -> (o)>] {
    ^bb0(%w: f32, %s: f32):
      %0 = arith.mulf %w, %s : f32
      swap.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       TypedArrayAttrBase<FlatSymbolRefAttr, "symbols">:$sources,
                       AffineMapArrayAttr:$maps);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `:` $type `from` $sources `maps` $maps $body attr-dict";
  let hasVerifier = 1;
}

def Swap_YieldOp : Swap_Op<"yield", [Pure, Terminator, ParentOneOf<["DerivedOp"]>]> {
  let summary = "the value of one element of a derived parameter";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Swap_ParamOp : Swap_Op<"param", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a parameter";
  let description = [{
    Refers to a `swap.parameter` or `swap.derived` of the same type.

    ```mlir
    %w = swap.param @fc1.weight : tensor<4096x25088xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// Calls (kernel and swap phase)
//===----------------------------------------------------------------------===//

def Swap_CallOp : Swap_Op<"call", [AttrSizedOperandSegments,
                                   DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel, or some panels of it";
  let description = [{
    The kernel is a `func.func` with a `swap.schedule` (before scheduling,
    without). `inputs` and the results are the function's. With
    `panels(p to q)`, only these panels are computed, and the rest of each
    result is taken from `init`, which is updated in place.

    ```mlir
    %0 = swap.call @fc1(%x, %w, %b) : (...) -> tensor<1x4096xf32>
    %1 = swap.call @fc1 panels(0 to 8)(%x, %w, %b) : (...) -> tensor<1x4096xf32>
    %2 = swap.call @fc1 panels(8 to 16)(%x, %w, %b) into(%1 : tensor<1x4096xf32>) : (...) -> ...
    ```

    `init` may also be one of `inputs`: an update in place of an operand that
    the kernel's schedule allows to be overwritten.

    With `tiles(r to s)`, only these tiles of each of its panels are computed: a
    band of rows of a feature map. A result without `init` then exists only
    where it was written, and takes no more memory than that.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel,
                       Variadic<AnyRankedTensor>:$inputs,
                       Variadic<AnyRankedTensor>:$init,
                       OptionalAttr<I64Attr>:$begin, OptionalAttr<I64Attr>:$end,
                       OptionalAttr<I64Attr>:$first_tile, OptionalAttr<I64Attr>:$last_tile);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernel (`panels` `(` $begin^ `to` $end `)`)? (`tiles` `(` $first_tile^ `to` $last_tile `)`)? `(` $inputs `)`
    (`into` `(` $init^ `:` type($init) `)`)? attr-dict `:` functional-type($inputs, $results)
  }];
  let hasVerifier = 1;
}

def Swap_RowsOp : Swap_Op<"rows", [Pure]> {
  let summary = "brings some rows of a table, wherever the table is";
  let description = [{
    Row i of the result is row indices[i] of `table` (a `swap.param` of rank 2
    without encoding); negative indices count from the end. Only these rows
    leave storage, so an embedding table never passes through memory whole.

    ```mlir
    %e = swap.rows %table[%ids] : tensor<30522x768xf32>, tensor<128xi64> -> tensor<128x768xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$table, 1DTensorOf<[I32, I64]>:$indices);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` type($table) `,` type($indices) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Routines (tensor and kernel phase)
//===----------------------------------------------------------------------===//

def Swap_RoutineOp : Swap_Op<"routine", [Pure]> {
  let summary = "what no loop nest computes: a function of the runtime";
  let description = [{
    Runs `swap_routine_<routine>` of `runtime/routines`, portable C that swapc
    holds as bitcode and optimises for these `constants` (sizes, element types,
    options; the function's source says which). The work is `items` parts that
    do not depend on each other; `scratch` bytes are private to a thread, and
    `flops` estimates the whole. Each operation becomes a kernel of its own,
    whose result may take the memory of the inputs in `inplace`.

    ```mlir
    // The 5 largest of each of 8 rows of 100.
    %v, %i = swap.routine "topk"(%x) constants = [1, 100, 1, 5, 1] items = 8 scratch = 80 flops = 8000
        : (tensor<8x100xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>)
    ```
  }];
  let arguments = (ins StrAttr:$routine, Variadic<AnyRankedTensor>:$inputs,
                       DenseI64ArrayAttr:$constants, I64Attr:$items,
                       I64Attr:$scratch, I64Attr:$flops,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$inplace);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $routine `(` $inputs `)` `constants` `=` $constants `items` `=` $items `scratch` `=` $scratch
    `flops` `=` $flops (`inplace` `=` $inplace^)? attr-dict `:` functional-type($inputs, $results)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Units and plans (swap and memory phase)
//===----------------------------------------------------------------------===//

def Swap_UnitOp : Swap_Op<"unit", [Symbol]> {
  let summary = "bytes that move together: what one read brings in";
  let description = [{
    The module's units, in order, are the blob's. `length` counts payload
    bytes; `row_bytes` > 0 marks a row table.

    ```mlir
    swap.unit @u7 [#swap.piece<@w, 0, 8, 0>, #swap.piece<@b, 0, 8, 25690112>] length 25691136
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Swap_PieceArrayAttr:$pieces, I64Attr:$length,
                       DefaultValuedAttr<I64Attr, "0">:$row_bytes);
  let assemblyFormat = "$sym_name $pieces `length` $length (`rows` $row_bytes^)? attr-dict";
  let hasVerifier = 1;
}

def Swap_PlanOp : Swap_Op<"plan", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "one way to run the model inside one budget";
  let description = [{
    The body's arguments are the model's inputs (swap phase; none in the memory
    phase). `resident` units are in memory from the start to the end. Memory
    phase: `arena`, `scratch_offset`, `scratch_stride` and each unit's slot in
    `slots` (-1: never in memory as a whole, -2: read in place) are set.

    Units of `in_place` have no slot and no `swap.in`: kernels read them where
    the blob lies, because the processor can address it (a GPU that reads
    registered host memory over the bus). In a plan that is `mapped` a CPU does,
    however often it likes: all units are in place, and nothing comes in.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$budget, I64Attr:$threads,
                       TypedArrayAttrBase<FlatSymbolRefAttr, "symbols">:$resident,
                       OptionalAttr<TypedArrayAttrBase<FlatSymbolRefAttr, "symbols">>:$in_place,
                       UnitAttr:$mapped,
                       DefaultValuedAttr<I64Attr, "0">:$arena,
                       DefaultValuedAttr<I64Attr, "0">:$peak,
                       DefaultValuedAttr<I64Attr, "0">:$scratch_offset,
                       DefaultValuedAttr<I64Attr, "0">:$scratch_stride,
                       OptionalAttr<DenseI64ArrayAttr>:$slots);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `budget` $budget `threads` $threads `resident` $resident (`in_place` $in_place^)? (`mapped` $mapped^)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Swap_ReturnOp : Swap_Op<"return", [Terminator, HasParent<"PlanOp">]> {
  let summary = "the model's outputs";
  let arguments = (ins Variadic<AnyRankedTensor>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

def Swap_InOp : Swap_Op<"in", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "starts reading a unit into its slot";
  let description = [{
    Inferences follow each other, so a plan is a cycle. A read that is needed at
    the beginning of an inference starts at the end of the one before: there
    `swap.in ahead @u`, whose token nobody uses, and at the top of the plan
    `swap.in started @u`, which starts the read only where no inference went
    before. Both stand in the same order.

    ```mlir
    %t0 = swap.in started @u0
    swap.wait %t0
    ...
    swap.out %t0
    ...
    %t1 = swap.in ahead @u0
    swap.return ...
    ```
  }];
  let arguments = (ins UnitAttr:$started, UnitAttr:$ahead, FlatSymbolRefAttr:$unit);
  let results = (outs Swap_TokenType:$token);
  let assemblyFormat = "(`started` $started^)? (`ahead` $ahead^)? $unit attr-dict";
}

def Swap_WaitOp : Swap_Op<"wait"> {
  let summary = "the unit is in memory from here on";
  let arguments = (ins Swap_TokenType:$token);
  let assemblyFormat = "$token attr-dict";
}

def Swap_OutOp : Swap_Op<"out"> {
  let summary = "the unit is not needed any more; its slot is free";
  let arguments = (ins Swap_TokenType:$token);
  let assemblyFormat = "$token attr-dict";
}

def Swap_LaunchOp : Swap_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a call with fixed addresses (memory phase)";
  let description = [{
    Operands are the kernel function's arguments and then its results.

    ```mlir
    swap.launch @fc1 panels(0 to 8) [#swap.place<arena, 0, 0>, #swap.place<unit, 7, 0>, #swap.place<output, 0, 0>]
    ```

    With `tiles(r to s)`, only these tiles of each panel run; operands that exist
    in part are addressed as if they existed whole, so an offset into the arena
    may be negative.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, I64Attr:$begin, I64Attr:$end,
                       OptionalAttr<I64Attr>:$first_tile, OptionalAttr<I64Attr>:$last_tile,
                       Swap_PlaceArrayAttr:$operands);
  let assemblyFormat = "$kernel `panels` `(` $begin `to` $end `)` (`tiles` `(` $first_tile^ `to` $last_tile `)`)? $operands attr-dict";
}

def Swap_FetchOp : Swap_Op<"fetch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "swap.rows with fixed addresses (memory phase)";
  let arguments = (ins FlatSymbolRefAttr:$unit, TypeAttr:$index_type, I64Attr:$count,
                       Swap_PlaceAttr:$indices, Swap_PlaceAttr:$result);
  let assemblyFormat = "$unit `[` $count `x` $index_type `at` $indices `]` `to` $result attr-dict";
}

#endif // SWAP_OPS_TD
