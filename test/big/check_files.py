"""Weights where numbers of 32 bits end, in sparse files: offsets and tensors beyond 4 GiB,
several files, many files, data inside a model of more than 2 GiB. What is compiled is run as well.

check_files.py DIR [CASE...]"""
import os
import resource
import sys

import numpy as np
from onnx import TensorProto, helper

import swapc_testing as testing

GIB = 1 << 30
# What swapc may take: the compiler itself, and weights of 64 MiB at a time.
COMPILER_BYTES = 600 << 20


def save(path, graph, tail=b"", hole=0):
    """Writes a model; `tail` are further bytes of its graph, and then a hole. Returns where that begins."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    graph = model.graph.SerializeToString()
    model.ClearField("graph")
    with open(path, "wb") as out:
        out.write(model.SerializeToString() + field(7, len(graph) + len(tail) + hole) + graph + tail)
        end = out.tell()
        out.truncate(end + hole)
    return end


def field(number, length):
    """The tag of a field of bytes, and their number."""
    value, out = length, bytearray([number << 3 | 2])
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_at(path, offset, array):
    with open(path, "r+b" if os.path.exists(path) else "wb") as out:
        out.seek(offset)
        out.write(array.tobytes())


def external(name, shape, location, offset):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def info(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def offsets(folder):
    """Three files in two folders; a tensor across 4 GiB, one behind it, two at odd bytes."""
    source = np.random.default_rng(1)
    os.makedirs(os.path.join(folder, "sub"), exist_ok=True)
    places = [("a.bin", 4 * GIB - 48 * 48 * 2), ("a.bin", 5 * GIB + 4096), ("sub/b.bin", 13), ("sub/c.bin", 9 * GIB + 3)]
    arrays, tensors, nodes = [], [], []
    for i, (location, offset) in enumerate(places):
        arrays.append(source.standard_normal((48, 48), np.float32) / 7)
        write_at(os.path.join(folder, location), offset, arrays[i])
        tensors.append(external(f"w{i}", (48, 48), location, offset))
        nodes.append(helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"], name=f"product{i}"))
    path = os.path.join(folder, "offsets.onnx")
    save(path, helper.make_graph(nodes, "g", [info("x0", (3, 48))], [info(f"x{len(places)}", (3, 48))], tensors))
    x = source.standard_normal((3, 48), np.float32)
    want = x.astype(np.float64)
    for array in arrays:
        want = want @ array.astype(np.float64)
    return path, {"x0": x}, {f"x{len(places)}.npy": want.astype(np.float32)}


def inside(folder):
    """A table of more than 4 GiB inside the model's own file, rows of which are used."""
    rows, columns = 1_100_001, 1024
    size = rows * columns * 4
    values = np.random.default_rng(2).standard_normal((3, columns), np.float32)
    picked = np.array([[0, rows - 1, 600_000]])
    head = TensorProto(name="table", data_type=TensorProto.FLOAT, dims=(rows, columns)).SerializeToString()
    head += field(9, size)
    path = os.path.join(folder, "inside.onnx")
    node = helper.make_node("Gather", ["table", "token"], ["y"], name="embed", axis=0)
    graph = helper.make_graph([node], "g", [info("token", (1, 3), TensorProto.INT64)],
                              [info("y", (1, 3, columns))])
    begin = save(path, graph, field(5, len(head) + size) + head, hole=size)
    for row, value in zip(picked[0], values):
        write_at(path, begin + int(row) * columns * 4, value)
    return path, {"token": picked}, {"y.npy": values[None]}


def matrix(folder):
    """A matrix of more than 4 GiB in one kernel."""
    rows, columns = 16384, 66000
    source = np.random.default_rng(3)
    values = source.standard_normal((64, columns), np.float32)
    begin = rows - 64
    write_at(os.path.join(folder, "matrix.bin"), begin * columns * 4, values)
    path = os.path.join(folder, "matrix.onnx")
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="product")
    save(path, helper.make_graph([node], "g", [info("x", (1, rows))], [info("y", (1, columns))],
                                 [external("w", (rows, columns), "matrix.bin", 0)]))
    x = source.standard_normal((1, rows), np.float32)
    return path, {"x": x}, {"y.npy": (x[:, begin:].astype(np.float64) @ values).astype(np.float32)}


def many(folder):
    """A file for each tensor, more of them than swapc may have open."""
    source = np.random.default_rng(4)
    count = 200
    rows = source.standard_normal((count, 4096), np.float32)
    tensors, nodes = [], []
    for i, row in enumerate(rows):
        write_at(os.path.join(folder, f"many.{i}"), 0, row)
        tensors.append(external(f"w{i}", (4096,), f"many.{i}", 0))
        nodes.append(helper.make_node("Add", [f"x{i}", f"w{i}"], [f"x{i + 1}"], name=f"sum{i}"))
    path = os.path.join(folder, "many.onnx")
    save(path, helper.make_graph(nodes, "g", [info("x0", (4096,))], [info(f"x{count}", (4096,))], tensors))
    x = source.standard_normal(4096, np.float32)
    want = x.astype(np.float64) + rows.astype(np.float64).sum(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return path, {"x0": x}, {f"x{count}.npy": want.astype(np.float32)}


CASES = {case.__name__: case for case in (offsets, inside, matrix, many)}


def main():
    folder, *names = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for name in names or list(CASES):
        path, inputs, want = CASES[name](folder)
        program = os.path.join(folder, name)
        testing.compile_model(path, program, budgets=("min",), args=("--quiet",))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
        # Sanitizers take memory of their own.
        testing.require(peak < COMPILER_BYTES or os.environ.get("SWAPC_NO_MEMORY_CGROUP"),
                        f"{name}: swapc took {peak} bytes")
        got, stats, _ = testing.run_program(program, inputs)
        for output, value in want.items():
            error = testing.relative_error(got[output], value)
            testing.require(error < 1e-5, f"{name}: {output} has an error of {error:.2g}")
        blob = os.stat(program + ".swap")
        testing.require(blob.st_blocks * 512 < 64 << 20, f"{name}: the blob has no holes: {blob.st_blocks} blocks")
        print(f"{name}: {stats['model_bytes'] / testing.MIB:.0f} MiB compiled in {peak / testing.MIB:.0f}, "
              f"run in {stats['peak_bytes'] / testing.MIB:.1f}")


if __name__ == "__main__":
    main()
