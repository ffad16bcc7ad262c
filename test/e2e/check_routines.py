"""check_routines.py FAMILY WORKDIR: operators that run as routines, and those
around them, against ONNX Runtime.

As check_ops.py, but outputs whose size depends on data are declared with the
size that ONNX Runtime finds.
"""
import os

import numpy as np
import onnx

import check_ops
import swapc_testing as st
from check_ops import Const, case, f16, f32, i64, integers, rng, scalar


def permuted(*shape):
    """Different indices along the last dimension."""
    rows = [rng.permutation(shape[-1]) for _ in range(int(np.prod(shape[:-1])))]
    return np.array(rows, dtype=np.int64).reshape(shape)


def scatter():
    yield case("ScatterElements", f32(3, 8), permuted(3, 8)[:, :5].copy(), f32(3, 5), axis=1)
    yield case("ScatterElements", f32(5, 4), integers(0, 1, 1, 3) - 5, f32(1, 3), axis=0)
    yield case("ScatterElements", f32(2, 3, 9), permuted(2, 3, 9), f32(2, 3, 9), axis=-1)
    yield case("ScatterElements", f32(2, 9, 3), integers(0, 1, 2, 1, 2) + 4, f32(2, 1, 2), axis=1)
    yield case("ScatterElements", f16(3, 8), permuted(3, 8), f16(3, 8), axis=1)
    yield case("ScatterElements", f32(3, 8), Const(permuted(3, 8)), f32(3, 8), axis=1)
    for reduction in ["add", "mul", "min", "max"]:
        yield case("ScatterElements", f32(3, 8), integers(-8, 8, 3, 20), f32(3, 20), axis=1, reduction=reduction)
        yield case("ScatterElements", integers(-50, 50, 3, 8), integers(-8, 8, 3, 20), integers(-50, 50, 3, 20), axis=1, reduction=reduction)
        yield case("ScatterND", f32(6, 7, 5), integers(-6, 6, 9, 1), f32(9, 7, 5), reduction=reduction)
        yield case("ScatterND", f32(6, 7, 5), integers(-5, 5, 4, 9, 3), f32(4, 9), reduction=reduction)
    yield case("ScatterND", f32(300, 65), permuted(300)[:40].reshape(40, 1), f32(40, 65))
    yield case("ScatterND", f32(8, 9), Const(np.array([[0, 1], [7, 8], [-1, 0]], np.int64)), f32(3))
    yield case("ScatterND", integers(0, 2, 8, 9).astype(bool), Const(np.array([[3], [5]], np.int64)), integers(0, 2, 2, 9).astype(bool))
    yield case("MaxUnpool", f32(1, 1, 2, 2), Const(np.array([[[[5, 7], [13, 15]]]], np.int64)), kernel_shape=[2, 2], strides=[2, 2])
    yield case("MaxUnpool", f32(2, 1, 2, 2), np.array([5, 7, 13, 15, 17, 18, 30, 16], np.int64).reshape(2, 1, 2, 2), kernel_shape=[2, 2], strides=[2, 2])
    yield case("ReverseSequence", f32(4, 3, 2), np.array([4, 1, 3], np.int64), time_axis=0, batch_axis=1)
    yield case("ReverseSequence", f32(3, 5), np.array([5, 1, 2], np.int64), time_axis=1, batch_axis=0)


def scan():
    for axis in [0, 1, -1]:
        for reverse in [0, 1]:
            for exclusive in [0, 1]:
                yield case("CumSum", f32(3, 7, 5), scalar(axis, np.int64), exclusive=exclusive, reverse=reverse)
    yield case("CumSum", integers(-50, 50, 4, 9), scalar(1, np.int64))
    yield case("CumSum", integers(-50, 50, 4, 9, dtype=np.int32), scalar(0, np.int32))
    yield case("CumSum", f32(64, 3000), scalar(1, np.int64))
    yield case("Det", f32(4, 4))
    yield case("Det", f32(2, 3, 7, 7))
    yield case("Hardmax", f32(3, 4, 5))
    yield case("Hardmax", integers(0, 3, 3, 9).astype(np.float32), axis=0)
    yield case("OneHot", integers(-9, 9, 5), scalar(4, np.int64), scalar([0.0, 2.0]), axis=0)
    yield case("OneHot", integers(0, 4, 5).astype(np.float32), scalar(4.0), scalar([1.0, 2.0]))


def selection():
    for k in [1, 3, 8]:
        for largest in [0, 1]:
            yield case("TopK", f32(6, 8), i64(k), axis=-1, largest=largest, outputs=2)
            yield case("TopK", integers(0, 4, 5, 8, 3), i64(k), axis=1, largest=largest, outputs=2)
    yield case("TopK", f32(3, 5000), i64(300), axis=1, outputs=2)
    yield case("TopK", f16(3, 50), i64(7), axis=1, outputs=2)
    yield case("NonZero", integers(0, 2, 5, 6, 3).astype(bool))
    yield case("NonZero", integers(-1, 2, 5, 6))
    yield case("NonZero", Const(integers(0, 2, 5, 6)))
    yield case("Compress", f32(5, 6, 3), np.array([0, 1, 1, 0, 1], bool), axis=1)
    yield case("Compress", f32(5, 6), np.array([0, 1, 1, 0, 1, 0, 0, 1], bool))
    yield case("Compress", f32(5, 6), Const(np.array([0, 1, 1, 0, 1], bool)), axis=0)
    for ordered in [0, 1]:
        yield case("Unique", integers(-5, 5, 60), sorted=ordered, outputs=4)
        yield case("Unique", integers(0, 2, 9, 3).astype(np.float32), sorted=ordered, axis=0, outputs=4)
        yield case("Unique", integers(0, 2, 3, 9, 2).astype(np.float32), sorted=ordered, axis=1, outputs=4)
    yield case("Unique", Const(integers(0, 5, 30)), outputs=4)


def boxes(count):
    corner = rng.random((1, count, 2)).astype(np.float32)
    return np.concatenate([corner, corner + 0.3 * rng.random((1, count, 2)).astype(np.float32) + 0.05], axis=2)


def detection():
    most, overlap = i64(7), scalar([0.4])
    for center in [0, 1]:
        yield case("NonMaxSuppression", boxes(80), rng.random((1, 3, 80)).astype(np.float32), most, overlap, scalar([0.5]),
                   center_point_box=center)
        yield case("NonMaxSuppression", boxes(80), rng.random((1, 1, 80)).astype(np.float32), i64(100), overlap,
                   center_point_box=center)
    regions = np.array([[1, 1, 20, 13], [0, 0, 3, 2], [5.5, 2.25, 30, 30], [-4, -5, 2, 2]], np.float32)
    images = np.array([0, 1, 1, 0], np.int64)
    for mode in ["avg", "max"]:
        for transform in ["half_pixel", "output_half_pixel"]:
            yield case("RoiAlign", f32(2, 3, 16, 24), regions, images, mode=mode, output_height=4, output_width=3,
                       sampling_ratio=2, spatial_scale=0.75, coordinate_transformation_mode=transform)
    yield case("RoiAlign", f32(2, 3, 16, 24), regions, images, output_height=4, output_width=3)
    regions = np.concatenate([images.astype(np.float32)[:, None], regions], axis=1)
    for scale in [1.0, 0.37]:
        yield case("MaxRoiPool", f32(2, 3, 16, 24), regions, pooled_shape=[4, 3], spatial_scale=scale)
    yield case("MaxRoiPool", -np.abs(f32(2, 3, 16, 24)), regions, pooled_shape=[1, 30])


FAMILIES = [scatter, scan, selection, detection]


def check(cases, workdir):
    """Names of the outputs that differ."""
    os.makedirs(workdir, exist_ok=True)
    model, feeds = check_ops.build(cases)
    path = os.path.join(workdir, "ops.onnx")
    onnx.save(model, path)
    want = st.reference(path, feeds)
    for output in model.graph.output:
        shape = output.type.tensor_type.shape
        del shape.dim[:]
        for size in want[st.file_name(output.name)].shape:
            shape.dim.add().dim_value = size
    onnx.save(model, path)
    program = st.compile_model(path, os.path.join(workdir, "ops"), ["min", "max"], ["--threads", "2"])
    got, _, _ = st.run_program(program, feeds, ["--budget", "max"])
    small, _, _ = st.run_program(program, feeds, ["--budget", "min"])
    st.require(st.same_bits(got, small), "other bits at the smallest budget")
    return list(check_ops.differences(got, want))


if __name__ == "__main__":
    check_ops.FAMILIES = {f.__name__: f for f in FAMILIES}
    check_ops.check = check
    check_ops.main()
