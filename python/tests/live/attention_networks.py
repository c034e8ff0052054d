"""Small networks around attention, einsum and embedding layers, for Keras 3 and for tf.keras 2."""

import numpy as np

try:
    import tensorflow as tf

    keras = tf.keras if tf.keras.__version__.startswith("2") else None
except ImportError:
    keras = None
if keras is None:
    import keras

L = keras.layers
IS_3 = not getattr(keras, "__version__", "2").startswith("2")


def headed(inputs, x):
    return keras.Model(inputs, L.Dense(4)(L.Flatten()(x)))


def on_sequence(make, *shape):
    """A network on one input: `make(x)` gives the tensor before the head."""

    def build():
        x = keras.Input(shape or (6, 8))
        return headed(x, make(x))

    return build


def heads(x, *, mask=None, **options):
    call = {"use_causal_mask": True} if options.pop("causal", False) else {}
    if mask is not None:
        call["attention_mask"] = mask
    return L.MultiHeadAttention(2, 3, **options)(x, x, **call)


def cross(x, **options):
    query, value = L.Dense(5)(L.Cropping1D((1, 1))(x)), L.Dense(7, activation="tanh")(x)
    value_dim = 2 if IS_3 and not options else 4  # JAX's fused attention cannot do with two sizes
    return L.MultiHeadAttention(3, 2, value_dim=value_dim, **options)(query, value, key=L.Dense(6)(x))


def with_mask():
    x, mask = keras.Input((6, 8)), keras.Input((6, 6))
    return headed([x, mask], heads(x, mask=mask))


def listed(layer, *, keys=False, causal=False):
    def make(x):
        inputs = [L.Dense(8)(L.Cropping1D((0, 2))(x)), x] + ([L.Dense(8)(x)] if keys else [])
        return layer()(inputs, **({"use_causal_mask": True} if causal else {}))

    return make


def einsum(equation, output_shape, bias_axes=None, **options):
    return lambda x: L.EinsumDense(equation, output_shape, bias_axes=bias_axes, **options)(x)


def tokens(*layers):
    def build():
        x = keras.Input((7,))
        y = L.Embedding(11, 5)(x)
        for layer in layers:
            y = layer(y)
        return headed(x, y)

    return build


def masked(make, *shape):
    """The same with steps of zeros masked."""
    return on_sequence(lambda x: make(L.Masking(0.0)(x)), *shape)


def masked_tokens(make):
    def build():
        ids = keras.Input((7,))
        return headed(ids, make(L.Embedding(11, 5, mask_zero=True)(ids)))

    return build


def there_and_back(behind, **options):
    """A table of vectors, and from vectors back to scores of the ids."""

    def build():
        ids = keras.Input((7,))
        table = L.ReversibleEmbedding(11, 5, **options)
        return headed(ids, table(behind()(table(ids)), reverse=True))

    return build


def flat(*parts):
    return L.Concatenate()([L.Flatten()(part) for part in parts])


def with_scores(layer, *inputs, **options):
    """Output and scores of attention."""
    return flat(*layer(*inputs, return_attention_scores=True, **options))


def one_masked(role):
    """Query, value and key, of which one has a mask."""

    def make(x):
        parts = {name: L.Dense(5)(L.Masking(0.0)(x) if name == role else x) for name in ("query", "value", "key")}
        return L.MultiHeadAttention(2, 3)(**parts)

    return make


def mask_upon_mask():
    """An attention mask, masks of the input, and the order of positions."""
    x, mask = keras.Input((6, 8)), keras.Input((6, 6))
    m = L.Masking(0.0)(x)
    return headed([x, mask], L.MultiHeadAttention(2, 3)(m, m, attention_mask=mask, use_causal_mask=True))


def used_twice(m):
    """Layers that use the mask behind an attention layer that uses it as well."""
    a = L.MultiHeadAttention(2, 3)(m, m)
    b = L.MultiHeadAttention(2, 4)(L.Dense(8)(a), m)
    c = L.Attention()([L.LayerNormalization()(L.Add()([m, a])), m])
    return flat(a, b, L.GlobalAveragePooling1D()(c), L.LSTM(3)(L.Add()([m, b])))


def joined_masks(m):
    """A mask of several joined, which the mean over the steps takes."""
    a = L.MultiHeadAttention(2, 3)(m, m)
    return L.GlobalAveragePooling1D()(L.Concatenate()([L.Attention()([a, m]), L.Dense(4)(a), L.Conv1D(2, 1)(m)]))


def recurrent_then_attention(m):
    y = L.Bidirectional(L.LSTM(4, return_sequences=True))(m)
    return L.GlobalAveragePooling1D()(L.Attention()([y, y]))


def given_masks():
    """Masks that are inputs of the model."""
    x, mask = keras.Input((6, 8)), keras.Input((6,), dtype="bool")
    return headed([x, mask], L.Attention()([x, L.Dense(8)(x)], mask=[mask, mask], use_causal_mask=True))


def transformer_block(y):
    return L.LayerNormalization()(L.Add()([y, L.MultiHeadAttention(2, 3)(y, y)]))


def transformer(y):
    y = L.LayerNormalization()(L.Add()([y, L.MultiHeadAttention(2, 3)(y, y, use_causal_mask=True)]))
    y = L.LayerNormalization()(L.Add()([y, L.Dense(5)(L.Dense(9, activation="gelu")(y))]))
    return L.GlobalAveragePooling1D()(y)


NETWORKS = {
    "heads": on_sequence(heads),
    "heads_causal": on_sequence(lambda x: heads(x, causal=True)),
    "heads_no_bias": on_sequence(lambda x: heads(x, use_bias=False, output_shape=5)),
    "heads_shape": on_sequence(lambda x: heads(x, output_shape=(2, 3))),
    "heads_cross": on_sequence(cross),
    "heads_dropout": on_sequence(lambda x: cross(x, dropout=0.3)),
    "heads_image": on_sequence(heads, 3, 4, 8),
    "heads_rows": on_sequence(lambda x: heads(x, attention_axes=(1,)), 3, 4, 8),
    "heads_columns": on_sequence(lambda x: heads(x, attention_axes=(2,)), 3, 4, 8),
    "heads_mask": with_mask,
    "attention": on_sequence(listed(L.Attention)),
    "attention_scale": on_sequence(listed(lambda: L.Attention(use_scale=True), keys=True)),
    "attention_causal": on_sequence(listed(L.Attention, causal=True)),
    "attention_concat": on_sequence(listed(lambda: L.Attention(use_scale=True, score_mode="concat"))),
    "attention_concat_plain": on_sequence(listed(lambda: L.Attention(score_mode="concat"), keys=True)),
    "additive": on_sequence(listed(L.AdditiveAttention, causal=True)),
    "additive_plain": on_sequence(listed(lambda: L.AdditiveAttention(use_scale=False), keys=True)),
    "einsum_dense": on_sequence(einsum("abc,cd->abd", (6, 5), "d", activation="relu")),
    "einsum_flat": on_sequence(einsum("ab,bc->ac", 3, "c"), 8),
    "einsum_left": on_sequence(einsum("...x,xy->...y", 5, "y")),
    "einsum_right": on_sequence(einsum("ab...,bc->ac...", 5, "c"), 4, 3, 2),
    "einsum_positions": on_sequence(einsum("abc,bcd->abd", (6, 5), "bd")),
    "einsum_heads": on_sequence(einsum("abc,cde->abde", (6, 2, 3), "de")),
    "einsum_join": on_sequence(einsum("abcd,cde->abe", (4, 5), "e"), 4, 2, 3),
    "einsum_moved": on_sequence(einsum("abc,cd->adb", (5, 6), "d")),
    "einsum_sum": on_sequence(einsum("abc,cd->ad", 5)),
    "tokens": tokens(L.Conv1D(6, 3, activation="relu")),
    "tokens_transformer": tokens(transformer),
}

NETWORKS.update({
    "masked_heads": masked(heads),
    "masked_heads_causal": masked(lambda m: heads(m, causal=True)),
    "masked_heads_dropout": masked(lambda m: heads(m, dropout=0.3, causal=True)),
    "masked_heads_scores": masked(lambda m: with_scores(L.MultiHeadAttention(2, 3), m, m)),
    "masked_query": on_sequence(one_masked("query")),
    "masked_value": on_sequence(one_masked("value")),
    "masked_key": on_sequence(one_masked("key")),
    "masked_mask": mask_upon_mask,
    "masked_attention": masked(lambda m: L.Attention(use_scale=True)([m, m])),
    "masked_attention_scores": masked(lambda m: with_scores(L.Attention(), [L.Dense(8)(m), m], use_causal_mask=True)),
    "masked_attention_value": masked(listed(L.Attention, keys=True)),
    "masked_additive": masked(lambda m: with_scores(L.AdditiveAttention(), [m, L.Dense(8)(m)])),
    "masked_transformer": masked(lambda m: transformer(L.Dense(5)(m))),
    "masked_twice": masked(used_twice),
    "masked_joined": masked(joined_masks),
    "masked_recurrent": masked(recurrent_then_attention),
    "masked_given": given_masks,
    "masked_tokens": masked_tokens(lambda m: L.MultiHeadAttention(2, 3)(m, m)),
    "masked_tokens_transformer": masked_tokens(lambda m: transformer(transformer_block(m))),
    "masked_tokens_recurrent": masked_tokens(recurrent_then_attention),
})

if IS_3:
    NETWORKS.update(
        {
            "tokens_tied": there_and_back(lambda: L.Dense(5, activation="tanh")),
            "masked_tokens_untied": there_and_back(lambda: L.LSTM(5, return_sequences=True), tie_weights=False, mask_zero=True),
            "masked_tokens_capped": there_and_back(lambda: L.Dense(5), tie_weights=False, mask_zero=True, logit_soft_cap=2.0),
            "masked_gate": masked(lambda m: heads(m, use_gate=True)),
            "masked_groups": masked(lambda m: L.GroupQueryAttention(3, 4, 2)(m, m)),
            "masked_groups_scores": masked(lambda m: with_scores(L.GroupQueryAttention(3, 4, 2), m, L.Dense(8)(m), use_causal_mask=True)),
            "masked_groups_twice": masked(lambda m: L.GlobalAveragePooling1D()(L.GroupQueryAttention(3, 4, 2)(m, L.GroupQueryAttention(3, 4, 2)(m, m)))),
            "heads_gate": on_sequence(lambda x: heads(x, use_gate=True)),
            "heads_window": on_sequence(lambda x: heads(x, sliding_window=2)),
            "groups": on_sequence(lambda x: L.GroupQueryAttention(3, 4, 2)(x, x)),
            "groups_causal": on_sequence(lambda x: L.GroupQueryAttention(3, 4, 1, use_bias=False, use_gate=True)(x, x, use_causal_mask=True)),
            "groups_window": on_sequence(lambda x: L.GroupQueryAttention(3, 6, 3, sliding_window=3)(L.Dense(8)(x), x)),
        }
    )


def randomized(model):
    rng = np.random.default_rng(7)
    model.set_weights([rng.normal(0, 0.6, w.shape) for w in model.get_weights()])
    return model


def inputs_of(model, count=2):
    rng = np.random.default_rng(5)
    arrays = [rng.normal(0, 1, (count, *x.shape[1:])).astype(np.float32) for x in model.inputs]
    if any(isinstance(layer, L.Embedding) for layer in model.layers):
        ids = rng.integers(0, 11, (count, 7)).astype(np.float32)
        ids[0, 5:], ids[1, 2] = 0, 0
        return [ids]
    if any(isinstance(layer, L.Masking) for layer in model.layers):
        arrays[0][0, -2:], arrays[0][1, 0], arrays[0][1, 3] = 0, 0, 0
    if len(arrays) > 1 and arrays[1].ndim == 2:
        arrays[1] = arrays[1] > -0.5
    elif len(arrays) > 1:  # a mask that leaves every position something to look at
        arrays[1] = ((arrays[1] > 0) | np.eye(6, dtype=bool)).astype(np.float32)
    return arrays


def body_of(model):
    """The network behind its embedding, and that; the model itself where it has none."""
    for layer in model.layers:
        if isinstance(layer, L.Embedding):
            return keras.Model(layer.output, model.output), layer
    return model, None
