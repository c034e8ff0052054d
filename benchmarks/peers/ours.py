"""signxai's Python package. A method is a name, or several with commas, which are asked for together; behind
them may stand `:precision=NAME`."""

import signxai_cpp


def versions():
    return {"signxai_cpp": signxai_cpp.__version__}


def prepare(network, method, samples, threads):
    method, _, precision = method.partition(":precision=")
    explainer = signxai_cpp.Explainer(network, threads=threads, precision=precision or "f32")
    names = method.split(",")

    def call():
        maps = explainer.explain(samples, names, progress=False).maps
        return maps[names[0]]

    return call
