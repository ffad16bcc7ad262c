"""lit settings: which files are tests, and what %names they may use."""
import os

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
# Debian's LLVM is not instrumented: containers that cross into it would be
# reported, and what it keeps until exit is not a leak of swapc.
config.environment["ASAN_OPTIONS"] = "detect_container_overflow=0:detect_leaks=%d" % (
    0 if config.sanitizer else 1
)
config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"

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

if os.geteuid() == 0 and os.access("/sys/fs/cgroup/memory/tasks", os.W_OK):
    config.available_features.add("memory-cgroup")
if os.geteuid() == 0:
    config.available_features.add("root")
if not config.sanitizer:
    config.available_features.add("no-sanitizer")
