"""Holds the runtime core of a Cortex-M4 library, and the report, to limits.

usage: check_sizes.py ARCHIVE REPORT
"""
import re
import subprocess
import sys

CORE_BYTES, SESSION_BYTES = 8 << 10, 1 << 10


def main(archive, report):
    sizes = {}
    member = None
    for line in subprocess.run(["llvm-size-22", "-A", archive], check=True, capture_output=True, text=True).stdout.splitlines():
        fields = line.split()
        if line.endswith(":"):
            member = fields[0]
        elif line.startswith(".text"):
            sizes[member] = sizes.get(member, 0) + int(fields[1])
    with open(report) as file:
        text = file.read()
    session = int(re.search(r"session (\d+) bytes", text)[1])
    runtime = float(re.search(r"runtime ([0-9.]+) KiB", text)[1]) * 1024
    if not 0 < sizes["swap_core.o"] <= CORE_BYTES:
        sys.exit("the core takes %d bytes" % sizes["swap_core.o"])
    if not 0 < session <= SESSION_BYTES:
        sys.exit("a session takes %d bytes" % session)
    if abs(runtime - sizes["swap_core.o"]) > 0.06 * 1024:
        sys.exit("the report's runtime has %g bytes, the object %d" % (runtime, sizes["swap_core.o"]))


main(*sys.argv[1:])
