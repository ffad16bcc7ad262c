#!/usr/bin/env python3
"""Ten minutes of everything at once: the eleven tasks of the three applications.

    PYTHONPATH=test/support python3 test/e2e/stress_several.py [--minutes 10] [--models build/zoo]

Five large networks in one process and one memory cgroup of the budget, inputs
and outputs, and 24 MiB. Jobs arrive at random (more than two processors can do),
tasks come and go, the budget changes between the smallest one and --budget, once
a second. With one lane, then with two. Every output is compared with that of its
model alone, bit by bit; the kernel kills what takes more memory than it may.
"""
import argparse
import os
import sys
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import swapc_sets as sets  # noqa: E402
import swapc_testing as st  # noqa: E402

SETS = ["self-driving", "roadside-unit", "drone"]


def stress(program, about, budget, lanes, seconds, seed):
    started = time.monotonic()
    stats, peak, _ = sets.run_set(
        program, ["--check", "--budget", str(budget), "--lanes", str(lanes), "--duration", f"{seconds:.0f}s",
                  "--random-changes", str(int(seconds)), "--seed", str(seed)],
        sets.process_limit(about, budget), timeout=2 * seconds + 300)
    sets.check_stats(stats)
    st.require(stats["peak_bytes"] <= budget, f"peak {stats['peak_bytes']} over {budget}")
    st.require(stats["duration_s"] >= 0.9 * seconds, f"it ended after {stats['duration_s']:.0f} of {seconds:.0f} s")
    for task in stats["tasks"]:
        st.require(task["runs"] > 0, f"{task['name']} never ran")
    st.require(stats["changes_failed"] == 0, f"{stats['changes_failed']} changes failed: {stats['change_log']}")
    held = f"{peak / st.MIB:.0f} MiB of the cgroup's {sets.process_limit(about, budget) / st.MIB:.0f}" if peak else "-"
    print(f"lanes {lanes}: {sum(t['runs'] for t in stats['tasks'])} jobs with the same bits in "
          f"{time.monotonic() - started:.0f} s, {stats['changes']} changes, {stats['reallocations']} reallocations, "
          f"{stats['read_bytes'] / (1 << 30):.0f} GiB read; peak {stats['peak_bytes'] / st.MIB:.0f} of "
          f"{budget / st.MIB:.0f} MiB, process {held}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--models", default=os.path.join(SOURCE, "build", "zoo"),
                        help="where the five models with weights are, or are written to (1.3 GiB)")
    parser.add_argument("--budget", type=float, default=43.1, help="percent of what the five models need")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", default=st.build_dir())
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    folder = os.path.join(args.models, "several")
    os.makedirs(folder, exist_ok=True)
    every = sets.SetText.union(SETS)
    for path in every.models():
        st.materialized(os.path.splitext(os.path.basename(path))[0], args.models)
    program = os.path.join(folder, "stress")
    every.write(program + ".yaml", model=lambda path: os.path.join(args.models, os.path.basename(path)),
                settings={"arrivals": "poisson", "phase": None, "jitter": None})
    about = sets.compile_set(program + ".yaml", program, ["--mcpu", "native", "--check"])
    budget = int(about["need_bytes"] * args.budget / 100)
    if not st.MemoryCgroup.available():
        print("no memory cgroups here: what the program reports is checked alone")
    for lanes in (1, 2):
        stress(program, about, budget, lanes, args.minutes * 30, args.seed + lanes)


if __name__ == "__main__":
    try:
        main()
    except st.Failure as failure:
        sys.exit(f"stress_several.py: {failure}")
