"""Networks of Keras 3 with seeded weights; normalisations get statistics that are not their defaults."""

import keras
import numpy as np
from keras import layers


def vgg_like():
    stack = [keras.Input((32, 32, 3))]
    for filters in (8, 12, 16):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.Conv2D(filters, 3, padding="same", activation="relu"),
                  layers.MaxPooling2D()]
    stack += [layers.Flatten(), layers.Dense(24, activation="relu"), layers.Dropout(0.5), layers.Dense(10, activation="softmax")]
    return randomized(keras.Sequential(stack))


def resnet_like():
    inputs = x = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    for filters, stride in ((8, 1), (12, 2), (16, 2)):
        y = layers.BatchNormalization()(x)
        y = layers.Activation("relu")(y)
        y = layers.Conv2D(filters, 3, stride, padding="same")(y)
        y = layers.BatchNormalization()(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters, 3, padding="same")(y)
        x = layers.Add()([y, layers.Conv2D(filters, 1, stride)(x)])
    x = layers.GlobalAveragePooling2D()(x)
    return randomized(keras.Model(inputs, layers.Dense(10, activation="softmax")(x)))


def mobilenet():
    return randomized(keras.applications.MobileNet(input_shape=(64, 64, 3), weights=None, classes=10, alpha=0.5))


NETWORKS = {"vgg_like": vgg_like, "resnet_like": resnet_like, "mobilenet": mobilenet}


def randomized(model):
    rng = np.random.default_rng(7)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            count = layer.gamma.shape[0]
            layer.set_weights([rng.uniform(0.7, 1.3, count), rng.normal(0, 0.2, count), rng.normal(0, 0.2, count), rng.uniform(0.5, 1.5, count)])
        elif layer.weights:
            layer.set_weights([w if w.ndim > 1 else rng.normal(0, 0.05, w.shape) for w in layer.get_weights()])
    return model


def logits_of(model):
    """A function of arrays of the backend: what goes into the softmax. The model is not changed."""
    last = model.layers[-1]
    body = keras.Model(model.inputs, last.input)
    if isinstance(last, layers.Activation):
        return lambda x: body(x, training=False)
    return lambda x: keras.ops.matmul(body(x, training=False), last.kernel) + last.bias
