"""check_isa.py [--isa NAME,..|all] [--cases KIND,..] [--seeds N] WORKDIR

Compiled libraries under user-mode emulators, against ONNX Runtime: each model is
compiled for each instruction set, linked with runner.c and run at every plan,
with storage that copies and with storage that maps. Outputs must be the same
bits at all of them. Cases are `digits`, a family of test/e2e/check_ops.py, `ops`
(all families), `random` (check_random.py, --seeds of them), or `short`.
"""
import argparse
import os
import subprocess
import sys

import numpy as np
import onnx

import swapc_testing as st

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(st.SOURCE, "test", "e2e"))
import check_ops  # noqa: E402
import check_random  # noqa: E402


class Isa:
    """What to compile for, with what to link, and what runs it."""

    def __init__(self, triple, cpu, emulator, features="", gcc=None, flags=(), script=None):
        self.triple, self.cpu, self.features = triple, cpu, features
        self.emulator, self.gcc, self.flags = emulator, gcc, list(flags)
        self.script = script  # of the linker, where there is no system

    def options(self):
        options = ["--mtriple", self.triple, "--mcpu", self.cpu]
        return options + (["--mattr", self.features] if self.features else [])

    def command(self, program, *arguments):
        if not self.script:
            return [*self.emulator, program, *arguments]
        config = ",".join(["enable=on,target=native", *(f"arg={a}" for a in ["runner", *arguments])])
        return [*self.emulator, "-display", "none", "-semihosting-config", config, "-kernel", program]

    def libgcc(self):
        """Helpers that the instruction set lacks: soft floats, 64-bit division."""
        if not self.gcc:
            return []
        run = subprocess.run([*self.gcc, "-print-libgcc-file-name"], capture_output=True, text=True, check=True)
        return [run.stdout.strip()]


def arm(triple, cpu, emulated=None, abi="hard", features="", gcc_cpu=None):
    mode = [] if triple.startswith("armv") else ["-mthumb"]
    return Isa(triple, cpu, ["qemu-arm", "-cpu", emulated or cpu], features,
               ["arm-none-eabi-gcc", *mode, f"-mcpu={gcc_cpu or cpu}", f"-mfloat-abi={abi}"],
               [f"-mcpu={cpu}", f"-mfloat-abi={abi}"])


SCRIPT = """SECTIONS {
  . = %#x; .vectors : { KEEP(*(.vectors)) }
  . = %#x; .text : { *(.text*) } .rodata : { *(.rodata*) } .data : { *(.data*) } .ARM.exidx : { *(.ARM.exidx*) }
  . = %#x; bss_begin = .; .bss : { *(.bss*) } bss_end = .; . += 0x10000; stack_top = .;
}
"""


def cortex_m(triple, cpu, machine, abi="hard", features="", vectors=0, code=0x400, ram=0x21000000, heap=15):
    isa = arm(triple, cpu, abi=abi, features=features)
    isa.emulator = ["qemu-system-arm", "-machine", machine]
    isa.script = SCRIPT % (vectors, code, ram)
    isa.flags += ["-DSWAP_TEST_CORTEXM", f"-DHEAP=({heap}u << 20)"]
    return isa


def riscv(bits, cpu, arch, abi, emulated, features=""):
    return Isa(f"riscv{bits}-none-elf", cpu, [f"qemu-riscv{bits}", "-cpu", emulated], features,
               ["riscv64-unknown-elf-gcc", f"-march={arch}", f"-mabi={abi}"],
               [f"-march={arch}", f"-mabi={abi}", "-mcmodel=medany"])


ISAS = {
    "m0": cortex_m("thumbv6m-none-eabi", "cortex-m0", "mps2-an385", abi="soft"),
    "m3": cortex_m("thumbv7m-none-eabi", "cortex-m3", "mps2-an385", abi="soft"),
    "m4": cortex_m("thumbv7em-none-eabihf", "cortex-m4", "mps2-an386"),
    "m7": cortex_m("thumbv7em-none-eabihf", "cortex-m7", "mps2-an500", ram=0x60000000),
    "m4nofp": cortex_m("thumbv7em-none-eabi", "cortex-m4", "mps2-an386", abi="soft", features="-fpregs"),
    "m33": cortex_m("thumbv8m.main-none-eabihf", "cortex-m33", "mps2-an505", vectors=0x10000000, code=0x10000400,
                    ram=0x80000000),
    "m33nofp": cortex_m("thumbv8m.main-none-eabi", "cortex-m33", "mps2-an505", abi="soft", features="-fpregs,-dsp",
                        vectors=0x10000000, code=0x10000400, ram=0x80000000),
    "m55": cortex_m("thumbv8.1m.main-none-eabihf", "cortex-m55", "mps3-an547", code=0x60000000, ram=0x61000000),
    "a7": arm("armv7a-none-eabihf", "cortex-a7"),
    "a9": arm("armv7a-none-eabihf", "cortex-a9"),
    "aarch64": Isa("aarch64-none-elf", "cortex-a53", ["qemu-aarch64", "-cpu", "cortex-a53"],
                   gcc=["aarch64-linux-gnu-gcc"], flags=["-mcpu=cortex-a53"]),
    "rv32imac": riscv(32, "sifive-e31", "rv32imac", "ilp32", "rv32"),
    "rv32imafc": riscv(32, "sifive-e76", "rv32imafc", "ilp32f", "rv32"),
    "rv64gc": riscv(64, "sifive-u74", "rv64gc", "lp64d", "rv64"),
    # QEMU 7.2 has no vectors of float16, and aborts on vfwcvt.rtz.x.f.v, which `casts` needs.
    "rv64gcv": riscv(64, "sifive-x280", "rv64gc", "lp64d",
                     "rv64,v=true,vext_spec=v1.0,vlen=512,elen=64,Zfh=true,zba=true,zbb=true", "-zvfhmin"),
    "x86-64": Isa("x86_64-none-elf", "x86-64", []),
    "x86-64-v3": Isa("x86_64-none-elf", "x86-64-v3", []),
}
SHORT = ["m3", "m4", "a7", "aarch64", "rv32imac", "rv64gcv"]


def execute(command, **options):
    run = subprocess.run(command, capture_output=True, text=True, **options)
    st.require(run.returncode == 0, f"{' '.join(command)} exited {run.returncode}:\n{run.stderr[-2000:]}")
    return run.stdout


class Bench:
    """Objects of one instruction set that all models share."""

    def __init__(self, isa, folder):
        self.isa, self.folder = isa, folder
        os.makedirs(folder, exist_ok=True)
        include = os.path.join(st.SOURCE, "runtime", "include")
        self.compiler = ["clang-22", f"--target={isa.triple}", *isa.flags, "-O2", "-std=c11", "-ffreestanding",
                         "-fno-pic", "-Wall", "-Wextra", "-Werror", "-I", include]
        core = os.path.join(st.SOURCE, "runtime", "core")
        objects = [self.compile(os.path.join(core, name)) for name in sorted(os.listdir(core)) if name.endswith(".c")]
        # Behind the model's library, so that only what that lacks is taken.
        self.core = os.path.join(folder, "libcore.a")
        if os.path.exists(self.core):
            os.remove(self.core)
        execute(["llvm-ar-22", "rcs", self.core, *objects])

    def compile(self, source, *flags, name=None):
        target = os.path.join(self.folder, name or os.path.basename(source) + ".o")
        execute([*self.compiler, *flags, "-c", source, "-o", target])
        return target

    def build(self, path, stem, budgets, options=()):
        """An executable for the emulator, and the blob of the model at `path`."""
        library = os.path.join(self.folder, stem)
        swapc = os.path.join(st.build_dir(), "bin", "swapc")
        execute([swapc, path, "--quiet", "--emit", "lib", *self.isa.options(), "--threads", "1",
                 "--budget", ",".join(budgets), "-o", library, *options])
        runner = self.compile(os.path.join(HERE, "runner.c"), f"-DMODEL={stem}_model", name=f"{stem}_runner.o")
        program = os.path.join(self.folder, stem + ".elf")
        entry = ["-e", "_start"]
        if self.isa.script:
            entry = ["-e", "reset", "-T", os.path.join(self.folder, "link.ld")]
            with open(entry[-1], "w") as file:
                file.write(self.isa.script)
        execute(["ld.lld-22", "--gc-sections", "-static", *entry, runner,
                 os.path.join(library, f"lib{stem}.a"), self.core, *self.isa.libgcc(), "-o", program])
        return program, os.path.join(library, stem + ".swap")

    def run(self, program, blob, model, feeds):
        """Outputs by name of each run of each plan, in order."""
        names = [value.name for value in model.graph.input if value.name in feeds]
        inputs, outputs = program + ".in", program + ".out"
        with open(inputs, "wb") as file:
            for name in names:
                file.write(np.ascontiguousarray(feeds[name]).tobytes())
        execute(self.isa.command(program, blob, inputs, outputs), timeout=1800)
        with open(outputs, "rb") as file:
            return file.read()


def split(data, want):
    """One dictionary of outputs for each run in `data`."""
    size = sum(value.nbytes for value in want.values())
    st.require(data and len(data) % max(size, 1) == 0, f"{len(data)} bytes of outputs, {size} for a run")
    runs = []
    for begin in range(0, len(data), size):
        run, at = {}, begin
        for name, value in want.items():
            run[name] = np.frombuffer(data, value.dtype, value.size, at).reshape(value.shape)
            at += value.nbytes
        runs.append(run)
    return runs


def check(bench, path, stem, feeds, budgets, differences, options=()):
    """What is wrong with the model at `path`, as a list of texts."""
    model = onnx.load(path)
    want = st.reference(path, feeds)
    runs = split(bench.run(*bench.build(path, stem, budgets, options), model, feeds), want)
    bad = list(differences(runs[0], want))
    if any(not st.same_bits(runs[0], run) for run in runs[1:]):
        bad.append("other bits in another run or at another plan")
    return bad, len(runs)


def check_digits(bench, folder):
    path = os.path.join(st.SOURCE, "examples", "digits", "digits.onnx")
    images = np.load(os.path.join(st.SOURCE, "examples", "digits", "images.npy"))
    name = onnx.load(path).graph.input[0].name
    image = np.ascontiguousarray(images[:1]).astype(np.float32)
    return check(bench, path, "digits", {name: image}, ["min", "25%", "max"],
                 lambda got, want: (f"{n}: relative error {st.relative_error(got[n], v):.2e}" for n, v in want.items()
                                    if not st.relative_error(got[n], v) <= 1e-5))


def check_family(bench, folder, family, one=None):
    cases = list(check_ops.FAMILIES[family]()) if one is None else [one]
    model, feeds = check_ops.build(cases)
    path = os.path.join(folder, f"{family}.onnx")
    onnx.save(model, path)
    return check(bench, path, family, feeds, ["min", "max"], check_ops.differences)


def check_seed(bench, folder, seed):
    model, feeds, exact = check_random.random_model(seed, folder)
    path = os.path.join(folder, f"random{seed}.onnx")
    onnx.save(model, path)

    def differences(got, want):
        half = any(v.dtype == np.float16 for v in want.values())
        return check_random.differences(got, want, exact, 2e-2 if half else 1e-4)
    return check(bench, path, f"random{seed}", feeds, ["min", "max"], differences)


def expand(cases, seeds):
    for case in cases:
        if case == "digits":
            yield case, check_digits
        elif case == "short":
            yield case, check_short
        elif case == "random":
            for seed in range(1, seeds + 1):
                yield f"random {seed}", lambda bench, folder, seed=seed: check_seed(bench, folder, seed)
        else:
            for family in check_ops.FAMILIES if case == "ops" else [case]:
                yield family, lambda bench, folder, family=family: check_family(bench, folder, family)


def check_short(bench, folder):
    """A few of each family: what differs most between instruction sets."""
    cases = [case for name, family in check_ops.FAMILIES.items() for case in list(family())[::9]]
    model, feeds = check_ops.build(cases)
    path = os.path.join(folder, "short.onnx")
    onnx.save(model, path)
    return check(bench, path, "short", feeds, ["min", "max"], check_ops.differences)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--isa", default=",".join(SHORT), help="of " + ", ".join(ISAS) + ", or all")
    parser.add_argument("--cases", default="digits,short")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--one", action="store_true", help="compile the cases of a family one by one")
    parser.add_argument("workdir")
    arguments = parser.parse_args()
    failed = 0
    for name in ISAS if arguments.isa == "all" else arguments.isa.split(","):
        folder = os.path.join(arguments.workdir, name)
        bench = Bench(ISAS[name], folder)
        if arguments.one:
            for family in arguments.cases.split(","):
                for index, case in enumerate(check_ops.FAMILIES[family]()):
                    try:
                        bad = check_family(bench, folder, family, case)[0]
                    except st.Failure as failure:
                        bad = str(failure).strip().splitlines()[-3:]
                    print(name, family, index, case[0], bad or "ok", flush=True)
            continue
        for case, body in expand(arguments.cases.split(","), arguments.seeds):
            try:
                bad, runs = body(bench, folder)
            except st.Failure as failure:
                bad, runs = [str(failure).strip()], 0
            failed += bool(bad)
            print(f"{name} {case}: " + ("\n  ".join(["FAILED", *bad]) if bad else f"{runs} runs ok"), flush=True)
    st.require(not failed, f"{failed} checks failed")


if __name__ == "__main__":
    main()
