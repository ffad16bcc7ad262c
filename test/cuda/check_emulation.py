"""Verifies that the emulated GPU computes what a GPU would, and that it tells
of what a GPU leaves undefined."""
import subprocess
import sys

import numpy as np

import emulated_cuda as ec

SOURCE = r'''
extern "C" __global__ void __launch_bounds__(256)
add(const __grid_constant__ swap_args<3> args) {
  const unsigned long long i = swap_block_tile(args) * blockDim.x + threadIdx.x;
  static_cast<float *>(args.operand[2])[i] =
      static_cast<const float *>(args.operand[0])[i] + static_cast<const float *>(args.operand[1])[i];
}

static __device__ unsigned arrived[64];

/// Tile t sums row t; split y its part y. The last split adds the partial sums.
extern "C" __global__ void __launch_bounds__(64)
sum(const __grid_constant__ swap_args<2> args) {
  SWAP_DYNAMIC_SHARED(float, part);
  __shared__ float warps[2];
  __shared__ unsigned last;
  const float *row = static_cast<const float *>(args.operand[0]) +
                     (swap_block_tile(args) * gridDim.y + blockIdx.y) * 512;
  float total = 0;
  swap_copy16(part + 4 * threadIdx.x, row + 4 * threadIdx.x, true);
  swap_copy_commit();
  swap_copy16(part + 256 + 4 * threadIdx.x, row + 256 + 4 * threadIdx.x, true);
  swap_copy_commit();
  swap_copy_wait<FIRST>();
  MORE
  swap_sync();
  for (int i = 0; i < 4; ++i)
    total += part[threadIdx.x + 64 * i];
  swap_copy_wait<0>();
  swap_sync();
  for (int i = 4; i < 8; ++i)
    total += part[threadIdx.x + 64 * i];
  for (int mask = 16; mask; mask /= 2)
    WARP total += swap_shuffle_xor(total, mask);
  if (threadIdx.x % 32 == 0)
    warps[threadIdx.x / 32] = total;
  BARRIER
  float *scratch = static_cast<float *>(args.scratch) + blockIdx.x * gridDim.y;
  if (threadIdx.x == 0) {
    scratch[blockIdx.y] = warps[0] + warps[1];
    swap_fence();
    last = swap_count(&arrived[blockIdx.x], gridDim.y - 1) == gridDim.y - 1;
    if (last) {
      float all = 0;
      for (unsigned y = 0; y < gridDim.y; ++y)
        all += scratch[y];
      static_cast<float *>(args.operand[1])[swap_block_tile(args)] = all;
    }
  }
}
'''
TILES, SPLITS = 40, 3


def kernels(first="1", more="", warp="", barrier="swap_sync();"):
    text = SOURCE.replace("FIRST", first).replace("MORE", more).replace("WARP", warp).replace("BARRIER", barrier)
    return ec.Kernels(ec.device_source("prelude", "intrinsics") + text)


def run_sum(k):
    rows = np.random.RandomState(1).rand(TILES * SPLITS * 512).astype(np.float32)
    rows.flags.writeable = False
    result = np.zeros(TILES, np.float32)
    k.call("sum", [rows, result], TILES, 64, splits=SPLITS, shared=2048, scratch=TILES * SPLITS * 4)
    return result, rows.reshape(TILES, -1).sum(1)


def run_add(count, tiles):
    a = np.arange(count, dtype=np.float32)
    c = np.zeros(count, np.float32)
    kernels().call("add", [a, a, c], tiles, 256)
    return c


FATAL = {
    "barrier": (lambda: run_sum(kernels(barrier="if (threadIdx.x < 32) swap_sync();")),
                "returned, but other threads wait in swap_sync"),
    "warp": (lambda: run_sum(kernels(warp="if (threadIdx.x != 5)")), "others of its warp"),
    "outside": (lambda: run_add(1024, 5), "no memory"),
    "bound": (lambda: kernels().call("add", [None] * 3, 1, 257), "its bound is 256 threads"),
    "aligned": (lambda: run_sum(kernels(more="*reinterpret_cast<long long *>(part + 1) = 0;")),
                "misaligned"),
}


def main():
    if len(sys.argv) > 1:
        FATAL[sys.argv[1]][0]()
        return
    k = kernels()
    for _ in range(3):  # counters start again
        result, expected = run_sum(k)
        np.testing.assert_allclose(result, expected, rtol=1e-5)
    c = run_add(1024, (1, 3))
    assert np.array_equal(c[256:768], 2 * np.arange(256, 768)) and not c[:256].any() and not c[768:].any()
    # A copy that is not waited for, and partial sums that are not.
    assert np.isnan(run_sum(kernels(first="2"))[0]).all()
    assert np.isnan(run_sum(kernels(barrier=""))[0]).any()
    try:
        array = np.zeros(1024, np.float32)
        array.flags.writeable = False
        k.call("add", [array + 1, array, array], 4, 256)
        raise SystemExit("a write to a constant operand went unnoticed")
    except AssertionError:
        pass
    for name, (_, message) in FATAL.items():
        run = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True)
        assert run.returncode < 0, f"{name}: exited {run.returncode}"
        assert message in run.stderr and "emulated GPU: kernel" in run.stderr, f"{name}: {run.stderr}"
    print("emulated GPU ok")


if __name__ == "__main__":
    main()
