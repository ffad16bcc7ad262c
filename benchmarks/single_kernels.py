#!/usr/bin/env python3
"""Single operators as shares of what the core and the memory can do, beside ONNX Runtime.

    python3 benchmarks/single_kernels.py                        # all, one thread
    python3 benchmarks/single_kernels.py product "3x3, VGG"     # cases whose group or name has that
    python3 benchmarks/single_kernels.py vector --threads 1 2
    python3 benchmarks/single_kernels.py 3x3 --conv direct
    python3 benchmarks/single_kernels.py --prepare              # only compile; --prepared: only measure
    python3 benchmarks/single_kernels.py --json figures.json --write    # table "single" of docs/performance.md
    python3 benchmarks/single_kernels.py --check                # exit 1 if a promise is broken

Models of one operator (kernel_cases.py) are compiled without a budget. peaks.c
is compiled for this machine and measures, before and after each case, the rate
of fused multiply-adds of one core and the bandwidth of reading 256 MiB on as
many threads as the case runs; the mean of the two counts. *share* is of the
one or the other, by the operations of the direct algorithm or the bytes of
operands and results. *µs* is the median time of an operator's kernels, by the
trace, without those that do little. *ratio* compares whole runs with ONNX Runtime's, in turn: those also
bring inputs and outputs into the layouts that each prefers.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import kernel_cases  # noqa: E402
import kernel_times  # noqa: E402
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

HEADER = ["| group | case | threads | µs | GFLOP/s | GB/s | share | of | ratio |",
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
# Least shares of the peak, by the begin of the group.
PROMISED = {"product": 0.9, "3x3, ResNet": 0.9, "3x3, VGG": 0.9, "depthwise": 0.5, "vector times matrix": 0.9}


def peaks_program(folder):
    path = os.path.join(folder, "peaks")
    source = os.path.join(SOURCE, "benchmarks", "peaks.c")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        subprocess.run(["clang-22", "-O3", "-march=native", source, "-o", path, "-lpthread"], check=True)
    return path


def peaks(program, threads):
    return json.loads(subprocess.run([program, str(threads)], capture_output=True, text=True, check=True).stdout)


def stem(case, folder):
    return os.path.join(folder, "".join(c if c.isalnum() else "_" for c in f"{case.group} {case.name}"))


def prepare(case, args):
    """Model, program, and the kernels with most work."""
    import onnx

    path = stem(case, args.out)
    if not args.prepared:
        onnx.save(case.build(), path + ".onnx")
        # One unit per kernel, so that a call is a whole kernel.
        options = ["--mcpu", args.mcpu, "--conv", args.conv]
        st.compile_model(path + ".onnx", path, ["max"],
                         [*options, "--threads", str(max(args.threads)), "--unit-bytes", str(1 << 30)])
        work = kernel_times.counts(path + ".onnx", options)
        most = max(w[case.memory] for w in work.values())
        with open(path + ".kernels", "w") as f:
            json.dump([name for name, w in work.items() if w[case.memory] * 2 > most], f)
    with open(path + ".kernels") as f:
        return path + ".onnx", path, json.load(f)


def reference(model, threads):
    """ONNX Runtime's session, or none where it does not know the operator in this type."""
    import onnxruntime

    try:
        session = st.reference_session(model, threads)
        session.run(None, st.sample_inputs(model))
        return session
    except (onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
            onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
            onnxruntime.capi.onnxruntime_pybind11_state.Fail, ValueError):
        return None


def measure(case, threads, peak_program, args):
    model, program, kernels = prepare(case, args)
    session, inputs = reference(model, threads), None
    if session:
        inputs = st.sample_inputs(model)
    ours, theirs, calls = [], [], []
    before = peaks(peak_program, threads)
    for _ in range(args.rounds):
        if session:
            theirs.append(st.reference_median(session, inputs, args.seconds))
        about = theirs[-1] if theirs else 20
        count = max(5, min(1000, int(args.seconds * 1e3 / about)))
        trace, runs, median = kernel_times.traced(program, count, threads)
        ours.append(median)
        for run in range(runs):
            each = ((len(trace[name]) // runs, trace[name]) for name in kernels)
            calls.append(sum(sum(times[run * n:(run + 1) * n]) for n, times in each) / case.calls)
    after = peaks(peak_program, threads)
    microseconds = statistics.median(calls)
    rate, bandwidth = case.flops / microseconds / 1e3, case.bytes / microseconds / 1e3
    read = (before["read"] + after["read"]) / 2
    peak = (before["gflops"] + after["gflops"]) / 2 * threads
    return {"group": case.group, "case": case.name, "threads": threads, "us": microseconds, "gflops": rate,
            "gbs": bandwidth, "share": bandwidth / read if case.memory else rate / peak,
            "of": f"{read:.1f} GB/s" if case.memory else f"{peak:.0f} GFLOP/s",
            "ratio": statistics.median(a / b for a, b in zip(ours, theirs)) if theirs else None}


def line(row):
    return (f"| {row['group']} | {row['case']} | {row['threads']} | {row['us']:.1f} | {row['gflops']:.1f} | {row['gbs']:.1f} "
            f"| {row['share']:.0%} | {row['of']} | {'-' if row['ratio'] is None else format(row['ratio'], '.2f')} |")


def kept_rows(path, rows):
    """The file's rows, with those of this run in place of their likes."""
    if not path:
        return rows
    merged = {}
    if os.path.exists(path):
        with open(path) as f:
            merged = {(r["group"], r["case"], r["threads"]): r for r in json.load(f)}
    merged.update({(r["group"], r["case"], r["threads"]): r for r in rows})
    order = {(case.group, case.name): index for index, case in enumerate(kernel_cases.cases())}
    rows = sorted((r for r in merged.values() if (r["group"], r["case"]) in order),
                  key=lambda r: (order[r["group"], r["case"]], r["threads"]))
    with open(path, "w") as f:
        json.dump(rows, f, indent=1)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="parts of groups or names (default: all)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.15, help="of each of the two in a round")
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--conv", default="auto", help="direct: 3x3 convolutions tap by tap")
    parser.add_argument("--build", default=st.build_dir())
    parser.add_argument("--out", default=os.path.join(SOURCE, "build", "benchmarks", "single"), help="folder of the programs")
    parser.add_argument("--prepare", action="store_true", help="only compile")
    parser.add_argument("--prepared", action="store_true", help="only measure")
    parser.add_argument("--json", help="file of the figures; rows of other cases stay")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--check", action="store_true", help="exit 1 if a promise is broken")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    os.makedirs(args.out, exist_ok=True)
    peak_program = peaks_program(args.out)
    chosen = [case for case in kernel_cases.cases()
              if not args.cases or any(part in f"{case.group} {case.name}" for part in args.cases)]
    rows = []
    if not args.prepare:
        print("\n".join(HEADER), flush=True)
    for case in chosen:
        if args.prepare:
            prepare(case, args)
            continue
        for threads in args.threads:
            rows.append(measure(case, threads, peak_program, args))
            print(line(rows[-1]), flush=True)
    if args.prepare:
        return 0
    rows = kept_rows(args.json, rows)
    if args.write:
        tables.write("single", [*HEADER, *map(line, rows)])
    broken = [row for row in rows if row["share"] < PROMISED.get(row["group"], 0)]
    if args.check:
        for row in broken:
            print("PROBLEM: below", f"{PROMISED[row['group']]:.0%}:", line(row), file=sys.stderr)
    return 1 if args.check and broken else 0


if __name__ == "__main__":
    sys.exit(main())
