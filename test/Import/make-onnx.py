"""Writes the models of a test in ONNX text: make-onnx.py TEST.onnxtext OUTDIR.

Models are separated by lines that start with "# ----"; each becomes
OUTDIR/<graph name>.onnx. Comment lines are not part of the models.
"""
import os
import sys

import onnx.parser


def main(path, outdir):
    os.makedirs(outdir, exist_ok=True)
    models, lines = [], []
    with open(path) as test:
        for line in test:
            if line.startswith("# ----"):
                models.append(lines)
                lines = []
            elif not line.lstrip().startswith("#"):
                lines.append(line)
    models.append(lines)
    for lines in models:
        text = "".join(lines)
        if not text.strip():
            continue
        model = onnx.parser.parse_model(text)
        with open(os.path.join(outdir, model.graph.name + ".onnx"), "wb") as out:
            out.write(model.SerializeToString())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make-onnx.py TEST.onnxtext OUTDIR")
    main(sys.argv[1], sys.argv[2])
