"""check_vision.py FAMILY WORKDIR: check_ops.py for operators on images and signals."""
import numpy as np

import check_ops
from check_ops import Const, case, f32, i64, integers, positive, rng, scalar


def grid(*shape):
    """Coordinates that reach beyond the edges, and none where a rounding decides."""
    return (rng.uniform(-1.4, 1.4, shape)).astype(np.float32)


def sampling():
    image, volume = f32(2, 3, 5, 6), f32(1, 2, 4, 5, 3)
    for mode in ["linear", "nearest", "cubic"]:
        for padding in ["zeros", "border", "reflection"]:
            for align in [0, 1]:
                yield case("GridSample", image, grid(2, 4, 3, 2), mode=mode, padding_mode=padding, align_corners=align)
    for mode in ["linear", "nearest"]:
        yield case("GridSample", volume, grid(1, 2, 3, 4, 3), mode=mode)
    yield case("GridSample", f32(1, 2, 1, 1), grid(1, 2, 2, 2), padding_mode="reflection", align_corners=1)
    for align in [0, 1]:
        yield case("AffineGrid", f32(2, 2, 3), i64(2, 3, 4, 5), align_corners=align)
        yield case("AffineGrid", f32(1, 3, 4), i64(1, 3, 2, 4, 5), align_corners=align)
    yield case("CenterCropPad", f32(5, 8, 3), i64(8, 3), axes=[0, 1])
    yield case("CenterCropPad", f32(5, 8), i64(2, 9))
    yield case("Col2Im", f32(2, 12, 20), i64(5, 6), i64(2, 2))
    yield case("Col2Im", f32(1, 12, 16), i64(6, 6), i64(2, 2), dilations=[2, 1], strides=[1, 2], pads=[0, 1, 0, 1])
    yield case("Col2Im", f32(1, 18, 4), i64(5, 5), i64(3, 3), strides=[3, 3], pads=[1, 1, 1, 1])
    yield case("LRN", f32(1, 7, 3, 4), size=3)
    yield case("LRN", f32(2, 4, 3, 4), size=5, alpha=0.01, beta=0.5, bias=2.0)


def filters():
    image = f32(1, 3, 12, 14)
    for mode in ["linear", "cubic"]:
        yield case("Resize", image, None, None, i64(1, 3, 5, 4), mode=mode, antialias=1)
        yield case("Resize", image, None, scalar([1, 1, 0.6, 1.7]), mode=mode)
    yield case("Resize", image, None, scalar([1, 1, 0.6, 1.7]), mode="cubic", exclude_outside=1)
    yield case("Resize", image, None, scalar([1, 1, 0.5, 2.0]), mode="linear", antialias=1)
    yield case("Resize", image, None, scalar([1, 1, 0.8, 0.8]), mode="cubic", cubic_coeff_a=-0.5,
               coordinate_transformation_mode="align_corners")
    yield case("Resize", image, scalar([0, 0, 0.2, -0.1, 1, 1, 0.9, 1.2]), None, i64(1, 3, 6, 5), mode="linear",
               coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=9.0)
    for policy in ["not_larger", "not_smaller"]:
        yield case("Resize", image, None, None, i64(7, 6), mode="linear", axes=[2, 3], keep_aspect_ratio_policy=policy)


def pools():
    for op, attributes in [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1}),
                           ("LpPool", {"p": 3}), ("LpPool", {"p": 2})]:
        yield case(op, f32(1, 3, 11), kernel_shape=[3], strides=[2], pads=[1, 1], **attributes)
        yield case(op, f32(1, 3, 9, 10), kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 1, 1], dilations=[2, 1], **attributes)
        yield case(op, f32(1, 2, 7, 6, 9), kernel_shape=[3, 2, 3], strides=[2, 2, 2], ceil_mode=1, **attributes)
        yield case(op, f32(1, 2, 8, 8), kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER", **attributes)
    yield case("MaxPool", f32(1, 2, 5, 6, 7), kernel_shape=[2, 2, 2], strides=[2, 1, 2], outputs=2)
    yield case("MaxPool", f32(1, 2, 5, 5), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], storage_order=1, outputs=2)
    yield case("MaxPool", integers(-128, 127, 1, 2, 6, 6, dtype=np.int8), kernel_shape=[2, 2], strides=[2, 2])
    yield case("GlobalLpPool", f32(1, 3, 4, 5), p=3)
    yield case("ConvTranspose", f32(1, 4, 6), Const(f32(4, 3, 3)), strides=[2], pads=[1, 0])
    yield case("ConvTranspose", f32(1, 3, 3, 4, 3), Const(f32(3, 2, 2, 3, 2)), strides=[2, 1, 2], dilations=[1, 2, 1])
    yield case("ConvTranspose", f32(1, 2, 4, 4), Const(f32(2, 2, 3, 3)), strides=[2, 2], auto_pad="SAME_UPPER")
    yield case("ConvTranspose", f32(1, 2, 4, 4), Const(f32(2, 2, 3, 3)), strides=[3, 2], output_shape=[10, 8])


def signals():
    for op in ["HannWindow", "HammingWindow", "BlackmanWindow"]:
        for periodic in [0, 1]:
            yield case(op, scalar(9, np.int64), periodic=periodic)
    yield case("MelWeightMatrix", scalar(8, np.int64), scalar(32, np.int64), scalar(8000, np.int64), scalar(100.0), scalar(3500.0))
    yield case("DFT", f32(2, 12, 1))
    yield case("DFT", f32(2, 12, 1), onesided=1)
    yield case("DFT", f32(2, 12, 5, 2), None, scalar(1, np.int64), inverse=1)
    yield case("DFT", f32(2, 12, 2), scalar(16, np.int64))
    yield case("DFT", f32(2, 12, 2), scalar(7, np.int64))
    yield case("DFT", f32(1, 1024, 1), onesided=1)
    # In doubles, because ONNX Runtime adds up errors where a length is no power of two.
    yield case("DFT", rng.standard_normal((3, 600, 2, 2)), None, scalar(1, np.int64))
    yield case("DFT", rng.standard_normal((1, 600, 2)), inverse=1)
    yield case("STFT", f32(2, 64, 1), scalar(8, np.int64), Const(positive(16)), onesided=1)
    yield case("STFT", f32(1, 70, 1), scalar(5, np.int64), None, scalar(20, np.int64), onesided=1)
    yield case("STFT", f32(1, 64, 2), scalar(8, np.int64), Const(positive(16)), onesided=0)


if __name__ == "__main__":
    check_ops.FAMILIES = {f.__name__: f for f in [sampling, filters, pools, signals]}
    check_ops.main()
