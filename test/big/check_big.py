"""Compiles and runs a network of 30 GiB of weights in little memory.

Makes one decode step of a Llama of 8 billion parameters in float32: four files, an
embedding and a head of 2 GiB each. swapc runs in a memory cgroup of 1 GiB, page cache
included, and the program in one of its budget, inputs, outputs and 24 MiB. Outputs are
compared with ONNX Runtime's, which maps the weights, and between the budgets.

Prints the table of docs/performance.md. Weights are sparse files (big_models.py), so
all of it takes about 2 GB of disk: reading holes is faster than reading a disk, and the
processor's time is what counts. --dense --layers 3 writes 3.4 GiB with every byte."""
import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time

import numpy as np

import swapc_testing as testing
from big_models import Llama

COMPILER_LIMIT = 1 << 30
GIB = 1 << 30


def used(before):
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def in_cgroup(command, limit):
    """Runs in a cgroup where there are any: (seconds, user, system, peak bytes or None)."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    peak = None
    if testing.MemoryCgroup.available():
        with testing.MemoryCgroup(limit) as cgroup:
            run = subprocess.run(cgroup.wrap(command), capture_output=True, text=True)
            peak = cgroup.read("memory.max_usage_in_bytes")
    else:
        print("not root, or no cgroup v1: nothing bounds the memory of swapc")
        run = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - begin
    testing.require(run.returncode == 0, f"{' '.join(command)} exited {run.returncode}:\n{run.stderr}")
    return seconds, *used(before), peak


def reference(model):
    """ONNX Runtime's outputs without copies of the weights: they stay mapped."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.disable_prepacking", "1")
    session = onnxruntime.InferenceSession(model.path, options, providers=["CPUExecutionProvider"])
    values = session.run(None, model.inputs())
    return {testing.file_name(o.name): v for o, v in zip(session.get_outputs(), values)}


def drop_caches(folder):
    for name in os.listdir(folder):
        descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def compile_big(model, program, budgets):
    """Compiles twice, once without weights: the rows of the first table."""
    swapc = [os.path.join(testing.build_dir(), "bin", "swapc"), model.path, "--quiet", "--budget", ",".join(budgets)]
    rows = []
    for what, options in (("plans", ["--emit", "plan", "-o", program + ".json"]), ("program and blob", ["-o", program])):
        drop_caches(os.path.dirname(model.path))
        seconds, user, system, peak = in_cgroup([*swapc, *options], COMPILER_LIMIT)
        rows.append((what, seconds, user, system, peak))
    os.remove(program + ".json")
    return rows


def run_big(model, program, budgets, want, threads):
    inputs = model.inputs()
    beside = sum(a.nbytes for a in inputs.values()) * 2 + model.vocabulary * 4 + testing.PROCESS_BYTES
    first, rows = None, []
    for plan in testing.describe(program)["budgets"]:
        limit = plan["budget_bytes"] + beside if testing.MemoryCgroup.available() else None
        got, stats, peak = testing.run_program(
            program, inputs, ["--budget", str(plan["budget_bytes"]), "--threads", str(threads)], limit, timeout=3600)
        testing.require(stats["peak_bytes"] <= plan["budget_bytes"], f"peak {stats['peak_bytes']} over the budget")
        error = max(testing.relative_error(got[name], value) for name, value in want.items()) if want else None
        testing.require(error is None or error < 1e-5, f"an error of {error:.2g}")
        same = first is None or all(np.array_equal(first[name], got[name]) for name in first)
        testing.require(same, "the budgets give different bits")
        first = first or got
        rows.append((plan["budget_bytes"], stats, peak, error))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", help="where the model is written and left (default: a temporary one)")
    parser.add_argument("--layers", type=int, default=32, help="870 MiB each")
    parser.add_argument("--dense", action="store_true", help="every weight has a value: as much disk, twice")
    parser.add_argument("--budgets", default="min,1GiB,4GiB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-reference", action="store_true", help="without ONNX Runtime, which takes a minute or two")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="swapc-big-", dir="/var/tmp")
    os.makedirs(folder, exist_ok=True)
    try:
        small = {"vocabulary": 32000, "limit": 2 << 30, "filled": 1 << 30} if options.dense else {}
        model = Llama(folder, layers=options.layers, **small)
        model.write()
        gib = model.files.total / GIB
        print(f"{gib:.2f} GiB of weights in {model.files.count} files\n")
        program = os.path.join(folder, "program")
        budgets = options.budgets.split(",")
        print("| swapc | s | user s | system s | s of the processor a GiB | MiB with page cache |")
        print("| --- | --- | --- | --- | --- | --- |")
        for what, seconds, user, system, peak in compile_big(model, program, budgets):
            print(f"| {what} | {seconds:.0f} | {user:.1f} | {system:.1f} | {(user + system) / gib:.2f} | "
                  f"{peak / testing.MIB if peak else 0:.0f} |", flush=True)
        want = None if options.no_reference else reference(model)
        print("\n| budget MiB | peak MiB | process MiB | resident MiB | streamed MiB | ms | stall ms | error |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for budget, stats, peak, error in run_big(model, program, budgets, want, options.threads):
            print(f"| {budget / testing.MIB:.1f} | {stats['peak_bytes'] / testing.MIB:.1f} | "
                  f"{peak / testing.MIB if peak else 0:.1f} | {stats['resident_bytes'] / testing.MIB:.1f} | "
                  f"{stats['streamed_bytes'] / testing.MIB:.1f} | {stats['latency_ms']['median']:.0f} | "
                  f"{stats['stall_ms']:.0f} | {'-' if error is None else f'{error:.1e}'} |", flush=True)
        blob = os.stat(program + ".swap")
        print(f"\nblob {blob.st_size / GIB:.2f} GiB, on disk {blob.st_blocks * 512 / testing.MIB:.0f} MiB")
    finally:
        if not options.folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
