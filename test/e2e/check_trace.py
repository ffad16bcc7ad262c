"""Runs a program with --trace and checks the trace against the plan that it was compiled with.

usage: check_trace.py PROGRAM PLAN.json FOLDER
"""
import json
import os
import subprocess
import sys

from swapc_testing import Failure, require

RUNS = 3


def load(path):
    with open(path, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    for event in events:
        require({"ph", "pid", "name"} <= set(event), f"{event} is not an event")
    return events


def check_reads(events):
    """Each read has one end, not before its beginning; the number of reads of each unit."""
    begun, counts = {}, {}
    for event in (e for e in events if e["ph"] in "be"):
        if event["ph"] == "b":
            require(event["id"] not in begun, f"{event['name']} begins twice")
            require(event["args"]["bytes"] > 0, f"{event['name']} reads nothing")
            begun[event["id"]] = event["ts"]
            counts[event["name"]] = counts.get(event["name"], 0) + 1
        else:
            require(begun.pop(event["id"], float("inf")) <= event["ts"], f"{event['name']} ends before it begins")
            require(all(rate > 0 for rate in event["args"].values()), f"{event}")
    require(not begun, f"reads without an end: {begun}")
    return counts


def check_memory(events, plan):
    counters = [e["args"] for e in events if e["ph"] == "C"]
    require(counters, "memory in use is missing")
    require(all(c["budget"] == plan["budget_bytes"] for c in counters), "another budget than the plan's")
    most = max(c["in use"] for c in counters)
    require(most == plan["peak_bytes"], f"at most {most} bytes in use, not {plan['peak_bytes']}")
    require(most <= plan["budget_bytes"], "more in use than the budget")


def check_plan(program, plan, unit_numbers, folder):
    path = os.path.join(folder, "trace.json")
    subprocess.run([program, "--random", "--iterations", str(RUNS), "--budget", str(plan["budget_bytes"]),
                    "--trace", path], check=True, capture_output=True)
    events = load(path)
    check_memory(events, plan)
    tracks = {e["args"]["name"]: e["tid"] for e in events if e["name"] == "thread_name"}
    require(tracks == {"compute": 1, "reads": 2, "stalls": 3}, f"tracks {tracks}")
    spans = [e for e in events if e["ph"] == "X"]
    kernels = [e["name"] for e in spans if e["tid"] == 1]
    wanted = [s["kernel"] for s in plan["steps"] if s["op"] == "launch"] * RUNS
    require(kernels == wanted, f"kernels {kernels[:5]}..., not {wanted[:5]}...")
    require(all(e["dur"] >= 0 for e in spans), "a span ends before it begins")
    # Of the halves of a read that crosses the end of a run one counts: the
    # first half of the first run, then the second ones.
    reads = {}
    for step in plan["steps"]:
        if step["op"] == "in" and not step.get("started"):
            name = f"unit {unit_numbers[step['unit']]}"
            reads[name] = reads.get(name, 0) + RUNS
    started = {f"unit {unit_numbers[s['unit']]}" for s in plan["steps"] if s.get("started")}
    for name, count in check_reads(events).items():
        if name.startswith("rows"):
            continue
        most = reads.pop(name, 0) + (name in started)
        require(most - 2 * (name in started) <= count <= most, f"{name} is read {count} times, not {most}")
    require(not reads, f"reads are missing: {reads}")


def check_failed_run(program, folder):
    """A run that fails midway leaves a trace that ends there."""
    weights = os.path.join(folder, "short.swap")
    with open(program + ".swap", "rb") as f:
        data = bytearray(f.read())
    with open(weights, "wb") as f:
        f.write(data[:-8192] + bytes(b ^ 255 for b in data[-8192:]))
    path = os.path.join(folder, "failed.json")
    run = subprocess.run([program, "--random", "--budget", "min", "--weights", weights, "--trace", path],
                         capture_output=True, text=True)
    require(run.returncode == 1, f"exit status {run.returncode}: {run.stderr}")
    events = load(path)
    check_reads(events)
    require(any(e["ph"] == "X" for e in events), "the steps before the failure are missing")


def main(program, plan_path, folder):
    with open(plan_path, encoding="utf-8") as f:
        root = json.load(f)
    unit_numbers = {unit["name"]: number for number, unit in enumerate(root["units"])}
    for plan in root["plans"]:
        check_plan(program, plan, unit_numbers, folder)
    check_failed_run(program, folder)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"{sys.argv[1]}: {failure}")
