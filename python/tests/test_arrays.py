"""What may be handed in as an array, and that nothing is copied that need not be."""

import numpy as np
import pytest

import signxai_cpp as sx
from signxai_cpp import _native
from signxai_cpp._arrays import as_float32, as_inputs


class OnlyDLPack:
    """As arrays of some libraries are: no buffer, no __array__."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


class OnlyArray:
    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return self._array if dtype is None else self._array.astype(dtype)


class Tensor(OnlyArray):
    """As a tensor of PyTorch that records gradients."""

    def detach(self):
        return OnlyArray(self._array)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("wrap", [lambda a: a, OnlyDLPack, OnlyArray, Tensor])
def test_float32_is_not_copied(wrap):
    x = np.ones((2, 28, 28, 1), np.float32)
    assert address(as_float32(wrap(x))) == address(x)


def test_read_only_is_not_copied(digits, batch):
    batch.flags.writeable = False
    assert as_float32(batch) is batch
    sx.explain(digits, batch, "gradient")


def test_the_extension_refuses_what_it_would_have_to_copy(digits, batch):
    explainer = _native.Explainer(digits._native)
    target = _native.Target.max()
    for other in (batch.astype(np.float64), batch[:, ::2], batch.T):
        with pytest.raises(TypeError):
            explainer.explain([other], [("gradient", {})], target, None)


def test_results_own_their_memory(digits, batch):
    e = sx.explain(digits, batch, ["gradient", "lrp_z"])
    for array in [*e.maps.values(), *e.outputs.values(), e.targets]:
        owner = array
        while not type(owner).__name__.startswith("nb_"):  # through views to the array that keeps the capsule
            owner = owner.obj if isinstance(owner, memoryview) else owner.base
            assert owner is not None
        assert array.flags.writeable and array.flags.c_contiguous
    kept = e.maps["gradient"]
    before = kept.copy()
    del e
    for _ in range(5):
        sx.explain(digits, batch, ["gradient", "lrp_z"])
    assert np.array_equal(kept, before)


@pytest.mark.parametrize("convert", [
    lambda x: x.astype(np.float64), lambda x: x.astype(np.float16), lambda x: x.astype(">f4"), lambda x: np.asfortranarray(x),
    lambda x: x[::-1].copy()[::-1], lambda x: x.tolist(), lambda x: tuple(map(tuple, x[..., 0].tolist())),
])
def test_everything_else_is_converted(digits, batch, convert):
    given = convert(batch)
    if isinstance(given, tuple):
        given = np.array(given)[..., None]
    expected = sx.explain(digits, np.array(given, np.float32), "gradient")
    assert np.array_equal(sx.explain(digits, given, "gradient"), expected)


def test_integers_and_booleans(digits):
    x = np.random.default_rng(0).integers(0, 2, (28, 28, 1))
    expected = sx.explain(digits, x.astype(np.float32), "gradient")
    for dtype in (np.int64, np.uint8, bool):
        assert np.array_equal(sx.explain(digits, x.astype(dtype), "gradient"), expected)


@pytest.mark.parametrize("x, message", [
    (np.full((28, 28, 1), np.nan), "NaN"), (np.full((28, 28, 1), 1e300), "infinity"), (np.ones((27, 28, 1)), "28"),
    (np.ones((28, 28, 1), complex), "complex"), ([["a"]], "U1"), ([[1], [1, 2]], "no array|object"), (None, "object"),
    (np.zeros((0, 28, 28, 1)), "0"), (np.ma.masked_less(np.ones((28, 28, 1)), 2), "masked"), (np.float32(1), "one number"),
])
def test_refused(digits, x, message):
    with pytest.raises(ValueError, match=message):
        sx.explain(digits, x, "gradient")


def test_a_list_with_the_only_input(digits, batch):
    assert np.array_equal(sx.explain(digits, [batch], "gradient"), sx.explain(digits, batch, "gradient"))
    arrays, single = as_inputs([[1.0, 2.0]], [port for port in sx.load(sx_tiny()).inputs])
    assert arrays[0].shape == (1, 2) and not single


def sx_tiny():
    from conftest import TINY

    return TINY
