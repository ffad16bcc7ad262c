"""The tables of benchmarks/cuda.py, as lines of Markdown."""
import math

MIB = 1 << 20
# Those that the promise of speed without a budget is about.
SPEED = {"vgg19", "resnet101", "mobilenet_v2", "vit_b_16", "bert_base", "gpt2"}

BUDGETS = ("| model | budget | budget MiB | device MiB | resident MiB | streamed MiB | ms | compute ms | link GB/s "
           "| bound ms | time ÷ bound | time ÷ PyTorch's graph |\n"
           "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
TORCH = ("| model | swapc, no budget, ms | MiB | PyTorch | eager ms | CUDA graph ms | with copies ms | MiB "
         "| swapc ÷ graph | swapc ÷ with copies |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
OFFLOAD = ("| model | swapc at 17.2 %, ms | MiB | cpu_offload ms | MiB | its time ÷ swapc's | disk_offload ms | MiB "
           "| its time ÷ swapc's |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
STORAGE = ("| model | budget | budget MiB | device MiB | host MiB | streamed MiB | ms | compute ms | O_DIRECT GB/s "
           "| bound ms | bound ÷ time |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
TOKENS = ("| model | budget | budget MiB | streamed MiB | ms | tokens/s | tokens/s of streamed bytes at the link's rate "
          "| PyTorch's graph, tokens/s |\n| --- | --- | --- | --- | --- | --- | --- | --- |")


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def median(row):
    return row["stats"]["latency_ms"]["median"]


def refused(row):
    return f"| {row['model']} | {row['budget']} | | {row['error'].replace('|', ' ')} |"


def graph_ms(torch, model, precision=None):
    """PyTorch's CUDA graph, in float32 where there are several precisions."""
    for row in torch.get("rows", []):
        if row["model"] == model and row["precision"] in ([precision] if precision else ["fp32", "fp16"]):
            return row.get("graph", {}).get("ms")
    return None


def budget_line(row, torch):
    if "stats" not in row:
        return refused(row)
    s, ms = row["stats"], median(row)
    graph = graph_ms(torch, row["model"])
    return (f"| {row['model']} | {row['budget']} | {s['budget_bytes'] / MIB:.1f} | {s['device_bytes'] / MIB:.1f} "
            f"| {s['resident_bytes'] / MIB:.1f} | {s['streamed_bytes'] / MIB:.1f} | {ms:.3f} "
            f"| {s['undisturbed_compute_ms']:.3f} | {s['link_bytes_per_second'] / 1e9:.1f} | {s['bound_ms']:.3f} "
            f"| {ms / max(s['bound_ms'], 1e-9):.2f} | {f'{ms / graph:.2f}' if graph else '-'} |")


def storage_line(row):
    if "stats" not in row:
        return refused(row)
    s, ms = row["stats"], median(row)
    return (f"| {row['model']} | {row['budget']} | {s['budget_bytes'] / MIB:.1f} | {s['device_bytes'] / MIB:.1f} "
            f"| {s['host_bytes'] / MIB:.1f} | {s['streamed_bytes'] / MIB:.1f} | {ms:.1f} "
            f"| {s['undisturbed_compute_ms']:.2f} | {s['link_bytes_per_second'] / 1e9:.2f} | {s['bound_ms']:.1f} "
            f"| {s['bound_ms'] / ms:.2f} |")


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}f}"


def held(result):
    return number((result.get("mib") or {}).get("reserved"), 0)


def torch_lines(host, torch):
    largest = {r["model"]: r for r in host if r["budget"] == "max"}
    for row in torch.get("rows", []):
        ours = largest.get(row["model"])
        ms = median(ours) if ours else None
        graph = row.get("graph", {})
        yield (f"| {row['model']} | {number(ms)} | {number(ours['stats']['device_bytes'] / MIB, 0) if ours else '-'} "
               f"| {row['precision']} | {number(row.get('eager', {}).get('ms'))} | {number(graph.get('ms'))} "
               f"| {number(graph.get('with_copies_ms'))} | {held(graph)} "
               f"| {number(ms / graph['ms'], 2) if ms and graph.get('ms') else '-'} "
               f"| {number(ms / graph['with_copies_ms'], 2) if ms and graph.get('with_copies_ms') else '-'} |")


def offload_lines(host, torch):
    small = {r["model"]: r for r in host if r["budget"] == "17.2%"}
    for row in torch.get("rows", []):
        ours = small.get(row["model"])
        if not ours or not ("offload" in row or "disk" in row):
            continue
        ms, cells = median(ours), []
        for mode in ("offload", "disk"):
            result = row.get(mode, {})
            theirs = result.get("ms")
            cells += [number(theirs, 1) if theirs else result.get("error", "-")[:60].replace("|", " "), held(result),
                      number(theirs / ms, 1) if theirs else "-"]
        yield f"| {row['model']} | {number(ms, 2)} | {ours['stats']['device_bytes'] / MIB:.0f} | {' | '.join(cells)} |"


def token_lines(host, torch):
    for row in host:
        if not row["model"].startswith("llama"):
            continue
        s, ms, graph = row["stats"], median(row), graph_ms(torch, row["model"])
        link = s["link_bytes_per_second"] / s["streamed_bytes"] if s["streamed_bytes"] else None
        yield (f"| {row['model']} | {row['budget']} | {s['budget_bytes'] / MIB:.1f} | {s['streamed_bytes'] / MIB:.1f} "
               f"| {ms:.3f} | {1e3 / ms:.0f} | {number(link, 0)} | {number(1e3 / graph, 0) if graph else '-'} |")


def sentences(host, torch):
    """Geometric means, and the first of them for the promise."""
    lines, whole = [], {}
    for r in host:
        graph = graph_ms(torch, r["model"], "fp32")
        if r["budget"] == "max" and graph and r["model"] in SPEED:
            whole[r["model"]] = median(r) / graph
    if whole:
        lines.append(f"Without a budget, time ÷ PyTorch's CUDA graph in float32: {mean(list(whole.values())):.2f} "
                     f"(geometric mean of {', '.join(whole)}).")
    streamed = [median(r) / r["stats"]["bound_ms"] for r in host if r["stats"]["streamed_bytes"]]
    if streamed:
        lines.append(f"From host memory, time ÷ bound: {mean(streamed):.2f} (geometric mean of {len(streamed)} rows that "
                     f"stream), at most 1.05 in {sum(x <= 1.05 for x in streamed)}, at most {max(streamed):.2f}.")
    return lines, mean(list(whole.values()))


def all_tables(rows, torch, gpu):
    """`text`: the lines of the page, `mean`: time ÷ PyTorch's graph or None."""
    host = [r for r in rows if r["source"] == "host" and "stats" in r]
    lines, ratio = sentences(host, torch)
    text = [f"{gpu}, batch 1.", "", BUDGETS,
            *(budget_line(r, torch) for r in rows if r["source"] == "host"), "", *lines]
    for title, header, some in (
            (f"PyTorch {torch.get('torch', '')}, everything on the device:", TORCH, list(torch_lines(host, torch))),
            ("accelerate, weights on the host and on disk:", OFFLOAD, list(offload_lines(host, torch))),
            ("Weights from storage:", STORAGE, [storage_line(r) for r in rows if r["source"] == "storage"]),
            ("Tokens per second:", TOKENS, list(token_lines(host, torch)))):
        if some:
            text += ["", title, "", header, *some]
    return {"text": text, "mean": ratio}
