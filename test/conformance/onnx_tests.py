"""ONNX's backend tests: where they are, and what a test consists of.

The tests of single nodes are files in the PyPI package onnx up to 1.22 and are
made by Python code in later ones, so 1.22.0 is fetched where the installed
package has none.
"""
import dataclasses
import glob
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import zipfile

VERSION = "1.22.0"
ADVICE = "test/conformance/onnx_tests.py BUILD fetches them"
KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator", "real")
DATA = "onnx/backend/test/data"


def find(build):
    """The folder of the tests, if they are here; $SWAPC_ONNX_TESTS names another than that of test/run."""
    installed = importlib.util.find_spec("onnx")
    places = [os.environ.get("SWAPC_ONNX_TESTS"), os.path.join(fetched(build), DATA),
              installed and os.path.join(os.path.dirname(installed.origin), "backend", "test", "data")]
    return next((place for place in places if place and os.path.isdir(os.path.join(place, "node"))), None)


def fetched(build):
    return os.path.join(build, "onnx-" + VERSION)


def fetch(build):
    """Puts the tests into `build`, unless they are here."""
    if find(build):
        return
    with tempfile.TemporaryDirectory(dir=build) as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                        "--only-binary", ":all:", "--dest", folder, "onnx==" + VERSION], check=True)
        wheel, = glob.glob(os.path.join(folder, "*.whl"))
        with zipfile.ZipFile(wheel) as package:
            package.extractall(folder, [name for name in package.namelist() if name.startswith(DATA + "/")])
        os.remove(wheel)
        os.rename(folder, fetched(build))
        os.mkdir(folder)  # which the context removes


@dataclasses.dataclass
class Case:
    """A model, and folders with input_N.pb and output_N.pb of its N-th input and output."""
    name: str  # kind/test_name
    model: str
    data_sets: list
    rtol: float = 1e-3
    atol: float = 1e-7


def list_cases(data, scratch):
    """All tests, by kind and name. `scratch`: where inputs that are made up go; without it, there are none."""
    cases = []
    for kind in KINDS:
        for name in sorted(os.listdir(os.path.join(data, kind))):
            folder = os.path.join(data, kind, name)
            options = {}
            if os.path.exists(os.path.join(folder, "data.json")):
                with open(os.path.join(folder, "data.json")) as file:
                    options = json.load(file)
            tolerances = {key: options[key] for key in ("rtol", "atol") if key in options}
            case = Case(f"{kind}/{name}", os.path.join(folder, "model.onnx"), [], **tolerances)
            if "url" in options:
                case.model = os.path.join(data, "light", os.path.basename(options["url"]))
                case.data_sets = [os.path.join(scratch, name)] if scratch else []
                if scratch:
                    make_light_data(case)
            else:
                case.data_sets = sorted(glob.glob(os.path.join(folder, "test_data_set_*")))
            cases.append(case)
    return cases


def make_light_data(case):
    """The inputs that ONNX's own runner makes up for the large networks, whose outputs it knows."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    folder, = case.data_sets
    os.makedirs(folder, exist_ok=True)
    graph = onnx.load(case.model).graph
    for number, value in enumerate(true_inputs(graph)):
        shape = [max(dim.dim_value, 1) for dim in value.type.tensor_type.shape.dim]
        count = np.prod(shape)
        array = (np.arange(count).reshape(shape) / count).astype(np.float32)
        with open(os.path.join(folder, f"input_{number}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(array).SerializeToString())
    for number in range(len(graph.output)):
        target = os.path.join(folder, f"output_{number}.pb")
        if not os.path.exists(target):
            os.symlink(os.path.abspath(case.model[:-len(".onnx")] + f"_output_{number}.pb"), target)


def true_inputs(graph):
    """The inputs that are no initializers: those that test data has values for."""
    constants = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in constants]


def load_value(path, info):
    """What a file holds: a TensorProto, a SequenceProto or an OptionalProto."""
    import onnx

    kinds = {"tensor_type": onnx.TensorProto, "sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}
    value = kinds.get(info.type.WhichOneof("value"), onnx.TensorProto)()
    with open(path, "rb") as file:
        value.ParseFromString(file.read())
    return value


def flatten(info, value):
    """The tensors of a value by the names that programs have for them."""
    import onnx

    if isinstance(value, onnx.OptionalProto):
        kind = onnx.OptionalProto.DataType.Name(value.elem_type).lower()
        if not value.HasField(f"{kind}_value") if kind != "undefined" else True:
            return {}
        value = getattr(value, f"{kind}_value")
    if isinstance(value, onnx.SequenceProto):
        return {f"{info.name}.{i}": tensor for i, tensor in enumerate(value.tensor_values)}
    return {info.name: value}


if __name__ == "__main__":
    fetch(sys.argv[1])
