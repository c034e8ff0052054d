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

import keras
import numpy as np
from recurrent import cases, samples_for, with_weights

THIRD = keras.__version__.startswith("3.")
if THIRD:
    import jax
else:
    import tensorflow as tf

    keras = tf.keras

FILES = {
    True: {"masks_through": "masks3.keras", "encoder_decoder": "states3.keras", "cells": "cells3.keras",
           "of_each_frame": "frames3.keras", "ConvLSTM2D-1": "conv3.keras", "separate": "separate3.h5"},
    False: {"masks_through": "masks2.h5", "encoder_decoder": "states2.h5", "cells": "cells2.keras",
            "of_each_frame": "frames2.keras", "GRU-concat-masked": "gru2.h5", "open_steps": "open2.h5"},
}


def gradient_of(model, x):
    if THIRD:
        return np.asarray(jax.grad(lambda points: model(points, training=False)[:, 1].sum())(x))
    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        chosen = tf.reduce_sum(model(points, training=False)[:, 1])
    return tape.gradient(chosen, points).numpy()


makers = cases(THIRD)
for name, file in FILES[THIRD].items():
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = with_weights(makers[name](keras))
    x = samples_for(model)
    model.save(file, **({} if THIRD or file.endswith(".h5") else {"save_format": "keras_v3"}))
    np.savez(file.split(".")[0] + ".npz", x=x, y=np.asarray(model(x, training=False)), g=gradient_of(model, x))
