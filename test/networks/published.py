"""ONNX files that packages ship, with trained weights: written by tf2onnx, paddle2onnx, spox and older PyTorch."""
import importlib.util
import os
import shutil

import numpy as np

import registry
from registry import network


def shipped(package, path, folder):
    """Copies a package's file; the package itself is not imported."""
    os.makedirs(folder, exist_ok=True)
    root = os.path.dirname(importlib.util.find_spec(package).origin)
    shutil.copyfile(os.path.join(root, path), registry.model_path(folder))


def picture(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@network("magika", "tf2onnx", options=("--shape", "bytes=1x2048"))
def magika(folder):
    """Keras; the kind of a file by its bytes."""
    shipped("magika", "models/standard_v3_3/model.onnx", folder)
    return {"bytes": np.random.default_rng(0).integers(0, 257, (1, 2048), dtype=np.int32)}


@network("rapidocr", "paddle2onnx", options=("--shape", "x=1x3x320x320"))
def ocr_detection(folder):
    import cv2

    shipped("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx", folder)
    page = np.full((320, 320, 3), 255, np.uint8)
    for line, text in enumerate(["memory budget", "weights stream", "from a blob"]):
        cv2.putText(page, text, (10, 60 + 80 * line), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    return {"x": (page.transpose(2, 0, 1)[None] / 127.5 - 1).astype(np.float32)}


@network("rapidocr", "paddle2onnx", options=("--shape", "x=1x3x48x320"))
def ocr_recognition(folder):
    shipped("rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx", folder)
    return {"x": picture(1, 3, 48, 320)}


@network("rapidocr", "paddle2onnx", options=("--shape", "x=1x3x48x192"))
def ocr_direction(folder):
    shipped("rapidocr_onnxruntime", "models/ch_ppocr_mobile_v2.0_cls_infer.onnx", folder)
    return {"x": picture(1, 3, 48, 192)}


def voice(folder, file, **inputs):
    shipped("silero_vad", f"data/{file}", folder)
    sound = np.sin(np.arange(576) / 7).astype(np.float32)[None] + 0.1 * picture(1, 576)
    return {"input": sound, "state": 0.1 * picture(2, 1, 128), **inputs}


VOICE = ("--shape", "input=1x576", "--shape", "state=2x1x128")


@network("silero-vad", "spox", options=(*VOICE, "--bind", "sr={folder}/sr.npy"))
def voice_activity(folder):
    """Speech or not; one network a sampling rate, chosen by an input that --bind makes a constant."""
    os.makedirs(folder, exist_ok=True)
    np.save(os.path.join(folder, "sr.npy"), np.array(16000, np.int64))
    return voice(folder, "silero_vad.onnx", sr=np.array(16000, np.int64))


@network("silero-vad", "TorchScript", options=VOICE)
def voice_activity_16k(folder):
    return voice(folder, "silero_vad_16k_op15.onnx", sr=np.array(16000, np.int64))


@network("silero-vad", "TorchScript, float16 weights", options=VOICE)
def voice_activity_half(folder):
    return voice(folder, "silero_vad_half.onnx")


@network("silero-vad", "TorchScript", options=("--shape", "input=20x576"))
def voice_activity_sequence(folder):
    shipped("silero_vad", "data/silero_vad_16k_sequence.onnx", folder)
    return {"input": picture(20, 576), "h": 0.1 * picture(1, 1, 128), "c": 0.1 * picture(1, 1, 128)}
