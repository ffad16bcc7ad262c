"""make-odd.py OUTDIR: legal models of shapes and names that are easily forgotten."""
import os
import sys

import onnx
from onnx import TensorProto, helper


def value(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def write(outdir, case, nodes, inputs, outputs):
    graph = helper.make_graph([helper.make_node(*node) for node in nodes], case, inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, os.path.join(outdir, case + ".onnx"))


def main(outdir):
    os.makedirs(outdir, exist_ok=True)
    write(outdir, "nothing", [("Relu", ["x"], ["y"])], [value("x", 0, 3)], [value("y", 0, 3)])
    write(outdir, "through", [], [value("x", 2, 3)], [value("x", 2, 3)])
    write(outdir, "names", [("Add", ["in/put 0", "b=c"], ["out put"])],
          [value("in/put 0", 2), value("b=c", 2)], [value("out put", 2)])
    write(outdir, "collision", [("Neg", ["x"], ["a/b"]), ("Abs", ["x"], ["a:b"])],
          [value("x", 2)], [value("a/b", 2), value("a:b", 2)])


main(sys.argv[1])
