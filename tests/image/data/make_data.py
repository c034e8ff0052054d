"""Writes the expected arrays of the picture tests.

Usage: make_data.py GOLDENS_IMAGES_DIR   (needs Pillow 12.3, NumPy, h5py, matplotlib 3)

The pictures beside this file and the arrays in reference.npz come from the goldens of the reference package (the pictures
are scaled versions of a photograph by danielbuechele, CC BY 2.0); everything else is random or made here. For pillow.npz
Pillow is the oracle of convert("RGB"), convert("L") and the filters, matplotlib of the colours.
"""
import shutil
import struct
import sys
import zlib
from pathlib import Path

import h5py
import matplotlib
import numpy as np
from PIL import Image

here = Path(__file__).parent
goldens = Path(sys.argv[1])
pictures = ["gray.png", "rgba.png", "palette.png", "small.png", "gray.jpg"]
rng = np.random.default_rng(7)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(color, depth, planes, extra=b"", width=11, height=9):
    row_bytes = (width * planes * depth + 7) // 8
    rows = b"".join(b"\0" + rng.bytes(row_bytes) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


for name in pictures:
    shutil.copyfile(goldens / name, here / name)
palette = chunk(b"PLTE", rng.bytes(12)) + chunk(b"tRNS", bytes([0, 128]))
made = {
    "gray1.png": png(0, 1, 1),
    "gray2.png": png(0, 2, 1),
    "gray16.png": png(0, 16, 1),
    "rgb16.png": png(2, 16, 3),
    "gray_alpha.png": png(4, 8, 2),
    "palette2_transparent.png": png(3, 2, 1, palette),
}
for name, content in made.items():
    (here / name).write_bytes(content)
small = Image.open(here / "small.png").convert("RGB")
small.convert("CMYK").save(here / "cmyk.jpg", quality=60)
small.save(here / "progressive.jpg", quality=80, progressive=True)
small.resize((37, 53)).save(here / "odd.jpg", quality=70, subsampling=2)

arrays = {}
with h5py.File(goldens / "golden.h5") as golden:
    for name in pictures:
        arrays["vgg16:" + name] = golden["load_image"][name][:]
    for name in ("normalize_heatmap", "aggregate"):
        arrays[name + ":in"], arrays[name + ":out"] = golden[name]["in"][:], golden[name]["out"][:]
np.savez_compressed(here / "reference.npz", **arrays)

arrays = {}
for name in [*pictures, *made, "cmyk.jpg", "progressive.jpg", "odd.jpg"]:
    if name == "gray.jpg":
        continue  # large, and covered by the reference's array
    picture = Image.open(here / name)
    arrays["rgb:" + name] = np.asarray(picture.convert("RGB"))
    arrays["gray:" + name] = np.asarray(picture.convert("RGB").convert("L"))
for height, width, new_height, new_width in [(7, 5, 28, 28), (14, 14, 56, 56), (1, 9, 3, 30), (56, 50, 14, 17), (20, 20, 20, 10), (2, 2, 33, 5), (60, 61, 17, 90)]:
    plane = rng.integers(0, 256, (height, width)).astype(np.uint8)
    key = f"bicubic:{height}x{width}:{new_height}x{new_width}"
    arrays[key + ":in"] = plane
    arrays[key + ":out"] = np.asarray(Image.fromarray(plane).resize((new_width, new_height), Image.BICUBIC))
for n, m in [(64, 224), (192, 224), (512, 224), (97, 224), (61, 28), (7, 300), (300, 7)]:
    row = Image.fromarray(np.arange(n, dtype=np.int32)[None, :])
    arrays[f"nearest:{n}:{m}"] = np.asarray(row.resize((m, 1), Image.NEAREST))[0]
for name in ("seismic", "viridis"):
    arrays["colors:" + name] = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
np.savez_compressed(here / "pillow.npz", **arrays)
