"""Makes the stored ONNX models that tf2onnx writes of tf.keras networks, with what TensorFlow computes for them:

    make parity; .deps/parity-tf/bin/python tests/importers/data/tf2onnx/make_tf2onnx.py

NAME.npz holds samples x, outputs y, and the gradient g of output 1."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from keras.applications.convnext import LayerScale

HERE = Path(__file__).parent
keras, L = tf.keras, tf.keras.layers


def residual():
    x = inputs = keras.Input((12, 10, 3))
    x = L.MaxPooling2D(2)(L.ReLU()(L.BatchNormalization()(L.Conv2D(6, 3, 2, "same", use_bias=False)(x))))
    y = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    y = L.BatchNormalization()(L.Conv2D(6, 1)(y))
    x = L.ReLU()(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(3)(L.Dense(5, activation="relu")(L.GlobalAveragePooling2D()(x))))


def mobile():
    """Depthwise convolutions, padding at the end, squeeze and excitation, and the functions that MobileNetV3 writes out."""
    hard_sigmoid = lambda x: L.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)
    hard_swish = lambda x: L.Multiply()([x, hard_sigmoid(x)])
    x = inputs = keras.Input((14, 12, 3))
    x = hard_swish(L.BatchNormalization()(L.Conv2D(4, 3, 2, "same", use_bias=False)(x)))
    y = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(8, 1, use_bias=False)(x)))
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = L.Activation("swish")(L.BatchNormalization()(y))
    y = L.Multiply()([y, L.Activation("sigmoid")(L.Conv2D(8, 1)(L.GlobalAveragePooling2D(keepdims=True)(y)))])
    x = L.Concatenate()([x, L.Conv2D(4, 1)(y)])
    x = L.DepthwiseConv2D(3, 2, padding="valid", activation="relu")(L.ZeroPadding2D(((0, 1), (0, 1)))(x))
    return keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))


def recurrent(layer):
    def build():
        x = inputs = keras.Input((5, 6))
        return keras.Model(inputs, L.Dense(3)(layer(L.Conv1D(5, 2, padding="causal", activation="relu")(x))))

    return build


def encoder():
    x = inputs = keras.Input((6, 8))
    x = L.LayerNormalization(epsilon=1e-6)(L.Add()([x, L.MultiHeadAttention(2, 4)(x, x)]))
    y = L.Dense(8)(L.Dense(12, activation="gelu")(x))
    x = L.LayerNormalization()(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(x)))


def convnext():
    """Convolutions in groups, rows normalised in channels-first layout, and a scale of channels, around a sum."""
    x = inputs = keras.Input((9, 8, 3))
    x = L.LayerNormalization(epsilon=1e-6)(L.Conv2D(6, 2, 2)(x))
    y = L.LayerNormalization(epsilon=1e-6)(L.Conv2D(6, 3, padding="same", groups=6)(x))
    y = L.Dense(6)(L.Dense(10, activation="gelu")(y))
    x = x + LayerScale(0.5, 6)(y)
    x = L.Conv2D(4, 2, 2)(L.LayerNormalization(epsilon=1e-6)(x))
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


# Network, version of the operators
CASES = {
    "keras_residual9": (residual, 9),
    "keras_residual17": (residual, 17),
    "keras_mobile13": (mobile, 13),
    "keras_lstm15": (recurrent(L.Bidirectional(L.LSTM(4))), 15),
    "keras_gru13": (recurrent(L.GRU(4)), 13),
    "keras_encoder13": (encoder, 13),
    "keras_encoder18": (encoder, 18),
    "keras_convnext15": (convnext, 15),
}


def randomized(model):
    rng = np.random.default_rng(5)
    for weight in model.weights:
        positive = weight.name.partition(":")[0].endswith(("gamma", "variance"))
        weight.assign(rng.uniform(0.7, 1.4, weight.shape) if positive else rng.normal(0, 0.4, weight.shape))
    return model


def make(name, case):
    build, opset = case
    keras.backend.clear_session()
    model = randomized(build())
    path = HERE / f"{name}.onnx"
    tf.config.run_functions_eagerly(build is convnext)  # else tf2onnx leaves out what its convolution in groups is
    converted, _ = tf2onnx.convert.from_keras(model, opset=opset)
    tf.config.run_functions_eagerly(False)
    onnx.save(converted, path)
    x = tf.constant(np.random.default_rng(2).normal(0, 1, (2, *model.input_shape[1:])).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=False)
        chosen = tf.reduce_sum(y[:, 1])
    np.savez_compressed(HERE / f"{name}.npz", x=x.numpy(), y=y.numpy(), g=tape.gradient(chosen, x).numpy())
    print(name, path.stat().st_size, sorted({node.op_type for node in converted.graph.node}))


for case in sys.argv[1:] or CASES:
    make(case, CASES[case])
