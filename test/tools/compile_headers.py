"""compile_headers.py SOURCE FOLDER...: compiles a source, and alone each header
of the folders, with every compiler that firmware is built with, as C99 and as
C++17, all warnings being errors. Says what it compiled."""
import pathlib
import subprocess
import sys

WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror".split()
# What -Weverything says beside that of code that is right: padding of structs
# whose layout is an ABI, C++ that C++98 does not have, pointers that C has, and
# the runtime's headers, which lie beside each model.
EVERYTHING = ["-Weverything", "-Werror"] + [
    "-Wno-" + name for name in ("padded", "c++98-compat", "c++98-compat-pedantic", "unsafe-buffer-usage",
                              "shadow-header")]
COMPILERS = {
    "gcc": [],
    "clang-22": [],
    "clang-22 -Weverything": EVERYTHING,
    "clang-22 --target=thumbv7em-none-eabi -ffreestanding": EVERYTHING,
    "arm-none-eabi-gcc -mcpu=cortex-m4": [],
    # Without a C library, and for Linux without one for C++.
    "riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -ffreestanding": [],
    "riscv64-unknown-elf-gcc -ffreestanding": [],
    "aarch64-linux-gnu-gcc": [],
}
LANGUAGES = {
    "c": ["-std=c99", "-Wstrict-prototypes"],
    "c++": ["-std=c++17", "-Wold-style-cast"],
}


def compile_text(text, folders):
    for compiler, more in COMPILERS.items():
        for language, options in LANGUAGES.items():
            if compiler.startswith("aarch64-linux-gnu") and language == "c++":
                continue  # gcc-aarch64-linux-gnu brings no C++.
            command = compiler.split() + ["-x", language] + WARNINGS + options + more
            command += ["-I" + folder for folder in folders] + ["-fsyntax-only", "-"]
            done = subprocess.run(command, input=text, text=True, capture_output=True)
            if done.returncode or done.stderr:
                sys.exit("%s\n%s\n%s" % (" ".join(command), text if len(text) < 100 else "", done.stderr))


def main():
    source, folders = sys.argv[1], sys.argv[2:]
    compile_text(pathlib.Path(source).read_text(), folders)
    print("compiled", pathlib.Path(source).name)
    for folder in map(pathlib.Path, folders):
        for header in sorted(folder.rglob("*.h")):
            name = header.relative_to(folder).as_posix()
            if name in ("swap/posix.h", "swap/cuda.h", "swap/measure.h"):
                continue  # For systems with files.
            compile_text('#include "%s"\n' % name, folders)
            print("compiled", name)


main()
