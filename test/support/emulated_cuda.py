"""Kernels and programs of the CUDA target on the emulated GPU.

As a program:

  emulated_cuda.py build SOURCE.cu -o KERNELS.so [--fast]
  emulated_cuda.py swapc MODEL -o PROGRAM ...   swapc --target cuda, and the kernels
  emulated_cuda.py run PROGRAM ...              on the emulated GPU

test/cuda/README.md says how tests use the functions.
"""
import argparse
import ctypes
import glob
import hashlib
import mmap
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEVICE = os.path.join(SOURCE, "lib", "Codegen", "CUDA", "device")
EMULATION = os.path.join(SOURCE, "test", "cuda", "emulation")
COMPILER = os.environ.get("SWAPC_EMULATION_CXX", "clang++-22")
FLAGS = ["-std=c++17", "-O2", "-march=native", "-ffp-contract=fast", "-fno-strict-aliasing",
         "-fno-math-errno", "-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-z,nodelete",
         "-DSWAP_EMULATION", "-I", EMULATION, "-Wall", "-Wextra", "-Werror",
         "-Wno-unused-function", "-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-unknown-pragmas", "-Wno-pass-failed", "-pthread"]
# A trap names the kernel and the thread (reportFault).
CHECKS = ["-fsanitize=alignment,bounds,integer-divide-by-zero,shift,null", "-fsanitize-trap=all", "-g1"]

KERNEL = re.compile(
    r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\(\s*([^()]*?)\s*\)\s*)?'
    r'(\w+)\s*\(\s*const\s+(?:__grid_constant__\s+)?([\w:<>, ]+?)\s+\w+\s*\)\s*\{')


def device_source(*names):
    """The text of device templates, as at the head of a translation unit."""
    return "\n".join(open(os.path.join(DEVICE, name + ".cuh")).read() for name in names)


def kernels_of(source):
    """(name, bound of threads, type of the parameter) of each kernel."""
    return [(name, (bound or "1024").split(",")[0], kind)
            for bound, name, kind in KERNEL.findall(source)]


def build(source, out=None, checked=True):
    """Compiles CUDA C++ to a library of emulated kernels; its path. `checked`
    finds misaligned accesses and indices outside of arrays, and is slower. The
    same text is compiled once (into the build directory, where no `out`)."""
    text = source + "\n" + "".join(
        f"SWAP_EMULATED_KERNEL({name}, ({bound}), {kind})\n"
        for name, bound, kind in kernels_of(source))
    flags = FLAGS + (CHECKS if checked else [])
    key = hashlib.sha256("\0".join([text, COMPILER, *flags]).encode())
    for header in sorted(glob.glob(os.path.join(EMULATION, "*.h"))):
        key.update(open(header, "rb").read())
    cache = os.path.join(os.environ.get("SWAPC_BUILD", tempfile.gettempdir()), "emulated")
    os.makedirs(cache, exist_ok=True)
    cached = os.path.join(cache, key.hexdigest()[:32] + ".so")
    if not os.path.exists(cached):
        with tempfile.TemporaryDirectory() as directory:
            unit = os.path.join(directory, "kernels.cpp")
            with open(unit, "w") as f:
                f.write(text)
            made = os.path.join(directory, "kernels.so")
            run = subprocess.run([COMPILER, *flags, unit, "-o", made],
                                 capture_output=True, text=True)
            if run.returncode:
                raise RuntimeError(f"emulated kernels do not compile:\n{run.stderr[:8000]}")
            temporary = f"{cached}.{os.getpid()}"
            subprocess.run(["cp", made, temporary], check=True)
            os.replace(temporary, cached)
    if out is None:
        return cached
    if os.path.lexists(out):
        os.remove(out)
    os.symlink(cached, out)
    return out


class DeviceMemory:
    """Bytes that end where a page without access begins, so that what is read
    or written beyond them is an error."""

    def __init__(self, size, align=256):
        page = mmap.PAGESIZE
        rounded = (size + align - 1) // align * align
        pages = max(1, (rounded + page - 1) // page)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.mmap.restype = ctypes.c_void_p
        self.libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                                   ctypes.c_int, ctypes.c_long]
        self.libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self.libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self.bytes = (pages + 1) * page
        self.base = self.libc.mmap(None, self.bytes, 3, 0x22, -1, 0)
        self.libc.mprotect(self.base + pages * page, page, 0)
        self.address = self.base + pages * page - rounded
        self.size = size

    def view(self):
        return np.ctypeslib.as_array((ctypes.c_uint8 * self.size).from_address(self.address))

    def close(self):
        self.libc.munmap(self.base, self.bytes)


def launch_words(begin, end, stride=0):
    """How many blocks a launch has along x, and what follows the scratch area
    in its parameters (swap/cuda.h): begin, end, width, stride."""
    if not stride:
        return [end - begin, begin, end, end - begin, end - begin]
    width = (end - 1) % stride - begin % stride + 1
    return [((end - 1) // stride - begin // stride + 1) * width, begin, end, width, stride]


class Kernels:
    """The kernels of a translation unit."""

    def __init__(self, source, checked=True):
        self.path = build(source, checked=checked)
        self.library = ctypes.CDLL(self.path)

    def call(self, name, operands, tiles, threads, splits=1, shared=0, scratch=0, align=16, stride=0):
        """Runs tiles [begin, end) of kernel `name` on arrays (or None), which
        it may write; with `stride`, a band: the tiles of each panel of so many
        that begin and end - 1 are the first and the last of. `scratch` is the bytes of its workspace, or an array to be
        used as workspace and kept. Every operand begins at a multiple of `align` bytes and has
        nothing behind it."""
        begin, end = tiles if isinstance(tiles, tuple) else (0, tiles)
        if not isinstance(scratch, np.ndarray):
            scratch = np.full(scratch, 0xff, np.uint8)
        arrays = [None if a is None else np.asarray(a) for a in operands] + [scratch]
        memory = []
        for array in arrays:
            size = 0 if array is None else array.nbytes
            memory.append(DeviceMemory(size, align))
            if size:
                memory[-1].view()[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        grid = launch_words(begin, end, stride)
        words = [m.address for m in memory] + grid[1:]
        function = getattr(self.library, name + "_emulated")
        function((ctypes.c_uint64 * len(words))(*words), grid[0], splits, threads, shared)
        for array, m in zip(arrays, memory):
            if array is not None and array.nbytes:
                result = m.view().view(array.dtype).reshape(array.shape)
                if array.flags.writeable:
                    array[...] = result
                elif not np.array_equal(array.reshape(-1).view(np.uint8), m.view()):
                    raise AssertionError(f"kernel {name} wrote to an operand it only reads")
            m.close()


def kernels_beside(program):
    return program + ".kernels.so"


def compile_program(command, program, checked=None):
    """Builds the kernels of the program that swapc's `command` made. They are
    checked unless SWAPC_FAST_KERNELS is set, or `checked` says otherwise."""
    checked = not os.environ.get("SWAPC_FAST_KERNELS") if checked is None else checked
    source = program + ".cu"
    command = list(command)
    command[command.index("-o") + 1] = source
    run = subprocess.run([*command, "--emit", "cuda"], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} --emit cuda exited {run.returncode}:\n{run.stderr}")
    with open(source) as f:
        return build(f.read(), kernels_beside(program), checked)


def fake_toolkit():
    """A driver, and a toolkit without a compiler: nothing looks at the cubins."""
    build_dir = os.environ.get("SWAPC_BUILD", os.path.join(SOURCE, "build", "release"))
    return os.path.join(build_dir, "fake-cuda")


def swapc_options():
    return ["--target", "cuda", "--cuda-path", fake_toolkit()]


def program_environment(program):
    """Environment in which a program runs on the emulated GPU, with the kernels
    that lie beside it."""
    return dict(os.environ, SWAP_CUDA_DRIVER=os.path.join(fake_toolkit(), "libcuda.so.1"),
                SWAP_FAKE_CUDA_KERNELS=os.path.abspath(kernels_beside(program)))


def run_program(program, args, **options):
    """subprocess.run of a program of the CUDA target on the emulated GPU."""
    return subprocess.run([program, *args], env=program_environment(program), **options)


NVRTC = {}


def nvrtc(source, archs=(75, 80, 90), toolkit="/usr/local/cuda"):
    """Compiles for real GPUs; raises with the compiler's messages. What it says of
    registers and spills is not known here: ptxas -v says it."""
    if toolkit not in NVRTC:
        NVRTC[toolkit] = ctypes.CDLL(os.path.join(toolkit, "lib64", "libnvrtc.so"))
    library = NVRTC[toolkit]
    cubins = {}
    for arch in archs:
        program = ctypes.c_void_p()
        library.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None)
        options = [f"--gpu-architecture=sm_{arch}".encode(), b"--std=c++17", b"-default-device"]
        status = library.nvrtcCompileProgram(program, len(options),
                                             (ctypes.c_char_p * len(options))(*options))
        size = ctypes.c_size_t()
        if status:
            library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
            log = ctypes.create_string_buffer(size.value)
            library.nvrtcGetProgramLog(program, log)
            raise RuntimeError(f"sm_{arch}: {log.value.decode()[:8000]}")
        library.nvrtcGetCUBINSize(program, ctypes.byref(size))
        cubin = ctypes.create_string_buffer(size.value)
        library.nvrtcGetCUBIN(program, cubin)
        cubins[arch] = cubin.raw
        library.nvrtcDestroyProgram(ctypes.byref(program))
    return cubins


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("build", help="kernels of a source file")
    one.add_argument("source")
    one.add_argument("-o", required=True)
    one.add_argument("--fast", action="store_true", help="without checks of alignment and bounds")
    one = commands.add_parser("swapc", help="runs swapc --target cuda, and builds the kernels beside the program")
    one.add_argument("arguments", nargs=argparse.REMAINDER)
    one = commands.add_parser("run", help="runs a program with the kernels beside it")
    one.add_argument("program")
    one.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    if args.command == "build":
        with open(args.source) as f:
            build(f.read(), args.o, checked=not args.fast)
    elif args.command == "swapc":
        command = ["swapc", *args.arguments, *swapc_options()]
        if subprocess.run(command).returncode:
            return 1
        compile_program(command, command[command.index("-o") + 1])
    else:
        os.execvpe(args.program, [args.program, *args.arguments], program_environment(args.program))


if __name__ == "__main__":
    sys.exit(main())
