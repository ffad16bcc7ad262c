"""Writes models whose weights are in the fields of TensorProto for numbers: make-fields.py OUTDIR."""
import os
import sys

from onnx import TensorProto, helper


def write(outdir, case, data_type, shape, **fields):
    weight = TensorProto(name="w", data_type=data_type, dims=shape, **fields)
    x = helper.make_tensor_value_info("x", data_type, shape)
    y = helper.make_tensor_value_info("y", data_type, shape)
    node = helper.make_node("Identity" if case == "bools" else "Add", ["w"] if case == "bools" else ["x", "w"], ["y"])
    graph = helper.make_graph([node], case, [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    with open(os.path.join(outdir, case + ".onnx"), "wb") as out:
        out.write(model.SerializeToString())


def replace(outdir, case, source, old, new):
    with open(os.path.join(outdir, source + ".onnx"), "rb") as file:
        data = file.read()
    assert data.count(old) == 1 and len(old) == len(new)
    with open(os.path.join(outdir, case + ".onnx"), "wb") as out:
        out.write(data.replace(old, new))


def main(outdir):
    os.makedirs(outdir, exist_ok=True)
    write(outdir, "half", TensorProto.FLOAT16, (2,), int32_data=[0x3C00, 0xC000])
    write(outdir, "int8", TensorProto.INT8, (3,), int32_data=[-128, 5, 127])
    write(outdir, "bools", TensorProto.BOOL, (3,), int32_data=[0, 1, 256])
    write(outdir, "int64", TensorProto.INT64, (2,), int64_data=[-2**63, 2**40])
    write(outdir, "uint32", TensorProto.UINT32, (2,), uint64_data=[2**32 - 1, 7])
    write(outdir, "float", TensorProto.FLOAT, (2,), float_data=[1.5, -2])
    write(outdir, "few", TensorProto.INT8, (4,), int32_data=[1, 2, 3])
    # int32_data is field 5: packed, two numbers alone (wire type 0), one of each kind.
    write(outdir, "packed", TensorProto.INT8, (2,), int32_data=[100, 101])
    replace(outdir, "loose", "packed", b"\x2a\x02\x64\x65", b"\x28\x64\x28\x65")
    write(outdir, "longer", TensorProto.INT8, (3,), int32_data=[100, 101, 102])
    replace(outdir, "mixed", "longer", b"\x2a\x03\x64\x65\x66", b"\x2a\x01\x64\x28\x66")
    replace(outdir, "broken", "packed", b"\x2a\x02\x64\x65", b"\x2a\x02\x64\xe5")


if __name__ == "__main__":
    main(sys.argv[1])
