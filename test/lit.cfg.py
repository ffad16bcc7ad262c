"""lit settings: which files are tests, and what %names they may use."""
import glob
import os
import shutil
import subprocess
import sys

import lit.formats

config.name = "swapc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".onnxtext", ".test"]
config.excludes = ["models", "support", "Inputs"]
config.test_source_root = os.path.join(config.swapc_source, "test")
config.test_exec_root = os.path.join(config.swapc_build, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.swapc_build, "bin"), config.llvm_tools, os.environ["PATH"]]
)
config.environment["PYTHONPATH"] = os.path.join(config.test_source_root, "support")
config.environment["SWAPC_BUILD"] = config.swapc_build
# Not the user's, and gone with the build.
cache = "off" if os.environ.get("SWAPC_CACHE_DIR") == "off" else os.path.join(config.test_exec_root, "kernel-cache")
config.environment["SWAPC_CACHE_DIR"] = cache
if config.sanitizer:
    # Aborts, since `not` takes an exit code for the failure that it waits for;
    # and handle_abort, so that LLVM's own handler does not get in the way.
    aborts = "abort_on_error=1:handle_abort=1"
    config.environment["ASAN_OPTIONS"] = aborts
    config.environment["UBSAN_OPTIONS"] = aborts + ":print_stacktrace=1"
    config.environment["TSAN_OPTIONS"] = aborts + ":halt_on_error=1"
    # The sanitizers' own memory would be charged as well.
    config.environment["SWAPC_NO_MEMORY_CGROUP"] = "1"
    config.available_features.add("sanitizer")
    lit_config.note("-fsanitize=%s: programs run without memory cgroups" % config.sanitizer)

config.substitutions += [
    ("%python", config.python),
    ("%examples", os.path.join(config.swapc_source, "examples")),
    ("%models", os.path.join(config.test_source_root, "models")),
    ("%support", os.path.join(config.test_source_root, "support")),
    ("%runtime-include", os.path.join(config.swapc_source, "runtime", "include")),
    ("%llvm-include", os.path.join(os.path.dirname(config.llvm_tools), "include")),
    ("%build", config.swapc_build),
    ("%sanitize", "-fsanitize=" + config.sanitizer if config.sanitizer else ""),
]

# NVIDIA's compiler as a library, where swapc looks for it.
for variable in ("CUDA_HOME", "CUDA_PATH"):
    if os.environ.get(variable):
        config.environment[variable] = os.environ[variable]
nvcc = shutil.which("nvcc")
toolkits = [config.environment.get("CUDA_HOME"), config.environment.get("CUDA_PATH"),
            nvcc and os.path.dirname(os.path.dirname(os.path.realpath(nvcc))), "/usr/local/cuda"]
if any(glob.glob(os.path.join(toolkit, "lib*", "libnvrtc.so*")) for toolkit in toolkits if toolkit):
    config.available_features.add("cuda-toolkit")

# ONNX's own tests, which test/run fetches.
sys.path.insert(0, os.path.join(config.test_source_root, "conformance"))
import onnx_tests
if onnx_tests.find(os.path.dirname(config.swapc_build)):
    config.available_features.add("onnx-tests")
else:
    lit_config.note("a sample of ONNX's own tests is SKIPPED: %s" % onnx_tests.ADVICE)

if os.geteuid() == 0:
    config.available_features.add("root")

# A GPU, or the reason why tests that need one are unsupported.
probe = subprocess.run([config.python, "-c", "import swapc_cuda; print(swapc_cuda.find_gpu()[2] or '')"],
                       env=dict(os.environ, PYTHONPATH=config.environment["PYTHONPATH"]), capture_output=True, text=True)
if probe.returncode == 0 and not probe.stdout.strip():
    config.available_features.add("gpu")
else:
    lit_config.note("tests on a GPU are SKIPPED: %s" % (probe.stdout + probe.stderr).strip())
