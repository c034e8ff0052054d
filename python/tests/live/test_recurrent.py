"""Recurrent layers of live models, of Keras 3 on JAX or of tf.keras 2, whichever is there: outputs as Keras's, gradients as
automatic differentiation gives them."""

import numpy as np
import pytest

import signxai_cpp as sx
from both_keras import close, fresh, needs_jax, outputs_and_gradient, save, third
from recurrent import cases, samples_for, with_weights

pytestmark = needs_jax
CASES = cases(third)


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradient(name):
    model = fresh(CASES[name], with_weights)
    x = samples_for(model)
    outputs, gradient = outputs_and_gradient(model, x, 1)
    assert np.abs(gradient).max() > 1e-6
    loaded = sx.from_keras(model)
    close(loaded.predict(x), outputs)
    close(sx.explain(loaded, x, "gradient", 1), gradient)
    close(np.stack([sx.explain(loaded, sample, "gradient", 1) for sample in x]), gradient)


@pytest.mark.parametrize("name", ["LSTM-concat", "cells", "of_each_frame", "masks_through", "encoder_decoder"])
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_files_hold_the_same(name, suffix, tmp_path):
    model = fresh(CASES[name], with_weights)
    path = tmp_path / f"model.{suffix}"
    save(model, path)
    x = samples_for(model)
    np.testing.assert_array_equal(sx.load(path).predict(x), sx.from_keras(model).predict(x))
