"""Writes the model files of this folder as ../keras/make_keras.py does, with Keras 3.15 on JAX: networks of attention, einsum and
embedding layers. Run it in this folder; names as arguments choose some of them.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "keras"))
from make_keras import L, keras, write


def tokens():
    """Two embeddings of the same ids, and attention that looks back only."""
    ids = L.Input((6,), name="ids")
    x = L.Add()([L.Embedding(9, 4, name="words")(ids), L.Embedding(9, 4, name="more_words")(ids)])
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 3, name="heads")(x, x, use_causal_mask=True)]))
    return keras.Model(ids, L.Dense(3, activation="softmax")(L.GlobalAveragePooling1D()(x)))


def masked():
    """A mask of ids on its way through two blocks of attention, whose scores are used too, to the mean of what it leaves."""
    ids = L.Input((6,), name="ids")
    x = L.Embedding(9, 4, mask_zero=True, name="words")(ids)
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)]))
    y, weights = L.MultiHeadAttention(2, 2)(x, x, return_attention_scores=True)
    z, scores = L.Attention(use_scale=True)([L.Dense(4)(x), y], return_attention_scores=True)
    mean = L.GlobalAveragePooling1D()(L.Concatenate()([y, z]))
    flat = [L.Flatten()(part) for part in (weights, scores, y)]
    return keras.Model(ids, L.Dense(3, activation="softmax")(L.Concatenate()([mean, *flat])))


def heads():
    """Query, value and key of their own, a mask, several output axes; inside a model that is used as a layer."""
    x, mask = L.Input((5, 6)), L.Input((5, 5))
    layer = L.MultiHeadAttention(2, 3, value_dim=4, output_shape=(2, 3), dropout=0.2, use_gate=True)
    inner = keras.Model([x, mask], layer(x, value=L.Dense(5)(x), key=L.Dense(4)(x), attention_mask=mask), name="inner")
    a, m = L.Input((5, 6)), L.Input((5, 5))
    return keras.Model([a, m], L.Dense(3)(L.Flatten()(inner([a, m]))))


def groups():
    x = L.Input((5, 6))
    y = L.GroupQueryAttention(3, 4, 2, use_gate=True, sliding_window=3)(x, x, use_causal_mask=True)
    return keras.Model(x, L.Dense(3)(L.Flatten()(L.GroupQueryAttention(2, 2, 1, use_bias=False)(y, x))))


def scores():
    x = L.Input((5, 6))
    query = L.Dense(6)(L.Cropping1D((0, 2))(x))
    a = L.Attention(use_scale=True)([query, x], use_causal_mask=True)
    b = L.Attention(score_mode="concat", use_scale=True)([query, x, L.Dense(6)(x)])
    c = L.AdditiveAttention()([query, x])
    return keras.Model(x, L.Dense(3)(L.Flatten()(L.Concatenate()([a, b, c]))))


def einsum():
    x = L.Input((4, 6))
    y = L.EinsumDense("abc,cde->abde", (4, 2, 3), bias_axes="de", activation="relu")(x)
    y = L.EinsumDense("abde,def->abf", (4, 5), bias_axes="f")(y)
    y = L.EinsumDense("...x,xy->...y", 3, bias_axes="y")(L.EinsumDense("abc,bcd->abd", (4, 5), bias_axes="bd")(y))
    return keras.Model(x, L.Dense(3)(L.Flatten()(y)))


# The forms besides .keras, and how many ids there are.
MODELS = {tokens: (["h5", "weights.h5", "json"], 9), masked: (["h5"], 9), heads: (["h5"], 0), groups: (["h5"], 0), scores: (["h5"], 0), einsum: ([], 0)}
MAKERS = {make.__name__: (make, *rest) for make, rest in MODELS.items()}
for chosen in sys.argv[1:] or MAKERS:
    keras.utils.clear_session()
    build, forms, ids = MAKERS[chosen]
    write(chosen, build(), forms, ids)
