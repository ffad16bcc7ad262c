#!/usr/bin/env python3
"""How far predicted times are from measured ones.

    python3 benchmarks/prediction.py MODEL.onnx... [--budgets 50%,max] [--threads 1]
                                     [--iterations 15] [--json FILE] [--keep DIR]

For each model: compiles it, lets the program measure itself (--profile),
compiles again with that profile for every budget, runs each plan, and prints
the predicted time of an inference, the median and the least that were measured,
and the ratios of the first to them. *estimated* is what swapc predicts without
a profile. The profile and the runs take turns `--rounds` times, since machines
change their speed meanwhile. Where other processes take the processor away now
and then, the least is the time that a profile, made of medians of single calls,
can predict.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402


def predict(model, budgets, args):
    """Predicted times in ms of the plans for `budgets`, and their budgets in bytes."""
    found = []
    for budget in budgets:
        run = subprocess.run(
            [os.path.join(st.build_dir(), "bin", "swapc"), model, "--quiet", "--budget", budget,
             "--emit", "plan", "-o", "-", *args], capture_output=True, text=True)
        st.require(run.returncode == 0, run.stderr)
        plan = json.loads(run.stdout)["plans"][0]
        found.append((plan["time_ms"], plan["budget_bytes"]))
    return found


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    st.require(result.returncode == 0, f"{' '.join(command)} exited {result.returncode}:\n{result.stderr}")


def measure(program, budget, threads, iterations, folder):
    stats = os.path.join(folder, "stats.json")
    run([program, "--random", "--budget", str(budget), "--threads", threads, "--warmup", "2",
         "--iterations", str(iterations), "--stats", stats])
    with open(stats) as f:
        latency = json.load(f)["latency_ms"]
    return latency["median"], latency["min"]


def compare(model, args, folder):
    name = os.path.splitext(os.path.basename(model))[0]
    budgets = args.budgets.split(",")
    threads = ["--threads", args.threads]
    program = os.path.join(folder, name)
    profile = os.path.join(folder, name + ".yaml")
    profiles = ["--profile", ",".join([*args.profile, profile])]
    estimates = predict(model, budgets, threads)
    st.compile_model(model, program, ["max"], ["--quiet", *threads])
    rows = [{"model": name, "budget": budget, "threads": int(args.threads), "estimated_ms": ms,
             "predicted_ms": [], "measured_ms": [], "least_ms": []} for budget, (ms, _) in zip(budgets, estimates)]
    for _ in range(args.rounds):
        run([program, "--profile", profile, *threads, "--iterations", str(args.iterations)])
        predictions = predict(model, budgets, [*threads, *profiles])
        st.compile_model(model, program, budgets, ["--quiet", *threads, *profiles])
        for row, (ms, budget) in zip(rows, predictions):
            row["predicted_ms"].append(ms)
            median, least = measure(program, budget, args.threads, args.iterations, folder)
            row["measured_ms"].append(median)
            row["least_ms"].append(least)
    for row in rows:
        row["predicted_ms"] = statistics.median(row["predicted_ms"])
        row["measured_ms"] = statistics.median(row["measured_ms"])
        row["least_ms"] = min(row["least_ms"])
        row["ratio"] = row["predicted_ms"] / row["measured_ms"]
        row["least_ratio"] = row["predicted_ms"] / row["least_ms"]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--budgets", default="50%,max")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--iterations", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="append", default=[], help="a profile of the machine, from swap-profile")
    parser.add_argument("--json")
    parser.add_argument("--keep", help="a folder for programs and profiles")
    args = parser.parse_args()
    rows = []
    print("| model | budget | threads | estimated ms | predicted ms | median ms | least ms | ÷ median | ÷ least |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for model in args.models:
        with tempfile.TemporaryDirectory() as folder:
            for row in compare(model, args, args.keep or folder):
                rows.append(row)
                print(f"| {row['model']} | {row['budget']} | {row['threads']} | {row['estimated_ms']:.2f} | "
                      f"{row['predicted_ms']:.2f} | {row['measured_ms']:.2f} | "
                      f"{row['least_ms']:.2f} | {row['ratio']:.2f} | {row['least_ratio']:.2f} |", flush=True)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(rows, f, indent=1)


if __name__ == "__main__":
    try:
        main()
    except st.Failure as failure:
        sys.exit(f"prediction.py: {failure}")
