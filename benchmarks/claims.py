#!/usr/bin/env python3
"""The claims of two papers, measured on the models here.

    python3 benchmarks/claims.py swapnet [MODEL...]    # SwapNet, arXiv 2401.16757
    python3 benchmarks/claims.py layering [MODEL...]   # Demand Layering, RTSS 2022

swapnet: memory cut to 1/2.32 and 1/5.81 of what the network needs; how much
latency that adds. layering: the two points that paper reports, 96.5 % less
memory (at 14.8 % more delay there) and 88.4 % less (at under 1 ms).

Every program runs inside a memory cgroup of its budget. Runs with all memory
and runs with little take turns, and medians are compared, since the machine is
noisy.
"""
import argparse
import os
import statistics
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

POINTS = {"swapnet": [100 / 2.32, 100 / 5.81], "layering": [11.6, 3.5]}
MODELS = {"swapnet": ["vgg19", "resnet101", "yolov3", "fcn_resnet101", "vit_b_16", "bert_base", "gpt2"],
          "layering": ["resnet101", "yolov3", "fcn_resnet101", "vit_b_16", "bert_base", "gpt2"]}
HEADER = ("| model | memory with everything in it, MiB | memory given, MiB | memory cut | ms with all memory "
          "| ms | latency added, ms | latency added | time ÷ bound |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")


def measure(name, args):
    model = st.materialized(name, args.zoo)
    inputs = st.sample_inputs(model)
    points = []
    for percent in POINTS[args.claim]:
        budget = f"{percent:.2f}%"
        try:
            st.compile_model(model, "-", [budget], ["--emit", "plan"])
            points.append(budget)
        except st.Failure as failure:
            yield f"| {name} | | {budget} | {str(failure).split('error:')[-1].strip()} |"
    program = st.compile_model(model, os.path.join(args.zoo, name), ["max", *points],
                               ["--threads", str(args.threads), "--mcpu", "native"])
    about = st.describe(program)
    plans = sorted(about["budgets"], key=lambda p: -p["budget_bytes"])
    stats = {p["budget_bytes"]: [] for p in plans}
    for _ in range(args.rounds):
        for size, found in stats.items():
            common = ["--threads", str(args.threads), "--warmup", "1", "--iterations", str(args.iterations)]
            found.append(st.run_program(program, inputs, [*common, "--budget", str(size)],
                                        st.process_limit(about, size), outputs=False)[1])

    def median(size, field):
        return statistics.median(field(s) for s in stats[size])

    def latency(size):
        return median(size, lambda s: s["latency_ms"]["median"])

    whole = plans[0]["budget_bytes"]
    for plan in plans[1:]:
        size = plan["budget_bytes"]
        added = latency(size) - latency(whole)
        yield (f"| {name} | {about['model_bytes'] / st.MIB:.1f} | {size / st.MIB:.1f} "
               f"| {100 - 100 * size / about['model_bytes']:.1f} % (1/{about['model_bytes'] / size:.2f}) "
               f"| {latency(whole):.1f} | {latency(size):.1f} | {added:.1f} | {100 * added / latency(whole):.1f} % "
               f"| {latency(size) / median(size, lambda s: s['bound_ms']):.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("claim", choices=sorted(POINTS))
    parser.add_argument("models", nargs="*")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=7, help="of each program in each round")
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"))
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    os.makedirs(args.zoo, exist_ok=True)
    print(HEADER)
    lines = [HEADER]
    for name in args.models or MODELS[args.claim]:
        for text in measure(name, args):
            print(text, flush=True)
            lines.append(text)
    if args.write:
        tables.write(args.claim, lines)


if __name__ == "__main__":
    main()
