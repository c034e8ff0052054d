"""Makes the SavedModels of this folder with what TensorFlow computes for them (TensorFlow 2.12). Each NAME.saved has
NAME.npz (samples x, outputs y, gradient g of output 1) and NAME.h5, the same model. usage: make_savedmodel.py"""

import os
import pathlib
import shutil
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers
HERE = pathlib.Path(__file__).parent
CORPUS = HERE.parents[2] / "fuzz/corpus/saved_model"


def images():
    x = keras.Input((8, 8, 3), name="image")
    y = layers.Conv2D(4, 3, activation="relu", name="first")(x)
    y = layers.BatchNormalization(name="norm")(y)
    inner = keras.Sequential([layers.Conv2D(4, 1, use_bias=False, input_shape=(6, 6, 4)), layers.ReLU()], name="inner")
    y = layers.Add(name="sum")([inner(y), y])
    y = layers.SeparableConv2D(3, 3, padding="same", activation="swish", name="apart")(y)
    y = layers.Conv2D(3, 2, dilation_rate=2, name="wide")(layers.ZeroPadding2D(1, name="pad")(y))
    return keras.Model(x, layers.Dense(3, name="head")(layers.GlobalAveragePooling2D(name="mean")(y)))


def series():
    x = keras.Input((9, 4), name="series")
    y = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="gelu", name="causal")(x)
    y = layers.LayerNormalization(name="norm")(layers.Dense(6, name="mix")(y))
    y = layers.MaxPooling1D(2, name="pool")(y)
    return keras.Model(x, layers.Dense(3, name="head")(layers.Flatten(name="flat")(y)))


def recurrent():
    x = keras.Input((5, 4), name="series")
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(x)
    y = layers.TimeDistributed(keras.Sequential([layers.Dense(4), layers.ReLU()]), name="each")(y)
    y = layers.MultiHeadAttention(2, 3, name="attention")(y, y)
    y = layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)]), name="stacked")(y)
    return keras.Model(x, layers.Dense(3, name="head")(y))


def randomized(model, rng):
    for weight in model.weights:
        low, high = (0.6, 1.4) if weight.name.partition(":")[0].endswith(("gamma", "variance")) else (-0.6, 0.6)
        weight.assign(rng.uniform(low, high, weight.shape))


def with_function_only(model, folder):
    module = tf.Module()
    module.model = model
    spec = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name=model.input_names[0])
    module.serve = tf.function(lambda x: model(x, training=False), input_signature=[spec])
    plain = tf.Module()
    plain.variables_ = model.variables
    tf.saved_model.save(plain, folder, signatures={"serving_default": module.serve})


def save(model, folder, metadata):
    shutil.rmtree(folder, ignore_errors=True)
    if metadata:
        model.save(folder, save_traces=False, include_optimizer=False)
    else:
        with_function_only(model, str(folder))
    (folder / "fingerprint.pb").unlink(missing_ok=True)
    if (folder / "assets").is_dir():
        (folder / "assets").rmdir()


def stored(make, *forms):
    keras.backend.clear_session()
    name = make.__name__
    rng = np.random.default_rng(sum(name.encode()))
    model = make()
    randomized(model, rng)
    for form in forms:
        save(model, HERE / f"{name}_{form}.saved", form == "keras")
    model.save(HERE / f"{name}.h5", include_optimizer=False)
    points = tf.constant(rng.normal(0, 1, (2, *model.input_shape[1:])).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = model(points, training=False)
        chosen = tf.reduce_sum(outputs[:, 1])
    np.savez(HERE / f"{name}.npz", x=points.numpy(), y=outputs.numpy(), g=tape.gradient(chosen, points).numpy())


def seed(name, build, metadata):
    """The files of a folder in one, each behind its length."""
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "model"
        save(build(), folder, metadata)
        names = ["saved_model.pb", "keras_metadata.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
        parts = [(folder / each).read_bytes() if (folder / each).exists() else b"" for each in names]
    (CORPUS / name).write_bytes(b"".join(len(part).to_bytes(4, "little") + part for part in parts))


def dense():
    return keras.Sequential([layers.Dense(2, activation="relu", input_shape=(3,)), layers.BatchNormalization(), layers.Dense(2)])


def convolution():
    return keras.Sequential([layers.Conv1D(2, 2, dilation_rate=2, input_shape=(7, 2)), layers.MaxPooling1D(2), layers.Dense(2), layers.Flatten()])


def bundle():
    """Two files of data; a tensor in parts; float16, bfloat16, float64 and integers."""
    numbers = np.arange(24, dtype=np.float32).reshape(4, 6)
    parts = {"4 6 0,4:0,2": numbers[:, :2], "4 6 0,3:2,4": numbers[:3, 2:], "4 6 3,1:2,4": numbers[3:, 2:]}
    small = {"half": tf.constant([1.5, -2.0], tf.float16), "brain": tf.constant([3.0, 0.25], tf.bfloat16), "double": tf.constant([1e-3], tf.float64),
             "whole": tf.constant([[7, -8]], tf.int64), "truth": tf.constant([True, False]), "text": tf.constant("name")}  # fmt: skip
    folder = HERE / "bundle"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "variables").mkdir(parents=True)
    first, second = str(folder / "variables/a"), str(folder / "variables/b")
    tf.raw_ops.SaveV2(prefix=first, tensor_names=["parted"] * 3, shape_and_slices=list(parts), tensors=list(parts.values()))
    tf.raw_ops.SaveV2(prefix=second, tensor_names=list(small), shape_and_slices=[""] * len(small), tensors=list(small.values()))
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[first, second], destination_prefix=str(folder / "variables/variables"))


if __name__ == "__main__":
    stored(images, "keras", "function")
    stored(series, "function")
    stored(recurrent, "keras")
    bundle()
    CORPUS.mkdir(exist_ok=True)
    seed("dense_keras", dense, True)
    seed("dense_function", dense, False)
    seed("convolution_function", convolution, False)
