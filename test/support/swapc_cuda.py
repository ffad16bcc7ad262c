"""What the GPU suite and the GPU benchmark share: finding a GPU, compiling
several models at once, and the reference outputs, kept in files."""
import concurrent.futures
import ctypes
import functools
import glob
import hashlib
import json
import os
import subprocess
import time

import numpy as np

import emulated_cuda
import swapc_testing as st

ZOO = ["vgg19", "resnet101", "mobilenet_v2", "yolov3", "fcn_resnet101", "vit_b_16",
       "bert_base", "gpt2", "llama_15m_step", "llama_1b_step"]
EXAMPLES = ["digits", "codewriter"]
COMPUTE_CAPABILITY = (75, 76)  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR


def find_gpu(number=0):
    """(name, "sm_90", None) of the GPU, or (None, None, why there is none)."""
    try:
        driver = ctypes.CDLL(os.environ.get("SWAP_CUDA_DRIVER") or "libcuda.so.1")
    except OSError:
        return None, None, "no NVIDIA driver here (libcuda.so.1)"
    device, count = ctypes.c_int(), ctypes.c_int()
    for call, what in ((lambda: driver.cuInit(0), "cuInit"),
                       (lambda: driver.cuDeviceGetCount(ctypes.byref(count)), "cuDeviceGetCount")):
        status = call()
        if status:
            return None, None, f"the NVIDIA driver finds no GPU ({what} returned {status})"
    if count.value <= number:
        return None, None, f"{count.value} GPUs here, none is number {number}"
    driver.cuDeviceGet(ctypes.byref(device), number)
    name, numbers = ctypes.create_string_buffer(200), [ctypes.c_int(), ctypes.c_int()]
    driver.cuDeviceGetName(name, 200, device)
    for value, attribute in zip(numbers, COMPUTE_CAPABILITY):
        driver.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
    return name.value.decode(), f"sm_{numbers[0].value}{numbers[1].value}", None


def model_path(name, directory):
    """A model of the zoo with its weights, or one of the examples."""
    if name in EXAMPLES:
        return os.path.join(st.SOURCE, "examples", name, name + ".onnx")
    os.makedirs(directory, exist_ok=True)
    return st.materialized(name, directory)


def tolerance(name):
    """Of the relative error: float32 or, for the Llama models, float16."""
    return 2e-2 if name.startswith("llama") else 1e-4


def reference(name, model, directory):
    """Inputs and ONNX Runtime's outputs, from DIRECTORY/ref where they are."""
    path = os.path.join(directory, "ref", name + ".npz")
    if not os.path.exists(path):
        inputs = st.sample_inputs(model)
        outputs = st.reference(model, inputs, os.cpu_count())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".tmp", "wb") as f:
            np.savez(f, **{"in:" + k: v for k, v in inputs.items()},
                     **{"out:" + k: v for k, v in outputs.items()})
        os.replace(path + ".tmp", path)
    with np.load(path) as kept:
        arrays = {key: kept[key] for key in kept.files}
    return ({k[3:]: v for k, v in arrays.items() if k.startswith("in:")},
            {k[4:]: v for k, v in arrays.items() if k.startswith("out:")})


def distance(got, want):
    """Largest ||got - want|| / ||want|| of the outputs; infinite for NaN and infinities."""
    st.require(set(got) == set(want), f"outputs {sorted(got)} instead of {sorted(want)}")
    worst = 0.0
    for name in want:
        a, b = got[name], want[name]
        st.require(a.shape == b.shape and a.dtype == b.dtype,
                   f"{name}: {a.dtype}{a.shape} instead of {b.dtype}{b.shape}")
        if not np.issubdtype(b.dtype, np.floating):
            worst = max(worst, 0.0 if np.array_equal(a, b) else float("inf"))
            continue
        a, b = a.astype(np.float64), b.astype(np.float64)
        if not np.isfinite(a).all():
            return float("inf")
        worst = max(worst, float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30)))
    return worst


class Program:
    """A compiled model: its path, its plans by the budget's text, and what was refused."""

    def __init__(self, name, path, budgets, refused, seconds):
        self.name, self.path, self.refused, self.seconds = name, path, refused, seconds
        self.about = st.describe(path)
        sizes = {"max": self.about["model_bytes"], "min": self.about["min_bytes"]}
        self.plans = {b: self.plan(sizes.get(b) or self.size(b)) for b in budgets}

    def size(self, budget):
        overhead = self.about.get("overhead_bytes", 0)  # percentages are of the rest
        if budget.endswith("%"):
            return overhead + float(budget[:-1]) / 100 * (self.about["model_bytes"] - overhead)
        for suffix, factor in (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)):
            if budget.endswith(suffix):
                return float(budget.removesuffix(suffix)) * factor
        return None

    def plan(self, size):
        return min(self.about["budgets"], key=lambda p: abs(p["budget_bytes"] - size))


def command(options, model, extra):
    return [options.swapc, model, "--target", "cuda", "--cuda-arch", options.arch, "--quiet",
            *options.swapc_args, *extra]


@functools.lru_cache(None)
def fingerprint(swapc):
    """Of the compiler and of what programs link."""
    digest = hashlib.blake2b(digest_size=16)
    folder = os.path.dirname(os.path.dirname(os.path.realpath(swapc)))
    for path in [swapc, *sorted(glob.glob(os.path.join(folder, "lib", "libswap_*.a")))]:
        with open(path, "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()


def compile_cuda(name, model, budgets, options, profile=None):
    """Compiles a model for a GPU at those budgets that its smallest plan allows,
    with the profile of its kernels where there is one."""
    os.makedirs(options.programs, exist_ok=True)
    out = os.path.join(options.programs, name + ("-profiled" if profile else ""))
    more = ["--profile", profile] if profile else []
    mark = [command(options, model, []), fingerprint(options.swapc)]
    if profile:
        with open(profile) as f:
            mark.append(f.read())
    done = out + ".compiled"
    if os.path.exists(done):
        with open(done) as f:
            kept = json.load(f)
        # More plans than asked for do no harm.
        if kept["mark"] == mark and set(budgets) <= {*kept["budgets"], *kept["refused"]}:
            return Program(name, out, [b for b in budgets if b in kept["budgets"]], kept["refused"], kept["seconds"])
    refused, accepted, began = {}, list(budgets), time.monotonic()

    def attempt(some, *extra):
        return subprocess.run(command(options, model, ["--budget", ",".join(some), *more, *extra]),
                              capture_output=True, text=True)

    run = attempt(accepted, "-o", out)
    if run.returncode and "too small" in run.stderr:
        # Only the budgets that no plan can meet may fail.
        for budget in budgets:
            one = attempt([budget], "--emit", "plan", "-o", "-")
            if one.returncode:
                refused[budget] = (one.stderr.strip().splitlines() or ["?"])[-1].split("error: ")[-1]
        st.require(all("too small" in text for text in refused.values()), "\n".join(refused.values()))
        accepted = [b for b in budgets if b not in refused]
        run = attempt(accepted, "-o", out)
    if run.returncode:
        said = [l for l in run.stderr.splitlines() if "error" in l] or run.stderr.splitlines()[-3:]
        raise st.Failure(f"swapc exited {run.returncode}: {' / '.join(said[:3])} ({' '.join(run.args)})")
    if st.TARGET == "cuda":  # on the emulated GPU
        emulated_cuda.compile_program(command(options, model, ["--budget", ",".join(accepted), "-o", out]), out)
    seconds = time.monotonic() - began
    with open(done, "w") as f:
        json.dump({"mark": mark, "budgets": accepted, "refused": refused, "seconds": seconds}, f)
    return Program(name, out, accepted, refused, seconds)


def compile_all(jobs, budgets_of, options, profiles=None):
    """Compiles (name, model) pairs, several at once; yields (name, Program or Failure) as they are done."""
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(compile_cuda, name, model, budgets_of(name), options, (profiles or {}).get(name)): name
                   for name, model in jobs}
        for future in concurrent.futures.as_completed(futures):
            try:
                yield futures[future], future.result()
            except (st.Failure, subprocess.SubprocessError, OSError) as failure:
                yield futures[future], st.Failure(str(failure))


def profile(program, options):
    """The file that PROG --profile writes of its kernels and its link."""
    path = program.path + ".yaml"
    run = subprocess.run([program.path, "--random", "--profile", path, "--device", str(options.device)],
                         capture_output=True, text=True)
    st.require(run.returncode == 0, f"{program.path} --profile exited {run.returncode}:\n{run.stderr}")
    return path


def add_options(parser):
    """The command-line options of everything that compiles for a GPU."""
    parser.add_argument("--swapc", default=os.path.join(st.build_dir(), "bin", "swapc"))
    parser.add_argument("--zoo", "--models", dest="zoo", default=os.path.join(st.SOURCE, "build", "zoo"), metavar="DIR",
                        help="of the models with weights (written there where missing), and of references")
    parser.add_argument("--programs", default=os.path.join(st.SOURCE, "build", "gpu"), metavar="DIR",
                        help="of the executables; those up to date are not compiled again")
    parser.add_argument("--arch", help="--cuda-arch of swapc (default: this GPU's)")
    parser.add_argument("--device", type=int, default=0, help="number of the GPU")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="swapc at once")
    parser.add_argument("--swapc-args", nargs="*", default=[], metavar="ARG", help="more for swapc, after a --")
    parser.add_argument("--json", metavar="FILE", help="write every figure here")
