"""What both peers on TensorFlow need: a fixed number of threads, and the network."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402

TITLES = {"signxai": "SignXAI", "innvestigate": "iNNvestigate"}  # "signxai" alone is this project


def set_threads(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def load(network):
    return tf.keras.models.load_model(network, compile=False)


def versions(package):
    from importlib import metadata

    return {TITLES[package]: metadata.version(package), "tensorflow": tf.__version__}
