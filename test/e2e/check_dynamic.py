"""Models with dimensions whose size a run says, against ONNX Runtime.

Each model is compiled once for bounds, and run at several sizes: outputs must
have ONNX Runtime's shapes and values, the same bits at every budget and number
of threads, and those of a program that was compiled for the size alone, but for
sums that processors cut in other places.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import swapc_testing as testing
from swapc_testing import require

LIMIT = 2e-5
OPSET = 20


class Graph:
    """Nodes and weights of a model, written down as they are computed."""

    def __init__(self, seed=0):
        self.nodes, self.weights = [], []
        self.random = np.random.default_rng(seed)

    def weight(self, *shape, scale=None):
        scale = scale or 1 / np.sqrt(shape[0])
        return self.constant(self.random.standard_normal(shape).astype(np.float32) * np.float32(scale))

    def constant(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def __call__(self, op, *inputs, outputs=1, name=None, **attributes):
        names = [name or f"v{len(self.nodes)}"] if outputs == 1 else [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"n{len(self.nodes)}_{op}", **attributes))
        return names[0] if outputs == 1 else names

    def model(self, inputs, outputs):
        graph = helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
            [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 10
        return model


def transformer(batch="batch", seq="seq", width=64, heads=4, layers=2, vocabulary=100, positions=64):
    """An encoder with a padding mask, as exporters write it: shapes computed from Shape."""
    g = Graph(1)
    shape = g("Shape", "ids")
    b = g("Gather", shape, g.ints(0), axis=0)
    s = g("Gather", shape, g.ints(1), axis=0)
    x = g("Gather", g.weight(vocabulary, width, scale=1), "ids")
    places = g("Slice", g.weight(positions, width, scale=1), g.ints(0), s, g.ints(0))
    x = g("Add", x, places)
    mask = g("Cast", "mask", to=TensorProto.FLOAT)
    mask = g("Mul", g("Sub", g.constant(np.float32(1)), mask), g.constant(np.float32(-10000)))
    mask = g("Unsqueeze", mask, g.ints(1, 2))
    split = g("Concat", b, s, g.ints(heads), g.ints(width // heads), axis=0)
    joined = g("Concat", b, s, g.ints(width), axis=0)
    for _ in range(layers):
        q, k, v = (g("Transpose", g("Reshape", g("Add", g("MatMul", x, g.weight(width, width)), g.weight(width)), split),
                     perm=p) for p in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
        scores = g("Add", g("Mul", g("MatMul", q, k), g.constant(np.float32(0.25))), mask)
        mixed = g("MatMul", g("Softmax", scores, axis=-1), v)
        mixed = g("Reshape", g("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
        x = g("LayerNormalization", g("Add", x, g("MatMul", mixed, g.weight(width, width))),
              g.constant(np.ones(width, np.float32)), g.constant(np.zeros(width, np.float32)), axis=-1)
        inner = g("Relu", g("MatMul", x, g.weight(width, 4 * width)))
        x = g("Add", x, g("MatMul", inner, g.weight(4 * width, width)))
    g("Identity", x, name="hidden")
    g("ReduceMean", x, g.ints(1), keepdims=0, name="pooled")
    g("Gather", x, g.constant(np.int64(0)), axis=1, name="first")
    g("Gather", x, g.constant(np.int64(-1)), axis=1, name="last")
    g("ArgMax", x, axis=1, keepdims=0, name="where")
    return g.model(
        [("ids", TensorProto.INT64, [batch, seq]), ("mask", TensorProto.INT64, [batch, seq])],
        [("hidden", TensorProto.FLOAT, [batch, seq, width]), ("pooled", TensorProto.FLOAT, [batch, width]),
         ("first", TensorProto.FLOAT, [batch, width]), ("last", TensorProto.FLOAT, [batch, width]),
         ("where", TensorProto.INT64, [batch, width])])


def decoder(past="past", seq="seq", width=32, heads=2):
    """A step with a cache that grows: past and new keys one behind the other."""
    g = Graph(2)
    size = width // heads
    x = "x"
    q, k, v = (g("Transpose", g("Reshape", g("MatMul", x, g.weight(width, width)), g.ints(1, -1, heads, size)),
                 perm=[0, 2, 1, 3]) for _ in range(3))
    g("Concat", "past_k", k, axis=2, name="all_k")
    g("Concat", "past_v", v, axis=2, name="all_v")
    total = g("Shape", "all_k", start=2, end=3)
    new = g("Shape", x, start=1, end=2)
    zero, one = g.constant(np.int64(0)), g.constant(np.int64(1))
    columns = g("Unsqueeze", g("Range", zero, g("Squeeze", total), one), g.ints(0))
    rows = g("Unsqueeze", g("Range", g("Squeeze", g("Sub", total, new)), g("Squeeze", total), one), g.ints(1))
    hidden = g("Greater", columns, rows)
    scores = g("MatMul", q, g("Transpose", "all_k", perm=[0, 1, 3, 2]))
    scores = g("Where", hidden, g.constant(np.float32(-1e9)), g("Add", scores, "bias"))
    mixed = g("MatMul", g("Softmax", scores, axis=-1), "all_v")
    mixed = g("Reshape", g("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(1, -1, width))
    g("MatMul", mixed, g.weight(width, width), name="y")
    cache = [1, heads, past, size]
    whole = [1, heads, "total", size]
    return g.model([("x", TensorProto.FLOAT, [1, seq, width]), ("past_k", TensorProto.FLOAT, cache),
                    ("past_v", TensorProto.FLOAT, cache), ("bias", TensorProto.FLOAT, [1, f"{past} + {seq}"])],
                   [("y", TensorProto.FLOAT, [1, seq, width]), ("all_k", TensorProto.FLOAT, whole),
                    ("all_v", TensorProto.FLOAT, whole)])


def vision(batch="batch"):
    """Convolutions, a pool and a classifier over a batch."""
    g = Graph(3)
    x = "x"
    for cin, cout, stride in ((3, 16, 2), (16, 32, 1), (32, 32, 2)):
        x = g("Conv", x, g.weight(cout, cin, 3, 3, scale=0.2), g.weight(cout), pads=[1] * 4, strides=[stride] * 2)
        x = g("Relu", x)
    x = g("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g("GlobalAveragePool", x)
    x = g("Flatten", x)
    x = g("Gemm", x, g.weight(32, 10), g.weight(10))
    g("Softmax", x, axis=-1, name="y")
    return g.model([("x", TensorProto.FLOAT, [batch, 3, 32, 32])], [("y", TensorProto.FLOAT, [batch, 10])])


def sequence(length="length"):
    """What mixes elements of the dimension in other ways."""
    g = Graph(4)
    x = "x"
    g("ReduceMax", x, g.ints(1), keepdims=0, name="max")
    g("ReduceProd", x, g.ints(1), keepdims=1, name="prod")
    g("ReduceLogSumExp", x, g.ints(1), keepdims=0, name="lse")
    count = g("Cast", g("Squeeze", g("Shape", x, start=1, end=2)), to=TensorProto.FLOAT)
    g("Div", g("ReduceSum", x, g.ints(1), keepdims=0), count, name="mean")
    g("Slice", x, g.ints(-2), g.ints(2**31), g.ints(1), name="tail")
    g("Slice", x, g.ints(1), g.ints(2**31), g.ints(1), name="rest")
    g("Slice", x, g.ints(-1), g.ints(-2**31), g.ints(1), g.ints(-1), name="turned")
    g("Pad", x, g.ints(0, 1, 0, 0, 2, 0), name="padded")
    g("Concat", x, x, axis=1, name="twice")
    g("MatMul", x, g("Transpose", x, perm=[0, 2, 1]), name="gram")
    conv = g("Conv", g("Transpose", x, perm=[0, 2, 1]), g.weight(8, 8, 3, scale=0.2), pads=[1, 1])
    g("Identity", conv, name="conv")
    f, i = TensorProto.FLOAT, TensorProto.INT64
    return g.model([("x", f, [2, length, 8])],
                   [("max", f, [2, 8]), ("prod", f, [2, 1, 8]), ("lse", f, [2, 8]), ("mean", f, [2, 8]),
                    ("tail", f, [2, 2, 8]), ("rest", f, [2, "a", 8]), ("turned", f, [2, "length", 8]),
                    ("padded", f, [2, "b", 8]), ("twice", f, [2, "c", 8]), ("gram", f, [2, length, length]),
                    ("conv", f, [2, 8, length])])


def inputs_of(model, sizes, seed=5):
    random = np.random.default_rng(seed)
    inputs = {}
    for value in model.graph.input:
        shape = [d.dim_value or sum(sizes[part] for part in d.dim_param.split(" + "))
                 for d in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            inputs[value.name] = random.standard_normal(shape).astype(np.float32)
        elif value.name == "mask":
            mask = np.ones(shape, np.int64)
            mask[:, (shape[1] + 1) // 2 + 1:] = random.integers(0, 2, 1)
            inputs[value.name] = mask
        else:
            inputs[value.name] = random.integers(0, 100, shape)
    return inputs


CASES = {
    # name: model, bounds, runs
    "encoder": (transformer(), ["batch<=3", "seq<=48"],
                [{"batch": b, "seq": s} for b, s in ((1, 1), (1, 48), (2, 7), (3, 33), (3, 48))]),
    "one": (transformer(batch=1), ["seq<=64"], [{"seq": s} for s in (1, 5, 63, 64)]),
    "decoder": (decoder(), ["past<=40", "seq<=5"],
                [{"past": p, "seq": s} for p, s in ((1, 1), (39, 1), (40, 5), (7, 3))]),
    "vision": (vision(), ["batch<=8"], [{"batch": b} for b in (1, 3, 8)]),
    "sequence": (sequence(), ["2<=length<=24"], [{"length": n} for n in (2, 3, 17, 24)]),
}


def check(name, folder):
    model, bounds, runs = CASES[name]
    path = os.path.join(folder, name + ".onnx")
    onnx.save(model, path)
    dims = [word for bound in bounds for word in ("--dim", bound)]
    program = testing.compile_model(path, os.path.join(folder, name), ("min", "max"), dims)
    for sizes in runs:
        inputs = inputs_of(model, sizes)
        want = testing.reference(path, inputs)
        first = None
        for args in (["--budget", "max"], ["--budget", "min"], ["--budget", "max", "--threads", "1"]):
            got, stats, _ = testing.run_program(program, inputs, args)
            require(stats["peak_bytes"] <= stats["budget_bytes"], f"{name} {sizes}: {stats['peak_bytes']} bytes")
            for output, value in want.items():
                error = testing.relative_error(got[output], value)
                require(error < LIMIT, f"{name} {sizes} {args}: {output} differs by {error:.3g}")
                require(first is None or np.array_equal(first[output], got[output], equal_nan=True),
                        f"{name} {sizes} {args}: {output} has other bits than with another budget")
            first = first or got
    print(f"{name}: {len(runs)} sizes ok")


def check_errors(folder):
    """What a run says of sizes that make no sense, of the encoder's program."""
    program = os.path.join(folder, "encoder")

    def refuse(ids, mask, message, args=(), status=1):
        words = [program, *args]
        for name, array in (("ids", ids), ("mask", mask)):
            if array is not None:
                path = os.path.join(folder, name + ".npy")
                np.save(path, np.ones(array, np.int64))
                words += ["--input", f"{name}={path}"]
        run = subprocess.run(words, capture_output=True, text=True)
        require(run.returncode == status and message in run.stderr,
                f"{words} exited {run.returncode}, not {status} with '{message}':\n{run.stderr}")

    refuse((1, 49), (1, 49), "dimension 1 is 49, and 1 to 48")
    refuse((1, 0), (1, 0), "dimension 1 is 0, and 1 to 48")
    refuse((1, 7), (1, 8), "so 'seq' would be 8, but it is 7")
    refuse((1, 7, 1), (1, 7), "but input 'ids' is int64[3, 48]")
    refuse((1, 7), (1, 7), "but it is 9", ["--dim", "seq=9"])
    refuse((1, 7), None, "inputs are missing", status=2)
    refuse(None, None, "'seq=49': seq is 1 to 48", ["--random", "--dim", "seq=49"], 2)
    refuse(None, None, "'length=4' does not name a dimension", ["--random", "--dim", "length=4"], 2)
    refuse(None, None, "--dim: 'seq' is given twice", ["--random", "--dim", "seq=4", "--dim", "seq=4"], 2)
    run = subprocess.run([program, "--random", "--dim", "seq=5"], capture_output=True, text=True)
    require(run.returncode == 0 and "hidden: float32[3, 5, 64]" in run.stdout, f"--dim seq=5:\n{run.stdout}{run.stderr}")
    sizes = testing.describe(program)
    require(sizes["sizes"] == [{"name": "batch", "least": 1, "most": 3}, {"name": "seq", "least": 1, "most": 48}] and
            [i["name"] for i in sizes["inputs"]] == ["ids", "mask"] and
            sizes["inputs"][0]["sizes"][1] == {"dim": 1, "size": "seq", "scale": 1}, f"--describe: {sizes}")
    print("errors ok")


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in sys.argv[2:] or CASES:
        check(name, folder)
    if not sys.argv[2:]:
        check_errors(folder)
    print("dynamic dimensions ok")


if __name__ == "__main__":
    try:
        main()
    except testing.Failure as failure:
        sys.exit(f"FAIL: {failure}")
