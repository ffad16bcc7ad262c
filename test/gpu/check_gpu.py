#!/usr/bin/env python3
"""check_gpu.py [MODEL...]: the ten models and two examples on this machine's NVIDIA GPU.

    build/venv/bin/python test/gpu/check_gpu.py                      # everything but the sanitizer
    build/venv/bin/python test/gpu/check_gpu.py digits --sanitizer   # and compute-sanitizer's tools
    build/venv/bin/python test/gpu/check_gpu.py --collect            # says what would run, runs nothing

Each model is compiled once for three budgets (and min, which is run where one
of them is too small). Then, on the GPU:

  budget B        ONNX Runtime's answer (relative error at most 1e-4, float16
                  2e-2), at budgets below max the bits of max, and device memory
                  within the budget
  memory B        --check-memory: within the budget at every kernel, same bits
  one by one      --no-graph: same bits
  storage B       --source storage with --host-budget: same bits, pinned memory within it
  memcheck, ...   compute-sanitizer finds nothing

Exit status 0 if all checks hold, 1 if one does not. Without a GPU it says
SKIPPED and exits with 0, with --need-gpu 1.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import swapc_cuda as sc  # noqa: E402
import swapc_testing as st  # noqa: E402

BUDGETS = ["max", "43.1%", "17.2%"]
TOOLS = ["memcheck", "racecheck", "synccheck"]


class Suite:
    def __init__(self, args):
        self.args, self.rows, self.baseline = args, [], None

    def check(self, model, name, body):
        """One row: `body` gives what to print, or raises Failure."""
        began = time.monotonic()
        row = {"model": model, "check": name}
        try:
            row["figures"] = body()
            row["ok"] = True
        except (st.Failure, subprocess.SubprocessError, OSError, ValueError) as failure:
            lines = str(failure).strip().splitlines() or ["failed"]
            # Of a failed run its exit status and its last word.
            said = lines[0] if len(lines) == 1 else f"exited {lines[0].split(' exited ')[-1]} {lines[-1]}"
            row.update(ok=False, said=said, error=str(failure), figures={})
        row["seconds"] = time.monotonic() - began
        self.rows.append(row)
        figures = ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row["figures"].items())
        print(f"{'ok  ' if row['ok'] else 'FAIL'} {model:15} {name:16} {row.get('said', figures)}", flush=True)

    def run(self, program, inputs, plan, *extra):
        return st.run_program(program.path, inputs, ["--budget", str(plan["budget_bytes"]), "--device",
                                                     str(self.args.device), *extra])[:2]

    def same(self, got):
        st.require(self.baseline is not None, "nothing to compare with: the run without a budget failed")
        st.require(st.same_bits(got, self.baseline), "other bits than without a budget")

    def budget(self, program, inputs, want, name, plan):
        got, stats = self.run(program, inputs, plan, "--warmup", "1", "--iterations", "3")
        if name == "max":
            self.baseline = got
        wrong, size, error = [], plan["budget_bytes"], sc.distance(got, want)
        if not error <= sc.tolerance(program.name):
            wrong.append(f"relative error {error:.2e}")
        if self.baseline is not None and not st.same_bits(got, self.baseline):
            wrong.append("other bits than without a budget")
        if stats["device_bytes"] > size:
            wrong.append(f"{stats['device_bytes']} bytes of the device at a budget of {size}")
        st.require(not wrong, "; ".join(wrong))
        return {"error": error, "MiB": stats["device_bytes"] / st.MIB, "of": size / st.MIB,
                "streamed MiB": stats["streamed_bytes"] / st.MIB, "ms": stats["latency_ms"]["median"],
                "bound": stats["bound_ms"]}

    def again(self, program, inputs, plan, *extra, at_most=None):
        got, stats = self.run(program, inputs, plan, *extra)
        self.same(got)
        if at_most is not None:
            st.require(stats["source"] == "storage", f"weights from {stats['source']}, not from storage")
            st.require(stats["host_bytes"] <= at_most,
                       f"{stats['host_bytes']} bytes of pinned memory with --host-budget {at_most}")
            return {"host MiB": stats["host_bytes"] / st.MIB, "ms": stats["latency_ms"]["median"]}
        return {"ms": stats["latency_ms"]["median"]}

    def sanitize(self, program, plans, tool):
        """In the first of these plans that the tool, which takes device memory itself, leaves room for; else in the largest."""
        for plan in [*plans, None]:
            command = [self.args.compute_sanitizer, "--tool", tool, "--error-exitcode", "86", program.path, "--random",
                       *(["--budget", str(plan["budget_bytes"])] if plan else []), "--device", str(self.args.device)]
            run = subprocess.run(command, capture_output=True, text=True, timeout=self.args.timeout)
            if "device memory are in use beyond the bare context" not in run.stdout + run.stderr:
                break
        said = [l for l in run.stdout.splitlines() + run.stderr.splitlines() if l.startswith("=====")]
        st.require(run.returncode == 0, f"{tool} exited {run.returncode}: " + " / ".join(said[1:6] or [run.stderr[-300:]]))
        st.require(any("ERROR SUMMARY: 0 errors" in l or "RACECHECK SUMMARY: 0 hazards" in l for l in said),
                   f"{tool} gave no summary: " + " / ".join(said[-3:]))
        return {}

    def model(self, program, model):
        name = program.name
        inputs, want = sc.reference(name, model, self.args.zoo)
        self.baseline = None
        budgets = [b for b in self.args.budgets if b in program.plans]
        for budget in set(self.args.budgets) - set(budgets):
            print(f"--   {name:15} budget {budget}: {program.refused[budget]}", flush=True)
        if len(budgets) < len(self.args.budgets) and "min" not in budgets:
            budgets.append("min")  # instead
        for budget in budgets:
            self.check(name, f"budget {budget}",
                       lambda: self.budget(program, inputs, want, budget, program.plans[budget]))
        smallest = min(budgets, key=lambda b: program.plans[b]["budget_bytes"])
        small = program.plans[smallest]
        for budget, plan in {budgets[0]: program.plans[budgets[0]], smallest: small}.items():
            self.check(name, f"memory {budget}", lambda: self.again(program, inputs, plan, "--check-memory"))
        self.check(name, "one by one", lambda: self.again(program, inputs, small, "--no-graph"))
        host = self.args.host_budget << 20
        self.check(name, f"storage {smallest}", lambda: self.again(
            program, inputs, small, "--source", "storage", "--host-budget", str(host), "--iterations", "3", at_most=host))
        if self.args.sanitizer is not None and (not self.args.sanitizer or name in self.args.sanitizer):
            for tool in self.args.tools:
                self.check(name, tool, lambda: self.sanitize(program, [small, program.plans[budgets[0]]], tool))

    def summary(self):
        print("\n| model | checks | failed | worst error | compile s | run s |\n| --- | --- | --- | --- | --- | --- |")
        for name in dict.fromkeys(r["model"] for r in self.rows):
            rows = [r for r in self.rows if r["model"] == name]
            failed = [r["check"] for r in rows if not r["ok"]]
            errors = [r["figures"]["error"] for r in rows if "error" in r["figures"]]
            compiled = next((r["figures"]["s"] for r in rows if r["check"] == "compile" and r["ok"]), None)
            spent = sum(r["seconds"] for r in rows if r["check"] != "compile")
            print(f"| {name} | {len(rows)} | {', '.join(failed) or '-'} | {f'{max(errors):.1e}' if errors else '-'} "
                  f"| {'-' if compiled is None else f'{compiled:.1f}'} | {spent:.1f} |")
        failed = sum(not r["ok"] for r in self.rows)
        print(f"GPU suite: {len(self.rows)} checks, {failed} failed")
        return 1 if failed or not self.rows else 0


def fail(message):
    raise st.Failure(str(message))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("only", nargs="*", metavar="MODEL", help=" ".join(sc.EXAMPLES + sc.ZOO))
    sc.add_options(parser)
    parser.add_argument("--budgets", default=",".join(BUDGETS), type=lambda text: text.split(","))
    parser.add_argument("--host-budget", type=int, default=64, metavar="MIB", help="pinned memory of the runs from storage")
    parser.add_argument("--sanitizer", nargs="*", metavar="MODEL", help="of these models, else of all")
    parser.add_argument("--tools", nargs="+", default=TOOLS, choices=TOOLS + ["initcheck"])
    parser.add_argument("--timeout", type=int, default=600, help="seconds of one run in the sanitizer")
    parser.add_argument("--collect", action="store_true", help="list the checks, run nothing")
    parser.add_argument("--need-gpu", action="store_true", help="fail where there is no GPU")
    args = parser.parse_args()
    names = args.only or sc.EXAMPLES + sc.ZOO
    unknown = set(names) - set(sc.EXAMPLES + sc.ZOO)
    if unknown:
        parser.error(f"no such model: {', '.join(sorted(unknown))}")
    gpu, arch, reason = sc.find_gpu(args.device)
    per_model = len(args.budgets) + 5
    if args.collect:
        print(f"GPU suite: {len(names)} models, up to {per_model} checks each and compute-sanitizer, collected: "
              f"{' '.join(names)}")
        print(f"GPU suite: NOT RUN, only collected; {gpu + ' is here' if gpu else 'SKIPPED in any case: ' + reason}")
        return 0
    if not gpu:
        print(f"GPU suite: SKIPPED: {reason}")
        return 1 if args.need_gpu else 0
    args.arch = args.arch or arch
    args.compute_sanitizer = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    if args.sanitizer is not None and not os.path.exists(args.compute_sanitizer):
        print("GPU suite: compute-sanitizer SKIPPED: it is not installed")
        args.sanitizer = None
    print(f"GPU suite: {gpu} ({arch}), swapc --cuda-arch {args.arch}, {args.jobs} compilations at once", flush=True)
    suite = Suite(args)
    models = {name: sc.model_path(name, args.zoo) for name in names}
    for name, result in sc.compile_all(models.items(), lambda name: [*args.budgets, *({"min"} - set(args.budgets))], args):
        if isinstance(result, st.Failure):
            suite.check(name, "compile", lambda: fail(result))
            continue
        suite.check(name, "compile", lambda: {"s": result.seconds})
        try:
            suite.model(result, models[name])
        except (st.Failure, OSError) as failure:
            suite.check(name, "reference", lambda: fail(failure))
    status = suite.summary()
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"gpu": gpu, "arch": args.arch, "checks": suite.rows}, f, indent=1)
    return status


if __name__ == "__main__":
    sys.exit(main())
