"""Live models of Keras 3 on JAX against JAX's own differentiation, with the same points and the same noise."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
jax = pytest.importorskip("jax")

import signxai_cpp as sx
from networks import NETWORKS, logits_of

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="needs the backend jax")
TARGET = 3
TOLERANCE = 1e-4
# A unit next to zero may fall on either side in two implementations, and then its paths are missing in one of the two gradients.
# That is rare; of many points this share has to agree.
SHARE = 0.9


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def case(request):
    """A model, two samples, and the gradient of a logit at a batch."""
    keras.utils.set_random_seed(3)
    model = NETWORKS[request.param]()
    logits = logits_of(model)
    gradient = jax.jit(jax.grad(lambda x: logits(x)[:, TARGET].sum()))
    x = np.random.default_rng(5).normal(0, 1, (2, *model.input_shape[1:])).astype(np.float32)
    return model, x, lambda points: np.asarray(gradient(np.asarray(points, np.float32)), np.float64)


def deviation(found, expected):
    assert found.shape == expected.shape
    return np.abs(np.asarray(found) - expected).max() / np.abs(expected).max()


def check_mean(case, found, points, factor):
    """`found` is `factor` times the mean of the package's gradients at the points, and these are JAX's."""
    model, _, gradient = case
    gradients = [sx.explain(model, point, "gradient", TARGET) for point in points]
    assert deviation(found, factor * np.mean(np.array(gradients, np.float64), axis=0)) <= TOLERANCE
    off = [deviation(ours[n], theirs[n]) for ours, theirs in zip(gradients, map(gradient, points)) for n in range(len(ours))]
    assert np.quantile(off, SHARE) <= TOLERANCE


def test_predict(case):
    model, x, _ = case
    np.testing.assert_allclose(sx.from_keras(model).predict(x), np.asarray(model(x, training=False)), rtol=1e-3, atol=1e-5)


def test_gradient(case):
    model, x, gradient = case
    assert deviation(sx.explain(model, x, "gradient", TARGET), gradient(x)) <= TOLERANCE


def test_input_times_gradient(case):
    model, x, gradient = case
    assert deviation(sx.explain(model, x, "input_t_gradient", TARGET), x * gradient(x)) <= TOLERANCE


def test_integrated_gradients(case):
    model, x, _ = case
    points = [x * (np.float32(index) * np.float32(1 / 15)) for index in range(15)] + [x]
    check_mean(case, sx.explain(model, x, "integrated_gradients", TARGET, steps=16), points, x)


def test_smoothgrad(case):
    model, x, _ = case
    random = np.random.RandomState(0)
    points = [(x + random.normal(0, 0.2, x.shape[1:])).astype(np.float32) for _ in range(8)]
    check_mean(case, sx.explain(model, x, "smoothgrad", TARGET, augment_by_n=8, noise_scale=0.2), points, 1)
