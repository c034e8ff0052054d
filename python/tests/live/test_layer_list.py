"""docs/layers.md names every public layer class of the Keras that is installed, and says of each what the importer does."""

import importlib.util
import json
import pathlib

import pytest

keras = pytest.importorskip("keras")
third = keras.__version__.startswith("3.")
if not third:
    import tensorflow as tf

    keras = tf.keras

from signxai_cpp import _live
from signxai_cpp.errors import Error

ROOT = pathlib.Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("layers", ROOT / "tools/docs/layers.py")
listing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(listing)
VERSION = listing.KERAS3 if third else listing.KERAS2
CLASSES = listing.public_classes(keras)
SUPPORTED = {name for name in CLASSES if name in listing.supported()}


def error_of(entry):
    """What the importer says to a network of one layer."""
    shape = {"batch_input_shape": [None, 4, 4, 4], "name": "in"}
    layers = [{"class_name": "InputLayer", "config": shape}, entry]
    model = {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}
    try:
        _live.model_of(json.dumps(model), [])
    except Error as error:
        return str(error)
    return ""


def test_every_class_is_listed():
    assert VERSION.split()[1] == ".".join((keras.__version__ if third else tf.__version__).split(".")[:2])
    assert listing.stored()[VERSION] == CLASSES


def test_the_page_is_made_of_the_list():
    assert listing.PAGE.read_text() == listing.page()


@pytest.mark.parametrize("name", CLASSES)
def test_the_importer_does_what_the_page_says(name):
    claimed = f"| `{name}`" in listing.page()
    assert claimed
    answer = listing.verdict(name)[0]
    if name in listing.cells():
        message = error_of({"class_name": "RNN", "config": {"name": "rnn", "cell": {"class_name": name, "config": {"name": "cell"}}}})
        assert answer == "yes" and "supported are LSTMCell" not in message
        return
    message = error_of({"class_name": name, "config": {"name": "it"}})
    refused = "layers of this class" in message or "never executed" in message
    assert refused == (answer == "no"), message
