"""Makes docs/operators.md from the list of what passes, ONNX's tests and the importer's handlers."""
import collections
import glob
import os
import re

import onnx

import expectations
import onnx_tests
import operator_notes

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(SOURCE, "docs", "operators.md")
TYPES = {"FLOAT": "float32", "DOUBLE": "float64", "BFLOAT16": "bfloat16", "BOOL": "bool"}
HEAD = """# Operators

What swapc compiles, from ONNX's own backend tests of version {version}: {passed} of {total} pass. This page is
written by `test/conformance/conformance.py --update`; the test-by-test list, with a reason for each that does
not pass, is [test/conformance/expected.txt](../test/conformance/expected.txt).

A test passes when swapc compiles it, and the program's results agree with ONNX's at no budget and at the
smallest, with equal bits. Shapes, axes and the like that are inputs of a test are bound while compiling
(`--bind NAME=FILE.npy`); the column *bound* names them. In models they mostly are constants.

Models of opset 1 to 28 are read: older forms of an operator are rewritten to the newest. What is refused is
refused while compiling, with the node's name and a reason; all such nodes are named at once.

Elements are float32, float64, float16, bfloat16, integers of 8 to 64 bits and bool. float8 (all five), float4 and
integers of 4 and 2 bits are taken by casts, quantisation, `MatMulNBits` and what moves elements. Strings, complex
numbers and float6 are refused.

| tests | pass |
| --- | --- |
{kinds}

Why the others do not:

| reason | tests | |
| --- | --- | --- |
{reasons}

## ai.onnx

*Since*: the opset that brought the operator; its forms from there on are taken. *Tests*: those of the operator
alone that pass, of how many; what swapc does with functions expanded to their bodies counts for the operators there.
*Opsets*, *types*: of the tests that pass (the elements of inputs and outputs). Operators without a test of their own
are in larger models, or in swapc's tests only. What is marked with `*` is computed by routines, which run on processors
and not on a GPU.

| operator | since | tests | opsets | types | bound | notes |
| --- | --- | --- | --- | --- | --- | --- |
{operators}

## Other domains

ONNX has no tests for these; swapc's own, against ONNX Runtime, are in `test/e2e`.

| operator | notes |
| --- | --- |
{others}
"""


class Row:
    """What the tests of one operator show."""

    def __init__(self):
        self.passed, self.total = 0, 0
        self.opsets, self.types, self.bound = set(), set(), set()
        self.reasons = collections.Counter()


def type_name(number):
    name = onnx.TensorProto.DataType.Name(number)
    return TYPES.get(name, name.lower())


def element_types(graph):
    for value in [*graph.input, *graph.output]:
        kind = value.type.tensor_type.elem_type
        if kind:
            yield type_name(kind)


def collect(cases):
    verdicts, bound = expectations.read()
    rows = collections.defaultdict(Row)
    for case in cases:
        model = onnx.load(case.model, load_external_data=False)
        verdict = verdicts.get(case.name)
        opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
        nodes = [node for node in model.graph.node if node.domain in ("", "ai.onnx")]
        operators = {node.op_type for node in nodes}
        if verdict == expectations.PASS:
            for operator in operators:
                rows[operator].opsets.add(opset)
        if len(model.graph.node) != 1 or not operators:
            continue
        row = rows[operators.pop()]
        row.total += 1
        if verdict == expectations.PASS:
            row.passed += 1
            row.types.update(element_types(model.graph))
            names = {name: number for number, name in enumerate(nodes[0].input)}
            row.bound.update(input_name(nodes[0], names[name], opset) for name in bound[case.name] if name in names)
        else:
            row.reasons[verdict] += 1
    return verdicts, rows


def input_name(node, number, opset):
    """What ONNX calls the input."""
    try:
        formal = onnx.defs.get_schema(node.op_type, opset, node.domain).inputs
    except onnx.defs.SchemaError:
        return str(number)
    return formal[min(number, len(formal) - 1)].name


def handlers():
    """The operators that the importer has code for."""
    names = set()
    for path in glob.glob(os.path.join(SOURCE, "lib", "Import", "**", "*.cpp"), recursive=True):
        with open(path) as file:
            names.update(re.findall(r'handlers\["([\w.]+)"\]', file.read()))
    return names


def first_opsets():
    """The opset that brought each operator of ai.onnx."""
    first = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "":
            first[schema.name] = min(schema.since_version, first.get(schema.name, schema.since_version))
    return first


def notes_of(name, row):
    notes = [operator_notes.NOTES[name]] if name in operator_notes.NOTES else []
    missing = ", ".join(f"{reason} ({count})" for reason, count in sorted(row.reasons.items()))
    return "; ".join(notes + ([f"does not pass: {missing}"] if missing else []))


def opset_range(opsets):
    return "" if not opsets else f"{min(opsets)}" if len(opsets) == 1 else f"{min(opsets)} to {max(opsets)}"


def make_page(cases):
    verdicts, rows = collect(cases)
    known = handlers()
    for name in known:
        if "." not in name:
            rows[name]  # also those without a test
    kinds = collections.Counter(name.split("/")[0] for name in verdicts)
    passed = collections.Counter(name.split("/")[0] for name, verdict in verdicts.items()
                                 if verdict == expectations.PASS)
    counts = collections.Counter(verdicts.values())
    lines, since = [], first_opsets()
    for name in sorted(rows):
        row = rows[name]
        tests = f"{row.passed} of {row.total}" if row.total else ""
        mark = " `*`" if name in operator_notes.ROUTINES else ""
        lines.append(f"| {name}{mark} | {since.get(name, '')} | {tests} | {opset_range(row.opsets)} | "
                     f"{', '.join(sorted(row.types))} | {', '.join(sorted(row.bound))} | {notes_of(name, row)} |")
    return HEAD.format(
        version=onnx_tests.VERSION, passed=sum(passed.values()), total=len(verdicts),
        kinds="\n".join(f"| {kind} | {passed[kind]} of {kinds[kind]} |" for kind in onnx_tests.KINDS),
        reasons="\n".join(f"| {reason.name} | {counts[reason.name]} | {reason.text} |"
                          for reason in expectations.REASONS if counts[reason.name]),
        operators="\n".join(lines),
        others="\n".join(f"| {name} | {operator_notes.OTHERS.get(name, '')} |" for name in sorted(known) if "." in name))


def is_current(cases):
    with open(PAGE) as file:
        return file.read() == make_page(cases)


def write(cases):
    with open(PAGE, "w") as file:
        file.write(make_page(cases))
