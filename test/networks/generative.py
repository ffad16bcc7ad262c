"""Parts of diffusion models, of diffusers."""
import registry
from registry import network, normal


def unet(**options):
    import diffusers

    return registry.seeded(lambda: diffusers.UNet2DConditionModel(**options))


def export_unet(net, folder, dynamo, size, text, width):
    import torch
    from language import calling

    module = calling(lambda m, sample, step, hidden: m.net(sample, step, hidden, return_dict=False)[0])(net=net)
    inputs = {"sample": normal(1, 4, size, size).to(net.dtype), "timestep": torch.tensor([501]),
              "encoder_hidden_states": normal(1, text, width).to(net.dtype)}
    return registry.export(module, inputs, folder, dynamo, ["noise"])


SMALL = dict(sample_size=32, block_out_channels=(64, 128, 128), layers_per_block=1, cross_attention_dim=128,
             down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
             up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))


@network("diffusers", "TorchScript")
def unet_small(folder):
    return export_unet(unet(**SMALL), folder, False, 32, 16, 128)


@network("diffusers", "dynamo, float16", tolerance=1e-2)
def unet_stable_diffusion(folder):
    """The network of Stable Diffusion 1.5 with its 860 million weights, for images of 256 x 256."""
    net = unet(sample_size=32, cross_attention_dim=768).half()
    return export_unet(net, folder, True, 32, 77, 768)


@network("diffusers", "dynamo")
def vae_decoder(folder):
    import diffusers
    from language import calling

    net = registry.seeded(lambda: diffusers.AutoencoderKL(
        block_out_channels=(64, 128, 256), layers_per_block=1, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3))
    module = calling(lambda m, latent: m.net.decode(latent, return_dict=False)[0])(net=net)
    return registry.export(module, {"latent": normal(1, 4, 24, 24)}, folder, True, ["image"])


@network("diffusers", "TorchScript")
def transformer_sd3(folder):
    import diffusers
    import torch
    from language import calling

    net = registry.seeded(lambda: diffusers.SD3Transformer2DModel(
        sample_size=32, num_layers=3, attention_head_dim=32, num_attention_heads=6, joint_attention_dim=256,
        caption_projection_dim=192, pooled_projection_dim=128, pos_embed_max_size=32))
    module = calling(lambda m, latent, text, pooled, step: m.net(
        latent, encoder_hidden_states=text, pooled_projections=pooled, timestep=step, return_dict=False)[0])(net=net)
    inputs = {"latent": normal(1, 16, 32, 32), "text": normal(1, 20, 256), "pooled": normal(1, 128),
              "timestep": torch.tensor([501.0])}
    return registry.export(module, inputs, folder, False, ["noise"])
