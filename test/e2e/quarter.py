"""quarter.py PROGRAM WEIGHTS PREFIX COUNT: runs write.c's program at the plan of 25 %.

The budget is given in KiB; a quarter of what the model needs is read from the
library's header, which swapc wrote beside the weights.
"""
import os
import re
import subprocess
import sys

program, weights, prefix, count = sys.argv[1:]
header = open(os.path.splitext(weights)[0] + ".h").read()
arenas = sorted(int(n) for n in re.findall(r"ARENA_BYTES\w* .*?(\d{4,})", header))
kib = -(-arenas[0] // 1024)
assert arenas[0] * 3.9 < arenas[-1], arenas
os.environ["LC_ALL"] = "C"
sys.exit(subprocess.run([program, weights, str(kib), prefix, count]).returncode)
