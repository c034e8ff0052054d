"""Networks with recurrent layers, for Keras 3 and for tf.keras 2: one per argument that changes what is computed, and a
random sample of the arguments' combinations. Each is (name, function of `keras` that makes the model)."""

import random

import numpy as np

STEPS, FEATURES = 5, 4
GATED = {"recurrent_activation": ["sigmoid", "hard_sigmoid", "tanh", "softmax"]}
COMMON = {
    "activation": ["tanh", "relu", "linear", "softsign", "elu", "softmax", "gelu"],
    "use_bias": [True, False],
    "go_backwards": [False, True],
    "return_sequences": [True, False],
    "dropout": [0.0, 0.3],
    "recurrent_dropout": [0.0, 0.2],
    "unroll": [False, True],
}
CLASSES = {
    "LSTM": {**COMMON, **GATED, "unit_forget_bias": [True, False]},
    "GRU": {**COMMON, **GATED, "reset_after": [True, False]},
    "SimpleRNN": COMMON,
}
CONVOLUTION = {
    "padding": ["valid", "same"],
    "strides": [1, 2],
    "dilation_rate": [1, 2],
    "activation": ["tanh", "relu"],
    "recurrent_activation": ["hard_sigmoid", "sigmoid"],
    "use_bias": [True, False],
    "go_backwards": [False, True],
    "return_sequences": [True, False],
}


def pick(choices, rng):
    return {name: rng.choice(values) for name, values in choices.items()}


def inputs_of(keras, shape=(STEPS, FEATURES)):
    return keras.Input(shape)


def finish(keras, x, y):
    """Three outputs; sequences are flattened first, or pooled where the number of steps is open."""
    layers = keras.layers
    if len(y.shape) > 2:
        y = layers.GlobalMaxPooling1D()(y) if y.shape[1] is None else layers.Flatten()(y)
    return keras.Model(x, layers.Dense(3)(y))


def single(class_name, arguments, masked=False, steps=STEPS, wrap=None):
    def make(keras):
        layers = keras.layers
        x = inputs_of(keras, (steps, FEATURES))
        y = layers.Masking(0.0)(x) if masked else x
        layer = getattr(layers, class_name)(3, **arguments)
        return finish(keras, x, (wrap(keras, layer) if wrap else layer)(y))

    return make


def bidirectional(merge_mode, backward=None):
    def wrap(keras, layer):
        other = None
        if backward:
            config = {**layer.get_config(), "name": "other", "go_backwards": True, "activation": backward}
            other = type(layer).from_config(config)
        return keras.layers.Bidirectional(layer, merge_mode=merge_mode, backward_layer=other)

    return wrap


def separate(keras):
    """Two outputs, and the states of both directions."""
    layers = keras.layers
    x = inputs_of(keras)
    found = layers.Bidirectional(layers.LSTM(3, return_sequences=True, return_state=True), merge_mode=None)(x)
    flat = [layers.Flatten()(y) for y in found[:2]]
    return finish(keras, x, layers.Concatenate()(flat + [found[3], found[4]]))


def encoder_decoder(keras):
    """The decoder begins with the encoder's states; the encoder's own output is not used."""
    layers = keras.layers
    x = inputs_of(keras)
    _, h, c = layers.LSTM(3, return_state=True)(x)
    y = layers.LSTM(3, return_sequences=True)(x, initial_state=[h, c])
    z, s = layers.GRU(3, return_sequences=True, return_state=True, reset_after=False)(y, initial_state=[layers.Dense(3)(c)])
    return finish(keras, x, layers.Concatenate()([layers.Flatten()(z), s]))


def masked_states(keras):
    layers = keras.layers
    x = inputs_of(keras)
    m = layers.Masking(0.0)(x)
    _, h, c = layers.LSTM(3, return_state=True)(m)
    return finish(keras, x, layers.LSTM(3, return_sequences=True, go_backwards=True)(m, initial_state=[h, c]))


def bidirectional_states(keras):
    layers = keras.layers
    x = inputs_of(keras)
    states = [layers.Dense(3)(layers.Flatten()(x)) for _ in range(4)]
    return finish(keras, x, layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x, initial_state=states))


def cells(masked, **arguments):
    def make(keras):
        layers = keras.layers
        x = inputs_of(keras)
        y = layers.Masking(0.0)(x) if masked else x
        stack = [layers.GRUCell(3), layers.LSTMCell(2), layers.GRUCell(4, reset_after=False), layers.SimpleRNNCell(3)]
        y = layers.RNN(stack, return_sequences=True, **arguments)(y)
        return finish(keras, x, layers.RNN(layers.LSTMCell(3), **arguments)(y))

    return make


def stacked_states(keras):
    layers = keras.layers
    x = inputs_of(keras)
    found = layers.RNN([layers.GRUCell(3), layers.SimpleRNNCell(2)], return_state=True)(x)
    return finish(keras, x, layers.Concatenate()(list(found)))


def masks_through(keras):
    """Layers between that keep the mask, and the mean over the steps that count."""
    layers = keras.layers
    x = inputs_of(keras)
    y = layers.Masking(0.0)(x)
    y = layers.TimeDistributed(layers.Dense(5, activation="tanh"))(y)
    y = layers.Dropout(0.2)(layers.Activation("tanh")(layers.LayerNormalization()(layers.Dense(4)(y))))
    y = layers.Bidirectional(layers.GRU(3, return_sequences=True))(y)
    return finish(keras, x, layers.GlobalAveragePooling1D()(y))


def mask_dropped(keras):
    """A convolution does not hand the mask on."""
    layers = keras.layers
    x = inputs_of(keras)
    y = layers.Conv1D(3, 3, padding="same")(layers.Masking(0.0)(x))
    return finish(keras, x, layers.LSTM(3)(y))


def sequential_mask(keras):
    layers = keras.layers
    return keras.Sequential([inputs_of(keras), layers.Masking(0.5), layers.LSTM(3, return_sequences=True),
                             layers.Bidirectional(layers.LSTM(2), merge_mode="sum"), layers.Dense(3)])


def of_each_frame(keras):
    """A model, a convolution and a normalisation applied to each frame."""
    layers = keras.layers
    x = inputs_of(keras, (3, 6, 6, 2))
    y = layers.TimeDistributed(layers.Conv2D(3, 3, activation="relu"))(x)
    y = layers.TimeDistributed(layers.BatchNormalization())(y)
    y = layers.TimeDistributed(keras.Sequential([keras.Input((4, 4, 3)), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4)]))(y)
    return finish(keras, x, layers.LSTM(3)(layers.TimeDistributed(layers.Activation("tanh"))(y)))


def of_each_sequence(keras):
    """Recurrent layers over words inside one over sentences."""
    layers = keras.layers
    x = inputs_of(keras, (3, 4, 2))
    y = layers.TimeDistributed(layers.Bidirectional(layers.GRU(2)))(x)
    y = layers.TimeDistributed(layers.TimeDistributed(layers.Dense(3)))(layers.Reshape((3, 2, 2))(y))
    return finish(keras, x, layers.TimeDistributed(layers.LSTM(3))(y))


def open_steps(keras):
    layers = keras.layers
    x = inputs_of(keras, (None, FEATURES))
    y = layers.TimeDistributed(layers.Dense(3))(x)
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(3)])
    y = layers.Bidirectional(layers.GRU(3, return_sequences=True))(layers.TimeDistributed(inner)(y))
    return finish(keras, x, y)


def convolutional(axes, arguments, states=False, masked=False):
    def make(keras):
        layers = keras.layers
        first = arguments.get("data_format") == "channels_first"
        space = (6,) * axes
        x = inputs_of(keras, (3, 2, *space) if first else (3, *space, 2))
        y = layers.TimeDistributed(layers.Masking(0.0))(x) if masked else x
        layer = getattr(layers, f"ConvLSTM{axes}D")(2, 3, return_state=states, **arguments)
        y = layer(y)
        if states:
            y = layers.Concatenate()([layers.Flatten()(part) for part in y])
        return finish(keras, x, layers.Flatten()(y))

    return make


def cases(third, seed=11, sample=12):
    """`third`: of Keras 3, whose Bidirectional wants a layer that runs forwards, and whose JAX has no zeros at masked steps
    where a loop is unrolled; it is also slower to compare with."""
    sample = sample // 2 if third else sample
    rng = random.Random(seed)
    found = {}
    for name, choices in CLASSES.items():
        for index in range(sample):
            arguments = pick(choices, rng)
            found[f"{name}-{index}"] = single(name, arguments, masked=index % 3 == 2)
        sequences = {"return_sequences": True}
        directions = {"return_sequences": [True], "go_backwards": [False] if third else [False, True]}
        for mode in ("concat", "sum", "ave", "mul"):
            arguments = pick({**choices, **directions}, rng)
            found[f"{name}-{mode}"] = single(name, arguments, False, STEPS, bidirectional(mode))
            found[f"{name}-{mode}-masked"] = single(name, {**arguments, "unroll": False}, True, STEPS, bidirectional(mode))
        found[f"{name}-last"] = single(name, {}, True, STEPS, bidirectional("concat", "relu"))
        found[f"{name}-open"] = single(name, sequences, True, None)
        if not third:
            found[f"{name}-unrolled"] = single(name, {**sequences, "unroll": True}, True, STEPS, bidirectional("concat"))
        found[f"{name}-zero"] = single(name, {**sequences, "zero_output_for_mask": True}, True)
    for index in range(sample // 2):
        arguments = pick(CONVOLUTION, rng)
        if arguments["strides"] == 2:
            arguments["dilation_rate"] = 1
        found[f"ConvLSTM2D-{index}"] = convolutional(2, arguments, states=index % 2 == 1)
    found["ConvLSTM1D"] = convolutional(1, {"return_sequences": True})
    found["ConvLSTM3D"] = convolutional(3, {"padding": "same"})
    found.update(separate=separate, encoder_decoder=encoder_decoder, masked_states=masked_states, cells=cells(False),
                 masked_cells=cells(True, go_backwards=True), stacked_states=stacked_states, masks_through=masks_through,
                 mask_dropped=mask_dropped, sequential_mask=sequential_mask, of_each_frame=of_each_frame,
                 of_each_sequence=of_each_sequence, open_steps=open_steps, bidirectional_states=bidirectional_states)
    return found


def with_weights(model, seed=2):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) if "variance" in v.name else rng.normal(0, 0.5, w.shape)
                       for v, w in zip(model.weights, model.get_weights())])
    return model


def samples_for(model, seed=4):
    """Two samples; in each some steps are zero, one of them the last one."""
    rng = np.random.default_rng(seed)
    shape = [extent or STEPS for extent in model.input_shape[1:]]
    x = rng.normal(0, 1, (2, *shape)).astype(np.float32)
    x[0, -1], x[1, 0], x[1, 2] = 0, 0, 0.5
    return x
