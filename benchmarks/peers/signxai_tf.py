"""SignXAI, on TensorFlow. It builds its analyzer anew in every call. A method is a name, or several with commas; of
these, the ones that it fails at are left out and named."""

import traceback

import numpy as np
import tensorflow_setup as setup
from signxai.methods.wrappers import calculate_relevancemap
from signxai.utils.utils import remove_softmax

REFUSED = set()


def versions():
    named = {"refused": ", ".join(sorted(REFUSED))} if REFUSED else {}
    return {**setup.versions("signxai"), **named}


def keywords(name, model):
    if not name.startswith(("grad_cam", "guided_grad_cam")) or name[-1].isdigit() or name[-1].isupper():
        return {}
    layers = [layer.name for layer in model.layers if layer.__class__.__name__.startswith("Conv")]
    return {"last_conv_layer_name": layers[-1]} if layers else {}


def explain_all(names, explain):
    for name in names:
        try:
            found = explain(name)
        except Exception:  # whatever it fails with
            traceback.print_exc()
            REFUSED.add(name)
    return found


def prepare(network, method, samples, threads):
    setup.set_threads(threads)
    model = remove_softmax(setup.load(network))
    names = method.split(",")

    def explain(name):
        more = keywords(name, model)
        if len(samples) > 1:
            return calculate_relevancemap(name, np.array(samples), model, batchmode=True, **more)
        return calculate_relevancemap(name, np.array(samples[0]), model, **more)[np.newaxis]

    return lambda: explain_all(names, explain) if len(names) > 1 else explain(names[0])
