"""Puts a measured table into docs/performance.md, between its two comments."""
import os

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "performance.md")


def write(name, lines):
    """Replaces what stands between `<!-- NAME table -->` and `<!-- end of NAME table -->`."""
    begin, end = f"<!-- {name} table -->", f"<!-- end of {name} table -->"
    with open(PATH) as f:
        text = f.read()
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    with open(PATH + ".tmp", "w") as f:
        f.write(head + begin + "\n" + "\n".join(lines) + "\n" + end + tail)
    os.replace(PATH + ".tmp", PATH)
