"""check_quantized.py WORKDIR: quantised models against ONNX Runtime.

Models as ONNX Runtime's quantiser writes them, and as MatMulNBits and packed
weights have them. Each runs at the smallest budget and at the largest, with the
same bits; what its weights take on storage must be what they take in the model,
not that of the floats they stand for.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import swapc_testing as st

rng = np.random.default_rng(11)
# Panels of weights are filled up.
PADDING = 1.3


def f32(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def model_of(nodes, inputs, outputs, initializers, opset=21, domains=()):
    graph = helper.make_graph(nodes, "quantized", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def initializer(name, array):
    return numpy_helper.from_array(np.ascontiguousarray(array), name)


def network():
    """A small image network in float32, for the quantiser."""
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["p1", "w3"], ["c3"]),
        helper.make_node("Add", ["c2", "c3"], ["s"]),
        helper.make_node("Sigmoid", ["s"], ["g"]),
        helper.make_node("GlobalAveragePool", ["g"], ["a"]),
        helper.make_node("Flatten", ["a"], ["f"]),
        helper.make_node("Gemm", ["f", "w4", "b4"], ["h"], transB=1),
        helper.make_node("MatMul", ["h", "w5"], ["y"]),
    ]
    weights = {"w1": f32(16, 3, 3, 3, scale=0.3), "b1": f32(16), "w2": f32(24, 16, 3, 3, scale=0.2), "b2": f32(24),
               "w3": f32(24, 16, 1, 1, scale=0.3), "w4": f32(64, 24, scale=0.3), "b4": f32(64), "w5": f32(64, 40, scale=0.2)}
    return model_of(nodes, [value("x", [2, 3, 16, 16])], [value("y", [2, 40])],
                    [initializer(k, v) for k, v in weights.items()])


def attention():
    """One of a text network: products of two tensors that are computed."""
    nodes = [
        helper.make_node("MatMul", ["x", "wq"], ["q"]),
        helper.make_node("MatMul", ["x", "wk"], ["k"]),
        helper.make_node("MatMul", ["x", "wv"], ["v"]),
        helper.make_node("Transpose", ["k"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "t"], ["s"]),
        helper.make_node("Softmax", ["s"], ["p"]),
        helper.make_node("MatMul", ["p", "v"], ["o"]),
        helper.make_node("MatMul", ["o", "wo"], ["d"]),
        helper.make_node("Add", ["x", "d"], ["y"]),
    ]
    weights = {name: f32(48, 48, scale=0.15) for name in ("wq", "wk", "wv", "wo")}
    return model_of(nodes, [value("x", [2, 12, 48])], [value("y", [2, 12, 48])],
                    [initializer(k, v) for k, v in weights.items()])


class Calibration:
    def __init__(self, shape):
        self.feeds = iter([{"x": f32(*shape)} for _ in range(4)])

    def get_next(self):
        return next(self.feeds, None)


def quantized(workdir, name, plain=network, **options):
    """The network as quantize_static or quantize_dynamic writes it."""
    from onnxruntime import quantization as q

    source, path = os.path.join(workdir, "float.onnx"), os.path.join(workdir, name + ".onnx")
    model = plain()
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    onnx.save(model, source)
    if "quant_format" in options:
        q.quantize_static(source, path, Calibration(shape), **options)
    else:
        q.quantize_dynamic(source, path, **options)
    return onnx.load(path), {"x": f32(*shape)}


def networks(workdir):
    from onnxruntime.quantization import QuantFormat, QuantType

    for per_channel in (False, True):
        for activations in (QuantType.QUInt8, QuantType.QInt8):
            name = f"qdq-{per_channel}-{activations}"
            yield (name, *quantized(workdir, name, quant_format=QuantFormat.QDQ, per_channel=per_channel,
                                    activation_type=activations, weight_type=QuantType.QInt8), 0.05)
    yield ("qoperator", *quantized(workdir, "qoperator", quant_format=QuantFormat.QOperator,
                                   activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8), 0.05)
    yield ("qoperator-u8", *quantized(workdir, "qoperator-u8", quant_format=QuantFormat.QOperator,
                                      activation_type=QuantType.QUInt8, weight_type=QuantType.QUInt8), 0.05)
    for activations in (QuantType.QUInt8, QuantType.QInt8):
        name = f"attention-{activations}"
        yield (name, *quantized(workdir, name, attention, quant_format=QuantFormat.QDQ, activation_type=activations,
                                weight_type=QuantType.QInt8), 0.05)
    yield ("attention-dynamic", *quantized(workdir, "attention-dynamic", attention, weight_type=QuantType.QInt8), 0.05)
    yield ("dynamic", *quantized(workdir, "dynamic", weight_type=QuantType.QInt8), 0.05)


def packed(codes, bits):
    """Codes of the last dimension in bytes, the first in the lowest bits."""
    per_byte = 8 // bits
    codes = codes.reshape(*codes.shape[:-1], -1, per_byte).astype(np.uint8)
    return sum((codes[..., i] & ((1 << bits) - 1)) << (i * bits) for i in range(per_byte)).astype(np.uint8)


def few_bits(workdir):
    """MatMulNBits with and without zero points, a K that fills no block, and columns cut into pieces."""
    for bits, block, depth, columns, zeros, rows in [
            (4, 32, 128, 48, False, 1), (4, 32, 96, 48, True, 3), (4, 16, 72, 48, False, 2), (8, 32, 128, 48, True, 2),
            (4, 32, 512, 4100, True, 2)]:
        blocks = -(-depth // block)
        codes = rng.integers(0, 1 << bits, (columns, blocks * block))
        tensors = [initializer("b", packed(codes, bits).reshape(columns, blocks, -1)),
                   initializer("s", np.abs(f32(columns, blocks, scale=0.1)))]
        names = ["a", "b", "s"]
        if zeros:
            points = rng.integers(0, 1 << bits, (columns, -(-blocks * bits // 8) * 8 // bits))
            tensors.append(initializer("z", packed(points, bits)))
            names.append("z")
        node = helper.make_node("MatMulNBits", names, ["y"], domain="com.microsoft", K=depth, N=columns, bits=bits, block_size=block)
        model = model_of([node], [value("a", [rows, depth])], [value("y", [rows, columns])], tensors, domains=["com.microsoft"])
        yield f"nbits-{bits}-{depth}-{columns}-{zeros}", model, {"a": f32(rows, depth)}, 1e-4


def packed_weights(workdir):
    """int4 weights with a scale for each block, for each column, and for all."""
    for block, kind in [(32, TensorProto.INT4), (0, TensorProto.UINT4), (None, TensorProto.INT4)]:
        depth, columns = 128, 48
        low, high = (-8, 8) if kind == TensorProto.INT4 else (0, 16)
        codes = rng.integers(low, high, (depth, columns))
        weights = TensorProto(name="w", data_type=kind, dims=[depth, columns], raw_data=packed(codes, 4).tobytes())
        shape = [] if block is None else [columns] if block == 0 else [depth // block, columns]
        scale = np.abs(f32(*shape, scale=0.1)) + np.float32(0.01)
        attributes = {} if block is None else {"axis": 1} if block == 0 else {"axis": 0, "block_size": block}
        nodes = [helper.make_node("DequantizeLinear", ["w", "s"], ["d"], **attributes),
                 helper.make_node("MatMul", ["x", "d"], ["y"])]
        model = model_of(nodes, [value("x", [3, depth])], [value("y", [3, columns])], [weights, initializer("s", np.array(scale))])
        # Not ONNX Runtime, which rounds the other side to int8 here.
        x = f32(3, depth)
        wide = np.repeat(scale, block, axis=0) if block else scale
        yield f"int4-{block}", model, {"x": x}, 1e-4, {"y.npy": x @ (codes * wide).astype(np.float32)}


def tables(workdir):
    """Rows of a table of bytes, which are converted after they are gathered."""
    for kind, low in [(np.int8, -128), (np.uint8, 0)]:
        rows = rng.integers(low, low + 256, (300, 48)).astype(kind)
        nodes = [helper.make_node("DequantizeLinear", ["w", "s", "z"], ["d"]), helper.make_node("Gather", ["d", "x"], ["y"])]
        model = model_of(nodes, [value("x", [2, 5], TensorProto.INT64)], [value("y", [2, 5, 48])],
                         [initializer("w", rows), initializer("s", np.float32(0.05)), initializer("z", kind(7))])
        yield f"table-{kind.__name__}", model, {"x": rng.integers(-300, 300, (2, 5))}, 1e-6


def check(workdir, name, model, feeds, limit, want=None):
    path = os.path.join(workdir, name + ".onnx")
    onnx.save(model, path)
    want = want or st.reference(path, feeds)
    program = st.compile_model(path, os.path.join(workdir, name), ["min", "max"], st.cpu_only("--threads", "2"))
    got, _, _ = st.run_program(program, feeds, ["--budget", "max"])
    small, _, _ = st.run_program(program, feeds, ["--budget", "min"])
    st.require(st.same_bits(got, small), f"{name}: other bits at the smallest budget")
    for output, expected in want.items():
        error = st.relative_error(got[output], expected)
        st.require(error <= limit, f"{name}: {output}: relative error {error:.2e}")
    held = sum(int(np.prod(t.dims)) for t in model.graph.initializer if t.data_type == TensorProto.FLOAT) * 4
    held += sum(len(t.raw_data) for t in model.graph.initializer if t.data_type != TensorProto.FLOAT)
    stored = st.describe(program)["weight_bytes"]
    st.require(stored <= held * PADDING + 1024, f"{name}: {stored} bytes of weights for {held} in the model")


def main():
    workdir = sys.argv[1]
    os.makedirs(workdir, exist_ok=True)
    count = 0
    for family in (networks, few_bits, packed_weights, tables):
        for case in family(workdir):
            check(workdir, *case)
            count += 1
    print(f"{count} quantised models ok")


if __name__ == "__main__":
    main()
