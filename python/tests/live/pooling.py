"""Networks of the tests of adaptive pooling: one layer each with the arguments of a sweep, and what stands behind it so that
there are three outputs. Also for tests/importers/data/pooling."""

import itertools

import numpy as np
from preprocessing import finish

# Extents and output sizes: bins that are equal, that overlap, of two widths, more of them than cells, one of all cells.
SIZES = [
    ((12,), 4), ((11,), 5), ((10,), 4), ((5,), 3), ((5,), 8), ((6,), 6), ((1,), 3), ((9,), 1),
    ((8, 6), (4, 3)), ((9, 6), (4, 3)), ((10, 5), (4, 3)), ((5, 8), 2), ((4, 3), (6, 3)), ((6, 5), (1, 3)), ((6, 5), 1),
    ((4, 6, 5), (2, 3, 5)), ((5, 4, 8), (3, 2, 6)), ((4, 3, 5), 2), ((4, 3, 2), 1),
]  # fmt: skip
# Keras 3.15 computes these bins in single precision, and on JAX not all of them begin and end where they do elsewhere.
ROUNDED = [((14,), 7), ((7, 7), 7), ((16, 28), 7), ((10,), 15)]


def adaptive(kind, cells, size, data_format):
    def make(keras):
        shape = (*cells, 2) if data_format == "channels_last" else (2, *cells)
        x = keras.Input(shape)
        layer = getattr(keras.layers, f"Adaptive{kind}Pooling{len(cells)}D")
        return finish(keras, x, layer(size, data_format=data_format)(x))

    return make


def crashes_tensorflow(kind, cells, size):
    """Keras also computes windows of one cell more than needed; the maximum of such that are longer than the axis ends the
    process with TensorFlow."""
    sizes = size if isinstance(size, tuple) else (size,) * len(cells)
    return kind == "Max" and any(-(-extent // bins) >= extent for extent, bins in zip(cells, sizes))


def cases(sizes, of_tensorflow=False):
    """By name, in both layouts by turns; `of_tensorflow`: without those that TensorFlow cannot compute."""
    found = {}
    for (index, (cells, size)), kind in itertools.product(enumerate(sizes), ("Average", "Max")):
        layout = ("last", "first")[index % 2]
        if of_tensorflow and crashes_tensorflow(kind, cells, size):
            continue
        name = "x".join(map(str, cells)) + "-" + ("x".join(map(str, size)) if isinstance(size, tuple) else str(size))
        found[f"{kind}-{name}-{layout}"] = adaptive(kind, cells, size, f"channels_{layout}")
    return found


def samples_for(model, tied=False, seed=4):
    """Two samples; whole numbers, so that most maxima are there several times, or others."""
    rng = np.random.default_rng(seed)
    shape = (2, *model.input_shape[1:])
    return (rng.integers(0, 3, shape) if tied else rng.normal(0, 1, shape)).astype(np.float32)


def both(keras):
    """Unequal bins of both kinds."""
    x = keras.Input((7, 5, 2))
    y = keras.layers.AdaptiveMaxPooling2D((5, 4))(x)
    return finish(keras, x, keras.layers.AdaptiveAveragePooling2D((3, 3))(y))
