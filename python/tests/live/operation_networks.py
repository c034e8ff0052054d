"""Small networks of operations on tensors, for Keras 3 (keras.ops) and for tf.keras 2 (TensorFlow functions)."""

import numpy as np
from attention_networks import IS_3, L, headed, keras

if IS_3:
    K = keras.ops
else:
    import tensorflow as tf


def of_one(make, *shape):
    """`make(x)` stands between a layer with weights and the head."""

    def build():
        x = keras.Input(shape or (6, 4))
        return headed(x, make(L.Dense((shape or (6, 4))[-1])(x)))

    return build


def of_two(make):
    def build():
        x, y = keras.Input((6, 4)), keras.Input((6, 4))
        return headed([x, y], make(L.Dense(4)(x), L.Dense(4, activation="tanh")(y)))

    return build


def positive(x):
    return L.Activation("softplus")(x)


def flat(*parts):
    return L.Concatenate()([L.Flatten()(part) for part in parts])


def residual(x):
    y = L.Conv1D(4, 3, padding="same", activation="relu")(x)
    return (x + y) * 0.5 + x / 3.0


def rescaled():
    """What stands in front of many models of images."""
    image = keras.Input((8, 8, 3))
    x = (image / 127.5 - 1.0)[:, 1:-1, ::2]
    return headed(image, L.Conv2D(4, 3, activation="relu")(x))


def gated(x, y):
    return (1.0 - x) * y + x * (2 - y) - (-x) ** 2


def repeated(x):
    return x + x * x - x / (x**2 + 1.0)


ARITHMETIC = {
    "residual": residual,
    "repeated": repeated,
    "constants": lambda x: x + np.arange(4.0, dtype="float32") - np.ones((6, 4), "float32") * 3 + (2 - x) * np.array([1.0, 2.0, 3.0, 4.0], "float32"),
    "powers": lambda x: flat(x**3, positive(x) ** 0.5, positive(x) ** -1.5, positive(x) ** 0.3, (x**2 + 1.0) ** 2.5),
}
ITEMS = {
    "get_index": lambda x: x[:, 0],
    "get_last": lambda x: x[:, -1] * x[:, 2],
    "get_steps": lambda x: x[:, ::2, 1:],
    "get_back": lambda x: flat(x[:, ::-1], x[:, 4:1:-2]),
    "get_rest": lambda x: x[..., 1],
    "get_new": lambda x: x[:, None, 1:-1, ..., None],
}
PAIRS = {
    "gated": gated,
    "quotients": lambda x, y: 1.0 / (positive(x) + 2.0) + y / (positive(x) + 1),
    "power_of_two": lambda x, y: positive(x) ** y,
}

if IS_3:
    ONE = {
        "mean": lambda x: K.mean(x, 1),
        "mean_all": lambda x: K.mean(x, axis=(1, 2), keepdims=True),
        "sums": lambda x: K.sum(x, axis=-1, keepdims=True) * x,
        "extremes": lambda x: K.max(x, 1) + K.min(x, axis=1),
        "variance": lambda x: K.var(x, 1) + K.std(x, 1) + K.prod(x, 1) + K.logsumexp(x, axis=1),
        "moments": lambda x: flat(*K.moments(x, (1,))),
        "normalize": lambda x: K.normalize(x, axis=-1),
        "standardized": lambda x: (x - K.mean(x, 1, keepdims=True)) / K.sqrt(K.var(x, 1, keepdims=True) + 1e-3),
        "reshape": lambda x: K.reshape(x, (-1, 2, 12)),
        "transpose": lambda x: flat(K.transpose(x, (0, 2, 1)), K.swapaxes(x, 1, 2), K.moveaxis(x, -1, 1)),
        "axes": lambda x: K.squeeze(K.expand_dims(K.expand_dims(x, 1), -1), axis=1),
        "parts": lambda x: K.stack(K.unstack(x, axis=1)[1:4], axis=1) * K.concatenate(K.split(x, 2, axis=1)[1:], axis=1),
        "cut": lambda x: K.split(x, [1, 3], axis=-1)[1],
        "take": lambda x: flat(K.take(x, [0, 2, -1], axis=1), K.take(x, 3, axis=2)),
        "copies": lambda x: flat(K.tile(x, (1, 2, 1)), K.repeat(x, 3, axis=1), K.roll(x, 2, axis=1), K.flip(x, axis=1)),
        "pad": lambda x: flat(K.pad(x, ((0, 0), (1, 2), (0, 0))), K.pad(x, ((0, 0), (2, 1), (1, 0)), "reflect"), K.pad(x, ((0, 0), (0, 0), (1, 2)), "symmetric")),
        "pointwise": lambda x: K.exp(x) + K.abs(x) + K.square(x) + K.log1p(positive(x)) + K.log(positive(x)) + K.rsqrt(positive(x)) + K.erf(x) + K.expm1(x) + K.reciprocal(K.sqrt(positive(x))) + K.negative(x),
        "clip": lambda x: K.clip(x, -0.5, 0.5) + K.maximum(x, 0.1) + K.minimum(0.3, x),
        "functions": lambda x: flat(K.relu(x), K.relu6(3 * x), K.leaky_relu(x, 0.1), K.elu(x, 0.7), K.selu(x), K.gelu(x), K.gelu(x, False), K.silu(x), K.sigmoid(x), K.tanh(x)),
        "more_functions": lambda x: flat(K.softplus(x), K.softsign(x), K.softmax(x), K.softmax(x, axis=1), K.log_softmax(x), K.hard_sigmoid(x), K.hard_silu(x), K.log_sigmoid(x), K.celu(x), K.glu(x)),
        "where": lambda x: flat(K.where(x > 0, x, 0.5 * x), K.where(K.logical_or(x < -0.5, x >= 0.5), x, 0.0), K.where(K.logical_and(x != 0, K.logical_not(x <= 0.1)), 1.0, x)),
        "masks": lambda x: x * K.cast(x > 0, "float32") + K.stop_gradient(x) * x + K.sign(x) * K.ones_like(x) + K.zeros_like(x),
        "einsum_one": lambda x: K.einsum("bij->bji", x),
        "matmul_constant": lambda x: K.matmul(x, np.arange(20.0, dtype="float32").reshape(4, 5) / 10),
    }
    TWO = {
        "concat": lambda x, y: K.concatenate([x, y], axis=1),
        "joined": lambda x, y: K.stack([x, K.concatenate([x, y], axis=-1)[:, :, 2:6]], axis=2),
        "matmul": lambda x, y: K.matmul(x, K.transpose(y, (0, 2, 1))),
        "at": lambda x, y: K.softmax(x @ K.swapaxes(y, 1, 2) / 2.0) @ y,
        "einsum": lambda x, y: flat(K.einsum("bij,bkj->bik", x, y), K.einsum("bij,bij->bj", x, y), K.einsum("...j,...j->...", x, y)),
        "add": lambda x, y: K.add(x, y) + K.subtract(x, 1.0) * K.multiply(2.0, y) + K.divide(x, 3.0) + K.maximum(x, y) - K.minimum(x, y),
        "broadcast": lambda x, y: x + K.mean(y, axis=1, keepdims=True) + K.expand_dims(x[:, 0], 1),
    }
    if keras.backend.backend() != "jax":  # where Keras 3.15 hands on a list of axes, which JAX refuses
        ONE["norm"] = lambda x: K.norm(x, ord=2, axis=-1) + K.norm(x, ord=1, axis=-1)
else:
    ONE = {
        "mean": lambda x: tf.reduce_mean(x, 1),
        "mean_all": lambda x: tf.reduce_mean(x, axis=[1, 2], keepdims=True),
        "sums": lambda x: tf.reduce_sum(x, axis=-1, keepdims=True) * x,
        "extremes": lambda x: tf.reduce_max(x, 1) + tf.reduce_min(x, axis=1),
        "variance": lambda x: tf.math.reduce_variance(x, 1) + tf.math.reduce_std(x, 1) + tf.reduce_prod(x, 1) + tf.reduce_logsumexp(x, axis=1),
        "moments": lambda x: flat(*tf.nn.moments(x, [1])),
        "norm": lambda x: tf.norm(x, axis=-1),
        "normalize": lambda x: tf.nn.l2_normalize(x, -1),
        "backend": lambda x: keras.backend.mean(x, axis=1) + keras.backend.sum(keras.backend.square(x), axis=1),
        "standardized": lambda x: (x - tf.reduce_mean(x, 1, keepdims=True)) * tf.math.rsqrt(tf.math.reduce_variance(x, 1, keepdims=True) + 1e-3),
        "reshape": lambda x: tf.reshape(x, [-1, 2, 12]),
        "reshape_batch": lambda x: flat(tf.reshape(x, (tf.shape(x)[0], 2, 12)), tf.broadcast_to(x[:, :1], (tf.shape(x)[0], 6, 4))),
        "transpose": lambda x: tf.transpose(x, [0, 2, 1]),
        "axes": lambda x: tf.squeeze(tf.expand_dims(tf.expand_dims(x, 1), -1), axis=1),
        "parts": lambda x: tf.stack(tf.unstack(x, axis=1)[1:4], axis=1) * tf.concat(tf.split(x, 2, axis=1)[1:], axis=1),
        "cut": lambda x: tf.split(x, [1, 2, 1], axis=-1)[1],
        "take": lambda x: flat(tf.gather(x, [0, 2, 5], axis=1), tf.gather(x, 3, axis=2)),
        "copies": lambda x: flat(tf.tile(x, [1, 2, 1]), tf.repeat(x, 3, axis=1), tf.roll(x, 2, axis=1), tf.reverse(x, axis=[1])),
        "pad": lambda x: flat(tf.pad(x, [[0, 0], [1, 2], [0, 0]]), tf.pad(x, [[0, 0], [2, 1], [1, 0]], "REFLECT"), tf.pad(x, [[0, 0], [0, 0], [1, 2]], "SYMMETRIC")),
        "pointwise": lambda x: tf.exp(x) + tf.abs(x) + tf.square(x) + tf.math.log1p(positive(x)) + tf.math.log(positive(x)) + tf.math.erf(x) + tf.math.expm1(x) + tf.math.reciprocal(tf.sqrt(positive(x))) + tf.negative(x),
        "clip": lambda x: tf.clip_by_value(x, -0.5, 0.5) + tf.maximum(x, 0.1) + tf.minimum(0.3, x),
        "functions": lambda x: flat(tf.nn.relu(x), tf.nn.relu6(3 * x), tf.nn.leaky_relu(x, 0.1), tf.nn.elu(x), tf.nn.selu(x), tf.nn.gelu(x), tf.nn.gelu(x, approximate=True), tf.nn.silu(x), tf.sigmoid(x), tf.tanh(x)),
        "more_functions": lambda x: flat(tf.nn.softplus(x), tf.nn.softsign(x), tf.nn.softmax(x), tf.nn.softmax(x, axis=1), tf.nn.log_softmax(x), keras.activations.relu(x), keras.activations.hard_sigmoid(x)),
        "where": lambda x: flat(tf.where(x > 0, x, 0.5 * x), tf.where(tf.logical_or(x < -0.5, x >= 0.5), x, 0.0)),
        "masks": lambda x: x * tf.cast(x > 0, tf.float32) + tf.stop_gradient(x) * x + tf.sign(x) * tf.ones_like(x) + tf.zeros_like(x),
        "matmul_constant": lambda x: tf.matmul(x, np.arange(20.0, dtype="float32").reshape(1, 4, 5) / 10),
    }
    TWO = {
        "concat": lambda x, y: tf.concat([x, y], axis=1),
        "joined": lambda x, y: tf.stack([x, tf.concat([x, y], axis=-1)[:, :, 2:6]], axis=2),
        "matmul": lambda x, y: tf.matmul(x, y, transpose_b=True),
        "at": lambda x, y: tf.nn.softmax(x @ tf.transpose(y, [0, 2, 1]) / 2.0) @ y,
        "add": lambda x, y: tf.add(x, y) + tf.subtract(x, 1.0) * tf.multiply(2.0, y) + tf.divide(x, 3.0) + tf.maximum(x, y) - tf.minimum(x, y) + tf.add_n([x, y, x]) + tf.math.squared_difference(x, y) + tf.math.divide_no_nan(x, positive(y)),
        "broadcast": lambda x, y: x + tf.reduce_mean(y, axis=1, keepdims=True) + tf.expand_dims(x[:, 0], 1),
    }

ONE = {**ARITHMETIC, **ITEMS, **ONE}
TWO = {**PAIRS, **TWO}
NETWORKS = {"rescaled": rescaled, **{name: of_one(make) for name, make in ONE.items()}, **{name: of_two(make) for name, make in TWO.items()}}


def joined(*names):
    """All of those in one network."""

    def build():
        chosen = TWO if names[0] in TWO else ONE
        x, y = keras.Input((6, 4)), keras.Input((6, 4))
        a, b = L.Dense(4)(x), L.Dense(4)(y)
        parts = [make(a, b) if chosen is TWO else make(a) for name, make in chosen.items() if name in names]
        return headed([x, y] if chosen is TWO else x, flat(*parts))

    return build


def inputs_of(model, count=2):
    rng = np.random.default_rng(5)
    return [rng.normal(0, 1, (count, *x.shape[1:])).astype(np.float32) for x in model.inputs]


def block(x, rescaled, added, rectified, averaged):
    a = L.Conv2D(4, 3, padding="same", activation="relu")(rescaled(x))
    b = L.Conv2D(4, 3, padding="same")(a)
    return keras.Model(x, L.Dense(4)(averaged(rectified(added(a, b)))))


def of_operations():
    relu, mean = (K.relu, K.mean) if IS_3 else (tf.nn.relu, tf.reduce_mean)
    return block(keras.Input((8, 8, 3)), lambda x: x / 255.0, lambda a, b: a + b, relu, lambda x: mean(x, axis=[1, 2]))


def of_layers():
    return block(keras.Input((8, 8, 3)), L.Rescaling(1 / 255.0), lambda a, b: L.Add()([a, b]), L.ReLU(), L.GlobalAveragePooling2D())
