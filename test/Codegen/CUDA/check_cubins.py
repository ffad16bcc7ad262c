"""Checks the code for GPUs in an object: check_cubins.py OBJECT SOURCE ARCH...

Each architecture has each kernel of the CUDA C++ source once; no kernel keeps
arrays or spills registers to local memory, nor has more registers than its
threads leave it.
"""
import re
import sys

from cubins import EIATTR_REGCOUNT, find_cubins

LAUNCH = re.compile(
    r'extern "C" __global__ void __launch_bounds__\((\d+)(?:, *\d+)?\)\s*(\w+)\(const __grid_constant__'
)
ROWS = re.compile(r'extern "C" __global__ void (swap_rows_\w+)\(')


def main():
    data = open(sys.argv[1], "rb").read()
    source = open(sys.argv[2]).read()
    threads = {name: int(count) for count, name in LAUNCH.findall(source)}
    assert threads, "no kernel in the source"
    expected = sorted([*threads, *ROWS.findall(source)])
    cubins = find_cubins(data)
    wanted = [int(arch) for arch in sys.argv[3:]]
    assert sorted({cubin.arch for cubin in cubins}) == wanted, [cubin.arch for cubin in cubins]
    for arch in wanted:
        parts = [cubin for cubin in cubins if cubin.arch == arch]
        found = sorted(name for part in parts for name in part.kernels())
        assert found == expected, f"sm_{arch}: {set(found) ^ set(expected)}"
        for part in parts:
            local = part.local_bytes()
            registers = part.attribute(EIATTR_REGCOUNT)
            for name in part.kernels():
                assert local[name] == 0, f"sm_{arch}: {name} has {local[name]} bytes of local memory"
                most = 65536 // threads.get(name, 256)
                assert 0 < registers[name] <= most, f"sm_{arch}: {name} has {registers[name]} registers"
    print(f"{len(wanted)} architectures, {len(expected)} kernels")


main()
