"""check_zoo.py [MODEL...]: the ten models on the emulated GPU, at three budgets each.

Verifies ONNX Runtime's answers, the same bits at every budget, and that memory
stays within it (test/e2e/check_model.py). Hours where all of them are taken.
"""
import os
import subprocess
import sys
import time

import swapc_testing as st

# Largest difference to ONNX Runtime over the largest magnitude, and bytes of
# rows that are looked up.
MODELS = {
    "mobilenet_v2": (1e-4, 0), "llama_15m_step": (2e-2, 4096), "gpt2": (1e-4, 1 << 18), "resnet101": (1e-4, 0),
    "bert_base": (1e-4, 1 << 20), "vgg19": (1e-4, 0), "vit_b_16": (1e-4, 0), "fcn_resnet101": (1e-4, 0),
    "yolov3": (1e-4, 0), "llama_1b_step": (2e-2, 1 << 14),
}


def main():
    os.environ["SWAPC_TEST_TARGET"] = "cuda"
    os.environ["SWAPC_FAST_KERNELS"] = "1"
    folder = os.path.join(st.build_dir(), "zoo")
    os.makedirs(folder, exist_ok=True)
    script = os.path.join(st.SOURCE, "test", "e2e", "check_model.py")
    failed = []
    for name in sys.argv[1:] or MODELS:
        tolerance, lookups = MODELS[name]
        start = time.monotonic()
        run = subprocess.run([sys.executable, script, st.materialized(name, folder), os.path.join(folder, name + ".emulated"),
                              "--budgets", "min,50%,max", "--tolerance", str(tolerance), "--lookups", str(lookups)],
                             capture_output=True, text=True)
        print(f"{name}: {time.monotonic() - start:.0f} s\n{run.stdout}{run.stderr}", end="", flush=True)
        if run.returncode:
            failed.append(name)
    if failed:
        sys.exit("failed: " + ", ".join(failed))
    print("all ok")


if __name__ == "__main__":
    main()
