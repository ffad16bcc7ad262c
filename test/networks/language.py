"""Networks of transformers: text, and text beside pictures."""
import registry
from registry import image, network, normal, tokens


def of(model, config, seed=0, eager=False, **options):
    """A model of transformers by the names of its class and of its configuration's. `eager`: with attention written
    out, where others call one function of PyTorch's."""
    import transformers

    settings = getattr(transformers, config)(**options)
    settings._attn_implementation = "eager" if eager else "sdpa"
    return registry.seeded(lambda: getattr(transformers, model)(settings), seed)


def calling(function):
    """A module whose forward is `function(module, *inputs)`; modules that it uses are its members."""
    import torch

    class Calling(torch.nn.Module):
        def __init__(self, **modules):
            super().__init__()
            for name, module in modules.items():
                setattr(self, name, module)

        forward = function

    return Calling


def mask(count, padding, batch=1):
    import torch

    result = torch.ones(batch, count, dtype=torch.int64)
    result[0, count - padding:] = 0
    return result


@network("transformers", "TorchScript")
def distilbert(folder):
    module = calling(lambda m, ids, attention: m.net(ids, attention_mask=attention).logits)(
        net=of("DistilBertForSequenceClassification", "DistilBertConfig"))
    return registry.export(module, {"input_ids": tokens(64, 30522), "attention_mask": mask(64, 10)}, folder, False,
                           ["logits"])


@network("transformers", "dynamo", options=("--dim", "batch=2", "--dim", "sequence=48"))
def bert_dynamic(folder):
    """Batch and sequence of any size, bound by --dim."""
    module = calling(lambda m, ids, attention: m.net(ids, attention_mask=attention).last_hidden_state)(
        net=of("BertModel", "BertConfig", num_hidden_layers=4))
    sizes = {0: "batch", 1: "sequence"}
    return registry.export(module, {"input_ids": tokens(48, 30522, 2), "attention_mask": mask(48, 10, 2)}, folder,
                           True, ["hidden"], {"input_ids": sizes, "attention_mask": sizes})


def cache_names(prefix, layers):
    return [f"{prefix}.{i}.{part}" for i in range(layers) for part in ("key", "value")]


def decoder_step(model, config, folder, dynamo, opset=None, past=32, step=1, **options):
    """One step of a decoder: tokens, and the caches of all layers in and out."""
    from transformers.cache_utils import DynamicCache

    net = of(model, config, **options)
    settings = net.config
    heads = getattr(settings, "num_key_value_heads", None) or settings.num_attention_heads
    head_dim = getattr(settings, "head_dim", None) or settings.hidden_size // settings.num_attention_heads
    layers = settings.num_hidden_layers

    def forward(m, ids, attention, *cache):
        past_key_values = DynamicCache(config=settings)
        for i in range(layers):
            past_key_values.update(cache[2 * i], cache[2 * i + 1], i)
        result = m.net(ids, attention_mask=attention, past_key_values=past_key_values, use_cache=True)
        parts = []
        for layer in result.past_key_values.layers:
            parts += [layer.keys, layer.values]
        return (result.logits, *parts)

    inputs = {"input_ids": tokens(step, settings.vocab_size), "attention_mask": mask(past + step, 0)}
    for i, name in enumerate(cache_names("past", layers)):
        inputs[name] = normal(1, heads, past, head_dim, seed=i)
    return registry.export(calling(forward)(net=net), inputs, folder, dynamo,
                           ["logits", *cache_names("present", layers)], opset_version=opset)


SMALL = dict(hidden_size=512, intermediate_size=1376, num_hidden_layers=4, num_attention_heads=8,
             num_key_value_heads=4, vocab_size=32000)


@network("transformers", "dynamo")
def llama_step(folder):
    return decoder_step("LlamaForCausalLM", "LlamaConfig", folder, True, **SMALL)


@network("transformers", "dynamo")
def qwen3_step(folder):
    return decoder_step("Qwen3ForCausalLM", "Qwen3Config", folder, True, 23, head_dim=64, **SMALL)


@network("transformers", "TorchScript")
def gpt2_step(folder):
    return decoder_step("GPT2LMHeadModel", "GPT2Config", folder, False, 17, n_layer=4)


T5 = dict(d_model=256, d_kv=64, d_ff=1024, num_layers=4, num_heads=4)


@network("transformers", "TorchScript")
def t5_encoder(folder):
    module = calling(lambda m, ids, attention: m.net(ids, attention_mask=attention).last_hidden_state)(
        net=of("T5EncoderModel", "T5Config", **T5))
    return registry.export(module, {"input_ids": tokens(40, 32128), "attention_mask": mask(40, 8)}, folder, False,
                           ["hidden"])


@network("transformers", "dynamo")
def t5_decoder(folder):
    def forward(m, ids, hidden, attention):
        out = m.net.decoder(ids, encoder_hidden_states=hidden, encoder_attention_mask=attention, use_cache=False)
        return m.net.lm_head(out.last_hidden_state)

    module = calling(forward)(net=of("T5ForConditionalGeneration", "T5Config", **T5))
    inputs = {"decoder_input_ids": tokens(12, 32128), "encoder_hidden_states": normal(1, 40, 256),
              "encoder_attention_mask": mask(40, 8)}
    return registry.export(module, inputs, folder, True, ["logits"])


@network("transformers", "dynamo")
def clip(folder):
    def forward(m, ids, picture, attention):
        out = m.net(input_ids=ids, pixel_values=picture, attention_mask=attention)
        return out.logits_per_image, out.text_embeds, out.image_embeds

    import transformers

    text = dict(num_hidden_layers=4, eos_token_id=49407)
    settings = transformers.CLIPConfig(text_config=text, vision_config=dict(num_hidden_layers=4))
    net = registry.seeded(lambda: transformers.CLIPModel(settings))
    ids = tokens(16, 49000, 2)
    ids[:, 12] = 49407
    inputs = {"input_ids": ids, "pixel_values": image(), "attention_mask": mask(16, 3, 2)}
    return registry.export(calling(forward)(net=net), inputs, folder, True, ["scores", "text", "pictures"])


@network("transformers", "TorchScript")
def deberta(folder):
    """Attention by relative positions."""
    module = calling(lambda m, ids, attention: m.net(ids, attention_mask=attention).last_hidden_state)(
        net=of("DebertaV2Model", "DebertaV2Config", eager=True, vocab_size=8000, hidden_size=384, num_hidden_layers=3,
               num_attention_heads=6, intermediate_size=1536, relative_attention=True, position_buckets=64,
               norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False))
    return registry.export(module, {"input_ids": tokens(64, 8000), "attention_mask": mask(64, 10)}, folder, False,
                           ["hidden"], opset_version=16)


@network("transformers", "TorchScript")
def mamba(folder):
    """A state space model, its scan written out."""
    module = calling(lambda m, ids: m.net(ids, use_cache=False).logits)(
        net=of("MambaForCausalLM", "MambaConfig", eager=True, vocab_size=8000, hidden_size=256, num_hidden_layers=3))
    return registry.export(module, {"input_ids": tokens(24, 8000)}, folder, False, ["logits"])


@network("transformers", "dynamo")
def gemma3(folder):
    """A prompt through full and sliding window attention."""
    module = calling(lambda m, ids, attention: m.net(ids, attention_mask=attention, use_cache=False).logits)(
        net=of("Gemma3ForCausalLM", "Gemma3TextConfig", vocab_size=16000, hidden_size=320, intermediate_size=1280,
               num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=1, head_dim=64, sliding_window=16,
               sliding_window_pattern=3))
    return registry.export(module, {"input_ids": tokens(40, 16000), "attention_mask": mask(40, 0)}, folder, True,
                           ["logits"])


@network("transformers", "TorchScript")
def bart_decoder(folder):
    def forward(m, ids, hidden, attention):
        out = m.net.model.decoder(ids, encoder_hidden_states=hidden, encoder_attention_mask=attention,
                                  use_cache=False)
        return m.net.lm_head(out.last_hidden_state)

    module = calling(forward)(net=of("BartForConditionalGeneration", "BartConfig", vocab_size=8000, d_model=256,
                                     encoder_layers=2, decoder_layers=3, encoder_ffn_dim=1024, decoder_ffn_dim=1024,
                                     decoder_attention_heads=4, encoder_attention_heads=4))
    inputs = {"decoder_input_ids": tokens(12, 8000), "encoder_hidden_states": normal(1, 40, 256),
              "encoder_attention_mask": mask(40, 8)}
    return registry.export(module, inputs, folder, False, ["logits"], opset_version=15)
