#!/usr/bin/env python3
"""Prints kernels with a multiply-add root, one for each line of CASES, for
kernel_check.py: matrix products as index strings, and convolutions."""

# name, left, right, result, sizes, options. The right operand is packed in
# panels of `width` columns where that is given; `types` are left, right, sum;
# u8 is an i8 that is extended as an unsigned one.
PRODUCTS = [
    ("product", "mk", "kn", "mn", dict(m=23, n=70, k=37), dict(width=32)),
    ("transposed", "mk", "nk", "mn", dict(m=9, n=64, k=130), dict(width=16, residual=1)),
    ("window", "mk", "nk", "mn", dict(m=9, n=40, k=20), dict(width=16, residual=1, window=3)),
    ("vector", "mk", "nk", "mn", dict(m=1, n=200, k=77), dict(width=64)),
    ("narrow", "mk", "nk", "mn", dict(m=33, n=5, k=12), dict(width=8)),
    ("column", "mk", "nk", "mn", dict(m=17, n=1, k=12), dict(width=1)),
    ("heads", "mhk", "nhk", "hmn", dict(h=3, m=13, n=19, k=16), {}),
    ("context", "hmk", "nhk", "mhn", dict(h=3, m=13, n=19, k=16), {}),
    ("values", "hmk", "hkn", "mhn", dict(h=3, m=13, n=40, k=19), {}),
    ("decode", "hmk", "hkn", "hmn", dict(h=3, m=1, n=40, k=33), dict(types="f16 f16 f32")),
    ("tall", "mk", "nk", "mn", dict(m=200, n=48, k=8), {}),
    ("joined", "mhk", "hkn", "mn", dict(h=3, m=13, n=33, k=16), dict(width=48)),
    ("shared", "mk", "hnk", "mhn", dict(h=3, m=13, n=33, k=16), dict(width=16)),
    ("half", "mk", "nk", "mn", dict(m=9, n=75, k=40), dict(width=32, types="f16 f16 f32")),
    ("bfloat", "mk", "nk", "mn", dict(m=9, n=75, k=40), dict(width=32, types="bf16 bf16 f32", residual=1)),
    ("mixed", "mk", "kn", "mn", dict(m=9, n=75, k=40), dict(width=32, types="f32 f16 f32")),
    ("double", "mk", "kn", "mn", dict(m=9, n=75, k=40), dict(width=16, types="f64 f64 f64")),
    ("integer", "mk", "kn", "mn", dict(m=9, n=75, k=40), dict(width=32, types="i8 i8 i32")),
    ("pairs", "mk", "kn", "mn", dict(m=9, n=75, k=41), dict(width=32, types="i16 i8 i32")),
    ("pairs_direct", "mk", "kn", "mn", dict(m=9, n=64, k=41), dict(types="i16 i16 i32")),
    ("pairs_scratch", "mk", "nk", "mn", dict(m=9, n=20, k=3), dict(types="i8 i8 i32")),
    ("quads", "mk", "nk", "mn", dict(m=11, n=75, k=46), dict(width=32, types="i8 i8 i32")),
    ("quads_unsigned", "mk", "nk", "mn", dict(m=11, n=75, k=46), dict(width=32, types="u8 i8 i32")),
    ("quads_row", "mk", "kn", "mn", dict(m=1, n=130, k=67), dict(width=64, types="i8 i8 i32")),
    ("quads_direct", "mk", "kn", "mn", dict(m=9, n=70, k=45), dict(types="i8 i8 i32")),
    ("quads_heads", "hmk", "hkn", "mhn", dict(h=3, m=13, n=40, k=19), dict(types="u8 i8 i32")),
    ("pairs_columns", "km", "kn", "mn", dict(m=13, n=40, k=19), dict(width=16, types="i16 i8 i32")),
    ("long", "mk", "kn", "mn", dict(m=9, n=10, k=4), dict(types="i64 i64 i64")),
]

# name, batch, height, width, input and output channels of a group, groups,
# filter, stride, dilation, padding, width of a panel (0: not packed), types.
CONVOLUTIONS = [
    ("conv3", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 16, "f32 f32 f32"),
    ("stride2", 2, 11, 9, 16, 40, 1, 3, 2, 1, 1, 32, "f32 f32 f32"),
    ("dilated", 1, 12, 10, 7, 24, 1, 3, 1, 2, 2, 32, "f32 f32 f32"),
    ("first", 1, 20, 20, 3, 64, 1, 7, 2, 1, 3, 64, "f32 f32 f32"),
    ("pointwise", 2, 7, 5, 24, 50, 1, 1, 1, 1, 0, 32, "f32 f32 f32"),
    ("pointwise2", 1, 7, 5, 24, 50, 1, 1, 2, 1, 0, 32, "f32 f32 f32"),
    ("one_channel", 1, 8, 8, 1, 10, 1, 3, 1, 1, 1, 16, "f32 f32 f32"),
    ("grouped", 2, 8, 7, 6, 9, 4, 3, 1, 1, 1, 8, "f32 f32 f32"),
    ("depthwise", 2, 9, 8, 0, 40, 1, 3, 1, 1, 1, 32, "f32 f32 f32"),
    ("depthwise5", 1, 12, 9, 0, 24, 1, 5, 2, 1, 2, 16, "f32 f32 f32"),
    ("depthwise_strips", 1, 7, 61, 0, 40, 1, 3, 1, 1, 1, 32, "f32 f32 f32"),
    ("depthwise_stride", 2, 13, 75, 0, 19, 1, 3, 2, 1, 1, 16, "f32 f32 f32"),
    ("depthwise7", 1, 9, 40, 0, 24, 1, 7, 1, 1, 3, 8, "f32 f32 f32"),
    ("depthwise_dilated", 1, 9, 40, 0, 24, 1, 3, 1, 2, 2, 16, "f32 f32 f32"),
    ("depthwise_inner", 1, 9, 40, 0, 24, 1, 3, 1, 1, 0, 16, "f32 f32 f32"),
    ("depthwise_far", 1, 5, 6, 0, 8, 1, 3, 2, 4, 4, 8, "f32 f32 f32"),
    ("far", 1, 9, 11, 70, 24, 1, 3, 1, 7, 7, 8, "f32 f32 f32"),
    ("depthwise_half", 1, 9, 21, 0, 40, 1, 3, 1, 1, 1, 16, "f16 f16 f32"),
    ("depthwise_bytes", 1, 9, 21, 0, 40, 1, 3, 2, 1, 1, 16, "u8 i8 i32"),
    ("plain", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 0, "f32 f32 f32"),
    ("plain_depthwise", 1, 9, 8, 0, 24, 1, 3, 1, 1, 1, 0, "f32 f32 f32"),
    ("half_conv", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 16, "f16 f16 f32"),
    ("quads_conv", 1, 9, 11, 21, 33, 1, 3, 2, 1, 1, 16, "u8 i8 i32"),
    ("pairs_conv", 1, 9, 11, 21, 33, 1, 3, 2, 1, 1, 16, "i16 i8 i32"),
    ("pairs_first", 1, 20, 20, 3, 64, 1, 7, 2, 1, 3, 64, "i16 i8 i32"),
    ("integer_conv", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 16, "i8 i8 i32"),
]


def tensor(sizes, element, panels=""):
    return "tensor<%s%s>" % ("".join("%dx" % s for s in sizes) + element, panels)


def emit(name, loops, maps, shapes, panels, types, pad=None, bias=None, residual=False, window=0):
    """The text of a kernel: root, bias, optional residual (from column `window` of a wider tensor), relu, narrowing."""
    left, right, total = types
    unsigned, left = left.startswith("u"), left.replace("u", "i")
    integer = total.startswith("i")
    add, mul, top = ("addi", "muli", "maxsi") if integer else ("addf", "mulf", "maximumf")
    zero = "0" if integer else "0.0"
    parallel = [l for l in loops if l in maps[2]]
    root_map = lambda index: "affine_map<(%s) -> (%s)>" % (", ".join(loops), ", ".join(index))
    out = ["d%d" % i for i in range(len(shapes[2]))]
    out_map = lambda index: "affine_map<(%s) -> (%s)>" % (", ".join(out), ", ".join(index))
    bias_dims = bias if bias is not None else [len(out) - 1]
    bias_type = tensor([shapes[2][d] for d in bias_dims], total, panels[1])
    result = tensor(shapes[2], left)
    arguments = ["%%x: %s" % tensor(shapes[0], left), "%%w: %s" % tensor(shapes[1], right, panels[0]), "%%bias: %s" % bias_type]
    if residual:
        wider = tensor(list(shapes[2][:-1]) + [shapes[2][-1] + 2 * window], left)
        arguments.append("%%r: %s" % wider)
    lines = ["func.func private @%s(%s) -> %s {" % (name, ", ".join(arguments), result)]
    line = lines.append
    line("  %%zero = arith.constant %s : %s" % (zero, total))
    x, x_shape = "%x", shapes[0]
    if pad:
        x_shape = [s + 2 * p for s, p in zip(shapes[0], pad)]
        x = "%padded"
        line("  %%none = arith.constant %s : %s" % ("0" if left.startswith("i") else "0.0", left))
        line("  %%padded = tensor.pad %%x low%s high%s {" % (pad, pad))
        line("  ^bb0(%s):" % ", ".join("%%p%d: index" % i for i in range(len(pad))))
        line("    tensor.yield %%none : %s" % left)
        line("  } : %s to %s" % (tensor(shapes[0], left), tensor(x_shape, left)))
    sums = tensor(shapes[2], total)
    line("  %%empty = tensor.empty() : %s" % sums)
    line("  %%fill = linalg.fill ins(%%zero : %s) outs(%%empty : %s) -> %s" % (total, sums, sums))
    kinds = ", ".join('"parallel"' if l in parallel else '"reduction"' for l in loops)
    line("  %%root = linalg.generic {indexing_maps = [%s], iterator_types = [%s]}" % (", ".join(map(root_map, maps)), kinds))
    line("      ins(%s, %%w : %s, %s) outs(%%fill : %s) {" % (x, tensor(x_shape, left), tensor(shapes[1], right, panels[0]), sums))
    line("  ^bb0(%%a: %s, %%b: %s, %%s: %s):" % (left, right, total))
    extend = "extsi" if integer else "extf"
    a, b = "%a", "%b"
    if left != total:
        line("    %%ae = arith.%s %%a : %s to %s" % ("extui" if unsigned else extend, left, total))
        a = "%ae"
    if right != total:
        line("    %%be = arith.%s %%b : %s to %s" % (extend, right, total))
        b = "%be"
    line("    %%m = arith.%s %s, %s : %s" % (mul, a, b, total))
    line("    %%t = arith.%s %%s, %%m : %s" % (add, total))
    line("    linalg.yield %%t : %s" % total)
    line("  } -> %s" % sums)
    line("  %%target = tensor.empty() : %s" % result)
    all_maps = [out_map(out), out_map([out[d] for d in bias_dims])]
    if residual:
        all_maps.append(out_map(out[:-1] + ["%s + %d" % (out[-1], window)]))
    all_maps.append(out_map(out))
    line("  %%y = linalg.generic {indexing_maps = [%s], iterator_types = [%s]}" % (", ".join(all_maps), ", ".join(['"parallel"'] * len(out))))
    line("      ins(%%root, %%bias%s : %s, %s%s) outs(%%target : %s) {" % (", %r" if residual else "", sums, bias_type, ", " + wider if residual else "", result))
    line("  ^bb0(%%c: %s, %%d: %s%s, %%o: %s):" % (total, total, ", %%e: %s" % left if residual else "", left))
    line("    %%0 = arith.%s %%c, %%d : %s" % (add, total))
    value = "%0"
    if residual:
        extra = "%e"
        if left != total:
            line("    %%ee = arith.%s %%e : %s to %s" % (extend, left, total))
            extra = "%ee"
        line("    %%1 = arith.%s %s, %s : %s" % (add, value, extra, total))
        value = "%1"
    line("    %%u = arith.%s %s, %%zero : %s" % (top, value, total))
    value = "%u"
    if left != total:
        line("    %%v = arith.%s %s : %s to %s" % ("trunci" if integer else "truncf", value, total, left))
        value = "%v"
    line("    linalg.yield %s : %s" % (value, left))
    line("  } -> %s" % result)
    line("  return %%y : %s\n}" % result)
    print("\n".join(lines))


def encoding(batch, dim, width, order):
    if not width:
        return ""
    text = lambda name, dims: "%s = %s" % (name, dims) if dims else ""
    fields = [text("batch", batch), "dim = %d, width = %d" % (dim, width), text("order", order)]
    return ", #swap.panels<%s>" % ", ".join(f for f in fields if f)


def product(name, left, right, result, sizes, options):
    loops = [l for l in result] + sorted(set(left + right) - set(result))
    width, n = options.get("width", 0), result[-1]
    outer = [l for l in result[:-1] if l in right]
    inner = sorted((l for l in right if l not in result), key=left.index)
    panels = encoding([right.index(l) for l in outer], right.index(n), width, [right.index(l) for l in inner])
    bias = [result.index(l) for l in outer] + [len(result) - 1]
    bias_panels = encoding(list(range(len(outer))), len(outer), width, [])
    shapes = [[sizes[l] for l in index] for index in (left, right, result)]
    emit(name, loops, [list(left), list(right), list(result)], shapes, (panels, bias_panels),
         options.get("types", "f32 f32 f32").split(), bias=bias, residual=options.get("residual", 0),
         window=options.get("window", 0))


def convolution(name, batch, height, width, channels, filters, groups, size, stride, dilation, padding, panel, types):
    window = lambda o, k: "%s * %d + %s * %d" % (o, stride, k, dilation)
    out = lambda length: (length + 2 * padding - dilation * (size - 1) - 1) // stride + 1
    y, x = window("oh", "kh"), window("ow", "kw")
    pixels = [batch, out(height), out(width)]
    pad = [0, padding, padding] + [0] * (2 if groups > 1 else 1)
    pad = pad if padding else None
    types = types.split()
    if not channels:  # depthwise
        emit(name, ["b", "oh", "ow", "c", "kh", "kw"], [["b", y, x, "c"], ["c", "kh", "kw"], ["b", "oh", "ow", "c"]],
             [[batch, height, width, filters], [filters, size, size], pixels + [filters]],
             (encoding([], 0, panel, [1, 2]), encoding([], 0, panel, [])), types, pad)
    elif groups > 1:
        emit(name, ["b", "g", "oh", "ow", "f", "kh", "kw", "c"],
             [["b", y, x, "g", "c"], ["g", "f", "c", "kh", "kw"], ["b", "oh", "ow", "g", "f"]],
             [[batch, height, width, groups, channels], [groups, filters, channels, size, size], pixels + [groups, filters]],
             (encoding([0], 1, panel, [3, 4, 2]), encoding([0], 1, panel, [])), types, pad, bias=[3, 4])
    else:
        emit(name, ["b", "oh", "ow", "f", "kh", "kw", "c"],
             [["b", y, x, "c"], ["f", "c", "kh", "kw"], ["b", "oh", "ow", "f"]],
             [[batch, height, width, channels], [filters, channels, size, size], pixels + [filters]],
             (encoding([], 0, panel, [2, 3, 1]), encoding([], 0, panel, [])), types, pad)


if __name__ == "__main__":
    for case in PRODUCTS:
        product(*case)
    for case in CONVOLUTIONS:
        convolution(*case)
