"""Networks of well-known shapes that keras.applications does not have, small, for Keras 3 and for tf.keras 2: inputs, weights,
and the gradient of a weighted sum of their outputs by automatic differentiation."""

import numpy as np
from both_keras import keras, third

if third:
    import jax

    K = keras.ops
else:
    import tensorflow as tf

    K = tf
    K.sum = tf.reduce_sum
L = keras.layers
WORDS = 11


def vit():
    """Patches, a class token (a bias alone), embeddings of positions (a bias for each), attention, LayerNormalization."""
    x = keras.Input((12, 12, 3))
    patches = L.Reshape((9, 8))(L.Conv2D(8, 4, strides=4)(x))
    token = L.Dense(8)(L.Rescaling(0.0)(L.Cropping1D((0, 8))(patches)))
    y = L.EinsumDense("abc,cd->abd", (10, 8), bias_axes="bd")(L.Concatenate(axis=1)([token, patches]))
    n = L.LayerNormalization(epsilon=1e-6)(y)
    y = L.Add()([y, L.MultiHeadAttention(2, 4)(n, n)])
    n = L.LayerNormalization(epsilon=1e-6)(y)
    y = L.Add()([y, L.Dense(8)(L.Dropout(0.1)(L.Dense(16, activation="gelu")(n)))])
    y = L.Flatten()(L.Cropping1D((0, 9))(L.LayerNormalization(epsilon=1e-6)(y)))
    return keras.Model(x, L.Dense(3)(y))


def unet():
    def level(y, filters):
        return L.ReLU()(L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", use_bias=False)(y)))

    x = keras.Input((16, 16, 2))
    first = level(x, 4)
    second = level(L.MaxPooling2D()(first), 6)
    y = level(L.MaxPooling2D()(second), 8)
    y = level(L.Concatenate()([second, L.Conv2DTranspose(6, 2, strides=2, padding="same")(y)]), 6)
    y = level(L.Concatenate()([first, L.UpSampling2D(interpolation="bilinear")(y)]), 4)
    return keras.Model(x, L.Conv2D(3, 1)(y))


def text():
    ids = keras.Input((9,))
    y = L.Embedding(WORDS, 6, mask_zero=True)(ids)
    return keras.Model(ids, L.Dense(3)(L.LSTM(7)(y)))


def wavenet():
    x = y = keras.Input((24, 2))
    y = L.Conv1D(4, 2, padding="causal")(y)
    skips = []
    for dilation in (1, 2, 4, 8):
        tanh = L.Conv1D(4, 2, padding="causal", dilation_rate=dilation, activation="tanh")(y)
        gate = L.Conv1D(4, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")(y)
        z = L.Multiply()([tanh, gate])
        skips.append(L.Conv1D(6, 1)(z))
        y = L.Add()([y, L.Conv1D(4, 1)(z)])
    y = L.Conv1D(6, 1, activation="relu")(L.ReLU()(L.Add()(skips)))
    return keras.Model(x, L.Conv1D(3, 1)(y))


def siamese():
    """One branch for both pictures; the distance of what it makes of them decides."""
    branch = keras.Sequential([keras.Input((10, 10, 1)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(),
                               L.Conv2D(6, 3, activation="relu"), L.Flatten(), L.Dense(5)])  # fmt: skip
    a, b = keras.Input((10, 10, 1), name="left"), keras.Input((10, 10, 1), name="right")
    squares = K.square(branch(a) - branch(b))
    distance = K.sqrt(K.sum(squares, axis=-1, keepdims=True) + 1e-6)
    return keras.Model([a, b], L.Dense(1)(distance))


def autoencoder():
    x = y = keras.Input((12, 12, 1))
    for filters in (4, 8):
        y = L.Conv2D(filters, 3, strides=2, padding="same", activation="relu", use_bias=False)(y)
    y = L.Dense(6, activation="relu", use_bias=False)(L.Flatten()(y))
    y = L.Reshape((3, 3, 8))(L.Dense(72, activation="relu", use_bias=False)(y))
    for filters in (6, 4):
        y = L.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu", use_bias=False)(y)
    return keras.Model(x, L.Conv2D(1, 3, padding="same", use_bias=False)(y))


NETWORKS = {make.__name__: make for make in (vit, unet, text, wavenet, siamese, autoencoder)}


def made(name):
    """With weights by seed, those of kernels in the size that keeps the size of activations."""
    keras.backend.clear_session()
    model, rng = NETWORKS[name](), np.random.default_rng(7)
    values = []
    for variable, value in zip(model.weights, model.get_weights()):
        if any(part in variable.name for part in ("variance", "gamma")):
            values.append(rng.uniform(0.7, 1.3, value.shape))
        else:
            values.append(rng.normal(0, 0.2 if value.ndim == 1 else (2 / np.prod(value.shape[:-1])) ** 0.5, value.shape))
    model.set_weights(values)
    return model


def inputs_of(model):
    rng = np.random.default_rng(5)
    if any(isinstance(layer, L.Embedding) for layer in model.layers):
        ids = rng.integers(1, WORDS, (2, 9)).astype(np.float32)
        ids[0, 6:], ids[1, 8:] = 0, 0
        return [ids]
    return [rng.normal(0, 1, (2, *x.shape[1:])).astype(np.float32) for x in model.inputs]


def weights_of(outputs):
    """One weight for each output: of images and series a mask inside one channel."""
    if outputs.ndim == 2:
        return np.random.default_rng(9).normal(0, 1, outputs.shape).astype(np.float32)
    mask = np.zeros(outputs.shape, bool)
    mask[:, 3:9, ..., -1] = True
    return mask


def outputs_and_gradients(model, arrays, weights):
    """What the model returns, and the gradient of sum(weights * outputs) at each input, or at what an embedding makes of it."""
    weights = np.asarray(weights, np.float32)
    embeddings = [layer for layer in model.layers if isinstance(layer, L.Embedding)]
    if embeddings:
        _, _, lstm, head = model.layers
        mask = arrays[0] != 0
        points = [np.asarray(embeddings[0](arrays[0]))]
        answer = lambda given: head(lstm(given[0], mask=mask))  # noqa: E731
    else:
        points = arrays
        answer = lambda given: model(given if len(given) > 1 else given[0], training=False)  # noqa: E731
    if third:
        gradients = jax.grad(lambda given: (answer(given) * weights).sum())([jax.numpy.asarray(p) for p in points])
        return np.asarray(answer(points)), [np.asarray(g) for g in gradients]
    given = [tf.constant(p) for p in points]
    with tf.GradientTape() as tape:
        tape.watch(given)
        total = tf.reduce_sum(answer(given) * weights)
    return answer(given).numpy(), [g.numpy() for g in tape.gradient(total, given)]
