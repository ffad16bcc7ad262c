#!/usr/bin/env python3
"""Runs contraction kernels on the emulated GPU and compares with numpy.

usage: contraction_check.py [--swap-opt PATH] [--case REGEX] [--tf32] [--archs sm_NN,...] [--nvrtc] [--source FILE]

Each kernel is run whole, and tile by tile in reverse order, and with the result
in the memory of each operand that the schedule lists as `inplace`: all must give
the same bits."""
import argparse
import contextlib
import ctypes
import io
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

import emulated_cuda as ec

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "CPU"))
import contraction_kernels as ck
import kernel_check as kc

F32, F16, BF16 = "f32 f32 f32", "f16 f16 f32", "bf16 bf16 f32"

# As in contraction_kernels.py; panels are 16, 32 or 64 columns wide.
PRODUCTS = [
    ("product", "mk", "kn", "mn", dict(m=23, n=70, k=37), dict(width=32)),
    ("transposed", "mk", "nk", "mn", dict(m=9, n=64, k=130), dict(width=64, residual=1)),
    ("tail", "mk", "nk", "mn", dict(m=70, n=130, k=100), dict(width=64, residual=1)),
    ("whole", "mk", "kn", "mn", dict(m=128, n=128, k=64), dict(width=64, residual=1)),
    ("splits", "mk", "kn", "mn", dict(m=49, n=96, k=1156), dict(width=32, residual=1)),
    ("splits64", "mk", "kn", "mn", dict(m=100, n=64, k=2050), dict(width=64)),
    ("narrow", "mk", "nk", "mn", dict(m=33, n=5, k=12), dict(width=16)),
    ("column", "mk", "nk", "mn", dict(m=17, n=1, k=12), dict(width=16)),
    ("vector", "mk", "nk", "mn", dict(m=1, n=200, k=777), dict(width=64)),
    ("vector3", "mk", "nk", "mn", dict(m=3, n=100, k=1000), dict(width=32, residual=1)),
    ("vector_odd", "mk", "nk", "mn", dict(m=2, n=13, k=39), dict(width=16)),
    ("vector_half", "mk", "kn", "mn", dict(m=1, n=160, k=600), dict(width=32, types=F16)),
    ("vector_mixed", "mk", "kn", "mn", dict(m=4, n=75, k=130), dict(width=32, types="f32 f16 f32")),
    ("vector_batch", "hk", "hkn", "hn", dict(h=3, n=40, k=130), dict(width=32)),
    ("heads", "mhk", "nhk", "hmn", dict(h=3, m=13, n=19, k=16), {}),
    ("context", "hmk", "nhk", "mhn", dict(h=3, m=13, n=19, k=16), {}),
    ("values", "hmk", "hkn", "mhn", dict(h=3, m=13, n=40, k=19), {}),
    ("decode", "hmk", "hkn", "hmn", dict(h=3, m=1, n=40, k=33), dict(types=F16)),
    ("decode_group", "hmk", "hkn", "hmn", dict(h=3, m=8, n=64, k=330), {}),
    ("decode_half", "hmk", "hkn", "hmn", dict(h=3, m=5, n=96, k=33), dict(types=F16)),
    ("left_columns", "km", "kn", "mn", dict(m=40, n=36, k=50), {}),
    ("tall", "mk", "nk", "mn", dict(m=200, n=48, k=8), {}),
    ("joined", "mhk", "hkn", "mn", dict(h=3, m=13, n=33, k=16), dict(width=64)),
    ("shared", "mk", "hnk", "mhn", dict(h=3, m=13, n=33, k=16), dict(width=16)),
    ("half", "mk", "nk", "mn", dict(m=9, n=75, k=40), dict(width=32, types=F16)),
    ("half_odd", "mk", "nk", "mn", dict(m=9, n=75, k=41), dict(width=32, types=F16)),
    ("bfloat", "mk", "nk", "mn", dict(m=9, n=76, k=40), dict(width=32, types=BF16, residual=1)),
    ("mixed", "mk", "kn", "mn", dict(m=9, n=75, k=40), dict(width=32, types="f32 f16 f32")),
    ("doubles", "mk", "kn", "mn", dict(m=9, n=75, k=40), dict(width=16, types="f64 f64 f64")),
    ("tensor", "mk", "kn", "mn", dict(m=128, n=128, k=64), dict(width=64, types=F16, residual=1)),
    ("tensor_tail", "mk", "nk", "mn", dict(m=70, n=130, k=104), dict(width=64, types=F16, residual=1)),
    ("tensor_fours", "mk", "nk", "mn", dict(m=20, n=36, k=44), dict(width=16, types=F16)),
    ("tensor_splits", "mk", "kn", "mn", dict(m=49, n=96, k=1160), dict(width=32, types=F16)),
    ("tensor_heads", "mhk", "nhk", "hmn", dict(h=3, m=19, n=24, k=16), dict(types=F16)),
    ("tensor_context", "hmk", "nhk", "mhn", dict(h=3, m=13, n=19, k=16), dict(types=BF16)),
    ("tensor_bfloat", "mk", "nk", "mn", dict(m=100, n=76, k=200), dict(width=32, types=BF16, residual=1)),
    ("integers", "mk", "kn", "mn", dict(m=9, n=75, k=40), dict(width=32, types="i8 i8 i32")),
    ("longs", "mk", "kn", "mn", dict(m=9, n=10, k=4), dict(types="i64 i64 i64")),
]
CONVOLUTIONS = [
    ("conv3", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 64, F32),
    ("conv3_splits", 1, 7, 7, 32, 64, 1, 3, 1, 1, 1, 64, F32),
    ("stride2", 2, 11, 9, 16, 40, 1, 3, 2, 1, 1, 32, F32),
    ("dilated", 1, 12, 10, 7, 24, 1, 3, 1, 2, 2, 32, F32),
    ("first", 1, 20, 20, 3, 64, 1, 7, 2, 1, 3, 64, F32),
    ("pointwise", 2, 7, 5, 24, 50, 1, 1, 1, 1, 0, 32, F32),
    ("pointwise2", 1, 7, 5, 24, 50, 1, 1, 2, 1, 0, 64, F32),
    ("one_channel", 1, 8, 8, 1, 10, 1, 3, 1, 1, 1, 16, F32),
    ("grouped", 2, 8, 7, 6, 9, 4, 3, 1, 1, 1, 16, F32),
    ("depthwise", 2, 9, 8, 0, 40, 1, 3, 1, 1, 1, 32, F32),
    ("depthwise5", 1, 12, 9, 0, 24, 1, 5, 2, 1, 2, 16, F32),
    ("depthwise_odd", 1, 9, 8, 0, 21, 1, 3, 1, 1, 1, 32, F32),
    ("depthwise_half", 1, 9, 8, 0, 64, 1, 3, 1, 1, 1, 64, F16),
    ("plain", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 0, F32),
    ("plain_depthwise", 1, 9, 8, 0, 24, 1, 3, 1, 1, 1, 0, F32),
    ("half_conv", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 64, F16),
    ("tensor_conv", 2, 9, 11, 16, 33, 1, 3, 1, 1, 1, 64, F16),
    ("tensor_stride", 1, 11, 9, 24, 40, 1, 3, 2, 1, 1, 32, BF16),
    ("tensor_grouped", 2, 8, 7, 8, 16, 4, 3, 1, 1, 1, 16, F16),
    ("integer_conv", 1, 9, 11, 20, 33, 1, 3, 1, 1, 1, 16, "i8 i8 i32"),
]


def windows(x, size, stride, dilation, padding):
    """Of an image [batch, height, width, ...], for each tap of the filter the
    pixels that it meets: [kh, kw, batch, oh, ow, ...]."""
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding)] + [(0, 0)] * (x.ndim - 3))
    reach = dilation * (size - 1)
    taps = [[x[:, i * dilation:x.shape[1] - reach + i * dilation:stride,
               j * dilation:x.shape[2] - reach + j * dilation:stride] for j in range(size)] for i in range(size)]
    return np.array(taps)


def reference(case, x, w, bias, residual):
    """The result in float64."""
    if isinstance(case[1], str):
        left, right, result = case[1:4]
        y = np.einsum("%s,%s->%s" % (left, right, result), x, w)
        dims = [result.index(l) for l in result[:-1] if l in right] + [len(result) - 1]
    else:
        _, _, _, _, channels, _, groups, size, stride, dilation, padding = case[:11]
        taps = windows(x, size, stride, dilation, padding)
        if not channels:
            y = np.einsum("ijbhwc,cij->bhwc", taps, w)
        elif groups > 1:
            y = np.einsum("ijbhwgc,gfcij->bhwgf", taps, w)
        else:
            y = np.einsum("ijbhwc,fcij->bhwf", taps, w)
        dims = [3, 4] if groups > 1 else [3]
    shape = [y.shape[d] if d in dims else 1 for d in range(y.ndim)]
    y = y + bias.reshape(shape)
    if residual is not None:
        y = y + residual
    return np.maximum(y, 0)


def round_tf32(x):
    """To 10 bits of mantissa, halves away from zero."""
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0x1000)) & np.uint32(0xffffe000)).view(np.float32).astype(np.float64)


def generate(cases):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        for case in cases:
            (ck.product if isinstance(case[1], str) else ck.convolution)(*case)
    return text.getvalue()


def schedule(swap_opt, text, kernels, folder, options):
    """The scheduled module and the CUDA C++."""
    callers = []
    for kernel in kernels:
        types = [["tensor<%s%s%s>" % ("".join("%dx" % d for d in shape), element, kc.encoding(extra))
                  for shape, element, extra in side] for side in (kernel.arguments, kernel.results)]
        names = ["%%a%d" % i for i in range(len(types[0]))]
        callers.append("func.func @call_%s(%s) {\n  %%r = swap.call @%s (%s) : (%s) -> %s\n  return\n}\n" % (
            kernel.name, ", ".join("%s: %s" % pair for pair in zip(names, types[0])), kernel.name,
            ", ".join(names), ", ".join(types[0]), types[1][0]))
    scheduled = os.path.join(folder, "scheduled.mlir")
    source = kc.run([swap_opt, "--swap-schedule-cuda-kernels=" + options, "--swap-print-cuda-source=" + options,
                     "-o", scheduled],
                    text + "\n" + "".join(callers))
    with open(scheduled) as file:
        return file.read(), source


def launch_of(scheduled, name):
    gpu = re.search(r"func\.func private @%s\(.*?#swap\.gpu<(.*?)>, .*?#swap\.schedule<(.*?)>" % name, scheduled)
    numbers = dict(re.findall(r"(\w+) = (\d+)", gpu[1] + ", " + gpu[2]))
    found = re.search(r"inplace = \[([\d, ]*)\]", gpu[2])
    return gpu[1].split(",")[0], {k: int(v) for k, v in numbers.items()}, [int(i) for i in found[1].split(",")] if found else []


def call(library, name, arrays, result, over, ranges, launch, stride=0):
    """Runs ranges of tiles; gives the result. `over`: an operand whose memory
    the result takes. `stride`: see emulated_cuda.launch_words."""
    memory = [ec.DeviceMemory(a.nbytes, 16) for a in arrays]
    for m, array in zip(memory, arrays):
        m.view()[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    out = ec.DeviceMemory(result.nbytes, 16)
    out.view()[:] = 0xff
    scratch = ec.DeviceMemory(max(16, launch["scratch"]), 16)
    scratch.view()[:] = 0xff
    target = out if over is None else memory[over]
    words = [m.address for m in memory] + [target.address, scratch.address]
    function = getattr(library, name + "_emulated")
    for begin, end in ranges:
        grid = ec.launch_words(begin, end, stride)
        function((ctypes.c_uint64 * (len(words) + 4))(*words, *grid[1:]), grid[0], launch["splits"],
                 launch["threads"], launch["shared"])
    got = target.view().copy().view(result.dtype).reshape(result.shape)
    for number, (m, array) in enumerate(zip(memory, arrays)):
        if number != over and m.view().tobytes() != np.ascontiguousarray(array).tobytes():
            sys.exit("%s: wrote to operand %d" % (name, number))
    for m in memory + [out, scratch]:
        m.close()
    return got


def check(case, kernel, library, scheduled):
    name = kernel.name
    rng = np.random.default_rng(7)
    plain = [kc.random_input(rng, *argument) for argument in kernel.arguments]
    packed = [kc.pack(array, argument[2]) for array, argument in zip(plain, kernel.arguments)]
    shape, element, _ = kernel.results[0]
    result = np.zeros(shape, kc.TYPES[element])
    variant, launch, in_place = launch_of(scheduled, name)
    tiles = launch["panels"] * launch["tiles"]
    whole = call(library, name, packed, result, None, [(0, tiles)], launch)
    single = call(library, name, packed, result, None, [(t, t + 1) for t in reversed(range(tiles))], launch)
    of_panel, first = launch["tiles"], launch["tiles"] // 2
    bands = [(begin, tiles - of_panel + end) for begin, end in ((first, of_panel), (0, first)) if begin < end]
    banded = call(library, name, packed, result, None, bands, launch, stride=of_panel)
    if whole.tobytes() != banded.tobytes():
        sys.exit("%s: bands of rows give other bits" % name)
    if whole.tobytes() != single.tobytes():
        sys.exit("%s: bits depend on how tiles are split" % name)
    for over in in_place:
        again = call(library, name, packed, result, over, [(0, tiles)], launch)
        if whole.tobytes() != again.tobytes():
            sys.exit("%s: bits depend on whether operand %d is overwritten" % (name, over))
    wide = [kc.to_float(a, argument[1]).astype(np.float64) for a, argument in zip(plain, kernel.arguments)]
    if variant == '"mma_tf32"':
        wide[:2] = [round_tf32(a) for a in wide[:2]]
    wanted = reference(case, wide[0], wide[1], wide[2], wide[3] if len(wide) > 3 else None)
    got = kc.to_float(whole, element).astype(np.float64)
    tolerance = {"f16": 2e-3, "bf16": 1.6e-2, "f32": 2e-6, "f64": 1e-13}.get(element, 0)
    if element in ("i8",):
        wanted = wanted.astype(np.int64).astype(np.int8).astype(np.float64)
    error = np.abs(got - wanted)
    scale = np.abs(wanted) + np.sqrt(np.prod(shape and kernel.arguments[1][0]) / shape[-1]) * (element in ("f32", "f64"))
    if not (error <= tolerance * scale + (1e-2 if "16" in element else 0)).all():
        where = np.unravel_index(np.nanargmax(error), error.shape)
        print("%s %s: differs at %s: %g, not %g (%d of %d)" % (
            name, variant, list(where), got[where], wanted[where], (error > tolerance * scale).sum(), error.size), flush=True)
        return False
    print("%s: ok, %s, %d tiles, %d splits, in place %s, error %.1e" % (
        name, variant, tiles, launch["splits"], in_place, error.max()), flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--swap-opt", default="swap-opt")
    parser.add_argument("--case", default=".*", help="a regular expression")
    parser.add_argument("--tf32", action="store_true", help="float32 on tensor cores")
    parser.add_argument("--archs", default="sm_90")
    parser.add_argument("--nvrtc", action="store_true", help="compile for the architectures as well")
    parser.add_argument("--source", help="keep the CUDA C++ here")
    arguments = parser.parse_args()
    cases = [c for c in PRODUCTS + CONVOLUTIONS if re.fullmatch(arguments.case, c[0])]
    text = generate(cases)
    kernels = kc.parse_kernels(text)
    with tempfile.TemporaryDirectory() as folder:
        scheduled, source = schedule(arguments.swap_opt, text, kernels, folder,
                                     "archs=%s tf32=%d" % (arguments.archs, arguments.tf32))
    if arguments.nvrtc:
        ec.nvrtc(source, [int(arch[3:]) for arch in arguments.archs.split(",")])
    if arguments.source:
        with open(arguments.source, "w") as file:
            file.write(source)
    library = ctypes.CDLL(ec.build(source))
    good = [check(case, kernel, library, scheduled) for case, kernel in zip(cases, kernels)]
    sys.exit(0 if good and all(good) else 1)


if __name__ == "__main__":
    main()
