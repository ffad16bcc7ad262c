"""`benchmarks/cuda.py --kernels`: every kernel of a model, its time, and what the GPU would need at its peak."""
import math
import re
import subprocess

import swapc_cuda as sc
import swapc_testing as st

BITS = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64}
HEADER = ("| kernel | variant | blocks | calls | µs | share | GFLOP/s | GB/s | least µs | lost µs |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")


def tensor_bytes(text):
    *shape, element = re.sub(r",.*", "", text).split("x")
    if not all(d.isdigit() for d in shape):
        return 0
    bits = BITS.get(element) or int(re.sub(r"\D", "", element) or 8)
    return math.prod(map(int, shape)) * max(bits, 8) // 8


def attribute(text, name, key):
    found = re.search(rf"#swap\.{name}<[^>]*\b{key} = (\w+)", text)
    return int(found[1]) if found and found[1].isdigit() else found[1] if found else None


def functions(model, options):
    """Of each kernel function: flops, bytes of its tensors, its grid and swap.gpu, calls of an inference."""
    run = subprocess.run(sc.command(options, model, ["--emit", "kernel-ir", "-o", "-"]), capture_output=True, text=True)
    st.require(run.returncode == 0, run.stderr)
    kernels, calls = {}, {}
    for line in run.stdout.splitlines():
        found = re.search(r"func\.func private @(\w+)\((.*?)\)? attributes \{(.*)", line)
        if found:
            name, signature, attributes = found.groups()
            gpu = re.search(r"#swap\.gpu<([^>]*)>", attributes)
            kernels[name] = {
                "flops": attribute(attributes, "schedule", "flops") or 0,
                "blocks": (attribute(attributes, "schedule", "panels") or 1) * (attribute(attributes, "schedule", "tiles") or 1),
                "bytes": sum(map(tensor_bytes, re.findall(r"tensor<([^<>#]*)", signature))),
                "gpu": gpu[1] if gpu else "", "splits": attribute(attributes, "gpu", "splits") or 1}
        else:
            for name in re.findall(r"\bcall @(\w+)", line):
                calls[name] = calls.get(name, 0) + 1
    for name, kernel in kernels.items():
        kernel["calls"] = calls.get(name, 1)
    return kernels


def profile(program, options):
    """Seconds of each kernel, and the peaks of the GPU, as PROG --profile measures them."""
    with open(sc.profile(program, options)) as f:
        text = f.read()
    seconds = {m[1]: float(m[2]) for m in re.finditer(r"kernel: \"(\w+)\".*seconds: ([\d.e+-]+)", text)}
    peak = re.search(r"flops-per-second: ([\d.e+-]+), bytes-per-second: ([\d.e+-]+)", text)
    return seconds, (float(peak[1]), float(peak[2])) if peak else (float("inf"), float("inf"))


def short(gpu):
    """The variant of a swap.gpu, its tile sizes and threads."""
    variant, tile, threads = (re.search(r, gpu) for r in (r'"(\w+)"', r"tile = \[([\d, ]+)\]", r"threads = (\d+)"))
    if not variant:
        return "-"
    return variant[1] + (f" {tile[1].replace(', ', 'x')}" if tile else "") + (f", {threads[1]} threads" if threads else "")


def table(program, model, options):
    kernels = functions(model, options)
    seconds, (flops, width) = profile(program, options)
    rows = []
    for name, spent in seconds.items():
        kernel = kernels.get(name, {"flops": 0, "bytes": 0, "blocks": 0, "gpu": "", "splits": 1, "calls": 1})
        least = max(kernel["flops"] / flops, kernel["bytes"] / width)
        rows.append((spent * kernel["calls"], name, spent, least, kernel))
    total = sum(row[0] for row in rows)
    lines = [f"**{program.name}**: {total * 1e3:.3f} ms in {len(rows)} kernels, each alone; peaks {flops / 1e12:.1f} TFLOP/s, "
             f"{width / 1e12:.2f} TB/s; at these {sum(r[3] * r[4]['calls'] for r in rows) * 1e3:.3f} ms", "", HEADER]
    for spent, name, once, least, kernel in sorted(rows, key=lambda r: r[0], reverse=True)[: options.top]:
        lines.append(f"| {name} | {short(kernel['gpu'])} | {kernel['blocks']}x{kernel['splits']} | {kernel['calls']} "
                     f"| {once * 1e6:.1f} | {spent / total:.1%} | {kernel['flops'] / once / 1e9:.0f} "
                     f"| {kernel['bytes'] / once / 1e9:.0f} | {least * 1e6:.1f} "
                     f"| {(once - least) * kernel['calls'] * 1e6:.0f} |")
    return "\n".join(lines)
