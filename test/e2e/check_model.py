"""check_model.py MODEL WORKDIR [--budgets a,b,c] [--tolerance X] [--mcpu CPU] [--unit-bytes N] [--lookups N]

Compiles MODEL once for several budgets and checks what swapc promises: each
budget gives ONNX Runtime's answer and the same bits as no budget, the reported
peak is within the budget, and (as root) the kernel's memory controller kills
nothing at budget + inputs + outputs + 24 MiB. On the emulated GPU the program
compares the device's memory with the budget after each kernel instead.
"""
import argparse
import os

import swapc_testing as st

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("workdir")
parser.add_argument("--budgets", default="min,30%,60%,max")
parser.add_argument("--tolerance", type=float, default=1e-4)
parser.add_argument("--mcpu", default="x86-64-v3")
parser.add_argument("--unit-bytes", default=None)
parser.add_argument("--lookups", type=int, default=0, help="bytes of rows that are looked up in a run, whatever the budget")
args = parser.parse_args()

os.makedirs(args.workdir, exist_ok=True)
program = os.path.join(args.workdir, "program")
extra = st.cpu_only("--mcpu", args.mcpu, "--threads", "2")
if args.unit_bytes:
    extra += ["--unit-bytes", args.unit_bytes]
st.compile_model(args.model, program, args.budgets.split(","), extra)
about = st.describe(program)
inputs = st.sample_inputs(args.model)
want = st.reference(args.model, inputs)
plans = sorted(about["budgets"], key=lambda p: -p["budget_bytes"])
st.require(plans[0]["streamed_bytes"] <= args.lookups, "the largest budget still streams")
baseline = None
if not st.MemoryCgroup.available():
    print("no memory cgroups here: the reported peak alone is checked")
for plan in plans:
    for threads in (1, 2) if st.TARGET == "cpu" else (1,):
        size = plan["budget_bytes"]
        limit = st.process_limit(about, size)
        got, stats, _ = st.run_program(
            program, inputs, ["--budget", str(size), "--threads", str(threads), "--iterations", "2"], limit)
        error = st.worst_error(got, want)
        st.require(error <= args.tolerance, f"relative error {error:.2e} at budget {size}")
        st.require(stats["peak_bytes"] <= size, f"peak {stats['peak_bytes']} over budget {size}")
        if st.TARGET == "cuda":
            st.run_program(program, inputs, ["--budget", str(size), "--check-memory"], outputs=False)
        baseline = baseline or got
        st.require(st.same_bits(got, baseline), f"other bits at budget {size}, {threads} threads")
        print(f"budget {size} threads {threads}: streamed {stats['streamed_bytes']} error {error:.1e} same bits")
print("ok", len(plans), "plans")
