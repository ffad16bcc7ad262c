"""Compiles a model to a library for each target and checks what is in it.

usage: check_library.py MODEL FOLDER TRIPLE[,CPU[,FEATURES...]]...
"""
import re
import subprocess
import sys

MEMORY = "memcpy memmove memset memcmp"
ARM_MEMORY = " __aeabi_mem(cpy|move|set|clr)(4|8)?"
ARM_DIVISION = " __aeabi_u?ldivmod __aeabi_llsl __aeabi_llsr __aeabi_lasr"
ARM_FLOAT = r" __aeabi_[fdilu]\w+ __aeabi_cf\w+ fmaf?"
RISCV_DIVISION = " __u?(div|mod)di3"
RISCV_FLOAT = (r" __(add|sub|mul|div|neg|eq|ne|lt|le|gt|ge|unord)[sd]f[23]"
               r" __(fix|fixuns|float|floatun)[sd]f?[sd]i(sf|df)? __float(un)?[sd]i[sd]f __fix(uns)?[sd]f[sd]i"
               r" __extendsfdf2 __truncdfsf2 __(ashl|lshr|ashr|mul|u?div|u?mod)[sd]i3")

# What a library may ask for: regular expressions for whole names.
ALLOWED = {
    "thumbv7em-none-eabihf,cortex-m4": MEMORY + ARM_MEMORY + ARM_DIVISION,
    "thumbv7em-none-eabi,cortex-m4": MEMORY + ARM_MEMORY + ARM_DIVISION,
    "thumbv6m-none-eabi,cortex-m0plus": MEMORY + ARM_MEMORY + ARM_DIVISION + ARM_FLOAT + " __aeabi_lmul __aeabi_u?idiv(mod)?",
    "thumbv7m-none-eabi,cortex-m3": MEMORY + ARM_MEMORY + ARM_DIVISION + ARM_FLOAT,
    "thumbv8m.main-none-eabi,cortex-m33": MEMORY + ARM_MEMORY + ARM_DIVISION,
    "armv7a-none-eabihf,cortex-a9": MEMORY + ARM_MEMORY + ARM_DIVISION,
    "riscv32-unknown-elf,,+m,+a,+c": MEMORY + RISCV_DIVISION + RISCV_FLOAT,
    "riscv32-unknown-elf,,+m,+a,+f,+c": MEMORY + RISCV_DIVISION,
    "riscv32-unknown-elf": MEMORY + RISCV_DIVISION + RISCV_FLOAT,
    "riscv64-unknown-elf,,+m,+a,+f,+d,+c": MEMORY,
    "aarch64-none-elf,cortex-a53": MEMORY,
    "x86_64-unknown-none-elf": MEMORY,
    "aarch64-linux-gnu": MEMORY,
    "x86_64-linux-gnu": MEMORY,
}
# Sections with addresses that a loader fills in, of hosted programs only.
RELOCATED = (".data.rel.ro",)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_symbols(archive, name):
    """(undefined, visible): sets of names, the second with their letters."""
    undefined, defined, visible = set(), set(), set()
    for line in run("llvm-nm-22", "--quiet", archive).splitlines():
        fields = line.split()
        if len(fields) < 2 or line.endswith(":"):
            continue
        kind, symbol = fields[-2], fields[-1]
        if kind == "U":
            undefined.add(symbol)
            continue
        defined.add(symbol)
        if kind.isupper() and not symbol.startswith(name + "_model."):
            visible.add((kind, symbol))
    return undefined - defined, visible


def read_sections(archive):
    """(name, size, flags) of each section of each object."""
    for line in run("llvm-readelf-22", "-SW", archive).splitlines():
        match = re.match(r"\s*\[\s*\d+\] (\S+)\s+\S+\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+\s+([A-Zxolp]*)\s", line)
        if match:
            yield match[1], int(match[2], 16), match[3]


def check(model, folder, target):
    triple, _, rest = target.partition(",")
    cpu, _, features = rest.partition(",")
    command = ["swapc", model, "--quiet", "--emit", "lib", "--mtriple", triple, "-o", folder, "--budget", "min,max"]
    command += ["--mcpu", cpu] if cpu else []
    command += ["--mattr", features] if features else []
    run(*command)
    archive, wrong = folder + "/libdigits.a", []
    undefined, visible = read_symbols(archive, "digits")
    allowed = re.compile("|".join(ALLOWED[target].split()))
    wrong += ["needs " + symbol for symbol in sorted(undefined) if not allowed.fullmatch(symbol)]
    if ("R", "digits_model") not in visible and "linux" not in triple:
        wrong.append("digits_model is not read-only data")
    wrong += ["shows %s %s" % (kind, symbol) for kind, symbol in sorted(visible)
              if symbol != "digits_model" and not (kind in "WV" and symbol.startswith("swap_"))]
    wrong += ["does not have " + symbol for symbol in ("swap_open", "swap_run", "swap_crc32c", "swap_status_string")
              if ("W", symbol) not in visible]
    sections = list(read_sections(archive))
    if not any(name == ".text.swap_run" for name, _, _ in sections):
        wrong.append("sections were not read")
    for name, size, flags in sections:
        relocated = "linux" in triple and name.startswith(RELOCATED)
        if "T" in flags or "init_array" in name or "ctors" in name or (size and "W" in flags and not relocated):
            wrong.append("section %s of %d bytes, flags %s" % (name, size, flags))
    if wrong:
        print("%s:\n  %s" % (target, "\n  ".join(wrong)))
        sys.exit(1)
    print("ok", target)


if __name__ == "__main__":
    for target in sys.argv[3:]:
        check(sys.argv[1], sys.argv[2], target)
