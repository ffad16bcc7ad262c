// Verifies that a scheduled kernel becomes a function of the runtime's ABI, and
// that nothing but memory and arithmetic is left of it.
// RUN: swap-opt --swap-emit-kernels=cpu=x86-64-v3 %s | FileCheck %s
// RUN: swap-opt --swap-cpu-pipeline=cpu=x86-64-v3 %s | FileCheck %s --check-prefix=LLVM
// RUN: not swap-opt --swap-emit-kernels=cpu=pdp-11 %s 2>&1 | FileCheck %s --check-prefix=CPU

// CHECK-LABEL: llvm.func hidden @relu(
// CHECK-SAME: !llvm.ptr {llvm.noalias}, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr {llvm.noalias}
// CHECK-SAME: target_cpu = "x86-64-v3"
// CHECK: scf.for
// CHECK: llvm.load {{.*}} : !llvm.ptr -> vector<8xf32>
// CHECK: arith.maximumf {{.*}} : vector<8xf32>
// CHECK: llvm.store {{.*}} : vector<8xf32>, !llvm.ptr

// LLVM-LABEL: llvm.func hidden @relu(
// LLVM-NOT: {{scf|arith|vector|math}}.
// LLVM: llvm.return

// CPU: 'pdp-11' is not a cpu of x86_64
func.func private @relu(%a: tensor<4x64xf32>) -> tensor<4x64xf32> attributes {
    swap.schedule = #swap.schedule<rows, panels = 1, tiles = 1, rows = 1, block = 1, scratch = 0, flops = 256>} {
  %e = tensor.empty() : tensor<4x64xf32>
  %zero = arith.constant 0.0 : f32
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %x, %zero : f32
    linalg.yield %y : f32
  } -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}
