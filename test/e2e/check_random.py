"""check_random.py SEED COUNT WORKDIR: random small graphs against ONNX Runtime.

A model holds several independent graphs, to compile once for all of them; COUNT
models are made from SEED on. Results must be the same bits at the smallest
budget and at the largest. What a graph computes in f16 is also computed in f32,
to know how much of a difference rounding alone explains.
"""
import math
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import swapc_testing as st

SIZES = [1, 2, 3, 5, 7, 8, 13, 17, 33]
GRAPHS = 8
LARGEST = 30000  # elements of a value


class Graph:
    """Nodes that grow from random patterns; `shape` knows every float value."""

    def __init__(self, seed, prefix, opset, dtype):
        self.rng = np.random.default_rng(seed)
        self.prefix, self.opset, self.dtype = prefix, opset, dtype
        self.nodes, self.feeds, self.initializers = [], {}, {}
        self.shape, self.values, self.used, self.outputs = {}, [], set(), []

    # Names, parameters and nodes.

    def choose(self, *options):
        return options[self.rng.integers(len(options))]

    def chance(self, probability):
        return self.rng.random() < probability

    def size(self):
        return self.choose(*SIZES)

    def name(self, stem):
        return f"{self.prefix}{stem}{len(self.nodes)}_{len(self.initializers) + len(self.feeds)}"

    def random(self, shape, scale=1.0):
        # Through f16, so that both precisions see the same numbers.
        return np.asarray(self.rng.standard_normal(shape) * scale, dtype=np.float16).astype(self.dtype)

    def input(self, *shape):
        name = self.name("in")
        self.feeds[name] = self.random(shape)
        self.shape[name] = tuple(shape)
        return name

    def integers(self, high, *shape):
        name = self.name("ids")
        self.feeds[name] = self.rng.integers(0, high, shape)
        return name

    def const(self, array, dtype=None):
        name = self.name("const")
        self.initializers[name] = np.asarray(array, dtype=dtype or self.dtype)
        self.shape[name] = self.initializers[name].shape
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def param(self, *shape, scale=0.5):
        """A new parameter, or one that another node reads already."""
        same = [n for n, a in self.initializers.items() if a.shape == shape and "param" in n]
        if same and self.chance(0.3):
            return self.choose(*same)
        name = self.name("param")
        self.initializers[name] = self.random(shape, scale)
        self.shape[name] = tuple(shape)
        return name

    def node(self, op, operands, *shapes, **attributes):
        names = [f"{self.prefix}{op}{len(self.nodes)}_{k}" for k in range(len(shapes))]
        self.nodes.append(helper.make_node(op, operands, names, name=names[0], **attributes))
        self.used.update(operands)
        for name, shape in zip(names, shapes):
            self.shape[name] = tuple(int(n) for n in shape)
        return names[0] if len(names) == 1 else names

    def pick(self):
        return self.values[-1] if self.chance(0.6) else self.choose(*self.values)

    # What several patterns use.

    def same(self, op, x, *others, **attributes):
        return self.node(op, [x, *others], self.shape[x], **attributes)

    def binary(self, op, x, y):
        return self.node(op, [x, y], np.broadcast_shapes(self.shape[x], self.shape[y]))

    def reshape(self, x, *shape):
        return self.node("Reshape", [x, self.ints(*shape)], shape)

    def transpose(self, x, *perm):
        return self.node("Transpose", [x], [self.shape[x][p] for p in perm], perm=perm)

    def matmul(self, x, y):
        a, b = self.shape[x], self.shape[y]
        return self.node("MatMul", [x, y], (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]))

    def linear(self, x, width):
        inner = self.shape[x][-1]
        if self.chance(0.3):  # A transposed weight, as exporters write it.
            weight = self.transpose(self.param(width, inner, scale=inner ** -0.5), 1, 0)
        else:
            weight = self.param(inner, width, scale=inner ** -0.5)
        result = self.matmul(x, weight)
        return self.binary("Add", result, self.param(width)) if self.chance(0.6) else result

    def reduce(self, op, x, axes, keep=1):
        rank = len(self.shape[x])
        dropped = {a % rank for a in axes}
        shape = [1 if i in dropped else n for i, n in enumerate(self.shape[x]) if keep or i not in dropped]
        if self.opset >= 18 or op == "ReduceSum":
            return self.node(op, [x, self.ints(*axes)], shape, keepdims=keep)
        return self.node(op, [x], shape, axes=axes, keepdims=keep)

    def slice(self, x, axis, begin, end, step=1):
        shape = list(self.shape[x])
        shape[axis] = len(range(shape[axis])[begin:end:step])
        return self.node("Slice", [x, self.ints(begin), self.ints(end), self.ints(axis), self.ints(step)], shape)

    def concat(self, values, axis):
        shape = list(self.shape[values[0]])
        shape[axis] = sum(self.shape[v][axis] for v in values)
        return self.node("Concat", values, shape, axis=axis)

    def sigmoid_linear(self, x):
        return self.binary("Mul", x, self.same("Sigmoid", x))

    # Patterns for a value of any rank.

    def activation(self, x):
        op = self.choose("Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "HardSigmoid", "Softplus", "Erf", "Abs",
                         "silu", "Clip", "Neg", "square", "Gelu", "HardSwish", "Identity", "sqrt", "PRelu")
        if op == "silu":
            return self.sigmoid_linear(x)
        if op == "Clip":
            return self.same(op, x, self.const(-1.0), self.const(1.5))
        if op == "square":
            return self.binary("Mul", self.same("Tanh", x), x) if self.chance(0.5) else \
                self.same("Pow", self.same("Tanh", x), self.const(2.0))
        if op == "sqrt":
            return self.same("Sqrt", self.binary("Add", self.same("Abs", x), self.const(0.1)))
        if op == "PRelu":
            return self.same(op, x, self.param(*self.shape[x][-1:]))
        if op == "Gelu" and self.opset < 20:
            op = "Relu"
        if op == "HardSwish" and self.opset < 14:
            op = "Tanh"
        return self.same(op, x)

    def affine(self, x):
        shape = self.shape[x]
        cut = self.rng.integers(len(shape) + 1)
        operand = [n if self.chance(0.6) else 1 for n in shape[cut:]]
        y = self.param(*operand) if self.chance(0.8) else self.input(*operand)
        pair = (x, y) if self.chance(0.6) else (y, x)
        return self.binary(self.choose("Add", "Sub", "Mul", "Max", "Min"), *pair)

    def residual(self, x):
        same = [v for v in self.values if self.shape[v] == self.shape[x]]
        other = self.choose(*same) if same else x
        return self.binary(self.choose("Add", "Add", "Sub", "Max"), x, other)

    def broadcast_other(self, x):
        for other in self.values[::-1]:
            try:
                if math.prod(np.broadcast_shapes(self.shape[x], self.shape[other])) <= LARGEST and other != x:
                    return self.binary(self.choose("Add", "Mul", "Sub"), self.same("Tanh", x), other)
            except ValueError:
                pass
        return self.residual(x)

    def any_transpose(self, x):
        return self.transpose(x, *(int(p) for p in self.rng.permutation(len(self.shape[x]))))

    def any_reshape(self, x):
        shape = self.shape[x]
        kind = self.choose("flatten", "merge", "split", "ones", "factors")
        if kind == "merge" and len(shape) > 1:
            at = int(self.rng.integers(len(shape) - 1))
            return self.reshape(x, *shape[:at], shape[at] * shape[at + 1], *shape[at + 2:])
        if kind == "split" and len(shape) < 5:
            at = int(self.rng.integers(len(shape)))
            factors = [f for f in (2, 3, 4, 5, 7) if shape[at] % f == 0]
            if factors:
                f = self.choose(*factors)
                return self.reshape(x, *shape[:at], f, shape[at] // f, *shape[at + 1:])
        if kind == "ones" and len(shape) < 5:
            at = int(self.rng.integers(len(shape) + 1))
            return self.node("Unsqueeze", [x, self.ints(at)], (*shape[:at], 1, *shape[at:]))
        if kind == "factors":
            total = math.prod(shape)
            first = max(f for f in (1, 2, 3, 4, 5, 6, 7) if total % f == 0)
            return self.reshape(x, first, total // first)
        if 1 in shape and len(shape) > 1:
            at = shape.index(1)
            return self.node("Squeeze", [x, self.ints(at)], (*shape[:at], *shape[at + 1:]))
        return self.reshape(x, shape[0], math.prod(shape[1:]))

    def reduce_back(self, x):
        axes = [a for a in range(len(self.shape[x])) if self.chance(0.5)] or [-1]
        r = self.reduce(self.choose("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSum"), x, axes)
        if self.chance(0.3):
            return r
        r = self.binary("Add", self.same("Abs", r), self.const(1.0))
        return self.binary(self.choose("Div", "Sub"), x, r)

    def reduce_away(self, x):
        rank = len(self.shape[x])
        return self.reduce(self.choose("ReduceMean", "ReduceMax"), x, [int(self.rng.integers(-rank, rank))], keep=0)

    def softmax(self, x):
        axis = int(self.rng.integers(-len(self.shape[x]), len(self.shape[x])))
        if self.chance(0.6):
            return self.same("Softmax", x, axis=axis)
        e = self.same("Exp", self.binary("Sub", x, self.reduce("ReduceMax", x, [axis])))
        return self.binary("Div", e, self.reduce("ReduceSum", e, [axis]))

    def norm(self, x):
        width = self.shape[x][-1]
        kind = self.choose("op", "layer", "rms")
        if kind == "op" and self.opset >= 17:
            return self.same("LayerNormalization", x, self.param(width), self.param(width), axis=-1, epsilon=1e-2)
        centred = x if kind == "rms" else self.binary("Sub", x, self.reduce("ReduceMean", x, [-1]))
        square = self.same("Pow", centred, self.const(2.0)) if self.chance(0.5) else \
            self.binary("Mul", centred, centred)
        spread = self.binary("Add", self.reduce("ReduceMean", square, [-1]), self.const(1e-2))
        spread = self.same("Sqrt", spread)
        if self.chance(0.5):
            result = self.binary("Div", centred, spread)
        else:
            result = self.binary("Mul", centred, self.same("Reciprocal", spread))
        return self.binary("Mul", result, self.param(width))

    def some_slice(self, x):
        axis = int(self.rng.integers(len(self.shape[x])))
        n = self.shape[x][axis]
        begin = int(self.rng.integers(n))
        end = int(self.rng.integers(begin + 1, n + 1))
        if self.chance(0.2) and n > 1:  # Backwards.
            return self.node("Slice", [x, self.ints(-1), self.ints(-2 ** 31), self.ints(axis), self.ints(-1)],
                             self.shape[x])
        return self.slice(x, axis, begin, end, self.choose(1, 1, 2))

    def split_join(self, x):
        axis = int(self.rng.integers(len(self.shape[x])))
        n = self.shape[x][axis]
        if n < 2:
            return self.concat([x, self.same("Sigmoid", x), x], axis)
        first = int(self.rng.integers(1, n))
        shapes = [[k if i == axis else m for i, m in enumerate(self.shape[x])] for k in (first, n - first)]
        a, b = self.node("Split", [x, self.ints(first, n - first)], *shapes, axis=axis)
        if self.chance(0.5):
            a = self.activation(a)
        self.values.append(a)
        return self.concat(self.choose([b, a], [a, b], [b, a, b]), axis)

    def concat_same(self, x):
        axis = int(self.rng.integers(len(self.shape[x])))
        rest = [v for v in self.values if len(self.shape[v]) == len(self.shape[x]) and
                all(i == axis or self.shape[v][i] == n for i, n in enumerate(self.shape[x]))]
        other = self.choose(*rest) if rest else self.param(*self.shape[x])
        return self.concat([x, other] if self.chance(0.5) else [other, x, self.param(*self.shape[x])], axis)

    def where(self, x):
        shape = self.shape[x]
        ids = self.integers(4, *(n if self.chance(0.7) else 1 for n in shape))
        mask = self.node(self.choose("Equal", "Less", "Greater"), [ids, self.const(2, np.int64)], self.feeds[ids].shape)
        if self.chance(0.3):
            mask = self.same("Not", mask)
        if self.chance(0.3):
            number = self.same("Cast", mask, to=helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype)))
            return self.binary("Mul", x, number)
        other = self.choose(self.const(-3.0), self.same("Neg", x), self.param(*shape[-1:]))
        return self.node("Where", [mask, x, other] if self.chance(0.5) else [mask, other, x], shape)

    def gather(self, x):
        axis = int(self.rng.integers(len(self.shape[x])))
        shape, n = self.shape[x], self.shape[x][axis]
        indices = self.rng.integers(-n, n, self.choose((), (1,), (3,), (2, 2)))
        operand = self.const(indices, np.int64) if self.chance(0.5) else self.integers(n, *indices.shape)
        return self.node("Gather", [x, operand], (*shape[:axis], *indices.shape, *shape[axis + 1:]), axis=axis)

    def expand(self, x):
        shape = tuple(self.choose(2, 3) if n == 1 and self.chance(0.5) else n for n in self.shape[x])
        shape = shape if self.chance(0.6) or len(shape) > 3 else (2, *shape)
        return self.node("Expand", [x, self.ints(*shape)], shape)

    def tile(self, x):
        times = [self.choose(1, 1, 2, 3) for _ in self.shape[x]]
        return self.node("Tile", [x, self.ints(*times)], np.multiply(times, self.shape[x]))

    def pad(self, x):
        rank = len(self.shape[x])
        amounts = [self.choose(0, 0, 1, 2) for _ in range(2 * rank)]
        shape = [n + amounts[i] + amounts[rank + i] for i, n in enumerate(self.shape[x])]
        return self.node("Pad", [x, self.ints(*amounts), self.const(self.choose(0.0, 1.5))], shape)

    def twice(self, x):
        """The same computation by two nodes, and both used."""
        op = self.choose("Sigmoid", "Tanh")
        a, b = self.same(op, x), self.same(op, x)
        self.values.append(a)
        return self.binary("Add", self.same("Neg", b), a) if self.chance(0.3) else b

    def scale_by_scalar(self, x):
        rank = len(self.shape[x])
        s = self.reduce("ReduceMean", x, list(range(rank)), keep=self.choose(0, 1))
        return self.binary("Add", self.binary("Mul", x, self.const(0.5)), s)

    ANY = [activation, activation, affine, affine, residual, residual, broadcast_other, any_transpose, any_reshape,
           reduce_back, reduce_away, softmax, norm, some_slice, split_join, concat_same, where, gather, expand, tile,
           pad, twice, scale_by_scalar]

    # Patterns for rows (rank 2 and more).

    def project(self, x):
        return self.linear(x, self.choose(*SIZES, 16, 40, 64))

    def gated(self, x):
        width, hidden = self.shape[x][-1], self.choose(5, 16, 33)
        gate = self.sigmoid_linear(self.linear(x, hidden))
        return self.binary("Add", x, self.linear(self.binary("Mul", gate, self.linear(x, hidden)), width))

    def gated_split(self, x):
        hidden = self.choose(5, 8, 17)
        both = self.linear(x, 2 * hidden)
        shape = (*self.shape[x][:-1], hidden)
        gate, up = self.node("Split", [both, self.ints(hidden, hidden)], shape, shape, axis=-1)
        return self.linear(self.binary("Mul", self.activation(gate), up), self.shape[x][-1])

    def tied(self, x):
        """Through a weight, and back through its transpose."""
        weight = self.param(self.shape[x][-1], self.size(), scale=self.shape[x][-1] ** -0.5)
        return self.matmul(self.activation(self.matmul(x, weight)), self.transpose(weight, 1, 0))

    def gram(self, x):
        rank = len(self.shape[x])
        turned = self.transpose(x, *range(rank - 2), rank - 1, rank - 2)
        return self.matmul(*self.choose((x, turned), (turned, x)))

    ROWS = [project, project, gated, gated_split, tied, gram, norm, softmax]

    # Patterns for sequences (rank 3: batch, time, width).

    def heads_of(self, x, heads, size, key=False):
        batch, time, _ = self.shape[x]
        split = self.reshape(self.linear(x, heads * size), batch, time, heads, size)
        return self.transpose(split, *((0, 2, 3, 1) if key else (0, 2, 1, 3)))

    def rotary(self, x):
        time, size = self.shape[x][-2:]
        half = size // 2
        turned = self.concat([self.same("Neg", self.slice(x, 3, half, size)), self.slice(x, 3, 0, half)], -1)
        cos, sin = self.param(time, size), self.param(time, size)
        return self.binary("Add", self.binary("Mul", x, cos), self.binary("Mul", turned, sin))

    def repeat_heads(self, x, times):
        batch, heads, *rest = self.shape[x]
        wide = self.node("Unsqueeze", [x, self.ints(2)], (batch, heads, 1, *rest))
        shape = (batch, heads, times, *rest)
        return self.reshape(self.node("Expand", [wide, self.ints(*shape)], shape), batch, heads * times, *rest)

    def mask_scores(self, scores):
        batch, heads, time, keys = self.shape[scores]
        kind = self.choose("none", "add", "causal", "padding")
        if kind == "add":
            return self.binary("Add", scores, self.const(np.triu(np.full((time, keys), -1000.0), 1)))
        if kind == "causal":
            row = self.reshape(self.node("Range", [self.const(k, np.int64) for k in (0, time, 1)], (time,)), time, 1)
            column = self.node("Range", [self.const(k, np.int64) for k in (0, keys, 1)], (keys,))
            allowed = self.node("LessOrEqual", [column, row], (time, keys))
            return self.node("Where", [allowed, scores, self.const(-1000.0)], self.shape[scores])
        if kind == "padding":
            seen = self.node("Cast", [self.integers(2, batch, keys)], (batch, keys), to=TensorProto.BOOL)
            seen = self.reshape(seen, batch, 1, 1, keys)
            return self.node("Where", [seen, scores, self.const(-1000.0)], self.shape[scores])
        return scores

    def attention(self, x):
        batch, time, width = self.shape[x]
        groups, times, size = self.choose(1, 2, 3), self.choose(1, 1, 2, 4), self.choose(2, 4, 8, 10, 16)
        q = self.heads_of(x, groups * times, size)
        k, v = self.heads_of(x, groups, size), self.heads_of(x, groups, size)
        if self.chance(0.4):
            q, k = self.rotary(q), self.rotary(k)
        if self.chance(0.4):
            past = self.choose(1, 3, 8)
            k = self.concat([self.input(batch, groups, past, size), k], 2)
            v = self.concat([self.input(batch, groups, past, size), v], 2)
            self.outputs += [k, v]
        if times > 1:
            k, v = self.repeat_heads(k, times), self.repeat_heads(v, times)
        if self.chance(0.3):
            q = self.binary("Mul", q, self.const(0.5))
        scores = self.binary("Div", self.matmul(q, self.transpose(k, 0, 1, 3, 2)), self.const(size ** 0.5))
        weights = self.same("Softmax", self.mask_scores(scores), axis=-1)
        mixed = self.reshape(self.transpose(self.matmul(weights, v), 0, 2, 1, 3), batch, time, groups * times * size)
        return self.binary("Add", x, self.linear(mixed, width))

    def transformer(self, x):
        return self.gated(self.norm(self.attention(self.norm(x))))

    def to_image(self, x):
        batch, time, width = self.shape[x]
        rows = max(f for f in (1, 2, 3, 4, 5) if time % f == 0)
        return self.reshape(self.transpose(x, 0, 2, 1), batch, width, rows, time // rows)

    SEQUENCE = [attention, attention, transformer, to_image]

    # Patterns for images (rank 4: batch, channel, height, width).

    def extent(self, n, kernel, stride, dilation, begin, end):
        return (n + begin + end - dilation * (kernel - 1) - 1) // stride + 1

    def conv(self, x):
        batch, channels, *image = self.shape[x]
        group = self.choose(1, 1, channels, *(g for g in (2, 3, 5) if channels % g == 0))
        count = group * self.choose(1, 1, 2, 3) if group > 1 else self.choose(*SIZES, 16, 40)
        kernel = [self.choose(1, 3, 3, 5, 2) for _ in image]
        stride, dilation = [self.choose(1, 1, 1, 2, 3) for _ in image], [self.choose(1, 1, 1, 2) for _ in image]
        if self.chance(0.4):
            kernel, stride, dilation = [1, 1], [1, 1], [1, 1]
        pads = [int(self.rng.integers(0, (k + 1) // 2 + 1)) for k in kernel * 2] if max(kernel) > 1 else [0] * 4
        size = [self.extent(n, *rest) for n, *rest in zip(image, kernel, stride, dilation, pads, pads[2:])]
        if min(size) < 1:
            return self.activation(x)
        fan = channels // group * math.prod(kernel)
        operands = [x, self.param(count, channels // group, *kernel, scale=fan ** -0.5)]
        if self.chance(0.5):
            operands.append(self.param(count))
        result = self.node("Conv", operands, (batch, count, *size), group=group, strides=stride,
                           dilations=dilation, pads=pads)
        if self.chance(0.4):
            result = self.batch_norm(result)
        return self.activation(result) if self.chance(0.5) else result

    def batch_norm(self, x):
        count = self.shape[x][1]
        positive = [self.const(np.abs(self.random((count,))) + self.dtype(0.5)) for _ in range(2)]
        return self.same("BatchNormalization", x, positive[0], self.param(count), self.param(count), positive[1])

    def bottleneck(self, x):
        batch, channels, *image = self.shape[x]
        y = self.node("Conv", [x, self.param(8, channels, 1, 1, scale=channels ** -0.5)], (batch, 8, *image))
        y = self.activation(self.batch_norm(y))
        y = self.node("Conv", [y, self.param(8, 1, 3, 3, scale=0.3)], (batch, 8, *image), group=8, pads=[1] * 4)
        y = self.node("Conv", [y, self.param(channels, 8, 1, 1), self.param(channels)], (batch, channels, *image))
        return self.binary("Add", x, y)

    def squeeze_excite(self, x):
        batch, channels, *_ = self.shape[x]
        y = self.node("GlobalAveragePool", [x], (batch, channels, 1, 1))
        y = self.same("Relu", self.node("Conv", [y, self.param(3, channels, 1, 1), self.param(3)], (batch, 3, 1, 1)))
        y = self.node("Conv", [y, self.param(channels, 3, 1, 1)], (batch, channels, 1, 1))
        return self.binary("Mul", x, self.same(self.choose("Sigmoid", "HardSigmoid"), y))

    def pool(self, x):
        batch, channels, *image = self.shape[x]
        kernel, stride = [self.choose(1, 2, 3) for _ in image], [self.choose(1, 2) for _ in image]
        pads = [int(self.rng.integers(0, k)) for k in kernel * 2]
        size = [self.extent(n, k, s, 1, b, e) for n, k, s, b, e in zip(image, kernel, stride, pads, pads[2:])]
        if min(size) < 1:
            return self.node("GlobalMaxPool", [x], (batch, channels, 1, 1))
        op = self.choose("MaxPool", "AveragePool")
        counted = {"count_include_pad": self.choose(0, 1)} if op == "AveragePool" else {}
        return self.node(op, [x], (batch, channels, *size), kernel_shape=kernel, strides=stride, pads=pads, **counted)

    def branches(self, x):
        """Some paths of the same image size, side by side."""
        batch, channels, *image = self.shape[x]
        paths = [x] if self.chance(0.5) else []
        for _ in range(self.choose(2, 3)):
            count, k = self.size(), self.choose(1, 3)
            y = self.node("Conv", [x, self.param(count, channels, k, k, scale=(channels * k * k) ** -0.5)],
                          (batch, count, *image), pads=[k // 2] * 4)
            paths.append(self.activation(y) if self.chance(0.5) else y)
        return self.concat(paths, 1)

    def resize(self, x):
        batch, channels, *image = self.shape[x]
        scales = [self.choose(1, 2, 3), self.choose(1, 2)]
        mode = self.choose({"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
                           {"mode": "linear", "coordinate_transformation_mode": "half_pixel"})
        return self.node("Resize", [x, "", self.const([1, 1, *scales], np.float32)],
                         (batch, channels, image[0] * scales[0], image[1] * scales[1]), **mode)

    def shuffle(self, x):
        batch, channels, height, width = self.shape[x]
        if channels % 4 == 0:
            return self.node("DepthToSpace", [x], (batch, channels // 4, 2 * height, 2 * width), blocksize=2,
                             mode=self.choose("DCR", "CRD"))
        factor = self.choose(*(f for f in (1, 2, 3, 5, 7, 13) if channels % f == 0))
        split = self.reshape(x, batch, factor, channels // factor, height, width)
        return self.reshape(self.transpose(split, 0, 2, 1, 3, 4), batch, channels, height, width)

    def last_norm(self, x):
        return self.transpose(self.norm(self.transpose(x, 0, 2, 3, 1)), 0, 3, 1, 2)

    def to_sequence(self, x):
        batch, channels, height, width = self.shape[x]
        return self.transpose(self.reshape(x, batch, channels, height * width), 0, 2, 1)

    IMAGE = [conv, conv, conv, conv, batch_norm, bottleneck, squeeze_excite, pool, branches, resize, shuffle,
             last_norm, to_sequence]

    # The whole.

    def start(self):
        kind = self.choose("image", "image", "sequence", "tokens", "rows", "any")
        if kind == "image":
            return self.input(self.choose(1, 1, 2), self.choose(*SIZES, 16), self.size(), self.size())
        if kind == "sequence":
            return self.input(self.choose(1, 1, 2, 3), self.size(), self.choose(*SIZES, 16))
        if kind == "tokens":
            batch, time, width = self.choose(1, 2), self.size(), self.size()
            table = self.param(self.choose(11, 50), width)
            ids = self.integers(self.shape[table][0], batch, time)
            x = self.node("Gather", [table, ids], (batch, time, width))
            if self.chance(0.5):
                x = self.binary("Add", x, self.param(time, width))
            if self.chance(0.5):
                self.values.append(self.matmul(x, self.transpose(table, 1, 0)))
            return x
        if kind == "rows":
            return self.input(self.size(), self.size())
        return self.input(*(self.size() for _ in range(self.choose(0, 1, 2, 3))))

    def step(self):
        x = self.pick()
        rank = len(self.shape[x])
        fitting = {2: [self.ROWS], 3: [self.ROWS, self.SEQUENCE], 4: [self.IMAGE, self.IMAGE, self.IMAGE]}.get(rank, [])
        if rank == 0:
            return self.choose(self.activation, self.residual, self.broadcast_other)(x)
        if rank > 4:
            return self.choose(self.any_transpose, self.any_reshape, self.reduce_away, self.activation)(x)
        patterns = self.choose(self.ANY, *fitting)
        return self.choose(*patterns)(self, x)

    def grow(self, steps):
        self.values.append(self.start())
        for _ in range(steps):
            result = self.step()
            if math.prod(self.shape[result]) > LARGEST:
                result = self.reduce("ReduceMean", result, [-1])
            self.values.append(result)
        produced = {o for n in self.nodes for o in n.output}
        self.outputs += [v for v in self.values if v in produced and (v not in self.used or self.chance(0.1))]
        if self.chance(0.1):
            self.outputs.append(self.same("Identity", self.choose(*self.values)))
        if self.chance(0.1):
            self.outputs.append(self.same("Identity", self.outputs[0]))
        self.outputs = list(dict.fromkeys(self.outputs))
        return self


def build(seed, opset, dtype):
    graphs = [Graph([seed, k], f"g{k}_", opset, dtype).grow(int(np.random.default_rng([seed, k, 9]).integers(3, 12)))
              for k in range(GRAPHS)]
    feeds = {n: a for g in graphs for n, a in g.feeds.items()}
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
              for n, a in feeds.items()]
    outputs = [helper.make_tensor_value_info(o, element, g.shape[o]) for g in graphs for o in g.outputs]
    initializers = [numpy_helper.from_array(a, n) for g in graphs for n, a in g.initializers.items()]
    graph = helper.make_graph([n for g in graphs for n in g.nodes], "random", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), feeds


def differences(got, want, exact, limit):
    """Descriptions of the outputs that rounding does not explain."""
    for name, value in want.items():
        if exact and not (np.isfinite(value).all() and np.isfinite(got[name]).all()):
            continue  # More than f16 holds; it depends on what is kept in f32 on the way.
        try:
            error = st.relative_error(got[name], value)
        except st.Failure as failure:
            yield f"{name}: {failure}"
            continue
        noise = st.relative_error(value.astype(np.float32), exact[name].astype(np.float32)) if exact else 0.0
        # Where all digits cancel, as in x - mean(x) of equal elements, rounding is left.
        cancelled = np.allclose(got[name], value, rtol=0, atol=limit / 10, equal_nan=True)
        if not error <= max(limit, 4 * noise) and not cancelled:
            yield f"{name}: relative error {error:.2e} (rounding: {noise:.1e})"


def check(model, feeds, exact, workdir):
    """What is wrong with `model`, compiled and run, as a list of texts."""
    path = os.path.join(workdir, "random.onnx")
    onnx.save(model, path)
    want = st.reference(path, feeds)
    program = st.compile_model(path, os.path.join(workdir, "random"), ["min", "max"], st.cpu_only("--threads", "2"))
    got, _, _ = st.run_program(program, feeds, ["--budget", "max"])
    small, _, _ = st.run_program(program, feeds, ["--budget", "min"])
    half = any(v.dtype == np.float16 for v in want.values())
    bad = list(differences(got, want, exact, 2e-2 if half else 1e-4))
    if not st.same_bits(got, small):
        bad.append("other bits at the smallest budget")
    return bad


def random_model(seed, workdir):
    """The model of `seed`, its inputs, and for f16 what f32 makes of them."""
    rng = np.random.default_rng(seed)
    opset, half = int(rng.integers(13, 23)), rng.random() < 0.3
    if not half:
        return (*build(seed, opset, np.float32), None)
    wide, feeds = build(seed, opset, np.float32)
    path = os.path.join(workdir, "wide.onnx")
    onnx.save(wide, path)
    return (*build(seed, opset, np.float16), st.reference(path, feeds))


def main():
    seed, count, workdir = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.makedirs(workdir, exist_ok=True)
    failed = []
    for s in range(seed, seed + count):
        try:
            failed += [f"seed {s}: {text}" for text in check(*random_model(s, workdir), workdir)]
        except st.Failure as failure:
            failed.append(f"seed {s}: {failure}")
    st.require(not failed, "\n".join(failed))
    print(f"{count} random models ok")


if __name__ == "__main__":
    main()
