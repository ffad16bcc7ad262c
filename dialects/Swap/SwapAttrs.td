//===- SwapAttrs.td - Attributes of the swap dialect -------*- tablegen -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_ATTRS_TD
#define SWAP_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "SwapDialect.td"

class Swap_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Swap_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Swap_FileAttr : Swap_Attr<"File", "file"> {
  let summary = "bytes of a file of the model";
  let description = [{
    `path` is relative to the module's `swap.directory`. The bytes are dense,
    row-major, little-endian; bool takes one byte an element.

    Example: `#swap.file<"vgg19.weights", 4096, 6912>`
  }];
  let parameters = (ins "::mlir::StringAttr":$path, "uint64_t":$offset, "uint64_t":$length);
  let assemblyFormat = "`<` $path `,` $offset `,` $length `>`";
}

def Swap_PanelsAttr : Swap_Attr<"Panels", "panels"> {
  let summary = "tensor encoding: the packed layout that a kernel reads";
  let description = [{
    A tensor with this encoding is stored as panels. Dimension `dim` is cut
    into pieces of `width`; the last piece is filled up with zeros. From the
    outermost to the innermost, the storage is

        [batch...][ceil(size(dim) / width)][order...][width]

    where `batch` and `order` list logical dimensions, and batch, dim and order
    together name each dimension once. A panel is one index of
    [batch...][ceil(size / width)]; all panels have the same size and follow
    each other without gaps, so a range of panels is a range of bytes.

    Example: a 3x3 convolution filter OIHW in panels of 32 output channels:
    `tensor<64x3x3x3xf32, #swap.panels<dim = 0, width = 32, order = [2, 3, 1]>>`
  }];
  let parameters = (ins
    OptionalArrayRefParameter<"int64_t">:$batch,
    "int64_t":$dim, "int64_t":$width,
    OptionalArrayRefParameter<"int64_t">:$order);
  let assemblyFormat = [{
    `<` (`batch` `=` `[` $batch^ `]` `,`)? `dim` `=` $dim `,` `width` `=` $width
        (`,` `order` `=` `[` $order^ `]`)? `>`
  }];
  let extraClassDeclaration = [{
    /// Number of panels of a tensor of `shape`.
    int64_t getPanelCount(::llvm::ArrayRef<int64_t> shape) const;
    /// Elements of one panel, padding included.
    int64_t getPanelElements(::llvm::ArrayRef<int64_t> shape) const;
    /// Sizes of the storage, outermost first: batch, panels, order, width.
    ::llvm::SmallVector<int64_t> getStorageShape(::llvm::ArrayRef<int64_t> shape) const;
    /// Success if batch, dim and order name each of `rank` dimensions once.
    ::llvm::LogicalResult verifyForRank(int64_t rank,
        ::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError) const;
  }];
}

def Swap_KernelKind : I32EnumAttr<"KernelKind", "how a kernel is computed", [
    I32EnumAttrCase<"Contraction", 0, "contraction">,
    I32EnumAttrCase<"Rows", 1, "rows">,
    I32EnumAttrCase<"Routine", 2, "routine">]> {
  let cppNamespace = "::mlir::swap";
}

def Swap_ScheduleAttr : Swap_Attr<"Schedule", "schedule"> {
  let summary = "how a kernel is cut into tiles";
  let description = [{
    A kernel's grid has `panels * tiles` tiles. Tile t belongs to panel
    t / tiles; it reads only that panel of the operands with a `#swap.panels`
    encoding, so a call of panels [p, q) needs no other panel in memory. A
    kernel without such operands has one panel. `scratch` bytes are private to
    each thread. `flops` estimates the work of the whole kernel.

    `rows` and `block` steer code generation: for a contraction, the rows of
    the register tile and the rows of one grid tile; for a row kernel, unused
    and the outer iterations of one grid tile; for a routine, unused and the
    items of one grid tile.

    `inplace` lists operands whose memory the one result may take: as long as
    and shaped in memory as the result, and read by each tile, before it writes,
    only where that tile writes. A call that names such an operand as `init`
    overwrites it.

    Example: `#swap.schedule<contraction, panels = 8, tiles = 49, rows = 6,
    block = 66, scratch = 0, flops = 102760448, inplace = [3]>`
  }];
  let parameters = (ins
    EnumParameter<Swap_KernelKind>:$kind,
    "int64_t":$panels, "int64_t":$tiles, "int64_t":$rows, "int64_t":$block,
    "int64_t":$scratch, "int64_t":$flops,
    OptionalArrayRefParameter<"int64_t">:$inplace);
  let assemblyFormat = [{
    `<` $kind `,` `panels` `=` $panels `,` `tiles` `=` $tiles `,` `rows` `=` $rows `,`
        `block` `=` $block `,` `scratch` `=` $scratch `,` `flops` `=` $flops
        (`,` `inplace` `=` `[` $inplace^ `]`)? `>`
  }];
}

def Swap_GpuAttr : Swap_Attr<"Gpu", "gpu"> {
  let summary = "how a kernel runs on a GPU";
  let description = [{
    One block of `threads` threads computes one tile of the kernel's grid, or
    one of `splits` parts of its sum: block (x, y) is part y of tile x. `shared`
    bytes of dynamic shared memory belong to each block. `variant` names the
    device template (docs/cuda.md), `tile` its sizes. The schedule's `scratch`
    is device memory of one launch: the partial sums of all its tiles.

    Example: `#swap.gpu<"gemm", threads = 256, splits = 4, shared = 0,
    tile = [128, 64, 16]>`
  }];
  let parameters = (ins "::mlir::StringAttr":$variant, "int64_t":$threads,
                        "int64_t":$splits, "int64_t":$shared,
                        OptionalArrayRefParameter<"int64_t">:$tile);
  let assemblyFormat = [{
    `<` $variant `,` `threads` `=` $threads `,` `splits` `=` $splits `,`
        `shared` `=` $shared (`,` `tile` `=` `[` $tile^ `]`)? `>`
  }];
}

def Swap_ReachAttr : Swap_Attr<"Reach", "reach"> {
  let summary = "what a band of a kernel's result reads of one operand";
  let description = [{
    The operand is cut into `slices` equal parts (rows of an image), and the
    positions of the kernel's result into groups of `group`. Groups [a, b) read
    slices [scale * a + low, scale * (b - 1) + high], or the nearest that exist.
    With `slices = 0` any part of the result reads all of the operand.
  }];
  let parameters = (ins "int64_t":$slices, "int64_t":$group, "int64_t":$scale,
                        "int64_t":$low, "int64_t":$high);
  let assemblyFormat = [{
    `<` `slices` `=` $slices `,` `group` `=` $group `,` `scale` `=` $scale `,`
        `low` `=` $low `,` `high` `=` $high `>`
  }];
  let genVerifyDecl = 1;
}

def Swap_FootprintAttr : Swap_Attr<"Footprint", "footprint"> {
  let summary = "which bytes some tiles of a kernel read and write";
  let description = [{
    The result is `positions` equal parts that follow each other (pixels with
    all their channels). Tile t of each panel computes, of these positions,
    [t * n, (t + 1) * n) with n = `step` times the schedule's `block`.
    `reaches` has an entry for each operand.

    Example: a 3x3 convolution of an image of 56 rows of 56 pixels has
    `positions = 3136`, `step = 1` and for the image
    `#swap.reach<slices = 56, group = 56, scale = 1, low = -1, high = 1>`.
  }];
  let parameters = (ins "int64_t":$positions, "int64_t":$step,
                        ArrayRefParameter<"::mlir::swap::ReachAttr">:$reaches);
  let assemblyFormat = [{
    `<` `positions` `=` $positions `,` `step` `=` $step `,` `reaches` `=` `[` $reaches `]` `>`
  }];
  let genVerifyDecl = 1;
}

def Swap_Space : I32EnumAttr<"Space", "where an operand lives", [
    I32EnumAttrCase<"Arena", 0, "arena">,
    I32EnumAttrCase<"Input", 1, "input">,
    I32EnumAttrCase<"Output", 2, "output">,
    I32EnumAttrCase<"Unit", 3, "unit">]> {
  let cppNamespace = "::mlir::swap";
}

def Swap_PlaceAttr : Swap_Attr<"Place", "place"> {
  let summary = "a fixed address: the swap_operand of the runtime";
  let description = [{
    Byte `offset` of the arena, of model input or output `index`, or of the
    unit number `index` (position among the module's swap.unit operations). An
    offset into a unit may be negative: kernels index parameters by absolute
    panel while a unit holds only some panels.

    Example: `#swap.place<unit, 3, -4096>`
  }];
  let parameters = (ins EnumParameter<Swap_Space>:$space, "int64_t":$index, "int64_t":$offset);
  let assemblyFormat = "`<` $space `,` $index `,` $offset `>`";
}

def Swap_PieceAttr : Swap_Attr<"Piece", "piece"> {
  let summary = "panels of one parameter inside a unit";
  let description = [{
    Panels [begin, end) of `parameter` (0 and 1 for a parameter without a
    panels encoding: all of it), at byte `offset` of the unit.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$parameter,
                        "int64_t":$begin, "int64_t":$end, "int64_t":$offset);
  let assemblyFormat = "`<` $parameter `,` $begin `,` $end `,` $offset `>`";
}

def Swap_PieceArrayAttr : TypedArrayAttrBase<Swap_PieceAttr, "array of pieces">;
def Swap_PlaceArrayAttr : TypedArrayAttrBase<Swap_PlaceAttr, "array of places">;

#endif // SWAP_ATTRS_TD
