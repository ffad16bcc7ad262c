#!/usr/bin/env python3
"""The ten models at five budgets, beside ONNX Runtime: the table of docs/performance.md.

    python3 benchmarks/zoo.py                    # everything, prints the table
    python3 benchmarks/zoo.py vgg19 gpt2         # some models
    python3 benchmarks/zoo.py --write            # put it into docs/performance.md
    python3 benchmarks/zoo.py --check            # exit 1 if a promise is broken

For each number of threads the kernels and the storage are measured first, with
`PROG --profile`, and plans are made with that: *predicted* is what swapc says
then, *least* what no schedule inside the budget can beat on that device.

Every row runs in a memory cgroup whose limit is the budget, the model's inputs
and outputs, and 24 MiB (as root, where cgroup v1 is mounted). Weights are
written to build/zoo first (5 GiB). Times are medians of runs in one session
and compared as ratios, since the machine is noisy.
"""
import argparse
import gc
import json
import math
import os
import statistics
import subprocess
import sys
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

MODELS = ["vgg19", "resnet101", "mobilenet_v2", "yolov3", "fcn_resnet101", "vit_b_16",
          "bert_base", "gpt2", "llama_15m_step", "llama_1b_step"]
BUDGETS = ["max", "50%", "43.1%", "17.2%", "min"]
MUST_RUN = {"vgg19", "resnet101", "vit_b_16", "bert_base", "gpt2", "llama_15m_step", "llama_1b_step"}


def reference_times(model, inputs, threads, seconds):
    """Outputs of ONNX Runtime and its median milliseconds for each thread count."""
    times = {}
    for count in threads:
        session = st.reference_session(model, count)
        outputs = session.run(None, inputs)
        samples, end = [], time.monotonic() + seconds
        while len(samples) < 3 or (time.monotonic() < end and len(samples) < 200):
            start = time.perf_counter()
            session.run(None, inputs)
            samples.append((time.perf_counter() - start) * 1e3)
        times[count] = statistics.median(samples)
        named = {st.file_name(o.name): v for o, v in zip(session.get_outputs(), outputs)}
        del session
        gc.collect()
    return named, times


def iterations(milliseconds, seconds):
    return max(3, min(100, int(seconds * 1e3 / max(milliseconds, 1))))


def compile_all(model, out, threads, args, profiles):
    """Compiles at every budget; returns (program, its plans by budget, error text of each refused
    budget, seconds, MiB of memory)."""
    refused, accepted = {}, list(BUDGETS)
    common = [os.path.join(st.build_dir(), "bin", "swapc"), model, "--threads", str(threads), "--mcpu", args.mcpu,
              *(["--profile", ",".join(profiles)] if profiles else [])]
    started = time.monotonic()
    while True:
        command = ["/usr/bin/env", "time", "-f", "%M"] if os.path.exists("/usr/bin/time") else []
        command += [*common, "-o", out, "--budget", ",".join(accepted)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode == 0:
            memory = int(run.stderr.split()[-1]) >> 10 if command[0].endswith("env") else None
            seconds = time.monotonic() - started
            plan = subprocess.run([*common, "--emit", "plan", "-o", "-", "--budget", ",".join(accepted)],
                                  capture_output=True, text=True, check=True)
            plans = sorted(json.loads(plan.stdout)["plans"], key=lambda p: -p["budget_bytes"])
            return out, plans, refused, seconds, memory
        # Only the budgets that the plan cannot meet may fail; find out which.
        probe = {}
        for budget in accepted:
            one = subprocess.run([*common, "--emit", "plan", "-o", "-", "--budget", budget],
                                 capture_output=True, text=True)
            if one.returncode != 0:
                probe[budget] = one.stderr.strip().splitlines()[-1]
        st.require(probe and all("too small" in p for p in probe.values()), run.stderr)
        refused.update(probe)
        accepted = [b for b in accepted if b not in probe]


def measure_profile(model, out, threads, args):
    """A profile of the model's kernels on `threads` threads and of the storage under its blob."""
    program = st.compile_model(model, out, ["max"], ["--threads", str(threads), "--mcpu", args.mcpu])
    path = out + f".{threads}.yaml"
    run = subprocess.run([program, "--random", "--profile", path, "--threads", str(threads)],
                         capture_output=True, text=True)
    st.require(run.returncode == 0, run.stderr)
    return path


def measure_row(program, inputs, size, threads, limit, about_ms, args):
    """The round with the median ratio to its bound: (outputs, stats, peak of the cgroup)."""
    rounds = []
    for _ in range(args.rounds if about_ms < 500 else 1):
        rounds.append(st.run_program(
            program, inputs, ["--budget", str(size), "--threads", str(threads), "--warmup", "1",
                              "--iterations", str(iterations(about_ms, args.seconds))], limit))
    rounds.sort(key=lambda r: r[1]["latency_ms"]["median"] / max(r[1]["bound_ms"], 1e-9))
    return rounds[(len(rounds) - 1) // 2]


def bench(name, args, problems):
    model = st.materialized(name, args.zoo)
    inputs = st.sample_inputs(model)
    want, ort = reference_times(model, inputs, args.threads, args.seconds)
    tolerance = 2e-2 if name.startswith("llama") else 1e-4
    rows, baseline = [], None
    for threads in args.threads:
        out = os.path.join(args.zoo, name)
        profiles = [measure_profile(model, out, threads, args)] if args.profile else []
        program, planned, refused, seconds, memory = compile_all(model, out, threads, args, profiles)
        about = st.describe(program)
        budgets = [b for b in BUDGETS if b not in refused]
        plans = dict(zip(budgets, order_plans(planned, about, budgets)))
        for budget in BUDGETS:
            if budget in refused:
                if threads == args.threads[0]:
                    rows.append({"model": name, "budget": budget, "error": refused[budget]})
                    if budget == "17.2%" and name in MUST_RUN:
                        problems.append(f"{name} does not run at {budget}: {refused[budget]}")
                continue
            size = plans[budget]["budget_bytes"]
            limit = st.process_limit(about, size)
            got, stats, peak = measure_row(program, inputs, size, threads, limit, ort[threads], args)
            error = st.worst_error(got, want)
            baseline = baseline or got
            row = {"model": name, "budget": budget, "threads": threads, "stats": stats,
                   "predicted_ms": plans[budget]["time_ms"], "least_ms": plans[budget]["least_ms"],
                   "cgroup_peak": peak, "cgroup_limit": limit, "error_vs_ort": error,
                   "same_bits": st.same_bits(got, baseline), "ort_ms": ort[threads]}
            rows.append(row)
            ratio = stats["latency_ms"]["median"] / ort[threads]
            if stats["peak_bytes"] > size:
                problems.append(f"{name} {budget}: peak {stats['peak_bytes']} over {size}")
            if not error <= tolerance:
                problems.append(f"{name} {budget}: relative error {error:.2e} over {tolerance}")
            if not row["same_bits"]:
                problems.append(f"{name} {budget}: other bits than without a budget")
            if budget == "max" and ratio > 2:
                problems.append(f"{name} max, {threads} threads: {ratio:.2f} of ONNX Runtime's time")
            print(line(row), flush=True)
    about_compile = {"model": name, "compile_s": seconds, "compile_mib": memory, "min_bytes": about["min_bytes"],
                     "model_bytes": about["model_bytes"], "weight_bytes": about["weight_bytes"]}
    return rows, about_compile


def summary(rows):
    """Geometric means over the rows that stream, and how many keep within the limits."""
    streamed = [r for r in rows if "stats" in r and r["budget"] != "max"]
    lines = []
    for threads in sorted({r["threads"] for r in streamed}):
        some = [r for r in streamed if r["threads"] == threads]
        median = [r["stats"]["latency_ms"]["median"] for r in some]
        bound = [m / r["stats"]["bound_ms"] for m, r in zip(median, some)]
        predicted = [r["predicted_ms"] / m for m, r in zip(median, some)]
        mean = math.exp(sum(map(math.log, bound)) / len(bound))
        lines.append(f"{threads} thread{'s' if threads > 1 else ''}: time ÷ bound {mean:.2f} (geometric mean of "
                     f"{len(some)} rows), at most 1.10 in {sum(b <= 1.10 for b in bound)}; prediction within 15 % "
                     f"in {sum(0.85 <= p <= 1.15 for p in predicted)}; reading takes at most "
                     f"{max(r['stats']['read_cpu_s_per_gib'] for r in some):.3f} s of processor time a GiB.")
    return lines


def order_plans(plans, about, budgets):
    """The plan (they come largest first) for each budget name."""
    if len(plans) == len(budgets):
        return plans
    # Equal budgets (min may be 17.2 %) share a plan.
    sizes = {"max": about["model_bytes"], "min": about["min_bytes"]}
    result = []
    for budget in budgets:
        size = sizes.get(budget) or int(about["model_bytes"] * float(budget.rstrip("%")) / 100)
        result.append(min(plans, key=lambda p: abs(p["budget_bytes"] - size)))
    return result


HEADER = ("| model | budget | threads | budget MiB | peak MiB | process MiB | resident MiB | streamed MiB "
          "| ms | stall ms | bound ms | time ÷ bound | predicted ÷ time | least ÷ time | time ÷ ONNX Runtime "
          "| error | same bits |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")


def line(row):
    if "error" in row and "stats" not in row:
        text = row["error"].split("error:")[-1].strip()
        return f"| {row['model']} | {row['budget']} | | {text} |"
    s, mib = row["stats"], st.MIB
    median = s["latency_ms"]["median"]
    peak = f"{row['cgroup_peak'] / mib:.1f}" if row["cgroup_peak"] else "-"
    return (f"| {row['model']} | {row['budget']} | {row['threads']} | {s['budget_bytes'] / mib:.1f} "
            f"| {s['peak_bytes'] / mib:.1f} | {peak} | {s['resident_bytes'] / mib:.1f} "
            f"| {s['streamed_bytes'] / mib:.1f} | {median:.2f} | {s['stall_ms']:.2f} | {s['bound_ms']:.2f} "
            f"| {median / max(s['bound_ms'], 1e-9):.2f} | {row['predicted_ms'] / median:.2f} "
            f"| {row['least_ms'] / median:.2f} | {median / row['ort_ms']:.2f} "
            f"| {row['error_vs_ort']:.1e} | {'yes' if row['same_bits'] else 'NO'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"))
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=2, help="of measuring per round")
    parser.add_argument("--rounds", type=int, default=2, help="of a row below half a second")
    parser.add_argument("--no-profile", dest="profile", action="store_false", help="plan with default rates")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--json", help="write every figure here")
    parser.add_argument("--check", action="store_true", help="exit 1 if a promise is broken")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    os.makedirs(args.zoo, exist_ok=True)
    problems, rows, compiles = [], [], []
    print(HEADER)
    for name in args.models:
        try:
            model_rows, about = bench(name, args, problems)
            compiles.append(about)
            for row in model_rows:
                if "stats" not in row:
                    print(line(row), flush=True)
            rows += model_rows
        except (st.Failure, subprocess.SubprocessError) as failure:
            problems.append(f"{name}: {failure}")
            print(f"| {name} | failed |", flush=True)
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"rows": rows, "compile": compiles, "problems": problems}, f, indent=1)
    compile_lines = ["", *summary(rows), "", "| model | weights MiB | needed MiB | smallest budget MiB | compile s "
                     "| compiler's memory MiB |", "| --- | --- | --- | --- | --- | --- |"]
    for c in compiles:
        compile_lines.append(f"| {c['model']} | {c['weight_bytes'] / st.MIB:.1f} | {c['model_bytes'] / st.MIB:.1f} "
                             f"| {c['min_bytes'] / st.MIB:.2f} | {c['compile_s']:.1f} | {c['compile_mib'] or '-'} |")
    print("\n".join(compile_lines))
    if args.write:
        tables.write("zoo", [HEADER, *map(line, rows), *compile_lines])
    for problem in problems:
        print("PROBLEM:", problem, file=sys.stderr)
    print(f"{len(rows)} rows, {len(problems)} problems")
    return 1 if args.check and problems else 0


if __name__ == "__main__":
    sys.exit(main())
