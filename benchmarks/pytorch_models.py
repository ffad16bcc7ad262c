"""The networks of test/models in PyTorch, with made-up weights and inputs of the same shapes.

`build(name, device, dtype)` gives a module in evaluation mode and its inputs.
Nothing is downloaded. yolov3 is in no library that this can rely on.
"""
import torch
from torch import nn
from torch.nn import functional as F

VISION = {"vgg19": 224, "resnet101": 224, "mobilenet_v2": 224, "vit_b_16": 224, "fcn_resnet101": 320}
LANGUAGE = {"bert_base": 128, "gpt2": 64}
# width, layers, heads, heads of keys, width inside, length of the cache
LLAMA = {"llama_15m_step": (288, 6, 6, 6, 768, 256), "llama_1b_step": (2048, 22, 32, 4, 5632, 512)}
NAMES = [*VISION, *LANGUAGE, *LLAMA]
VOCABULARY = 32000


class Only(nn.Module):
    """A module whose result is one tensor of what `inner` returns."""

    def __init__(self, inner, key, **options):
        super().__init__()
        self.inner, self.key, self.options = inner, key, options

    def forward(self, x):
        return self.inner(x, **self.options)[self.key]


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, 1e-5)


class Layer(nn.Module):
    def __init__(self, width, heads, key_heads, inside):
        super().__init__()
        self.heads, self.key_heads, self.size = heads, key_heads, width // heads
        self.first, self.second = Norm(width), Norm(width)
        kv = key_heads * self.size
        self.q, self.o = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.k, self.v = nn.Linear(width, kv, bias=False), nn.Linear(width, kv, bias=False)
        self.gate, self.up = nn.Linear(width, inside, bias=False), nn.Linear(width, inside, bias=False)
        self.down = nn.Linear(inside, width, bias=False)

    def rotate(self, x, cos, sin):
        a, b = x.chunk(2, -1)
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

    def forward(self, x, position, mask, cos, sin, cache_k, cache_v):
        y = self.first(x)
        q = self.rotate(self.q(y).view(1, 1, self.heads, self.size).transpose(1, 2), cos, sin)
        k = self.rotate(self.k(y).view(1, 1, self.key_heads, self.size).transpose(1, 2), cos, sin)
        v = self.v(y).view(1, 1, self.key_heads, self.size).transpose(1, 2)
        cache_k.index_copy_(2, position, k)
        cache_v.index_copy_(2, position, v)
        y = F.scaled_dot_product_attention(q, cache_k, cache_v, mask, enable_gqa=self.heads != self.key_heads)
        x = x + self.o(y.transpose(1, 2).reshape(1, 1, -1))
        y = self.second(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class LlamaStep(nn.Module):
    """One token through a Llama; the caches stay on the device and are written in place."""

    def __init__(self, width, layers, heads, key_heads, inside, length):
        super().__init__()
        size = width // heads
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.layers = nn.ModuleList(Layer(width, heads, key_heads, inside) for _ in range(layers))
        self.norm, self.head = Norm(width), nn.Linear(width, VOCABULARY, bias=False)
        angles = torch.outer(torch.arange(length), 10000 ** (-torch.arange(0, size, 2) / size))
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.register_buffer("at", torch.arange(length))
        shape = (layers, 1, key_heads, length, size)
        self.register_buffer("cache_k", torch.zeros(shape))
        self.register_buffer("cache_v", torch.zeros(shape))

    def forward(self, token, position):
        x = self.embedding(token)
        cos, sin = self.cos.index_select(0, position), self.sin.index_select(0, position)
        mask = (self.at <= position).view(1, 1, 1, -1)
        for i, layer in enumerate(self.layers):
            x = layer(x, position, mask, cos, sin, self.cache_k[i], self.cache_v[i])
        return self.head(self.norm(x))


def vision(name):
    from torchvision import models

    if name == "fcn_resnet101":
        return Only(models.segmentation.fcn_resnet101(weights=None, weights_backbone=None), "out")
    return getattr(models, name)(weights=None)


def language(name):
    import transformers

    if name == "bert_base":
        config = transformers.BertConfig(attn_implementation="sdpa")
        return Only(transformers.BertModel(config, add_pooling_layer=False), "last_hidden_state")
    config = transformers.GPT2Config(attn_implementation="sdpa")
    return Only(transformers.GPT2LMHeadModel(config), "logits", use_cache=False)


def build(name, device, dtype):
    torch.manual_seed(0)
    with torch.device(device):
        if name in VISION:
            model, inputs = vision(name), [torch.rand(1, 3, VISION[name], VISION[name]).to(dtype)]
        elif name in LANGUAGE:
            model, inputs = language(name), [torch.randint(0, 100, (1, LANGUAGE[name]))]
        else:
            model = LlamaStep(*LLAMA[name])
            inputs = [torch.full((1, 1), 7), torch.full((1,), 49)]
    return model.to(device, dtype).eval().requires_grad_(False), inputs
