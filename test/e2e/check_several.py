"""check_several.py WORKDIR: runs examples/several-networks/small.yaml in every way that it promises to work."""
import json
import os
import signal
import sys
import time

import swapc_sets as sets
import swapc_testing as st

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
small = sets.SetText("small")


def compiled(label, **how):
    """(program, what it says about itself) of a copy of the set."""
    stem = os.path.join(folder, label)
    small.write(stem + ".yaml", **how)
    return stem, sets.compile_set(stem + ".yaml", stem, ["--mcpu", "x86-64-v3", "--check"])


def run(program, about, budget, *args):
    """Stats of a run in which each output is compared, in a cgroup where there is one."""
    stats, _, _ = sets.run_set(program, ["--check", "--budget", str(budget), *args], sets.process_limit(about, budget))
    sets.check_stats(stats)
    return stats


def check_budgets(program, about):
    """From the smallest budget to all that the models want, with one lane and two."""
    least, need = about["least_bytes"], about["need_bytes"]
    for budget in (least, (least + need) // 4, need):
        for lanes in (1, 2):
            stats = run(program, about, budget, "--lanes", str(lanes), "--duration", "1s")
            st.require(stats["lanes"] == lanes, f"{stats['lanes']} lanes")
            st.require(stats["budget_bytes"] == budget, f"budget {stats['budget_bytes']}, not {budget}")
            st.require(stats["peak_bytes"] <= budget, f"peak {stats['peak_bytes']} over {budget}")
            for task in stats["tasks"]:
                st.require(task["runs"] > 0, f"{task['name']} did not run at {budget}, {lanes} lanes")
            print(f"budget {budget}, {lanes} lanes: {[t['runs'] for t in stats['tasks']]} runs, peak {stats['peak_bytes']}")
    small_run = run(program, about, least, "--duration", "1s", "--io", "thread")
    st.require(small_run["read_bytes"] > 0, "the smallest budget reads nothing")
    print("budgets ok")


def check_events(program, about):
    """The file's own events are carried out: everybody ran, and the budget became what they say."""
    budgets = {round(about["need_bytes"] * share / 100) for share in (40, 20, 60)}
    # The last event is at 4.5 s; a busy machine is late.
    stats, _, _ = sets.run_set(program, ["--check", "--duration", "7s"], sets.process_limit(about, max(budgets)))
    sets.check_stats(stats)
    st.require((stats["changes"], stats["changes_failed"]) == (6, 0),
               f"{stats['changes']} changes, {stats['changes_failed']} failed: {stats['change_log']}")
    found = {budget for _, _, budget in stats["memory"]}
    st.require(len(found) > 1 and found <= budgets, f"budgets {sorted(found)}, not {sorted(budgets)}")
    st.require(stats["budget_bytes"] == max(budgets), f"{stats['budget_bytes']} bytes at the end")
    st.require(all(t["runs"] > 0 for t in stats["tasks"]), "a task never ran")
    st.require(stats["reallocations"] >= 5, f"{stats['reallocations']} reallocations")
    print("events ok")


def check_random_changes(program, about):
    """Tasks that come and go, budgets that change, at random but the same each time."""
    for lanes in (1, 2):
        stats = run(program, about, about["need_bytes"] // 2, "--random-changes", "60", "--seed", str(lanes),
                    "--lanes", str(lanes), "--duration", "2s")
        st.require(len({budget for _, _, budget in stats["memory"]}) > 3, "the budget hardly changed")
    print("random changes ok")


def check_pairs(events):
    """What begins in a trace ends, once, and not before."""
    begun = {}
    for event in (e for e in events if e["ph"] in "be"):
        key = event["cat"], event["id"], event["name"]
        if event["ph"] == "b":
            st.require(key not in begun, f"{key} begins twice")
            begun[key] = event["ts"]
        else:
            st.require(begun.pop(key, float("inf")) <= event["ts"], f"{key} ends before it begins")
    st.require(not begun, f"without an end: {sorted(begun)[:5]}")


def check_lane(spans):
    spans.sort()
    for (begin, length, name), (after, _, other) in zip(spans, spans[1:]):
        st.require(length >= 0, f"{name} ends before it begins")
        st.require(begin + length <= after + 0.002, f"{name} and {other} overlap in a lane")


def check_trace(program, about):
    """The trace is one that a viewer opens: spans of a lane follow each other, memory is within the budget."""
    path, budget = os.path.join(folder, "trace.json"), about["need_bytes"] // 3
    run(program, about, budget, "--trace", path, "--duration", "1s", "--lanes", "2")
    with open(path, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    for event in events:
        st.require({"ph", "pid", "name"} <= set(event), f"{event} is not an event")
    check_pairs(events)
    tracks = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    lanes = {track: [] for track, name in tracks.items() if name.startswith("lane ")}
    st.require(len(lanes) == 2, f"tracks {sorted(tracks.values())}")
    for event in (e for e in events if e["ph"] == "X"):
        lanes[event["pid"], event["tid"]].append((event["ts"], event["dur"], event["name"]))
    st.require(all(lanes.values()), "a lane did nothing")
    for spans in lanes.values():
        check_lane(spans)
    memory = [e["args"] for e in events if e["ph"] == "C" and e["name"] == "memory"]
    st.require(memory, "memory is missing")
    st.require(all(m["in use"] <= m["budget"] == budget for m in memory), "more in use than the budget")
    st.require(any(e["ph"] == "b" and e["cat"] == "read" for e in events), "nothing was read")
    print("trace ok")


def check_interrupted(program, about):
    """Without a duration it runs until a signal, and then still says what happened."""
    for number in (signal.SIGTERM, signal.SIGINT):
        budget = about["need_bytes"] // 3
        running = sets.Running(program, ["--check", "--budget", str(budget), "--duration", "1h"],
                               sets.process_limit(about, budget))
        time.sleep(0.7)
        running.process.send_signal(number)
        stats, _, _ = running.finish(30)
        sets.check_stats(stats)
        st.require(stats["duration_s"] < 30, f"it ran for {stats['duration_s']} s")
    print("interrupted ok")


try:
    if not st.MemoryCgroup.available():
        print("no memory cgroups here: what the program reports is checked alone")
    # Events of its own would get in the way of the budgets here; all tasks start.
    plain = compiled("plain", events=False, settings={"starts": "true"})
    check_budgets(*plain)
    check_events(*compiled("events"))
    check_random_changes(*plain)
    check_trace(*plain)
    check_interrupted(*plain)
except st.Failure as failure:
    sys.exit(f"check_several.py: {failure}")
