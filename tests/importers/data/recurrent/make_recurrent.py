"""Writes the model files of this folder: some networks of python/tests/live/recurrent.py, as Keras 3 (3.15 on JAX) saves
them or, with TensorFlow 2.12 in the environment, as Keras 2 does; NAME.npz beside them holds two samples x, the outputs y,
and the gradient g of output 1.

    cd tests/importers/data/recurrent && python make_recurrent.py
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(pathlib.Path.cwd().parents[3] / "python/tests/live"))

import numpy as np
from both_keras import fresh, outputs_and_gradient, save, third
from recurrent import cases, samples_for, with_weights

FILES = {
    True: {"masks_through": "masks3.keras", "encoder_decoder": "states3.keras", "cells": "cells3.keras",
           "of_each_frame": "frames3.keras", "ConvLSTM2D-1": "conv3.keras", "separate": "separate3.h5"},
    False: {"masks_through": "masks2.h5", "encoder_decoder": "states2.h5", "cells": "cells2.keras",
            "of_each_frame": "frames2.keras", "GRU-concat-masked": "gru2.h5", "open_steps": "open2.h5"},
}

makers = cases(third)
for name, file in FILES[third].items():
    model = fresh(makers[name], with_weights)
    x = samples_for(model)
    save(model, pathlib.Path(file))
    y, g = outputs_and_gradient(model, x, 1)
    np.savez(file.split(".")[0] + ".npz", x=x, y=y, g=g)
