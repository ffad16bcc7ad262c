"""same_scores.py HOST.bin FILE.bin...: compares a board's scores with the host's.

They may differ by 1e-5 of the largest, since instruction sets differ in the width
of sums and in whether they fuse multiplications with additions.
"""
import sys

import numpy as np

host = np.fromfile(sys.argv[1], np.float32)
assert len(host) >= 10 and np.ptp(host) > 1, host
for path in sys.argv[2:]:
    scores = np.fromfile(path, np.float32)
    count = len(scores)
    assert count >= 10 and count % 10 == 0 and count <= len(host), f"{path}: {count} scores"
    worst = np.abs(scores - host[:count]).max() / np.abs(host).max()
    assert worst <= 1e-5, f"{path}: differs by {worst:.2g}"
    print(f"{path}: {count} scores, differ by {worst:.2g}")
