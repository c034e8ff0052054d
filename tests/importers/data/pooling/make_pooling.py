"""Writes the model file of this folder: `both` of python/tests/live/pooling.py, as Keras 3 (3.15 on JAX) saves it; NAME.npz
beside it holds two samples x, the outputs y, and the gradient g of output 1.

    cd tests/importers/data/pooling && python make_pooling.py
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(pathlib.Path.cwd().parents[3] / "python/tests/live"))

import numpy as np
from both_keras import fresh, outputs_and_gradient, save
from pooling import both, samples_for
from recurrent import with_weights

model = fresh(both, with_weights)
x = samples_for(model, tied=True)
save(model, pathlib.Path("adaptive3.keras"))
y, g = outputs_and_gradient(model, x, 1)
np.savez("adaptive3.npz", x=x, y=y, g=g)
