"""What a network of this folder is, and how a PyTorch module becomes one.

A network is a function that writes `<folder>/model.onnx` and returns its
inputs, registered under the name of a row of docs/networks.md. Weights are
made up: nothing is downloaded but the packages of requirements.txt.
"""
import dataclasses
import os
import warnings
from typing import Callable

import numpy as np

NETWORKS = {}


@dataclasses.dataclass
class Network:
    name: str
    source: str  # who defines it
    exporter: str  # what writes the ONNX file
    make: Callable  # folder -> {input name: array}
    options: tuple = ()  # of swapc
    tolerance: float = 1e-4
    refused: str = ""  # what swapc must say instead of compiling it


def network(source, exporter, **fields):
    """Registers a function under its name, with dashes."""

    def register(function):
        name = function.__name__.replace("_", "-")
        NETWORKS[name] = Network(name, source, exporter, function, **fields)
        return function

    return register


def model_path(folder):
    return os.path.join(folder, "model.onnx")


def seeded(build, seed=0):
    """The module that `build` makes, for inference. What an initialisation leaves at 0 or 1 (biases, scales, the
    statistics of batch norms) is moved, or it would fold away and hide errors."""
    import torch

    torch.manual_seed(seed)
    module = build().eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
        if parameter.dim() < 2:
            parameter += 0.05 * torch.randn(parameter.shape)
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer += 0.05 * torch.randn(buffer.shape)
        elif name.endswith("running_var"):
            buffer *= 1 + 0.2 * torch.rand(buffer.shape)
    return module


def export(module, inputs, folder, dynamo, outputs=None, dynamic=None, **options):
    """Writes `module` called with the values of `inputs`, in their order, by one of PyTorch's two exporters; the
    inputs as arrays. `dynamic`: {input: {dimension: name}}."""
    import torch

    os.makedirs(folder, exist_ok=True)
    path = model_path(folder)
    names = list(inputs)
    if dynamic and dynamo:
        sizes = {}
        options["dynamic_shapes"] = tuple(
            {d: sizes.setdefault(s, torch.export.Dim(s)) for d, s in dynamic.get(name, {}).items()} for name in names)
    elif dynamic:
        options["dynamic_axes"] = dynamic
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, tuple(inputs.values()), path, input_names=names, output_names=outputs,
                          dynamo=dynamo, **options)
    return {name: tensor.numpy() for name, tensor in inputs.items()}


def image(size=224, batch=1, channels=3, seed=1):
    import torch

    return torch.rand(batch, channels, size, size, generator=torch.Generator().manual_seed(seed))


def tokens(count, vocabulary, batch=1, seed=1):
    import torch

    return torch.randint(vocabulary, (batch, count), generator=torch.Generator().manual_seed(seed))


def normal(*shape, seed=1):
    import torch

    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def save_inputs(folder, arrays):
    np.savez(os.path.join(folder, "inputs.npz"), **arrays)
