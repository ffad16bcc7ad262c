"""What a run costs whose size is below the bound that its program has.

    python benchmarks/dynamic.py FOLDER [bert_base|gpt2|mobilenet_v2 ...]

Makes the models of the zoo symbolic in their sequence or batch, compiles each
once for a bound and once for each size alone, and runs both at these sizes:
times, whether the bits are the same, and ONNX Runtime beside them.
"""
import os
import sys
import time

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "support"))
import swapc_testing as testing

# model: the dimension of its input, its size in the zoo, its name, the bound, sizes to run
MODELS = {
    "bert_base": (1, 128, "seq", 512, (16, 128, 512)),
    "gpt2": (1, 64, "seq", 512, (16, 128, 512)),
    "mobilenet_v2": (0, 1, "batch", 8, (1, 3, 8)),
}


def grown(array, axes, most):
    """A table of the exporter's for its own size, for `most`: positions, or a mask of pairs."""
    if len(axes) == 1:
        shape = list(array.shape)
        shape[axes[0]] = most
        table = np.moveaxis(np.broadcast_to(np.arange(most, dtype=array.dtype), shape[:axes[0]] + shape[axes[0] + 1:] + [most]),
                            -1, axes[0])
    else:
        pairs = array.reshape(array.shape[-2:])
        table = np.where(np.tril(np.ones((most, most), bool)), pairs[1, 0], pairs[0, 1]).astype(array.dtype)
        table = table.reshape(array.shape[:-2] + (most, most))
    front = tuple(slice(0, size) for size in array.shape)
    assert np.array_equal(table[front], array)
    return np.ascontiguousarray(table)


def symbolic(name, path, out):
    """The model with its dimension symbolic: reshapes by -1, tables cut to the size."""
    axis, size, symbol, most, _ = MODELS[name]
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    known = shape_inference.infer_shapes(model).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
              for v in [*known.value_info, *known.output]}
    weights = {w.name: w for w in graph.initializer}
    first, added = [], []
    if axis == 1:
        first.append(helper.make_node("Shape", [graph.input[0].name], ["size"], start=axis, end=axis + 1))
    for node in graph.node:
        if node.op_type != "Reshape":
            continue
        target = numpy_helper.to_array(weights[node.input[1]]).tolist()
        full = list(shapes[node.output[0]])
        where = [i for i, n in enumerate(target) if n == size or (n == -1 and full[i] == size)]
        if not where:
            continue
        full[where[0]] = -1
        node.input[1] = f"shape_of_{node.output[0]}"
        added.append(numpy_helper.from_array(np.array(full, np.int64), node.input[1]))
        for attribute in node.attribute:
            if attribute.name == "allowzero":
                attribute.i = 0
    used = {w for n in graph.node if n.op_type in ("MatMul", "Gemm") for w in n.input}
    for weight in list(graph.initializer):
        axes = [i for i, n in enumerate(weight.dims) if n == size]
        if axis != 1 or not axes or weight.name in used or "weight" in weight.name:
            continue
        onnx.external_data_helper.load_external_data_for_tensor(weight, os.path.dirname(path)) \
            if weight.data_location else None
        table = grown(numpy_helper.to_array(weight), axes, most)
        names = [f"{weight.name}_{part}" for part in ("table", "from", "axes", "to")]
        for part, value in zip(names, (table, np.zeros(len(axes), np.int64), np.array(axes, np.int64))):
            added.append(numpy_helper.from_array(value, part))
        first.append(helper.make_node("Concat", ["size"] * len(axes), [names[3]], axis=0))
        first.append(helper.make_node("Slice", [names[0], names[1], names[3], names[2]], [weight.name]))
        graph.initializer.remove(weight)
    graph.initializer.extend(added)
    nodes = first + list(graph.node)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    for value in [*graph.input, *graph.output]:
        dim = value.type.tensor_type.shape.dim[axis]
        if dim.dim_value == size:
            dim.dim_param = symbol
    onnx.save(model, out)


def measure(name, folder):
    axis, _, symbol, most, sizes = MODELS[name]
    source = testing.materialized(name, folder)
    model = os.path.join(folder, name + "_sized.onnx")
    symbolic(name, source, model)
    program = testing.compile_model(model, os.path.join(folder, name + "_bound"), ("min", "max"),
                                    ["--dim", f"{symbol}<={most}"])
    session = testing.reference_session(model, 2)
    random = np.random.default_rng(0)
    for size in sizes:
        value = session.get_inputs()[0]
        shape = [d if isinstance(d, int) else size for d in value.shape]
        ids = "int" in value.type
        inputs = {value.name: random.integers(0, 20000, shape) if ids
                  else random.standard_normal(shape).astype(np.float32)}
        want = dict(zip((testing.file_name(o.name) for o in session.get_outputs()), session.run(None, inputs)))
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            session.run(None, inputs)
            times.append(time.perf_counter() - begin)
        alone = testing.compile_model(model, os.path.join(folder, name + "_alone"), ("max",), ["--dim", f"{symbol}={size}"])
        runs = ["--warmup", "1", "--iterations", "7"]
        got, stats, _ = testing.run_program(program, inputs, ["--budget", "max", *runs])
        small, least, _ = testing.run_program(program, inputs, ["--budget", "min", *runs])
        own, only, _ = testing.run_program(alone, inputs, runs)
        error = max(testing.relative_error(got[k], want[k]) for k in want)
        same = all(np.array_equal(got[k], small[k]) and np.array_equal(got[k], own[k]) for k in want)
        print(f"| {name} | {symbol} = {size} of {most} | {stats['latency_ms']['min']:.0f} | {only['latency_ms']['min']:.0f} | "
              f"{least['latency_ms']['min']:.0f} | {least['peak_bytes'] / testing.MIB:.1f} of {least['budget_bytes'] / testing.MIB:.1f} | "
              f"{1e3 * min(times):.0f} | {error:.1e} | {'yes' if same else 'NO'} |", flush=True)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    print("| model | size | ms | ms compiled for the size | ms at the smallest budget | its peak, MiB | ONNX Runtime ms | error | same bits |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[2:] or MODELS:
        measure(name, folder)


if __name__ == "__main__":
    main()
