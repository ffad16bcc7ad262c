#!/usr/bin/env python3
"""What a user would do today in the same memory, beside swapc.

    python3 benchmarks/today.py [MODEL...] [--budgets 50% 17.2%] [--write]

Three ways through the same network under the same limit of a memory cgroup
(budget + inputs + outputs + 24 MiB; as root, cgroup v1):

- swapc: the executable at that budget;
- ONNX Runtime with its weights in external data, which it maps. Its limit is
  raised by what its process takes before it opens a model, so that Python does
  not count. It may be killed by the kernel: then the table says so;
- reading the whole model for each inference: the compute with everything in
  memory plus one undisturbed read of all weights.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

HEADER = ("| model | budget | limit MiB | swapc ms | ONNX Runtime, mapped | its time ÷ swapc's "
          "| all weights read each time, ms | its time ÷ swapc's |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- |")

# Runs in the cgroup: says what the process takes without a model, waits until
# the limit is set, then loads and runs.
CHILD = """
import json, resource, sys, time
import numpy as np, onnxruntime as ort
model, inputs, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
feed = dict(np.load(inputs))
print("ready", flush=True)
sys.stdin.readline()
options = ort.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
options.log_severity_level = 3
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
session.run(None, feed)
times, end = [], time.monotonic() + seconds
while len(times) < 3 or (time.monotonic() < end and len(times) < 100):
    start = time.perf_counter()
    session.run(None, feed)
    times.append((time.perf_counter() - start) * 1e3)
print(json.dumps(sorted(times)[len(times) // 2]), flush=True)
"""


def onnx_runtime(model, inputs, extra, threads, seconds):
    """Median milliseconds of ONNX Runtime in `extra` bytes, or what happened instead."""
    with tempfile.TemporaryDirectory() as folder, st.MemoryCgroup(1 << 40) as cgroup:
        feed = os.path.join(folder, "inputs.npz")
        import numpy as np
        np.savez(feed, **inputs)
        child = subprocess.Popen(
            cgroup.wrap([sys.executable, "-c", CHILD, model, feed, str(threads), str(seconds)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        st.require(child.stdout.readline().strip() == "ready", "ONNX Runtime's process did not start")
        own = cgroup.read("memory.usage_in_bytes")
        with open(os.path.join(cgroup.path, "memory.limit_in_bytes"), "w") as f:
            f.write(str(own + extra))
        try:
            out, err = child.communicate("go\n", timeout=600)
        except subprocess.TimeoutExpired:
            child.kill()
            return "no result in 600 s"
        if child.returncode == -9:
            return "killed: out of memory"
        if child.returncode:
            return "failed: " + err.strip().splitlines()[-1][:80]
        return json.loads(out)


def measure(name, args):
    model = st.materialized(name, args.zoo)
    inputs = st.sample_inputs(model)
    program = st.compile_model(model, os.path.join(args.zoo, name), ["max", *args.budgets],
                               ["--threads", str(args.threads), "--mcpu", "native"])
    about = st.describe(program)
    plans = sorted(about["budgets"], key=lambda p: -p["budget_bytes"])
    common = ["--threads", str(args.threads), "--warmup", "1"]
    for budget, plan in zip(args.budgets, plans[1:]):
        size = plan["budget_bytes"]
        limit = st.process_limit(about, size)
        _, stats, _ = st.run_program(program, inputs, [*common, "--budget", str(size), "--iterations", "15"], limit)
        _, whole, _ = st.run_program(program, inputs, [*common, "--budget", str(about["model_bytes"]),
                                                      "--iterations", "10"])
        ours = stats["latency_ms"]["median"]
        reading = whole["latency_ms"]["median"] + whole["weight_bytes"] / stats["read_bytes_per_second"] * 1e3
        theirs = onnx_runtime(model, inputs, limit, args.threads, 4)
        known = isinstance(theirs, float)
        yield (f"| {name} | {budget} | {limit / st.MIB:.0f} | {ours:.1f} "
               f"| {f'{theirs:.1f} ms' if known else theirs} | {f'{theirs / ours:.2f}' if known else '-'} "
               f"| {reading:.1f} | {reading / ours:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", default=["vgg19", "bert_base", "gpt2"])
    parser.add_argument("--budgets", nargs="+", default=["50%", "17.2%"], help="largest first")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"))
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    os.makedirs(args.zoo, exist_ok=True)
    if not st.MemoryCgroup.available():
        sys.exit("today.py: needs root and the memory controller of cgroup v1")
    print(HEADER)
    lines = [HEADER]
    for name in args.models:
        for text in measure(name, args):
            print(text, flush=True)
            lines.append(text)
    if args.write:
        tables.write("today", lines)


if __name__ == "__main__":
    main()
