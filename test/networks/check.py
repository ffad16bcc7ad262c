#!/usr/bin/env python3
"""check.py [NAME...] [--work DIR] [--json FILE]: exports networks, compiles them and compares with ONNX Runtime.

Needs the packages of requirements.txt beside this file. Each network is
compiled for the largest and the smallest budget; both must agree with ONNX
Runtime, with each other to the bit, and stay inside their budgets.
`--write` puts the table into docs/networks.md.
"""
import argparse
import json
import os
import re
import sys
import time
import traceback

import numpy as np

import networks
import registry

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import swapc_testing as st

COLUMNS = ["network", "source", "exporter", "opset", "nodes", "MiB", "least MiB", "compile s", "ms", "÷ ONNX Runtime",
           "error", "options"]
DOCUMENT = os.path.join(st.SOURCE, "docs", "networks.md")


def data_bytes(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)
               if name.startswith("model.onnx"))


def reference_ms(model, inputs, least, seconds=2.0):
    session = st.reference_session(model, 2)
    session.run(None, inputs)
    samples, end = [], time.monotonic() + seconds
    while len(samples) < least or (time.monotonic() < end and len(samples) < 20):
        start = time.monotonic()
        session.run(None, inputs)
        samples.append(1e3 * (time.monotonic() - start))
    return min(samples)


def reference_model(folder, graph):
    """The model, or a copy in which MatMulNBits computes in float32, as swapc does: where its `accuracy_level` is 4,
    ONNX Runtime rounds the activations to int8."""
    import onnx

    path, changed = registry.model_path(folder), False
    for node in graph.graph.node:
        for attribute in node.attribute:
            if node.op_type == "MatMulNBits" and attribute.name == "accuracy_level":
                attribute.i, changed = 1, True
    if changed:
        path = os.path.join(folder, "reference.onnx")
        onnx.save(graph, path)
    return path


def refusal(network, model, program):
    """The cells of a network that swapc refuses, as it must and with the reason that it must give."""
    try:
        st.compile_model(model, program, ("max",))
    except st.Failure as failure:
        st.require(network.refused in str(failure), f"refused for another reason: {failure}")
        return ["refused", "", "", "", "", network.refused]
    raise st.Failure("compiles, where a refusal was expected")


def check(network, args):
    """A row of the table; st.Failure says what does not hold."""
    import onnx

    folder = networks.exported(network, args.work)
    model = registry.model_path(folder)
    with np.load(os.path.join(folder, "inputs.npz")) as file:
        inputs = {name: file[name] for name in file.files}
    graph = onnx.load(model, load_external_data=False)
    named = {i.name for i in graph.graph.input}
    inputs = {name: array for name, array in inputs.items() if name in named}
    program = os.path.join(folder, "program")
    default = {o.domain: o.version for o in graph.opset_import}[""]
    row = [network.name, network.source, network.exporter, default, len(graph.graph.node),
           round(data_bytes(folder) / st.MIB, 1)]
    if network.refused:
        return dict(zip(COLUMNS, [*row, *refusal(network, model, program)]))
    start = time.monotonic()
    st.compile_model(model, program, ("max", "min"),
                     [*st.cpu_only("--threads", "2"), *(option.format(folder=folder) for option in network.options)])
    compile_s = time.monotonic() - start
    about = st.describe(program)
    want = st.reference(reference_model(folder, graph), inputs)
    given = {t["name"]: inputs[t["name"]] for t in about["inputs"]}  # not those of --bind
    first, worst, ms = None, 0.0, None
    iterations = 20 if data_bytes(folder) < 500 * st.MIB else 2
    for plan in sorted(about["budgets"], key=lambda p: -p["budget_bytes"]):
        size = plan["budget_bytes"]
        got, stats, _ = st.run_program(program, given, ["--budget", str(size), "--threads", "2", "--iterations",
                                                         str(iterations) if first is None else "1"],
                                       st.process_limit(about, size), timeout=3600)
        if args.keep_outputs:
            np.savez(os.path.join(folder, "got.npz"), **got)
            np.savez(os.path.join(folder, "want.npz"), **want)
        worst = max(worst, st.worst_error(got, want))
        st.require(worst <= network.tolerance, f"relative error {worst:.1e} at budget {size}")
        st.require(stats["peak_bytes"] <= size, f"peak {stats['peak_bytes']} over budget {size}")
        st.require(first is None or st.same_bits(got, first), f"other bits at budget {size}")
        if first is None:
            first, ms = got, stats["latency_ms"]["min"]
    for path in (program, program + ".swap"):
        os.remove(path)
    return dict(zip(COLUMNS, [
        *row, round(min(p["budget_bytes"] for p in about["budgets"]) / st.MIB, 1), round(compile_s, 1), round(ms, 1),
        round(ms / reference_ms(model, inputs, iterations // 2), 2), f"{worst:.0e}",
        " ".join(network.options).replace("{folder}/", "")]))


def write_table(rows):
    with open(DOCUMENT) as file:
        text = file.read()
    old = re.search(r"<!-- networks -->\n(.*?)<!-- end -->", text, re.S)
    lines = [f"| {' | '.join(COLUMNS)} |", "| --- " * len(COLUMNS) + "|"]
    lines += [f"| {' | '.join(str(row[c]) for c in COLUMNS)} |" for row in rows]
    text = text[:old.start(1)] + "\n".join(lines) + "\n" + text[old.end(1):]
    with open(DOCUMENT, "w") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them by default")
    parser.add_argument("--work", default=os.path.join(st.SOURCE, "build", "networks"))
    parser.add_argument("--json", help="rows are written to, and kept rows read from, this file")
    parser.add_argument("--write", action="store_true", help="the table of docs/networks.md, from --json")
    parser.add_argument("--keep-outputs", action="store_true", help="got.npz and want.npz beside the model")
    args = parser.parse_args()
    rows, failed = {}, []
    if args.json and os.path.exists(args.json):
        with open(args.json) as file:
            rows = json.load(file)
    for name in args.names or registry.NETWORKS:
        try:
            rows[name] = check(registry.NETWORKS[name], args)
            print(" ".join(str(v) for v in rows[name].values()), flush=True)
        except Exception as error:  # the others are checked still
            if not isinstance(error, st.Failure):
                traceback.print_exc()
            print(f"{name}: {error}", flush=True)
            failed.append(name)
        if args.json:
            with open(args.json, "w") as file:
                json.dump(rows, file, indent=1)
    if args.write:
        write_table([rows[name] for name in registry.NETWORKS if name in rows])
    print(f"{len(args.names or registry.NETWORKS) - len(failed)} passed, {len(failed)} failed"
          + (": " + " ".join(failed) if failed else ""))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
