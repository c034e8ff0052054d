"""iNNvestigate, on TensorFlow, warm: the analyzer is made once. A method is a name, or name:parameter=number."""

import tensorflow_setup as setup

setup.tf.compat.v1.disable_eager_execution()  # iNNvestigate works in graph mode only

import innvestigate  # noqa: E402


def versions():
    return setup.versions("innvestigate")


def prepare(network, method, samples, threads):
    setup.set_threads(threads)
    model = innvestigate.model_wo_softmax(setup.load(network))
    name, _, parameter = method.partition(":")
    parameters = {}
    if parameter:
        key, _, value = parameter.partition("=")
        parameters[key] = type(1)(value) if value.isdigit() else float(value)
    analyzer = innvestigate.create_analyzer(name, model, neuron_selection_mode="max_activation", **parameters)

    def call():
        maps = analyzer.analyze(samples)
        return next(iter(maps.values())) if isinstance(maps, dict) else maps

    return call
