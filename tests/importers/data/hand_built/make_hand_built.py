"""Writes the model files of this folder: the networks of python/tests/live/hand_built.py, some as Keras 3 (3.15 on JAX) saves them, the
others, with TensorFlow 2.12 in the environment, as Keras 2 does. NAME.npz beside them holds two samples x0 (and x1), the
outputs y, weights w of them, and the gradients g0 (and g1) of sum(w y).

    cd tests/importers/data/hand_built && python make_hand_built.py
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(pathlib.Path.cwd().parents[3] / "python/tests/live"))

import numpy as np
from both_keras import save, third
from hand_built import inputs_of, made, outputs_and_gradients, weights_of

FILES = {True: ("vit.keras", "text.keras", "siamese.keras"), False: ("unet.h5", "wavenet.h5", "autoencoder.h5")}

for file in FILES[third]:
    name = file.split(".")[0]
    model = made(name)
    x = inputs_of(model)
    save(model, pathlib.Path(file))
    w = weights_of(np.asarray(model(x if len(x) > 1 else x[0], training=False)))
    y, g = outputs_and_gradients(model, x, w)
    numbered = {f"{kind}{i}": array for kind, arrays in (("x", x), ("g", g)) for i, array in enumerate(arrays)}
    np.savez(f"{name}.npz", y=y, w=np.asarray(w, np.float32), **numbered)
