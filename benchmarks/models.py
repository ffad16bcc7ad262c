#!/usr/bin/env python3
"""Whole networks without a budget, beside ONNX Runtime: the table "models" of docs/performance.md.

    python3 benchmarks/models.py                          # ten models and five exported networks
    python3 benchmarks/models.py gpt2 yolov8n my.onnx     # some: names or files
    python3 benchmarks/models.py --prepare                # only exports and compiles, ...
    python3 benchmarks/models.py --prepared gpt2          # ... and only measures what is there
    python3 benchmarks/models.py --json figures.json --write    # the table goes into docs/performance.md
    python3 benchmarks/models.py --check                  # exit 1 if a promise is broken

Both compute the same inputs with the same number of threads, in turn: a round
is some runs of the program, then some of ONNX Runtime (`pip install
onnxruntime`), each after one that does not count, and gives a median of each.
*ms* are the medians of the rounds, *ratio* the median of their ratios, *error*
the largest difference of an output over its largest magnitude, *bits* whether
all numbers of threads gave the same. --json FILE keeps the rows of models that
this run does not measure.

The inputs of a file are those of inputs.npz beside it, or made up. Networks
come from test/networks, exported by the Python of build/networks/venv.
"""
import argparse
import gc
import json
import math
import os
import statistics
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

MODELS = ["vgg19", "resnet101", "mobilenet_v2", "yolov3", "fcn_resnet101", "vit_b_16",
          "bert_base", "gpt2", "llama_15m_step", "llama_1b_step"]
NETWORKS = ["efficientnet-b0", "convnext-tiny", "yolov8n", "swin-tiny", "whisper-tiny-encoder"]
LARGEST_MEAN, LARGEST_RATIO = 0.85, 1.0
HEADER = ["| model | threads | ms | ONNX Runtime ms | ratio | error | bits |", "| --- | --- | --- | --- | --- | --- | --- |"]


def exported(name, folder):
    """The model file of a network of test/networks, exported if need be."""
    path = os.path.join(folder, name, "model.onnx")
    if os.path.exists(os.path.join(folder, name, "inputs.npz")):
        return path
    script = os.path.join(SOURCE, "test", "networks", "networks.py")
    python = os.path.join(folder, "venv", "bin", "python")
    command = [python, script, name, "--out", folder]
    if not os.path.exists(python):
        raise st.Failure(f"{path} is not there, nor a Python to export it with. Once:\n"
                         f"  python3 -m venv {os.path.join(folder, 'venv')}\n"
                         f"  {python} -m pip install -r {os.path.dirname(script)}/requirements.txt\n"
                         f"  {' '.join(command)}")
    run = subprocess.run(command, capture_output=True, text=True)
    st.require(os.path.exists(path), f"{' '.join(command)} failed:\n{run.stderr[-2000:]}")
    return path


def model_file(name, args):
    if os.path.exists(name):
        return name
    return st.materialized(name, args.zoo) if name in MODELS else exported(name, args.networks)


def title(name):
    """`dir/yolov8n/model.onnx` and `yolov8n` are the same network."""
    if not name.endswith(".onnx"):
        return name
    stem = os.path.basename(name)[:-len(".onnx")]
    return os.path.basename(os.path.dirname(os.path.abspath(name))) if stem == "model" else stem


def inputs_of(path):
    beside = os.path.join(os.path.dirname(path), "inputs.npz")
    if not os.path.exists(beside):
        return st.sample_inputs(path)
    import numpy as np

    with np.load(beside) as arrays:
        return {name: arrays[name] for name in arrays.files}


def compiled(name, path, inputs, args):
    """The program; sizes that the model leaves open are those of the inputs."""
    import onnx

    program = os.path.join(args.out, title(name))
    if args.prepared:
        st.require(os.path.exists(program), f"{program} is not there: --prepare makes it")
        return program
    options, graph = [], onnx.load(path, load_external_data=False).graph
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        if value.name in inputs and any(not d.HasField("dim_value") for d in dims):
            options += ["--shape", f"{value.name}={'x'.join(map(str, inputs[value.name].shape)) or 'scalar'}"]
    return st.compile_model(path, program, ["max"], ["--threads", str(max(args.threads)), "--mcpu", args.mcpu, *options])


def measure(name, args):
    """A row for each number of threads."""
    path = model_file(name, args)
    inputs = inputs_of(path)
    program = compiled(name, path, inputs, args)
    if args.prepare:
        return []
    rows, first = [], None
    for threads in args.threads:
        session = st.reference_session(path, threads)
        want = {st.file_name(o.name): v for o, v in zip(session.get_outputs(), session.run(None, inputs))}
        ours, theirs, got = [], [], None
        for _ in range(args.rounds):
            theirs.append(st.reference_median(session, inputs, args.seconds))
            count = max(3, int(args.seconds * 1e3 / theirs[-1]))
            options = ["--threads", str(threads), "--warmup", "1", "--iterations", str(count)]
            outputs, stats, _ = st.run_program(program, inputs, options, outputs=got is None)
            got = got or outputs
            ours.append(stats["latency_ms"]["median"])
        del session
        gc.collect()
        first = first or got
        rows.append({"model": title(name), "threads": threads, "ms": statistics.median(ours),
                     "ort_ms": statistics.median(theirs),
                     "ratio": statistics.median(a / b for a, b in zip(ours, theirs)),
                     "error": st.worst_error(got, want), "same_bits": st.same_bits(got, first)})
        print(line(rows[-1]), flush=True)
    return rows


def line(row):
    return (f"| {row['model']} | {row['threads']} | {row['ms']:.2f} | {row['ort_ms']:.2f} | {row['ratio']:.2f} "
            f"| {row['error']:.1e} | {'same' if row['same_bits'] else 'DIFFERENT'} |")


def mean(rows):
    return math.exp(statistics.fmean(math.log(row["ratio"]) for row in rows))


def summary(rows):
    """Lines on each number of threads, and what breaks a promise."""
    lines, problems = [], []
    for threads in sorted({row["threads"] for row in rows}):
        some = [row for row in rows if row["threads"] == threads]
        above = [row["model"] for row in some if row["ratio"] > LARGEST_RATIO]
        lines.append(f"{threads} thread{'s' if threads > 1 else ''}: {mean(some):.2f} of ONNX Runtime's time in the "
                     f"geometric mean of {len(some)} models, {min(r['ratio'] for r in some):.2f} to "
                     f"{max(r['ratio'] for r in some):.2f}"
                     + (f"; above {LARGEST_RATIO}: {', '.join(above)}." if above else "."))
        if above or mean(some) > LARGEST_MEAN:
            problems.append(lines[-1])
    problems += [f"{row['model']}: other bits on {row['threads']} threads" for row in rows if not row["same_bits"]]
    return lines, problems


def kept_rows(path, rows):
    """The file's rows, with those of this run in place of their likes."""
    if not path:
        return rows
    old = []
    if os.path.exists(path):
        with open(path) as f:
            old = json.load(f)
    new = {(row["model"], row["threads"]): row for row in rows}
    merged = [new.pop((row["model"], row["threads"]), row) for row in old] + list(new.values())
    order = {title(name): index for index, name in enumerate(MODELS + NETWORKS)}
    merged.sort(key=lambda row: (order.get(row["model"], len(order)), row["model"], row["threads"]))
    with open(path, "w") as f:
        json.dump(merged, f, indent=1)
    return merged


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS + NETWORKS, help="names or .onnx files")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each of the two in a round")
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--build", default=st.build_dir())
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"), help="folder of the ten models")
    parser.add_argument("--networks", default=os.path.join(SOURCE, "build", "networks"))
    parser.add_argument("--out", default=os.path.join(SOURCE, "build", "benchmarks"), help="folder of the programs")
    parser.add_argument("--prepare", action="store_true", help="only export and compile")
    parser.add_argument("--prepared", action="store_true", help="only measure")
    parser.add_argument("--json", help="file of the figures")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--check", action="store_true", help="exit 1 if a promise is broken")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    os.makedirs(args.zoo, exist_ok=True)
    os.makedirs(args.out, exist_ok=True)
    rows, failures = [], []
    if not args.prepare:
        print("\n".join(HEADER), flush=True)
    for name in args.models:
        try:
            rows += measure(name, args)
        except (st.Failure, subprocess.SubprocessError) as failure:
            failures.append(f"{name}: {failure}")
    if args.prepare:
        for failure in failures:
            print("PROBLEM:", failure, file=sys.stderr)
        return 1 if failures else 0
    rows = kept_rows(args.json, rows)
    lines, problems = summary(rows)
    print("\n" + "\n".join(lines))
    if args.write:
        tables.write("models", [*HEADER, *map(line, rows), "", *lines])
    for problem in failures + (problems if args.check else []):
        print("PROBLEM:", problem, file=sys.stderr)
    return 1 if failures or args.check and problems else 0


if __name__ == "__main__":
    sys.exit(main())
