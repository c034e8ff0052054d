"""Small transformers, and AttnLRP of them (Achtibat et al. 2024) as lxt.explicit computes it: every layer is spelled with
lxt's functions, in double precision. Relevance begins with the value of the explained output."""
import numpy
import torch
from lxt.explicit import functional as lf
from lxt.explicit import rules
from torch.nn import functional as F

from keras_network import Network

EPSILON = 1e-12
ACTIVATIONS = {"gelu": F.gelu, "silu": F.silu, "tanh": torch.tanh, "relu": F.relu, "linear": None}


class Maker:
    """Layers with random weights."""

    def __init__(self, seed, name):
        self.random, self.net = numpy.random.default_rng(seed), Network(name)

    def normal(self, *shape, scale=None):
        return self.random.normal(0, scale or shape[0] ** -0.5, shape)

    def dense(self, x, width, units, activation="linear"):
        return self.net.layer("Dense", [x], {"units": units, "activation": activation, "use_bias": True},
                              [("kernel", self.normal(width, units)), ("bias", self.normal(units, scale=0.3))])

    def layer_norm(self, x, width):
        return self.net.layer("LayerNormalization", [x], {"axis": -1, "epsilon": 1e-3, "center": True, "scale": True},
                              [("gamma", 1 + self.normal(width, scale=0.2)), ("beta", self.normal(width, scale=0.3))])

    def rms_norm(self, x, width):
        return self.net.layer("RMSNormalization", [x], {"axis": -1, "epsilon": 1e-6}, [("scale", 1 + self.normal(width, scale=0.2))])

    def projections(self, width, parts):
        found = []
        for role, heads, features in parts:
            found.append((role + "/kernel", self.normal(width, heads, features)))
            found.append((role + "/bias", self.normal(heads, features, scale=0.3)))
        return found

    def heads(self, x, width, heads, features):
        weights = self.projections(width, [(role, heads, features) for role in ("query", "key", "value")])
        weights += [("attention_output/kernel", self.normal(heads, features, width, scale=(heads * features) ** -0.5)),
                    ("attention_output/bias", self.normal(width, scale=0.3))]
        return self.net.layer("MultiHeadAttention", [x, x], {"num_heads": heads, "key_dim": features, "value_dim": features,
                                                             "dropout": 0.0, "use_bias": True}, weights)

    def groups(self, x, width, heads, groups, features):
        weights = self.projections(width, [("query", heads, features), ("key", groups, features), ("value", groups, features)])
        weights += [("attention_output/kernel", self.normal(heads, features, width, scale=(heads * features) ** -0.5)),
                    ("attention_output/bias", self.normal(width, scale=0.3))]
        return self.net.layer("GroupQueryAttention", [x, x], {"num_query_heads": heads, "num_key_value_heads": groups,
                                                              "head_dim": features, "dropout": 0.0, "use_bias": True},
                              weights, use_causal_mask=True)

    def add(self, *parts):
        return self.net.layer("Add", parts, listed=True)


def encoder(seed, steps=5, width=8, blocks=2):
    """Blocks of multi-head attention and GELU between layer normalisations."""
    m = Maker(seed, "encoder")
    y = m.dense(m.net.input((steps, width)), width, width)
    for _ in range(blocks):
        y = m.add(y, m.heads(m.layer_norm(y, width), width, 2, 4))
        y = m.add(y, m.dense(m.dense(m.layer_norm(y, width), width, 2 * width, "gelu"), 2 * width, width))
    y = m.net.layer("GlobalAveragePooling1D", [m.layer_norm(y, width)])
    m.dense(y, width, 3)
    return m.net


def decoder(seed, steps=5, width=8, blocks=2):
    """Causal attention with shared keys, RMS normalisation, and a product of two branches (SwiGLU)."""
    m = Maker(seed, "decoder")
    y = m.net.input((steps, width))
    for _ in range(blocks):
        y = m.add(y, m.groups(m.rms_norm(y, width), width, 4, 2, 2))
        z = m.rms_norm(y, width)
        gated = m.net.layer("Multiply", [m.dense(z, width, 12, "silu"), m.dense(z, width, 12)], listed=True)
        y = m.add(y, m.dense(gated, 12, width))
    y = m.net.layer("GlobalAveragePooling1D", [m.rms_norm(y, width)])
    m.dense(y, width, 3)
    return m.net


def products(seed, steps=5, width=8):
    """Attention as a layer and as operations on tensors, with a Softmax layer in between, and unit normalisation."""
    m = Maker(seed, "products")
    x = m.net.input((steps, width))
    q, k, v = (m.dense(x, width, 6) for _ in range(3))
    y = m.net.layer("Attention", [q, v, k], {"use_scale": False, "score_mode": "dot", "dropout": 0.0}, listed=True)
    y = m.net.layer("UnitNormalization", [y], {"axis": [-1]})
    scores = m.net.layer("Matmul", [m.dense(y, 6, 4), m.net.layer("Permute", [m.dense(x, width, 4, "tanh")], {"dims": [2, 1]})], operation=True)
    z = m.net.layer("Matmul", [m.net.layer("Softmax", [scores], {"axis": -1}), m.dense(y, 6, 4)], operation=True)
    m.dense(m.net.layer("GlobalAveragePooling1D", [z]), 4, 3)
    return m.net


NETWORKS = {"encoder": encoder, "decoder": decoder, "products": products}


class Computed:
    """A network in torch, layer by layer."""

    def __init__(self, network):
        self.network = network

    def __call__(self, x):
        values = {"x": x}
        for layer in self.network.layers[1:]:
            args = layer["inbound_nodes"][0]["args"]
            args = args[0] if isinstance(args[0], list) else args
            inputs = [values[a["config"]["keras_history"][0]] for a in args]
            weights = {key: torch.tensor(v, dtype=torch.float64) for key, v in self.network.weights[layer["name"]]}
            compute = getattr(self, layer["class_name"])
            values[layer["name"]] = compute(layer["config"], weights, *inputs)
        return values[layer["name"]]

    @staticmethod
    def linear(x, kernel, bias):
        return lf.linear_epsilon(x, kernel.T, bias, EPSILON)

    def Dense(self, config, w, x):
        z = self.linear(x, w["kernel"], w["bias"])
        function = ACTIVATIONS[config["activation"]]
        return rules.identity(function, z) if function else z

    def LayerNormalization(self, config, w, x):
        return lf.layer_norm_grad_fn.apply(x, w["gamma"], w["beta"], config["epsilon"], EPSILON)

    def RMSNormalization(self, config, w, x):
        return lf.rms_norm_identity(x, w["scale"].double(), config["epsilon"])

    def UnitNormalization(self, config, w, x):
        return lf.normalize(x, dim=-1, eps=1e-12)

    def Add(self, config, w, a, b):
        return lf.add2(a, b, epsilon=EPSILON)

    def Multiply(self, config, w, a, b):
        return lf.mul2(a, b)

    def GlobalAveragePooling1D(self, config, w, x):
        return lf.mean(x, 1, False, EPSILON)

    def Permute(self, config, w, x):
        return x.transpose(1, 2)

    def Softmax(self, config, w, x):
        return lf.softmax(x, -1)

    def Matmul(self, config, w, a, b):
        return lf.matmul(a, b, epsilon=EPSILON)

    def Attention(self, config, w, q, v, k):
        return self.Matmul(None, None, lf.softmax(self.Matmul(None, None, q, k.transpose(1, 2)), -1), v)

    def attended(self, w, x, heads, groups, features, causal):
        def project(role, count):
            z = self.linear(x, w[role + "/kernel"].flatten(1), w[role + "/bias"].flatten())
            return z.unflatten(-1, (count, features)).transpose(1, 2).repeat_interleave(heads // count, 1)

        q, k, v = project("query", heads), project("key", groups), project("value", groups)
        scores = lf.mul2(self.Matmul(None, None, q, k.transpose(2, 3)), torch.tensor(features ** -0.5, dtype=torch.float64))
        if causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), float("-inf"))
        y = self.Matmul(None, None, lf.softmax(scores, -1), v).transpose(1, 2).flatten(2)
        return self.linear(y, w["attention_output/kernel"].flatten(0, 1), w["attention_output/bias"])

    def MultiHeadAttention(self, config, w, x, _):
        return self.attended(w, x, config["num_heads"], config["num_heads"], config["key_dim"], False)

    def GroupQueryAttention(self, config, w, x, _):
        return self.attended(w, x, config["num_query_heads"], config["num_key_value_heads"], config["head_dim"], True)


def relevance(network, x, target):
    """Outputs, and relevance of the input for one output."""
    points = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    outputs = Computed(network)(points)
    chosen = torch.zeros_like(outputs)
    chosen[:, target] = outputs[:, target].detach()
    outputs.backward(chosen)
    return outputs.detach().numpy(), points.grad.numpy()


def samples(network, seed, count=2):
    shape = network.layers[0]["config"]["batch_shape"][1:]
    return numpy.random.default_rng(seed).normal(0, 1, (count, *shape)).astype(numpy.float32)
