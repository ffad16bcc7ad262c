"""Verifies that a node of an old opset is imported as the same node in the newest form: check_versions.py OUTDIR."""
import difflib
import os
import re
import subprocess
import sys

import onnx.parser

# Opset, old nodes, new nodes, and further inputs beside x.
CASES = {
    "add": (6, "y = Add <axis: int = 1, broadcast: int = 1> (x, a)",
            "s = Constant <value_ints: ints = [3, 1]> ()\n r = Reshape (a, s)\n y = Add (x, r)", "float[3] a"),
    "add-end": (6, "y = Add <broadcast: int = 1> (x, a)", "y = Add (x, a)", "float[4] a"),
    "batch-norm": (6, "y = BatchNormalization <is_test: int = 1, spatial: int = 1, consumed_inputs: ints = [0, 0, 0, 1, 1]>"
                      " (x, a, a, a, a)", "y = BatchNormalization (x, a, a, a, a)", "float[3] a"),
    "cast": (5, 'y = Cast <to: string = "INT32"> (x)', "y = Cast <to: int = 6> (x)"),
    "clip": (6, "y = Clip <min: float = -1.0, max: float = 2.0> (x)",
             "a = Constant <value_float: float = -1.0> ()\n b = Constant <value_float: float = 2.0> ()\n y = Clip (x, a, b)"),
    "clip-above": (6, "y = Clip <max: float = 2.0> (x)",
                   'b = Constant <value_float: float = 2.0> ()\n y = Clip (x, "", b)'),
    "concat": (1, "y = Concat (x, x)", "y = Concat <axis: int = 1> (x, x)"),
    "dropout": (6, "y, mask = Dropout <is_test: int = 1, ratio: float = 0.3> (x)", "y = Identity (x)"),
    "global-lp": (1, "y = GlobalLpPool <p: float = 3.0> (x)", "y = GlobalLpPool <p: int = 3> (x)"),
    "prelu": (6, "y = PRelu (x, a)",
              "s = Constant <value_ints: ints = [3, 1]> ()\n r = Reshape (a, s)\n y = PRelu (x, r)", "float[3] a"),
    "pad": (2, "y = Pad <pads: ints = [0, 0, 1, 0, 0, 2], value: float = 1.5> (x)",
            "p = Constant <value_ints: ints = [0, 0, 1, 0, 0, 2]> ()\n v = Constant <value_float: float = 1.5> ()\n"
            "y = Pad (x, p, v)"),
    "pad-first": (1, 'y = Pad <paddings: ints = [0, 0, 1, 0, 0, 1], mode: string = "reflect"> (x)',
                  'p = Constant <value_ints: ints = [0, 0, 1, 0, 0, 1]> ()\n y = Pad <mode: string = "reflect"> (x, p)'),
    "reduce-sum": (11, "y = ReduceSum <axes: ints = [1]> (x)",
                   "a = Constant <value_ints: ints = [1]> ()\n y = ReduceSum (x, a)"),
    "reduce-max": (17, "y = ReduceMax <axes: ints = [-1], keepdims: int = 0> (x)",
                   "a = Constant <value_ints: ints = [-1]> ()\n y = ReduceMax <keepdims: int = 0> (x, a)"),
    "reshape": (1, "y = Reshape <shape: ints = [0, -1]> (x)",
                "s = Constant <value_ints: ints = [0, -1]> ()\n y = Reshape (x, s)"),
    "selu": (1, "y = Selu (x)", "y = Selu <alpha: float = 1.6732, gamma: float = 1.0507> (x)"),
    "slice": (9, "y = Slice <starts: ints = [1], ends: ints = [3], axes: ints = [2]> (x)",
              "s = Constant <value_ints: ints = [1]> ()\n e = Constant <value_ints: ints = [3]> ()\n"
              "a = Constant <value_ints: ints = [2]> ()\n y = Slice (x, s, e, a)"),
    "slice-front": (1, "y = Slice <starts: ints = [0, 1], ends: ints = [1, 3]> (x)",
                    "s = Constant <value_ints: ints = [0, 1]> ()\n e = Constant <value_ints: ints = [1, 3]> ()\n"
                    "y = Slice (x, s, e)"),
    "softmax": (9, "y = Softmax (x)",
                "s = Constant <value_ints: ints = [2, 12]> ()\n f = Reshape (x, s)\n g = Softmax <axis: int = 1> (f)\n"
                "t = Constant <value_ints: ints = [2, 3, 4]> ()\n y = Reshape (g, t)"),
    "log-softmax": (11, "y = LogSoftmax <axis: int = -1> (x)",
                    "s = Constant <value_ints: ints = [6, 4]> ()\n f = Reshape (x, s)\n"
                    "g = LogSoftmax <axis: int = 1> (f)\n"
                    "t = Constant <value_ints: ints = [2, 3, 4]> ()\n y = Reshape (g, t)"),
    "split": (11, "y, z = Split <axis: int = 2, split: ints = [1, 3]> (x)",
              "s = Constant <value_ints: ints = [1, 3]> ()\n y, z = Split <axis: int = 2> (x, s)"),
    "squeeze": (11, "u = Unsqueeze <axes: ints = [0, 3]> (x)\n y = Squeeze <axes: ints = [0]> (u)",
                "a = Constant <value_ints: ints = [0, 3]> ()\n u = Unsqueeze (x, a)\n"
                "b = Constant <value_ints: ints = [0]> ()\n y = Squeeze (u, b)"),
    "tile": (1, "t = Constant <value = int64[1] {3}> ()\n a = Constant <value = int64[1] {2}> ()\n y = Tile (x, t, a)",
             "r = Constant <value_ints: ints = [1, 1, 3]> ()\n y = Tile (x, r)"),
}
# Opset, node, and what the error says.
ERRORS = {
    "axis": (6, "y = Add <axis: int = 2, broadcast: int = 1> (x, a)", "does not fit behind axis 2", "float[3,4] a"),
    "cast-error": (5, 'y = Cast <to: string = "QUATERNION"> (x)', "casts to 'QUATERNION', which is not supported"),
    "clip-type": (6, "y = Clip <min: float = -1.0> (a)", "takes a float input", "int32[3] a"),
    "p": (1, "y = GlobalLpPool <p: float = 2.5> (x)", "p must be an integer"),
    "softmax-axis": (9, "y = Softmax <axis: int = 4> (x)", "axis 4 is outside rank 3"),
    "spatial": (8, "y = BatchNormalization <spatial: int = 0> (x, a, a, a, a)", "(spatial = 0) are not supported",
                "float[3] a"),
    "test": (6, "y = BatchNormalization (x, a, a, a, a)", "is_test must be 1", "float[3] a"),
    "tile-error": (1, "y = Tile (x, a, a)", "must be integers known while compiling", "int64[1] a"),
    "training": (6, "y = Dropout (x)", "is_test must be 1"),
}


def tensor_ir(folder, name, opset, nodes, inputs):
    """What swapc prints, and its messages."""
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["" : {opset}]>
        graph (float[2,3,4] x{''.join(', ' + one for one in inputs)}) => (y) {{ {nodes} }}""")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + ".onnx")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    run = subprocess.run(["swapc", "--emit", "tensor-ir", path], capture_output=True, text=True)
    # Where an operation comes from is the name of the node.
    return run.returncode, re.sub(r' ?\{?swap.origin = "[^"]*"\}?', "", run.stdout.replace(folder, "")), run.stderr


def main(out):
    wrong = []
    for name, (opset, old, new, *inputs) in CASES.items():
        results = [tensor_ir(f"{out}/old", name, opset, old, inputs), tensor_ir(f"{out}/new", name, 22, new, inputs)]
        if results[0][:2] != results[1][:2] or results[1][0]:
            wrong.append(f"{name}: {results[0][2]}{results[1][2]}")
            wrong += difflib.unified_diff(*(result[1].splitlines() for result in results), "old", "new", lineterm="", n=0)
    for name, (opset, node, message, *inputs) in ERRORS.items():
        code, _, stderr = tensor_ir(f"{out}/wrong", name, opset, node, inputs)
        if code != 1 or message not in stderr:
            wrong.append(f"{name}: exit code {code}: {stderr}")
    print("\n".join(wrong))
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
