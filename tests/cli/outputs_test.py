"""Files of results: formats of --raw, pictures in every format and style, provenance, and that nothing is left half."""
import hashlib
import json
import re
import unittest

import h5py
import numpy as np

from program import CNN, DIGITS, ECG, ST, ProgramTest, npz_provenance, png_size, png_texts

DIGIT = DIGITS / "digit_3_0.png"
UNIT = ("--preprocess", "unit")
CALL = ("explain", CNN, DIGIT, DIGITS / "digit_8_0.png", *UNIT)
SHA256 = hashlib.sha256(CNN.read_bytes()).hexdigest()


class Raw(ProgramTest):
    def test_the_three_formats_hold_the_same_numbers(self):
        methods = ("-m", "lrp_z")
        for name in ("maps.npz", "maps.npy", "maps.h5", "maps.HDF5"):
            self.ok(*CALL, *methods, "--raw", self.folder / name)
        with np.load(self.folder / "maps.npz") as archive:
            expected = archive["lrp_z"]
            self.assertEqual(archive["targets"].tolist(), [3, 8])
        np.testing.assert_array_equal(np.load(self.folder / "maps.npy"), expected)
        self.assertEqual((expected.shape, expected.dtype), ((2, 28, 28, 1), np.float32))
        for name in ("maps.h5", "maps.HDF5"):
            with h5py.File(self.folder / name) as file:
                np.testing.assert_array_equal(file["lrp_z"][:], expected)
                self.assertEqual(file["targets"][:].tolist(), [3, 8])
                self.assertEqual([n.decode() for n in file["inputs"][:]], ["digit_3_0.png", "digit_8_0.png"])
                self.assertEqual(sorted(file), ["inputs", "lrp_z", "targets"])

    def test_npz_keeps_its_contract(self):
        self.ok(*CALL, "-m", "gradient,lrp_z", "--raw", self.folder / "maps.npz")
        with np.load(self.folder / "maps.npz") as archive:  # without allow_pickle
            arrays = {name: archive[name] for name in ("gradient", "lrp_z", "targets")}
            self.assertEqual(set(archive.files), {*arrays, "provenance.json"})
            self.assertEqual(json.loads(archive["provenance.json"])["program"], "signxai")
        self.assertEqual(arrays["targets"].dtype, np.int64)

    def test_predict(self):
        for name in ("p.npz", "p.npy", "p.h5"):
            self.ok("predict", *CALL[1:], "--raw", self.folder / name)
        with np.load(self.folder / "p.npz") as archive, h5py.File(self.folder / "p.h5") as file:
            np.testing.assert_array_equal(archive["outputs"], np.load(self.folder / "p.npy"))
            np.testing.assert_array_equal(archive["outputs"], file["outputs"][:])
            self.assertIn(SHA256, file.attrs["provenance"])

    def test_chunks_give_the_numbers_of_one_piece(self):
        digits = sorted(DIGITS.glob("*_0.png"))
        for batch in (1, 3, 64):
            self.ok("explain", CNN, *digits, *UNIT, "-m", "lrp_z", "--raw", self.folder / f"{batch}.npy", "--batch", batch)
        whole = np.load(self.folder / "64.npy")
        for batch in (1, 3):
            np.testing.assert_allclose(np.load(self.folder / f"{batch}.npy"), whole, atol=1e-5 * np.abs(whole).max())

    def test_targets_of_every_sample(self):
        digits = sorted(DIGITS.glob("*_0.png"))
        targets = [9 - i for i in range(10)]
        self.ok("explain", CNN, *digits, *UNIT, "-m", "gradient", "--raw", self.folder / "m.h5", "--batch", 4,
                "--target", ",".join(map(str, targets)))
        with h5py.File(self.folder / "m.h5") as file:
            self.assertEqual(file["targets"][:].tolist(), targets)

    def test_top_gets_an_axis(self):
        self.ok(*CALL, "-m", "gradient", "--target", "top:3", "--raw", self.folder / "m.h5")
        with h5py.File(self.folder / "m.h5") as file:
            self.assertEqual((file["gradient"].shape, file["targets"].shape), ((2, 3, 28, 28, 1), (2, 3)))


class Provenance(ProgramTest):
    def check(self, document):
        self.assertEqual(document["model"]["files"], [{"file": str(CNN), "sha256": SHA256}])
        method = document["methods"][0]
        self.assertEqual((method["name"], method["base"]), ("lrp_epsilon_0_5_std_x", "lrp"))
        self.assertEqual(method["parameters"]["stdfactor"], 0.5)
        self.assertTrue(method["rules"])
        self.assertEqual((document["target"], document["semantics"], document["backend"]), ("max", "signxai", "cpu"))
        for key in ("version", "instruction_set", "preprocess"):
            self.assertTrue(document[key], key)

    def test_every_output_says_how_it_was_made(self):
        method = ("-m", "lrp_epsilon_0_5_std_x")
        document = self.json(*CALL, *method, "--raw", self.folder / "m.npz", "-o", self.folder / "png")
        self.check(document["provenance"])
        self.check(npz_provenance(self.folder / "m.npz"))
        self.ok(*CALL, *method, "--raw", self.folder / "m.h5", "-o", self.folder / "svg", "--format", "svg")
        with h5py.File(self.folder / "m.h5") as file:
            self.check(json.loads(file.attrs["provenance"]))
            self.assertEqual(file["lrp_epsilon_0_5_std_x"].attrs["method"], "lrp_epsilon_0_5_std_x")
            self.assertEqual(json.loads(file["lrp_epsilon_0_5_std_x"].attrs["parameters"])["stdfactor"], 0.5)
        texts = png_texts(self.folder / "png" / "digit_3_0_lrp_epsilon_0_5_std_x.png")
        self.check(json.loads(texts["provenance"]))
        self.assertEqual(json.loads(texts["provenance"])["picture"]["map"], "lrp_epsilon_0_5_std_x")
        self.assertIn("class 3", texts["Title"])
        svg = (self.folder / "svg" / "digit_8_0_panel.svg").read_text()
        self.check(json.loads(re.search("<metadata>(.*?)</metadata>", svg, re.DOTALL)[1].replace("&quot;", '"')))

    def test_seed_is_stated(self):
        document = self.json(*CALL, "-m", "smoothgrad", "--param", "seed=7", "--param", "augment_by_n=2")
        self.assertEqual(document["provenance"]["methods"][0]["parameters"]["seed"], 7)

    def test_the_same_call_gives_the_same_bytes(self):
        for ending in ("npz", "h5", "npy"):
            first, second = (self.folder / f"{i}.{ending}" for i in (1, 2))
            for path in (first, second):
                self.ok(*CALL, "-m", "lrp_z", "--raw", path)
            self.assertEqual(first.read_bytes(), second.read_bytes(), ending)
        for ending in ("png", "pdf", "svg"):
            panels = []
            for i in (1, 2):
                path = self.folder / f"panel{i}.{ending}"
                self.ok("explain", CNN, DIGIT, *UNIT, "-m", "lrp_z", "-o", path)
                panels.append(path.read_bytes())
            self.assertEqual(panels[0], panels[1], ending)


class Pictures(ProgramTest):
    def test_formats(self):
        for ending, start in (("png", b"\x89PNG"), ("pdf", b"%PDF-1."), ("svg", b"<?xml")):
            folder = self.folder / ending
            self.ok("explain", CNN, DIGIT, *UNIT, "-m", "gradient,lrp_z", "-o", folder, "--format", ending)
            self.assertEqual(len(list(folder.iterdir())), 3)
            for path in folder.iterdir():
                self.assertEqual((path.suffix, path.read_bytes()[: len(start)]), ("." + ending, start))
            panel = self.folder / f"panel.{ending}"
            self.ok("explain", ST, ECG / "elevation_1.csv", "--rate", 250, "-m", "gradient", "-o", panel)
            self.assertTrue(panel.read_bytes().startswith(start))

    def test_vector_pictures_have_vector_letters(self):
        panel = self.folder / "panel.svg"
        self.ok("explain", CNN, DIGIT, *UNIT, "-m", "gradient", "-o", panel)
        svg = panel.read_text()
        self.assertGreater(svg.count("<use"), 30)
        self.assertLess(svg.count("<image"), 5)

    def test_styles_change_the_picture(self):
        def picture(*options):
            folder = self.folder / f"style{len(list(self.folder.iterdir()))}"
            self.ok("explain", CNN, DIGIT, *UNIT, "-m", "lrp_z", "-o", folder, *options)
            self.assertEqual(png_size(folder / "digit_3_0_lrp_z.png"), (224, 224))
            data = (folder / "digit_3_0_lrp_z.png").read_bytes()
            return data[data.index(b"IDAT") :]

        pictures = [picture(*options) for options in (
            (), ("--colormap", "coolwarm"), ("--colormap", "viridis"), ("--positive",), ("--clip-quantile", 5),
            ("--overlay",), ("--overlay", "0.4"), ("--aggregate", "l2"))]
        self.assertEqual(len(set(pictures)), len(pictures))
        self.assertEqual(picture("--overlay", "0.8"), pictures[5])
        self.assertEqual(picture("--aggregate", "mean"), pictures[0])  # one channel

    def test_many_samples_are_drawn(self):
        out = self.folder / "out"
        self.ok("explain", CNN, *sorted(DIGITS.glob("*.png")), *UNIT, "-m", "gradient", "-o", out, "--batch", 3)
        self.assertEqual(len(list(out.iterdir())), 40)


class Failures(ProgramTest):
    def test_what_a_failed_run_made_is_removed(self):
        digits = self.folder / "digits"
        digits.mkdir()
        for i in range(4):
            (digits / f"{i}.png").write_bytes(DIGIT.read_bytes())
        (digits / "4.png").write_bytes(DIGIT.read_bytes()[:200])
        for ending in ("npz", "npy", "h5"):
            out, raw = self.folder / "out", self.folder / f"maps.{ending}"
            self.refused(5, "explain", CNN, digits, *UNIT, "-m", "gradient", "-o", out, "--raw", raw, "--batch", 2,
                         says="4.png")
            self.assertFalse(out.exists() or raw.exists())
        self.assertEqual([p.name for p in self.folder.iterdir()], ["digits"])


if __name__ == "__main__":
    unittest.main()
