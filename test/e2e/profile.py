"""Compares what swapc predicts from profiles with the sums of their entries."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import swapc_testing as st  # noqa: E402


def kernels(path):
    """Seconds of each kernel's whole grid."""
    with open(path) as f:
        return {name: float(seconds) for name, seconds in
                re.findall(r'kernel: "(\w+)".* seconds: ([0-9.e+-]+) }', f.read())}


def emit(model, kind, *args):
    run = subprocess.run([os.path.join(st.build_dir(), "bin", "swapc"), model, "--emit", kind, "-o", "-", *args],
                         capture_output=True, text=True)
    st.require(run.returncode == 0, run.stderr)
    return run.stdout


def check_predicted(one, two, model):
    # Parts of outputs that are written in place are no calls any more.
    called = set(re.findall(r"swap\.call @(\w+)", emit(model, "swap-ir", "--budget", "max")))
    calls = [name for name in re.findall(r"swap\.call @(\w+)", emit(model, "kernel-ir")) if name in called]
    for threads, path in (("1", one), ("2", two)):
        known = kernels(path)
        st.require(set(calls) == set(known), f"{path} holds other kernels than the model calls")
        expected = 1e3 * sum(known[name] for name in calls)
        for profiles in (path, f"{one},{two}"):
            for budget in ("50%", "max"):
                plan = json.loads(emit(model, "plan", "--profile", profiles, "--threads", threads,
                                       "--budget", budget))["plans"][0]
                # Calls of a kernel in parts cost a little more, at other budgets than measured.
                st.require(0.98 * expected <= plan["compute_ms"] <= 1.02 * expected + 0.02 * len(calls),
                           f"{threads} threads, {budget}: predicted {plan['compute_ms']} ms, measured {expected} ms")


if __name__ == "__main__":
    try:
        check_predicted(*sys.argv[2:])
    except st.Failure as failure:
        sys.exit(str(failure))
