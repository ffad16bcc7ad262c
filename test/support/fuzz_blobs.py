"""Runs swap-blob on a blob with bytes changed and cut off: an exit code of 0 or 1,
and one line of error."""
import random
import subprocess
import sys

blob, scratch = sys.argv[1:3]
data = open(blob, "rb").read()
source = random.Random(7)


def run(*command):
    done = subprocess.run(["swap-blob", *command], capture_output=True, timeout=60)
    lines = done.stderr.decode().splitlines()
    good = done.returncode == 0 and not lines
    bad = done.returncode == 1 and len(lines) == 1 and lines[0].startswith("swap-blob: error: ")
    if not good and not bad:
        sys.exit("swap-blob %s: exit code %d\n%s" % (" ".join(command), done.returncode, "\n".join(lines)))
    return good


refused = 0
for turn in range(25):
    changed = bytearray(data)
    # Mostly where numbers are: header and table.
    for _ in range(source.randint(0, 3)):
        at = source.choice([source.randrange(8, 40), source.randrange(4096, 4096 + 72), source.randrange(len(data))])
        changed[at] = source.choice([0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)])
    if source.random() < 0.3:
        del changed[source.randrange(len(data)):]
    with open(scratch, "wb") as file:
        file.write(changed)
    same = bytes(changed) == data
    assert run("check", scratch) == same, turn
    run("info", "--json", scratch)
    if not run("partition", scratch, "--size", "64KiB", "--erase-size", "4096", "-o", scratch + ".part"):
        refused += 1
        continue
    # And partitions.
    with open(scratch + ".part", "r+b") as file:
        part = bytearray(file.read())
        for _ in range(source.randint(0, 3)):
            part[source.choice([source.randrange(32), source.randrange(8192, 8192 + 4200)])] = source.randrange(256)
        file.seek(0)
        file.write(part)
        if source.random() < 0.3:
            file.truncate(source.randrange(len(part)))
    run("partition-info", scratch + ".part")
assert refused > 8, refused
