"""signxai verify: does the network compute Y for X?"""
import unittest

import numpy as np

from program import CNN, DIGITS, ECG, ST, ProgramTest, run

DIFFERS = 9
DIGIT = DIGITS / "digit_3_0.png"
UNIT = ("--preprocess", "unit")


class Verify(ProgramTest):
    def outputs(self, *call):
        path = self.folder / "y.npz"
        self.ok("predict", *call, "--raw", path, "--force")
        with np.load(path) as archive:
            return archive["outputs"]

    def test_what_predict_wrote_is_the_same(self):
        self.outputs(CNN, DIGIT, *UNIT)
        done = self.ok("verify", CNN, DIGIT, self.folder / "y.npz", *UNIT, "--tolerance", 0)
        self.assertIn("same", done.stdout)

    def test_npy_csv_and_single_samples(self):
        y = self.outputs(CNN, DIGIT, *UNIT)
        np.save(self.folder / "y.npy", y[0].astype(np.float64))
        self.ok("verify", CNN, DIGIT, self.folder / "y.npy", *UNIT)
        np.savetxt(self.folder / "y.csv", y, delimiter=",")
        self.ok("verify", CNN, DIGIT, self.folder / "y.csv", *UNIT)
        self.outputs(ST, ECG / "elevation_1.csv")
        self.ok("verify", ST, ECG / "elevation_1.csv", f"{self.folder / 'y.npz'}:outputs")

    def test_a_difference_is_named(self):
        folder = self.folder / "in"
        folder.mkdir()
        for name in ("a.png", "b.png"):
            (folder / name).write_bytes(DIGIT.read_bytes())
        y = self.outputs(CNN, folder, *UNIT)
        y[1, 7] += 0.01
        np.save(self.folder / "y.npy", y)
        done = run("verify", CNN, folder, self.folder / "y.npy", *UNIT)
        self.assertEqual(done.returncode, DIFFERS, done.stderr)
        self.assertIn("DIFFERS", done.stdout)
        self.assertIn("b.png at (7,)", done.stdout)
        self.ok("verify", CNN, folder, self.folder / "y.npy", *UNIT, "--tolerance", 0.1)
        done = run("verify", CNN, folder, self.folder / "y.npy", *UNIT, "--json")
        self.assertEqual(done.returncode, DIFFERS)
        self.assertIn('"same": false', done.stdout)

    def test_pictures_need_the_right_preprocessing(self):
        self.outputs(CNN, DIGIT, *UNIT)
        call = ("verify", CNN, DIGIT, self.folder / "y.npz", "--tolerance", 1e-6)
        self.assertEqual(run(*call, *UNIT).returncode, 0)
        self.assertEqual(run(*call).returncode, DIFFERS)

    def test_bad_files(self):
        y = self.outputs(CNN, DIGIT, *UNIT)
        call = ("verify", CNN, DIGIT)
        np.save(self.folder / "short.npy", y[:, :9])
        self.refused(2, *call, self.folder / "short.npy", *UNIT, says=["(1, 9)", "(1, 10)"])
        np.save(self.folder / "nan.npy", y * np.nan)
        self.refused(2, *call, self.folder / "nan.npy", *UNIT, says="finite")
        self.refused(3, *call, self.folder / "none.npy", *UNIT, says="none.npy")
        self.refused(2, *call, self.file("y.txt", "1"), *UNIT, says=".npy, .npz or .csv")
        np.savez(self.folder / "other.npz", a=y, b=y)
        self.refused(3, *call, self.folder / "other.npz", *UNIT, says="outputs")
        self.refused(2, *call, self.folder / "y.npz", *UNIT, "--tolerance", -1, says="tolerance")


if __name__ == "__main__":
    unittest.main()
