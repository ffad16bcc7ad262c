"""The tables of benchmarks/several.py, out of its figures, and the bounds in them."""
import itertools
import math
import statistics

import swapc_testing as st


def pick(figures, name, way, budget, lanes=1):
    """The runs of one row, in order of the rounds."""
    return [r for r in figures["runs"] if (r["set"], r["way"], r["budget"], r["lanes"]) == (name, way, budget, lanes)]


def tasks(run):
    return [task for stats in run["stats"] for task in stats["tasks"]]


def named(run, name):
    return next(t for t in tasks(run) if t["name"] == name)


def names(figures, set_name):
    return list(figures["plans"][set_name])


def set_names(figures):
    return list(dict.fromkeys(r["set"] for r in figures["runs"]))


def budgets(figures):
    return list(dict.fromkeys(r["budget"] for r in figures["runs"]))


def geometric(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def ratios(figures, name, budget, task, lanes=1, way="pool"):
    """Median latency over that of the same round with all memory, in each round."""
    whole = {r["round"]: r for r in pick(figures, name, way, "max", lanes)}
    result = []
    for run in pick(figures, name, way, budget, lanes):
        if run["round"] in whole and named(run, task)["runs"] and named(whole[run["round"]], task)["runs"]:
            result.append(named(run, task)["latency_ms"]["median"]
                          / named(whole[run["round"]], task)["latency_ms"]["median"])
    return result


def worst_lateness(runs):
    """(milliseconds, task) of the job that ended latest after, or least before, its deadline."""
    found = [(t["worst_lateness_ms"], t["name"]) for r in runs for t in tasks(r)
             if t["runs"] and t["worst_lateness_ms"] is not None and t["deadline_ms"]]
    return max(found) if found else (None, None)


def latest(tasks_of_runs):
    """The same of one task in several runs."""
    return max((t["worst_lateness_ms"] for t in tasks_of_runs if t["worst_lateness_ms"] is not None), default=None)


def missed(runs):
    return sum(t["missed"] for r in runs for t in tasks(r)), sum(
        t["runs"] + t["refused"] for r in runs for t in tasks(r))


def least(plans, latencies, budget_bytes):
    """The smallest geometric mean that any choice of plans within the budget can
    have, and each task's factor then: its latency with all memory, plus what its
    plan must stall (`least_ms`, which no schedule can beat, beyond its compute).
    The zone has to hold one run. Tasks of one model would share its memory; the
    sets have none, and what is left out here only makes the bound lower."""
    best, factors = None, {}
    order = list(plans)
    for choice in itertools.product(*(plans[t] for t in order)):
        if sum(p["resident_bytes"] for p in choice) + max(p["region_bytes"] for p in choice) > budget_bytes:
            continue
        now = {t: 1 + max(0, p["least_ms"] - plans[t][-1]["compute_ms"]) / latencies[t] for t, p in zip(order, choice)}
        mean = geometric(now.values())
        if best is None or mean < best:
            best, factors = mean, now
    return best, factors


def bound(figures, name, budget):
    runs = pick(figures, name, "pool", "max")
    sizes = [r["budget_bytes"] for r in pick(figures, name, "pool", budget)]
    latencies = {}
    for task in names(figures, name):
        medians = [named(r, task)["latency_ms"]["median"] for r in runs if named(r, task)["runs"]]
        if not medians:
            return None, {}
        latencies[task] = statistics.median(medians)
    plans = {t: sorted(figures["plans"][name][t], key=lambda p: p["least_ms"], reverse=True) for t in latencies}
    return least(plans, latencies, sizes[0])


def link_share(figures, name, runs):
    """The part of all time that the link needs for what was read, at the rate that the plans know."""
    rates = [p["streamed_bytes"] / p["stream_ms"] for task in figures["plans"][name].values() for p in task
             if p["stream_ms"] > 0]
    rate = statistics.median(rates) * 1e3
    return statistics.median(sum(s["read_bytes"] for s in r["stats"]) / r["stats"][0]["duration_s"] / rate
                             for r in runs)


def cell(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value):
    return "-" if value is None else f"{100 * value:.0f} %"


TASKS = ("| set | task | budget | runs | missed | median ms | p99 ms | worst ms | ÷ with all memory | least, by plans "
         "| compute ms | stall ms | wait ms | resident MiB | worst lateness ms | naive: median ms | worst lateness ms |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")


def task_rows(figures):
    for name in set_names(figures):
        for task in names(figures, name):
            for budget in budgets(figures):
                runs = [named(r, task) for r in pick(figures, name, "pool", budget)]
                if not runs:
                    continue
                naive = [named(r, task) for r in pick(figures, name, "naive", budget)]
                _, factors = bound(figures, name, budget)
                found = ratios(figures, name, budget, task)

                def middle(field, some=runs):
                    return statistics.median(field(t) for t in some) if some else None

                yield (f"| {name} | {task} | {budget} | {sum(t['runs'] for t in runs)} "
                       f"| {sum(t['missed'] for t in runs)} "
                       f"| {middle(lambda t: t['latency_ms']['median']):.1f} | {middle(lambda t: t['latency_ms']['p99']):.1f} "
                       f"| {max(t['latency_ms']['max'] for t in runs):.1f} "
                       f"| {cell(statistics.median(found) if found else None)} | {cell(factors.get(task))} "
                       f"| {middle(lambda t: t['compute_ms']):.1f} | {middle(lambda t: t['stall_ms']):.1f} "
                       f"| {middle(lambda t: t['wait_ms']):.1f} | {middle(lambda t: t['resident_bytes']) / st.MIB:.1f} "
                       f"| {cell(latest(runs), 0)} "
                       f"| {cell(middle(lambda t: t['latency_ms']['median'], naive), 1)} "
                       f"| {cell(latest(naive), 0)} |")


SETS = ("| set | way | budget | MiB | process MiB | ÷ with all memory | least, by plans | link busy "
        "| missed | worst lateness ms | of | computing |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
ORDER = [("pool", 1), ("lanes 2", 2), ("naive", 1)]


def mean_ratio(figures, name, way, budget, lanes):
    """Geometric mean over the tasks; the naive way is compared with the pool's runs with all memory."""
    found = []
    for task in names(figures, name):
        if way == "naive":
            whole = [named(r, task)["latency_ms"]["median"] for r in pick(figures, name, "pool", "max")]
            some = [named(r, task)["latency_ms"]["median"] for r in pick(figures, name, "naive", budget)]
            found.append(statistics.median(some) / statistics.median(whole) if some and whole else None)
        else:
            some = ratios(figures, name, budget, task, lanes, way)
            found.append(statistics.median(some) if some else None)
    return None if None in found else geometric(found)


def set_rows(figures):
    for name in set_names(figures):
        for way, lanes in ORDER:
            for budget in budgets(figures):
                runs = pick(figures, name, way, budget, lanes)
                if not runs:
                    continue
                late, whose = worst_lateness(runs)
                lost, all_jobs = missed(runs)
                held = [sum(r["process_bytes"]) for r in runs if None not in r["process_bytes"]]
                lowest = bound(figures, name, budget)[0] if way == "pool" else None
                busy = statistics.median(sum(s["compute_ms"] for s in r["stats"]) / r["stats"][0]["duration_s"] / 1e3
                                         / lanes for r in runs)
                yield (f"| {name} | {way} | {budget} | {runs[0]['budget_bytes'] / st.MIB:.0f} "
                       f"| {cell(max(held) / st.MIB if held else None, 0)} "
                       f"| {cell(mean_ratio(figures, name, way, budget, lanes))} | {cell(lowest)} "
                       f"| {percent(link_share(figures, name, runs))} | {lost} of {all_jobs} | {cell(late, 0)} "
                       f"| {whose or '-'} | {percent(busy)} |")


THROUGHPUT = ("| set | budget | jobs/s, one lane | two lanes | task: jobs/s with one lane, two lanes |\n"
              "| --- | --- | --- | --- | --- |")


def throughput_rows(figures):
    for name in set_names(figures):
        for budget in budgets(figures):
            rates = []
            for lanes in (1, 2):
                runs = pick(figures, name, "throughput", budget, lanes)
                rates.append({t: statistics.median(named(r, t)["runs"] / figures["seconds"] for r in runs)
                              for t in names(figures, name)} if runs else None)
            if None not in rates:
                yield (f"| {name} | {budget} | {sum(rates[0].values()):.2f} | {sum(rates[1].values()):.2f} | "
                       + ", ".join(f"{t} {rates[0][t]:.2f}, {rates[1][t]:.2f}" for t in rates[0]) + " |")


def lines(figures):
    """Everything that goes between the comments of docs/performance.md."""
    result = [SETS, *set_rows(figures), "", TASKS, *task_rows(figures)]
    rows = list(throughput_rows(figures))
    return result + (["", THROUGHPUT, *rows] if rows else [])


def progress(run):
    """One run in one line, for who waits."""
    late, whose = worst_lateness([run])
    text = ", ".join(f"{t['name']} {t['latency_ms']['median']:.0f}" for t in tasks(run) if t["runs"])
    return (f"{run['set']} {run['budget']} {run['way']}, lanes {run['lanes']}, round {run['round']}: "
            f"median ms {text}; worst lateness {cell(late, 0)} ({whose})")
