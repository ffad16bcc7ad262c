#!/usr/bin/env python3
"""What compiling costs: time, processor time and memory, without the cache of kernels and with it.

    python3 benchmarks/compile_cost.py [MODEL.onnx...] [--zoo DIR] [--mcpu native] [--write]

Each model is compiled three times with a cache of its own: the first run finds
it empty, the second compiles the same again, the third plans for another budget
and fewer threads. The blob is written each time. Memory is the most that the
process had, with the pages of files that it reads mapped, beside it the model's
largest tensor. Without models: the ten of test/models, with weights in --zoo,
and the networks that are in build/networks (test/networks/networks.py).
"""
import argparse
import glob
import os
import re
import shutil
import sys
import tempfile
import time

import tables

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402


def compile_once(model, folder, *options):
    """Seconds, processor seconds, MiB, and what swapc said."""
    command = [os.path.join(st.build_dir(), "bin", "swapc"), model, "-o", os.path.join(folder, "model"), "--timing",
               *options]
    for path in glob.glob(os.path.join(folder, "model*")):  # twice the blob may be too much for a disk
        os.remove(path)
    with open(os.path.join(folder, "log"), "w+") as log:
        begin = time.monotonic()
        pid = os.posix_spawn(command[0], command, os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, log.fileno(), 2)])
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - begin
        log.seek(0)
        text = log.read()
    st.require(status == 0, text)
    peak, unit = re.search(r"peak of memory ([\d.]+) (\w+)", text).groups()
    return seconds, usage.ru_utime + usage.ru_stime, float(peak) * {"MiB": 1, "GiB": 1024}[unit], text


def largest_tensor(model):
    """MiB of the largest parameter in the file."""
    import math
    import onnx
    graph = onnx.load(model, load_external_data=False).graph
    sizes = [math.prod(tensor.dims) * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
             for tensor in graph.initializer]
    return max(sizes, default=0) / 2**20


def options_of(model):
    """What swapc needs beside a network's file, as test/networks knows it."""
    sys.path.insert(0, os.path.join(SOURCE, "test", "networks"))
    import networks
    network = networks.registry.NETWORKS.get(os.path.basename(os.path.dirname(model)))
    return network.options if network else ()


def row(model, name, mcpu):
    print(name, file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        common = ["--mcpu", mcpu, "--cache", os.path.join(folder, "cache"), *options_of(model)]
        first = compile_once(model, folder, *common)
        again = compile_once(model, folder, *common)
        other = compile_once(model, folder, *common, "--budget", "40%", "--threads", "1")
        found = re.search(r"(\d+) of (\d+) kernels were in the cache", again[3])
        st.require(found and found[1] == found[2] and "in the cache" in other[3], again[3] + other[3])
        blob = os.path.getsize(os.path.join(folder, "model.swap")) / 2**20
        shutil.rmtree(os.path.join(folder, "cache"))
    return (f"| {name} | {blob:.1f} | {found[2]} | {first[0]:.1f} | {first[1]:.1f} | {again[0]:.1f} | {again[1]:.1f} "
            f"| {other[0]:.1f} | {first[2]:.0f} | {largest_tensor(model):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"), help="folder for weights")
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    args = parser.parse_args()
    models = args.models
    if not models:
        zoo = sorted(glob.glob(os.path.join(SOURCE, "test", "models", "*.onnx")))
        models = [st.materialized(os.path.splitext(os.path.basename(path))[0], args.zoo) for path in zoo]
        models += sorted(glob.glob(os.path.join(SOURCE, "build", "networks", "*", "model.onnx")))
    lines = ["| model | blob MiB | kernels | s | processor s | again s | processor s | other budget s | peak MiB "
             "| largest tensor MiB |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for model in models:
        stem = os.path.splitext(os.path.basename(model))[0]
        name = os.path.basename(os.path.dirname(model)) if stem == "model" else stem
        lines.append(row(model, name, args.mcpu))
        print(lines[-1], flush=True)
    if args.write:
        tables.write("compile cost", lines)


if __name__ == "__main__":
    main()
