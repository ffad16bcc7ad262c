"""Compiles one of ONNX's tests and runs it on its data, at no budget and at the smallest."""
import dataclasses
import os
import re
import signal
import subprocess
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

import onnx_tests
import swapc_testing

SECONDS = 300
BUDGETS = ("max", "min")
# Shapes, axes and the like are inputs of many tests; swapc has to know them while
# compiling. Larger ones are data.
MAX_BOUND_ELEMENTS = 64
MUST_BE_KNOWN = "known while compiling"
SMALL_INTEGERS = {"int2": np.int8, "int4": np.int8, "uint2": np.uint8, "uint4": np.uint8}


class Outcome(Exception):
    """Why a test does not pass: `stage` is refused, crashed, run, or differs."""

    def __init__(self, stage, message):
        super().__init__(f"{stage}: {message}")


@dataclasses.dataclass
class Result:
    name: str
    failure: str = ""  # empty: it passes
    bound: tuple = ()  # inputs that had to be known while compiling


def run_case(case):
    result = Result(case.name)
    try:
        model = onnx.load(case.model)
        for data_set in case.data_sets:
            with tempfile.TemporaryDirectory(prefix="swapc-conformance-") as scratch:
                bound = run_data_set(case, model, data_set, scratch)
                result.bound = tuple(sorted({*result.bound, *bound}))
    except Outcome as outcome:
        result.failure = str(outcome)
    return result


def run_data_set(case, model, data_set, scratch):
    inputs, shapes = {}, []
    for number, info in enumerate(onnx_tests.true_inputs(model.graph)):
        value = onnx_tests.load_value(os.path.join(data_set, f"input_{number}.pb"), info)
        inputs.update(onnx_tests.flatten(info, value))
        shapes += shape_option(info, value)
    outputs = {}
    for number, info in enumerate(model.graph.output):
        outputs.update(onnx_tests.flatten(
            info, onnx_tests.load_value(os.path.join(data_set, f"output_{number}.pb"), info)))
    program = os.path.join(scratch, "program")
    tensors = {info.name for info in model.graph.input if info.type.HasField("tensor_type")}
    bindable = {name: tensor for name, tensor in inputs.items() if name in tensors}
    bound = compile_case(case, bindable, [*shapes, *symbolic_sizes(model, inputs)], program, scratch)
    command = [program]
    for number, (name, tensor) in enumerate(inputs.items()):
        if name not in bound:
            path = os.path.join(scratch, f"input{number}.pb")
            with open(path, "wb") as file:
                file.write(tensor.SerializeToString())
            command += ["--input", f"{name}={path}"]
    results = [run_program(command, budget, os.path.join(scratch, budget)) for budget in BUDGETS]
    expected = {swapc_testing.file_name(name) for name in outputs}
    if set(results[0]) != expected:
        raise Outcome("differs", f"outputs {sorted(results[0])} instead of {sorted(expected)}")
    for name, want in outputs.items():
        paths = [result[swapc_testing.file_name(name)] for result in results]
        contents = [open(path, "rb").read() for path in paths]
        if contents[0] != contents[1]:
            raise Outcome("differs", f"output '{name}': its bits depend on the budget")
        compare(name, np.load(paths[0]), want, case)
    return bound


def run_program(command, budget, folder):
    """Runs the program; the paths of its outputs, by their file names."""
    run = execute(command + ["--budget", budget, "--output-dir", folder])
    if run.returncode:
        raise Outcome("run", f"exit code {run.returncode} at {budget}: {first_line(run.stderr)}")
    return {name: os.path.join(folder, name) for name in os.listdir(folder)}


def shape_option(info, value):
    """--shape for an input whose shape the model leaves open."""
    kind = info.type.WhichOneof("value")
    dims = info.type.tensor_type.shape.dim
    if kind == "tensor_type" and info.type.tensor_type.HasField("shape") and all(
            dim.WhichOneof("value") for dim in dims):
        return []
    tensors = onnx_tests.flatten(info, value).values()
    texts = ["x".join(map(str, tensor.dims)) or "scalar" for tensor in tensors]
    return ["--shape", f"{info.name}={','.join(texts) or 'none'}"]


def symbolic_sizes(model, inputs):
    """--dim for each named dimension of an input, and --shape where one is 0."""
    sizes, options = {}, []
    for info in onnx_tests.true_inputs(model.graph):
        if info.name in inputs and 0 in inputs[info.name].dims:
            options += ["--shape", f"{info.name}={'x'.join(map(str, inputs[info.name].dims))}"]
        elif info.name in inputs:
            for dim, size in zip(info.type.tensor_type.shape.dim, inputs[info.name].dims):
                if dim.dim_param:
                    sizes[dim.dim_param] = size
    return options + [word for name, size in sizes.items() for word in ("--dim", f"{name}={size}")]


def compile_case(case, inputs, options, program, scratch):
    """Compiles the model; those of the inputs that it had to bind for that."""
    command = [os.path.join(swapc_testing.build_dir(), "bin", "swapc"), case.model, "-o", program, "--quiet",
               "--threads", "1", "--budget", ",".join(BUDGETS), *options]
    small = [name for name, tensor in inputs.items()
             if len(tensor.dims) <= 1 and np.prod(tensor.dims) <= MAX_BOUND_ELEMENTS]
    integers = [name for name in small if inputs[name].data_type in (onnx.TensorProto.INT32, onnx.TensorProto.INT64)]
    flags = [name for name in small if inputs[name].data_type == onnx.TensorProto.BOOL]
    bound = []
    while True:
        run = execute(command + bindings(inputs, bound, scratch))
        run.stderr = run.stderr.replace(case.model + ": ", "")
        if run.returncode == 0:
            return bound
        if MUST_BE_KNOWN not in run.stderr:
            break
        # Those that the message names; else what looks like shapes, or is true or false; else all small ones.
        said = [line for line in run.stderr.splitlines() if MUST_BE_KNOWN in line]
        named = [name for name in small if any(re.search(rf"\b{re.escape(name)}\b", line) for line in said)]
        for more in (named, integers, flags, small):
            more = [name for name in more if name not in bound]
            if more:
                bound = bound + more
                break
        else:
            break
    if run.returncode not in (1, 2):
        raise Outcome("crashed", exit_text(run.returncode))
    raise Outcome("refused", first_line(run.stderr))


def bindings(inputs, bound, scratch):
    options = []
    for number, name in enumerate(bound):
        path = os.path.join(scratch, f"bound{number}.npy")
        array = numpy_helper.to_array(inputs[name])
        if array.dtype.isbuiltin != 1:
            array = array.view(f"u{array.dtype.itemsize}")
        np.save(path, array)
        options += ["--bind", f"{name}={path}"]
    return options


def execute(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Outcome("crashed", f"{os.path.basename(command[0])} took more than {SECONDS} s") from None


def first_line(text):
    lines = [line for line in text.splitlines() if "error:" in line] or text.splitlines() or ["no message"]
    return re.sub(r"^(/\S+?:)?\s*(\w+: )?error: ", "", lines[0])


def exit_text(code):
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def compare(name, got, want, case):
    """As ONNX's own runner compares. Beyond that, types narrower than float32 may be off by one rounding of
    the largest magnitude: ONNX's values were rounded after each step."""
    dtype = helper.tensor_dtype_to_np_dtype(want.data_type)
    want = numpy_helper.to_array(want)
    if got.shape != want.shape:
        raise Outcome("differs", f"output '{name}': shape {list(got.shape)} instead of {list(want.shape)}")
    if want.dtype.name in SMALL_INTEGERS:  # a program writes their values
        want = want.astype(SMALL_INTEGERS[want.dtype.name])
        dtype = want.dtype
    if got.dtype != dtype and dtype.isbuiltin != 1 and got.dtype.itemsize == dtype.itemsize:
        got = got.view(dtype)
    if got.dtype != dtype:
        raise Outcome("differs", f"output '{name}': type {got.dtype} instead of {dtype}")
    if dtype.kind in "iub":
        wrong = got != want
    else:
        wide, expected = got.astype(np.float64), want.astype(np.float64)
        finite = np.abs(expected[np.isfinite(expected)])
        atol = case.atol
        if dtype.itemsize < 4 and finite.size:
            atol += onnx_epsilon(dtype) * finite.max()
        wrong = ~np.isclose(wide, expected, rtol=case.rtol, atol=atol, equal_nan=True)
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise Outcome("differs", f"output '{name}': {got[at]} instead of {want[at]} at {[int(i) for i in at]}, "
                                 f"and {np.count_nonzero(wrong)} of {wrong.size} elements in all")


def onnx_epsilon(dtype):
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype).eps)
