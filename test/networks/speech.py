"""Networks that hear and speak: of transformers."""
import registry
from language import cache_names, calling, of
from registry import network, normal, tokens


@network("transformers", "dynamo")
def whisper_tiny_encoder(folder):
    module = calling(lambda m, features: m.net.encoder(features).last_hidden_state)(net=whisper().model)
    return registry.export(module, {"input_features": normal(1, 80, 3000)}, folder, True, ["hidden"])


@network("transformers", "dynamo")
def whisper_tiny_decoder(folder):
    """A step with the caches of the decoder and of its attention to the encoder."""
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache

    net, layers = whisper(), 4

    def forward(m, ids, *cache):
        own, cross = DynamicCache(), DynamicCache()
        for i in range(layers):
            own.update(cache[4 * i], cache[4 * i + 1], i)
            cross.update(cache[4 * i + 2], cache[4 * i + 3], i)
        past = EncoderDecoderCache(own, cross)
        for i in range(layers):
            past.is_updated[i] = True
        hidden = m.net.model.decoder(ids, past_key_values=past, use_cache=True,
                                     encoder_hidden_states=cache[2].transpose(1, 2).reshape(1, -1, 384))
        parts = []
        for layer in hidden.past_key_values.self_attention_cache.layers:
            parts += [layer.keys, layer.values]
        return (m.net.proj_out(hidden.last_hidden_state), *parts)

    inputs = {"decoder_input_ids": tokens(1, 51865)}
    for i in range(layers):
        for part, length in (("key", 16), ("value", 16), ("cross_key", 1500), ("cross_value", 1500)):
            inputs[f"past.{i}.{part}"] = normal(1, 6, length, 64, seed=len(inputs))
    return registry.export(calling(forward)(net=net), inputs, folder, True,
                           ["logits", *cache_names("present", layers)])


def whisper():
    return of("WhisperForConditionalGeneration", "WhisperConfig", d_model=384, encoder_layers=4,
              encoder_attention_heads=6, decoder_layers=4, decoder_attention_heads=6, encoder_ffn_dim=1536,
              decoder_ffn_dim=1536, vocab_size=51865)


@network("transformers", "TorchScript")
def wav2vec2(folder):
    module = calling(lambda m, sound: m.net(sound).logits)(net=of("Wav2Vec2ForCTC", "Wav2Vec2Config",
                                                                  num_hidden_layers=4))
    return registry.export(module, {"sound": normal(1, 16000)}, folder, False, ["logits"])


@network("transformers", "TorchScript")
def encodec(folder):
    """The codec's encoder, with an LSTM of PyTorch's; one second."""
    module = calling(lambda m, sound: m.net.encoder(sound))(net=of("EncodecModel", "EncodecConfig", eager=True))
    return registry.export(module, {"sound": normal(1, 1, 24000)}, folder, False, ["codes"])


@network("transformers", "dynamo")
def hifigan(folder):
    """A vocoder: from a spectrogram to sound."""
    module = calling(lambda m, spectrogram: m.net(spectrogram))(net=of("SpeechT5HifiGan", "SpeechT5HifiGanConfig",
                                                                             eager=True))
    return registry.export(module, {"spectrogram": normal(1, 50, 80)}, folder, True, ["sound"])
