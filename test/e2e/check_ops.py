"""check_ops.py FAMILY WORKDIR: operators one by one against ONNX Runtime.

The cases of a family are independent nodes of one model, so that a family is
one compilation. Inputs come from a fixed seed; results must be the same bits at
the smallest budget and at the largest.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import swapc_testing as st

rng = np.random.default_rng(7)


def f32(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def positive(*shape):
    return (np.abs(rng.standard_normal(shape)) + 0.1).astype(np.float32)


def f16(*shape):
    return rng.standard_normal(shape).astype(np.float16)


def integers(low, high, *shape, dtype=np.int64):
    return rng.integers(low, high, shape).astype(dtype)


class Const:
    """An initializer instead of an input."""

    def __init__(self, array):
        self.array = np.asarray(array)


def i64(*values):
    return Const(np.array(values, dtype=np.int64))


def scalar(value, dtype=np.float32):
    return Const(np.array(value, dtype=dtype))


# Each case: (operator, inputs (array, Const or None), attributes, outputs).
def case(op, *inputs, outputs=1, **attributes):
    return op, inputs, attributes, outputs


def elementwise():
    unary = ["Abs", "Neg", "Exp", "Tanh", "Sigmoid", "Relu", "Erf", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos",
             "Softplus", "Softsign", "HardSwish", "Identity", "Elu", "LeakyRelu", "HardSigmoid", "Selu"]
    yield from (case(op, f32(3, 5, 7)) for op in unary)
    yield from (case(op, positive(2, 37)) for op in ["Log", "Sqrt", "Reciprocal"])
    yield from (case(op, f32(2, 3, 17), f32(3, 1)) for op in ["Add", "Sub", "Mul", "Div"])
    yield from (case(op, f32(1, 8), f32(4, 1)) for op in ["Add", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"])
    yield case("Pow", positive(4, 4), scalar(2.5))
    yield case("Pow", f32(4, 4), scalar(2.0))
    yield case("Pow", f32(4, 4), scalar(3.0))
    yield case("Clip", f32(4, 9), scalar(-0.5), scalar(0.5))
    yield case("Clip", f32(4, 9), None, scalar(0.25))
    yield case("Clip", f32(4, 9))
    yield case("Min", f32(4, 9), f32(9), f32(1))
    yield case("Max", f32(4, 9), f32(9))
    yield case("Sum", f32(4, 9), f32(9), f32(4, 1))
    yield case("Mean", f32(4, 9), f32(9))
    yield case("Where", integers(0, 2, 5, 1).astype(bool), f32(5, 6), f32(6))
    yield case("Where", integers(0, 2, 5, 6).astype(bool), scalar(1.0), f32(5, 6))
    yield case("Gelu", f32(6, 33))
    yield case("Gelu", f32(6, 33), approximate="tanh")
    yield case("PRelu", f32(2, 3, 4), f32(3, 1))
    yield case("LeakyRelu", f32(2, 3, 4), alpha=0.1)
    yield case("Not", integers(0, 2, 5, 6).astype(bool))
    yield from (case(op, integers(0, 2, 5, 6).astype(bool), integers(0, 2, 6).astype(bool)) for op in ["And", "Or", "Xor"])
    yield from (case(op, integers(-50, 50, 5, 6), integers(1, 9, 6)) for op in ["Add", "Sub", "Mul", "Div"])
    yield case("Add", integers(-50, 50, 5, 6, dtype=np.int32), integers(1, 9, 1, dtype=np.int32))
    yield case("Mod", integers(-50, 50, 5, 6), integers(1, 9, 6))
    yield case("Equal", integers(0, 3, 5, 6), integers(0, 3, 6))
    yield case("Tanh", f32(300) * 8)
    yield case("Exp", f32(300) * 30)
    yield case("Sigmoid", f32(300) * 30)


def casts():
    for source in [f32(5, 13) * 20, f16(5, 13) * 20, integers(-100, 100, 5, 13), integers(0, 2, 5, 13).astype(bool),
                   integers(-100, 100, 5, 13, dtype=np.int32), integers(-100, 100, 5, 13, dtype=np.int8)]:
        for to in [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL]:
            yield case("Cast", source, to=to)
    yield case("Add", f16(4, 9), f16(9))
    yield case("Mul", f16(4, 9), f16(9))
    yield case("Div", f16(4, 9), f16(9))
    yield case("Sigmoid", f16(4, 9))
    yield case("Softmax", f16(4, 9), axis=-1)
    yield case("MatMul", f16(4, 19), f16(19, 9))
    yield case("MatMul", f16(1, 40), Const(f16(40, 70)))
    yield case("MatMul", f16(33, 40), Const(f16(40, 70)))
    yield case("MatMul", f16(2, 3, 17, 24), f16(2, 3, 24, 19))
    yield case("Conv", f16(1, 16, 9, 11), Const(f16(40, 16, 3, 3)), Const(f16(40)), pads=[1, 1, 1, 1])
    yield case("MatMul", f32(0, 64), Const(f32(64, 8)))


def movement():
    yield case("Transpose", f32(2, 3, 4, 5), perm=[0, 2, 3, 1])
    yield case("Transpose", f32(33, 65))
    yield case("Transpose", f32(2, 3, 4, 5), perm=[3, 1, 2, 0])
    yield case("Reshape", f32(2, 3, 4), i64(0, -1))
    yield case("Reshape", f32(2, 3, 4), i64(4, 6))
    yield case("Flatten", f32(2, 3, 4), axis=2)
    yield case("Squeeze", f32(1, 3, 1, 4), i64(0, -2))
    yield case("Squeeze", f32(1, 3, 1, 4))
    yield case("Unsqueeze", f32(3, 4), i64(0, -1))
    yield case("Expand", f32(3, 1), i64(2, 3, 4))
    yield case("Tile", f32(2, 3), i64(2, 3))
    yield case("Concat", f32(2, 3, 4), f32(2, 1, 4), f32(2, 5, 4), axis=1)
    yield case("Concat", f32(2, 3), f32(2, 4), axis=-1)
    yield case("Split", f32(2, 9), i64(2, 4, 3), axis=1, outputs=3)
    yield case("Split", f32(6, 2), axis=0, num_outputs=3, outputs=3)
    yield case("Split", f32(7, 2), axis=0, num_outputs=3, outputs=3)
    yield case("Slice", f32(5, 8), i64(1), i64(4), i64(0))
    yield case("Slice", f32(5, 8), i64(-1, 1), i64(-100, 8), i64(0, 1), i64(-1, 3))
    yield case("Slice", f32(5, 8), i64(1), i64(1000), i64(-1))
    yield case("Pad", f32(2, 3, 4), i64(0, 1, 2, 0, 0, 3), scalar(1.5))
    yield case("Pad", f32(3, 4), i64(1, 2), None, i64(-1))
    yield case("DepthToSpace", f32(1, 8, 2, 3), blocksize=2)
    yield case("SpaceToDepth", f32(1, 2, 4, 6), blocksize=2)
    yield case("Gather", f32(5, 4), integers(-5, 5, 2, 3), axis=0)
    yield case("Gather", f32(5, 4), integers(0, 4, 3), axis=-1)
    yield case("Gather", Const(f32(700, 48)), integers(-700, 700, 6), axis=0)
    yield case("Gather", f32(5, 4), scalar(-2, np.int64), axis=0)
    yield case("GatherElements", f32(5, 4), integers(-5, 5, 3, 4), axis=0)
    yield case("GatherElements", f32(5, 4), integers(0, 4, 5, 2), axis=1)
    yield case("GatherND", f32(4, 5, 6), integers(0, 4, 3, 2))
    yield case("GatherND", f32(2, 5, 6), integers(-5, 5, 2, 3, 1), batch_dims=1)


def convolution():
    yield case("Conv", f32(1, 3, 11, 13), Const(f32(8, 3, 3, 3)), Const(f32(8)), pads=[1, 1, 1, 1])
    yield case("Conv", f32(1, 16, 14, 14), Const(f32(40, 16, 1, 1)))
    yield case("Conv", f32(0, 16, 14, 14), Const(f32(40, 16, 3, 3)))
    yield case("Conv", f32(2, 16, 15, 9), Const(f32(70, 16, 3, 3)), strides=[2, 2], pads=[1, 0, 2, 1])
    yield case("Conv", f32(1, 8, 12, 12), Const(f32(8, 8, 3, 3)), dilations=[2, 3], pads=[2, 3, 2, 3])
    yield case("Conv", f32(1, 32, 9, 9), Const(f32(32, 1, 3, 3)), Const(f32(32)), group=32, pads=[1, 1, 1, 1])
    yield case("Conv", f32(1, 40, 9, 9), Const(f32(40, 1, 3, 3)), group=40, strides=[2, 2], pads=[1, 1, 1, 1])
    yield case("Conv", f32(2, 24, 9, 41), Const(f32(24, 1, 7, 7)), Const(f32(24)), group=24, pads=[3, 3, 3, 3])
    yield case("Conv", f32(1, 19, 20, 37), Const(f32(19, 1, 3, 3)), group=19, strides=[2, 2], pads=[0, 0, 1, 1])
    yield case("Conv", f32(1, 16, 9, 30), Const(f32(16, 1, 5, 3)), group=16, dilations=[3, 2], pads=[6, 2, 6, 2])
    yield case("Conv", f32(1, 24, 50), Const(f32(24, 1, 9)), group=24, pads=[8, 0])
    yield case("Conv", f32(1, 17, 5, 6, 8), Const(f32(17, 1, 3, 3, 3)), group=17, pads=[1, 1, 1, 1, 1, 1])
    yield case("Conv", f32(1, 40, 12, 12), Const(f32(33, 40, 3, 3)), dilations=[12, 8], pads=[12, 8, 12, 8])
    yield case("Conv", f32(2, 3, 31, 37), Const(f32(16, 3, 3, 3)), Const(f32(16)), strides=[2, 2], pads=[1, 1, 1, 1])
    yield case("Conv", f32(1, 6, 9, 9), Const(f32(12, 2, 3, 3)), Const(f32(12)), group=3)
    yield case("Conv", f32(1, 4, 9, 9), Const(f32(8, 1, 3, 3)), group=4)
    yield case("Conv", f32(1, 3, 10, 10), Const(f32(5, 3, 4, 4)), auto_pad="SAME_UPPER", strides=[3, 3])
    yield case("Conv", f32(1, 3, 10, 10), Const(f32(5, 3, 4, 4)), auto_pad="SAME_LOWER", strides=[2, 2])
    yield case("Conv", f32(1, 3, 10, 10), Const(f32(5, 3, 4, 4)), auto_pad="VALID")
    yield case("Conv", f32(2, 3, 20), Const(f32(5, 3, 4)), Const(f32(5)), pads=[2, 1])
    yield case("Conv", f32(1, 3, 5, 6, 7), Const(f32(4, 3, 2, 3, 3)), pads=[0, 1, 1, 1, 1, 0])
    yield case("Conv", f32(1, 3, 8, 8), f32(4, 3, 3, 3), f32(4))
    yield case("BatchNormalization", f32(2, 5, 4, 4), Const(positive(5)), Const(f32(5)), Const(f32(5)), Const(positive(5)))


def pooling():
    yield case("MaxPool", f32(1, 4, 9, 11), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield case("MaxPool", f32(1, 4, 10, 10), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    yield case("MaxPool", f32(1, 20, 10, 10), kernel_shape=[2, 2], dilations=[2, 2])
    yield case("MaxPool", f32(1, 4, 10, 10), kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2])
    yield case("MaxPool", f32(1, 4, 10), kernel_shape=[3], strides=[2])
    yield case("AveragePool", f32(1, 4, 9, 11), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield case("AveragePool", f32(1, 4, 9, 11), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    yield case("AveragePool", f32(1, 4, 10, 10), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    yield case("AveragePool", f32(1, 17, 10, 10), kernel_shape=[2, 2], strides=[2, 2])
    yield case("GlobalAveragePool", f32(2, 19, 5, 6))
    yield case("GlobalMaxPool", f32(2, 19, 5, 6))


def matmul():
    yield case("MatMul", f32(5, 7), f32(7, 9))
    yield case("MatMul", f32(2, 3, 5, 7), f32(2, 3, 7, 9))
    yield case("MatMul", f32(2, 3, 5, 7), f32(7, 40))
    yield case("MatMul", f32(3, 5, 7), f32(2, 1, 7, 9))
    yield case("MatMul", f32(7), f32(7, 9))
    yield case("MatMul", f32(5, 7), f32(7))
    yield case("MatMul", f32(7), f32(7))
    yield case("MatMul", f32(1, 129), Const(f32(129, 300)))
    yield case("MatMul", f32(1, 6, 65), Const(f32(65, 33)))
    yield case("MatMul", f32(130, 65), Const(f32(65, 70)))
    yield case("Gemm", f32(5, 7), f32(7, 9), f32(9))
    yield case("Gemm", f32(7, 5), f32(9, 7), f32(5, 1), transA=1, transB=1, alpha=0.5, beta=2.0)
    yield case("Gemm", f32(5, 7), Const(f32(9, 7)), transB=1)
    yield case("Gemm", f32(1, 300), Const(f32(200, 300)), Const(f32(200)), transB=1)
    yield case("MatMul", integers(-9, 9, 5, 7, dtype=np.int32), integers(-9, 9, 7, 9, dtype=np.int32))


def reduction():
    for op in ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceL1", "ReduceSumSquare"]:
        yield case(op, f32(3, 4, 20), i64(-1))
        yield case(op, f32(3, 4, 20), i64(0, 1), keepdims=0)
    yield case("ReduceMean", f32(3, 4, 5))
    yield case("ReduceMean", f32(3, 4, 5), noop_with_empty_axes=1)
    yield case("ReduceMean", f32(2, 30, 7, 7), i64(2, 3), keepdims=0)
    yield case("ReduceSum", integers(-5, 5, 4, 6), i64(1))
    yield case("Softmax", f32(3, 4, 21), axis=-1)
    yield case("Softmax", f32(3, 4, 21), axis=1)
    yield case("LogSoftmax", f32(3, 4, 21), axis=-1)
    yield case("LayerNormalization", f32(3, 4, 65), Const(f32(65)), Const(f32(65)), axis=-1)
    yield case("LayerNormalization", f32(3, 4, 10), Const(f32(4, 10)), axis=1, epsilon=1e-3)


def resize():
    image = f32(1, 5, 6, 7)
    for mode in ["nearest", "linear"]:
        for transform in ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]:
            yield case("Resize", image, None, scalar([1, 1, 2.0, 1.5]), mode=mode, coordinate_transformation_mode=transform)
            yield case("Resize", image, None, None, i64(1, 5, 9, 3), mode=mode, coordinate_transformation_mode=transform)
    yield case("Resize", f32(1, 21, 6, 7), None, scalar([1, 1, 4, 3]), mode="linear", coordinate_transformation_mode="half_pixel")
    for nearest in ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]:
        yield case("Resize", image, None, scalar([1, 1, 2.3, 0.6]), mode="nearest", nearest_mode=nearest)


def further():
    yield case("ConvTranspose", f32(1, 6, 5, 7), Const(f32(6, 4, 3, 3)), Const(f32(4)), strides=[2, 2], pads=[1, 1, 1, 1])
    yield case("ConvTranspose", f32(2, 9, 6, 5), Const(f32(9, 11, 4, 4)), Const(f32(11)), strides=[2, 2], pads=[1, 0, 2, 3], output_padding=[1, 0])
    yield case("ConvTranspose", f32(1, 16, 5, 7), Const(f32(16, 24, 2, 2)), Const(f32(24)), strides=[2, 2])
    yield case("ConvTranspose", f32(2, 8, 5, 7), Const(f32(8, 12, 5, 4)), strides=[3, 2], pads=[2, 1, 0, 3], output_padding=[0, 1])
    yield case("ConvTranspose", f32(1, 4, 6, 5), Const(f32(4, 8, 8, 4)), strides=[4, 2], pads=[5, 1, 5, 1])
    yield case("ConvTranspose", f32(1, 8, 9), Const(f32(8, 12, 4)), strides=[3], pads=[3, 4], output_padding=[2])
    yield case("ConvTranspose", f32(1, 6, 5, 5), Const(f32(6, 2, 2, 2)), group=2, strides=[2, 2], output_padding=[1, 0])
    yield case("Einsum", f32(2, 3, 4), f32(2, 4, 5), equation="bij,bjk->bik")
    yield case("Einsum", f32(3, 4), f32(5, 4), equation="ij,kj->ik")
    yield case("CumSum", f32(3, 7), scalar(1, np.int64))
    yield case("CumSum", f32(3, 7), scalar(0, np.int64), exclusive=1, reverse=1)
    yield case("Trilu", f32(2, 5, 6), scalar(1, np.int64), upper=1)
    yield case("Trilu", f32(5, 5), upper=0)
    yield case("ArgMax", f32(3, 9), axis=1)
    yield case("ArgMin", f32(3, 9), axis=0, keepdims=0, select_last_index=1)
    yield case("OneHot", integers(-4, 4, 5), scalar(4, np.int64), scalar([0.0, 2.0]), axis=-1)
    yield case("InstanceNormalization", f32(2, 3, 5, 5), Const(f32(3)), Const(f32(3)))
    yield case("LpNormalization", f32(3, 8), axis=-1, p=2)
    yield case("MaxPool", f32(1, 3, 8, 8), kernel_shape=[2, 2], strides=[2, 2], outputs=2)
    yield case("Pad", f32(4, 5), i64(1, 2, 2, 1), mode="reflect")
    yield case("Pad", f32(4, 5), i64(1, 2, 2, 1), mode="edge")
    yield case("IsNaN", f32(4, 5))
    yield case("BitShift", integers(0, 100, 9, dtype=np.uint32), integers(0, 5, 9, dtype=np.uint32), direction="LEFT")
    yield case("BatchNormalization", f32(4, 3, 5), f32(3), f32(3), f32(3), positive(3), training_mode=1, outputs=3)
    # Functions of weights, which the compiler evaluates.
    yield from (case(op, Const(0.2 * f32(3, 4)))
                for op in ["Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Atanh"])
    yield case("Acosh", Const(1 + positive(3, 4)))


FAMILIES = {f.__name__: f for f in
            [elementwise, casts, movement, convolution, pooling, matmul, reduction, resize,
             further]}


def build(cases):
    nodes, inputs, initializers, outputs, feeds = [], [], [], [], {}
    for index, (op, operands, attributes, count) in enumerate(cases):
        names = []
        for position, operand in enumerate(operands):
            if operand is None:
                names.append("")
                continue
            name = f"c{index}_{op}_{position}"
            names.append(name)
            if isinstance(operand, Const):
                initializers.append(numpy_helper.from_array(operand.array.copy(order="C"), name))
            else:
                feeds[name] = operand
                inputs.append(helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(operand.dtype), operand.shape))
        results = [f"c{index}_{op}_out{k}" for k in range(count)]
        nodes.append(helper.make_node(op, names, results, name=f"case{index}_{op}", **attributes))
        outputs += [helper.make_empty_tensor_value_info(r) for r in results]
    graph = helper.make_graph(nodes, "ops", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    known = {v.name: v for v in list(inferred.graph.value_info) + list(inferred.graph.output)}
    del model.graph.output[:]
    model.graph.output.extend(known[o.name] for o in outputs)
    return model, feeds


def differences(got, want):
    """Descriptions of the outputs that differ from ONNX Runtime's."""
    for name, value in want.items():
        try:
            error = st.relative_error(got[name], value)
        except st.Failure as failure:
            yield f"{name}: {failure}"
            continue
        limit = 4e-3 if value.dtype == np.float16 else 2e-5
        if not error <= limit:
            yield f"{name}: relative error {error:.2e}"


def check(cases, workdir):
    """Names of the outputs that differ."""
    os.makedirs(workdir, exist_ok=True)
    model, feeds = build(cases)
    path = os.path.join(workdir, "ops.onnx")
    onnx.save(model, path)
    want = st.reference(path, feeds)
    program = st.compile_model(path, os.path.join(workdir, "ops"), ["min", "max"], st.cpu_only("--threads", "2"))
    got, _, _ = st.run_program(program, feeds, ["--budget", "max"])
    small, _, _ = st.run_program(program, feeds, ["--budget", "min"])
    st.require(st.same_bits(got, small), "other bits at the smallest budget")
    return list(differences(got, want))


def main():
    family, workdir = sys.argv[1:3]
    cases = list(FAMILIES[family]())
    if len(sys.argv) > 3:  # One case at a time, to find what breaks a family.
        for index, one in enumerate(cases):
            try:
                print(index, one[0], check([one], workdir) or "ok")
            except st.Failure as failure:
                print(index, one[0], str(failure).strip().splitlines()[-1])
        return
    bad = check(cases, workdir)
    st.require(not bad, "\n".join(bad))
    print(f"{len(cases)} cases of {family} ok")


if __name__ == "__main__":
    main()
