#!/usr/bin/env python3
"""The smallest feasible budget of each model, what sets it, and what it was before.

    python3 benchmarks/floor.py [MODEL...] [--write]

*before* is commit b48fc6e: no updates in place, no bands of rows, units of up to
1 MiB; its smallest budget left no room to read ahead. *repeated* is the compute
that bands of rows do twice, of the whole model's.
"""
import argparse
import json
import os
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

BEFORE = {"vgg19": 25837568, "resnet101": 7297024, "mobilenet_v2": 6028032, "yolov3": 33312768,
          "fcn_resnet101": 30347264, "vit_b_16": 5341184, "bert_base": 3448832, "gpt2": 2244608,
          "llama_15m_step": 2375680, "llama_1b_step": 18034688}
HEADER = ("| model | needed MiB | before | now | of before | set by | repeated |\n"
          "| --- | --- | --- | --- | --- | --- | --- |")


def measure(name, args):
    model = st.materialized(name, args.zoo)
    path = os.path.join(args.zoo, name + ".plan.json")
    st.compile_model(model, path, ["min", "max"], ["--emit", "plan", "--threads", "1", "--mcpu", "native"])
    with open(path) as f:
        plan = json.load(f)
    os.remove(path)
    small, large = sorted(plan["plans"], key=lambda p: p["budget_bytes"])
    now = plan["min_bytes"]
    node = f" ({plan['min_node']})" if plan["min_node"] else ""
    return (f"| {name} | {plan['model_bytes'] / st.MIB:.1f} | {BEFORE[name] / st.MIB:.2f} | {now / st.MIB:.2f} "
            f"| {100 * now / BEFORE[name]:.0f} % | {plan['min_kernel']}{node} "
            f"| {100 * (small['compute_ms'] / large['compute_ms'] - 1):.1f} % |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(BEFORE))
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"))
    parser.add_argument("--write", action="store_true", help="into docs/planning.md")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    os.makedirs(args.zoo, exist_ok=True)
    lines = [HEADER]
    print(HEADER)
    for name in args.models:
        lines.append(measure(name, args))
        print(lines[-1], flush=True)
    if args.write:
        tables.write("floor", lines, "planning.md")


if __name__ == "__main__":
    main()
