"""signxai predict, inspect, methods, bench, and the help texts."""
import json
import os
import subprocess
import unittest

from program import CNN, DIGITS, ECG, PROGRAM, SOURCE, ST, ProgramTest, read_npz, run

DIGIT = DIGITS / "digit_3_0.png"


class Predict(ProgramTest):
    def test_best_five(self):
        done = self.ok("predict", CNN, DIGIT, "--preprocess", "unit")
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(rows[0], ["input", "class", "score"])
        self.assertEqual((len(rows), rows[1][:2]), (6, ["digit_3_0.png", "3"]))
        scores = [float(row[2]) for row in rows[1:]]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_all_bundled_digits(self):
        digits = sorted(DIGITS.glob("*.png"))
        document = self.json("predict", CNN, *digits, "--preprocess", "unit")
        classes = [sample["best"][0]["class"] for sample in document["samples"]]
        self.assertGreaterEqual(sum(c == int(d.name[6]) for c, d in zip(classes, digits)), 19)
        for sample in document["samples"]:
            self.assertAlmostEqual(sum(sample["outputs"]), 1, delta=1e-5)

    def test_raw_and_force(self):
        raw = self.folder / "p.npz"
        call = ("predict", ST, ECG / "elevation_1.csv", ECG / "normal_1.csv", "--raw", raw)
        self.ok(*call)
        dtype, shape, values = read_npz(raw)["outputs"]
        self.assertEqual((dtype, shape, values[1] > 0.5, values[2] > 0.5), ("<f4", (2, 2), True, True))
        self.refused(7, *call, says="exists")
        self.ok(*call, "--force")


class Inspect(ProgramTest):
    def test_table(self):
        text = self.ok("inspect", CNN).stdout
        for word in ("(28, 28, 1) -> (10,)", "Conv2D", "Dense", "relu", "(None, 10)", "42702 parameters"):
            self.assertIn(word, text)

    def test_rules_per_layer(self):
        document = self.json("inspect", CNN, "-m", "lrpsign_epsilon_0_5_std_x")
        rules = [layer["rules"]["lrpsign_epsilon_0_5_std_x"] for layer in document["layers"]]
        self.assertTrue(any("SIGN" in rule for rule in rules), rules)
        self.assertTrue(any("tdx" in rule.lower() or "std" in rule.lower() for rule in rules), rules)
        self.assertEqual(document["input_shape"], [28, 28, 1])

    def test_methods_without_rules_say_so(self):
        self.assertIn("no rules per layer", self.ok("inspect", CNN, "-m", "gradient").stderr)

    def test_stages(self):
        texts = [self.ok("inspect", CNN, "-m", "lrp_z", "--stage", stage).stdout for stage in ("import", "graph", "plan")]
        self.assertEqual(len(set(texts)), 3)
        for text in texts:
            self.assertIn("conv", text)
        self.assertNotIn("conv_backward_data", texts[0])
        self.assertIn("conv_backward_data", texts[1])
        self.assertEqual(self.json("inspect", CNN, "--stage", "import")["graph"], texts[0])


class Methods(ProgramTest):
    def test_every_name_is_described(self):
        names = [line.strip() for line in self.ok("methods").stdout.splitlines() if line.startswith("  ")]
        document = json.loads(self.ok("methods", "--json").stdout)
        self.assertEqual(sorted(names), sorted(method["name"] for method in document))
        self.assertGreater(len(names), 100)
        for method in document:
            self.assertTrue(method["description"] and method["base"], method)

    def test_one_name(self):
        text = self.ok("methods", "lrpsign_epsilon_0_7_std_x").stdout
        self.assertIn("stdfactor = 0.7", text)
        self.assertIn('input_layer_rule = "SIGN"', text)
        document = self.json("methods", "gradient_x_sign_mu")
        required = [p["name"] for p in document["parameters"] if p["default"] is None]
        self.assertEqual(required, ["mu"])

    def test_a_reader_that_leaves_is_no_error(self):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as closed:
            done = subprocess.run([PROGRAM, "methods"], stdout=closed, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


class Bench(ProgramTest):
    def test_table_and_steps(self):
        done = self.ok("bench", CNN, "-m", "gradient,lrp_z", "--repeats", 3, "--steps", 2)
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual([row[0] for row in rows[:3]], ["method", "gradient", "lrp_z"])
        self.assertIn("slowest steps", done.stdout)

    def test_together(self):
        document = self.json("bench", CNN, "-m", "gradient,lrp_z", "--repeats", 1, "--together")
        self.assertEqual([entry["method"] for entry in document["methods"]], ["(together)"])

    def test_json(self):
        document = self.json("bench", CNN, "--repeats", 1, "--batch", 2)
        self.assertEqual(document["input_shape"], [2, 28, 28, 1])
        entry = document["methods"][0]
        self.assertEqual(entry["method"], "lrp_z")
        self.assertGreater(entry["seconds"], 0)
        self.assertAlmostEqual(entry["ratio"], entry["seconds"] / entry["kernel_seconds"])
        kernels = sum(s["seconds"] for s in entry["steps"] if s["op"].startswith(("conv", "matmul")))
        self.assertAlmostEqual(entry["kernel_seconds"], kernels)

    def test_samples(self):
        document = self.json("bench", CNN, "--repeats", 1, "--samples", 6, "--batch", 4)
        self.assertEqual((document["input_shape"], document["methods"][0]["together"]), ([6, 28, 28, 1], 4))
        document = self.json("bench", CNN, "--repeats", 1, "--samples", 96)
        self.assertEqual((document["input_shape"], document["methods"][0]["together"]), ([96, 28, 28, 1], 48))


class Help(unittest.TestCase):
    """golden/*.txt; SIGNXAI_UPDATE_GOLDEN=1 writes them anew."""

    def test_help_texts(self):
        for verb in ("", "explain", "compare", "predict", "verify", "inspect", "methods", "bench"):
            done = run(*([verb] if verb else []), "--help", env={"SIGNXAI_BACKEND": "cpu"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            golden = SOURCE / "tests" / "cli" / "golden" / f"{verb or 'signxai'}.txt"
            if os.environ.get("SIGNXAI_UPDATE_GOLDEN"):
                golden.write_text(done.stdout, encoding="ascii")
            self.assertEqual(done.stdout, golden.read_text(encoding="ascii"), f"signxai {verb} --help")

    def test_version(self):
        done = run("--version")
        self.assertEqual((done.returncode, done.stdout.split()[0]), (0, "signxai"))


if __name__ == "__main__":
    unittest.main()
