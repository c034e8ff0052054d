"""Writes the HDF5 files of this folder (h5py 3, numpy): one kind of content, or one reason for refusal, per file.

keras2_model.h5 is not written here: it is a model saved by Keras 2 (one dense layer with a sigmoid on 10 inputs).
Run it in this folder; the files are then the same but for libhdf5's version.
"""
import h5py
import numpy as np

RAMP = np.arange(12, dtype=np.float32).reshape(3, 4) - 2.5


def new(name, **options):
    return h5py.File(name + ".h5", "w", **options)


def types():
    """Every readable element type in both byte orders; the values are exact in all of them."""
    with new("types") as f:
        for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
            for order in ("<", ">"):
                f[("be_" if order == ">" else "le_") + code] = np.array([0, 1, 2, 100], dtype=order + code)
        f["half_edges"] = np.array([-1.5, 65504, 6e-8, np.inf, -0.0], dtype="<f2")
        f["scalar"] = np.float32(7)
        f["empty"] = np.zeros((0, 5), np.float32)
        f.create_dataset("no_space", data=h5py.Empty("f4"))


def layouts():
    with new("layouts", userblock_size=512) as f:
        f["contiguous"] = RAMP
        f.create_dataset("chunked", data=RAMP, chunks=(2, 3))
        f.create_dataset("gzip", data=RAMP, chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("gzip_half_big", data=RAMP.astype(">f2"), chunks=(3, 4), compression="gzip")
        f.create_dataset("fill_only", shape=(3, 4), chunks=(2, 3), dtype="f4", fillvalue=9)
        space = h5py.h5s.create_simple((3, 4))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist).write(h5py.h5s.ALL, h5py.h5s.ALL, RAMP)


def attributes():
    with new("attributes") as f:
        f.attrs["text"] = "caf\u00e9"
        f.attrs["bytes"] = np.bytes_(b"fixed")
        f.attrs["variable_list"] = np.array(["a", "bc", ""], dtype=h5py.string_dtype())
        f.attrs["fixed_list"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        f.attrs["nothing"] = np.zeros((0,))
        f.attrs["number"] = 2.5
        f.attrs["numbers"] = np.array([1, 2, 3], dtype=">i4")
        f.attrs["matrix"] = np.eye(2)
        f.attrs["reference"] = f.ref
        for i, part in enumerate(np.array_split(np.array([b"l%d" % i for i in range(7)]), 3)):
            f.attrs["layer_names%d" % i] = part
        f.attrs["model_config0"] = '{"class_name": '
        f.attrs["model_config1"] = '"Sequential"}'
        f.attrs["mixed0"] = "one"
        f.attrs["mixed1"] = 2.0
        space_padded = h5py.h5t.C_S1.copy()
        space_padded.set_size(6)
        space_padded.set_strpad(h5py.h5t.STR_SPACEPAD)
        attribute = h5py.h5a.create(f.id, b"space_padded", space_padded, h5py.h5s.create(h5py.h5s.SCALAR))
        attribute.write(np.array(b"ab    ", "S6"), space_padded)


def weights_files():
    with new("keras2_weights") as f:
        f.attrs["layer_names"] = np.array([b"input", b"dense"])
        f.attrs["backend"], f.attrs["keras_version"] = "tensorflow", "2.10.0"
        f.create_group("input").attrs["weight_names"] = np.zeros((0,))
        g = f.create_group("dense")
        g.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        g["dense/kernel:0"], g["dense/bias:0"] = RAMP, np.ones(4, np.float32)
    with new("keras3") as f:
        f.create_group("vars")
        f["layers/dense/vars/0"], f["layers/dense/vars/1"] = RAMP, np.ones(4, np.float32)


def refused_links():
    with new("link_soft") as f:
        f["w"] = RAMP
        f["alias"] = h5py.SoftLink("/w")
    with new("link_external") as f:
        f["w"] = h5py.ExternalLink("layouts.h5", "/contiguous")
    with new("link_hard") as f:
        f["w"] = RAMP
        f["again"] = f["w"]
    with new("link_cycle") as f:
        f.create_group("a/b")
        f["a/b/a"] = f["a"]
    with new("link_root_cycle") as f:
        f.create_group("a")
        f["a/root"] = f["/"]
    with new("named_type") as f:
        f["type"] = np.dtype("f4")
    # A user-defined link: the type byte of an external link (64) becomes 70; nothing else tells them apart.
    with new("link_user") as f:
        f["w"] = h5py.ExternalLink("layouts.h5", "/contiguous")
    patch("link_user", lambda data: data.replace(b"\x01\x08\x40\x01w", b"\x01\x08\x46\x01w"))
    # A name that libhdf5 would take for a path.
    with new("name_slash") as f:
        f.create_group("d")["k"] = RAMP
        f["dxk"] = RAMP
    patch("name_slash", lambda data: data.replace(b"dxk\0", b"d/k\0"))


def refused_storage():
    with new("external_storage") as f:
        f.create_dataset("w", shape=(3, 4), dtype="f4", external=[("elsewhere.bin", 0, 48)])
    layout = h5py.VirtualLayout(shape=(3, 4), dtype="f4")
    layout[:] = h5py.VirtualSource("layouts.h5", "contiguous", shape=(3, 4))
    with new("virtual", libver=("v110", "v110")) as f:
        f.create_virtual_dataset("w", layout)
    with new("never_written") as f:
        f.create_dataset("w", shape=(3, 4), dtype="f4")
    with new("bomb_sparse") as f:
        f.create_dataset("w", shape=(1 << 20, 1 << 20), chunks=(1024, 1024), dtype="f4")
    with new("bomb_overflow") as f:
        f.create_dataset("w", shape=(1 << 40, 1 << 40), chunks=(16, 16), dtype="f4")
    with new("deep", libver=("v110", "v110")) as f:
        f.create_group("/".join("g" * 80))
    # Contiguous elements that claim to end far behind the file: the extent and the size of the storage both say so.
    with new("contiguous_too_large") as f:
        f["w"] = np.zeros(0x1234, np.uint8)
    size = (0x1234).to_bytes(8, "little")
    patch("contiguous_too_large", lambda data: data.replace(size, (0x1234567890).to_bytes(8, "little")))


def refused_elements():
    with new("elements") as f:
        f["string"] = np.array(["a"], dtype=h5py.string_dtype())
        f["fixed_string"] = np.array([b"ab"])
        f["reference"] = np.array([f.ref], dtype=h5py.ref_dtype)
        f["region"] = np.array([f["string"].regionref[:]], dtype=h5py.regionref_dtype)
        f["compound"] = np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])
        f["complex"] = np.zeros(2, dtype="c8")
        f["bool"] = np.zeros(2, dtype=bool)
        f["opaque"] = np.zeros(2, dtype="V3")
        f["long_double"] = np.zeros(2, dtype=np.longdouble)
        f.create_dataset("array", shape=(2,), dtype=np.dtype(("f4", (3,))))
        f.create_dataset("lzf", data=RAMP, chunks=(3, 4), compression="lzf")
        f["good"] = RAMP


def patch(name, change):
    with open(name + ".h5", "rb") as f:
        before = f.read()
    after = change(before)
    assert after != before, name
    with open(name + ".h5", "wb") as f:
        f.write(after)


if __name__ == "__main__":
    for make in (types, layouts, attributes, weights_files, refused_links, refused_storage, refused_elements):
        make()
