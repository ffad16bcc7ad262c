#!/usr/bin/env python3
"""Runs the row kernels of a .mlir file on the emulated GPU and compares with
MLIR's own bufferization and scalar loops, or with swapc's CPU code.

usage: row_check.py FILE.mlir [--kernel NAME] [--reference cpu] [--source FILE]

The file is one of kernel_check.py's, whose attributes steer this check too. Each
kernel is run whole, and tile by tile in reverse order, and with the result in
the memory of each operand that the schedule lists as `inplace`: all must give
the same bits."""
import argparse
import ctypes
import os
import re
import sys
import tempfile

import numpy as np

import emulated_cuda as ec

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "CPU"))
import kernel_check as kc

CPU = "x86-64-v3"


def schedule(swap_opt, text, kernels, folder):
    """The scheduled module and the CUDA C++."""
    callers = []
    for kernel in kernels:
        types = [["tensor<%s%s>" % ("".join("%dx" % d for d in shape), element) for shape, element, _ in side]
                 for side in (kernel.arguments, kernel.results)]
        names = ["%%a%d" % i for i in range(len(types[0]))]
        callers.append("func.func @__call_%s(%s) {\n  %%r:%d = swap.call @%s (%s) : (%s) -> (%s)\n  return\n}\n" % (
            kernel.name, ", ".join("%s: %s" % pair for pair in zip(names, types[0])), len(types[1]), kernel.name,
            ", ".join(names), ", ".join(types[0]), ", ".join(types[1])))
    scheduled = os.path.join(folder, "scheduled.mlir")
    source = kc.run([swap_opt, "--swap-schedule-cuda-kernels", "--swap-print-cuda-source", "-o", scheduled],
                    text + "\n" + "".join(callers))
    with open(scheduled) as file:
        return file.read(), source


def launch_of(scheduled, name):
    gpu = re.search(r"func\.func (?:private )?@%s\(.*?#swap\.gpu<(.*?)>, .*?#swap\.schedule<(.*?)>" % name, scheduled)
    numbers = dict(re.findall(r"(\w+) = (\d+)", gpu[1] + ", " + gpu[2]))
    found = re.search(r"inplace = \[([\d, ]*)\]", gpu[2])
    return gpu[1].split(",")[0], {k: int(v) for k, v in numbers.items()}, [int(i) for i in found[1].split(",")] if found else []


def call(library, name, arrays, results, over, ranges, launch):
    """Runs ranges of tiles; gives the results. `over`: an operand whose memory
    the result takes."""
    memory = [ec.DeviceMemory(a.nbytes, 16) for a in arrays + results]
    for m, array in zip(memory, arrays):
        m.view()[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for m in memory[len(arrays):]:
        m.view()[:] = 0xff
    scratch = ec.DeviceMemory(launch["scratch"], 16)
    scratch.view()[:] = 0xff
    words = [m.address for m in memory]
    first = len(arrays)
    if over is not None:
        words[first] = words[over]
    words.append(scratch.address)
    function = getattr(library, name + "_emulated")
    for begin, end in ranges:
        grid = ec.launch_words(begin, end)
        function((ctypes.c_uint64 * (len(words) + 4))(*words, *grid[1:]), grid[0], 1, launch["threads"], 0)
    got = []
    for number, result in enumerate(results):
        m = memory[over if over is not None else first + number]
        got.append(m.view().copy().view(result.dtype).reshape(result.shape))
    for number, (m, array) in enumerate(zip(memory, arrays)):
        if number != over and m.view().tobytes() != np.ascontiguousarray(array).tobytes():
            sys.exit("%s: wrote to operand %d" % (name, number))
    for m in memory + [scratch]:
        m.close()
    return got


def make_reference(arguments, text, kernels, folder):
    """A function of kernel, inputs and results that fills in the results."""
    if arguments.reference == "loops":
        stripped = re.sub(r"test\.\w+ = [-+.\de]+( : \w+)?,?\s*", "", text)
        library = kc.to_library(kc.run([kc.tool("mlir-opt"), "--allow-unregistered-dialect"] + kc.REFERENCE_PASSES,
                                       stripped), [], folder, "reference")

        def by_loops(kernel, inputs, results):
            function = getattr(library, kernel.name)
            function.restype = None
            function(*sum((kc.memref(array) for array in inputs + results), []))
        return by_loops
    scheduled = kc.schedule_kernels(arguments.swap_opt, CPU, text, kernels)
    lowered = kc.run([arguments.swap_opt, "--swap-cpu-pipeline=cpu=%s" % CPU], scheduled)
    lowered = lowered.replace("hidden ", "").replace("dso_local ", "")
    library = kc.to_library(lowered, ["-march=" + CPU], folder, "swapc")

    def by_cpu(kernel, inputs, results):
        fields = re.search(r"@%s\(.*?swap\.schedule = #swap\.schedule<(.*?)>" % kernel.name, scheduled)[1]
        numbers = {k: int(v) for k, v in re.findall(r"(\w+) = (\d+)", fields)}
        scratch = kc.aligned(np.zeros(max(64, numbers["scratch"]), np.uint8))[1]
        pointers = (ctypes.c_void_p * 64)(*[array.ctypes.data for array in inputs + results])
        function = getattr(library, kernel.name)
        function.restype = None
        function(pointers, ctypes.c_int64(0), ctypes.c_int64(numbers["tiles"]), ctypes.c_void_p(scratch.ctypes.data))
    return by_cpu


def differs(kernel, index, got, wanted):
    """A message where the results are too far apart, and the largest error."""
    element = kernel.results[index][1]
    a, b = kc.to_float(got, element).astype(np.float64), kc.to_float(wanted, element).astype(np.float64)
    rtol, atol = kc.option(kernel.attributes, "test.rtol", 1e-5), kc.option(kernel.attributes, "test.atol", 1e-5)
    if element in ("f16", "bf16"):
        rtol, atol = max(rtol, 1e-2), max(atol, 1e-2)
    elif not element.startswith("f"):
        rtol = atol = 0
    else:
        atol *= max(1.0, np.nanmax(np.abs(b), initial=0.0, where=np.isfinite(b)))
    with np.errstate(invalid="ignore"):
        bad = ~np.isclose(a, b, rtol, atol, equal_nan=True)
        error = np.nanmax(np.abs(a - b) / (np.abs(b) + 1e-3)) if a.size else 0.0
    if not bad.any():
        return "", error
    where = np.argwhere(bad)[0]
    return "result %d differs at %s: %g, not %g (%d of %d)" % (
        index, where.tolist(), a[tuple(where)], b[tuple(where)], bad.sum(), bad.size), error


def check(kernel, library, scheduled, reference):
    name = kernel.name
    rng = np.random.default_rng(7)
    inputs = [kc.aligned(kc.random_input(rng, *argument))[1] for argument in kernel.arguments]
    results = [kc.aligned(np.zeros(shape, kc.TYPES[element]))[1] for shape, element, _ in kernel.results]
    variant, launch, in_place = launch_of(scheduled, name)
    tiles = launch["tiles"]
    whole = call(library, name, inputs, results, None, [(0, tiles)], launch)
    runs = [("how tiles are split", None, [(t, t + 1) for t in reversed(range(tiles))])] if tiles < 300 else []
    runs += [("whether operand %d is overwritten" % over, over, [(0, tiles)]) for over in in_place]
    for what, over, ranges in runs:
        for a, b in zip(whole, call(library, name, inputs, results, over, ranges, launch)):
            if a.tobytes() != b.tobytes():
                sys.exit("%s: bits depend on %s" % (name, what))
    reference(kernel, inputs, results)
    errors = []
    for index, (got, wanted) in enumerate(zip(whole, results)):
        message, error = differs(kernel, index, got, wanted)
        errors.append(error)
        if message:
            print("%s: %s %s" % (name, variant, message), flush=True)
            return False
    print("%s: ok, %s, %d tiles of %d, %d scratch, in place %s, error %.1e" % (
        name, variant, tiles, launch["threads"], launch["scratch"], in_place, max(errors)), flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--swap-opt", default="swap-opt")
    parser.add_argument("--kernel")
    parser.add_argument("--reference", choices=["loops", "cpu"], default="loops")
    parser.add_argument("--source", help="keep the CUDA C++ here")
    arguments = parser.parse_args()
    with open(arguments.file) as file:
        text = file.read().replace("func.func private", "func.func")
    if arguments.kernel:
        parts = re.split(r"(?=func\.func )", text)
        text = "".join(p for p in parts if not p.startswith("func.func") or
                       re.match(r"func\.func @%s\(" % arguments.kernel, p))
    kernels = kc.parse_kernels(text)
    with tempfile.TemporaryDirectory() as folder:
        scheduled, source = schedule(arguments.swap_opt, text, kernels, folder)
        if arguments.source:
            with open(arguments.source, "w") as file:
                file.write(source)
        library = ctypes.CDLL(ec.build(source))
        reference = make_reference(arguments, text, kernels, folder)
        good = [check(kernel, library, scheduled, reference) for kernel in kernels]
    sys.exit(0 if good and all(good) else 1)


if __name__ == "__main__":
    main()
