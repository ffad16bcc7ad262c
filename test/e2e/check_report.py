"""Checks a page of `swapc --report` against the plans that `--emit plan` prints.

usage: check_report.py PAGE.html PLAN.json
"""
import html.parser
import json
import os
import re
import sys
import xml.etree.ElementTree

from swapc_testing import Failure, require

VOID = {"meta", "br"}
TAGS = VOID | {"html", "head", "title", "style", "body", "section", "h1", "h2", "h3", "p", "div", "table", "tr", "th",
               "td", "data", "figure", "figcaption", "i", "script", "svg", "rect", "line", "path", "circle", "text"}
MOST_BYTES = 2_000_000


class Page(html.parser.HTMLParser):
    """Tables as rows of (text, value) cells, and the words that can be read."""

    def __init__(self, text):
        super().__init__()
        self.open, self.scripts, self.tables, self.words, self.values = [], 0, {}, {}, []
        self.feed(text)
        self.close()
        require(not self.open, f"not closed: {self.open}")

    def handle_starttag(self, tag, attributes):
        require(tag in TAGS, f"<{tag}> is not a tag of a report")
        for name, value in attributes:
            require(name not in ("src", "href", "srcset", "data") and not name.startswith("on"),
                    f"<{tag}> has {name}={value}")
        attributes = dict(attributes)
        self.scripts += tag == "script"
        if tag == "table":
            self.rows = self.tables.setdefault(attributes.get("id") or attributes["class"], [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append(["", None])
        elif tag == "data" and "td" in self.open:
            self.rows[-1][-1][1] = float(attributes["value"])
        elif tag == "data":
            self.values.append(float(attributes["value"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        require(self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}")
        self.open.pop()

    def handle_data(self, text):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1][0] += text
        elif self.open and self.open[-1] in ("h1", "title"):
            self.words[self.open[-1]] = self.words.get(self.open[-1], "") + text


def check_drawings(text, plans):
    drawings = [xml.etree.ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.S)]
    by_class = {}
    for drawing in drawings:
        by_class.setdefault(drawing.get("class"), []).append(drawing)
        for number in re.findall(r"[-0-9.]*(?:nan|inf)[-0-9.]*", " ".join(
                value for element in drawing.iter() for name, value in element.items() if name in
                ("x", "y", "width", "height", "d", "cx", "cy", "x1", "x2", "y1", "y2"))):
            raise Failure(f"a drawing has the number {number}")
    require(len(by_class["curve"]) == 1, "one curve is drawn")
    asked = [e for e in by_class["curve"][0].iter() if e.get("class") == "asked"]
    require(len(asked) == len(plans), f"{len(asked)} of {len(plans)} budgets are marked")
    for name in ("memory", "schedule", "addresses"):
        require(len(by_class[name]) == len(plans), f"{len(by_class[name])} drawings of {name}")
    for plan, memory, schedule, addresses in zip(plans, *(by_class[n] for n in ("memory", "schedule", "addresses"))):
        require(int(memory.get("data-peak")) == plan["peak_bytes"],
                f"{plan['name']}: drawn peak {memory.get('data-peak')}, not {plan['peak_bytes']}")
        require(int(memory.get("data-budget")) == plan["budget_bytes"], f"{plan['name']}: budget")
        require(int(addresses.get("data-arena")) == plan["arena_bytes"], f"{plan['name']}: arena")
        length = float(schedule.get("data-length"))
        # Drawn from the same figures that the timeline was made from.
        last = plan["timeline"][-1][0]
        require(last <= length * 1.001 + 0.001, f"{plan['name']}: {length} ms drawn, the last step begins at {last}")
        require(abs(length - plan["time_ms"]) <= 0.25 * length, f"{plan['name']}: {length} ms, not {plan['time_ms']}")
        titles = [e.text for e in memory.iter() if e.tag.endswith("title")]
        steps = [int(n) for t in titles for n in re.match(r"steps? (\d+)(?: to (\d+))?:", t).groups() if n]
        require(min(steps) == 0 and max(steps) == len(plan["timeline"]) - 1, f"{plan['name']}: steps are missing")
        kinds = {e.get("class").split()[0] for e in addresses.iter() if e.tag.endswith("rect")}
        require(("resident" in kinds) == (plan["resident_bytes"] > 0), f"{plan['name']}: resident is drawn wrongly")
        reads = any(e.get("class", "").startswith("read") for e in schedule.iter())
        require(reads == any(step["op"] == "in" for step in plan["steps"]), f"{plan['name']}: reads are drawn wrongly")


def check_tables(page, plan_json):
    plans = plan_json["plans"]
    head, *rows = page.tables["plans"]
    columns = [cell[0] for cell in head]
    require(len(rows) == len(plans), f"{len(rows)} rows for {len(plans)} plans")
    fields = {"budget": "budget_bytes", "peak": "peak_bytes", "arena": "arena_bytes", "resident": "resident_bytes",
              "streamed a run": "streamed_bytes", "compute ms": "compute_ms", "reads ms": "stream_ms",
              "bound ms": "bound_ms", "predicted ms": "time_ms", "least ms": "least_ms", "first run ms": "cold_ms"}
    for row, plan in zip(rows, plans):
        for name, (_, value) in zip(columns, row):
            if name in fields:
                require(value == plan[fields[name]], f"{plan['name']}: {name} {value}, not {plan[fields[name]]}")
    for field in ("model_bytes", "weight_bytes", "activation_bytes", "min_bytes"):
        require(plan_json[field] in page.values, f"{field} {plan_json[field]} is not among {page.values}")
    # One table of kernels a plan; they follow each other.
    rows = iter(page.tables["kernels"])
    for plan in plans:
        counts = {}
        for _, _, kernel, node in plan["timeline"]:
            counts[kernel] = counts.get(kernel, 0) + 1
        require(next(rows)[0][0] == "kernel", "kernels have a head")
        times = []
        for _ in range(10**6):
            row = next(rows, None)
            if row is None or row[0][0] == "kernel":
                rows = iter([row, *rows] if row else [])
                break
            kernel = row[0][0].removeprefix("rows of ")
            require(kernel in counts or row[0][0] in counts or kernel in {u["name"] for u in plan_json["units"]},
                    f"no kernel is called {row[0][0]}")
            times.append(row[3][1])
        require(0 < len(times) <= 10 and times == sorted(times, reverse=True), f"kernels in this order: {times}")


def check(path, plan_path):
    require(os.path.getsize(path) < MOST_BYTES, f"{path} has {os.path.getsize(path)} bytes")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(plan_path, encoding="utf-8") as f:
        plan_json = json.load(f)
    outside = re.sub(r'xmlns="http://www.w3.org/2000/svg"', "", text)
    for word in ("http:", "https:", "@import", "url("):
        require(word not in outside, f"the page has {word}")
    page = Page(text)
    require(page.scripts == 1, f"{page.scripts} scripts")
    require(page.words["h1"] == plan_json["model"], f"headed {page.words['h1']}, not {plan_json['model']}")
    check_tables(page, plan_json)
    check_drawings(text, plan_json["plans"])


if __name__ == "__main__":
    try:
        check(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"{sys.argv[1]}: {failure}")
