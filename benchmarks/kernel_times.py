"""What the kernels of a compiled model do and how long each call takes."""
import collections
import json
import math
import os
import re
import subprocess

import swapc_testing as st

BITS = {"bf16": 16, "index": 64}


def tensor_bytes(text):
    """Bytes of all tensors in a part of a signature."""
    total = 0
    for shape in re.findall(r"tensor<([^,>]*)", text):
        *dims, element = shape.split("x")
        bits = BITS.get(element) or int(re.search(r"\d+", element).group())
        total += math.prod(int(d) for d in dims if d.isdigit()) * bits // 8
    return total


def direct_operations(operands, results):
    """Of a 3x3 convolution, tap by tap: two for each element of the result and each weight of its column."""
    weights = re.search(r"tensor<([\dx]+)x\w+, #swap\.panels<dim = (\d+), width = \d+, order", operands)
    sizes = [int(d) for d in weights[1].split("x")]
    elements = math.prod(int(d) for d in re.search(r"tensor<([\dx]+)x", results)[1].split("x"))
    return 2 * elements * math.prod(sizes) // sizes[int(weights[2])]


def counts(model, options=()):
    """{kernel function: (operations, bytes of operands and results)}, as the compiler counts them; of Winograd's
    convolutions the operations that they have tap by tap."""
    swapc = os.path.join(st.build_dir(), "bin", "swapc")
    text = subprocess.run([swapc, model, "--emit", "kernel-ir", "--quiet", *options],
                          capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        kernel = re.search(r"func\.func private @(\w+)\((.*)\) -> (.*) attributes .*#swap\.schedule<.*flops = (\d+)", line)
        if kernel:
            name, operands, results, flops = kernel.groups()
            if "swap.winograd" in line:
                flops = direct_operations(operands, results)
            found[name] = (int(flops), tensor_bytes(operands) + tensor_bytes(results))
    return found


def traced(program, iterations, threads=1):
    """{kernel function: µs of each call} of runs of one plan, how many runs the trace has, and the median ms of one."""
    trace = program + ".trace.json"
    run = subprocess.run([program, "--random", "--threads", str(threads), "--warmup", "1", "--iterations",
                          str(iterations), "--trace", trace], check=True, capture_output=True, text=True)
    median = float(re.search(r"median ([\d.]+) ms", run.stderr + run.stdout).group(1))
    with open(trace) as f:
        events = [e for e in json.load(f)["traceEvents"] if e["ph"] == "X" and e["tid"] == 1]
    os.remove(trace)
    times = collections.defaultdict(list)
    for event in events:
        times[event["name"]].append(event["dur"])
    runs = iterations + 1 if sum(map(len, times.values())) % (iterations + 1) == 0 else iterations
    return times, runs, median
