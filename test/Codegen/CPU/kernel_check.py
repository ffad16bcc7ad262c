#!/usr/bin/env python3
"""Runs kernels of a .mlir file through swapc's CPU code and through MLIR's own
bufferization and scalar loops, on the same random inputs, and compares.

usage: kernel_check.py FILE.mlir [--cpu native] [--kernel NAME] [--time] [--keep DIR]

Every `func.func` in the file is a kernel: tensors in, tensors out. A kernel
without a swap.schedule gets one from --swap-schedule-kernels. Each is run
whole, and tile by tile in reverse order, and both again with the result in the
memory of each operand that the schedule lists as `inplace`: all must give the
same bits.
Attributes of a kernel steer the check: `test.rtol`, `test.atol`, and on an
argument `test.max = N` for integers in [0, N), `test.low`/`test.high` for floats.
"""
import argparse
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

TYPES = {
    "f32": np.float32, "f64": np.float64, "f16": np.float16, "bf16": np.uint16,
    "i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
}
REFERENCE_PASSES = [
    "--pass-pipeline=builtin.module(one-shot-bufferize{bufferize-function-boundaries=1 "
    "function-boundary-type-conversion=identity-layout-map},"
    "buffer-results-to-out-params{hoist-static-allocs=1 modify-public-functions=1 add-result-attr=0},convert-linalg-to-loops,"
    "expand-strided-metadata,lower-affine,convert-scf-to-cf,convert-math-to-llvm,"
    "convert-math-to-libm,arith-expand{include-bf16=true},"
    "convert-arith-to-llvm,finalize-memref-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,"
    "reconcile-unrealized-casts)"
]


def tool(name):
    for path in ("%s-22" % name, "/usr/lib/llvm-22/bin/%s" % name):
        if subprocess.run(["which", path], capture_output=True).returncode == 0:
            return path
    return name


def run(command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit("%s failed:\n%s" % (" ".join(command[:3]), done.stderr[:4000]))
    return done.stdout


def to_library(llvm_dialect, flags, folder, name):
    ir = run([tool("mlir-translate"), "--mlir-to-llvmir"], llvm_dialect)
    path = os.path.join(folder, name)
    with open(path + ".ll", "w") as file:
        file.write(ir)
    run([tool("clang"), "-O2", "-fPIC", "-Wno-override-module", "-c", path + ".ll", "-o", path + ".o"] + flags)
    if name == "swapc":
        undefined = run([tool("llvm-nm"), "--undefined-only", path + ".o"]).split()
        foreign = set(undefined) - {"U", "memcpy", "memset"}
        if foreign:
            sys.exit("the object needs " + ", ".join(sorted(foreign)))
    utilities = [] if name == "swapc" else [
        "-L/usr/lib/llvm-22/lib", "-Wl,-rpath,/usr/lib/llvm-22/lib", "-lmlir_c_runner_utils", "-lmlir_float16_utils", "-lm"]
    run([tool("clang"), "-shared", path + ".o", "-o", path + ".so"] + utilities)
    return ctypes.CDLL(path + ".so")


class Kernel:
    def __init__(self, name, arguments, results, attributes):
        self.name, self.arguments, self.results = name, arguments, results
        self.attributes = attributes


def tensor_types(text):
    found = re.findall(r"tensor<((?:\d+x)*)(\w+)(?:,\s*#swap\.panels<([^>]*)>)?>(?:\s*\{([^}]*)\})?", text)
    return [(tuple(int(d) for d in dims.split("x") if d), element, ("#swap.panels<%s> " % panels if panels else "") + extra) for dims, element, panels, extra in found]


def encoding(extra):
    found = re.match(r"#swap\.panels<.*?>", extra)
    return ", " + found[0] if found else ""


def pack(array, text):
    """The storage of a tensor with the #swap.panels encoding `text`."""
    def dims(name):
        return [int(d) for d in re.findall(r"\d+", (re.search(name + r" = \[([^]]*)\]", text) or ["", ""])[1])]
    found = re.search(r"dim = (\d+), width = (\d+)", text)
    if not found:
        return array
    dim, width = int(found[1]), int(found[2])
    panels = -(-array.shape[dim] // width)
    padding = [(0, panels * width - size if d == dim else 0) for d, size in enumerate(array.shape)]
    split = np.pad(array, padding).reshape(array.shape[:dim] + (panels, width) + array.shape[dim + 1:])
    outer, inner = ([d + (d > dim) for d in dims(name)] for name in ("batch", "order"))
    return np.ascontiguousarray(split.transpose(outer + [dim] + inner + [dim + 1]))


def parse_kernels(text):
    kernels = []
    for match in re.finditer(r"func\.func (?:private )?@(\w+)\((.*?)\)\s*->\s*(\(.*?\)|tensor<[^>]*>)\s*(?:attributes \{(.*?)\} \{)?", text, re.S):
        kernels.append(Kernel(match[1], tensor_types(match[2]), tensor_types(match[3]), match[4] or ""))
    return kernels


def option(text, name, default):
    found = re.search(name + r"\s*=\s*([-+.\de]+)", text)
    return float(found[1]) if found else default


def to_float(array, element):
    if element == "bf16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def schedule_kernels(swap_opt, cpu, text, kernels):
    """Gives kernels a schedule; the pass wants to see them called."""
    callers = []
    for kernel in kernels:
        types = [["tensor<%s%s%s>" % ("".join("%dx" % d for d in shape), element, encoding(extra)) for shape, element, extra in side]
                 for side in (kernel.arguments, kernel.results)]
        names = ["%%a%d" % i for i in range(len(types[0]))]
        call = "func.func @__call_%s(%s) {\n" % (kernel.name, ", ".join("%s: %s" % pair for pair in zip(names, types[0])))
        call += "  %%r:%d = swap.call @%s (%s) : (%s) -> (%s)\n  return\n}\n" % (
            len(types[1]), kernel.name, ", ".join(names), ", ".join(types[0]), ", ".join(types[1]))
        callers.append(call)
    scheduled = run([swap_opt, "--swap-schedule-kernels=cpu=%s" % cpu], text + "\n" + "".join(callers))
    return re.sub(r"\n  func\.func @__call_.*?\n  }", "", scheduled, flags=re.S)


def random_input(rng, shape, element, extra):
    if element in ("i1",):
        return rng.integers(0, 2, shape).astype(np.bool_)
    if element.startswith("i"):
        return rng.integers(int(option(extra, "test.min", 0)), int(option(extra, "test.max", 2)), shape).astype(TYPES[element])
    low, high = option(extra, "test.low", -2.0), option(extra, "test.high", 2.0)
    values = rng.uniform(low, high, shape)
    if element == "bf16":
        return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(TYPES[element])


def aligned(array):
    """A 64-byte aligned copy with a guard behind it."""
    size = array.nbytes
    raw = np.full(size + 192, 0x5A, np.uint8)
    start = -raw.ctypes.data % 64
    view = raw[start:start + size].view(array.dtype).reshape(array.shape)
    view[...] = array
    return raw, view, start + size


def memref(array):
    fields = [array.ctypes.data, array.ctypes.data, 0, *array.shape]
    fields += [s // array.itemsize for s in array.strides]
    return [ctypes.c_void_p(fields[0]), ctypes.c_void_p(fields[1])] + [ctypes.c_int64(f) for f in fields[2:]]


def check(kernel, ours, reference, schedule, arguments):
    rng = np.random.default_rng(7)
    plain = [random_input(rng, *argument) for argument in kernel.arguments]
    inputs = [aligned(pack(array, argument[2])) for array, argument in zip(plain, kernel.arguments)]
    expected = [aligned(np.zeros(shape, TYPES[element])) for shape, element, _ in kernel.results]
    tiles, scratch_bytes, in_place = schedule
    function = getattr(ours, kernel.name)
    function.restype = None
    scratch = aligned(np.zeros(max(64, scratch_bytes), np.uint8))

    def ours_into(outputs, ranges, over=None):
        """`over`: an operand to put where the result goes."""
        memory = inputs + outputs
        if over is not None:
            ctypes.memmove(outputs[0][1].ctypes.data, inputs[over][1].ctypes.data, outputs[0][1].nbytes)
            memory[over] = outputs[0]
        pointers = (ctypes.c_void_p * 64)(*[m[1].ctypes.data for m in memory])
        for begin, end in ranges:
            function(pointers, ctypes.c_int64(begin), ctypes.c_int64(end), ctypes.c_void_p(scratch[1].ctypes.data))

    runs = []
    orders = [(0, tiles)], [(t, t + 1) for t in reversed(range(tiles))]
    for over in [None] + in_place:
        for ranges in orders:
            outputs = [aligned(np.zeros(shape, TYPES[element])) for shape, element, _ in kernel.results]
            ours_into(outputs, ranges, over)
            runs.append(outputs)
    for raw, view, end in inputs + sum(runs, []) + [scratch]:
        if not (raw[end:end + 64] == 0x5A).all():
            sys.exit("%s: wrote behind a tensor" % kernel.name)
    for number, run_outputs in enumerate(runs):
        for whole, other in zip(runs[0], run_outputs):
            if whole[1].tobytes() != other[1].tobytes():
                sys.exit("%s: bits depend on %s" % (kernel.name, "how tiles are split" if number < 2 else
                                                    "whether operand %d is overwritten" % in_place[number // 2 - 1]))

    worst = 0.0
    if not arguments.no_reference:
        call = getattr(reference, kernel.name)
        call.restype = None
        call(*sum((memref(array) for array in plain + [e[1] for e in expected]), []))
        rtol = option(kernel.attributes, "test.rtol", 1e-5)
        atol = option(kernel.attributes, "test.atol", 1e-5)
        for index, (whole, wanted) in enumerate(zip(runs[0], expected)):
            element = kernel.results[index][1]
            a, b = to_float(whole[1], element).astype(np.float64), to_float(wanted[1], element).astype(np.float64)
            if element in ("f16", "bf16"):
                rtol, atol = max(rtol, 1e-2), max(atol, 1e-2)
            elif not element.startswith("f"):
                rtol = atol = 0
            else:
                atol *= max(1.0, np.nanmax(np.abs(b), initial=0.0, where=np.isfinite(b)))
            with np.errstate(invalid="ignore"):
                bad = ~(np.isclose(a, b, rtol, atol, equal_nan=True))
                error = np.nanmax(np.abs(a - b) / (np.abs(b) + 1e-3)) if a.size else 0.0
            worst = max(worst, error)
            if bad.any():
                where = np.argwhere(bad)[0]
                print("%s: result %d differs at %s: %g, not %g (%d of %d)" % (
                    kernel.name, index, where.tolist(), a[tuple(where)], b[tuple(where)], bad.sum(), bad.size), flush=True)
                return False
    line = "%s: ok, %d tiles, %d scratch, in place %s, error %.1e" % (kernel.name, tiles, scratch_bytes, in_place, worst)
    if arguments.time:
        best = 1e9
        for _ in range(30):
            start = time.perf_counter()
            ours_into(runs[0], [(0, tiles)])
            best = min(best, time.perf_counter() - start)
        moved = sum(i[1].nbytes for i in inputs + runs[0])
        line += ", %.1f us, %.1f GB/s" % (best * 1e6, moved / best / 1e9)
    print(line, flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--cpu", default="x86-64-v3")
    parser.add_argument("--kernel")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--swap-opt", default="swap-opt")
    parser.add_argument("--no-reference", action="store_true")
    arguments = parser.parse_args()
    with open(arguments.file) as file:
        text = file.read()
    if arguments.kernel:
        parts = re.split(r"(?=func\.func )", text)
        text = "".join(p for p in parts if not p.startswith("func.func") or re.match(r"func\.func (private )?@%s\(" % arguments.kernel, p))
    kernels = parse_kernels(text)
    with tempfile.TemporaryDirectory() as folder:
        folder = arguments.keep or folder
        os.makedirs(folder, exist_ok=True)
        # Without callers MLIR would drop private functions.
        public = text.replace("func.func private", "func.func")
        cpu = arguments.cpu
        if "swap.schedule" in public:
            scheduled = run([arguments.swap_opt], public)
        else:
            scheduled = schedule_kernels(arguments.swap_opt, cpu, public, kernels)
        schedules = {}
        for name, fields in re.findall(r"@(\w+)\(.*?swap\.schedule = #swap\.schedule<(.*?)>", scheduled):
            numbers = dict(re.findall(r"(\w+) = (\d+)", fields))
            listed = re.search(r"inplace = \[([\d, ]*)\]", fields)
            in_place = [int(operand) for operand in listed[1].split(",")] if listed else []
            schedules[name] = (int(numbers["panels"]) * int(numbers["tiles"]), int(numbers["scratch"]), in_place)
        lowered = run([arguments.swap_opt, "--swap-cpu-pipeline=cpu=%s" % cpu], scheduled)
        lowered = lowered.replace("hidden ", "").replace("dso_local ", "")
        ours = to_library(lowered, ["-march=%s" % cpu], folder, "swapc")
        reference = None
        if not arguments.no_reference:
            stripped = re.sub(r",\s*#swap\.panels<[^>]*>", "", public)
            stripped = re.sub(r"test\.\w+ = [-+.\de]+( : \w+)?,?\s*", "", stripped)
            stripped = re.sub(r",?\s*swap\.schedule = #swap\.schedule<[^>]*>", "", stripped)
            reference = to_library(run([tool("mlir-opt"), "--allow-unregistered-dialect"] + REFERENCE_PASSES, stripped), [], folder, "reference")
        good = [check(kernel, ours, reference, schedules[kernel.name], arguments) for kernel in kernels]
    sys.exit(0 if good and all(good) else 1)


if __name__ == "__main__":
    main()
