"""Changes ONNX's tests at random and looks how swapc takes what comes out.

  mutants.py [--seed N] [--count N] [--keep FOLDER] [--models FOLDER] [REGEX...]

An importer reads what others wrote. Each mutant is a model of one of ONNX's tests with some of its attributes,
types, shapes, operands or constants replaced; swapc has to compile it or to say in its own words what is wrong with
it. A signal, a time-out or an error of MLIR's verifier is a defect. A mutant depends on the seed, its number and the
test's name alone, so that --keep with the same seed writes it again.
"""
import argparse
import collections
import concurrent.futures
import glob
import os
import random
import re
import resource
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import onnx_tests
import swapc_testing

SECONDS = 60
MEMORY = 4 << 30
MAX_CONSTANT_ELEMENTS = 64
INTEGERS = (-(1 << 63), -(1 << 31), -100, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 64, 1000, (1 << 31) - 1, 1 << 32, (1 << 63) - 1)
SIZES = (0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 100, 1 << 20, (1 << 31) - 1, 1 << 40, (1 << 62) + 3)
FLOATS = (0.0, -0.0, -1.0, 0.5, 1.0, 2.5, 1e-30, 1e30, float("inf"), float("-inf"), float("nan"))
STRINGS = ("", "x", "linear", "nearest", "cubic", "reflect", "edge", "wrap", "SAME_UPPER", "SAME_LOWER", "VALID",
           "NOTSET", "floor", "ceil", "sum", "mean", "none", "add", "mul", "max", "min", "forward", "reverse",
           "bidirectional", "tanh", "Relu", "align_corners", "half_pixel", "DCR", "CRD", "ij,jk->ik", "...i->i", "->")
TYPES = [number for name, number in TensorProto.DataType.items() if number not in (0, TensorProto.STRING)]
# What only the compiler's own authors understand.
INTERNAL = re.compile(r"'[a-z]+\.[a-z_.]+' op |PLEASE submit|Assertion|LLVM ERROR|UNREACHABLE|Stack dump|bad_alloc")


def all_nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from all_nodes(attribute.g)


def change_list(rng, values, choices):
    """Another list: one element replaced, left out, put in or doubled; or none at all."""
    values = list(values)
    what = rng.randrange(5)
    at = rng.randrange(len(values)) if values else 0
    if what == 0 or not values:
        values.insert(at, rng.choice(choices))
    elif what == 1:
        del values[at]
    elif what == 2 and rng.random() < 0.3:
        values.clear()
    else:
        values[at] = rng.choice(choices)
    return values


def change_attribute(rng, model):
    found = [(node, attribute) for node in all_nodes(model.graph) for attribute in node.attribute]
    if not found:
        return
    node, attribute = rng.choice(found)
    if rng.random() < 0.15:
        node.attribute.remove(attribute)
    elif attribute.type == onnx.AttributeProto.INT:
        attribute.i = rng.choice(INTEGERS)
    elif attribute.type == onnx.AttributeProto.FLOAT:
        attribute.f = rng.choice(FLOATS)
    elif attribute.type == onnx.AttributeProto.STRING:
        attribute.s = rng.choice(STRINGS).encode()
    elif attribute.type == onnx.AttributeProto.INTS:
        attribute.ints[:] = change_list(rng, attribute.ints, INTEGERS)
    elif attribute.type == onnx.AttributeProto.FLOATS:
        attribute.floats[:] = change_list(rng, attribute.floats, FLOATS)
    elif attribute.type == onnx.AttributeProto.STRINGS:
        attribute.strings[:] = change_list(rng, attribute.strings, [text.encode() for text in STRINGS])
    elif attribute.type == onnx.AttributeProto.TENSOR:
        change_tensor(rng, attribute.t)


def add_attribute(rng, model):
    """One that the operator has and the node does not."""
    node = rng.choice(list(all_nodes(model.graph)))
    if not onnx.defs.has(node.op_type, node.domain):
        return
    schema = onnx.defs.get_schema(node.op_type, node.domain)
    kinds = {onnx.defs.OpSchema.AttrType.INT: lambda: rng.choice(INTEGERS),
             onnx.defs.OpSchema.AttrType.FLOAT: lambda: rng.choice(FLOATS),
             onnx.defs.OpSchema.AttrType.STRING: lambda: rng.choice(STRINGS),
             onnx.defs.OpSchema.AttrType.INTS: lambda: [rng.choice(INTEGERS) for _ in range(rng.randrange(1, 6))]}
    names = [name for name, attribute in sorted(schema.attributes.items())
             if attribute.type in kinds and all(one.name != name for one in node.attribute)]
    if names:
        name = rng.choice(names)
        node.attribute.append(onnx.helper.make_attribute(name, kinds[schema.attributes[name].type]()))


def change_type(rng, model):
    value = rng.choice([*model.graph.input] or [*model.graph.output])
    if value.type.HasField("tensor_type"):
        value.type.tensor_type.elem_type = rng.choice(TYPES)


def change_shape(rng, model):
    if not model.graph.input:
        return
    shape = rng.choice(model.graph.input).type.tensor_type.shape
    sizes = change_list(rng, [dim.dim_value for dim in shape.dim], SIZES)
    shape.Clear()
    for size in sizes:
        shape.dim.add().dim_value = size


def change_operands(rng, model):
    node = rng.choice(list(all_nodes(model.graph)))
    names = [value.name for value in model.graph.input] + [name for other in model.graph.node for name in other.output]
    what = rng.randrange(5)
    if what == 0:
        node.input.append(rng.choice(names))
    elif what == 1 and node.input:
        node.input.pop()
    elif what == 2 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(["", *names])
    elif what == 3 and len(node.output) > 1:
        node.output.pop()
    else:
        node.output.append(rng.choice(["", "another"]))


def change_opset(rng, model):
    rng.choice(model.opset_import).version = rng.randrange(1, 29)


def change_tensor(rng, tensor):
    try:
        array = np.array(numpy_helper.to_array(tensor))
    except (ValueError, TypeError):
        return
    what = rng.randrange(5)
    if what == 0:
        tensor.dims[:] = change_list(rng, tensor.dims, SIZES)  # and not its bytes
        return
    if what == 1 and array.size:
        array = array.reshape(-1)[:-1] if rng.random() < 0.5 else np.resize(array, array.size + 1)
    elif what == 2:
        array = array.reshape(rng.choice([(-1,), (1, -1), (-1, 1), (*array.shape, 1)]))
    elif array.size and array.dtype.kind in "iufb":
        with np.errstate(all="ignore"):
            array.reshape(-1)[rng.randrange(array.size)] = np.array(
                rng.choice(FLOATS) if array.dtype.kind == "f" else rng.choice(INTEGERS)).astype(array.dtype)
    try:
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    except (ValueError, TypeError, KeyError):
        pass


def change_constant(rng, model):
    if model.graph.initializer:
        change_tensor(rng, rng.choice(model.graph.initializer))


def fix_inputs(rng, model, data_set):
    """Makes constants of some small inputs, with the test's values: most integers, few others."""
    for number, info in enumerate(onnx_tests.true_inputs(model.graph)):
        value = onnx_tests.load_value(os.path.join(data_set, f"input_{number}.pb"), info)
        if not isinstance(value, TensorProto) or np.prod(value.dims) > MAX_CONSTANT_ELEMENTS:
            continue
        integers = value.data_type in (TensorProto.INT64, TensorProto.INT32) and len(value.dims) <= 1
        if rng.random() < (0.95 if integers else 0.1):
            value.name = info.name
            model.graph.initializer.append(value)


def make_mutant(rng, case):
    model = onnx.load(case.model)
    if case.data_sets:
        fix_inputs(rng, model, case.data_sets[0])
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in [value for value in model.graph.input if value.name in constants]:
        model.graph.input.remove(value)
    changes = (change_attribute, change_attribute, change_attribute, add_attribute, change_type, change_shape,
               change_shape, change_operands, change_opset, change_constant, change_constant)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(changes)(rng, model)
    return model


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def judge(path, phase):
    """What is wrong with swapc's answer; None when nothing is."""
    command = [os.path.join(swapc_testing.build_dir(), "bin", "swapc"), path, "--emit", phase, "--budget", "max", "-o", "-"]
    try:
        run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                             timeout=SECONDS, preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        return f"takes more than {SECONDS} s"
    if run.returncode not in (0, 1, 2):
        return f"exit code {run.returncode}: {run.stderr.strip()[-300:]}"
    if run.returncode and (INTERNAL.search(run.stderr) or "error:" not in run.stderr):
        return f"an error that no user understands: {run.stderr.strip()[:300]}"
    return None


def single_nodes(path, folder):
    """A model for each node that reads only what the model is given, as test/e2e writes them."""
    whole = onnx.load(path)
    given = {value.name: value for value in whole.graph.input}
    constants = {tensor.name: tensor for tensor in whole.graph.initializer}
    values = {value.name: value for value in whole.graph.output}
    for number, node in enumerate(whole.graph.node):
        names = {name for name in node.input if name}
        if len(whole.graph.node) > 1 and (names - {*given, *constants} or {*node.output} - {"", *values}):
            continue
        model = onnx.ModelProto()
        model.CopyFrom(whole)
        if len(whole.graph.node) > 1:
            del model.graph.node[:], model.graph.input[:], model.graph.output[:], model.graph.initializer[:]
            model.graph.node.append(node)
            model.graph.input.extend(given[name] for name in names if name in given)
            model.graph.initializer.extend(constants[name] for name in names if name in constants)
            model.graph.output.extend(values[name] for name in node.output if name)
        stem = os.path.basename(os.path.dirname(path)).replace("/", "-")
        target = os.path.join(folder, f"{stem}-{os.path.basename(path)[:-len('.onnx')]}-{number}.onnx")
        onnx.save(model, target)
        yield onnx_tests.Case(f"own/{os.path.basename(target)[:-len('.onnx')]}", target, [])


def by_operator(cases):
    """Lists of the cases of one operator; models of several nodes are one list."""
    groups = collections.defaultdict(list)
    for case in cases:
        graph = onnx.load(case.model, load_external_data=False).graph
        groups[graph.node[0].op_type if len(graph.node) == 1 else ""].append(case)
    return [groups[name] for name in sorted(groups)]


def run_mutant(number, options, groups, scratch):
    rng = random.Random(f"{options.seed}/{number}")
    case = rng.choice(rng.choice(groups))
    name = f"{case.name.split('/')[1]}-{options.seed}-{number}"
    path = os.path.join(options.keep or scratch, name + ".onnx")
    try:
        onnx.save(make_mutant(rng, case), path)
    except ValueError:  # not to be written
        return None
    problem = judge(path, options.phase)
    if problem is None or not options.keep:
        os.remove(path)
    return problem and f"{name}: {problem}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*", metavar="REGEX")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--phase", default="kernel-ir")
    parser.add_argument("--models", help="a folder of further models")
    parser.add_argument("--keep", help="where the models go that show defects")
    options = parser.parse_args()
    data = onnx_tests.find(os.path.dirname(swapc_testing.build_dir()))
    if not data:
        sys.exit(f"ONNX's tests are not here: {onnx_tests.ADVICE}")
    with tempfile.TemporaryDirectory(prefix="swapc-mutants-") as scratch:
        cases = [case for case in onnx_tests.list_cases(data, None) if not case.name.startswith("real/")]
        further = glob.glob(os.path.join(options.models, "**", "*.onnx"), recursive=True) if options.models else []
        for path in sorted(further):
            cases += single_nodes(path, scratch)
        groups = by_operator(case for case in cases
                             if any(re.search(pattern, case.name) for pattern in options.patterns or ["."]))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            numbers = range(options.first, options.first + options.count)
            problems = 0
            for problem in pool.map(lambda number: run_mutant(number, options, groups, scratch), numbers):
                if problem:
                    problems += 1
                    print(problem, flush=True)
    print(f"{options.count} mutants, {problems} defects")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
