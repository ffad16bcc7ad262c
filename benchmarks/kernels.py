#!/usr/bin/env python3
"""Where a model's compute goes: every kernel's time, share and rate, one thread.

    python3 benchmarks/kernels.py MODEL.onnx [--mcpu native] [--iterations 20] [--top 25]

Compiles MODEL without swapping, runs it with --trace, and prints for each
kernel function its calls, the least time of a call over the iterations, its
share of the sum, and GFLOP/s by the compiler's count of operations.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402


def operations(model, mcpu):
    """Floating-point operations of each kernel function."""
    swapc = os.path.join(st.build_dir(), "bin", "swapc")
    text = subprocess.run([swapc, model, "--emit", "kernel-ir", "--mcpu", mcpu, "--quiet"],
                          capture_output=True, text=True, check=True).stdout
    found = re.findall(r"func\.func private @(\w+)\(.*#swap\.schedule<.*flops = (\d+)>", text)
    return {name: int(flops) for name, flops in found}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--top", type=int, default=25)
    args = parser.parse_args()
    flops = operations(args.model, args.mcpu)
    with tempfile.TemporaryDirectory() as folder:
        # One unit per kernel, so that a call is a whole kernel.
        program = st.compile_model(args.model, os.path.join(folder, "model"), ["max"],
                                   ["--mcpu", args.mcpu, "--unit-bytes", str(1 << 30)])
        trace = os.path.join(folder, "trace.json")
        subprocess.run([program, "--random", "--threads", "1", "--warmup", "1", "--iterations",
                        str(args.iterations), "--trace", trace], check=True, capture_output=True)
        with open(trace) as f:
            events = [e for e in json.load(f)["traceEvents"] if e["ph"] == "X" and e["tid"] == 1]
    times = collections.defaultdict(list)
    for event in events:
        times[event["name"]].append(event["dur"])
    runs = args.iterations + 1 if sum(map(len, times.values())) % (args.iterations + 1) == 0 else args.iterations
    rows = []
    for name, durations in times.items():
        calls, best = len(durations) // runs, min(durations)
        rows.append((calls * best, calls, best, name))
    total = sum(row[0] for row in rows)
    print(f"{total / 1e3:.2f} ms in kernels of {os.path.basename(args.model)}, one thread, least of {runs} runs")
    print("| kernel | calls | µs a call | share | GFLOP/s |\n| --- | --- | --- | --- | --- |")
    for spent, calls, best, name in sorted(rows, reverse=True)[: args.top]:
        rate = flops.get(name, 0) / best / 1e3
        print(f"| {name} | {calls} | {best:.1f} | {spent / total:.1%} | {rate:.1f} |")


if __name__ == "__main__":
    main()
