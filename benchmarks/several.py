#!/usr/bin/env python3
"""Several networks under one budget: the sets of examples/several-networks.

    python3 benchmarks/several.py                     # three sets, prints the tables
    python3 benchmarks/several.py drone --seconds 20  # one set
    python3 benchmarks/several.py --write             # into docs/performance.md
    python3 benchmarks/several.py --table             # from the figures measured last

Each set runs with all memory that its networks want, 43.1 % (1/2.32) and 17.2 %
(1/5.81) of it, in turn, several times:

- pool: `swapc run`, one process, the sum under one budget;
- naive: a process for each task with an equal share of the budget, started
  together, each as if it were alone with the processors;
- lanes 2: the pool with two jobs side by side, one thread each;
- throughput: every task back to back, pool with one lane and with two.

Every process is in a memory cgroup of its budget, inputs and outputs, and 24 MiB
(as root, cgroup v1). Arrivals are the same in all ways: same seed, same phases.
Models are written to build/zoo first, and profiled there.
"""
import argparse
import json
import os
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import several_tables  # noqa: E402
import swapc_sets as sets  # noqa: E402
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

SETS = ["self-driving", "roadside-unit", "drone"]
BUDGETS = ["max", "43.1%", "17.2%"]
WARMUP = 5  # seconds that do not count: the longest period, in which everything comes in
WAYS = ["pool", "naive", "lanes 2", "throughput"]


class Set:
    """A set with its programs: one of all tasks, and one of each."""

    def __init__(self, name, args):
        self.name, self.args = name, args
        self.text = sets.SetText(name)
        self.folder = os.path.join(args.zoo, "several", name)
        self.about, self.programs = {}, {}
        os.makedirs(self.folder, exist_ok=True)
        for path in self.text.models():
            st.materialized(os.path.splitext(os.path.basename(path))[0], args.zoo)

    def model(self, path):
        return os.path.join(self.args.zoo, os.path.basename(path))

    def profile(self, path):
        """The measured kernels and storage of a model, for as many threads as compute."""
        stem = os.path.splitext(self.model(path))[0]
        profile = f"{stem}.{self.args.threads}.yaml"
        if not os.path.exists(profile):
            program = st.compile_model(self.model(path), stem, ["max"],
                                       ["--threads", str(self.args.threads), "--mcpu", "native"])
            st.run_program(program, {}, ["--random", "--profile", profile, "--threads", str(self.args.threads)],
                           outputs=False)
        return profile

    def program(self, label, only=None, settings=None):
        """The program of a copy of the set, compiled when it is first asked for."""
        if label not in self.programs:
            stem = os.path.join(self.folder, label)
            self.text.write(stem + ".yaml", only, False, self.model, self.profile, settings)
            self.about[label] = sets.compile_set(stem + ".yaml", stem, ["--mcpu", "native"])
            self.programs[label] = stem
        return self.programs[label], self.about[label]

    def bytes(self, budget):
        _, about = self.program("all")
        need = about["need_bytes"]
        return need if budget == "max" else int(need * float(budget.rstrip("%")) / 100)

    def common(self, lanes=1, threads=None):
        # What stays comes in with the first jobs, everywhere; it is not what is compared.
        return ["--warmup", f"{WARMUP}s", "--duration", f"{WARMUP + self.args.seconds}s",
                "--threads", str(threads or self.args.threads), "--lanes", str(lanes), "--seed", "1"]

    def run(self, way, budget, lanes=1):
        """Figures of one run: stats of its processes, and what their cgroups held at most."""
        size = self.bytes(budget)
        if way == "naive":
            share = size // len(self.text.tasks)
            compiled = {task: self.program("only-" + task, [task]) for task in self.text.tasks}
            running = [sets.Running(program, [*self.common(), "--budget", str(min(share, about["need_bytes"]))],
                                    sets.process_limit(about, share)) for program, about in compiled.values()]
            ended = [r.finish() for r in running]
        else:
            endless = dict.fromkeys(("period", "deadline", "phase", "jitter"), None) | {"arrivals": "back-to-back"}
            program, about = self.program("endless", settings=endless) if way == "throughput" else self.program("all")
            ended = [sets.run_set(program, [*self.common(lanes), "--budget", str(size)],
                                  sets.process_limit(about, size))]
        for stats, _, _ in ended:
            sets.check_stats(stats)
        return {"set": self.name, "way": way, "budget": budget, "lanes": lanes, "budget_bytes": size,
                "stats": [e[0] for e in ended], "process_bytes": [e[1] for e in ended]}

    def plans(self):
        """The ladder of each task, for the bounds."""
        result = {}
        for task in self.text.tasks:
            path = self.model(self.text.model(task))
            out = os.path.join(self.folder, task + ".plan.json")
            st.compile_model(path, out, ["ladder"], ["--emit", "plan", "--threads", str(self.args.threads), "--mcpu",
                                                "native", "--profile", self.profile(path)])
            with open(out) as f:
                plans = json.load(f)["plans"]
            result[task] = [{"region_bytes": p["arena_bytes"] - p["resident_bytes"],
                             **{key: p[key] for key in ("resident_bytes", "streamed_bytes", "least_ms", "time_ms",
                                                        "compute_ms", "stream_ms")}} for p in plans]
            result[task][0]["model"] = path
            os.remove(out)
        return result


def jobs(args):
    """What one round runs, in order: (way, budget, lanes)."""
    for budget in BUDGETS:
        if "pool" in args.ways:
            yield "pool", budget, 1
        if "naive" in args.ways and budget != "max":
            yield "naive", budget, 1
        if "lanes 2" in args.ways:
            yield "lanes 2", budget, 2
        if "throughput" in args.ways:
            yield "throughput", budget, 1
            yield "throughput", budget, 2


def measure(args):
    figures = {"seconds": args.seconds, "threads": args.threads, "runs": [], "plans": {}}
    if args.add and os.path.exists(args.json):
        with open(args.json) as f:
            figures = json.load(f)
    for name in args.sets:
        measured = Set(name, args)
        figures["plans"][name] = measured.plans()
        for _ in range(args.rounds):
            for way, budget, lanes in jobs(args):
                run = measured.run(way, budget, lanes)
                run["round"] = len(several_tables.pick(figures, name, way, budget, lanes))
                figures["runs"].append(run)
                print(several_tables.progress(run), flush=True)
                with open(args.json, "w") as f:
                    json.dump(figures, f, indent=1)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--seconds", type=float, default=40, help="of each run")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--models", "--zoo", dest="zoo", default=os.path.join(SOURCE, "build", "zoo"),
                        help="where models with weights are, or are written to")
    parser.add_argument("--json", help="where the figures go; default: MODELS/several/figures.json")
    parser.add_argument("--add", action="store_true", help="to the figures of --json, as further rounds")
    parser.add_argument("--table", action="store_true", help="measure nothing, show the figures of --json")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    args = parser.parse_args()
    os.environ["SWAPC_BUILD"] = args.build
    args.json = args.json or os.path.join(args.zoo, "several", "figures.json")
    os.makedirs(os.path.dirname(args.json), exist_ok=True)
    if args.table:
        with open(args.json) as f:
            figures = json.load(f)
    else:
        figures = measure(args)
    lines = several_tables.lines(figures)
    print("\n".join(lines))
    if args.write:
        tables.write("several", lines)


if __name__ == "__main__":
    try:
        main()
    except st.Failure as failure:
        sys.exit(f"several.py: {failure}")
