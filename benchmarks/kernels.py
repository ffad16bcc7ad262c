#!/usr/bin/env python3
"""Where a model's compute goes: every kernel's time, share and rates.

    python3 benchmarks/kernels.py MODEL.onnx [--threads 1] [--mcpu native] [--iterations 20] [--top 25]

Compiles MODEL without swapping, runs it with --trace, and prints for each
kernel function its calls, the least time of a call over the iterations, its
share of the sum, and GFLOP/s and GB/s by the compiler's count of operations and
the bytes of operands and results. A convolution that takes fewer products counts
as if it were computed tap by tap, so that its rate may be above the peak.
"""
import argparse
import os
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import kernel_times  # noqa: E402
import swapc_testing as st  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--top", type=int, default=25)
    args = parser.parse_args()
    work = kernel_times.counts(args.model, ["--mcpu", args.mcpu])
    with tempfile.TemporaryDirectory() as folder:
        # One unit per kernel, so that a call is a whole kernel.
        program = st.compile_model(args.model, os.path.join(folder, "model"), ["max"],
                                   ["--mcpu", args.mcpu, "--threads", str(args.threads), "--unit-bytes", str(1 << 30)])
        times, runs, _ = kernel_times.traced(program, args.iterations, args.threads)
    rows = []
    for name, durations in times.items():
        calls, best = len(durations) // runs, min(durations)
        rows.append((calls * best, calls, best, name))
    total = sum(row[0] for row in rows)
    print(f"{total / 1e3:.2f} ms in kernels of {os.path.basename(args.model)}, {args.threads} thread{'s' * (args.threads > 1)}, "
          f"least of {runs} runs")
    print("| kernel | calls | µs a call | share | GFLOP/s | GB/s |\n| --- | --- | --- | --- | --- | --- |")
    for spent, calls, best, name in sorted(rows, reverse=True)[: args.top]:
        flops, size = (count / best / 1e3 for count in work.get(name, (0, 0)))
        print(f"| {name} | {calls} | {best:.1f} | {spent / total:.1%} | {flops:.1f} | {size:.1f} |")


if __name__ == "__main__":
    main()
