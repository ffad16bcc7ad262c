"""What docs/operators.md says beside the counts: where a form of an operator is refused or has a limit."""

KNOWN = "known while compiling"
ROOM = ("as many results as a constant input says, or as the model declares for its output; fewer are filled up, "
        "more are left out")
RANDOM = "refused: draws random numbers"
STRINGS = "refused: strings"
STEPS = "each step is written out"
SEQUENCE = f"lengths and shapes are {KNOWN}"
OPTIONAL = f"present or absent is {KNOWN}"

NOTES = {
    "AveragePool": "at most 16,777,216 windows along an axis",
    "BatchNormalization": "with training_mode = 1 by the moments of the batch; spatial = 0 (opset 1 to 8) is refused",
    "Bernoulli": RANDOM,
    "Compress": f"{ROOM}; the condition of one without such a size is {KNOWN}",
    "Constant": "no strings, and no sparse tensors",
    "Dropout": f"inference: training_mode is {KNOWN} to be false, or the ratio to be 0",
    "If": "both branches run where the run computes the condition, and then their results have one shape",
    "ImageDecoder": "refused: reads files of images",
    "Loop": f"the trip count, or the condition, is {KNOWN}: iterations are written out, 65,536 at most; a condition "
            "that the run computes stops the values, not the work",
    "Multinomial": RANDOM,
    "NonMaxSuppression": "room for all that it may select, or as many as the model declares; the rest is -1",
    "NonZero": ROOM,
    "Optional": OPTIONAL,
    "OptionalGetElement": OPTIONAL,
    "OptionalHasElement": OPTIONAL,
    "RandomNormal": RANDOM,
    "RandomNormalLike": RANDOM,
    "RandomUniform": RANDOM,
    "RandomUniformLike": RANDOM,
    "RegexFullMatch": STRINGS,
    "Resize": f"scales, sizes and roi are {KNOWN}",
    "GRU": STEPS,
    "LSTM": STEPS,
    "RNN": STEPS,
    "Scan": f"{STEPS}; sequence_lens (opset 8) is refused",
    "SequenceAt": SEQUENCE,
    "SequenceConstruct": SEQUENCE,
    "SequenceEmpty": SEQUENCE,
    "SequenceErase": SEQUENCE,
    "SequenceInsert": SEQUENCE,
    "SequenceLength": SEQUENCE,
    "SequenceMap": f"{SEQUENCE}; the body is written out for each element",
    "SplitToSequence": f"{SEQUENCE}; at most 65,536 pieces",
    "StringConcat": STRINGS,
    "StringNormalizer": STRINGS,
    "StringSplit": STRINGS,
    "TfIdfVectorizer": "of integers, not of strings",
    "Unique": ROOM,
}

# What routines compute, which are C functions for processors (docs/architecture.md).
ROUTINES = """Compress CumProd CumSum Det MaxRoiPool MaxUnpool NonMaxSuppression NonZero RoiAlign Scatter
ScatterElements ScatterND TensorScatter TfIdfVectorizer TopK Unique""".split()

OTHERS = {
    "com.microsoft.Attention": "past_sequence_length, do_rotary and past_present_share_buffer are refused",
    "com.microsoft.GatherBlockQuantized": "along the first axis of a table whose last one is quantized, in full blocks",
    "com.microsoft.GroupQueryAttention": "quantised caches are refused",
    "com.microsoft.MatMulNBits": "2, 4 and 8 bits; g_idx is refused",
    "com.microsoft.MultiHeadAttention": "past_sequence_length and cache_indirection are refused",
    "com.microsoft.QLinearAveragePool": "channels_last is refused",
    "com.microsoft.QLinearGlobalAveragePool": "channels_last is refused",
    "com.microsoft.RotaryEmbedding": "is_packed_batching is refused",
    "com.microsoft.SkipLayerNormalization": "without the outputs of training",
    "com.microsoft.SkipSimplifiedLayerNormalization": "without the outputs of training",
}
