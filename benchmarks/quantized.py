#!/usr/bin/env python3
"""Quantised forms of the models, beside the float ones and ONNX Runtime: a table of docs/performance.md.

    python3 benchmarks/quantized.py                    # everything, prints the table
    python3 benchmarks/quantized.py mobilenet_v2 gpt2  # some models
    python3 benchmarks/quantized.py --write            # put it into docs/performance.md

ONNX Runtime's quantiser writes them (`pip install onnxruntime onnx-ir`); its own kernels compute what they
are compared with. *blob* is what the weights take on storage, with the float model's share behind it;
*of float* and *of ORT* are times over those of the float model compiled by swapc and of ONNX Runtime
on the quantised one; *error* is the largest difference of an output over its largest magnitude, from
ONNX Runtime on the quantised model; *drift* the same of ONNX Runtime's float and quantised outputs.
Programs and ONNX Runtime run in turn, some rounds of it; a time is the least of all runs, since others
use the machine, too. One thread unless --threads says otherwise.
"""
import argparse
import os
import sys
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

# Model, and the forms that people give it.
FORMS = [("mobilenet_v2", "qdq"), ("mobilenet_v2", "qdq-channel"), ("mobilenet_v2", "qoperator"),
         ("resnet101", "qdq-channel"), ("resnet101", "qoperator"),
         ("bert_base", "qdq"), ("bert_base", "dynamic"), ("gpt2", "4bit"), ("llama_15m_step", "4bit")]
TEXT = {"qdq": "QDQ, int8, a scale a tensor", "qdq-channel": "QDQ, int8, a scale a channel",
        "qoperator": "QOperator, int8", "dynamic": "dynamic, int8", "4bit": "MatMulNBits, 4 bits, blocks of 32"}


class Calibration:
    """The sample inputs, and what is as large, for a static quantiser."""

    def __init__(self, inputs, count=2):
        import numpy as np

        rng = np.random.default_rng(3)
        feeds = [inputs]
        for _ in range(count - 1):
            feeds.append({name: rng.permuted(array.ravel()).reshape(array.shape) for name, array in inputs.items()})
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def products_of(model):
    """The model with MatMul and Add in place of Gemm, which the quantiser passes by."""
    from onnx import helper, numpy_helper

    weights = {t.name: t for t in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        options = {a.name: a.i or a.f for a in node.attribute}
        if node.op_type != "Gemm" or options.get("transA") or node.input[1] not in weights:
            nodes.append(node)
            continue
        weight, product = node.input[1], node.output[0] + ".product"
        if options.get("transB"):
            weight += ".turned"
            if weight not in weights:
                array = numpy_helper.to_array(weights[node.input[1]])
                weights[weight] = numpy_helper.from_array(array.T.copy(), weight)
                model.graph.initializer.append(weights[weight])
        if len(node.input) < 3:
            product = node.output[0]
        else:
            nodes.append(helper.make_node("Add", [product, node.input[2]], [node.output[0]], node.name))
        nodes.insert(len(nodes) - (len(node.input) > 2),
                     helper.make_node("MatMul", [node.input[0], weight], [product], node.name + ".product"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def quantize(name, form, folder):
    """The path of a quantised model, written once."""
    path = os.path.join(folder, f"{name}.{form}.onnx")
    if os.path.exists(path + ".done"):
        return path
    from onnxruntime import quantization as q

    source = st.materialized(name, folder)
    for stale in (path, path + ".data"):
        if os.path.exists(stale):
            os.remove(stale)
    if form == "4bit":
        import onnx
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

        quantizer = MatMulNBitsQuantizer(products_of(onnx.load(source)), block_size=32, is_symmetric=True)
        quantizer.process()
        onnx.save(quantizer.model.model, path)
    elif form == "dynamic":
        q.quantize_dynamic(source, path, weight_type=q.QuantType.QInt8)
    else:
        formats = {"qoperator": q.QuantFormat.QOperator}
        q.quantize_static(source, path, Calibration(st.sample_inputs(source)),
                          quant_format=formats.get(form, q.QuantFormat.QDQ), per_channel=form == "qdq-channel",
                          activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8)
    open(path + ".done", "w").close()
    return path


def run_reference(session, inputs, seconds):
    """ONNX Runtime's least milliseconds."""
    samples, end = [], time.monotonic() + seconds
    while len(samples) < 3 or (time.monotonic() < end and len(samples) < 200):
        start = time.perf_counter()
        session.run(None, inputs)
        samples.append((time.perf_counter() - start) * 1e3)
    return min(samples)


def outputs_of(session, inputs):
    return {st.file_name(o.name): v for o, v in zip(session.get_outputs(), session.run(None, inputs))}


def run_program(program, inputs, budget, about_ms, args):
    count = max(3, min(100, int(args.seconds * 1e3 / max(about_ms, 1))))
    got, stats, _ = st.run_program(program, inputs, ["--budget", budget, "--threads", str(args.threads),
                                                     "--warmup", "1", "--iterations", str(count)])
    return got, stats


def build(model, out, args):
    return st.compile_model(model, out, ["min", "max"], ["--threads", str(args.threads), "--mcpu", args.mcpu])


def bench(name, form, args):
    plain, model = st.materialized(name, args.zoo), quantize(name, form, args.zoo)
    inputs = st.sample_inputs(plain)
    session = st.reference_session(plain, args.threads)
    drift_from = outputs_of(session, inputs)
    del session
    session = st.reference_session(model, args.threads)
    want = outputs_of(session, inputs)
    floats = build(plain, os.path.join(args.zoo, name), args)
    program = build(model, os.path.join(args.zoo, f"{name}.{form}"), args)
    times = {"float": [], "ort": [], "max": [], "min": []}
    for _ in range(args.rounds):
        times["ort"].append(run_reference(session, inputs, args.seconds))
        about = times["ort"][-1]
        times["float"].append(run_program(floats, inputs, "max", about, args)[1]["latency_ms"]["min"])
        got, stats = run_program(program, inputs, "max", about, args)
        times["max"].append(stats["latency_ms"]["min"])
        small, least = run_program(program, inputs, "min", about, args)
        times["min"].append(least["latency_ms"]["min"])
    st.require(st.same_bits(got, small), f"{name} {form}: other bits at the smallest budget")
    st.require(least["peak_bytes"] <= least["budget_bytes"], f"{name} {form}: the peak exceeds the budget")
    ms = {what: min(samples) for what, samples in times.items()}
    size, whole = (st.describe(p)["weight_bytes"] for p in (program, floats))
    error, drift = st.worst_error(got, want), st.worst_error(want, drift_from)
    return (f"| {name} | {TEXT[form]} | {size / st.MIB:.1f} MiB, {size / whole:.0%} | {ms['max']:.2f} ms "
            f"| {ms['max'] / ms['float']:.2f} | {ms['max'] / ms['ort']:.2f} | {least['peak_bytes'] / st.MIB:.2f} MiB "
            f"| {ms['min']:.2f} ms | {error:.1e} | {drift:.1e} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="names of models, NAME.FORM for one form (default: all)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4, help="for one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--zoo", default=os.path.join(SOURCE, "build", "zoo"), help="folder for weights and models")
    parser.add_argument("--mcpu", default="native")
    parser.add_argument("--prepare", action="store_true", help="only write the models")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    lines = ["| model | form | blob | time | of float | of ORT | least memory | time there | error | drift |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    os.makedirs(args.zoo, exist_ok=True)
    for name, form in FORMS:
        if args.models and name not in args.models and f"{name}.{form}" not in args.models:
            continue
        if args.prepare:
            quantize(name, form, args.zoo)
            continue
        lines.append(bench(name, form, args))
        print(lines[-1], flush=True)
    if args.write:
        tables.write("quantized", lines)


if __name__ == "__main__":
    main()
