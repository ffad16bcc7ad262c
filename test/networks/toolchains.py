"""Networks that another tool rewrites after the export: quantised, fused, or built for ONNX Runtime GenAI."""
import os
import shutil
import subprocess
import sys

import numpy as np

import language
import registry
import vision
from registry import image, network, tokens


def rewritten(make, folder, rewrite):
    """`make` exports into a folder of its own; `rewrite(source, path)` makes the network of it."""
    source = os.path.join(folder, "source")
    inputs = make(source)
    rewrite(registry.model_path(source), registry.model_path(folder))
    shutil.rmtree(source)
    return inputs


class Calibration:
    """What quantize_static reads a few inputs from."""

    def __init__(self, batches):
        self.batches = iter(batches)

    def get_next(self):
        return next(self.batches, None)


def static_quantizer(**options):
    from onnxruntime.quantization import quant_pre_process, quantize_static

    def rewrite(source, path):
        prepared = source + ".prepared"
        quant_pre_process(source, prepared)
        batches = [{"image": image(seed=seed).numpy()} for seed in range(2, 6)]
        quantize_static(prepared, path, Calibration(batches), **options)

    return rewrite


@network("torchvision", "TorchScript, ONNX Runtime's quantiser: QDQ", tolerance=5e-2)
def resnet18_qdq(folder):
    """Static, per channel. The quantiser's rounding decides near ties, so whole steps may differ."""
    import torchvision

    module = registry.seeded(torchvision.models.resnet18)
    return rewritten(lambda source: registry.export(module, {"image": image()}, source, False, ["logits"],
                                                    opset_version=17),
                     folder, static_quantizer(per_channel=True))


@network("torchvision", "TorchScript, ONNX Runtime's quantiser: QOperator", tolerance=5e-2)
def mobilenet_v3_qoperator(folder):
    import torchvision
    from onnxruntime.quantization import QuantFormat, QuantType

    module = registry.seeded(torchvision.models.mobilenet_v3_small)
    return rewritten(lambda source: registry.export(module, {"image": image()}, source, False, ["logits"],
                                                    opset_version=13),
                     folder, static_quantizer(quant_format=QuantFormat.QOperator, activation_type=QuantType.QUInt8))


@network("transformers", "TorchScript, ONNX Runtime's quantiser: dynamic", tolerance=1e-1)
def distilbert_dynamic_quantized(folder):
    """Scales are computed in the run, so the last bit of one moves every rounding after it: ONNX's reference
    implementation and ONNX Runtime differ by 0.05 here as well."""
    def rewrite(source, path):
        from onnxruntime.quantization import quantize_dynamic

        quantize_dynamic(source, path)

    return rewritten(language.distilbert, folder, rewrite)


@network("transformers", "dynamo, MatMulNBits of 4 bits")
def llama_step_int4(folder):
    def rewrite(source, path):
        import onnx
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

        quantizer = MatMulNBitsQuantizer(onnx.load(source), block_size=32, is_symmetric=True, accuracy_level=1)
        quantizer.process()
        quantizer.model.save_model_to_file(path)

    return rewritten(language.llama_step, folder, rewrite)


def fused(kind, heads, width):
    def rewrite(source, path):
        from onnxruntime.transformers import optimizer

        optimizer.optimize_model(source, kind, num_heads=heads, hidden_size=width, opt_level=0).save_model_to_file(path)

    return rewrite


@network("transformers", "TorchScript, ONNX Runtime's transformer optimiser")
def bert_fused(folder):
    """EmbedLayerNormalization, Attention, SkipLayerNormalization and BiasGelu of com.microsoft."""
    def make(source):
        module = language.calling(lambda m, ids, attention, types: m.net(
            ids, attention_mask=attention, token_type_ids=types).last_hidden_state)(
                net=language.of("BertModel", "BertConfig", num_hidden_layers=4, eager=True))
        inputs = {"input_ids": tokens(48, 30522), "attention_mask": language.mask(48, 10),
                  "token_type_ids": tokens(48, 2)}
        return registry.export(module, inputs, source, False, ["hidden"], opset_version=17)

    return rewritten(make, folder, fused("bert", 12, 768))


@network("transformers", "TorchScript, ONNX Runtime's transformer optimiser")
def vit_fused(folder):
    def make(source):
        module = language.calling(lambda m, picture: m.net(picture).logits)(
            net=language.of("ViTForImageClassification", "ViTConfig", num_hidden_layers=4, eager=True))
        return registry.export(module, {"image": image()}, source, False, ["logits"], opset_version=17)

    return rewritten(make, folder, fused("vit", 12, 768))


def genai(folder, precision, **settings):
    """A network of ONNX Runtime GenAI's model builder: GroupQueryAttention and SkipSimplifiedLayerNormalization."""
    import tokenizers
    import transformers

    source = os.path.join(folder, "source")
    language.of("LlamaForCausalLM", "LlamaConfig", **settings).save_pretrained(source)
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))  # the builder wants one
    transformers.PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(source)
    subprocess.run([sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", source, "-i", source, "-o", folder,
                    "-p", precision, "-e", "cpu", "-c", source], check=True)
    shutil.rmtree(source)
    past, layers = 32, settings["num_hidden_layers"]
    shape = (1, settings["num_key_value_heads"], past, settings["hidden_size"] // settings["num_attention_heads"])
    inputs = {"input_ids": tokens(1, settings["vocab_size"]).numpy(),
              "attention_mask": np.ones((1, past + 1), np.int64)}
    for i in range(layers):
        for part in ("key", "value"):
            inputs[f"past_key_values.{i}.{part}"] = registry.normal(*shape, seed=len(inputs)).numpy()
    return inputs


GENAI = ("--dim", "batch_size=1", "--dim", "sequence_length=1", "--dim", "past_sequence_length=32",
         "--dim", "total_sequence_length=33", "--dim", "kv_cache_dim=64")


@network("transformers", "ONNX Runtime GenAI's builder, float32", options=GENAI)
def llama_genai(folder):
    return genai(folder, "fp32", **language.SMALL)


@network("transformers", "ONNX Runtime GenAI's builder, int4", options=GENAI)
def llama_genai_int4(folder):
    return genai(folder, "int4", **language.SMALL)
