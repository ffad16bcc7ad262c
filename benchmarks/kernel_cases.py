"""ONNX models of single operators, for single_kernels.py."""
import dataclasses

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT_TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "bfloat16": TensorProto.BFLOAT16}
# Weights that are read once a run are more than any cache holds.
STREAM_BYTES = 128 << 20


@dataclasses.dataclass
class Case:
    """`flops` and `bytes` are of one of `calls` operators. What is bound by memory is judged by its bytes, the rest by
    its operations."""

    group: str
    name: str
    build: object  # () -> ModelProto
    flops: int
    bytes: int
    memory: bool = False
    calls: int = 1


class Graph:
    def __init__(self, shape, element="float32"):
        self.rng = np.random.default_rng(7)
        self.element, self.value, self.nodes, self.weights = element, "x", [], []
        self.input = helper.make_tensor_value_info("x", FLOAT_TYPES[element], shape)

    def tensor(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, shape, scale=0.05):
        array = self.rng.standard_normal(shape, dtype=np.float32) * scale
        if self.element == "bfloat16":
            name = f"w{len(self.weights)}"
            raw = (array.view(np.uint32) >> 16).astype(np.uint16).tobytes()
            self.weights.append(helper.make_tensor(name, TensorProto.BFLOAT16, shape, raw, raw=True))
            return name
        return self.tensor(array.astype(self.element))

    def add(self, op, *others, **attributes):
        out = f"y{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, [self.value, *others], [out], **attributes))
        self.value = out

    def model(self, opset=17, domains=()):
        output = helper.make_tensor_value_info(self.value, FLOAT_TYPES[self.element], None)
        graph = helper.make_graph(self.nodes, "single", [self.input], [output], self.weights)
        opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def product(m, n, k):
    def build():
        g = Graph([m, k])
        g.add("MatMul", g.weight([k, n]))
        return g.model()

    return Case("product", f"{m}x{n}x{k}", build, 2 * m * n * k, 4 * (m * k + k * n + m * n))


def convolution(group, size, channels, out=None, kernel=3, stride=1, grouped=1, layers=3):
    """Layers alike, one after the other, where the shapes allow it."""
    out = out or channels
    layers = layers if stride == 1 and out == channels else 1

    def build():
        g = Graph([1, channels, size, size])
        for _ in range(layers):
            g.add("Conv", g.weight([out, channels // grouped, kernel, kernel]), kernel_shape=[kernel, kernel],
                  pads=[kernel // 2] * 4, strides=[stride, stride], group=grouped)
            if grouped > 1:  # or the depthwise layers would not stand alone
                g.add("Relu")
        return g.model()

    to = size // stride
    flops = 2 * to * to * out * (channels // grouped) * kernel * kernel
    name = f"{size}x{size}x{channels}" + (f" to {out}" if out != channels else "") + (f", stride {stride}" if stride > 1 else "")
    return Case(group, name + (f", {kernel}x{kernel}" if kernel != 3 else ""), build, flops,
                4 * (size * size * channels + to * to * out + out * (channels // grouped) * kernel * kernel), calls=layers)


def vector_products(n, k, form):
    """1 x k times k x n and back, through weights that no cache holds. `form`: what the weights are stored as."""
    size = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1, "int4": 0.5}[form]
    pairs = max(1, int(STREAM_BYTES // (2 * n * k * size)))

    def build():
        g = Graph([1, k], form if form in FLOAT_TYPES else "float32")
        for layer in range(2 * pairs):
            rows, columns = (k, n) if layer % 2 == 0 else (n, k)
            if form == "int8":
                weight = g.tensor(g.rng.integers(-127, 128, [rows, columns], dtype=np.int8))
                scale = g.tensor(np.full(columns, 1e-3, np.float32))
                g.nodes.append(helper.make_node("DequantizeLinear", [weight, scale], [weight + "f"], axis=1))
                g.add("MatMul", weight + "f")
            elif form == "int4":
                weight = g.tensor(g.rng.integers(0, 256, [columns, rows // 32, 16], dtype=np.uint8))
                scale = g.tensor(np.full(columns * rows // 32, 1e-2, np.float32))
                g.add("MatMulNBits", weight, scale, domain="com.microsoft", K=rows, N=columns, bits=4, block_size=32)
            else:
                g.add("MatMul", g.weight([rows, columns], 0.02))
        return g.model(domains=["com.microsoft"] if form == "int4" else [])

    scales = n * k // 32 * 4 if form == "int4" else 0
    return Case("vector times matrix", f"{k}x{n}, {form}", build, 2 * n * k, int(n * k * size) + scales, memory=True,
                calls=2 * pairs)


def rowwise(name, rows, columns, op, **attributes):
    """Reads and writes rows x columns."""

    def build():
        g = Graph([rows, columns])
        if op == "LayerNormalization":
            g.add(op, g.weight([columns], 1), g.weight([columns]), axis=-1)
        else:
            g.add(op, **attributes)
        return g.model(20)

    return Case("row by row", f"{name}, {rows}x{columns}", build, 0, 8 * rows * columns, memory=True)


def cases():
    yield product(512, 512, 512)
    yield product(128, 768, 3072)
    yield product(128, 3072, 768)
    yield product(197, 768, 768)
    for size, channels in [(56, 64), (28, 128), (14, 256), (7, 512)]:
        yield convolution("3x3, ResNet", size, channels)
    for size, channels in [(224, 64), (112, 128), (56, 256), (28, 512), (14, 512)]:
        yield convolution("3x3, VGG", size, channels)
    yield convolution("3x3, stride 2", 56, 128, stride=2)
    yield convolution("first layer", 224, 3, 64, kernel=7, stride=2)
    yield convolution("1x1", 14, 1024, 256, kernel=1)
    for size, channels in [(112, 32), (56, 144), (28, 192), (14, 576)]:
        yield convolution("depthwise", size, channels, grouped=channels)
    for size, channels in [(112, 96), (56, 144), (28, 192), (14, 576)]:
        yield convolution("depthwise", size, channels, stride=2, grouped=channels)
    yield convolution("depthwise", 28, 240, kernel=5, grouped=240)
    yield convolution("depthwise", 28, 192, kernel=7, grouped=192)
    for n, k in [(4096, 4096), (5632, 2048)]:
        for form in ["float32", "float16", "bfloat16", "int8", "int4"]:
            yield vector_products(n, k, form)
    yield rowwise("softmax", 1536, 512, "Softmax", axis=-1)
    yield rowwise("layer norm", 1536, 768, "LayerNormalization")
    yield rowwise("GELU", 512, 3072, "Gelu")
    yield rowwise("GELU (tanh)", 512, 3072, "Gelu", approximate="tanh")
    yield rowwise("sigmoid", 512, 3072, "Sigmoid")
