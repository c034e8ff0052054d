"""Runs over many samples: folders, constant memory, the progress line, Ctrl-C, --max-memory."""
import os
import pathlib
import pty
import resource
import select
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

from program import CNN, DIGITS, PROGRAM, SANITIZED, ProgramTest, npy_bytes

DIGIT = DIGITS / "digit_3_0.png"
MEBI = 1 << 20


def peak_of(*arguments, limit=None):
    """(exit code, stderr, peak of resident memory in bytes) of a call."""
    def limited():
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          preexec_fn=limited) as process:
        stderr = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, stderr, usage.ru_maxrss * 1024


def build_model(path, size, filters):
    """A convolutional network of Keras 2 on (size, size, 3), with weights from a fixed seed."""
    import json
    random = np.random.default_rng(0)
    layers, shapes, channels = [], {}, 3
    for i, out in enumerate(filters):
        name = f"conv{i}"
        config = {"name": name, "filters": out, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same",
                  "activation": "relu", "use_bias": True, "data_format": "channels_last", "dilation_rate": [1, 1]}
        if i == 0:
            config["batch_input_shape"] = [None, size, size, 3]
        layers.append({"class_name": "Conv2D", "config": config})
        shapes[name] = [("kernel:0", (3, 3, channels, out)), ("bias:0", (out,))]
        channels = out
    layers.append({"class_name": "GlobalAveragePooling2D", "config": {"name": "pool"}})
    layers.append({"class_name": "Dense", "config": {"name": "dense", "units": 10, "activation": "softmax", "use_bias": True}})
    shapes["dense"] = [("kernel:0", (channels, 10)), ("bias:0", (10,))]
    config = {"class_name": "Sequential", "config": {"name": "mid", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.12.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers]
        weights.attrs["keras_version"], weights.attrs["backend"] = "2.12.0", "tensorflow"
        for layer in layers:
            name = layer["config"]["name"]
            group = weights.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{w}".encode() for w, _ in shapes.get(name, [])]
            for weight, shape in shapes.get(name, []):
                values = random.standard_normal(shape) * 0.1
                group.create_dataset(f"{name}/{weight}", data=values.astype(np.float32))
    return path


class Folders(ProgramTest):
    def test_files_are_taken_by_name_and_mixed(self):
        folder = self.folder / "in"
        folder.mkdir()
        for name in ("b.png", "a.png"):
            (folder / name).write_bytes(DIGIT.read_bytes())
        (folder / "c.npy").write_bytes(npy_bytes([0.5] * 784 * 3, (3, 28, 28, 1)))
        (folder / "labels.csv").write_text("file,label\na.png,3\n")
        (folder / ".hidden.png").write_text("no picture")
        (folder / "deeper").mkdir()
        done = self.ok("predict", CNN, DIGIT, folder, "--preprocess", "unit", "--top", 1)
        names = [line.split()[0] for line in done.stdout.splitlines()[1:]]
        self.assertEqual(names, ["digit_3_0.png", "a.png", "b.png", "c.npy[0]", "c.npy[1]", "c.npy[2]"])
        self.assertIn("3 file(s)", done.stderr)
        self.assertIn("1 file(s) of other types are left out: labels.csv", done.stderr)

    def test_nothing_to_take(self):
        self.refused(2, "predict", CNN, self.folder, says="holds no file")


class Memory(ProgramTest):
    @unittest.skipIf(SANITIZED, "sanitizers keep freed memory")
    def test_memory_does_not_grow_with_the_samples(self):
        peaks = {}
        for count in (200, 8000):
            batch = self.folder / f"{count}.npy"
            np.save(batch, np.random.default_rng(0).random((count, 28, 28, 1), dtype=np.float32))
            for ending in ("npy", "npz", "h5"):
                raw = self.folder / f"{count}.maps.{ending}"
                code, stderr, peaks[count, ending] = peak_of("explain", CNN, batch, "-m", "gradient", "--raw", raw)
                self.assertEqual(code, 0, stderr)
                if ending == "npy":
                    self.assertEqual(np.load(raw, mmap_mode="r").shape, (count, 28, 28, 1))
        for ending in ("npy", "npz", "h5"):  # inputs and maps of 8000 samples are 48 MiB
            self.assertLess(peaks[8000, ending] - peaks[200, ending], 20 * MEBI, (ending, peaks))

    def test_a_full_disk_is_an_error_and_leaves_nothing(self):
        batch = self.folder / "x.npy"
        np.save(batch, np.zeros((2000, 28, 28, 1), dtype=np.float32) + 0.5)
        for ending in ("npy", "npz", "h5"):
            raw = self.folder / f"maps.{ending}"
            code, stderr, _ = peak_of("explain", CNN, batch, "-m", "gradient", "--raw", raw, limit=MEBI)
            self.assertIn(code, (7, -signal.SIGXFSZ), (ending, stderr))
            self.assertFalse(raw.exists())

    @unittest.skipIf(SANITIZED, "sanitizers keep freed memory")
    def test_max_memory_holds(self):
        model = build_model(self.folder / "mid.h5", 64, (64, 64, 128, 128))
        batch = self.folder / "x.npy"
        np.save(batch, np.random.default_rng(0).random((48, 64, 64, 3), dtype=np.float32))
        call = ("explain", model, batch, "-m", "lrp_alpha_1_beta_0,gradient", "--raw")
        code, stderr, free = peak_of(*call, self.folder / "free.h5")
        self.assertEqual(code, 0, stderr)
        limit = 192 * MEBI
        self.assertGreater(free, limit + 100 * MEBI)
        code, stderr, peak = peak_of(*call, self.folder / "limited.h5", "--max-memory", "192M")
        self.assertEqual(code, 0, stderr)
        self.assertLess(peak, limit + 64 * MEBI)  # the program itself and its libraries
        with h5py.File(self.folder / "free.h5") as a, h5py.File(self.folder / "limited.h5") as b:
            for name in ("lrp_alpha_1_beta_0", "gradient"):
                largest = np.abs(a[name][:]).max()
                np.testing.assert_allclose(a[name][:], b[name][:], atol=1e-4 * largest)

    @unittest.skipIf(SANITIZED, "sanitizers keep freed memory")
    def test_one_sample_keeps_no_packed_weights(self):
        model = build_model(self.folder / "wide.h5", 8, [512] * 9)
        weights = model.stat().st_size
        self.assertGreater(weights, 70 * MEBI)
        peaks = {}
        for count in (1, 2):
            batch = self.folder / f"{count}.npy"
            np.save(batch, np.random.default_rng(0).random((count, 8, 8, 3), dtype=np.float32))
            raw = self.folder / f"{count}.npz"
            code, stderr, peaks[count] = peak_of("explain", model, batch, "-m", "lrp_epsilon_1", "--raw", raw)
            self.assertEqual(code, 0, stderr)
        self.assertGreater(peaks[2], 2 * weights)  # packed for both directions
        self.assertLess(peaks[1], 1.2 * weights + 64 * MEBI)  # mapped; the program itself and its libraries

    def test_one_sample_too_many(self):
        model = build_model(self.folder / "mid.h5", 64, (64, 64))
        np.save(self.folder / "x.npy", np.zeros((2, 64, 64, 3), dtype=np.float32))
        call = ("explain", model, self.folder / "x.npy", "-m", "lrp_z", "--raw", self.folder / "m.npy", "--max-memory")
        line = self.refused(6, *call, "2M", says=["one sample needs", "working memory", "allowed are 2.0 MiB"])
        self.assertRegex(line, r"one sample needs \d+\.\d MiB")
        self.refused(6, *call, "10K", says=["weights", "allowed are"])
        self.refused(2, *call, "much", says="--max-memory")
        self.assertFalse((self.folder / "m.npy").exists())


class Terminal(ProgramTest):
    def start(self, *arguments):
        """The program with stderr on a terminal of its own."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=slave,
                                   env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        return process, master

    @staticmethod
    def read(master, seconds, until=b"\0"):
        text, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and until not in text:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    piece = os.read(master, 65536)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                text += piece
        return text

    def batch(self, count):
        path = self.folder / "x.npy"
        np.save(path, np.random.default_rng(0).random((count, 28, 28, 1), dtype=np.float32))
        return path

    def test_progress_with_rate_and_time_left(self):
        process, master = self.start("explain", CNN, self.batch(3000), "-m", "lrp_z,gradient", "--batch", 8)
        text = self.read(master, 120).decode()
        self.assertEqual(process.wait(60), 0, text)
        self.assertRegex(text, r"\d+/3000 \[=*>? *\] +\d+ %  [\d.e+]+/s  \d+:\d\d left")
        self.assertIn("\r\x1b[K", text)

    def test_none_without_a_terminal(self):
        done = self.ok("explain", CNN, self.batch(100), "-m", "gradient", "--batch", 8)
        self.assertNotIn("\r", done.stderr)
        self.assertNotIn("/100 [", done.stderr)

    def test_interrupt_ends_cleanly(self):
        for raw, options in (("m.h5", ()), ("m.npz", ()), ("m.npy", ("-o", self.folder / "out"))):
            process, master = self.start("explain", CNN, self.batch(20000), "-m", "lrp_z", "--batch", 8, "--raw",
                                         self.folder / raw, *options)
            self.read(master, 60, until=b"%  ")
            process.send_signal(signal.SIGINT)
            text = self.read(master, 60).decode()
            self.assertEqual(process.wait(60), 8, text)
            self.assertRegex(text, r"stopped after \d+ of 20000 samples")
            self.assertEqual([p.name for p in pathlib.Path(self.folder).iterdir()], ["x.npy"])

    def test_interrupt_between_the_points_of_one_sample(self):
        process, master = self.start("explain", CNN, self.batch(1), "-m", "smoothgrad", "--param", "augment_by_n=1000000",
                                     "--raw", self.folder / "m.npy", "--batch", 8)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        text = self.read(master, 60).decode()
        self.assertEqual(process.wait(60), 8, text)


if __name__ == "__main__":
    unittest.main()
