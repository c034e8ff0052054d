"""Deep Taylor maps of iNNvestigate: make_innvestigate.py writes innvestigate.h5 beside itself. Versions: README.md."""
import pathlib

import h5py
import innvestigate
import numpy
import tensorflow as tf

tf.compat.v1.disable_eager_execution()
HERE = pathlib.Path(__file__).parent
CASES = ("digits_cnn", "ecg_simulated", "digits_mlp", "digits_cnn_bn", "digits_resnet", "vgg_mini")
METHODS = {"deep_taylor": ("deep_taylor", {}),
           "deep_taylor.bounded@low=-1.5,high=2": ("deep_taylor.bounded", {"low": -1.5, "high": 2.0})}


def without_softmax(model):
    """innvestigate's own function refuses networks with the layer names that Keras gives by default."""
    config = model.get_config()
    assert config["layers"][-1]["config"].pop("activation") == "softmax"
    made = type(model).from_config(config)
    made.set_weights(model.get_weights())
    return made


def main():
    with h5py.File(HERE / "innvestigate.h5", "w", track_order=True) as file:
        file.attrs["versions"] = f"innvestigate 2.1.2, tensorflow {tf.__version__}, numpy {numpy.__version__}"
        for case in CASES:
            folder = HERE.parent / "data" / case
            model = tf.keras.models.load_model(folder / "model.h5", compile=False)
            model = without_softmax(model)
            with h5py.File(folder / "golden.h5", "r") as golden:
                x, logits = golden["input"][()], golden["logits"][()]
            assert numpy.abs(model.predict(x, verbose=0) - logits).max() < 1e-4 * numpy.abs(logits).max()
            for label, (name, parameters) in METHODS.items():
                analyzer = innvestigate.create_analyzer(name, model, neuron_selection_mode="max_activation", **parameters)
                values = numpy.concatenate([analyzer.analyze(x[n:n + 1]) for n in range(len(x))]).astype("float32")
                file.create_dataset(f"{case}/{label}", data=values, compression="gzip", compression_opts=9)
                print(case, label, numpy.abs(values).max(), values.sum(), logits.max(axis=1), flush=True)
            tf.keras.backend.clear_session()


if __name__ == "__main__":
    main()
