"""check_scores.py WORKDIR: attention whose scores are never whole in memory.

Models as exporters write them (windows that take queries, keys and values out of
one product, a mask, other numbers of keys than of queries, one query, a causal
mask that hides all but one key) against ONNX Runtime. Each must have an attention
kernel, need less memory than its scores where these are the most of it, and give
the same bits at the smallest and the largest budget on one, two and three threads.
"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import swapc_testing as st

RANDOM = np.random.default_rng(7)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs.split(), [output], **attributes)


def product(scores="s"):
    """Softmax of the scores, times the values, heads side by side."""
    return [node("Softmax", scores, "p", axis=-1), node("MatMul", "p v", "o"), node("Transpose", "o", "y", perm=[0, 2, 1, 3])]


def apart(batch, heads, queries, keys, width, mask=None):
    """Queries, keys and values are inputs."""
    shapes = {"q": [batch, heads, queries, width], "k": [batch, heads, keys, width], "v": [batch, heads, keys, width]}
    nodes = [node("Transpose", "k", "t", perm=[0, 1, 3, 2]), node("MatMul", "q t", "r"), node("Mul", "r c", "s")]
    constants = {"c": np.float32(width ** -0.5)}
    if mask is not None:
        nodes.append(node("Add", "s m", "u"))
        constants["m"] = mask.astype(np.float32)
    return shapes, nodes + product("s" if mask is None else "u"), constants, [batch, queries, heads, width]


def together(windows, heads, queries, width):
    """Windows that share a bias, as in Swin."""
    rows = heads * width
    constants = {"w": (RANDOM.standard_normal((rows, 3 * rows)) / rows ** 0.5).astype(np.float32),
                 "b": RANDOM.standard_normal((heads, queries, queries)).astype(np.float32),
                 "n": np.array([windows, queries, 3, heads, width])}
    nodes = [node("MatMul", "x w", "z"), node("Reshape", "z n", "a"), node("Transpose", "a", "t", perm=[2, 0, 3, 1, 4])]
    for index, name in enumerate("qkv"):
        constants[f"i{name}"] = np.array(index)
        nodes.append(node("Gather", f"t i{name}", name, axis=0))
    nodes += [node("Transpose", "k", "h", perm=[0, 1, 3, 2]), node("MatMul", "q h", "r"), node("Add", "r b", "s"), *product()]
    return {"x": [windows, queries, rows]}, nodes, constants, [windows, queries, heads, width]


CASES = {
    "plain": apart(1, 3, 197, 197, 64),
    "mask": apart(2, 3, 50, 77, 32, RANDOM.standard_normal((2, 1, 50, 77))),
    "causal": apart(1, 2, 300, 300, 24, np.triu(np.full((300, 300), -np.inf), 1)),
    "decode": apart(1, 8, 1, 260, 48, RANDOM.standard_normal((1, 1, 1, 260))),
    "windows": together(8, 3, 49, 32),
}


def check(name, folder):
    shapes, nodes, constants, result = CASES[name]
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, result)],
                              [numpy_helper.from_array(v, n) for n, v in constants.items()])
    path = os.path.join(folder, name + ".onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    inputs = {n: RANDOM.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
    program = st.compile_model(path, os.path.join(folder, name), ["min", "max"], ["--mcpu", "x86-64-v3"])
    run = subprocess.run([os.path.join(st.build_dir(), "bin", "swapc"), path, "--quiet", "--emit", "kernel-ir"],
                         capture_output=True, text=True, check=True)
    st.require("@attention_" in run.stdout, f"{name}: the two products are apart")
    want, first = st.reference(path, inputs), None
    for budget in ("min", "max"):
        for threads in ("1", "2", "3"):
            got, stats, _ = st.run_program(program, inputs, ["--budget", budget, "--threads", threads])
            first = first or got
            error = st.worst_error(got, want)
            st.require(error <= 1e-5, f"{name}: error {error:.1e} at {budget}")
            st.require(st.same_bits(got, first), f"{name}: other bits at {budget}, {threads} threads")
    if name in ("plain", "causal"):
        heads, queries, keys = shapes["q"][1], shapes["q"][2], shapes["k"][2]
        others = sum(4 * np.prod(s) for s in shapes.values()) + 4 * np.prod(result)
        st.require(stats["peak_bytes"] < 4 * heads * queries * keys + others, f"{name}: {stats['peak_bytes']} bytes")


os.makedirs(sys.argv[1], exist_ok=True)
for case in CASES:
    check(case, sys.argv[1])
print(len(CASES), "cases ok")
