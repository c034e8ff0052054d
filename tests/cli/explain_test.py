"""signxai explain: the table, JSON, raw archives, pictures, inputs of every kind."""
import json
import struct
import unittest

from program import CNN, DIGITS, ECG, RESNET, SOURCE, ST, ProgramTest, npy_bytes, png_size, read_npz, run

DIGIT = DIGITS / "digit_3_0.png"
UNIT = ("--preprocess", "unit")


class Table(ProgramTest):
    def test_one_line_per_sample_and_method(self):
        done = self.ok("explain", CNN, DIGIT, DIGITS / "digit_7_0.png", "-m", "gradient,lrp_z", *UNIT)
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(rows[0], ["input", "target", "score", "method", "min", "max", "sum"])
        self.assertEqual([(row[0], row[1], row[3]) for row in rows[1:]],
                         [("digit_3_0.png", "3", "gradient"), ("digit_3_0.png", "3", "lrp_z"),
                          ("digit_7_0.png", "7", "gradient"), ("digit_7_0.png", "7", "lrp_z")])

    def test_messages_name_preprocessing_and_what_is_kept(self):
        done = self.ok("explain", CNN, DIGIT, "-m", "lrp_z", *UNIT)
        self.assertIn("unit: pixel / 255", done.stderr)
        self.assertIn("no map was kept", done.stderr)
        for line in done.stderr.splitlines():
            self.assertTrue(line.startswith("signxai: "), line)

    def test_methods_named_twice_count_once(self):
        done = self.ok("explain", CNN, DIGIT, "-m", "lrp_z,gradient", "-m", "lrp_z", *UNIT)
        self.assertEqual([line.split()[3] for line in done.stdout.splitlines()[1:]], ["lrp_z", "gradient"])


class AllMethods(ProgramTest):
    def test_every_name_that_fits(self):
        raw, one = self.folder / "all.npz", self.folder / "one.npz"
        names = ("-m", "all,lrp_epsilon_0_033", "--param", "last_conv_layer_name=conv2d_1", "--param", "mu=0.5")
        done = self.ok("explain", CNN, DIGIT, *names, *UNIT, "--raw", raw)
        maps = read_npz(raw)
        left_out = [line.split()[2] for line in done.stderr.splitlines() if " is left out: " in line and line.startswith("signxai: note: ")]
        self.assertEqual(sorted(name for name in left_out if name != "the"),
                         ["grad_cam_VGG16ILSVRC", "grad_cam_VGG16MITPL365", "guided_grad_cam_VGG16ILSVRC", "guided_grad_cam_VGG16MITPL365"])
        listed = json.loads((SOURCE / "tests" / "methods" / "data" / "methods.json").read_text())
        sampling = ("smoothgrad", "vargrad", "integrated_gradients")
        expected = {row["name"] for row in listed if not row["name"].startswith(sampling)} - set(left_out)
        self.assertEqual(set(maps) - {"targets"}, expected | {"lrp_epsilon_0_033"})
        self.ok("explain", CNN, DIGIT, "-m", "lrpsign_epsilon_0_5_std_x", *UNIT, "--raw", one)
        alone = read_npz(one)["lrpsign_epsilon_0_5_std_x"][2]
        largest = max(map(abs, alone))
        self.assertLess(max(abs(a - b) for a, b in zip(alone, maps["lrpsign_epsilon_0_5_std_x"][2])), 1e-4 * largest)


class Json(ProgramTest):
    def test_document(self):
        pictures, raw = self.folder / "out", self.folder / "out.npz"
        document = self.json("explain", CNN, DIGIT, "-m", "gradient,lrp_z", *UNIT, "-o", pictures, "--raw", raw)
        self.assertEqual([m["name"] for m in document["methods"]], ["gradient", "lrp_z"])
        self.assertEqual(document["methods"][0]["shape"], [1, 28, 28, 1])
        self.assertEqual(document["raw"], str(raw))
        sample = document["samples"][0]
        self.assertEqual((sample["input"], sample["target"]), ("digit_3_0.png", 3))
        self.assertGreater(sample["score"], 0.5)
        self.assertLess(sample["maps"]["lrp_z"]["min"], sample["maps"]["lrp_z"]["max"])
        self.assertEqual(sample["panel"], str(pictures / "digit_3_0_panel.png"))
        self.assertEqual(sample["maps"]["gradient"]["picture"], str(pictures / "digit_3_0_gradient.png"))


class Ledger(ProgramTest):
    def test_json_adds_up(self):
        document = self.json("explain", CNN, DIGIT, DIGITS / "digit_7_0.png", "-m", "lrp_epsilon_0_1,gradient", *UNIT, "--ledger")
        for sample in document["samples"]:
            ledger = sample["ledgers"]["lrp_epsilon_0_1"]
            total = ledger["arrived"] + ledger["bias"] + ledger["epsilon"] + ledger["other"]
            self.assertAlmostEqual(ledger["put_in"], total, delta=1e-4 * ledger["put_in"])
            self.assertAlmostEqual(ledger["arrived"], sample["maps"]["lrp_epsilon_0_1"]["sum"], delta=1e-4 * ledger["put_in"])
            self.assertLess(abs(ledger["other"]), 1e-4 * ledger["put_in"])
            self.assertGreater(ledger["epsilon"], 0.01 * ledger["put_in"])
            self.assertEqual(ledger["layers"][0]["in"], ledger["put_in"])
            self.assertEqual(ledger["layers"][0]["rule"], "Epsilon(epsilon=0.1)")
            self.assertEqual(sample["ledgers"]["gradient"]["put_in"], 1)

    def test_table_goes_from_what_was_put_in_to_what_arrived(self):
        rows = [line.split() for line in self.ok("explain", CNN, DIGIT, "-m", "lrp_z", *UNIT, "--ledger").stdout.splitlines()]
        head = rows.index(["ledger", "of", "lrp_z,", "digit_3_0.png,", "target", "3"])
        self.assertEqual(rows[head + 1], ["layer", "rule", "in", "out", "bias", "epsilon", "other", "share"])
        self.assertEqual(rows[head + 2][:2] + rows[head + 2][-2:], ["put", "in", "100.00", "%"])
        self.assertEqual([row[0] for row in rows[-2:]], ["absorbed", "arrived"])
        self.assertAlmostEqual(float(rows[-1][-2]) + float(rows[-2][-2]), 100, delta=0.02)

    def test_methods_without_a_walk_are_refused(self):
        self.refused(2, "explain", CNN, DIGIT, "-m", "lrp_z,integrated_gradients", *UNIT, "--ledger", says=("integrated_gradients", "no ledger"))


class Raw(ProgramTest):
    def test_contract(self):
        raw = self.folder / "maps.npz"
        self.ok("explain", CNN, DIGIT, DIGITS / "digit_8_0.png", "-m", "lrp_z,lrp_epsilon_0_033", *UNIT, "--raw", raw)
        arrays = read_npz(raw)
        self.assertEqual(list(arrays), ["lrp_z", "lrp_epsilon_0_033", "targets"])
        for name in ("lrp_z", "lrp_epsilon_0_033"):
            dtype, shape, values = arrays[name]
            self.assertEqual((dtype, shape, len(values)), ("<f4", (2, 28, 28, 1), 2 * 784))
            self.assertTrue(any(values))
        self.assertEqual(arrays["targets"], ("<i8", (2,), (3, 8)))

    def test_targets(self):
        for given, expected in (("5", (5, 5)), ("1,9", (1, 9)), ("all", (-1, -1)), ("max", (3, 8))):
            raw = self.folder / f"{given}.npz"
            self.ok("explain", CNN, DIGIT, DIGITS / "digit_8_0.png", "-m", "gradient", *UNIT, "--raw", raw, "--target", given)
            self.assertEqual(read_npz(raw)["targets"][2], expected)

    def test_mask_as_target(self):
        weights = [0.0] * 10
        weights[5] = 2.0
        mask, raw = self.folder / "mask.npy", self.folder / "masked.npz"
        mask.write_bytes(npy_bytes(weights, (10,)))
        common = ("explain", CNN, DIGIT, "-m", "gradient", *UNIT, "--force", "--raw", raw)
        self.ok(*common, "--target", f"mask:{mask}")
        masked = read_npz(raw)
        self.assertEqual(masked["targets"][2], (-1,))
        self.ok(*common, "--target", "5")
        for a, b in zip(masked["gradient"][2], read_npz(raw)["gradient"][2], strict=True):
            self.assertAlmostEqual(a, 2 * b, places=5)
        mask.write_bytes(npy_bytes(weights[:9], (9,)))
        wrong = run(*common, "--target", f"mask:{mask}")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("weights have shape (9", wrong.stderr)
        self.assertEqual(run(*common, "--target", "mask:nowhere.npy").returncode, 3)

    def test_batch_equals_single_and_reference_backend(self):
        digits = [DIGITS / f"digit_{i}_1.png" for i in range(4)]
        options = ("-m", "lrp_alpha_1_beta_0", *UNIT, "--raw")
        self.ok("explain", CNN, *digits, *options, self.folder / "together.npz")
        self.ok("explain", CNN, *digits, *options, self.folder / "chunks.npz", "--batch", 3, "--threads", 1)
        self.ok("explain", CNN, *digits, *options, self.folder / "reference.npz", "--backend", "reference")
        arrays = [read_npz(self.folder / name)["lrp_alpha_1_beta_0"][2] for name in
                  ("together.npz", "chunks.npz", "reference.npz")]
        largest = max(map(abs, arrays[2]))
        for array in arrays[:2]:
            self.assertLess(max(abs(a - b) for a, b in zip(array, arrays[2])), 1e-4 * largest)

    def test_parameter_goes_to_the_methods_that_take_it(self):
        raw = self.folder / "maps.npz"
        self.ok("explain", CNN, DIGIT, "-m", "gradient_x_sign_mu,lrp_z", "--param", "mu=0.5", *UNIT, "--raw", raw)
        self.ok("explain", CNN, DIGIT, "-m", "gradient_x_sign_mu_0_5", *UNIT, "--raw", self.folder / "named.npz")
        self.assertEqual(read_npz(raw)["gradient_x_sign_mu"],
                         read_npz(self.folder / "named.npz")["gradient_x_sign_mu_0_5"])

    def test_force_replaces(self):
        raw = self.file("maps.npz", "old")
        self.refused(7, "explain", CNN, DIGIT, "-m", "gradient", *UNIT, "--raw", raw, says=["exists", "--force"])
        self.assertEqual(raw.read_bytes(), b"old")
        self.ok("explain", CNN, DIGIT, "-m", "gradient", *UNIT, "--raw", raw, "--force")
        self.assertIn("gradient", read_npz(raw))


class Inputs(ProgramTest):
    def gradient_of(self, *inputs):
        raw = self.folder / "gradient.npz"
        self.ok("explain", CNN, *inputs, "-m", "gradient", "--raw", raw, "--force")
        return read_npz(raw)["gradient"]

    def values(self, count=1):
        return [((i * 37) % 101) / 100 for i in range(784 * count)]

    def test_npy_sample_and_batch_agree(self):
        sample = self.file("sample.npy", npy_bytes(self.values(), (28, 28, 1)))
        double = self.file("double.npy", npy_bytes(self.values(), (28, 28, 1), "<f8"))
        batch = self.file("batch.npy", npy_bytes(self.values() * 2, (2, 28, 28, 1)))
        one, two = self.gradient_of(sample), self.gradient_of(batch)
        self.assertEqual((one[1], two[1]), ((1, 28, 28, 1), (2, 28, 28, 1)))
        largest = max(map(abs, one[2]))
        for a, b in zip(one[2] * 2, two[2]):
            self.assertAlmostEqual(a / largest, b / largest, delta=1e-5)
        self.assertEqual(self.gradient_of(double)[2], one[2])
        self.assertEqual(self.gradient_of(sample, batch, double)[1], (4, 28, 28, 1))

    def test_npz_with_one_array_and_by_name(self):
        import zipfile
        path = self.folder / "arrays.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", npy_bytes(self.values(), (28, 28, 1)))
            archive.writestr("y.npy", npy_bytes([1, 2], (2,)))
        self.assertEqual(self.gradient_of(f"{path}:x")[1], (1, 28, 28, 1))
        self.refused(2, "explain", CNN, path, "-m", "gradient", says=["x, y", "NAME"])
        self.refused(3, "explain", CNN, f"{path}:z", "-m", "gradient", says="z")

    def test_preprocess_file_and_its_description(self):
        done = self.ok("predict", RESNET, DIGIT, "--preprocess", DIGITS / "minus_one_to_one.json", "--top", 1)
        self.assertIn("pixel / 127.5 - 1", done.stderr)
        self.assertEqual(done.stdout.split()[3:5], ["digit_3_0.png", "3"])

    def test_preprocess_is_not_for_arrays(self):
        sample = self.file("sample.npy", npy_bytes(self.values(), (28, 28, 1)))
        self.assertIn("taken as they are", self.ok("explain", CNN, sample, "-m", "gradient", *UNIT).stderr)


class Pictures(ProgramTest):
    def test_folder_gets_maps_and_panel(self):
        out = self.folder / "new" / "pictures"
        self.ok("explain", CNN, DIGIT, "-m", "gradient,lrp_z", *UNIT, "-o", out)
        self.assertEqual(sorted(p.name for p in out.iterdir()),
                         ["digit_3_0_gradient.png", "digit_3_0_lrp_z.png", "digit_3_0_panel.png"])
        self.assertEqual(png_size(out / "digit_3_0_gradient.png"), (224, 224))
        width, height = png_size(out / "digit_3_0_panel.png")
        self.assertGreater(width, 3 * 224)
        self.assertGreater(height, 224)

    def test_png_file_gets_the_panel(self):
        out = self.folder / "panel.png"
        self.ok("explain", CNN, DIGIT, "-m", "gradient", *UNIT, "-o", out)
        self.assertGreater(png_size(out)[0], 2 * 224)
        self.assertEqual(len(list(self.folder.iterdir())), 1)

    def test_samples_of_a_batch_are_numbered(self):
        batch = self.file("batch.npy", npy_bytes([0.5] * 784 * 2, (2, 28, 28, 1)))
        out = self.folder / "out"
        self.ok("explain", CNN, batch, "-m", "gradient", "-o", out)
        self.assertTrue((out / "batch_0_gradient.png").exists() and (out / "batch_1_panel.png").exists())

    def test_series(self):
        out = self.folder / "ecg"
        done = self.ok("explain", ST, ECG / "elevation_1.csv", "-m", "gradient,lrpsign_z", "-o", out, "--rate", 250)
        self.assertEqual(done.stdout.splitlines()[1].split()[:2], ["elevation_1.csv", "1"])
        for name in ("elevation_1_gradient.png", "elevation_1_lrpsign_z.png", "elevation_1_panel.png"):
            width, height = png_size(out / name)
            self.assertGreater(width, 400)
            self.assertGreater(height, 400)

    def test_nothing_is_overwritten_or_half_written(self):
        out = self.folder / "out"
        out.mkdir()
        (out / "digit_3_0_panel.png").write_bytes(b"mine")
        call = ("explain", CNN, DIGIT, "-m", "gradient", *UNIT, "-o", out)
        self.refused(7, *call, "--raw", self.folder / "r.npz", says=["digit_3_0_panel.png", "exists", "--force"])
        self.assertEqual([p.name for p in out.iterdir()], ["digit_3_0_panel.png"])
        self.assertFalse((self.folder / "r.npz").exists())
        self.ok(*call, "--force")
        self.assertEqual(struct.pack(">4s", (out / "digit_3_0_panel.png").read_bytes()[1:4]), b"PNG\0")


if __name__ == "__main__":
    unittest.main()
