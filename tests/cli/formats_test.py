"""Model files of every form, and custom layers, as a user hands them to the program."""
import hashlib
import json
import pathlib
import re
import struct
import unittest

from program import SOURCE, ProgramTest, read_npz, run

KERAS = SOURCE / "tests" / "importers" / "data" / "keras"
UNSUPPORTED, CORRUPT = 4, 5


def documented():
    """The JSON of docs/custom-layers.md."""
    page = (SOURCE / "docs" / "custom-layers.md").read_text(encoding="utf-8")
    return re.search(r"```json\n(.*?)```", page, re.DOTALL).group(1)


class Formats(ProgramTest):
    def outputs(self, *arguments):
        """What `predict --raw` writes."""
        target = self.folder / "out.npz"
        done = run("predict", *arguments, "--raw", target, "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        return read_npz(target)

    def input_file(self, name):
        """x0 of NAME.npz, which the program takes as it is."""
        return f"{KERAS / name}.npz:x0"

    def test_all_forms_give_the_same_outputs(self):
        x = self.input_file("nested")
        expected = self.outputs(KERAS / "nested.keras", x)
        self.assertEqual(len(expected), 1)
        for form in ("nested.h5", "nested.json"):
            self.assertEqual(self.outputs(KERAS / form, x), expected, form)
        self.assertEqual(self.outputs(KERAS / "nested.json", x, "--weights", KERAS / "nested.weights.h5"), expected)
        self.assertEqual(self.outputs(KERAS / "nested.json", x, "--weights", KERAS / "nested.keras"), expected)

    def test_custom_layers(self):
        layers = self.folder / "layers.json"
        layers.write_text(documented(), encoding="utf-8")
        x = self.input_file("custom")
        self.refused(UNSUPPORTED, "predict", KERAS / "custom.keras", x, says=["r0 (Res)", "--custom-layers"])
        expected = self.outputs(KERAS / "custom.keras", x, "--custom-layers", layers)
        self.assertEqual(self.outputs(KERAS / "custom.h5", x, "--custom-layers", layers), expected)
        shown = json.loads(run("inspect", KERAS / "custom.keras", "--custom-layers", layers, "--json").stdout)
        self.assertIn("r0/conv1", json.dumps(shown))
        maps = self.folder / "maps.npz"
        done = run("explain", KERAS / "custom.keras", x, "--custom-layers", layers, "-m", "lrp_z", "--json", "--raw", maps)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(any(read_npz(maps)["lrp_z"][2]))
        files = {pathlib.Path(row["file"]).name: row["sha256"] for row in json.loads(done.stdout)["provenance"]["model"]["files"]}
        self.assertEqual(files["layers.json"], hashlib.sha256(layers.read_bytes()).hexdigest())

    def test_onnx_with_channels_first(self):
        model = SOURCE / "tests" / "importers" / "data" / "onnx" / "residual18.onnx"
        flower = SOURCE / "python" / "signxai_cpp" / "compat" / "examples" / "flower.jpg"
        settings, maps, picture = (self.folder / name for name in ("p.json", "maps.npz", "map.png"))
        settings.write_text('{"size": [16, 14], "scale": 0.02, "mean": [2, 1, 3]}', encoding="utf-8")
        done = run("explain", model, flower, "--preprocess", settings, "-m", "lrp.epsilon_plus", "--raw", maps, "-o", picture)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read_npz(maps)["lrp.epsilon_plus"][1], (1, 3, 16, 14))
        width, height = struct.unpack(">II", picture.read_bytes()[16:24])
        self.assertGreater(3 * height, width)  # the input is no strip of 16 x 3 pixels
        self.refused(UNSUPPORTED, "inspect", self.tflite(), says=["TFLite", "tf2onnx"])

    def tflite(self):
        path = self.folder / "net.tflite"
        path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(20))
        return path

    def test_a_composition_with_a_mistake(self):
        layers = self.folder / "layers.json"
        layers.write_text(documented().replace("\"inputs\"", "\"input\"", 1), encoding="utf-8")
        self.refused(2, "inspect", KERAS / "custom.keras", "--custom-layers", layers,
                     says=["layers.json[Res]", "did you mean inputs"])

    def test_a_truncated_archive(self):
        cut = self.folder / "cut.keras"
        cut.write_bytes((KERAS / "nested.keras").read_bytes()[:20000])
        self.refused(CORRUPT, "inspect", cut, says=["cut.keras", "zip archive"])


if __name__ == "__main__":
    unittest.main()
