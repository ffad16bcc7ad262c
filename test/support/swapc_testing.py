"""What the end-to-end tests and the benchmarks share.

Compiling a model, running its executable (in a memory cgroup where asked),
the reference outputs of ONNX Runtime, and how outputs are compared.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MIB = 1 << 20
# "cpu" or "cuda": what the checks compile for. Programs for a GPU run on an
# emulated one (test/cuda/README.md).
TARGET = os.environ.get("SWAPC_TEST_TARGET", "cpu")
# What a process may take beside its budget, inputs and outputs: code, libc,
# stacks, page cache of the executable.
PROCESS_BYTES = 24 * MIB

sys.path.insert(0, os.path.join(SOURCE, "test", "models"))


class Failure(Exception):
    """A check that did not hold; the message says what and where."""


def require(condition, message):
    if not condition:
        raise Failure(message)


def build_dir():
    return os.environ.get("SWAPC_BUILD", os.path.join(SOURCE, "build", "release"))


# Compiled kernels are kept with the build, not with the user's.
os.environ.setdefault("SWAPC_CACHE_DIR", os.path.join(build_dir(), "test", "kernel-cache"))


def materialized(name, directory):
    """The path of zoo model `name` with its weights, written once."""
    import materialize

    path = os.path.join(directory, name + ".onnx")
    done = path + ".done"
    if not os.path.exists(done):
        materialize.materialize(os.path.join(SOURCE, "test", "models", name + ".onnx"), directory)
        open(done, "w").close()
    return path


def sample_inputs(model_path, dims=None):
    import materialize

    return materialize.sample_inputs(model_path, dims)


def cpu_only(*options):
    """Options that only the CPU knows."""
    return list(options) if TARGET == "cpu" else []


def compile_model(model, out, budgets=("max",), args=()):
    """Runs swapc; the executable's path. Raises with its messages on failure.
    For a GPU the library of emulated kernels lies beside the executable."""
    command = [os.path.join(build_dir(), "bin", "swapc"), model, "-o", out,
               "--budget", ",".join(budgets), *args]
    if TARGET == "cuda":
        import emulated_cuda

        command += emulated_cuda.swapc_options()
    run = subprocess.run(command, capture_output=True, text=True)
    require(run.returncode == 0, f"{' '.join(command)} exited {run.returncode}:\n{run.stderr}")
    if TARGET == "cuda":
        emulated_cuda.compile_program(command, out)
    return out


def file_name(output):
    return re.sub(r"[^A-Za-z0-9_.-]", "_", output) + ".npy"


class MemoryCgroup:
    """A cgroup (v1) that kills what exceeds `limit` bytes, page cache included."""

    ROOT = "/sys/fs/cgroup/memory"

    def __init__(self, limit):
        self.path = os.path.join(self.ROOT, f"swapc-{os.getpid()}-{time.monotonic_ns()}")
        os.mkdir(self.path)
        with open(os.path.join(self.path, "memory.limit_in_bytes"), "w") as f:
            f.write(str(limit))

    @staticmethod
    def available():
        if os.environ.get("SWAPC_NO_MEMORY_CGROUP"):  # test/lit.cfg.py: sanitizers take more memory
            return False
        return os.geteuid() == 0 and os.access(os.path.join(MemoryCgroup.ROOT, "tasks"), os.W_OK)

    def wrap(self, command):
        # The shell joins and then becomes the program: nothing of the
        # harness's own memory is charged.
        return ["sh", "-c", f'echo $$ > {self.path}/tasks && exec "$@"', "sh", *command]

    def read(self, name):
        with open(os.path.join(self.path, name)) as f:
            return int(f.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(50):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.02)


def run_program(program, inputs, args=(), limit=None, outputs=True, timeout=600):
    """Runs a compiled model.

    Returns (outputs by file name, stats, peak bytes of the cgroup or None).
    `limit`: bytes of a memory cgroup around the process.
    """
    environment = None
    if TARGET == "cuda":
        import emulated_cuda

        environment = emulated_cuda.program_environment(program)
    with tempfile.TemporaryDirectory(prefix="swapc-run-") as folder:
        command = [program]
        for index, (name, array) in enumerate(inputs.items()):
            path = os.path.join(folder, f"in{index}.npy")
            np.save(path, array)
            command += ["--input", f"{name}={path}"]
        stats_path = os.path.join(folder, "stats.json")
        out = os.path.join(folder, "out")
        command += ["--stats", stats_path, *args]
        if outputs:
            command += ["--output-dir", out]
        if limit:
            with MemoryCgroup(limit) as cgroup:
                run = subprocess.run(cgroup.wrap(command), capture_output=True, text=True, timeout=timeout,
                                     env=environment)
                peak = cgroup.read("memory.max_usage_in_bytes")
        else:
            run = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
            peak = None
        require(run.returncode == 0,
                f"{' '.join(command)} exited {run.returncode}"
                + (f" under a limit of {limit} bytes" if limit else "") + f":\n{run.stderr}")
        arrays = {}
        if outputs:
            for name in os.listdir(out):
                arrays[name] = np.load(os.path.join(out, name))
        with open(stats_path) as f:
            stats = json.load(f)
    return arrays, stats, peak


def describe(program):
    run = subprocess.run([program, "--describe"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def reference_session(model, threads=1):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def reference(model, inputs, threads=1):
    """ONNX Runtime's outputs, by the file names that a program gives them."""
    session = reference_session(model, threads)
    values = session.run(None, inputs)
    return {file_name(o.name): v for o, v in zip(session.get_outputs(), values)}


def reference_median(session, inputs, seconds):
    """Median milliseconds of an ONNX Runtime session's runs, after one that does not count."""
    session.run(None, inputs)
    samples, end = [], time.monotonic() + seconds
    while len(samples) < 3 or time.monotonic() < end:
        start = time.perf_counter()
        session.run(None, inputs)
        samples.append((time.perf_counter() - start) * 1e3)
    return statistics.median(samples)


def relative_error(got, want):
    """Largest difference over the largest magnitude wanted; NaN is an error."""
    require(got.shape == want.shape, f"shape {got.shape} instead of {want.shape}")
    require(got.dtype == want.dtype, f"type {got.dtype} instead of {want.dtype}")
    if got.size == 0:
        return 0.0
    if got.dtype == np.bool_ or np.issubdtype(got.dtype, np.integer):
        return 0.0 if np.array_equal(got, want) else float("inf")
    got, want = got.astype(np.float64), want.astype(np.float64)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    if same.all():
        return 0.0
    finite = np.isfinite(want)
    if not np.isfinite(got[~same]).all() or not finite[~same].all():
        return float("inf")
    return float(np.abs(got - want)[~same].max() / max(np.abs(want[finite]).max(), 1e-30))


def worst_error(got, want):
    require(set(got) == set(want), f"outputs {sorted(got)} instead of {sorted(want)}")
    return max(relative_error(got[name], want[name]) for name in want)


def same_bits(one, other):
    return set(one) == set(other) and all(
        one[n].dtype == other[n].dtype and one[n].tobytes() == other[n].tobytes() for n in one)


def io_bytes(description):
    return sum(t["bytes"] for t in description["inputs"] + description["outputs"])


def process_limit(description, budget):
    """Bytes that a process may take at `budget`; None where no cgroup can enforce it."""
    if TARGET == "cuda":  # the budget is of the emulated device's memory
        return None
    return budget + io_bytes(description) + PROCESS_BYTES if MemoryCgroup.available() else None
