"""In place of swapc and of a program for a GPU, where the suite itself is tested.

As `swapc` it compiles for the CPU and puts itself before the program. As the
program it runs that, tells the figures of a GPU, and does what STAND_IN says:

  right   nothing else
  wrong   the answer without a budget is off by a hundredth
  broken  43.1 %: one bit differs; 17.2 %: a byte more than the budget;
          --check-memory fails; --no-graph: a NaN; from storage: too much host memory
"""
import json
import os
import subprocess
import sys

import numpy as np

LEFT_OUT = {"--target": 2, "--cuda-arch": 2, "--device": 2, "--source": 2, "--host-budget": 2, "--check-memory": 1, "--no-graph": 1}


def known(arguments):
    """What the CPU's swapc or program knows of the arguments."""
    result, i = [], 0
    while i < len(arguments):
        if arguments[i] not in LEFT_OUT:
            result.append(arguments[i])
        i += LEFT_OUT.get(arguments[i], 1)
    return result


def value(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


def compile_model(arguments):
    status = subprocess.run([os.path.join(os.environ["SWAPC_BUILD"], "bin", "swapc"), *known(arguments)]).returncode
    if status == 0 and "--emit" not in arguments:
        out = value(arguments, "-o")
        os.replace(out, out + ".cpu")
        with open(out, "w") as f:
            f.write(f'#!/bin/sh\nexec "{sys.executable}" "{os.path.abspath(__file__)}" --run "{out}" "$@"\n')
        os.chmod(out, 0o755)
    return status


def change(folder, how):
    for name in os.listdir(folder):
        array = np.load(os.path.join(folder, name))
        how(array)
        np.save(os.path.join(folder, name), array)


def flip(array):
    array.reshape(-1).view(np.uint8)[0] ^= 1


def scale(array):
    array *= 1.01


def spoil(array):
    array.flat[0] = np.nan


def run(program, arguments):
    mode, faulty = os.environ["STAND_IN"], os.environ["STAND_IN"] == "broken"
    if faulty and "--check-memory" in arguments:
        print("stand-in: kernel 'conv' has more than the budget in use", file=sys.stderr)
        return 1
    status = subprocess.run([program + ".cpu", "--weights", program + ".swap", *known(arguments)]).returncode
    path, outputs = value(arguments, "--stats"), value(arguments, "--output-dir")
    if status or not path:
        return status
    with open(path) as f:
        stats = json.load(f)
    sizes = json.loads(subprocess.check_output([program + ".cpu", "--describe"]))["budgets"]
    # 0 max, 1 43.1 %, 2 17.2 %
    place = sorted((p["budget_bytes"] for p in sizes), reverse=True).index(stats["budget_bytes"])
    plain = not {"--source", "--no-graph"} & set(arguments)
    storage = value(arguments, "--source") == "storage"
    stats.update(device_bytes=stats["budget_bytes"] + (faulty and place == 2), source="storage" if storage else "host",
                 link_bytes_per_second=stats["read_bytes_per_second"], host_bytes=(1 << 40) if faulty and storage else 0)
    with open(path, "w") as f:
        json.dump(stats, f)
    if faulty and place == 1 and plain:
        change(outputs, flip)
    elif faulty and "--no-graph" in arguments:
        change(outputs, spoil)
    elif mode == "wrong" and place == 0:
        change(outputs, scale)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "--run" else compile_model(sys.argv[1:]))
