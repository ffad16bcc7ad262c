#!/usr/bin/env python3
"""Digits on emulated boards: sizes, stack, instructions, against plain C.

    python3 benchmarks/firmware.py [BOARD...] [--write]

An emulated instruction takes a nanosecond (qemu -icount shift=0), so times are counts of
instructions, the same in every run: not cycles, which emulation does not know. *plain C* is
firmware/plain.c, the network as loops, by the board's compiler at -O3. A multiply-add is one of
the network's, padding included (7.25 million).
"""
import argparse
import os
import re
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOARDS = {"mps2-an386": "Cortex-M4, FPU", "mps2-an385": "Cortex-M3, soft float", "mps2-an505": "Cortex-M33, FPU",
          "mps3-an547": "Cortex-M55, MVE", "virt-armv7": "Cortex-A15, NEON", "virt-aarch64": "Cortex-A53",
          "virt-riscv32": "RV32IMAC, soft float", "virt-riscv64": "RV64GC"}
MULTIPLY_ADDS = 9 * (64 * 64 + 64 * 64 * 128 + 16 * 128 * 128) + 512 * 256 + 256 * 10
MODEL = os.path.join(SOURCE, "examples", "digits", "digits.onnx")
HEADER = ("| board | core KiB | kernels KiB | stack, used of bound | mapped: arena KiB, M instructions | a multiply-add "
          "| read, 25 %: arena KiB, M instructions | of plain C |\n| --- | --- | --- | --- | --- | --- | --- | --- |")


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, **options).stdout


def run_plain(board, out):
    """Millions of instructions of the network as loops."""
    boards = os.path.join(SOURCE, "examples", "firmware", "boards")
    program = os.path.join(out, "plain.elf")
    run(os.path.join(boards, "link"), board, "-O3", "-o", program,
        os.path.join(SOURCE, "benchmarks", "firmware", "plain.c"),
        f"BLOB:digits_blob={os.path.join(out, 'digits', 'digits.swap')}")
    return int(run(os.path.join(boards, "emulate"), board, program).split()[0]) / 1000


def measure(board, args):
    out = os.path.join(args.build, "firmware", "benchmark", board)
    os.makedirs(out, exist_ok=True)
    tests = os.path.join(SOURCE, "test", "firmware")
    path = os.path.join(args.build, "bin") + os.pathsep + os.environ["PATH"]
    text = run(os.path.join(tests, "program.sh"), board, out, os.path.join(tests, "Inputs", "bits.c"), MODEL,
               "mapped,25%", env={**os.environ, "PATH": path, "SWAPC": os.path.join(args.build, "bin", "swapc")})
    rows = re.findall(r"plan (\d+) KiB, (\w+): crc (\w+), success\n  (\d+) us, stack (\d+) of (\d+): within", text)
    if len({crc for _, _, crc, *_ in rows}) != 1:
        sys.exit(f"{board}: the bits differ:\n{text}")
    by = {(kind, int(arena)): int(us) / 1000 for arena, kind, _, us, _, _ in rows}
    arenas = sorted(int(arena) for arena, *_ in rows)
    mapped, read = by["mapped", arenas[0]], by["read", arenas[-1]]
    report = open(os.path.join(out, "report")).read()
    kernels, core = re.search(r"kernels ([\d.]+) KiB, runtime ([\d.]+) KiB", report).groups()
    used = max(int(stack) for *_, stack, _ in rows)
    return (f"| {BOARDS[board]} | {core} | {kernels} | {used} of {rows[0][-1]} | {arenas[0]}, {mapped:.1f} "
            f"| {mapped * 1e6 / MULTIPLY_ADDS:.2f} | {arenas[-1]}, {read:.1f} | {mapped / run_plain(board, out):.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("boards", nargs="*", default=list(BOARDS))
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    args = parser.parse_args()
    lines = [HEADER]
    print(HEADER)
    for board in args.boards:
        lines.append(measure(board, args))
        print(lines[-1], flush=True)
    if args.write:
        sys.path.insert(0, os.path.join(SOURCE, "benchmarks"))
        import tables
        tables.write("firmware", lines)


if __name__ == "__main__":
    main()
