"""Compiles the runtime core for a Cortex-M4 and prints what firmware pays for it.

Code is all of .text, strings and tables apart; the stack is the deepest path through
the core, kernels and callbacks (which are called through addresses) excluded."""
import collections
import glob
import os
import re
import subprocess
import sys

runtime, folder = sys.argv[1:3]
flags = ("--target=thumbv7em-none-eabihf -mcpu=cortex-m4 -std=c11 -Oz -ffreestanding -ffunction-sections "
         "-fno-unwind-tables -fstack-usage -nostdlibinc -Wall -Wextra -Werror").split()


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


os.makedirs(folder, exist_ok=True)
objects, frames = [], {}
for source in sorted(glob.glob(os.path.join(runtime, "core", "*.c"))):
    stem = os.path.join(folder, os.path.basename(source)[:-2])
    run("clang-22", *flags, "-I", os.path.join(runtime, "include"), "-c", source, "-o", stem + ".o")
    objects.append(stem + ".o")
    for line in open(stem + ".su"):
        place, size, kind = line.rstrip("\n").split("\t")
        assert kind == "static", line
        name = place.rsplit(":", 1)[1]
        frames[name] = max(frames.get(name, 0), int(size))

code = constants = data = 0
for line in run("llvm-size", "-A", *objects).splitlines():
    fields = line.split()
    if len(fields) == 3 and fields[1].isdigit():
        code += int(fields[1]) * fields[0].startswith(".text")
        constants += int(fields[1]) * fields[0].startswith(".rodata")
        data += int(fields[1]) * fields[0].startswith((".data", ".bss", ".init_array"))

defined, undefined = set(), set()
for line in run("llvm-nm", "--format=posix", *objects).splitlines():
    fields = line.split()
    if len(fields) > 1:
        (undefined if fields[1] in "Uw" else defined).add(fields[0])

calls, function = collections.defaultdict(set), None
for line in run("llvm-objdump", "-dr", *objects).splitlines():
    if label := re.match(r"[0-9a-f]+ <(.*)>:$", line):
        function = label[1]
    elif call := re.search(r"R_ARM_THM_(?:CALL|JUMP24)\s+(\S+)", line):
        calls[function].add(call[1])


def deepest(name, above=()):
    assert name not in above, "recursion through " + name
    below = [deepest(callee, above + (name,)) for callee in calls[name]]
    return frames.get(name, 8 if name.startswith("OUTLINED") else 0) + max(below, default=0)


# C's functions under the names that the ABI gives them.
print("undefined:", " ".join(sorted(undefined - defined)))
print("code: %d" % code)
print("constants: %d" % constants)
print("data: %d" % data)
print("stack: %d" % max(deepest(name) for name in list(frames)))
limits = [("code", code, 8192), ("data", data, 0), ("stack", max(deepest(name) for name in list(frames)), 700)]
for what, size, limit in limits:
    if size > limit:
        sys.exit("%s: %d bytes, more than %d" % (what, size, limit))
for name in sorted(undefined - defined):
    if not re.fullmatch(r"mem(cpy|move|set|cmp)|__aeabi_mem(cpy|move|set|clr)[48]?", name):
        sys.exit("undefined: " + name)
