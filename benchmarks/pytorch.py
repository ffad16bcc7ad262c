#!/usr/bin/env python3
"""PyTorch and accelerate on the GPU: what benchmarks/cuda.py compares with.

    python3 benchmarks/pytorch.py [MODEL...] [--precision fp32 tf32 fp16] [--json FILE]
    python3 benchmarks/pytorch.py --device cpu vgg19        # tries the script without a GPU

Batch 1, weights made up. *eager*: the module called. *graph*: the same in a
CUDA graph, inputs and outputs on the device; *with copies*: and inputs from,
outputs to pinned host memory, as swapc's programs have them. Convolutions
are cuDNN's choice by trial; for graphs by rule too, and the faster one counts.
Each time is the median of calls
with a synchronisation after each. *offload* and *disk* are accelerate's
cpu_offload and disk_offload (its files stay in the page cache). Memory is the
peak that PyTorch's allocator holds. Llama models run in float16 always.
"""
import argparse
import gc
import importlib.util
import json
import statistics
import sys
import tempfile
import time
import warnings

MODES = ["eager", "graph", "offload", "disk"]
HEADER = ("| model | precision | eager ms | graph ms | with copies ms | MiB | offload ms | MiB | disk ms | MiB |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")


class Bench:
    def __init__(self, args):
        import torch

        self.torch, self.args, self.gpu = torch, args, args.device != "cpu"
        self.free = torch.cuda.mem_get_info()[0] if self.gpu else 0

    def synchronize(self):
        if self.gpu:
            self.torch.cuda.synchronize()

    def clean(self):
        gc.collect()
        if self.gpu:
            self.torch.cuda.empty_cache()
            self.torch.cuda.reset_peak_memory_stats()

    def memory(self):
        """Peak MiB: what tensors took, what the allocator held, what the device misses now."""
        if not self.gpu:
            return None
        cuda = self.torch.cuda
        return {"allocated": cuda.max_memory_allocated() / 2**20, "reserved": cuda.max_memory_reserved() / 2**20,
                "device": (self.free - cuda.mem_get_info()[0]) / 2**20}

    def median_ms(self, call, least=5):
        for _ in range(3):
            call()
        self.synchronize()
        samples, end = [], time.monotonic() + self.args.seconds
        while len(samples) < least or (time.monotonic() < end and len(samples) < 1000):
            start = time.perf_counter()
            call()
            self.synchronize()
            samples.append((time.perf_counter() - start) * 1e3)
        return statistics.median(samples)

    def capture(self, call):
        graph = self.torch.cuda.CUDAGraph()
        stream = self.torch.cuda.Stream()
        stream.wait_stream(self.torch.cuda.current_stream())
        with self.torch.cuda.stream(stream):
            for _ in range(3):
                call()
        self.torch.cuda.current_stream().wait_stream(stream)
        with self.torch.cuda.graph(graph):
            call()
        return graph

    def eager(self, model, inputs):
        return {"ms": self.median_ms(lambda: model(*inputs))}

    def graph(self, model, inputs):
        graph = self.capture(lambda: model(*inputs))
        result = {"ms": self.median_ms(graph.replay)}
        del graph
        host_in = [x.cpu().pin_memory() for x in inputs]
        host_out = model(*inputs).cpu().pin_memory()

        def whole():
            for device, host in zip(inputs, host_in):
                device.copy_(host, non_blocking=True)
            host_out.copy_(model(*inputs), non_blocking=True)

        graph = self.capture(whole)
        result["with_copies_ms"] = self.median_ms(graph.replay)
        return result

    def offload(self, model, inputs):
        import accelerate

        accelerate.cpu_offload(model, execution_device=inputs[0].device)
        return {"ms": self.median_ms(lambda: model(*inputs), 3)}

    def disk(self, model, inputs):
        import accelerate

        with tempfile.TemporaryDirectory(prefix="disk-offload-") as folder:
            accelerate.disk_offload(model, folder, execution_device=inputs[0].device)
            return {"ms": self.median_ms(lambda: model(*inputs), 3)}

    def measure(self, name, mode, precision):
        """One way through one model, from a fresh module: times and memory, or the error."""
        from pytorch_models import LLAMA, VISION, build

        torch = self.torch
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        dtype = torch.float16 if precision == "fp16" or name in LLAMA else torch.float32
        best = None
        for trial in (False, True) if mode == "graph" and name in VISION else (True,):
            torch.backends.cudnn.benchmark = trial
            try:
                self.clean()
                with torch.no_grad():
                    result = getattr(self, mode)(*build(name, self.args.device, dtype))
                result["cudnn_by_trial"] = trial
                result["mib"] = self.memory()
            except Exception as error:  # of any library: the table says what happened
                result = {"error": f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"}
            if best is None or result.get("ms", 1e30) < best.get("ms", 1e30):
                best = result
        return best


def line(row):
    cells = []
    for mode in MODES:
        result = row.get(mode, {})
        cells.append(f"{result['ms']:.3f}" if "ms" in result else result.get("error", "-")[:60].replace("|", " "))
        if mode == "graph":
            cells.append(f"{result['with_copies_ms']:.3f}" if "with_copies_ms" in result else "-")
        if mode != "eager":
            cells.append(f"{result['mib']['reserved']:.0f}" if result.get("mib") else "-")
    return f"| {row['model']} | {row['precision']} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--precision", nargs="+", default=["fp32"], choices=["fp32", "tf32", "fp16"])
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    parser.add_argument("--seconds", type=float, default=0.5, help="of measuring each time")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--json", help="write every figure here")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    missing = [m for m in ("torch", "torchvision", "transformers", "accelerate") if not importlib.util.find_spec(m)]
    if "torch" in missing:
        print("skipped: PyTorch is not installed here")
        return 0
    import torch
    from pytorch_models import LANGUAGE, LLAMA, NAMES, VISION

    if args.device != "cpu" and not torch.cuda.is_available():
        print("skipped: PyTorch finds no GPU here")
        return 0
    unknown = set(args.models) - set(NAMES)
    if unknown:
        print(f"skipped, in no library: {', '.join(sorted(unknown))}")
    names = [n for n in args.models or NAMES if n in NAMES]
    modes = [m for m in args.modes if m == "eager" or args.device != "cpu" or m in ("offload", "disk")]
    if "torchvision" in missing:
        names = [n for n in names if n not in VISION]
    if "transformers" in missing:
        names = [n for n in names if n not in LANGUAGE]
    if "accelerate" in missing:
        modes = [m for m in modes if m in ("eager", "graph")]
    for module in missing:
        print(f"skipped what needs {module}: not installed here")
    bench = Bench(args)
    device = torch.cuda.get_device_name() if bench.gpu else "CPU"
    print(f"PyTorch {torch.__version__} on {device}", flush=True)
    print(HEADER, flush=True)
    rows = []
    for name in names:
        for precision in ["fp16"] if name in LLAMA else args.precision:
            # Offloading is about memory: in the first precision only.
            chosen = [m for m in modes if m in ("eager", "graph") or name in LLAMA or precision == args.precision[0]]
            row = {"model": name, "precision": precision}
            for mode in chosen:
                row[mode] = bench.measure(name, mode, precision)
            rows.append(row)
            print(line(row), flush=True)
            if args.json:
                with open(args.json, "w") as f:
                    json.dump({"device": device, "torch": torch.__version__, "rows": rows}, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
