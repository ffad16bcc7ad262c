"""Writes a model whose names would break a page that does not escape them.

usage: make-hostile.py OUT.onnx
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NAMES = ["</title><script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "]]>&amp;<!-- größe 卷积 \u0001 -->"]
SIZE = 64

rng = np.random.default_rng(1)
weights = [numpy_helper.from_array(rng.standard_normal((SIZE, SIZE), dtype=np.float32), f"w{i}<b>") for i in range(3)]
nodes, value = [], "x<i>"
for i, name in enumerate(NAMES):
    nodes.append(helper.make_node("MatMul", [value, f"w{i}<b>"], [f"m{i}"], name=name))
    value = f"a{i}"
    nodes.append(helper.make_node("Relu", [f"m{i}"], [value], name=name + "/relu"))
graph = helper.make_graph(nodes, "<!--title--><script>\"'&", [helper.make_tensor_value_info("x<i>", TensorProto.FLOAT, [4, SIZE])],
                          [helper.make_tensor_value_info(value, TensorProto.FLOAT, [4, SIZE])], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), sys.argv[1])
