"""Checks the kernels of two --stats files: kernels.py LARGE.json SMALL.json, of one model with two budgets."""
import json
import sys

large, small = (json.load(open(path)) for path in sys.argv[1:])


def work(stats):
    """Operations and bytes of each kernel, as far as rates and times, which are rounded, give them."""
    return {k["name"]: (k["gflops"] * k["ms"], k["gb_per_second"] * k["ms"]) for k in stats["kernels"]}


for stats in (large, small):
    kernels = stats["kernels"]
    times = [k["ms"] for k in kernels]
    assert times == sorted(times, reverse=True) and min(times) >= 0, times
    assert abs(sum(k["share"] for k in kernels) - 1) < 0.01 * len(kernels)
    # Medians of parts against one run's whole.
    assert 0.3 < sum(times) / stats["compute_ms"] < 3, (sum(times), stats["compute_ms"])
    assert all(k["calls"] > 0 and k["stall_ms"] >= 0 and k.get("node", "()").endswith(")") for k in kernels), kernels
assert sum(k["calls"] for k in small["kernels"]) >= sum(k["calls"] for k in large["kernels"])
assert sum("node" in k for k in large["kernels"]) > len(large["kernels"]) / 2
assert any(k["stall_ms"] > 0 for k in small["kernels"])

one, other = work(large), work(small)
assert one.keys() == other.keys()
for stats in (large, small):
    for k in stats["kernels"]:
        if k["ms"] < 0.005:  # a rounded rate says little
            one.pop(k["name"], None)
assert one, "every kernel is too short"
for name in one:
    for a, b in zip(one[name], other[name]):
        assert abs(a - b) <= 0.05 * max(a, b) + 1e-4, (name, one[name], other[name])
