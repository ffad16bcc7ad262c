// Functions of the math dialect against libm, on vectors and their tails.
// RUN: %python %S/kernel_check.py %s

#id = affine_map<(d0) -> (d0)>

func.func private @math_exp(%a: tensor<10007xf32> {test.low = -87.0, test.high = 88.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.exp %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_tanh(%a: tensor<10007xf32> {test.low = -12.0, test.high = 12.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.tanh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_erf(%a: tensor<10007xf32> {test.low = -5.0, test.high = 5.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.erf %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_log(%a: tensor<10007xf32> {test.low = 0.001, test.high = 1000.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.log %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_sin(%a: tensor<10007xf32> {test.low = -30.0, test.high = 30.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.sin %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_cos(%a: tensor<10007xf32> {test.low = -30.0, test.high = 30.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.cos %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_sqrt(%a: tensor<10007xf32> {test.low = 0.0, test.high = 100.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.sqrt %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_log1p(%a: tensor<10007xf32> {test.low = -0.9, test.high = 100.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.log1p %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_expm1(%a: tensor<10007xf32> {test.low = -5.0, test.high = 20.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.expm1 %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_floor(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.floor %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_roundeven(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.roundeven %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_round(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.round %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_atan(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.atan %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_tan(%a: tensor<10007xf32> {test.low = -1.5, test.high = 1.5}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.tan %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_sinh(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.sinh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_cosh(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.cosh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_asin(%a: tensor<10007xf32> {test.low = -1.0, test.high = 1.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.asin %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_acos(%a: tensor<10007xf32> {test.low = -1.0, test.high = 1.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.acos %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_log2(%a: tensor<10007xf32> {test.low = 0.001, test.high = 1000.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.log2 %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_exp2(%a: tensor<10007xf32> {test.low = -80.0, test.high = 80.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.exp2 %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_rsqrt(%a: tensor<10007xf32> {test.low = 0.01, test.high = 100.0}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.rsqrt %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_asinh(%a: tensor<10007xf32> {test.low = -9.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.asinh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_acosh(%a: tensor<10007xf32> {test.low = 1.0, test.high = 9.0}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.acosh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_atanh(%a: tensor<10007xf32> {test.low = -0.9, test.high = 0.9}) -> tensor<10007xf32> attributes {test.rtol = 2.0e-5, test.atol = 1.0e-7} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.atanh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_tanh_small(%a: tensor<10007xf32> {test.low = -0.01, test.high = 0.01}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.tanh %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_erf_small(%a: tensor<10007xf32> {test.low = -0.01, test.high = 0.01}) -> tensor<10007xf32> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf32>) outs(%e : tensor<10007xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.erf %x : f32
    linalg.yield %y : f32
  } -> tensor<10007xf32>
  return %r : tensor<10007xf32>
}

func.func private @math_exp_f16(%a: tensor<10007xf16> {test.low = -8.0, test.high = 8.0}) -> tensor<10007xf16> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf16>) outs(%e : tensor<10007xf16>) {
  ^bb0(%x: f16, %o: f16):
    %y = math.exp %x : f16
    linalg.yield %y : f16
  } -> tensor<10007xf16>
  return %r : tensor<10007xf16>
}

func.func private @math_exp_bf16(%a: tensor<10007xbf16> {test.low = -8.0, test.high = 8.0}) -> tensor<10007xbf16> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xbf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xbf16>) outs(%e : tensor<10007xbf16>) {
  ^bb0(%x: bf16, %o: bf16):
    %y = math.exp %x : bf16
    linalg.yield %y : bf16
  } -> tensor<10007xbf16>
  return %r : tensor<10007xbf16>
}

func.func private @math_exp_f64(%a: tensor<10007xf64> {test.low = -8.0, test.high = 8.0}) -> tensor<10007xf64> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf64>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf64>) outs(%e : tensor<10007xf64>) {
  ^bb0(%x: f64, %o: f64):
    %y = math.exp %x : f64
    linalg.yield %y : f64
  } -> tensor<10007xf64>
  return %r : tensor<10007xf64>
}

func.func private @math_tanh_f16(%a: tensor<10007xf16> {test.low = -4.0, test.high = 4.0}) -> tensor<10007xf16> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf16>) outs(%e : tensor<10007xf16>) {
  ^bb0(%x: f16, %o: f16):
    %y = math.tanh %x : f16
    linalg.yield %y : f16
  } -> tensor<10007xf16>
  return %r : tensor<10007xf16>
}

func.func private @math_tanh_bf16(%a: tensor<10007xbf16> {test.low = -4.0, test.high = 4.0}) -> tensor<10007xbf16> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xbf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xbf16>) outs(%e : tensor<10007xbf16>) {
  ^bb0(%x: bf16, %o: bf16):
    %y = math.tanh %x : bf16
    linalg.yield %y : bf16
  } -> tensor<10007xbf16>
  return %r : tensor<10007xbf16>
}

func.func private @math_tanh_f64(%a: tensor<10007xf64> {test.low = -4.0, test.high = 4.0}) -> tensor<10007xf64> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf64>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf64>) outs(%e : tensor<10007xf64>) {
  ^bb0(%x: f64, %o: f64):
    %y = math.tanh %x : f64
    linalg.yield %y : f64
  } -> tensor<10007xf64>
  return %r : tensor<10007xf64>
}

func.func private @math_erf_f16(%a: tensor<10007xf16> {test.low = -4.0, test.high = 4.0}) -> tensor<10007xf16> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf16>) outs(%e : tensor<10007xf16>) {
  ^bb0(%x: f16, %o: f16):
    %y = math.erf %x : f16
    linalg.yield %y : f16
  } -> tensor<10007xf16>
  return %r : tensor<10007xf16>
}

func.func private @math_erf_bf16(%a: tensor<10007xbf16> {test.low = -4.0, test.high = 4.0}) -> tensor<10007xbf16> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xbf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xbf16>) outs(%e : tensor<10007xbf16>) {
  ^bb0(%x: bf16, %o: bf16):
    %y = math.erf %x : bf16
    linalg.yield %y : bf16
  } -> tensor<10007xbf16>
  return %r : tensor<10007xbf16>
}

func.func private @math_erf_f64(%a: tensor<10007xf64> {test.low = -4.0, test.high = 4.0}) -> tensor<10007xf64> attributes {test.rtol = 1.0e-6, test.atol = 0.0} {
  %e = tensor.empty() : tensor<10007xf64>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : tensor<10007xf64>) outs(%e : tensor<10007xf64>) {
  ^bb0(%x: f64, %o: f64):
    %y = math.erf %x : f64
    linalg.yield %y : f64
  } -> tensor<10007xf64>
  return %r : tensor<10007xf64>
}
