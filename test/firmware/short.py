"""short.py FILE.c...: an example is less than 40 lines of code, beside its comment."""
import sys

for path in sys.argv[1:]:
    lines = open(path).read().split("===*/\n", 1)[1].splitlines()
    code = [line for line in lines if line.strip()]
    assert len(code) < 40, f"{path}: {len(code)} lines"
