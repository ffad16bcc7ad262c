// RUN: rm -rf %t && split-file %s %t
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=max" | FileCheck %s --check-prefix=NONE
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=max model=m profiles=%t/whole.yaml" | FileCheck %s --check-prefix=WHOLE
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=max model=other profiles=%t/whole.yaml" | FileCheck %s --check-prefix=NONE
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=max model=m threads=2 profiles=%t/whole.yaml" | FileCheck %s --check-prefix=THREADS
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=max model=m profiles=%t/whole.yaml,%t/later.yaml" | FileCheck %s --check-prefix=LATER
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=min model=m profiles=%t/whole.yaml,%t/reads.yaml" | FileCheck %s --check-prefix=READS
// RUN: sed 's/panels(0 to 1)/panels(0 to 1) tiles(1 to 2)/' %t/model.mlir | swap-opt --swap-plan="budgets=max model=m profiles=%t/whole.yaml" | FileCheck %s --check-prefix=BAND
// RUN: swap-opt %t/model.mlir --swap-plan="budgets=max model=m threads=3 profiles=%t/whole.yaml" 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not swap-opt %t/model.mlir --swap-plan="profiles=%t/bad.yaml" 2>&1 | FileCheck %s --check-prefix=BAD
// RUN: not swap-opt %t/model.mlir --swap-plan="profiles=%t/none.yaml" 2>&1 | FileCheck %s --check-prefix=MISSING

// Verifies that what a profile says of a kernel is what plans predict: 8 ms in
// four calls of 2 tiles; for this model and this many threads only, later files
// before earlier ones; that a band of one tile costs 1 ms of a call's 2; and that
// streaming goes at the storage's rate: 16 KiB of units at 1 MB a second.
// NONE: compute_ms = {{0\.00|[0-9.]+[eE]-0?[3-6]}}
// WHOLE: compute_ms = 8.000000e+00 : f64
// THREADS: compute_ms = 4.000000e+00 : f64
// LATER: compute_ms = 3.200000e+01 : f64
// BAND: compute_ms = 7.000000e+00 : f64
// READS: compute_ms = 8.000000e+00 : f64
// READS-SAME: stream_ms = 1.638400e+01 : f64
// OTHER: warning: profile: its kernels were measured with other --threads
// BAD: error: profile: {{.*}}bad.yaml:2: unknown key 'kernel'
// MISSING: error: profile: {{.*}}none.yaml: No such file or directory

//--- whole.yaml
swapc-profile: 1
processors:
  - { threads: 1, flops-per-second: 1e11, bytes-per-second: 2e10 }
  - { threads: 2, flops-per-second: 2e11, bytes-per-second: 2e10 }
kernels:
  - { model: m, kernel: k, threads: 1, tiles: 8, seconds: 0.008 }
  - { model: m, kernel: k, threads: 2, tiles: 8, seconds: 0.004 }
//--- later.yaml
swapc-profile: 1
kernels:
  - { model: m, kernel: k, threads: 1, tiles: 8, seconds: 0.032 }
//--- reads.yaml
swapc-profile: 1
storage:
  reads:
    - { bytes: 4096, bytes-per-second: 1e6, latency-us: 100 }
//--- bad.yaml
swapc-profile: 1
kernel: 7
//--- model.mlir
swap.parameter @w.src : tensor<4x1024xf32> = #swap.file<"w", 0, 16384>
swap.derived @w : tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>> from [@w.src] maps [affine_map<(d0, d1) -> (d0, d1)>] {
^bb0(%a: f32):
  swap.yield %a : f32
}
swap.unit @u1 [#swap.piece<@w, 0, 1, 0>] length 4096
swap.unit @u2 [#swap.piece<@w, 1, 2, 0>] length 4096
swap.unit @u3 [#swap.piece<@w, 2, 3, 0>] length 4096
swap.unit @u4 [#swap.piece<@w, 3, 4, 0>] length 4096
func.func private @k(tensor<1x1024xf32>, tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>>) -> tensor<1x4xf32>
    attributes {swap.footprint = #swap.footprint<positions = 2, step = 1, reaches = [
                  <slices = 0, group = 1, scale = 0, low = 0, high = 0>,
                  <slices = 0, group = 1, scale = 0, low = 0, high = 0>]>,
                swap.schedule = #swap.schedule<contraction, panels = 4, tiles = 2, rows = 1, block = 1, scratch = 0, flops = 4096>}
func.func @main(%x: tensor<1x1024xf32> {swap.name = "x"}) -> (tensor<1x4xf32> {swap.name = "y"}) {
  %w = swap.param @w : tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>>
  %0 = swap.call @k panels(0 to 1)(%x, %w) : (tensor<1x1024xf32>, tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>>) -> tensor<1x4xf32>
  %1 = swap.call @k panels(1 to 2)(%x, %w) into(%0 : tensor<1x4xf32>) : (tensor<1x1024xf32>, tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>>) -> tensor<1x4xf32>
  %2 = swap.call @k panels(2 to 3)(%x, %w) into(%1 : tensor<1x4xf32>) : (tensor<1x1024xf32>, tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>>) -> tensor<1x4xf32>
  %3 = swap.call @k panels(3 to 4)(%x, %w) into(%2 : tensor<1x4xf32>) : (tensor<1x1024xf32>, tensor<4x1024xf32, #swap.panels<dim = 0, width = 1, order = [1]>>) -> tensor<1x4xf32>
  return %3 : tensor<1x4xf32>
}
