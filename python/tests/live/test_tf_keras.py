"""Live models of tf.keras 2: read from memory, equal to their files, seen to change, never changed."""

import gc
import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow")
keras = tf.keras
if not getattr(keras, "__version__", "2").startswith("2"):
    pytest.skip("needs tf.keras 2", allow_module_level=True)
layers = keras.layers

import signxai_cpp as sx
from signxai_cpp import _live

RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.normal(0, 1, (2, 16, 16, 3)).astype(np.float32)
TABLE = RANDOM.normal(0, 1, (2, 5)).astype(np.float32)


def randomized(model):
    """Weights by seed; normalisations get statistics that are not their defaults."""
    rng = np.random.default_rng(7)
    for weight in model.weights:
        name = weight.name.partition(":")[0]
        shape = tuple(weight.shape)
        if name.endswith(("gamma", "variance")):
            weight.assign(rng.uniform(0.7, 1.4, shape))
        elif len(shape) == 1:
            weight.assign(rng.normal(0, 0.1, shape))
        else:
            weight.assign(rng.normal(0, (2 / np.prod(shape[:-1])) ** 0.5, shape))
    return model


def block(filters, name):
    """A model that is used as a layer, itself with a normalisation and a model inside."""
    inner = keras.Sequential([layers.Conv2D(filters, 1, name="mix", input_shape=(None, None, filters)), layers.BatchNormalization()], name="inner")
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, padding="same")(inputs)
    x = layers.BatchNormalization(scale=False)(x)
    return keras.Model(inputs, inner(layers.ReLU()(x)), name=name)


def sequential():
    return keras.Sequential([
        layers.Conv2D(6, 3, activation="relu", input_shape=(16, 16, 3)), layers.BatchNormalization(), layers.MaxPooling2D(),
        layers.Dropout(0.5), layers.Flatten(), layers.Dense(12, activation="relu"), layers.Dense(4, activation="softmax"),
    ])  # fmt: skip


def without_input_shape():
    model = keras.Sequential([layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(4), layers.Softmax()])
    model.build((None, 16, 16, 3))
    return model


def functional():
    inputs = x = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False)(x)
    y = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Add()([x, layers.Conv2D(6, 3, padding="same")(y)])
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def nested():
    inputs = keras.Input((16, 16, 3))
    x = layers.GlobalAveragePooling2D()(block(6, "outer")(inputs))
    return keras.Model(inputs, keras.Sequential([layers.Dense(8, activation="relu", input_shape=(6,)), layers.Dense(4, activation="softmax")])(x))


def shared():
    inputs = keras.Input((16, 16, 3))
    twice = layers.Conv2D(3, 3, padding="same", activation="relu")
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Flatten()(twice(twice(inputs)))))


def several():
    image, table = keras.Input((16, 16, 3), name="image"), keras.Input((5,), name="table")
    x = layers.GlobalMaxPooling2D()(layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(6, 3)(image))))
    x = layers.Concatenate()([x, layers.Dense(4, activation="relu")(table)])
    return keras.Model([image, table], layers.Dense(4, activation="softmax")(x))


NETWORKS = {build.__name__: build for build in (sequential, without_input_shape, functional, nested, shared, several)}


@pytest.fixture(params=sorted(NETWORKS))
def model(request):
    return randomized(NETWORKS[request.param]())


def inputs_of(model):
    return [IMAGES, TABLE] if len(model.inputs) == 2 else IMAGES


def explain(model, method="gradient", **options):
    return sx.explain(model, inputs_of(model), method, target=2, **options)


def kernel_of(model):
    """The last kernel; doubling it and its bias doubles the logits."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, layers.Dense)][-1]


def doubled(layer):
    return [2 * weight for weight in layer.get_weights()]


def test_predicts_what_the_model_does(model):
    np.testing.assert_allclose(sx.from_keras(model).predict(inputs_of(model)), model(inputs_of(model), training=False), rtol=1e-4, atol=1e-6)


def test_gradient(model):
    """Of the logit: log p[2] - log p[1], by tf.GradientTape, is a contrast of logits."""
    points = [tf.constant(each) for each in ([IMAGES, TABLE] if len(model.inputs) == 2 else [IMAGES])]
    with tf.GradientTape() as tape:
        tape.watch(points)
        p = tf.math.log(model(points if len(points) > 1 else points[0], training=False))
        contrast = tf.reduce_sum(p[:, 2] - p[:, 1])
    e = sx.explain(model, inputs_of(model), "gradient", target="2-1")
    for found, expected in zip(e.maps.values(), tape.gradient(contrast, points)):
        assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("method", ["gradient", "lrpsign_z", "lrp_epsilon_0_5_std_x", "lrp_alpha_1_beta_0"])
def test_equals_the_file(model, tmp_path, ending, method):
    path = tmp_path / f"model.{ending}"
    model.save(path)
    live, file = explain(model, method), sx.explain(path, inputs_of(model), method, target=2)
    assert list(live.maps) == list(file.maps)
    for name, expected in file.maps.items():
        assert np.array_equal(live.maps[name], expected)
    assert np.array_equal(live.scores, file.scores)


def test_nothing_changes_the_compiled_form_is_kept(model):
    explain(model)
    assert explain(model).compile_seconds == 0
    assert sx.from_keras(model) is sx.from_keras(model)


@pytest.mark.parametrize("change", ["set_weights", "assign", "model_set_weights"])
def test_weights_changed_in_place(model, change):
    before, last = explain(model), kernel_of(model)
    if change == "set_weights":
        last.set_weights(doubled(last))
    elif change == "assign":
        for weight in last.weights:
            weight.assign(2 * weight)
    else:
        mine = {id(weight) for weight in last.weights}
        model.set_weights([value * (2 if id(weight) in mine else 1) for weight, value in zip(model.weights, model.get_weights())])
    after = explain(model)
    for name, expected in before.maps.items():
        np.testing.assert_allclose(after.maps[name], 2 * expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sx.from_keras(model).predict(inputs_of(model)), model(inputs_of(model), training=False), rtol=1e-4, atol=1e-6)


def test_training_is_seen(model):
    """Also what it does to the moving statistics of normalisations, which are no trainable weights."""
    before = sx.from_keras(model).predict(inputs_of(model))
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    model.fit(inputs_of(model), np.array([1, 3]), epochs=2, verbose=0)
    after = sx.from_keras(model).predict(inputs_of(model))
    assert not np.allclose(before, after, atol=1e-5)
    np.testing.assert_allclose(after, model(inputs_of(model), training=False), rtol=1e-3, atol=1e-5)


def test_moving_statistics_alone(tmp_path):
    model = randomized(nested())
    before = explain(model)
    [layer for layer in model._flatten_layers() if isinstance(layer, layers.BatchNormalization)][-1].moving_variance.assign(np.full(6, 4.0))
    after = explain(model)
    assert not np.allclose(before, after)
    model.save(tmp_path / "model.h5")
    assert np.array_equal(after, sx.explain(tmp_path / "model.h5", IMAGES, "gradient", target=2))


def test_the_activation_was_taken_off():
    model = randomized(sequential())
    e = explain(model)
    model.layers[-1].activation = None
    plain = explain(model)
    assert model.layers[-1].activation is None
    np.testing.assert_allclose(plain, e, rtol=1e-5, atol=1e-6)
    assert any("softmax" in note for note in e.notes) and not any("softmax" in note for note in plain.notes)


def test_the_model_stays_as_it_is(model):
    before = model.to_json(), [weight.copy() for weight in model.get_weights()], np.random.get_state()[1].copy(), keras.backend.floatx()
    attributes = [sorted(vars(layer)) for layer in model._flatten_layers()]
    eager = tf.executing_eagerly(), tf.random.get_global_generator().state.numpy().copy()
    explain(model, ["lrp_z", "lrpsign_z", "smoothgrad"])
    after = model.to_json(), model.get_weights(), np.random.get_state()[1], keras.backend.floatx()
    assert before[0] == after[0] and before[3] == after[3] and np.array_equal(before[2], after[2])
    assert all(np.array_equal(a, b) for a, b in zip(before[1], after[1]))
    assert [sorted(vars(layer)) for layer in model._flatten_layers()] == attributes
    assert eager[0] == tf.executing_eagerly() and np.array_equal(eager[1], tf.random.get_global_generator().state)


def test_no_file_is_written(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in ("save", "save_weights"):
        monkeypatch.setattr(type(model), name, lambda *_, **__: pytest.fail("saved"), raising=False)
    explain(model)
    assert not list(tmp_path.iterdir())


def test_tensors_as_inputs(model):
    tensors = [tf.constant(IMAGES), tf.constant(TABLE)] if len(model.inputs) == 2 else tf.constant(IMAGES)
    found, expected = sx.explain(model, tensors, "gradient", target=2), explain(model)
    assert all(np.array_equal(found.maps[name], array) for name, array in expected.maps.items())


def test_inputs_by_name():
    model = randomized(several())
    found = sx.explain(model, {"table": TABLE, "image": IMAGES}, "lrp_z", target=2)
    expected = explain(model, "lrp_z")
    assert set(found.maps) == {"lrp_z/image", "lrp_z/table"}
    assert all(np.array_equal(found.maps[name], array) for name, array in expected.maps.items())


def test_half_precision():
    """Weights of mixed precision are float32; those of float16 become so."""
    for policy in ("mixed_float16", "float64"):
        keras.mixed_precision.set_global_policy(policy)
        try:
            model = randomized(sequential())
        finally:
            keras.mixed_precision.set_global_policy("float32")
        np.testing.assert_allclose(sx.from_keras(model).predict(IMAGES), model(IMAGES, training=False), atol=5e-3)


def test_it_goes_with_the_model():
    explain(randomized(sequential()))
    gc.collect()
    count = len(_live._cache)
    other = randomized(sequential())
    explain(other)
    assert len(_live._cache) == count + 1
    del other
    gc.collect()
    assert len(_live._cache) == count


def test_what_is_no_functional_model():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    own = Own()
    own(TABLE)
    with pytest.raises(NotImplementedError, match="Sequential and functional"):
        sx.from_keras(own)


def test_a_model_that_was_not_built():
    with pytest.raises(ValueError, match="built"):
        sx.from_keras(keras.Sequential([layers.Dense(2)]))
