"""check_flow.py FAMILY WORKDIR: control flow, sequences and recurrent operators
against ONNX Runtime, as check_ops.py does it for single operators.
"""
import os
import sys

import numpy as np
import onnx
import onnx.parser

import check_ops
import swapc_testing as st
from check_ops import Const, case, f16, f32

HEAD = '<ir_version: 10, opset_import: ["" : 20]>\n'


def recurrent():
    lengths = Const(np.array([5, 2, 3], dtype=np.int32))
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}
    for op, g in gates.items():
        def weights(directions, size=4, hidden=6):
            return [Const(f32(directions, g * hidden, size)), Const(f32(directions, g * hidden, hidden)),
                    Const(f32(directions, 2 * g * hidden))]
        outputs = 3 if op == "LSTM" else 2
        first = [f32(1, 3, 6)] * (outputs - 1)
        both = [f32(2, 3, 6)] * (outputs - 1)
        yield case(op, f32(5, 3, 4), *weights(1)[:2], hidden_size=6, outputs=outputs)
        yield case(op, f32(5, 3, 4), *weights(1), None, *first, hidden_size=6, outputs=outputs)
        yield case(op, f32(5, 3, 4), *weights(1), None, *first, hidden_size=6, direction="reverse", outputs=outputs)
        yield case(op, f32(5, 3, 4), *weights(2), None, *both, hidden_size=6, direction="bidirectional", outputs=outputs)
        yield case(op, f32(5, 3, 4), *weights(2), lengths, *both, hidden_size=6, direction="bidirectional", outputs=outputs)
        yield case(op, f32(5, 3, 4), *weights(1), lengths.array, hidden_size=6, outputs=outputs)
        yield case(op, f32(5, 1, 4), *weights(1), hidden_size=6, clip=0.3, outputs=outputs)
        yield case(op, f32(1, 1, 40), *weights(1, 40, 70), hidden_size=70, outputs=outputs)
    x, bias = f32(4, 2, 4), Const(f32(1, 36))
    yield case("GRU", x, Const(f32(1, 18, 4)), Const(f32(1, 18, 6)), bias, hidden_size=6, linear_before_reset=1, outputs=2)
    yield case("GRU", x, Const(f32(1, 18, 4)), Const(f32(1, 18, 6)), hidden_size=6, linear_before_reset=1, outputs=2)
    yield case("GRU", x, Const(f32(1, 18, 4)), Const(f32(1, 18, 6)), bias, hidden_size=6, outputs=2,
               activations=["HardSigmoid", "LeakyRelu"], activation_alpha=[0.3, 0.05], activation_beta=[0.4])
    lstm = [Const(f32(1, 24, 4)), Const(f32(1, 24, 6)), Const(f32(1, 48))]
    yield case("LSTM", x, *lstm, None, None, None, Const(f32(1, 18)), hidden_size=6, outputs=3)
    yield case("LSTM", x, *lstm, hidden_size=6, outputs=3, activations=["Sigmoid", "Softsign", "Relu"])
    for name in ["Relu", "Elu", "Affine", "ScaledTanh", "ThresholdedRelu", "Softplus"]:
        taken = {"Affine": ([0.5], [0.1]), "ScaledTanh": ([0.5], [0.7]), "Elu": ([0.5], []),
                 "ThresholdedRelu": ([0.2], [])}.get(name, ([], []))
        attributes = {k: v for k, v in zip(["activation_alpha", "activation_beta"], taken) if v}
        yield case("RNN", x, Const(f32(1, 6, 4)), Const(f32(1, 6, 6)), hidden_size=6, outputs=2,
                   activations=[name], **attributes)


# Each model: its text, and what its inputs are.
def control():
    yield """branch (float[4] x, bool c) => (float[4] y, float[4] z) {
      h = Abs (x)
      y, z = If (c) <then_branch = yes () => (float[4] a, float[4] b) { a = Neg (h)  b = Exp (x) },
                     else_branch = no () => (float[4] d, float[4] e) { d = Identity (x)  e = Sqrt (h) }>
    }""", [f32(4), np.array(False)]
    # The quotient that the condition guards is computed in any case.
    yield """guard (int32[4] x, int32[4] d, bool c) => (int32[4] y) {
      y = If (c) <then_branch = yes () => (int32[4] a) { a = Div (x, d) },
                  else_branch = no () => (int32[4] b) { b = Identity (x) }>
    }""", [np.array([1, 2, 3, 4], np.int32), np.zeros(4, np.int32), np.array(False)]
    yield """counted (float[3] x) => (float[3] y, float[7, 3] all) {
      n = Constant <value = int64 {7}> ()
      t = Constant <value = bool {1}> ()
      y, all = Loop (n, t, x) <body = step (int64 i, bool go, float[3] v) => (bool on, float[3] w, float[3] s) {
        on = Identity (go)
        f = Cast <to = 1> (i)
        w = Add (v, f)
        s = Mul (w, x)
      }>
    }""", [f32(3)]
    # It ends when the sum is above 10, which the run finds out.
    yield """early (float[3] x) => (float[3] y, int64 count) {
      n = Constant <value = int64 {20}> ()
      zero = Constant <value = int64 {0}> ()
      y, count = Loop (n, , x, zero) <body = step (int64 i, bool go, float[3] v, int64 k) =>
                                            (bool on, float[3] w, int64 m) {
        one = Constant <value = int64 {1}> ()
        limit = Constant <value = float {10}> ()
        w = Add (v, x)
        m = Add (k, one)
        sum = ReduceSum <keepdims = 0> (w)
        on = Less (sum, limit)
      }>
    }""", [np.abs(f32(3)) + 0.3]
    yield """grows (float[1, 2] x) => (float[4, 2] y) {
      n = Constant <value = int64 {3}> ()
      t = Constant <value = bool {1}> ()
      y = Loop (n, t, x) <body = step (int64 i, bool go, float[k, 2] v) => (bool on, float[l, 2] w) {
        on = Identity (go)
        w = Concat <axis = 0> (v, x)
      }>
    }""", [f32(1, 2)]
    yield """scan (float[2] s, float[4, 2] x, float[2, 4] z) => (float[2] last, float[2, 4] all) {
      last, all = Scan <num_scan_inputs = 2, scan_input_axes = [0, 1], scan_input_directions = [0, 1],
                        scan_output_axes = [1], scan_output_directions = [1],
                        body = step (float[2] v, float[2] a, float[2] b) => (float[2] w, float[2] o) {
        p = Mul (a, b)
        w = Add (v, p)
        o = Sub (w, s)
      }> (s, x, z)
    }""", [f32(2), f32(4, 2), f32(2, 4)]
    yield """lists (float[3, 4] x) => (float[3, 4] y, float[4] first, int64 count) {
      axis = Constant <value = int64 {1}> ()
      pieces = SplitToSequence <axis = 0, keepdims = 0> (x)
      zero = Constant <value = int64 {0}> ()
      first = SequenceAt (pieces, zero)
      turned = SequenceInsert (pieces, first)
      less = SequenceErase (turned, zero)
      count = SequenceLength (less)
      y = ConcatFromSequence <axis = 0, new_axis = 1> (less)
    }""", [f32(3, 4)]


def check_text(text, values, workdir):
    model = onnx.parser.parse_model(HEAD + text)
    name = model.graph.name
    path = os.path.join(workdir, name + ".onnx")
    onnx.save(model, path)
    feeds = {i.name: v for i, v in zip(model.graph.input, values)}
    want = st.reference(path, feeds)
    program = st.compile_model(path, os.path.join(workdir, name), ["min", "max"], st.cpu_only("--threads", "2"))
    got, _, _ = st.run_program(program, feeds, ["--budget", "max"])
    small, _, _ = st.run_program(program, feeds, ["--budget", "min"])
    st.require(st.same_bits(got, small), f"{name}: other bits at the smallest budget")
    return [f"{name}: {d}" for d in check_ops.differences(got, want)]


def main():
    family, workdir = sys.argv[1:3]
    os.makedirs(workdir, exist_ok=True)
    if family == "recurrent":
        cases = list(recurrent())
        bad = check_ops.check(cases, workdir)
    else:
        cases = list(control())
        bad = [line for text, values in cases for line in check_text(text, values, workdir)]
    st.require(not bad, "\n".join(bad))
    print(f"{len(cases)} cases of {family} ok")


if __name__ == "__main__":
    main()
