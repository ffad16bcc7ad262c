#!/usr/bin/env python3
"""classify.py PROGRAM: classifies the 360 held-out images with a compiled digits model."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
images = np.load(os.path.join(here, "images.npy"))
labels = np.load(os.path.join(here, "labels.npy"))
program = os.path.abspath(sys.argv[1])
about = json.loads(subprocess.run([program, "--describe"], capture_output=True, check=True).stdout)
name, shape = about["inputs"][0]["name"], about["inputs"][0]["shape"]
batch = shape[0]

right = 0
with tempfile.TemporaryDirectory() as folder:
    for start in range(0, len(images), batch):
        np.save(f"{folder}/in.npy", images[start:start + batch].reshape(shape).astype(np.float32))
        subprocess.run([program, "--input", f"{name}={folder}/in.npy", "--output-dir", folder],
                       check=True, stderr=subprocess.DEVNULL)
        scores = np.load(f"{folder}/{about['outputs'][0]['name']}.npy")
        right += int((scores.argmax(axis=-1) == labels[start:start + batch]).sum())
    stats = f"{folder}/stats.json"
    subprocess.run([program, "--random", "--iterations", "20", "--stats", stats], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    s = json.load(open(stats))
print(f"{right} of {len(images)} images right")
print(f"peak {s['peak_bytes'] / 1024:.0f} KiB of a budget of {s['budget_bytes'] / 1024:.0f} KiB; "
      f"the model needs {s['model_bytes'] / 1024:.0f} KiB")
print(f"{s['streamed_bytes'] / 1024:.0f} KiB streamed per inference, median {s['latency_ms']['median']:.2f} ms, "
      f"bound {s['bound_ms']:.2f} ms")
