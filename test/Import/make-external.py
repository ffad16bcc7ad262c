"""Writes models whose weights are in other files, most of them wrongly so.

make-external.py OUTDIR: each case becomes OUTDIR/<case>.onnx.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper


def write(outdir, case, entries, shape=(4,), data_type=TensorProto.FLOAT):
    weight = TensorProto(name="w", data_type=data_type, dims=shape)
    weight.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        weight.external_data.add(key=key, value=value)
    x = helper.make_tensor_value_info("x", data_type, shape)
    y = helper.make_tensor_value_info("y", data_type, shape)
    node = helper.make_node("Add", ["x", "w"], ["y"], name="sum")
    graph = helper.make_graph([node], case, [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    with open(os.path.join(outdir, case + ".onnx"), "wb") as out:
        out.write(model.SerializeToString())


def main(outdir):
    inside = os.path.join(outdir, "sub")
    os.makedirs(inside, exist_ok=True)
    data = np.arange(8, dtype="<f4").tobytes()
    for path in ("data.bin", "sub/data.bin", "linked.bin"):
        with open(os.path.join(outdir, path), "wb") as out:
            out.write(data)
    for make, link in ((os.symlink, "symbolic.bin"), (os.link, "hard.bin")):
        path = os.path.join(outdir, link)
        if os.path.lexists(path):
            os.remove(path)
        make(os.path.join(outdir, "linked.bin"), path)

    write(outdir, "good", {"location": "sub/data.bin", "offset": "16", "length": "16"})
    write(outdir, "missing", {"location": "none.bin"})
    write(outdir, "absolute", {"location": os.path.join(outdir, "data.bin")})
    write(outdir, "parent", {"location": "sub/../data.bin"})
    write(outdir, "symbolic", {"location": "symbolic.bin"})
    write(outdir, "hard", {"location": "hard.bin"})
    write(outdir, "offset", {"location": "data.bin", "offset": "20"})
    write(outdir, "negative", {"location": "data.bin", "offset": "-4"})
    write(outdir, "text", {"location": "data.bin", "length": "many"})
    write(outdir, "wrapped", {"location": "data.bin", "offset": str(2**64 - 8)})
    write(outdir, "beyond", {"location": "data.bin", "offset": str(2**64)})
    write(outdir, "nowhere", {"offset": "0"})
    write(outdir, "folder", {"location": "sub"})
    write(outdir, "overflow", {"location": "data.bin"}, shape=(2**31, 2**31, 2**31))
    write(outdir, "huge", {"location": "sparse.bin", "offset": "16"}, shape=(2**31, 2))
    with open(os.path.join(outdir, "sparse.bin"), "wb") as out:
        out.truncate(2**34)
    write(outdir, "length", {"location": "data.bin", "length": "12"})
    with open(os.path.join(outdir, "good.onnx"), "rb") as source:
        model = source.read()
    with open(os.path.join(outdir, "cut.onnx"), "wb") as out:
        out.write(model[: len(model) // 2])
    # A graph of 3 GiB, says its length, of which 1 GiB is there.
    with open(os.path.join(outdir, "short.onnx"), "wb") as out:
        out.write(b"\x08\x0a\x3a\x80\x80\x80\x80\x0c")
        out.truncate(2**30)
    with open(os.path.join(outdir, "foreign.onnx"), "wb") as out:
        out.write(b"GIF89a is not a model")
    newer = onnx.ModelProto.FromString(model)
    newer.ir_version = 99
    with open(os.path.join(outdir, "newer.onnx"), "wb") as out:
        out.write(newer.SerializeToString())


if __name__ == "__main__":
    main(sys.argv[1])
