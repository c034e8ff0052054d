"""ONNX files that tf2onnx writes of tf.keras networks: outputs and gradients as TensorFlow has them, and relevance as from the
HDF5 file of the same network, where the file has the same layers still: tf2onnx folds batch normalisations into kernels."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow")
if not getattr(tf.keras, "__version__", "2").startswith("2"):
    pytest.skip("needs tf.keras 2", allow_module_level=True)
tf2onnx = pytest.importorskip("tf2onnx")
onnx = pytest.importorskip("onnx")

import signxai_cpp as sx
from keras.applications.convnext import ConvNeXt
from keras.applications.resnet_rs import ResNetRS

from both_keras import TOLERANCE, close, keras, outputs_and_gradient
from test_saved_model import with_statistics

L = keras.layers
OPSETS = [9, 13, 17]


def stored(model, path, opset, eagerly=False):
    tf.config.run_functions_eagerly(eagerly)
    try:
        onnx.save(tf2onnx.convert.from_keras(model, opset=opset)[0], path)
    finally:
        tf.config.run_functions_eagerly(False)
    return path


def chain(*stack, shape):
    def build():
        x = y = keras.Input(shape)
        for layer in stack:
            y = layer()(y)
        return keras.Model(x, L.Dense(4)(y))

    return build


def encoder():
    x = inputs = keras.Input((6, 8))
    x = L.LayerNormalization(epsilon=1e-6)(L.Add()([x, L.MultiHeadAttention(2, 4)(x, x)]))
    y = L.Dense(8)(L.Dense(12, activation="gelu")(x))
    return keras.Model(inputs, L.Dense(4)(L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Add()([x, y])))))


NETWORKS = {
    "images": chain(lambda: L.Conv2D(6, 3, 2, "same", activation="relu"), lambda: L.MaxPooling2D(2), lambda: L.Conv2D(4, 3, padding="same"), L.ReLU, L.Flatten, lambda: L.Dense(7, activation="relu"), shape=(14, 12, 3)),
    "depthwise": chain(lambda: L.DepthwiseConv2D(3, 2, "same"), lambda: L.SeparableConv2D(6, 3, activation="swish"), L.GlobalAveragePooling2D, shape=(14, 12, 3)),
    "transposed": chain(lambda: L.Conv2DTranspose(4, 3, 2, "same", activation="relu"), lambda: L.UpSampling2D(2), lambda: L.Conv2D(2, 3), L.Flatten, shape=(5, 6, 3)),
    "series": chain(lambda: L.Conv1D(5, 3, padding="causal", activation="relu"), lambda: L.Dense(4, activation="tanh"), lambda: L.MaxPooling1D(2), L.Flatten, shape=(8, 3)),
    "lstm": chain(lambda: L.LSTM(5, return_sequences=True), lambda: L.LSTM(4), shape=(7, 3)),
    "bidirectional": chain(lambda: L.Bidirectional(L.GRU(5, return_sequences=True)), lambda: L.Bidirectional(L.LSTM(4)), shape=(7, 3)),
    "encoder": encoder,
    "grouped": chain(lambda: L.Conv2D(8, 3, 2), L.LayerNormalization, lambda: L.Conv2D(8, 3, padding="same", groups=8), L.LayerNormalization, lambda: L.Dense(6, activation="gelu"), lambda: L.Conv2D(4, 2, 2, groups=2), L.GlobalAveragePooling2D, shape=(14, 12, 3)),
}
# Networks with convolutions in groups, of which tf2onnx else writes nothing but a name: docs/onnx.md.
GROUPED = {"grouped", "RegNetX002", "RegNetY002", "ConvNeXt"}
# Operators of that version; the padding of "series" is a layer of its own there, and SIGN is the rule of the first layer.
SAME_LAYERS = {"images": (OPSETS, ["lrp_z", "lrp_epsilon_1", "lrp_alpha_1_beta_0", "lrpsign_z"]), "series": ([13], ["lrp_z", "lrp_epsilon_1", "lrp_alpha_1_beta_0"]), "grouped": ([13, 17], ["lrp_z", "lrp_epsilon_1", "lrp.epsilon_plus"])}


def samples(model, count=2):
    return np.random.default_rng(3).normal(0, 1, (count, *model.input_shape[1:])).astype(np.float32)


def fresh(build):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    return with_statistics(build())


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("name", NETWORKS)
def test_network(name, opset, tmp_path):
    if (name, opset) == ("transposed", 9):
        pytest.skip("tf2onnx leaves TensorFlow's own operator in the file")
    model = fresh(NETWORKS[name])
    x = samples(model)
    outputs, gradient = outputs_and_gradient(model, x, 1)
    loaded = sx.load(stored(model, tmp_path / "net.onnx", opset, name in GROUPED))
    close(loaded.predict(x), outputs)
    close(np.asarray(sx.explain(loaded, x, "gradient", 1)), gradient)


@pytest.mark.parametrize("name", SAME_LAYERS)
def test_relevance_is_that_of_the_file(name, tmp_path):
    model = fresh(NETWORKS[name])
    x = samples(model)
    model.save(tmp_path / "net.h5")
    opsets, methods = SAME_LAYERS[name]
    for opset in opsets:
        path = stored(model, tmp_path / "net.onnx", opset, name in GROUPED)
        for method in methods:
            expected = np.asarray(sx.explain(tmp_path / "net.h5", x, method, 1))
            close(np.asarray(sx.explain(path, x, method, 1)), expected)


def test_text(tmp_path):
    """Ids of words: the gradient and relevance are those of each token."""
    inputs = keras.Input((9,), dtype="int32")
    x = L.Embedding(20, 6)(inputs)
    model = fresh(lambda: keras.Model(inputs, L.Dense(3)(L.LSTM(5)(x))))
    ids = np.random.default_rng(3).integers(0, 20, (2, 9)).astype(np.float32)
    model.save(tmp_path / "net.h5")
    path = stored(model, tmp_path / "net.onnx", 15)
    close(sx.load(path).predict(ids), model(ids.astype(np.int32)).numpy())
    for method in ["gradient", "lrp_epsilon_0_1"]:
        found, expected = (np.asarray(sx.explain(file, ids, method, 1, semantics="sound")) for file in (path, tmp_path / "net.h5"))
        close(found, expected)


# One network of each family at its smallest input: some with fewer and smaller blocks, as tf2onnx takes minutes for 100 MB of
# weights. There are none of VGG, whose layers are those of "images", and InceptionResNetV2, which has no small form.
APPLICATIONS = {
    "MobileNet": 32, "MobileNetV2": 32, "MobileNetV3Small": 32, "EfficientNetB0": 32, "EfficientNetV2B0": 32, "ResNet50": 32, "ResNet50V2": 32, "ResNetRS": 32,
    "RegNetX002": 32, "RegNetY002": 32, "ConvNeXt": 32, "DenseNet121": 32, "NASNetMobile": 32, "Xception": 71, "InceptionV3": 75,
}
SMALLER = {
    "ResNetRS": lambda **options: ResNetRS(50, block_args=[{"input_filters": 32, "num_repeats": 2}, {"input_filters": 64, "num_repeats": 2}], **options),
    "ConvNeXt": lambda **options: ConvNeXt([1, 1, 2, 1], [16, 24, 32, 48], **options),
}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_application(name, tmp_path):
    """Of three samples the gradient of one may differ, whose activations are zero but for rounding."""
    size = APPLICATIONS[name]
    arguments = {"weights": None, "input_shape": (size, size, 3), "classes": 5, "classifier_activation": None}
    make = SMALLER.get(name) or getattr(keras.applications, name)
    model = fresh(lambda: make(**arguments))
    x = np.random.default_rng(3).uniform(0, 1, (3, size, size, 3)).astype(np.float32)
    outputs, gradient = outputs_and_gradient(model, x, 1)
    loaded = sx.load(stored(model, tmp_path / "net.onnx", 15, name in GROUPED))
    close(loaded.predict(x), outputs)
    found = np.asarray(sx.explain(loaded, x, "gradient", 1))
    far = [np.abs(one - other).max() / np.abs(other).max() for one, other in zip(found, gradient)]
    assert sorted(far)[1] < TOLERANCE, far
    relevance = np.asarray(sx.explain(loaded, x, "lrp.epsilon_plus", 1))
    assert np.isfinite(relevance).all() and np.abs(relevance).max() > 0
