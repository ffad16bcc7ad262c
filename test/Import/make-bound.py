"""Models and arrays for --bind: make-bound.py OUTDIR."""
import os
import sys

import numpy as np
import onnx
import onnx.parser
from onnx import numpy_helper

RESHAPE = """<ir_version: 10, opset_import: ["" : 20]>
model (float[2,3] x, int64[2] shape) => (float[m,k] y) { y = Reshape (x, shape) }"""
DEFAULT = """<ir_version: 3, opset_import: ["" : 20]>
default (float[2,3] x, int64[rank] shape) => (y) { y = Reshape (x, shape) }"""
BFLOAT = """<ir_version: 10, opset_import: ["" : 20]>
bfloat (bfloat16[2] x) => (bfloat16[2] y) { y = Relu (x) }"""
NIBBLES = """<ir_version: 10, opset_import: ["" : 21]>
nibbles (int4[3] x) => (float[3] y) { y = Cast <to: int = 1> (x) }"""
SYMBOLIC = """<ir_version: 10, opset_import: ["" : 20]>
symbolic (float[n,3] x) => (y) { y = Relu (x) }"""


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def main(out):
    os.makedirs(out, exist_ok=True)
    for text in (RESHAPE, DEFAULT, BFLOAT, NIBBLES, SYMBOLIC):
        model = onnx.parser.parse_model(text)
        if model.graph.name == "default":
            model.graph.initializer.append(numpy_helper.from_array(np.array([6], np.int64), "shape"))
        onnx.save(model, f"{out}/{model.graph.name}.onnx")
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    arrays = {"x": x, "shape": np.array([3, 2], np.int64), "transposed": x.reshape(3, 2), "rank": x.reshape(6),
              "bfloat": np.array([0x3f80, 0x4000], np.uint16), "nibbles": np.array([1, -2, 7], np.int8), "fortran": np.asfortranarray(x),
              "big-endian": x.astype(">f4")}
    for name, array in arrays.items():
        np.save(f"{out}/{name}.npy", array)
    good = open(f"{out}/x.npy", "rb").read()
    files = {"cut": good[:-4], "damaged": good.replace(b"'shape'", b"'shade'"), "length": good[:64],
             "huge": header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}")}
    for name, content in files.items():
        with open(f"{out}/{name}.npy", "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
