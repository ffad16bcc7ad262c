"""check_winograd.py WORKDIR [swapc options]: 3x3 convolutions of stride one.

The convolutions of CASES are independent nodes of one model, some with a
residual and an activation behind them. Each must be computed by Winograd's
algorithm, be close to ONNX Runtime's result, and have the same bits at the
smallest budget and at the largest, with one thread and with several, and for an
image alone and in a batch. A second model runs band by band.
"""
import os
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import swapc_testing as st

# images, channels, height, width, outputs, padding (top, left, bottom, right),
# dilation, whether a residual is added, type
CASES = [
    (1, 128, 16, 16, 192, [1, 1, 1, 1], 1, False, np.float32),
    (1, 64, 39, 43, 130, [1, 1, 1, 1], 1, True, np.float32),
    (2, 96, 14, 14, 256, [1, 1, 1, 1], 1, True, np.float32),
    (2, 96, 16, 20, 256, [1, 1, 1, 1], 1, True, np.float32),
    (1, 40, 61, 58, 62, [0, 0, 0, 0], 1, False, np.float32),
    (1, 64, 37, 70, 64, [2, 0, 1, 3], 1, True, np.float32),
    (1, 200, 13, 13, 256, [1, 1, 1, 1], 1, True, np.float32),
    (1, 64, 48, 48, 64, [2, 2, 2, 2], 2, True, np.float32),
    (2, 64, 49, 51, 64, [4, 4, 4, 4], 4, False, np.float32),
    (1, 36, 80, 32, 256, [1, 1, 1, 1], 1, False, np.float32),
    (1, 128, 40, 40, 128, [1, 1, 1, 1], 1, True, np.float16),
]


def make(path):
    rng = np.random.default_rng(3)
    nodes, initializers, inputs, outputs, feeds = [], [], [], [], {}

    def feed(name, array):
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        inputs.append(helper.make_tensor_value_info(name, kind, array.shape))
        feeds[name] = array

    for i, (n, c, h, w, f, pads, d, residual, kind) in enumerate(CASES):
        kernel = (rng.standard_normal((f, c, 3, 3)) / np.sqrt(9 * c)).astype(kind)
        initializers.append(numpy_helper.from_array(kernel, f"w{i}"))
        initializers.append(numpy_helper.from_array(rng.standard_normal(f).astype(kind), f"b{i}"))
        feed(f"x{i}", rng.standard_normal((n, c, h, w)).astype(kind))
        out = (n, f, h + pads[0] + pads[2] - 2 * d, w + pads[1] + pads[3] - 2 * d)
        nodes.append(helper.make_node("Conv", [f"x{i}", f"w{i}", f"b{i}"], [f"c{i}"], pads=pads, dilations=[d, d]))
        result = f"c{i}"
        if residual:
            feed(f"r{i}", rng.standard_normal(out).astype(kind))
            nodes.append(helper.make_node("Add", [result, f"r{i}"], [f"s{i}"]))
            nodes.append(helper.make_node("Relu", [f"s{i}"], [f"y{i}"]))
            result = f"y{i}"
        outputs.append(helper.make_tensor_value_info(result, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), out))
    save(path, nodes, inputs, outputs, initializers)
    return feeds


def save(path, nodes, inputs, outputs, initializers):
    graph = helper.make_graph(nodes, "winograd", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def count(path, options):
    """Kernels that Winograd's algorithm computes."""
    text = subprocess.run([os.path.join(st.build_dir(), "bin", "swapc"), "--quiet", path, "--emit", "kernel-ir", *options],
                          check=True, capture_output=True, text=True).stdout
    return len(re.findall(r"swap\.winograd", text))


def check_cases(work, options):
    path = os.path.join(work, "cases.onnx")
    feeds = make(path)
    st.require(count(path, options) == len(CASES), f"{count(path, options)} kernels of {len(CASES)}")
    st.require(count(path, [*options, "--conv", "direct"]) == 0, "--conv direct is not heeded")
    program = st.compile_model(path, os.path.join(work, "cases"), ("min", "max"), [*options, "--threads", "3"])
    want = st.reference(path, feeds)
    whole, _, _ = st.run_program(program, feeds, ("--budget", "max", "--threads", "1"))
    for name in sorted(want):
        error = st.relative_error(whole[name], want[name])
        bound = 2e-3 if want[name].dtype == np.float16 else 1e-5
        st.require(error < bound, f"{name}: differs from ONNX Runtime by {error}")
    for budget in ("min", "max"):
        for threads in ("1", "2", "3"):
            got, _, _ = st.run_program(program, feeds, ("--budget", budget, "--threads", threads))
            st.require(st.same_bits(got, whole), f"other bits at the budget {budget} with {threads} threads")
    print("error", st.worst_error({k: v for k, v in whole.items() if v.dtype == np.float32},
                                  {k: v for k, v in want.items() if v.dtype == np.float32}))


def check_chain(work, options):
    """Layers that run band by band; one image and the same one twice."""
    rng = np.random.default_rng(4)
    nodes, initializers, x, channels = [], [], "x", 3
    for i, outputs in enumerate((32, 32, 48)):
        kernel = (rng.standard_normal((outputs, channels, 3, 3)) / np.sqrt(9 * channels)).astype(np.float32)
        initializers.append(numpy_helper.from_array(kernel, f"w{i}"))
        nodes.append(helper.make_node("Conv", [x, f"w{i}"], [f"c{i}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"y{i}"]))
        x, channels = f"y{i}", outputs
    nodes.append(helper.make_node("MaxPool", [x], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]))
    results = {}
    image = rng.standard_normal((1, 3, 90, 101)).astype(np.float32)
    for images in (1, 2):
        path = os.path.join(work, f"chain{images}.onnx")
        save(path, nodes, [helper.make_tensor_value_info("x", TensorProto.FLOAT, (images, 3, 90, 101))],
             [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, (images, 48, 22, 25))], initializers)
        program = st.compile_model(path, os.path.join(work, f"chain{images}"), ("min", "max"), [*options, "--threads", "2"])
        feeds = {"x": np.concatenate([image] * images)}
        whole, _, _ = st.run_program(program, feeds, ("--budget", "max"))
        bands, stats, _ = st.run_program(program, feeds, ("--budget", "min"))
        st.require(st.same_bits(bands, whole), f"other bits at the smallest budget of {images} images")
        error = st.worst_error(whole, st.reference(path, feeds))
        st.require(error < 1e-5, f"{images} images: differs from ONNX Runtime by {error}")
        results[images] = next(iter(whole.values()))
        print(f"chain of {images}: {stats['arena_bytes']} bytes")
    for copy in results[2]:
        st.require(copy.tobytes() == results[1][0].tobytes(), "a batch has other bits than an image alone")


def main():
    work, options = sys.argv[1], sys.argv[2:]
    os.makedirs(work, exist_ok=True)
    check_cases(work, options)
    check_chain(work, options)
    print("winograd ok")


if __name__ == "__main__":
    main()
