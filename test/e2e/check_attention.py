"""check_attention.py FAMILY WORKDIR [each]: operators of sequence models against ONNX Runtime.

As check_ops.py, with other opsets and the operators of com.microsoft, whose
output types only ONNX Runtime knows. Empty optional outputs are "".
"""
import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

import check_ops
import swapc_testing as st
from check_ops import Const, f16, f32, i64, integers, positive, scalar

MS = "com.microsoft"


def case(op, *inputs, domain="", outputs="y", **attributes):
    return op, inputs, domain, outputs.split(","), attributes


def lengths(*values):
    return np.array(values, dtype=np.int32)


def attention():
    q, k, v = f32(2, 4, 5, 16), f32(2, 4, 7, 16), f32(2, 4, 7, 24)
    yield case("Attention", q, k, v)
    yield case("Attention", q, k, v, is_causal=1, scale=0.3)
    yield case("Attention", q, k, v, f32(5, 7), softcap=2.0)
    yield case("Attention", q, k, v, integers(0, 2, 2, 1, 5, 7).astype(bool) | np.eye(5, 7, dtype=bool))
    yield case("Attention", f32(1, 8, 6, 32), f32(1, 2, 6, 32), f32(1, 2, 6, 32), is_causal=1)
    yield case("Attention", f32(1, 8, 1, 32), f32(1, 2, 1, 32), f32(1, 2, 1, 32), None, f32(1, 2, 9, 32), f32(1, 2, 9, 32),
               outputs="y,k,v", is_causal=1)
    yield case("Attention", f32(1, 8, 1, 32), f32(1, 2, 1, 32), f32(1, 2, 1, 32), f32(1, 8, 1, 10), f32(1, 2, 9, 32),
               f32(1, 2, 9, 32), outputs="y,k,v")
    yield case("Attention", f32(2, 5, 64), f32(2, 5, 32), f32(2, 5, 32), q_num_heads=4, kv_num_heads=2)
    yield case("Attention", f16(1, 4, 5, 16), f16(1, 4, 5, 16), f16(1, 4, 5, 16), is_causal=1)
    angles = f32(20, 8)
    for interleaved in (0, 1):
        yield case("RotaryEmbedding", f32(2, 3, 5, 16), angles, f32(20, 8), integers(0, 20, 2, 5), interleaved=interleaved)
        yield case("RotaryEmbedding", f32(2, 5, 48), f32(2, 5, 4), f32(2, 5, 4), interleaved=interleaved, num_heads=3,
                   rotary_embedding_dim=8)


def microsoft():
    for op in ["Gelu", "QuickGelu", "FastGelu"]:
        yield case(op, f32(3, 7, 16), domain=MS)
    yield case("FastGelu", f32(3, 7, 16), f32(16), domain=MS)
    yield case("BiasGelu", f32(3, 7, 16), f32(16), domain=MS)
    yield case("QuickGelu", f32(3, 7, 16), domain=MS, alpha=1.1)
    yield case("SkipLayerNormalization", f32(2, 5, 24), f32(2, 5, 24), f32(24), f32(24), f32(24), domain=MS, outputs="y,,,sum")
    yield case("SkipLayerNormalization", f32(2, 5, 24), f32(2, 5, 24), f32(24), domain=MS, epsilon=1e-3)
    yield case("SkipSimplifiedLayerNormalization", f32(2, 5, 24), f32(2, 5, 24), f32(24), f32(24), domain=MS, outputs="y,,,sum")
    yield case("SimplifiedLayerNormalization", f32(2, 5, 24), f32(24), axis=-1, epsilon=1e-6)
    yield case("EmbedLayerNormalization", integers(0, 9, 2, 6, dtype=np.int32), integers(0, 2, 2, 6, dtype=np.int32), Const(f32(9, 24)),
               Const(f32(8, 24)), Const(f32(2, 24)), Const(f32(24)), Const(f32(24)), domain=MS, outputs="y,mask")
    yield case("EmbedLayerNormalization", integers(0, 9, 2, 6, dtype=np.int32), None, Const(f32(9, 24)), Const(f32(8, 24)), None,
               Const(f32(24)), Const(f32(24)), integers(0, 2, 2, 6, dtype=np.int32), domain=MS, outputs="y,mask,sum")
    yield case("FusedMatMul", f32(3, 8, 5), f32(3, 7, 8), domain=MS, transA=1, transB=1, alpha=0.5)
    yield case("FusedMatMul", f32(5, 3, 8), f32(8, 3, 7), domain=MS, transBatchA=1, transBatchB=1)
    yield case("FusedMatMul", f32(8, 3, 5), f32(3, 8, 7), domain=MS, transBatchA=1, transA=1)
    yield case("FusedGemm", f32(5, 7), f32(7, 9), f32(9), domain=MS, activation="Relu", alpha=0.5)
    yield case("FusedGemm", f32(5, 7), f32(9, 7), f32(9), domain=MS, transB=1, activation="LeakyRelu", activation_alpha=0.2)
    yield case("FusedConv", f32(1, 4, 9, 9), Const(f32(8, 4, 3, 3)), Const(f32(8)), domain=MS, pads=[1, 1, 1, 1], activation="Relu")
    yield case("FusedConv", f32(1, 4, 9, 9), Const(f32(8, 4, 3, 3)), Const(f32(8)), f32(1, 8, 9, 9), domain=MS, pads=[1, 1, 1, 1],
               activation="Relu")
    yield case("FusedConv", f32(1, 4, 9, 9), Const(f32(8, 4, 3, 3)), Const(f32(8)), domain=MS, activation="Clip",
               activation_params=[-0.5, 1.5])
    yield case("FusedConv", f32(1, 4, 9, 9), Const(f32(8, 4, 3, 3)), domain=MS, activation="HardSigmoid", activation_params=[0.3, 0.4])
    weights = Const(integers(-128, 128, 24, 10, dtype=np.int8))
    for scale, zero in [(scalar(0.02), None), (Const(positive(10)), Const(integers(-9, 9, 10, dtype=np.int8)))]:
        yield case("DynamicQuantizeMatMul", f32(2, 5, 24), weights, scale, zero, Const(f32(10)), domain=MS)
        yield case("MatMulIntegerToFloat", integers(0, 256, 5, 24, dtype=np.uint8), weights, scalar(0.1), scale,
                   scalar(120, np.uint8), zero, domain=MS)
    words, scales = integers(0, 9, 2, 6), Const(positive(9, 3))
    for zeros in [None, Const(integers(0, 256, 9, 2, dtype=np.uint8))]:
        yield case("GatherBlockQuantized", Const(integers(0, 256, 9, 48, dtype=np.uint8)), words, scales, zeros, domain=MS,
                   block_size=32)
    yield case("GatherBlockQuantized", Const(integers(0, 256, 9, 96, dtype=np.uint8)), words, scales, domain=MS, block_size=32,
               bits=8)


def multihead():
    q, k, v = f32(2, 5, 32), f32(2, 7, 32), f32(2, 7, 48)
    multi = dict(domain=MS, num_heads=4)
    yield case("MultiHeadAttention", q, k, v, **multi)
    yield case("MultiHeadAttention", q, k, v, f32(32 + 32 + 48), scale=0.2, **multi)
    yield case("MultiHeadAttention", q, k, v, None, integers(0, 2, 2, 7, dtype=np.int32), **multi)
    yield case("MultiHeadAttention", q, k, v, None, lengths(3, 7), **multi)
    yield case("MultiHeadAttention", q, k, v, None, None, f32(2, 4, 5, 7), **multi)
    yield case("MultiHeadAttention", q, k, v, None, None, f32(1, 1, 5, 7), **multi)
    yield case("MultiHeadAttention", f32(2, 5, 32), f32(2, 5, 32), f32(2, 5, 32), None, None, None, f32(2, 4, 6, 8), f32(2, 4, 6, 8),
               outputs="y,k,v", **multi)
    yield case("MultiHeadAttention", f32(2, 5, 32), f32(2, 5, 32), f32(2, 5, 32), unidirectional=1, **multi)
    yield case("MultiHeadAttention", f32(2, 5, 32), f32(2, 4, 7, 8), f32(2, 4, 7, 8), **multi)
    x, w, b = f32(2, 5, 20), Const(f32(20, 96)), Const(f32(96))
    yield case("Attention", x, w, b, **multi)
    yield case("Attention", x, w, b, unidirectional=1, **multi)
    yield case("Attention", x, w, b, lengths(3, 5), **multi)
    yield case("Attention", x, w, b, integers(0, 2, 2, 5, dtype=np.int32), **multi)
    yield case("Attention", x, w, b, None, f32(2, 2, 4, 6, 8), outputs="y,present", unidirectional=1, **multi)
    yield case("Attention", x, Const(f32(20, 112)), Const(f32(112)), qkv_hidden_sizes=[32, 32, 48], **multi)


def grouped():
    group = dict(domain=MS, outputs="y,k,v", num_heads=4, kv_num_heads=2)
    past = f32(2, 2, 6, 16), f32(2, 2, 6, 16)

    def tokens(count):
        return f32(2, count, 64), f32(2, count, 32), f32(2, count, 32)

    total = scalar(7, np.int32)
    yield case("GroupQueryAttention", *tokens(5), None, None, lengths(4, 4), scalar(5, np.int32), **group)
    yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, **group)
    yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, scale=0.4, softcap=3.0, **group)
    yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, local_window_size=3, **group)
    yield case("GroupQueryAttention", *tokens(5), None, None, lengths(4, 4), scalar(5, np.int32), local_window_size=2, **group)
    yield case("GroupQueryAttention", f32(2, 1, 128), None, None, *past, lengths(6, 6), total, **group)
    cos, sin = Const(f32(16, 8)), Const(f32(16, 8))
    for interleaved in (0, 1):
        yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, cos, sin, do_rotary=1,
                   rotary_interleaved=interleaved, **group)
    yield case("GroupQueryAttention", *tokens(5), None, None, lengths(4, 4), scalar(5, np.int32), cos, sin, do_rotary=1, **group)
    yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, None, None, None, f32(2, 1, 1, 7), **group)
    yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, None, None, None, None, f32(4), **group)
    yield case("GroupQueryAttention", *tokens(1), *past, lengths(6, 6), total, smooth_softmax=1, **group)
    yield case("RotaryEmbedding", f32(2, 5, 32), integers(0, 16, 2, 5), cos, sin, domain=MS)
    yield case("RotaryEmbedding", f32(2, 5, 32), i64(3), cos, sin, domain=MS, interleaved=1)
    yield case("RotaryEmbedding", f32(2, 4, 5, 16), integers(0, 16, 2, 5), cos, sin, domain=MS)


FAMILIES = {f.__name__: f for f in [attention, microsoft, multihead, grouped]}


def build(cases):
    nodes, inputs, initializers, outputs, feeds = [], [], [], [], {}
    for index, (op, operands, domain, results, attributes) in enumerate(cases):
        names = []
        for position, operand in enumerate(operands):
            name = "" if operand is None else f"c{index}_{op}_{position}"
            names.append(name)
            if isinstance(operand, Const):
                initializers.append(numpy_helper.from_array(np.ascontiguousarray(operand.array), name))
            elif operand is not None:
                feeds[name] = operand
                inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(operand.dtype), operand.shape))
        named = [r and f"c{index}_{op}_{r}" for r in results]
        nodes.append(helper.make_node(op, names, named, name=f"case{index}_{op}", domain=domain, **attributes))
        outputs += [helper.make_empty_tensor_value_info(r) for r in named if r]
    graph = helper.make_graph(nodes, "ops", inputs, outputs, initializers)
    imports = [helper.make_opsetid("", 23), helper.make_opsetid(MS, 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10), feeds


def main():
    family, workdir = sys.argv[1:3]
    check_ops.build = build
    cases = list(FAMILIES[family]())
    if len(sys.argv) > 3:
        for index, one in enumerate(cases):
            try:
                print(index, one[0], check_ops.check([one], workdir) or "ok", flush=True)
            except Exception as failure:
                print(index, one[0], str(failure).strip().splitlines()[-1], flush=True)
        return
    bad = check_ops.check(cases, workdir)
    st.require(not bad, "\n".join(bad))
    print(f"{len(cases)} cases of {family} ok")


if __name__ == "__main__":
    main()
