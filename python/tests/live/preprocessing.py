"""Networks of the tests of preprocessing layers and wrappers: one layer each with the arguments of a sweep, and what stands
behind it so that there are three outputs. Also for tests/importers/data/preprocessing."""

import itertools

import numpy as np

SIZES = [(5, 7), (6, 6), (12, 4), (9, 16)]
IMAGE = (9, 7)


def finish(keras, x, y):
    """Three outputs of different weight for each element."""
    return keras.Model(x, keras.layers.Dense(3)(keras.layers.Flatten()(y)))


def image(keras, first=False, size=IMAGE):
    return keras.Input((2, *size) if first else (*size, 2))


def resizing(size, **arguments):
    def make(keras):
        x = image(keras, arguments.get("data_format") == "channels_first")
        return finish(keras, x, keras.layers.Resizing(*size, **arguments)(x))

    return make


def of_open_size(interpolation):
    def make(keras):
        x = image(keras, size=(None, None))
        y = keras.layers.Resizing(4, 6, interpolation=interpolation)(x)
        return finish(keras, x, y)

    return make


def coarse_nearest(keras):
    """A size at which TensorFlow's rounding matters."""
    x = keras.Input((78, 3, 1))
    return finish(keras, x, keras.layers.Resizing(33, 3, interpolation="nearest")(x))


def center_crop(size, **arguments):
    def make(keras):
        x = image(keras, arguments.get("data_format") == "channels_first")
        return finish(keras, x, keras.layers.CenterCrop(*size, **arguments)(x))

    return make


def steps(keras, layer, shape):
    """What comes out of a step function, beside the input itself."""
    x = keras.Input(shape)
    y = layer(x)
    parts = [keras.layers.Flatten()(keras.layers.Rescaling(0.5)(y)), keras.layers.Flatten()(keras.layers.Rescaling(0.1)(x))]
    return keras.Model(x, keras.layers.Dense(3)(keras.layers.Concatenate()(parts)))


def discretization(mode, shape):
    return lambda keras: steps(keras, keras.layers.Discretization([-0.5, 0.1, 0.7], output_mode=mode), shape)


def encoding(mode, shape):
    return lambda keras: steps(keras, keras.layers.CategoryEncoding(6, output_mode=mode), shape)


def counted(keras):
    ids, weights = keras.Input((4,)), keras.Input((4,))
    y = keras.layers.CategoryEncoding(6, output_mode="count")(ids, count_weights=weights)
    return keras.Model([ids, weights], keras.layers.Dense(3)(y))


def normalized(make_layer, shape, trainable=True):
    def make(keras):
        x = keras.Input(shape)
        wrapped = make_layer(keras.layers)
        wrapped.trainable = trainable
        layer = keras.layers.SpectralNormalization(wrapped, name="outer")
        layer.trainable = trainable
        return finish(keras, x, keras.layers.Activation("tanh")(layer(x)))

    return make


def nested_normalized(keras):
    inner_x = keras.Input((6, 5, 2))
    y = keras.layers.SpectralNormalization(keras.layers.Conv2D(3, 2, activation="relu"))(inner_x)
    inner = keras.Model(inner_x, keras.layers.SpectralNormalization(keras.layers.Dense(2))(y))
    x = keras.Input((6, 5, 2))
    return finish(keras, x, inner(x))


def head_normalized(keras):
    x = keras.Input((5,))
    return keras.Model(x, keras.layers.SpectralNormalization(keras.layers.Dense(3, activation="softmax"))(x))


def steps_normalized(keras):
    x = keras.Input((4, 5))
    y = keras.layers.TimeDistributed(keras.layers.SpectralNormalization(keras.layers.Dense(3)))(x)
    return finish(keras, x, y)


def piped(keras):
    """Layers in a row, of which one holds weights and one is a row itself."""
    layers = keras.layers
    x = keras.Input((9, 7, 3))
    inner = layers.Pipeline([layers.Rescaling(2.0, 0.5), layers.RandomFlip(), layers.Resizing(6, 5)])
    fixed = layers.Normalization(mean=[0.1, -0.2, 0.3], variance=[1.0, 2.0, 0.5])
    fixed.build((None, 6, 5, 3))  # Keras cannot build it inside on JAX
    row = layers.Pipeline([inner, fixed, layers.Conv2D(2, 3, activation="relu"), layers.CenterCrop(3, 2)])
    return finish(keras, x, row(x))


def spectral():
    found = {
        "dense": normalized(lambda layers: layers.Dense(4, activation="relu"), (5,)),
        "one_feature": normalized(lambda layers: layers.Dense(4), (1,)),
        "without_bias": normalized(lambda layers: layers.Dense(4, use_bias=False), (5,)),
        "frozen": normalized(lambda layers: layers.Dense(4), (5,), trainable=False),
        "conv": normalized(lambda layers: layers.Conv2D(3, 2, padding="same"), (5, 6, 2)),
        "depthwise": normalized(lambda layers: layers.DepthwiseConv2D(3, depth_multiplier=2), (5, 6, 2)),
        "transposed": normalized(lambda layers: layers.Conv2DTranspose(3, 2, strides=2), (3, 4, 2)),
        "einsum": normalized(lambda layers: layers.EinsumDense("abc,cd->abd", (3, 4), bias_axes="d"), (3, 2)),
        "nested": nested_normalized,
        "head": head_normalized,
        "of_steps": steps_normalized,
    }
    return {f"spectral-{name}": make for name, make in found.items()}


AUGMENTATIONS = {
    "RandomBrightness": (0.5,), "RandomContrast": (0.5,), "RandomFlip": (), "RandomRotation": (0.5,),
    "RandomTranslation": (0.5, 0.5), "RandomZoom": (0.5,),
}  # fmt: skip
OF_KERAS2 = {"RandomHeight": (0.5,), "RandomWidth": (0.5,)}
OF_KERAS3 = {
    "AugMix": (), "CutMix": (), "MaxNumBoundingBoxes": (4,), "MixUp": (), "RandAugment": (), "RandomColorDegeneration": (1.0,),
    "RandomColorJitter": (), "RandomElasticTransform": (1.0,), "RandomErasing": (1.0,), "RandomGaussianBlur": (1.0,),
    "RandomGrayscale": (1.0,), "RandomHue": (0.5,), "RandomInvert": (1.0,), "RandomPerspective": (1.0,),
    "RandomPosterization": (4,), "RandomSaturation": (0.5,), "RandomSharpness": (0.5,), "RandomShear": (0.5, 0.5),
}  # fmt: skip


def augmented(name, arguments):
    def make(keras):
        x = keras.Input((8, 8, 3))
        y = getattr(keras.layers, name)(*arguments)(x)
        y = keras.layers.Reshape((8, 8, 3))(y)  # RandomHeight forgets the height
        return finish(keras, x, y)

    return make


def random_crop(size):
    def make(keras):
        x = image(keras)
        return finish(keras, x, keras.layers.RandomCrop(*size)(x))

    return make


def mean_square(axis, shape):
    def make(keras):
        x = keras.Input(shape)
        return finish(keras, x, keras.layers.RMSNormalization(axis=axis, epsilon=0.01)(x))

    return make


def synchronized(keras):
    x = image(keras)
    return finish(keras, x, keras.layers.experimental.SyncBatchNormalization()(x))


def cases(third):
    """`third`: of Keras 3."""
    found = {}
    for name, arguments in {**AUGMENTATIONS, **(OF_KERAS3 if third else OF_KERAS2)}.items():
        found[name] = augmented(name, arguments)
    if third:
        found["RandomCrop"] = random_crop(IMAGE)
        found["rms"], found["rms-axes"] = mean_square(-1, (3, 4)), mean_square([-2, -1], (3, 2, 4))
    else:
        found["RandomCrop"], found["RandomCrop-larger"] = random_crop((4, 5)), random_crop((12, 5))
        found["synchronized"] = synchronized
    filters = ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"]
    filters += [] if third else ["area", "gaussian", "mitchellcubic"]
    for name, size in itertools.product(filters, SIZES):
        found[f"{name}-{size[0]}x{size[1]}"] = resizing(size, interpolation=name)
        found[f"{name}-{size[0]}x{size[1]}-cropped"] = resizing(size, interpolation=name, crop_to_aspect_ratio=True)
        if third:
            padded = dict(interpolation=name, pad_to_aspect_ratio=True)
            found[f"{name}-{size[0]}x{size[1]}-padded"] = resizing(size, fill_value=0.5, **padded)
            found[f"{name}-{size[0]}x{size[1]}-first"] = resizing(size, data_format="channels_first", **padded)
            if name != "nearest":
                found[f"{name}-{size[0]}x{size[1]}-antialias"] = resizing(size, interpolation=name, antialias=True)
    for size in [*SIZES, IMAGE, (3, 2), (11, 13), (10, 7)]:
        found[f"center-{size[0]}x{size[1]}"] = center_crop(size)
        if third:
            found[f"center-{size[0]}x{size[1]}-first"] = center_crop(size, data_format="channels_first")
    for name in ("bilinear", "nearest"):
        found[f"{name}-open"] = of_open_size(name)
    found["nearest-coarse"] = coarse_nearest
    for mode in ("int", "one_hot", "multi_hot", "count"):
        shape = (1,) if mode == "one_hot" and not third else (4,)
        found[f"bins-{mode}"] = discretization(mode, shape)
        if mode != "int":
            found[f"ids-{mode}"] = encoding(mode, shape)
    found["bins-image"] = discretization("int", (3, 2, 2))
    if third:
        found["bins-one_hot-one"] = discretization("one_hot", (4, 1))
        found["ids-one_hot-one"] = encoding("one_hot", (4, 1))
        found.update(spectral())
        found["pipeline"] = piped
    return found


def samples_for(name, model, seed=4):
    """Two samples; whole numbers from 0 to 5 for what takes categories, and boundaries themselves for what takes bins."""
    rng = np.random.default_rng(seed)
    shape = [extent or 9 for extent in model.input_shape[1:]]
    if name.startswith("ids"):
        return rng.integers(0, 6, (2, *shape)).astype(np.float32)
    x = rng.normal(0, 1, (2, *shape)).astype(np.float32)
    if name.startswith("bins"):
        x.flat[0], x.flat[-1] = 0.7, -0.5
    return x
