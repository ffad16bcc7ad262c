#!/usr/bin/env python3
"""loops.py MODEL.onnx: makes loops.onnx, the second model of two-models.c.

A network of one hidden layer says whether a digit's line closes a loop, as those of
0, 6, 8 and 9 do. The first layer is random, the second is fitted by least squares,
to the images of examples/digits but for the first 60.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN, TEST = 192, 60
digits = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "digits")
images = np.load(os.path.join(digits, "images.npy")).reshape(-1, 64).astype(np.float64)
loop = np.isin(np.load(os.path.join(digits, "labels.npy")), [0, 6, 8, 9])

random = np.random.default_rng(5)
w1 = random.normal(0, 0.35, (64, HIDDEN)).astype(np.float32)
b1 = random.normal(0, 0.5, HIDDEN).astype(np.float32)
hidden = np.maximum(images @ w1 + b1, 0)
features = np.c_[hidden, np.ones(len(images))][TEST:]
wanted = np.where(loop, 1.0, -1.0)[TEST:]
fit = np.linalg.solve(features.T @ features + 3 * np.eye(HIDDEN + 1), features.T @ wanted)
w2, b2 = fit[:-1, None].astype(np.float32), fit[-1:].astype(np.float32)
right = ((hidden @ w2 + b2)[:TEST, 0] > 0) == loop[:TEST]
print(f"{right.sum()} of {TEST} images right")

graph = helper.make_graph(
    [helper.make_node("Flatten", ["image"], ["pixels"]),
     helper.make_node("Gemm", ["pixels", "w1", "b1"], ["sums"]),
     helper.make_node("Relu", ["sums"], ["hidden"]),
     helper.make_node("Gemm", ["hidden", "w2", "b2"], ["loop"])],
    "loops",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
    [helper.make_tensor_value_info("loop", TensorProto.FLOAT, [1, 1])],
    [numpy_helper.from_array(value, name) for name, value in [("w1", w1), ("b1", b1), ("w2", w2), ("b2", b2)]])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, sys.argv[1])
