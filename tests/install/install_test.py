"""The installed tree: what it holds and exports, and programs that are built against it by CMake and by pkg-config.

The tree is installed into an empty prefix and moved; nothing in it may lead back to the repository. The programs of
examples/ are built against it and must give the numbers of `signxai`.
"""
import ast
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
import zipfile
import zlib

SOURCE = pathlib.Path(os.environ["SIGNXAI_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["SIGNXAI"])
BUILD = PROGRAM.parent.parent
EXAMPLES = SOURCE / "examples"
CNN = EXAMPLES / "digits" / "digits_cnn.h5"
DIGITS = [EXAMPLES / "digits" / f"digit_{i}_0.png" for i in range(6)]


def run(*command, **options):
    """stdout of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def setting(name):
    """A value of the build's CMake cache, "" where it is not set."""
    found = re.search(rf"^{name}:[A-Z]+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def read_array(archive, name):
    """Values of a float32 array of an .npz file."""
    data = zipfile.ZipFile(archive).read(name + ".npy")
    length = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10 : 10 + length].decode())
    assert header["descr"] == "<f4", header
    return struct.unpack(f"<{(len(data) - 10 - length) // 4}f", data[10 + length :])


class InstalledTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        run("cmake", "--install", BUILD, "--prefix", cls.folder / "first")
        cls.prefix = cls.folder / "moved"
        (cls.folder / "first").rename(cls.prefix)
        cls.lib = next(cls.prefix.glob("**/libsignxai.so")).parent

    def of_program(self, method, *options):
        """Map and JSON document of one digit by the installed program."""
        raw = self.folder / "maps.npz"
        text = run(self.prefix / "bin" / "signxai", "explain", CNN, DIGITS[3], "--preprocess", "unit", "-m", method, "--json",
                   "--force", "--raw", raw, *options)
        return read_array(raw, method), json.loads(text)

    def check_programs(self, folder):
        """The programs of `folder` give the numbers of `signxai`."""
        values, document = self.of_program("lrp_epsilon_0_1", "--ledger")
        sample = document["samples"][0]
        digit = run(folder / "explain_digit", CNN, DIGITS[3], "lrp_epsilon_0_1")
        self.assertIn(f"class {sample['target']}, score {sample['score']:.4f}", digit)
        arrived = float(re.search(r"arrived (\S+)", digit).group(1))
        self.assertAlmostEqual(arrived, sum(values), delta=1e-4 * max(map(abs, values)))
        self.assertAlmostEqual(arrived, sample["ledgers"]["lrp_epsilon_0_1"]["arrived"], delta=1e-4 * abs(arrived))
        self.check_c(folder)
        one = run(folder / "stream_threads", CNN, "lrp_z", 1, *DIGITS)
        self.assertEqual([int(line.split()[2]) for line in one.splitlines()], list(range(6)))
        self.assertEqual(run(folder / "stream_threads", CNN, "lrp_z", 4, *DIGITS), one)
        self.check_truth_share(folder)

    def check_truth_share(self, folder):
        ecg = EXAMPLES / "ecg"
        text = run(folder / "truth_share", ecg / "st_elevation.h5", "lrp_z,lrpsign_z", ecg / "elevation_1.csv", ecg / "elevation_2.csv")
        shares = {name: float(re.search(rf"\b{name}\s+([\d.]+)", text).group(1)) for name in ("lrp_z", "lrpsign_z")}
        self.assertLess(0, shares["lrp_z"], text)
        self.assertLess(shares["lrp_z"], shares["lrpsign_z"], text)
        self.assertLess(shares["lrpsign_z"], 1, text)

    def check_c(self, folder):
        pixels = self.folder / "pixels.txt"
        pixels.write_text(" ".join(map(repr, png_gray(DIGITS[3]))))
        lines = run(folder / "explain_values", CNN, pixels, "lrp.epsilon", '{"epsilon": 0.1}', "5").split()
        expected, _ = self.of_program("lrp.epsilon", "--param", "epsilon=0.1", "--target", "5")
        self.assertEqual(lines[:2], ["target", "5"])
        got = [struct.unpack("f", struct.pack("f", float(text)))[0] for text in lines[2:]]
        self.assertEqual(got, list(expected))
        failed = subprocess.run([folder / "explain_values", CNN, pixels, "lrp_zz"], capture_output=True, text=True)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("[method] lrp_zz", failed.stderr)

    def test_nothing_leads_back_to_the_repository(self):
        for path in [self.lib / "libsignxai.so", self.prefix / "bin" / "signxai"]:
            dynamic = run("readelf", "-d", path)
            self.assertNotIn(str(SOURCE), dynamic)
            loaded = run("ldd", path)
            self.assertNotIn("not found", loaded)
            self.assertNotIn(str(SOURCE), loaded)
            self.assertIn("libdnnl.so.3", loaded)
        for path in self.prefix.glob("**/*"):
            if path.suffix in (".cmake", ".pc", ".h"):
                self.assertNotIn(str(SOURCE), path.read_text(), path)

    def test_only_the_interface_is_exported(self):
        table = run("nm", "-D", "--defined-only", "--demangle", self.lib / "libsignxai.so")
        names = [line.split(maxsplit=2)[2] for line in table.splitlines()]
        self.assertGreater(len(names), 50)
        allowed = re.compile(r"(signxai::(?!graph::|rules::|methods::|passes::|cpu::|backends::|runtime::|explain::)|signxai_|"
                             r"(vtable|typeinfo|typeinfo name) for signxai::)")
        self.assertEqual([name for name in names if not allowed.match(name)], [])
        for wanted in ("signxai_load", "signxai_explain", "signxai::Model::load", "typeinfo for signxai::Error"):
            self.assertTrue(any(name.startswith(wanted) for name in names), wanted)

    def test_headers_compile_alone(self):
        headers = sorted((self.prefix / "include" / "signxai").glob("*.h"))
        self.assertLessEqual(len(headers), 15)
        for header in headers:
            run("c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", self.prefix / "include", "-include",
                header, "-x", "c++", "/dev/null")
        run("cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", self.prefix / "include",
            "-include", self.prefix / "include" / "signxai" / "signxai.h", "-x", "c", "/dev/null")

    def test_cmake_package(self):
        build = self.folder / "cmake-build"
        run("cmake", "-S", SOURCE / "tests" / "install" / "consumer", "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DEXAMPLES={EXAMPLES}", *self.flags())
        run("cmake", "--build", build)
        self.check_programs(build)

    def test_pkg_config(self):
        build = self.folder / "plain-build"
        build.mkdir()
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.lib / "pkgconfig")}
        self.assertEqual(run("pkg-config", "--modversion", "signxai", env=environment).strip(), setting("CMAKE_PROJECT_VERSION"))
        flags = run("pkg-config", "--cflags", "--libs", "signxai", env=environment).split()
        flags += [f"-Wl,-rpath,{self.lib}"]
        if setting("SIGNXAI_SANITIZE"):
            flags += ["-fsanitize=" + setting("SIGNXAI_SANITIZE")]
        for source, compiler in (("explain_digit.cpp", ("c++", "-std=c++20")), ("explain_values.c", ("cc", "-std=c99")),
                                 ("stream_threads.cpp", ("c++", "-std=c++20", "-pthread")),
                                 ("truth_share.cpp", ("c++", "-std=c++20"))):
            run(*compiler, EXAMPLES / source, "-o", build / source.split(".")[0], *flags)
        self.check_programs(build)

    @staticmethod
    def flags():
        """A consumer of a sanitized library is sanitized itself."""
        sanitize = setting("SIGNXAI_SANITIZE")
        return [f"-DCMAKE_{language}_FLAGS=-fsanitize={sanitize}" for language in ("C", "CXX")] if sanitize else []


def png_gray(path):
    """Pixels / 255 of an 8-bit gray PNG, as float32."""
    data, at, chunks = path.read_bytes(), 8, {}
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunks[kind] = chunks.get(kind, b"") + data[at + 8 : at + 8 + length]
        at += length + 12
    width, height, depth, color = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, color) == (8, 0), "the example digits are 8-bit gray"
    raw, rows = zlib.decompress(chunks[b"IDAT"]), [bytearray(width)]
    for y in range(height):
        kind, line = raw[y * (width + 1)], bytearray(raw[y * (width + 1) + 1 : (y + 1) * (width + 1)])
        up = rows[-1]
        for x in range(width):
            left, corner = (line[x - 1], up[x - 1]) if x else (0, 0)
            guess = left + up[x] - corner
            paeth = min((left, up[x], corner), key=lambda v: abs(guess - v))
            line[x] = (line[x] + (0, left, up[x], (left + up[x]) // 2, paeth)[kind]) % 256
        rows.append(line)
    return [struct.unpack("f", struct.pack("f", value / 255))[0] for row in rows[1:] for value in row]


if __name__ == "__main__":
    unittest.main()
