"""Writes the model files of this folder: some networks of python/tests/live/preprocessing.py, as Keras 3 (3.15 on JAX) saves
them or, with TensorFlow 2.12 in the environment, as Keras 2 does; NAME.npz beside them holds two samples x, the outputs y,
and the gradient g of output 1.

    cd tests/importers/data/preprocessing && python make_preprocessing.py
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(pathlib.Path.cwd().parents[3] / "python/tests/live"))

import numpy as np
from both_keras import fresh, outputs_and_gradient, save, third
from preprocessing import cases, samples_for
from recurrent import with_weights

FILES = {
    True: {"bicubic-5x7-padded": "padded3.keras", "lanczos3-12x4-antialias": "antialias3.keras", "bins-multi_hot": "bins3.keras",
           "spectral-nested": "spectral3.keras", "spectral-frozen": "frozen3.h5", "rms-axes": "rms3.keras"},
    False: {"gaussian-5x7": "gaussian2.h5", "nearest-coarse": "coarse2.h5", "bins-one_hot": "bins2.h5", "ids-count": "counts2.keras",
            "center-11x13": "center2.h5", "mitchellcubic-12x4-cropped": "cropped2.h5"},
}

makers = cases(third)
for name, file in FILES[third].items():
    model = fresh(makers[name], with_weights)
    x = samples_for(name, model)
    save(model, pathlib.Path(file))
    y, g = outputs_and_gradient(model, x, 1)
    np.savez(file.split(".")[0] + ".npz", x=x, y=y, g=g)
