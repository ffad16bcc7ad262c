"""Networks that look at pictures: torchvision, timm, transformers and ultralytics."""
import os
import shutil

import registry
from language import calling, of
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


@network("ultralytics", "its own (TorchScript)", refused="how many results it has depends on data")
def yolov8n_nms(folder):
    """With non-maximum suppression in the network, of as many boxes as exceed a score."""
    return ultralytics_model("yolov8n.yaml", folder, nms=True)


@network("ultralytics", "its own (TorchScript)")
def yolov10n(folder):
    """With the choice of detections in the network, by TopK."""
    return ultralytics_model("yolov10n.yaml", folder)


@network("transformers", "TorchScript")
def segformer(folder):
    module = calling(lambda m, picture: m.net(picture).logits)(
        net=of("SegformerForSemanticSegmentation", "SegformerConfig"))
    return registry.export(module, {"image": image(256)}, folder, False, ["logits"], opset_version=14)


@network("transformers", "dynamo")
def detr(folder):
    """A detector without non-maximum suppression."""
    def forward(m, picture, valid):
        out = m.net(picture, pixel_mask=valid)
        return out.logits, out.pred_boxes

    import torch
    import transformers

    backbone = transformers.ResNetConfig(depths=[2, 2, 2, 2], layer_type="basic", hidden_sizes=[64, 128, 256, 512],
                                         out_features=["stage4"])
    net = of("DetrForObjectDetection", "DetrConfig", use_timm_backbone=False, use_pretrained_backbone=False,
             backbone=None, backbone_config=backbone, encoder_layers=2, decoder_layers=2, eager=True)
    inputs = {"image": image(320), "mask": torch.ones(1, 320, 320, dtype=torch.int64)}
    return registry.export(calling(forward)(net=net), inputs, folder, True, ["logits", "boxes"])


@network("transformers", "TorchScript")
def depth(folder):
    """DPT, the depth of each pixel."""
    module = calling(lambda m, picture: m.net(picture).predicted_depth)(
        net=of("DPTForDepthEstimation", "DPTConfig", hidden_size=192, num_hidden_layers=4, num_attention_heads=3,
               intermediate_size=768, backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[48, 96, 192, 192],
               fusion_hidden_size=64, image_size=224, patch_size=16))
    return registry.export(module, {"image": image()}, folder, False, ["depth"], opset_version=14)
