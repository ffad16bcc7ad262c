"""Models of tens of gigabytes that take little room on disk.

Weights lie in several files. All are sparse: of each matrix a stretch of rows holds
values, the rest are holes, which read as zeros. So every tensor takes part in the
result, every byte is read, and what is written is some hundredth of what it counts.
"""
import os
import zlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

ALIGN = 4096


class WeightFiles:
    """External data in files of at most `limit` bytes (one tensor at least)."""

    def __init__(self, folder, stem, limit):
        self.folder, self.stem, self.limit = folder, stem, limit
        self.file, self.count, self.at, self.total = None, 0, 0, 0

    def add(self, name, dtype, shape, rows):
        """A tensor whose values `rows`, from row `begin` on, are the only ones: (begin, values)."""
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if self.file is None or self.at + size > self.limit and self.at:
            self.close()
            self.name = f"{self.stem}-{self.count}.weights"
            self.file = open(os.path.join(self.folder, self.name), "wb")
            self.count, self.at = self.count + 1, 0
        begin, values = rows
        self.file.seek(self.at + begin * (size // shape[0]))
        self.file.write(np.ascontiguousarray(values, dtype).tobytes())
        tensor = TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", self.name), ("offset", self.at), ("length", size)):
            tensor.external_data.add(key=key, value=str(value))
        self.total += size
        self.at += (size + ALIGN - 1) // ALIGN * ALIGN
        self.file.truncate(self.at)
        return tensor

    def close(self):
        if self.file:
            self.file.close()
        self.file = None


class Llama:
    """One decode step of a Llama: by default that of 8 billion parameters (30 GiB of float32),
    whose embedding and head have 2 GiB each. `filled` rows of each matrix hold values."""

    def __init__(self, folder, layers=32, hidden=4096, inner=14336, heads=32, kv_heads=8, vocabulary=128256,
                 past=16, dtype="float32", limit=8 << 30, filled=64):
        self.hidden, self.inner, self.heads, self.kv_heads = hidden, inner, heads, kv_heads
        self.layers, self.vocabulary, self.past = layers, vocabulary, past
        self.dtype = np.dtype(dtype)
        self.head, self.filled = hidden // heads, filled
        self.files = WeightFiles(folder, "big", limit)
        self.path = os.path.join(folder, "big.onnx")
        self.nodes, self.initializers = [], []

    def op(self, kind, *inputs, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=out, **attributes))
        return out

    def constant(self, name, value):
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def matrix(self, name, rows, columns):
        source = np.random.default_rng(zlib.crc32(name.encode()))
        filled = min(self.filled, rows)
        begin = 0 if name == "embedding" else int(source.integers(rows - filled + 1))
        values = source.standard_normal((filled, columns), np.float32) * np.float32(filled ** -0.5)
        self.initializers.append(self.files.add(name, self.dtype, (rows, columns), (begin, values)))
        return name

    def norm(self, x, name):
        scale = self.constant(name, np.linspace(0.9, 1.1, self.hidden).astype(self.dtype))
        mean = self.op("ReduceMean", self.op("Mul", x, x), "last", keepdims=1)
        return self.op("Mul", self.op("Div", x, self.op("Sqrt", self.op("Add", mean, "epsilon"))), scale)

    def rotate(self, x):
        low, high = self.op("Slice", x, "zero", "half", "last"), self.op("Slice", x, "half", "end", "last")
        turned = self.op("Concat", self.op("Neg", high), low, axis=-1)
        return self.op("Add", self.op("Mul", x, "cos"), self.op("Mul", turned, "sin"))

    def layer(self, x, i):
        name = f"layers.{i}."
        h = self.norm(x, name + "norm1")
        def project(part, heads):
            y = self.op("MatMul", h, self.matrix(name + part, self.hidden, heads * self.head))
            return self.op("Reshape", y, f"shape_{heads}")  # (heads, 1, head)
        q, k, v = project("wq", self.heads), project("wk", self.kv_heads), project("wv", self.kv_heads)
        q, k = self.rotate(q), self.rotate(k)
        index = self.constant(name + "index", np.int64(i))
        k = self.op("Concat", self.op("Gather", "past_k", index, axis=0), k, axis=1)
        v = self.op("Concat", self.op("Gather", "past_v", index, axis=0), v, axis=1)
        q = self.op("Reshape", q, "shape_q")  # (kv heads, heads of a group, head)
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 2, 1]))
        weights = self.op("Softmax", self.op("Mul", scores, "scale"), axis=-1)
        mixed = self.op("Reshape", self.op("MatMul", weights, v), "shape_x")
        x = self.op("Add", x, self.op("MatMul", mixed, self.matrix(name + "wo", self.heads * self.head, self.hidden)))
        h = self.norm(x, name + "norm2")
        gate = self.op("MatMul", h, self.matrix(name + "gate", self.hidden, self.inner))
        up = self.op("MatMul", h, self.matrix(name + "up", self.hidden, self.inner))
        h = self.op("Mul", self.op("Mul", gate, self.op("Sigmoid", gate)), up)
        x = self.op("Add", x, self.op("MatMul", h, self.matrix(name + "down", self.inner, self.hidden)))
        return x, self.op("Unsqueeze", k, "zero"), self.op("Unsqueeze", v, "zero")

    def write(self):
        """The model's path. `files.total` are the bytes of its weights."""
        for name, value in (("zero", [0]), ("half", [self.head // 2]), ("end", [self.head]), ("last", [-1]),
                            ("shape_q", [self.kv_heads, self.heads // self.kv_heads, self.head]),
                            ("shape_x", [1, self.heads * self.head])):
            self.constant(name, np.array(value, np.int64))
        for heads in {self.heads, self.kv_heads}:
            self.constant(f"shape_{heads}", np.array([heads, 1, self.head], np.int64))
        self.constant("epsilon", np.array(1e-5, self.dtype))
        self.constant("scale", np.array(self.head ** -0.5, self.dtype))
        angles = np.outer(np.arange(64), 10000.0 ** (-np.arange(0, self.head, 2) / self.head))
        for name, table in (("cos_table", np.cos(angles)), ("sin_table", np.sin(angles))):
            self.constant(name, np.concatenate([table, table], 1).astype(self.dtype))
        x = self.op("Gather", self.matrix("embedding", self.vocabulary, self.hidden), "token", axis=0)
        for name in ("cos", "sin"):
            self.nodes.append(helper.make_node("Gather", [name + "_table", "position"], [name], name=name, axis=0))
        caches = ([], [])
        for i in range(self.layers):
            x, k, v = self.layer(x, i)
            caches[0].append(k)
            caches[1].append(v)
        x = self.norm(x, "norm")
        head = self.matrix("head", self.hidden, self.vocabulary)
        self.nodes.append(helper.make_node("MatMul", [x, head], ["logits"], name="logits"))
        for name, parts in zip(("k", "v"), caches):
            self.nodes.append(helper.make_node("Concat", parts, [name], name=name, axis=0))
        self.files.close()
        element = helper.np_dtype_to_tensor_dtype(self.dtype)
        cache = [self.layers, self.kv_heads, self.past, self.head]
        grown = cache[:2] + [self.past + 1, self.head]
        info = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, "big",
            [info("token", TensorProto.INT64, [1]), info("position", TensorProto.INT64, [1]),
             info("past_k", element, cache), info("past_v", element, cache)],
            [info("logits", element, [1, self.vocabulary]), info("k", element, grown), info("v", element, grown)],
            self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        with open(self.path, "wb") as out:
            out.write(model.SerializeToString())
        return self.path

    def inputs(self):
        source = np.random.default_rng(7)
        cache = (self.layers, self.kv_heads, self.past, self.head)
        return {"token": np.array([5]), "position": np.array([self.past]),
                "past_k": source.standard_normal(cache).astype(self.dtype),
                "past_v": source.standard_normal(cache).astype(self.dtype)}
