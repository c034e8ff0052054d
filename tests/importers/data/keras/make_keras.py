"""Writes the model files of this folder, and those of ../types in other number formats, with Keras 3 (3.8 on JAX): each
network as NAME.keras, some also in other forms, and NAME.npz with inputs x0, x1 ... and outputs y0, y1 ... of
model.predict.

Run it in this folder; names as arguments choose some of them. Weights are random, but the same each time.
"""
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np
from keras import layers as L

jax.config.update("jax_enable_x64", True)


class Res(L.Layer):
    """The residual block of docs/custom-layers.md."""

    def __init__(self, filters, project=False, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.project = filters, project
        self.conv1 = L.Conv2D(filters, 3, padding="same", activation="relu")
        self.bn = L.BatchNormalization()
        self.conv2 = L.Conv2D(filters, 3, padding="same")
        self.shortcut = L.Conv2D(filters, 1) if project else None

    def build(self, shape):
        inner = tuple(shape[:-1]) + (self.filters,)
        self.conv1.build(shape)
        self.bn.build(inner)
        self.conv2.build(inner)
        if self.shortcut:
            self.shortcut.build(shape)
        self.built = True

    def call(self, x):
        y = self.conv2(self.bn(self.conv1(x)))
        return keras.ops.relu(y + (self.shortcut(x) if self.shortcut else x))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "project": self.project}


def nested():
    """Models as layers, called twice, one of them with two outputs; dropout with a generator's state in the file."""
    image = L.Input((8, 8, 3), name="img")
    inner = keras.Sequential([L.Conv2D(4, 3, padding="same", activation="relu"), L.BatchNormalization(),
                              L.Dropout(0.3, seed=1), L.Conv2D(4, 3, padding="same")], name="inner")
    x = L.Input((8, 8, 4))
    y = L.BatchNormalization()(L.Conv2D(4, 1)(x))
    two = keras.Model(x, [y, L.Conv2D(2, 1)(y)], name="two")
    z = inner(L.Conv2D(3, 1)(inner(image)))
    a, b = two(z)
    _, d = two(a)
    z = L.GlobalAveragePooling2D()(L.Concatenate()([a, b, d]))
    return keras.Model(image, L.Dense(5, activation="softmax")(z))


def multi():
    """Inputs and outputs whose names are in another order than they are; shared layers."""
    a, b = L.Input((6,), name="b_first"), L.Input((4,), name="a_second")
    shared, adapt = L.Dense(5, activation="gelu"), L.Dense(6)
    x = L.Dropout(0.4)(L.Add()([shared(a), shared(adapt(b))]))
    y = L.Multiply()([shared(a), L.Dense(5, activation="hard_sigmoid")(b)])
    return keras.Model([a, b], [L.Dense(3, activation="softmax", name="z")(x), L.Dense(2, name="y")(y)])


def zoo():
    """One layer of each kind that has weights or parameters of its own."""
    image = L.Input((12, 12, 4))
    normalization = L.Normalization()
    normalization.build((None, 12, 12, 4))
    x = L.SeparableConv2D(6, 3, activation="relu", depth_multiplier=2)(normalization(image))
    x = L.DepthwiseConv2D(3, padding="same")(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.LayerNormalization()(x)
    x = L.GroupNormalization(groups=2)(x)
    x = L.UnitNormalization()(x)
    x = L.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    x = L.ReLU(max_value=3, negative_slope=0.1)(L.LeakyReLU(negative_slope=0.15)(x))
    x = L.ZeroPadding2D(((1, 2), (0, 1)))(L.Cropping2D(1)(L.UpSampling2D()(x)))
    x = L.Rescaling([1.0, 2.0, 3.0, 4.0], offset=0.5)(L.AveragePooling2D(4, padding="same")(x))
    x = L.Flatten()(L.AlphaDropout(0.1)(L.GaussianNoise(0.1)(L.SpatialDropout2D(0.2)(x))))
    x = L.Dense(4, activation=L.LeakyReLU(negative_slope=0.3))(x)
    return keras.Model(image, L.Softmax()(L.ELU(alpha=0.7)(x)))


def given():
    """Statistics that stand in the configuration."""
    x = L.Input((3,))
    return keras.Model(x, L.Dense(2)(L.Normalization(mean=[1.0, 2.0, 3.0], variance=[2.0, 0.5, 1.0])(x)))


def deep():
    """Sequential models in Sequential models, with the same classes at each level."""
    inner = keras.Sequential([L.Dense(7), L.BatchNormalization()])
    middle = keras.Sequential([L.Dense(8, activation="relu"), inner])
    return keras.Sequential([L.Input((10,)), middle, L.Dense(8), L.Dense(3, activation="sigmoid")])


def frozen():
    """Layers that are not trained list all weights as state."""
    x = L.Input((8, 8, 3))
    base = keras.Model(x, L.BatchNormalization()(L.Conv2D(4, 3)(x)), name="base")
    base.trainable = False
    y = L.Input((8, 8, 3))
    return keras.Model(y, L.Dense(2)(L.Flatten()(L.BatchNormalization(trainable=False)(base(y)))))


def custom():
    x = L.Input((8, 8, 3))
    y = Res(4, name="r1")(Res(4, True, name="r0")(x))
    return keras.Model(x, L.Dense(3)(L.GlobalAveragePooling2D()(y)))


def operations():
    x = L.Input((4,))
    return keras.Model(x, L.Dense(2)(keras.ops.relu(L.Dense(4)(x) + x) * 2))


def of_type(policy):
    def make():
        keras.config.set_dtype_policy(policy)
        try:
            return keras.Sequential([L.Input((8, 8, 3)), L.Conv2D(4, 3, activation="relu"), L.BatchNormalization(),
                                     L.Flatten(), L.Dense(3, activation="softmax")])
        finally:
            keras.config.set_dtype_policy("float32")

    return make


# The forms besides .keras.
MODELS = {
    nested: ["h5", "json", "weights.h5"], multi: ["h5"], zoo: [], given: [], deep: ["h5"], frozen: ["h5"],
    custom: ["h5"], operations: [],
}
TYPES = {"float16": ["h5"], "bfloat16": ["h5"], "mixed_float16": [], "mixed_bfloat16": [], "float64": []}


def fill(model, numbers):
    for weight in model.weights:
        values = numbers.normal(0, 0.4, weight.shape)
        if "variance" in weight.path:
            values = np.abs(values) + 0.5
        if "count" not in weight.path:
            weight.assign(values.astype("float32"))
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()  # it computes with copies


def write(name, model, forms, ids=0):
    """With `ids` the inputs are whole numbers below that."""
    numbers = np.random.default_rng(0)
    fill(model, numbers)
    inputs = [numbers.normal(size=(2, *i.shape[1:])).astype("float32") for i in model.inputs]
    if ids:
        inputs = [numbers.integers(0, ids, x.shape).astype("float32") for x in inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    model.save(f"{name}.keras")
    for form in forms:
        if form == "json":
            with open(f"{name}.json", "w", encoding="utf-8") as out:
                out.write(model.to_json())
        elif form == "weights.h5":
            model.save_weights(f"{name}.weights.h5")
        else:
            model.save(f"{name}.h5")
    arrays = {f"x{i}": x for i, x in enumerate(inputs)} | {f"y{i}": np.asarray(y, "f4") for i, y in enumerate(outputs)}
    np.savez(f"{name}.npz", **arrays)


MAKERS = {make.__name__: (make, forms) for make, forms in MODELS.items()}
MAKERS |= {policy: (of_type(policy), forms) for policy, forms in TYPES.items()}
if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        keras.utils.clear_session()
        write(f"../types/{chosen}" if chosen in TYPES else chosen, MAKERS[chosen][0](), MAKERS[chosen][1])
