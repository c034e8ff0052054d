"""Each bad call gives one line on stderr, nothing on stdout, and the exit code that docs/cli.md lists."""
import json
import os
import subprocess
import unittest

from program import CNN, DIGITS, ECG, PROGRAM, SANITIZED, ST, ProgramTest, npy_bytes, run

DIGIT = DIGITS / "digit_3_0.png"
UNIT = ("--preprocess", "unit")
USAGE, NOT_FOUND, UNSUPPORTED, CORRUPT, MEMORY, IO = 2, 3, 4, 5, 6, 7


class Usage(ProgramTest):
    def test_calls_that_cannot_be_parsed(self):
        self.refused(USAGE, says="signxai --help")
        self.refused(USAGE, "explian", CNN)
        self.refused(USAGE, "explain", says="signxai explain --help")
        self.refused(USAGE, "explain", CNN, DIGIT, says="--method")
        self.refused(USAGE, "explain", CNN, DIGIT, "-m", "gradient", "--colour", "red", says="--colour")
        self.refused(USAGE, "explain", CNN, DIGIT, "-m", "gradient", "--threads", "many", says="--threads")
        self.refused(USAGE, "inspect", CNN, "--stage", "later", says="stage")
        self.refused(USAGE, "bench", CNN, "--repeats", 0, says="repeats")

    def test_options_out_of_range(self):
        call = ("explain", CNN, DIGIT, "-m", "gradient", *UNIT)
        self.refused(USAGE, *call, "--threads", -1, says="threads")
        self.refused(USAGE, *call, "--batch", -1, says="batch")
        self.refused(USAGE, *call, "--max-memory", "lots", says="--max-memory")
        self.refused(USAGE, *call, "--max-memory", "-5", says="max")
        self.refused(MEMORY, *call, "--max-memory", "1K", says=["[plan]", "allowed are"])
        self.refused(USAGE, *call, "--backend", "gpu", says=["gpu", "reference"])
        self.refused(USAGE, *call, "--disable-pass", "polish", says="polish")
        self.refused(USAGE, *call, env={"SIGNXAI_BACKEND": "abacus"}, says="abacus")


class Methods(ProgramTest):
    def test_unknown_names_get_the_nearest(self):
        self.refused(USAGE, "methods", "lrp_epsilom_0_1", says=["lrp_epsilom_0_1", "did you mean lrp_epsilon_0_1"])
        self.refused(USAGE, "explain", CNN, DIGIT, "-m", "gradient,gradeint", *UNIT, says="did you mean gradient")
        self.refused(USAGE, "explain", CNN, DIGIT, "-m", "gradient,", *UNIT)

    def test_parameters(self):
        call = ("explain", CNN, DIGIT, *UNIT, "-m")
        self.refused(USAGE, *call, "gradient", "--param", "mu=1", says=["mu", "gradient takes postprocess"])
        self.refused(USAGE, *call, "lrp_epsilon_0_1", "--param", "epsilon=1", says="the name lrp_epsilon_0_1 decides it")
        self.refused(USAGE, *call, "gradient", "--param", "postprocess", says="NAME=VALUE")
        self.refused(USAGE, *call, "gradient", "--param", "postprocess=cube", says=["postprocess", "cube"])
        self.refused(USAGE, *call, "gradient_x_sign_mu", says=["gradient_x_sign_mu", "mu"])


class Targets(ProgramTest):
    def test_targets(self):
        call = ("explain", CNN, DIGIT, DIGITS / "digit_4_0.png", "-m", "gradient", *UNIT, "--target")
        self.refused(USAGE, *call, "10", says=["10", "out of range"])
        self.refused(USAGE, *call, "-1", says=["-1", "out of range"])
        self.refused(USAGE, *call, "3,4,5", says=["3 indices", "2 samples"])
        for text in ("best", "3,", "1.5", "99999999999999999999"):
            self.refused(USAGE, *call, text, says=[text, "no target"])


class Models(ProgramTest):
    def test_missing_and_wrong_files(self):
        self.refused(NOT_FOUND, "inspect", self.folder / "none.h5", says="none.h5")
        self.refused(UNSUPPORTED, "inspect", self.folder, says=[str(self.folder), "folder"])
        self.refused(UNSUPPORTED, "inspect", self.file("empty.h5", b""), says="empty.h5")
        self.refused(UNSUPPORTED, "inspect", self.file("text.h5", "not a model"), says="text.h5")

    def test_damaged_files_end_in_one_line(self):
        whole = CNN.read_bytes()
        for length in (10, 100, 1000, 5000, len(whole) // 2, len(whole) - 1):
            done = run("inspect", self.file("cut.h5", whole[:length]))
            self.assertIn(done.returncode, (UNSUPPORTED, CORRUPT), (length, done.stderr))
            self.assertEqual(done.stderr.count("\n"), 1)
        for at in range(0, 4000, 61):
            done = run("inspect", self.file("bent.h5", whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]))
            self.assertIn(done.returncode, (0, USAGE, NOT_FOUND, UNSUPPORTED, CORRUPT, MEMORY), (at, done.stderr))

    def test_all_unsupported_layers_at_once(self):
        layers = [{"class_name": name, "config": {"name": f"layer_{i}", "units": 4, "dtype": "float32",
                                                  **({"batch_input_shape": [None, 3, 3]} if i == 0 else {})}}
                  for i, name in enumerate(("Quux", "Dense", "Lambda"))]
        model = self.file("model.json", json.dumps({"class_name": "Sequential", "keras_version": "2.12.0",
                                                    "backend": "tensorflow",
                                                    "config": {"name": "odd", "layers": layers}}))
        self.refused(UNSUPPORTED, "inspect", model, "--weights", CNN, says=["Quux", "Lambda", "layer_0", "layer_2"])


class Inputs(ProgramTest):
    def refused_input(self, code, path, says=(), model=CNN):
        return self.refused(code, "predict", model, path, says=says)

    def test_files(self):
        self.refused_input(NOT_FOUND, self.folder / "none.png", "none.png")
        self.refused_input(NOT_FOUND, self.folder / "none.npy", "none.npy")
        self.refused_input(UNSUPPORTED, self.file("text.png", "hello"), "text.png")
        self.refused_input(CORRUPT, self.file("cut.png", DIGIT.read_bytes()[:200]), "cut.png")
        self.refused_input(CORRUPT, self.file("cut.npy", npy_bytes([1] * 784, (28, 28, 1))[:500]), "cut.npy")
        self.refused_input(CORRUPT, self.file("bad.npz", "PK"), "bad.npz")
        self.refused_input(UNSUPPORTED, self.file("pickle.npy", npy_bytes([], (1,), "|O")), "pickle.npy")
        self.refused_input(CORRUPT, self.file("ragged.csv", "1,2\n3\n"), "ragged.csv", model=ST)

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_unreadable_file(self):
        path = self.file("secret.png", DIGIT.read_bytes())
        path.chmod(0)
        self.refused_input(IO, path, "secret.png")

    def test_shapes(self):
        self.refused_input(USAGE, self.file("flat.npy", npy_bytes([1] * 784, (784,))), ["flat.npy", "(784,)", "(28, 28, 1)"])
        self.refused_input(USAGE, self.file("none.npy", npy_bytes([], (0, 28, 28, 1))), "none.npy")
        self.refused_input(USAGE, ECG / "normal_1.csv", ["normal_1.csv", "(28, 28, 1)"])
        self.refused_input(USAGE, DIGIT, "digit_3_0.png", model=ST)
        self.refused(USAGE, "predict", CNN, DIGIT, "--preprocess", "vgg16", says=["digit_3_0.png", "28"])

    def test_values(self):
        for value, word in ((float("nan"), "NaN"), (float("inf"), "infinity")):
            path = self.file("x.npy", npy_bytes([0] * 5 + [value] + [0] * 778, (28, 28, 1)))
            self.refused_input(USAGE, path, ["x.npy", word, "element 5"])

    def test_preprocess(self):
        self.refused(NOT_FOUND, "predict", CNN, DIGIT, "--preprocess", "vgg17", says=["vgg17", "vgg16"])
        path = self.file("p.json", '{"sclae": 2}')
        self.refused(USAGE, "predict", CNN, DIGIT, "--preprocess", path, says="sclae")

    def test_control_characters_stay_out_of_the_terminal(self):
        line = self.refused_input(NOT_FOUND, "a\nb\x1b[31m.npy")
        self.assertNotIn("\x1b", line)


class Outputs(ProgramTest):
    CALL = ("explain", CNN, DIGIT, "-m", "gradient", *UNIT)

    def test_places_that_take_no_file(self):
        note = self.file("note.txt", "mine")
        self.refused(IO, *self.CALL, "-o", note, says=["note.txt", "no folder"])
        self.refused(IO, *self.CALL, "-o", note / "deeper", says="note.txt")
        self.refused(IO, *self.CALL, "--raw", self.folder / "none" / "x.npz", says="does not exist")
        self.refused(IO, *self.CALL, "--raw", self.folder, says="no regular file")
        self.assertEqual(note.read_bytes(), b"mine")

    @unittest.skipIf(os.geteuid() == 0, "root writes everywhere")
    def test_read_only_folder(self):
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        self.refused(IO, *self.CALL, "-o", self.folder, says="permissions")

    def test_raw_files(self):
        for name in ("maps", "maps.txt", "maps.json"):
            self.refused(USAGE, *self.CALL, "--raw", self.folder / name, says=[name, ".npz, .npy or .h5"])
        self.refused(USAGE, "explain", CNN, DIGIT, "-m", "gradient,lrp_z", *UNIT, "--raw", self.folder / "x.npy",
                     says=["one array", "got 2"])
        self.refused(USAGE, "predict", CNN, DIGIT, *UNIT, "--raw", self.folder / "x.csv", says="x.csv")
        for name in ("x.npy", "x.h5"):
            self.file(name, "mine")
            self.refused(IO, *self.CALL, "--raw", self.folder / name, says="exists")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["x.h5", "x.npy"])

    def test_picture_options(self):
        call = (*self.CALL, "-o", self.folder / "out")
        self.refused(USAGE, *call, "--colormap", "rainbow", says=["--colormap", "seismic"])
        self.refused(USAGE, *call, "--aggregate", "median", says=["--aggregate", "max_abs"])
        self.refused(USAGE, *call, "--format", "gif", says=["--format", "pdf"])
        self.refused(USAGE, *call, "--clip-quantile", 50, says="--clip-quantile")
        self.refused(USAGE, *call, "--clip-quantile", -1, says="--clip-quantile")
        self.refused(USAGE, *call, "--overlay", 1.5, says="--overlay")
        self.refused(USAGE, *call, "--rate", -1, says="--rate")
        self.assertFalse((self.folder / "out").exists())

    def test_one_file_for_several_results(self):
        other = self.file("digit_3_0.png", DIGIT.read_bytes())
        call = ("explain", CNN, DIGIT, other, "-m", "gradient", *UNIT)
        self.refused(USAGE, *call, "-o", self.folder / "x.png", says="2 samples")
        self.refused(USAGE, *call, "-o", self.folder / "out", says="two results")
        self.assertFalse((self.folder / "out").exists())

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_stdout_that_takes_nothing(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "methods"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (IO, 1), done.stderr)
        self.assertIn("stdout", done.stderr)

    def test_closed_stdout(self):
        done = subprocess.run(["bash", "-c", '"$0" methods >&-', PROGRAM], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, IO, done.stderr)

    @unittest.skipIf(SANITIZED, "sanitizers reserve terabytes of address space")
    def test_memory(self):
        done = subprocess.run(["bash", "-c", 'ulimit -v 600000; exec "$0" "$@"', PROGRAM, "predict", str(CNN),
                               str(self.sparse("big.npy", 1 << 32))], capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (USAGE, MEMORY), done.stderr)
        self.assertEqual(done.stderr.count("signxai: error: "), 1)

    def sparse(self, name, size):
        header = npy_bytes([], (size // 3136, 28, 28, 1))
        path = self.file(name, header)
        os.truncate(path, len(header) + size // 3136 * 3136)
        return path


if __name__ == "__main__":
    unittest.main()
