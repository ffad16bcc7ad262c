"""Networks of JAX and Flax, by jax2onnx."""
import os

import numpy as np

import registry
from registry import network


@network("flax", "jax2onnx")
def flax_vit(folder):
    import jax2onnx
    import onnx
    from flax import nnx

    class Block(nnx.Module):
        def __init__(self, width, heads, rngs):
            self.norms = nnx.List([nnx.LayerNorm(width, rngs=rngs) for _ in range(2)])
            self.attention = nnx.MultiHeadAttention(num_heads=heads, in_features=width, decode=False, rngs=rngs)
            self.up = nnx.Linear(width, 4 * width, rngs=rngs)
            self.down = nnx.Linear(4 * width, width, rngs=rngs)

        def __call__(self, x):
            x = x + self.attention(self.norms[0](x))
            return x + self.down(nnx.gelu(self.up(self.norms[1](x))))

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.patches = nnx.Conv(3, 192, (16, 16), strides=(16, 16), rngs=rngs)
            self.norm = nnx.BatchNorm(192, use_running_average=True, rngs=rngs)
            self.blocks = nnx.List([Block(192, 6, rngs) for _ in range(4)])
            self.head = nnx.Linear(192, 100, rngs=rngs)

        def __call__(self, x):
            x = self.norm(self.patches(x)).reshape(x.shape[0], -1, 192)
            for block in self.blocks:
                x = block(x)
            return self.head(x.mean(1))

    net = Net(nnx.Rngs(0))
    net.eval()
    model = jax2onnx.to_onnx(net, [(1, 128, 128, 3)], model_name="vit")
    os.makedirs(folder, exist_ok=True)
    onnx.save(model, registry.model_path(folder))
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 128, 128, 3)).astype(np.float32)
    return {model.graph.input[0].name: picture}
