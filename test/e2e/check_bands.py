"""check_bands.py WORKDIR: convolutional networks that run band by band.

At its smallest budget each network here computes its first layers some rows at
a time. The results must be the bits of the largest budget, which computes them
whole, at any number of threads, and be close to ONNX Runtime's.
With SWAPC_TEST_TARGET=cuda the same on the emulated GPU, with and without a
graph.
"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import swapc_testing as st


class Net:
    def __init__(self, seed, *shape):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.initializers = [], []
        self.input = [int(n) for n in shape]
        self.channels = {"x": shape[1]}

    def node(self, op, inputs, channels, **attributes):
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.channels[name] = channels
        return name

    def param(self, *shape):
        name = f"p{len(self.initializers)}"
        scale = 1 / np.sqrt(np.prod(shape[1:]))
        value = (self.rng.standard_normal(shape) * scale).astype(np.float32)
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def conv(self, x, channels, kernel, stride=1, pad=0, dilation=1, group=1, bias=True):
        pads = pad if isinstance(pad, list) else [pad] * 4
        inputs = [x, self.param(channels, self.channels[x] // group, kernel, kernel)]
        if bias:
            inputs.append(self.param(channels))
        return self.node("Conv", inputs, channels, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads,
                         dilations=[dilation] * 2, group=group)

    def depthwise(self, x, kernel, **attributes):
        return self.conv(x, self.channels[x], kernel, group=self.channels[x], **attributes)

    def relu(self, x):
        return self.node("Relu", [x], self.channels[x])

    def add(self, x, y):
        return self.node("Add", [x, y], self.channels[x])

    def pool(self, x, op="MaxPool", kernel=3, stride=2, pad=1):
        return self.node(op, [x], self.channels[x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def save(self, result, path):
        shape = [None] * 4
        graph = helper.make_graph(
            self.nodes, "bands", [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.input)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, shape)], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.save(onnx.shape_inference.infer_shapes(model), path)


def chain(net):
    """Plain convolutions, as in VGG."""
    x = "x"
    for channels in (16, 24, 40):
        x = net.relu(net.conv(x, channels, 3, pad=1))
        x = net.pool(net.relu(net.conv(x, channels, 3, pad=1)), kernel=2, pad=0)
    return x


def inverted(net):
    """Depthwise blocks with a residual, as in MobileNet; some dilated."""
    x = net.relu(net.conv("x", 8, 3, stride=2, pad=1))
    x = net.conv(net.relu(net.depthwise(x, 3, pad=1)), 8, 1)
    for dilation in (1, 2):
        y = net.relu(net.conv(x, 48, 1))
        y = net.relu(net.depthwise(y, 3, pad=dilation, dilation=dilation))
        x = net.add(net.conv(y, 8, 1), x)
    y = net.relu(net.conv(x, 48, 1))
    return net.conv(net.relu(net.depthwise(y, 5, stride=2, pad=2)), 16, 1)


def bottleneck(net):
    """A padded pool and bottlenecks with a shortcut, as in ResNet."""
    x = net.pool(net.relu(net.conv("x", 24, 7, stride=2, pad=3)))
    y = net.conv(net.relu(net.conv(net.relu(net.conv(x, 12, 1)), 12, 3, pad=1)), 48, 1)
    x = net.relu(net.add(y, net.conv(x, 48, 1, bias=False)))
    y = net.conv(net.relu(net.conv(net.relu(net.conv(x, 12, 1)), 12, 3, stride=2, pad=1)), 40, 1)
    x = net.relu(net.add(y, net.conv(x, 40, 1, stride=2)))
    return net.conv(x, 4, 3, pad=1)


def uneven(net):
    """Padding on some sides only, windows wider than a band, an average."""
    x = net.relu(net.conv("x", 20, 5, pad=[4, 0, 0, 1]))
    x = net.relu(net.conv(x, 20, 3, pad=[0, 3, 6, 3], dilation=3))
    x = net.pool(x, "AveragePool", kernel=5, stride=3, pad=2)
    return net.relu(net.conv(x, 9, 3, stride=2, pad=1))


def check(name, build, shape, work):
    net = Net(len(name), *shape)
    path = os.path.join(work, name + ".onnx")
    net.save(build(net), path)
    program = st.compile_model(path, os.path.join(work, name), ("min", "max"))
    ir = os.path.join(work, name + ".mlir")
    subprocess.run([os.path.join(st.build_dir(), "bin", "swapc"), "--quiet", path, "--budget", "min",
                    "--target", st.TARGET, "--emit", "memory-ir", "-o", ir], check=True)
    with open(ir) as f:
        st.require("tiles(" in f.read(), f"{name}: runs nothing band by band at its smallest budget")
    x = net.rng.standard_normal(shape).astype(np.float32)
    want = st.reference(path, {"x": x})
    whole, _, _ = st.run_program(program, {"x": x}, ("--budget", "max"))
    error = st.worst_error(whole, want)
    st.require(error < 1e-4, f"{name}: differs from ONNX Runtime by {error}")
    for way in (("--threads", "1"), ("--threads", "2")) if st.TARGET == "cpu" else ((), ("--no-graph",)):
        bands, stats, _ = st.run_program(program, {"x": x}, ("--budget", "min", *way))
        st.require(st.same_bits(bands, whole), f"{name}: other bits at the smallest budget {' '.join(way)}")
    print(f"{name}: {stats['arena_bytes']} bytes")


def main():
    work = sys.argv[1]
    os.makedirs(work, exist_ok=True)
    cases = [("chain", chain, (1, 3, 96, 96)), ("chain-odd", chain, (1, 5, 101, 67)),
             ("inverted", inverted, (1, 3, 128, 128)), ("inverted-odd", inverted, (1, 3, 113, 95)),
             ("bottleneck", bottleneck, (1, 3, 129, 160)), ("uneven", uneven, (1, 4, 83, 61))]
    for case in cases:
        check(*case, work)
    print("bands ok")


if __name__ == "__main__":
    main()
