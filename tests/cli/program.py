"""Runs the program `signxai` for the tests of this folder, and reads what it leaves. Standard library only."""
import ast
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest
import zipfile

SOURCE = pathlib.Path(os.environ["SIGNXAI_SOURCE_DIR"])
PROGRAM = os.environ["SIGNXAI"]
DIGITS = SOURCE / "examples" / "digits"
ECG = SOURCE / "examples" / "ecg"
CNN = DIGITS / "digits_cnn.h5"
RESNET = DIGITS / "digits_resnet.h5"
ST = ECG / "st_elevation.h5"
SANITIZED = "SIGNXAI_SANITIZE" in os.environ  # a sanitizer's own memory would count


def run(*arguments, cwd=None, env=None):
    """The finished process of `signxai ARGUMENT...` with its outputs as text."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd,
                          timeout=300, env={**os.environ, "SIGNXAI_BACKEND": "cpu", **(env or {})})


def npy_bytes(values, shape, dtype="<f4"):
    """A .npy file of the given numbers."""
    code = {"<f4": "f", "<i8": "q", "<f8": "d"}.get(dtype)
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    data = struct.pack(f"<{len(values)}{code}", *values) if code else b"\0" * 64
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def parse_npy(data):
    """(dtype, shape, values) of the bytes of a .npy file."""
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    length = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10 : 10 + length].decode())
    assert header["fortran_order"] is False
    code = {"<f4": "f", "<i8": "q"}[header["descr"]]
    count = (len(data) - 10 - length) // struct.calcsize(code)
    return header["descr"], header["shape"], struct.unpack(f"<{count}{code}", data[10 + length :])


def read_npz(path):
    """{name: (dtype, shape, values)} of an archive."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name.removesuffix(".npy"): parse_npy(archive.read(name)) for name in archive.namelist()
                if name.endswith(".npy")}


def npz_provenance(path):
    """The document that says how an archive was made."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("provenance.json"))


def png_texts(path):
    """{key: text} of the tEXt chunks of a PNG file."""
    data, at, texts = pathlib.Path(path).read_bytes(), 8, {}
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"tEXt":
            key, text = data[at + 8 : at + 8 + size].split(b"\0", 1)
            texts[key.decode("latin-1")] = text.decode("latin-1")
        at += size + 12
    return texts


def png_size(path):
    """(width, height) of a PNG file that is complete."""
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", path
    return struct.unpack(">II", data[16:24])


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="signxai-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ok(self, *arguments, **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "--json").stdout)

    def refused(self, code, *arguments, says=(), **options):
        """The call fails with this exit code, one line on stderr that holds all of `says`, and nothing on stdout."""
        done = run(*arguments, **options)
        errors = [line for line in done.stderr.splitlines() if line.startswith("signxai: error: ")]
        others = [line for line in done.stderr.splitlines() if not line.startswith("signxai: ")]
        self.assertEqual((done.returncode, len(errors), others, done.stdout), (code, 1, [], ""), done.stderr)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, errors[0])
        return errors[0]
