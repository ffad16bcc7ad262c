// RUN: swap-opt %s --swap-form-units=device=cuda | FileCheck %s --check-prefix=UNITS
// RUN: swap-opt %s --swap-form-units="device=cuda unit-bytes=1048576" --swap-plan="device=cuda budgets=max" | FileCheck %s --check-prefix=MAX
// RUN: swap-opt %s --swap-form-units="device=cuda unit-bytes=1048576" --swap-plan="device=cuda budgets=min in-place=false" | FileCheck %s --check-prefix=LINK
// RUN: swap-opt %s --swap-form-units="device=cuda unit-bytes=1048576" --swap-plan="device=cuda budgets=max" --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=JOINED
// RUN: swap-opt %s --swap-form-units="device=cuda unit-bytes=1048576" --swap-plan="device=cuda budgets=min in-place=false" --swap-assign-memory --swap-verify-memory | FileCheck %s --check-prefix=APART
// RUN: not swap-opt %s --swap-form-units=device=gpu 2>&1 | FileCheck %s --check-prefix=DEVICE
// RUN: not swap-opt %s --swap-form-units --swap-plan=device=gpu 2>&1 | FileCheck %s --check-prefix=DEVICE

// Units of a GPU have 512 KiB at least: two panels of 256 KiB.
// UNITS: swap.unit @unit_0 [#swap.piece<@w, 0, 2, 0>] length 524288
// UNITS: swap.unit @unit_7 [#swap.piece<@w, 14, 16, 0>] length 524288
// UNITS-COUNT-8: swap.call @fc panels(

// Of the whole grid, 16 tiles in 16 parts each are 256 blocks and read 4 MiB
// from memory at 3 TB/s: 1.4 us, and one launch takes 2.5 us. With everything
// in memory the four calls are one launch. The first of them has 64 blocks,
// fewer than run side by side, and takes as long as 132: 2.5 + 1.4 * 132 / 256;
// each of the others adds a quarter of 1.4 us.
// MAX: swap.link = {bytesPerSecond = {{554|555}}{{[0-9.]+}} : f64, cpuPerByte = 0.000000e+00 : f64, inPlaceBytesPerSecond = 5.100000e+10 : f64, latency = {{[0-9.]*}}E-6 : f64, perRead = {{1\.9|2\.0}}{{[0-9]*}}E-6 : f64, startSeconds = 0.000000e+00 : f64}
// MAX: compute_ms = 0.0042{{[0-9]*}} : f64
// MAX: swap.seconds = 3.2{{[0-9]*}}E-6
// MAX: swap.seconds = 3.5{{[0-9]*}}{{[eE]-0?7}}
// MAX: swap.seconds = 3.5{{[0-9]*}}{{[eE]-0?7}}
// MAX: swap.seconds = 3.5{{[0-9]*}}{{[eE]-0?7}}

// Three of the units cross the bus in 56.7 us, each read in 2 us and a latency
// more; there is one slot for them, which two calls cannot use at once. What
// streams is launched by itself.
// LINK: resident [@unit_0] attributes
// LINK-SAME: compute_ms = 0.00427
// LINK-SAME: stream_ms = 0.05668{{[0-9]*}} : f64, streamed_bytes = 3145728 : i64, time_ms = 0.07656
// LINK-COUNT-4: swap.seconds = 3.2{{[0-9]*}}E-6

// Four units that stay are read by one launch, whose time is that of all.
// JOINED: swap.start_us = array<i64: 0>
// JOINED: swap.launch @fc panels(0 to 16) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<output, 0, 0>]
// JOINED-SAME: swap.seconds = 4.2{{[0-9]*}}E-6
// JOINED-NOT: swap.launch
// APART-COUNT-4: swap.launch @fc panels

// DEVICE: error: device 'gpu' is not cpu, mcu or cuda
!w = tensor<1024x1024xf32, #swap.panels<dim = 0, width = 64, order = [1]>>
module {
  swap.parameter @w.src : tensor<1024x1024xf32> = #swap.file<"w", 0, 4194304>
  swap.derived @w : !w from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
  ^bb0(%a: f32):
    swap.yield %a : f32
  }
  func.func private @fc(tensor<1x1024xf32>, !w) -> tensor<1x1024xf32> attributes {
    swap.gpu = #swap.gpu<"gemm", threads = 256, splits = 16, shared = 0>,
    swap.schedule = #swap.schedule<contraction, panels = 16, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 2097152>}
  func.func @main(%x: tensor<1x1024xf32>) -> tensor<1x1024xf32> {
    %w = swap.param @w : !w
    %0 = swap.call @fc(%x, %w) : (tensor<1x1024xf32>, !w) -> tensor<1x1024xf32>
    return %0 : tensor<1x1024xf32>
  }
}
