"""Puts a measured table into a page of docs/, between its two comments."""
import os

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs")


def write(name, lines, page="performance.md"):
    """Replaces what stands between `<!-- NAME table -->` and `<!-- end of NAME table -->`."""
    path = os.path.join(DOCS, page)
    begin, end = f"<!-- {name} table -->", f"<!-- end of {name} table -->"
    with open(path) as f:
        text = f.read()
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    with open(path + ".tmp", "w") as f:
        f.write(head + begin + "\n" + "\n".join(lines) + "\n" + end + tail)
    os.replace(path + ".tmp", path)
