"""Networks that look at pictures: torchvision, timm and ultralytics."""
import os
import shutil

import registry
from registry import image, network


def timm_model(name, **options):
    import timm

    return registry.seeded(lambda: timm.create_model(name, **options))


@network("timm", "dynamo")
def efficientnet_b0(folder):
    return registry.export(timm_model("efficientnet_b0"), {"image": image()}, folder, True)


@network("timm", "dynamo")
def convnext_tiny(folder):
    return registry.export(timm_model("convnext_tiny"), {"image": image()}, folder, True)


@network("timm", "TorchScript")
def swin_tiny(folder):
    return registry.export(timm_model("swin_tiny_patch4_window7_224"), {"image": image()}, folder, False)


@network("timm", "dynamo")
def mobilevit_s(folder):
    return registry.export(timm_model("mobilevit_s"), {"image": image(256)}, folder, True)


@network("timm", "dynamo")
def eva02_tiny(folder):
    return registry.export(timm_model("eva02_tiny_patch14_224"), {"image": image()}, folder, True, opset_version=22)


@network("torchvision", "TorchScript")
def deeplabv3_mobilenet(folder):
    import torchvision

    module = registry.seeded(lambda: torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None))
    return registry.export(module, {"image": image(256)}, folder, False, ["out"], opset_version=11)


@network("torchvision", "dynamo")
def maxvit_t(folder):
    import torchvision

    return registry.export(registry.seeded(torchvision.models.maxvit_t), {"image": image()}, folder, True)


@network("torchvision", "TorchScript")
def regnet_batch(folder):
    """With a batch of any size, bound by --dim."""
    import torchvision

    module = registry.seeded(torchvision.models.regnet_y_400mf)
    return registry.export(module, {"image": image(batch=2)}, folder, False, ["logits"],
                           dynamic={"image": {0: "batch"}, "logits": {0: "batch"}})


registry.NETWORKS["regnet-batch"].options = ("--dim", "batch=2")


def ultralytics_model(config, folder, **options):
    import torch
    import ultralytics

    torch.manual_seed(0)
    model = ultralytics.YOLO(config)
    registry.seeded(lambda: model.model)
    path = model.export(format="onnx", imgsz=320, simplify=False, device="cpu", verbose=False, **options)
    os.makedirs(folder, exist_ok=True)
    shutil.move(path, registry.model_path(folder))
    return {"images": image(320).numpy()}


@network("ultralytics", "its own (TorchScript)")
def yolov8n(folder):
    return ultralytics_model("yolov8n.yaml", folder)


@network("ultralytics", "its own (TorchScript)")
def yolo11n_seg(folder):
    return ultralytics_model("yolo11n-seg.yaml", folder)


@network("ultralytics", "its own (TorchScript)")
def yolov8n_nms(folder):
    """With non-maximum suppression in the network."""
    return ultralytics_model("yolov8n.yaml", folder, nms=True)
