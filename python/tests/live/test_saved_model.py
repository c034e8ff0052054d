"""SavedModels that tf.keras 2 writes, with the metadata of Keras and without: outputs and gradient as TensorFlow has them,
maps as from the HDF5 file of the same model."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow")
if not getattr(tf.keras, "__version__", "2").startswith("2"):
    pytest.skip("needs tf.keras 2", allow_module_level=True)

import attention_networks
import recurrent
import test_tf_keras
import signxai_cpp as sx
from both_keras import close, fresh, keras, outputs_and_gradient

LRP = ["lrp_z", "lrp_epsilon_1", "lrp_alpha_1_beta_0", "lrpsign_z"]
PLAIN = {name: lambda _, build=build: build() for name, build in test_tf_keras.NETWORKS.items() if name != "several"}
RECURRENT = recurrent.cases(False)
CHOSEN = ["LSTM-concat", "cells", "of_each_frame", "masks_through", "encoder_decoder"]


def saved(model, folder):
    """The folder, and the HDF5 file of the same model."""
    model.save(folder / "model")
    model.save(folder / "model.h5")
    return folder / "model", folder / "model.h5"


def same(a, b):
    assert list(a.maps) == list(b.maps)
    for name, expected in b.maps.items():
        assert np.array_equal(a.maps[name], expected, equal_nan=True), name


@pytest.mark.parametrize("name", PLAIN)
def test_networks_with_metadata(name, tmp_path):
    folder, file = saved(test_tf_keras.randomized(PLAIN[name](keras)), tmp_path)
    for method in ["gradient", *LRP]:
        same(sx.explain(folder, test_tf_keras.IMAGES, method, 1), sx.explain(file, test_tf_keras.IMAGES, method, 1))


def test_several_inputs_with_metadata(tmp_path):
    folder, file = saved(test_tf_keras.randomized(test_tf_keras.several()), tmp_path)
    inputs = [test_tf_keras.IMAGES, test_tf_keras.TABLE]
    same(sx.explain(folder, inputs, "lrp_z", 1), sx.explain(file, inputs, "lrp_z", 1))


@pytest.mark.parametrize("name", CHOSEN)
def test_recurrent_layers_with_metadata(name, tmp_path):
    model = fresh(RECURRENT[name], recurrent.with_weights)
    x = recurrent.samples_for(model)
    outputs, gradient = outputs_and_gradient(model, x, 1)
    folder, file = saved(model, tmp_path)
    close(sx.load(folder).predict(x), outputs)
    close(sx.explain(folder, x, "gradient", 1), gradient)
    same(sx.explain(folder, x, "gradient", 1), sx.explain(file, x, "gradient", 1))


# Without metadata --------------------------------------------------------------------------------------------------


def layered(*stack, shape=(12, 12, 3)):
    """A network of such layers, with a head where they leave more than a vector."""

    def build():
        x = y = layers.Input(shape)
        for layer in stack:
            y = layer()(y)
        return keras.Model(x, layers.Dense(3)(y if len(y.shape) == 2 else layers.Flatten()(y)))

    return build


layers = keras.layers
SERIES, TABLE = (14, 4), (9,)
OTHERS = {
    "conv_same_strided": layered(lambda: layers.Conv2D(4, 3, 2, "same", activation="relu")),
    "conv_groups": layered(lambda: layers.Conv2D(6, 3, groups=3, use_bias=False), lambda: layers.Activation("relu")),
    "conv_dilated": layered(lambda: layers.Conv2D(4, 3, dilation_rate=2, padding="same"), lambda: layers.Conv2D(4, 2, dilation_rate=(2, 3))),
    "conv3d": layered(lambda: layers.Conv3D(3, 2, activation="relu"), lambda: layers.MaxPooling3D(2), shape=(6, 6, 6, 2)),
    "conv1d": layered(lambda: layers.Conv1D(4, 3, activation="relu"), lambda: layers.Conv1D(4, 3, padding="causal"), lambda: layers.AveragePooling1D(2), shape=SERIES),
    "conv1d_dilated": layered(lambda: layers.Conv1D(4, 3, padding="causal", dilation_rate=2), lambda: layers.Conv1D(4, 3, padding="same", dilation_rate=2), shape=SERIES),
    "separable": layered(lambda: layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2), lambda: layers.DepthwiseConv2D(3, activation="relu")),
    "separable1d": layered(lambda: layers.SeparableConv1D(4, 3), lambda: layers.DepthwiseConv1D(3), shape=SERIES),
    "transposed": layered(lambda: layers.Conv2DTranspose(4, 3, 2, "same"), lambda: layers.Conv2DTranspose(2, 3, strides=2, output_padding=1)),
    "transposed1d": layered(lambda: layers.Conv1DTranspose(4, 3, 2), shape=SERIES),
    "pooling": layered(lambda: layers.MaxPooling2D(3, 2, "same"), lambda: layers.AveragePooling2D(2, padding="same"), layers.GlobalAveragePooling2D),
    "borders": layered(lambda: layers.ZeroPadding2D(((1, 2), (0, 3))), lambda: layers.Cropping2D(((1, 0), (2, 1))), lambda: layers.Conv2D(2, 3)),
    "up_sampling": layered(lambda: layers.UpSampling2D(2), lambda: layers.Conv2D(2, 3), lambda: layers.UpSampling2D(2, interpolation="bilinear")),
    "activations": layered(*(lambda name=name: layers.Dense(7, activation=name) for name in ("relu", "gelu", "swish", "elu", "selu", "tanh", "softplus", "softsign", "sigmoid")), shape=TABLE),
    "activation_layers": layered(lambda: layers.Conv2D(3, 3), layers.LeakyReLU, layers.PReLU, lambda: layers.ReLU(6.0), lambda: layers.PReLU(shared_axes=[1, 2]), layers.ELU),
    "normalization_of_vectors": layered(lambda: layers.Dense(6), layers.BatchNormalization, lambda: layers.Dense(5), lambda: layers.BatchNormalization(scale=False), shape=TABLE),
    "layer_normalization": layered(lambda: layers.Conv1D(6, 3), layers.LayerNormalization, lambda: layers.LayerNormalization(scale=False), shape=SERIES),
    "dense_on_series": layered(lambda: layers.Dense(5, activation="relu"), lambda: layers.Dense(4), shape=SERIES),
    "permuted": layered(lambda: layers.Permute((2, 1)), lambda: layers.Reshape((2, 28)), lambda: layers.Dense(4), shape=SERIES),
}


def stripped(folder):
    os.remove(folder / "keras_metadata.pb")
    return folder


def check_without_metadata(model, x, tmp_path, methods=LRP, tolerance=1e-4):
    folder, file = saved(model, tmp_path)
    loaded, expected = sx.load(stripped(folder)), sx.load(file)
    assert any("inference function" in note for note in loaded.notes)
    close(loaded.predict(x), np.asarray(model(x, training=False)))
    for method in ["gradient", *methods]:
        found, wanted = np.asarray(sx.explain(loaded, x, method, 1)), np.asarray(sx.explain(expected, x, method, 1))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * np.abs(wanted).max(), err_msg=method)


@pytest.mark.parametrize("name", PLAIN)
def test_networks_without_metadata(name, tmp_path):
    check_without_metadata(test_tf_keras.randomized(PLAIN[name](keras)), test_tf_keras.IMAGES, tmp_path)


@pytest.mark.parametrize("name", OTHERS)
def test_layers_without_metadata(name, tmp_path):
    keras.backend.clear_session()
    model = test_tf_keras.randomized(OTHERS[name]())
    x = np.random.default_rng(3).normal(0, 1, (2, *model.input_shape[1:])).astype(np.float32)
    check_without_metadata(model, x, tmp_path)


def with_statistics(model):
    """Keras's own weights, so that signals stay of one size through many layers, and statistics that are not the defaults."""
    rng = np.random.default_rng(7)
    for weight in model.weights:
        name = weight.name.partition(":")[0]
        if name.endswith(("gamma", "variance")):
            weight.assign(rng.uniform(0.7, 1.4, weight.shape))
        elif name.endswith(("beta", "mean", "bias")):
            weight.assign(rng.normal(0, 0.1, weight.shape))
    return model


@pytest.mark.parametrize("name", ["MobileNetV2", "ResNet50", "EfficientNetB0", "DenseNet121"])
def test_applications_without_metadata(name, tmp_path):
    """LRP is not compared for EfficientNet: its relevance cancels to 1e-5 of the score on the way (see the ledger), and
    1/255, which the function holds in single precision, moves it by as much, in double precision too."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = with_statistics(getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), classes=5, classifier_activation=None))
    x = np.random.default_rng(3).uniform(0, 1, (1, 32, 32, 3)).astype(np.float32)
    outputs, gradient = outputs_and_gradient(model, x, 1)
    folder, file = saved(model, tmp_path)
    loaded = sx.load(stripped(folder))
    close(loaded.predict(x), outputs)
    close(np.asarray(sx.explain(loaded, x, "gradient", 1)), gradient)
    if name != "EfficientNetB0":
        close(np.asarray(sx.explain(loaded, x, "lrp_z", 1)), np.asarray(sx.explain(file, x, "lrp_z", 1)))


@pytest.mark.parametrize("name", sorted(n for n in attention_networks.NETWORKS if "mask" not in n))
def test_attention_without_metadata(name, tmp_path):
    """Outputs and gradient; layers of attention are not recovered, so LRP goes through their operations."""
    keras.backend.clear_session()
    model = attention_networks.randomized(attention_networks.NETWORKS[name]())
    x = attention_networks.inputs_of(model)
    folder, file = saved(model, tmp_path)
    loaded = sx.load(stripped(folder))
    close(loaded.predict(x), np.asarray(model(x, training=False)))
    found, wanted = sx.explain(loaded, x, "gradient", 2), sx.explain(file, x, "gradient", 2)
    for a, b in zip(found.maps.values(), wanted.maps.values()):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4 * np.abs(b).max())


class Module(tf.Module):
    """No layers of Keras at all."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(2)
        self.kernel = tf.Variable(rng.normal(0, 0.3, (3, 3, 3, 4)).astype(np.float32), name="kernel")
        self.bias = tf.Variable(rng.normal(0, 0.3, 4).astype(np.float32), name="bias")
        self.matrix = tf.Variable(rng.normal(0, 0.3, (4, 5)).astype(np.float32), name="matrix")

    @tf.function(input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32, name="image")])
    def __call__(self, image):
        x = tf.nn.relu(tf.nn.conv2d(image * 2.0 - 1.0, self.kernel, 1, "SAME") + self.bias)
        x = tf.concat([x, -x], -1)
        x = tf.reduce_mean(tf.nn.max_pool2d(x, 2, 2, "VALID"), [1, 2])
        return tf.linalg.matmul(x[:, :4], self.matrix)


@pytest.mark.parametrize("signature", [True, False])
def test_module(signature, tmp_path):
    module = Module()
    tf.saved_model.save(module, str(tmp_path), **({"signatures": {"serving_default": module.__call__}} if signature else {}))
    loaded = sx.load(tmp_path)
    x = test_tf_keras.IMAGES
    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = module(points)
        chosen = tf.reduce_sum(outputs[:, 1])
    close(loaded.predict(x), outputs.numpy())
    close(np.asarray(sx.explain(loaded, x, "gradient", 1)), tape.gradient(chosen, points).numpy())
    assert np.abs(np.asarray(sx.explain(loaded, x, "lrp_z", 1))).max() > 0


def test_several_inputs_without_metadata(tmp_path):
    """Inputs are in the order of the model; tf.keras writes outputs in that of their names."""
    table, image = keras.Input((5,), name="b"), keras.Input((16, 16, 3), name="a")
    model = keras.Model([table, image], [layers.Dense(2, name="z")(table), layers.Dense(3, name="y")(layers.Flatten()(image))])
    inputs = [test_tf_keras.TABLE, test_tf_keras.IMAGES]
    folder, _ = saved(model, tmp_path)
    loaded = sx.load(stripped(folder))
    assert [port.name for port in loaded.inputs] == ["b", "a"]
    for found, expected in zip(loaded.predict(inputs), reversed(model(inputs))):
        close(found, expected.numpy())


def test_half_precision_and_doubles(tmp_path):
    model = test_tf_keras.randomized(test_tf_keras.sequential())
    keras.mixed_precision.set_global_policy("float64")
    try:
        model = test_tf_keras.randomized(test_tf_keras.sequential())
    finally:
        keras.mixed_precision.set_global_policy("float32")
    folder, _ = saved(model, tmp_path)
    loaded = sx.load(folder)
    assert any("float64" in note for note in loaded.notes)
    close(loaded.predict(test_tf_keras.IMAGES), model(test_tf_keras.IMAGES, training=False).numpy())


def test_recurrent_layers_need_metadata(tmp_path):
    model = fresh(RECURRENT["LSTM-concat"], recurrent.with_weights)
    folder, _ = saved(model, tmp_path)
    with pytest.raises(NotImplementedError, match="loop.*saving it as .keras or .h5"):
        sx.load(stripped(folder))
