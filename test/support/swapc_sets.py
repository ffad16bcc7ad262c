"""What the tests and the benchmark of several networks share: copies of a set's
file (other models, tasks, settings), its program in a memory cgroup, and what
every stats file has to say."""
import json
import os
import re
import subprocess
import tempfile

import swapc_testing as st

SETS = os.path.join(st.SOURCE, "examples", "several-networks")
TASK = re.compile(r"^  - name: *(\S+)", re.M)

TOP = {"set", "budget_bytes", "need_bytes", "least_bytes", "peak_bytes", "zone_bytes", "resident_bytes", "overlap",
       "duration_s", "threads", "lanes", "io", "read_bytes", "compute_ms", "stall_ms", "reallocations", "feasible",
       "memory", "tasks"}
TASK_FIELDS = {"name", "model", "runs", "missed", "refused", "failed", "different", "period_ms", "deadline_ms",
               "priority", "latency_ms", "worst_lateness_ms", "compute_ms", "stall_ms", "wait_ms", "predicted_ms",
               "response_ms", "plan_budget_bytes", "resident_bytes", "preempted"}
LATENCY = ["min", "median", "p90", "p99", "max"]


class SetText:
    """A file of examples/several-networks, as the text of its head, its tasks and
    its events. It relies on how these files are written, a task beginning with
    `  - name:`, so that no YAML library is needed."""

    def __init__(self, name):
        self.path = os.path.join(SETS, name + ".yaml")
        with open(self.path) as f:
            text = f.read()
        begins = [m.start() for m in TASK.finditer(text)]
        st.require(begins, f"{self.path} has no task")
        end = text.find("\nevents:")
        end = len(text) if end < 0 else end + 1
        self.head, self.events = text[:begins[0]], text[end:]
        self.tasks = {}
        for begin, stop in zip(begins, [*begins[1:], end]):
            self.tasks[TASK.match(text, begin).group(1)] = text[begin:stop]

    @classmethod
    def union(cls, names):
        """One set of the tasks of several, each named after its set too."""
        parts = [cls(name) for name in names]
        whole = parts[0]
        whole.head = "tasks:\n"
        whole.events = ""
        whole.tasks = {f"{name}-{task}": TASK.sub(f"  - name: {name}-{task}", text)
                       for name, part in zip(names, parts) for task, text in part.tasks.items()}
        return whole

    def model(self, task):
        """The absolute path of a task's model."""
        path = re.search(r"^ +model: *(\S+)", self.tasks[task], re.M).group(1)
        return os.path.normpath(os.path.join(SETS, path))

    def models(self):
        return list(dict.fromkeys(map(self.model, self.tasks)))

    def write(self, path, only=None, events=True, model=lambda path: path, profile=lambda path: None, settings=None):
        """A copy with all tasks or those of `only`; other models and profiles; `settings` replace a task's,
        None takes one away."""
        text = self.head
        for name in only or self.tasks:
            task = self.tasks[name]
            file = model(self.model(name))
            task = re.sub(r"(?m)^( +)model:.*$", lambda m: f"{m.group(1)}model: {file}", task)
            lines = dict(settings or {})
            if profile(file):
                lines["profile"] = profile(file)
            for key, value in lines.items():
                task = re.sub(rf"(?m)^ +{key}:.*\n", "", task)
                if value is None:
                    continue
                task = re.sub(r"(?m)^( +)(model:.*)$", lambda m: f"{m.group(0)}\n{m.group(1)}{key}: {value}", task)
            text += task
        with open(path, "w") as f:
            f.write(text + (self.events if events else ""))
        return path


def compile_set(path, program, args=(), timeout=900):
    """Compiles a set with `swapc run`, without running it; what its program says
    about itself (--check in `args`: its outputs are there twice)."""
    command = [os.path.join(st.build_dir(), "bin", "swapc"), "run", path, "-o", program, "--describe", *args]
    run = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    st.require(run.returncode == 0, f"{' '.join(command)} exited {run.returncode}:\n{run.stderr}")
    return json.loads(run.stdout)


def process_limit(about, budget):
    """Bytes that the program of a set may take at `budget`; None where no cgroup can enforce it."""
    return budget + about["io_bytes"] + st.PROCESS_BYTES if st.MemoryCgroup.available() else None


class Running:
    """A program of a set, started in a memory cgroup of `limit` bytes, if any."""

    def __init__(self, program, args=(), limit=None):
        self.folder = tempfile.TemporaryDirectory(prefix="swapc-set-")
        self.stats_path = os.path.join(self.folder.name, "stats.json")
        self.limit = limit
        self.cgroup = st.MemoryCgroup(limit) if limit else None
        self.command = [program, "--quiet", "--stats", self.stats_path, *args]
        self.process = subprocess.Popen(self.cgroup.wrap(self.command) if limit else self.command,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, timeout=900, expect=0):
        """Waits for its end; (stats, bytes that the cgroup held at most, messages)."""
        peak = None
        try:
            _, messages = self.process.communicate(timeout=timeout)
            if self.cgroup:
                peak = self.cgroup.read("memory.max_usage_in_bytes")
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.cgroup:
                self.cgroup.__exit__()
        st.require(self.process.returncode == expect,
                   f"{' '.join(self.command)} exited {self.process.returncode}"
                   + (f" under a limit of {self.limit} bytes" if self.limit else "") + f":\n{messages}")
        with open(self.stats_path) as f:
            stats = json.load(f)
        self.folder.cleanup()
        return stats, peak, messages


def finish_all(running):
    """Waits for several; if one fails, none of the others goes on."""
    try:
        return [one.finish() for one in running]
    finally:
        for one in running:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
                if one.cgroup:
                    one.cgroup.__exit__()


def run_set(program, args=(), limit=None, timeout=900):
    return Running(program, args, limit).finish(timeout)


def check_stats(stats):
    """What holds for every run of every set, whatever happened in it."""
    missing = TOP - set(stats)
    st.require(not missing, f"stats lack {sorted(missing)}")
    st.require(stats["least_bytes"] <= stats["budget_bytes"], "a budget below the least")
    st.require(stats["memory"], "memory over time is missing")
    last = 0
    for moment, used, budget in stats["memory"]:
        st.require(used <= budget, f"{used} bytes of {budget} in use at {moment} ms")
        st.require(moment >= last, f"memory at {moment} ms stands after {last} ms")
        last = moment
    most = max(used for _, used, _ in stats["memory"])
    largest = max(budget for _, _, budget in stats["memory"])
    st.require(stats["peak_bytes"] <= largest, f"peak {stats['peak_bytes']} over every budget (at most {largest})")
    st.require(most > 0, "no memory was in use")
    for task in stats["tasks"]:
        name = task.get("name")
        missing = TASK_FIELDS - set(task)
        st.require(not missing, f"task {name} lacks {sorted(missing)}")
        st.require(task["failed"] == 0, f"task {name}: {task['failed']} runs failed")
        st.require(task["different"] == 0, f"task {name}: other bits in {task['different']} runs")
        st.require(task["missed"] <= task["runs"] + task["refused"],
                   f"task {name}: {task['missed']} of {task['runs']} jobs missed their deadline")
        if task["runs"]:
            values = [task["latency_ms"][key] for key in LATENCY]
            st.require(values == sorted(values) and values[0] > 0, f"task {name}: latencies {values}")
            st.require(task["compute_ms"] > 0, f"task {name} computed nothing")


def task(stats, name):
    return next(t for t in stats["tasks"] if t["name"] == name)
