#!/usr/bin/env python3
"""The models on an NVIDIA GPU at all budgets, beside PyTorch and accelerate: tables of docs/performance.md.

    python3 benchmarks/cuda.py --write                       # everything
    python3 benchmarks/cuda.py vgg19 --budgets max 64MiB     # some models, some budgets
    python3 benchmarks/cuda.py --torch-only                  # PyTorch and accelerate alone
    python3 benchmarks/cuda.py --kernels vgg19 resnet101     # where the time goes
    python3 benchmarks/cuda.py --check                       # exit 1 if a promise is broken

PyTorch runs first, in a process of its own (benchmarks/pytorch.py), where it is
installed. The programs are compiled several at once, profiled (`PROG --profile`), compiled
again with what that says of kernels and link, then measured one by one:
`PROG --stats` gives the median latency, the compute with every unit present and
the rate of pinned copies (of O_DIRECT reads for weights from storage), all in
one run. *bound* is the larger of compute and streamed bytes at that rate.
"""
import argparse
import json
import os
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "test", "support"))
import cuda_kernels  # noqa: E402
import cuda_tables  # noqa: E402
import swapc_cuda as sc  # noqa: E402
import swapc_testing as st  # noqa: E402
import tables  # noqa: E402

BUDGETS = ["max", "75%", "50%", "43.1%", "17.2%", "min"]
FURTHER = {"vgg19": ["64MiB"]}
STORAGE = ["vgg19", "bert_base", "llama_1b_step"]  # little compute for each byte


def run_pytorch(args):
    """What benchmarks/pytorch.py measures, by model and precision; empty where it cannot run."""
    if args.torch_json:
        with open(args.torch_json) as f:
            return json.load(f)
    path = os.path.join(args.programs, "pytorch.json")
    os.makedirs(args.programs, exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    command = [args.python, os.path.join(SOURCE, "benchmarks", "pytorch.py"), "--precision", *args.precision,
               "--seconds", str(args.seconds), "--json", path, *args.models]
    status = subprocess.run(command).returncode
    if status:
        print(f"PyTorch: skipped the rest, {command[1]} exited {status}", flush=True)
    if not os.path.exists(path):
        return {"rows": []}
    with open(path) as f:
        return json.load(f)


def compile_programs(models, args, failures, profiles=None):
    programs = {}
    for name, result in sc.compile_all(models.items(), args.budgets_of, args, profiles):
        if isinstance(result, st.Failure):
            failures.append(f"{name}: {result}")
            print(f"{name}: {result}", file=sys.stderr, flush=True)
            continue
        programs[name] = result
        print(f"{name}: compiled in {result.seconds:.1f} s for {', '.join(result.plans)}"
              f"{', with its profile' if profiles else ''}", flush=True)
    return programs


def measure_profiles(programs, args, failures):
    profiles = {}
    for name, program in programs.items():
        try:
            profiles[name] = sc.profile(program, args)
        except (st.Failure, OSError) as failure:
            failures.append(f"{name}: {failure}")
    return profiles


def measure(program, inputs, plan, about_ms, args, *extra):
    """Measurements of one plan, outputs not written."""
    count = max(5, min(args.most, int(args.seconds * 1e3 / max(about_ms, 0.05))))
    return st.run_program(program.path, inputs, [
        "--budget", str(plan["budget_bytes"]), "--device", str(args.device), "--warmup", str(min(count, 10)),
        "--iterations", str(count), *extra], outputs=False)[1]


def bench(program, model, args):
    """The rows of one model: every budget, and from storage."""
    inputs, about, rows = st.sample_inputs(model), 20.0, []
    for budget in args.budgets_of(program.name):
        row = {"model": program.name, "budget": budget, "source": "host"}
        rows.append(row)
        if budget not in program.plans:
            row["error"] = program.refused[budget]
            continue
        plan = program.plans[budget]
        try:
            if budget == "max":  # a first look, for the number of runs
                about = measure(program, inputs, plan, args.seconds * 200, args)["latency_ms"]["median"]
            row["stats"] = measure(program, inputs, plan, about, args)
            about = row["stats"]["latency_ms"]["median"]
        except (st.Failure, subprocess.SubprocessError) as failure:
            row["error"] = str(failure).strip().splitlines()[-1]
        print(cuda_tables.budget_line(row, {}), flush=True)
    if program.name not in args.storage:
        return rows
    for budget in [b for b in ("50%", "17.2%") if b in program.plans]:
        row = {"model": program.name, "budget": budget, "source": "storage", "host_budget": args.host_budget}
        rows.append(row)
        try:
            row["stats"] = measure(program, inputs, program.plans[budget], 300, args, "--source", "storage",
                                   "--host-budget", f"{args.host_budget}MiB")
        except (st.Failure, subprocess.SubprocessError) as failure:
            row["error"] = str(failure).strip().splitlines()[-1]
        print(cuda_tables.storage_line(row), flush=True)
    return rows


def problems_of(rows, lines):
    """Promises of the CUDA target that the rows break."""
    for row in rows:
        where = f"{row['model']} {row['budget']} from {row['source']}"
        if "error" in row:
            if "too small" not in row["error"]:
                yield f"{where}: {row['error']}"
            continue
        s = row["stats"]
        ms = s["latency_ms"]["median"]
        if s["device_bytes"] > s["budget_bytes"]:
            yield f"{where}: {s['device_bytes']} bytes of the device at a budget of {s['budget_bytes']}"
        if row["source"] == "storage":
            if s["host_bytes"] > row["host_budget"] << 20:
                yield f"{where}: {s['host_bytes']} bytes of pinned memory with {row['host_budget']} MiB"
            if s["bound_ms"] / ms < 0.95:
                yield f"{where}: {s['bound_ms'] / ms:.2f} of the bound at the O_DIRECT rate"
        elif s["streamed_bytes"] and ms > 1.05 * s["bound_ms"]:
            yield f"{where}: {ms / s['bound_ms']:.2f} of the bound"
        if row["model"] == "vgg19" and row["budget"] == "64MiB" and ms > 11:
            yield f"{where}: {ms:.2f} ms, not 11"
    if lines["mean"] and lines["mean"] > 1:
        yield f"without a budget {lines['mean']:.2f} of PyTorch's CUDA graph in the geometric mean"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", help=" ".join(sc.ZOO))
    sc.add_options(parser)
    parser.add_argument("--budgets", nargs="+", help=f"default: {' '.join(BUDGETS)}, and for vgg19 64MiB")
    parser.add_argument("--storage", nargs="*", default=STORAGE, metavar="MODEL", help="also with weights from storage")
    parser.add_argument("--host-budget", type=int, default=64, metavar="MIB", help="pinned memory of runs from storage")
    parser.add_argument("--seconds", type=float, default=0.5, help="of measuring each time")
    parser.add_argument("--most", type=int, default=1000, help="runs of a measurement")
    parser.add_argument("--precision", nargs="+", default=["fp32"], help="of PyTorch: fp32 tf32 fp16")
    parser.add_argument("--python", default=sys.executable, help="that has PyTorch")
    parser.add_argument("--torch-json", metavar="FILE", help="what benchmarks/pytorch.py --json wrote, not to run it")
    parser.add_argument("--torch-only", action="store_true")
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--no-profile", dest="profile", action="store_false", help="plan with default rates")
    parser.add_argument("--compile-only", action="store_true", help="fill --programs")
    parser.add_argument("--kernels", nargs="+", metavar="MODEL", help="the slowest kernels of these models, nothing else")
    parser.add_argument("--top", type=int, default=25, help="of --kernels")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--check", action="store_true", help="exit 1 if a promise is broken")
    args = parser.parse_args()
    args.models = args.kernels or args.models or sc.ZOO
    unknown = set(args.models) - set(sc.ZOO)
    if unknown:
        parser.error(f"no such model: {', '.join(sorted(unknown))}")
    args.budgets_of = lambda name: args.budgets or BUDGETS + FURTHER.get(name, [])
    if not os.path.exists(args.swapc) and not args.torch_only:
        parser.error(f"--swapc {args.swapc}: no such file")
    return args


def main():
    args = parse()
    if args.torch_only:
        run_pytorch(args)
        return 0
    gpu, arch, reason = sc.find_gpu(args.device)
    if not gpu and not (args.compile_only and args.arch):
        print(f"skipped: {reason}")
        return 0
    args.arch = args.arch or arch
    models = {name: sc.model_path(name, args.zoo) for name in args.models}
    torch = {"rows": []} if args.no_torch or args.compile_only or args.kernels else run_pytorch(args)
    rows, failures = [], []
    programs = compile_programs(models, args, failures)
    if not (args.compile_only or args.kernels) and args.profile:
        profiles = measure_profiles(programs, args, failures)
        programs.update(compile_programs({n: models[n] for n in profiles}, args, failures, profiles))
    if args.compile_only:
        return 1 if failures else 0
    if args.kernels:
        for name in args.kernels:
            if name in programs:
                print(cuda_kernels.table(programs[name], models[name], args), flush=True)
        return 1 if failures else 0
    print(f"{gpu} ({arch})\n{cuda_tables.BUDGETS}", flush=True)
    for name in args.models:
        if name in programs:
            rows += bench(programs[name], models[name], args)
    lines = cuda_tables.all_tables(rows, torch, gpu)
    print("\n".join(lines["text"]))
    problems = failures + list(problems_of(rows, lines))
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"gpu": gpu, "rows": rows, "pytorch": torch, "problems": problems}, f, indent=1)
    if args.write:
        tables.write("cuda", lines["text"])
    for problem in problems:
        print("PROBLEM:", problem, file=sys.stderr)
    return 1 if args.check and problems else 0


if __name__ == "__main__":
    sys.exit(main())
