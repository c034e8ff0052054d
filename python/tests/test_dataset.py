"""explain_dataset(): every kind of input, the files it writes, and going on after whatever ended a run."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

import signxai_cpp as sx
from conftest import DIGITS, ROOT
from test_processes import resident_bytes

METHODS = ["gradient", "lrp_z"]
PICTURES = ROOT / "examples/digits"


@pytest.fixture(scope="module")
def samples():
    return np.random.default_rng(2).random((20, 28, 28, 1), np.float32)


@pytest.fixture(scope="module")
def whole(digits, samples, tmp_path_factory):
    """What each kind of input must give, from the plainest one."""
    return sx.explain_dataset(digits, samples, METHODS, tmp_path_factory.mktemp("whole"), shard_size=8)


def assert_same(found, expected, names=("gradient", "lrp_z", "targets", "scores", "samples")):
    for name in names:
        assert np.array_equal(found.load(name), expected.load(name)), name


def test_equals_one_call(digits, samples, whole):
    """Shards are batches of their own, and how many samples are computed together decides how sums are rounded."""
    e = sx.explain(digits, samples, METHODS)
    for name, array in e.maps.items():
        np.testing.assert_allclose(whole.load(name), array, rtol=0, atol=1e-6 * np.abs(array).max())
    assert np.array_equal(whole.load("targets"), e.targets) and whole.notes == e.notes != []
    np.testing.assert_allclose(whole.load("scores"), e.scores, rtol=1e-5)
    for shard in whole:  # and bit for bit by batch
        part = sx.explain(digits, samples[shard.samples], METHODS)
        assert all(np.array_equal(shard.maps[name], part.maps[name]) for name in METHODS)
        assert np.array_equal(shard.scores, part.scores)
    assert [len(shard.targets) for shard in whole] == [8, 8, 4] and len(whole) == 20


class MapStyle:
    """What PyTorch calls a map-style data set."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


def as_npy(x, path):
    np.save(path / "x.npy", x)
    return path / "x.npy"


def as_memmap(x, path):
    return np.load(as_npy(x, path), mmap_mode="r")


def as_h5(x, path):
    with h5py.File(path / "x.h5", "w") as file:
        file["x"] = x
    return h5py.File(path / "x.h5")["x"]


def as_folder(x, path):
    (path / "folder").mkdir()
    for i, sample in enumerate(x):
        np.save(path / f"folder/{i:03d}.npy", sample)
    (path / "folder/labels.txt").write_text("no sample")
    (path / "folder/below").mkdir()
    return path / "folder"


def as_files(x, path):
    """Two batches and single samples."""
    np.save(path / "a.npy", x[:7])
    np.save(path / "b.npy", x[7:12])
    (path / "rest").mkdir()
    return [path / "a.npy", str(path / "b.npy"), as_folder(x[12:], path / "rest")]


def as_generator_of_paths(x, path):
    folder = as_folder(x, path)
    return (folder / name for name in sorted(os.listdir(folder)) if name.endswith(".npy"))


KINDS = {
    "array": lambda x, path: x, "float64": lambda x, path: x.astype(np.float64), "strided": lambda x, path: np.asfortranarray(x),
    "npy": as_npy, "memmap": as_memmap, "h5py": as_h5, "folder": as_folder, "files": as_files, "list": lambda x, path: list(x),
    "map_style": lambda x, path: MapStyle(x), "generator": lambda x, path: (sample for sample in x), "paths": as_generator_of_paths,
    "dict": lambda x, path: {"conv2d_input": x}, "lists": lambda x, path: x.tolist(),
}


@pytest.mark.parametrize("format", ["h5", "npy"])
@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_input(digits, samples, whole, kind, format, tmp_path):
    found = sx.explain_dataset(digits, KINDS[kind](samples, tmp_path), METHODS, tmp_path / "out", shard_size=8, format=format)
    assert_same(found, whole)


def test_pictures_as_on_the_command_line(tmp_path):
    found = sx.explain_dataset(DIGITS, PICTURES, "lrp_z", tmp_path / "out", preprocess="unit", shard_size=7)
    arguments = ["explain", str(DIGITS), str(PICTURES), "--preprocess", "unit", "-m", "lrp_z", "--raw", str(tmp_path / "maps.npz")]
    subprocess.run([sys.executable, "-m", "signxai_cpp", *arguments], check=True, capture_output=True)
    with np.load(tmp_path / "maps.npz") as raw:
        expected = raw["lrp_z"]
        np.testing.assert_allclose(found.load("lrp_z"), expected, rtol=0, atol=1e-6 * np.abs(expected).max())
        assert np.array_equal(found.load("targets"), raw["targets"])
    assert found.names == sorted(str(path) for path in PICTURES.glob("*.png"))
    for number, paths in enumerate([found.names, np.array(found.names), iter(found.names)]):
        listed = sx.explain_dataset(DIGITS, paths, "lrp_z", tmp_path / f"listed{number}", preprocess="unit", shard_size=7)
        assert np.array_equal(listed.load("lrp_z"), found.load("lrp_z")) and listed.names == found.names
    with pytest.raises(ValueError, match="for pictures"):
        sx.explain_dataset(DIGITS, np.zeros((2, 28, 28, 1)), "lrp_z", tmp_path / "no", preprocess="unit")


def test_series_in_tables(tmp_path):
    model = sx.load(ROOT / "examples/ecg/st_elevation.h5")
    found = sx.explain_dataset(model, ROOT / "examples/ecg", "lrpsign_z", tmp_path / "out")
    tables = sorted((ROOT / "examples/ecg").glob("*.csv"))
    x = np.stack([np.loadtxt(path, np.float32, delimiter=",", skiprows=1) for path in tables])
    assert np.array_equal(found.load("lrpsign_z"), sx.explain(model, x, "lrpsign_z"))


def test_several_inputs(tmp_path):
    model = sx.load(ROOT / "tests/golden/data/multi_input/model.h5")
    rng = np.random.default_rng(0)
    x = {port.name: rng.random((5, *port.shape), np.float32) for port in model.inputs}
    first = next(iter(x))
    expected = sx.explain_dataset(model, x, "gradient", tmp_path / "a", shard_size=2)
    np.save(tmp_path / "x.npy", x[first])
    for number, inputs in enumerate([
        list(x.values()), {**x, first: tmp_path / "x.npy"}, [{name: array[i] for name, array in x.items()} for i in range(5)],
        ([array[i] for array in x.values()] for i in range(5)),
    ]):
        found = sx.explain_dataset(model, inputs, "gradient", tmp_path / f"b{number}", shard_size=2)
        assert_same(found, expected, [*sx.explain(model, {name: array[0] for name, array in x.items()}, "gradient").maps, "targets"])
    with pytest.raises(ValueError, match="numbers of samples"):
        sx.explain_dataset(model, {**x, first: x[first][:3]}, "gradient", tmp_path / "c")
    with pytest.raises(ValueError, match="expected"):
        sx.explain_dataset(model, {first: x[first]}, "gradient", tmp_path / "d")


def test_targets(digits, samples, tmp_path):
    indices = np.arange(20) % 10
    found = sx.explain_dataset(digits, samples, "gradient", tmp_path / "a", target=indices, shard_size=8)
    assert np.array_equal(found.load("targets"), indices)
    pairs = sx.explain_dataset(digits, zip(samples, indices), "gradient", tmp_path / "b", shard_size=8)
    assert_same(pairs, found, ["gradient", "targets", "scores"])
    stream = sx.explain_dataset(digits, iter(samples), "gradient", tmp_path / "c", target=indices, shard_size=8)
    assert_same(stream, found, ["gradient", "targets"])
    top = sx.explain_dataset(digits, samples, "gradient", tmp_path / "d", target="top:2", shard_size=8)
    assert top.load("gradient").shape == (20, 2, 28, 28, 1) and top.load("scores").shape == (20, 2)
    contrast = sx.explain_dataset(digits, samples, "gradient", tmp_path / "e", target="3-1", shard_size=8)
    assert (contrast.load("targets") == -1).all() and np.isnan(contrast.load("scores")).all()
    for inputs, target, message in [
        (samples, [1, 2], "2 indices for 20"), (iter(samples), [1] * 19, "19 indices"), (iter(samples), [1] * 21, "21 indices for 20"),
        (zip(samples, indices), 3, "one of both"), ([samples[0], (samples[1], 3)], None, "some without"), (samples, "no-such", "no-such"),
        (samples, 10, "10"),
    ]:
        with pytest.raises((ValueError, KeyError), match=message):
            sx.explain_dataset(digits, inputs, "gradient", tmp_path / "f", target=target, overwrite=True)


def test_files_that_are_written(digits, samples, whole, tmp_path):
    assert sorted(os.listdir(whole.path)) == [".lock", "manifest.json", "maps-00000.h5", "maps-00001.h5", "maps-00002.h5", "shards.jsonl"]
    with h5py.File(os.path.join(whole.path, "maps-00001.h5")) as file:
        assert np.array_equal(file["lrp_z"][()], whole.load("lrp_z")[8:16]) and file["samples"][()].tolist() == list(range(8, 16))
        assert np.array_equal(file["targets"][()], whole.load("targets")[8:16]) and file["scores"].dtype == np.float32
        provenance = json.loads(file.attrs["provenance"])
    with open(os.path.join(whole.path, "manifest.json")) as file:
        run = json.load(file)["run"]
    assert provenance["methods"] == run["methods"] and run["semantics"] == "signxai" and len(run["model"]["sha256"][0]) == 64
    npy = sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8, format="npy")
    assert np.array_equal(np.load(tmp_path / "maps-00002.lrp_z.npy"), whole.load("lrp_z")[16:])
    assert np.load(tmp_path / "maps-00000.targets.npy").dtype == np.int64 and len(npy.files) == 15


def test_parameters_and_options(digits, samples, tmp_path):
    options = {"semantics": "sound", "threads": 1, "max_memory": "100M"}
    found = sx.explain_dataset(digits, samples[:3], {"integrated_gradients": {"steps": 4}}, tmp_path / "a", **options)
    expected = sx.explain(digits, samples[:3], "integrated_gradients", steps=4, **options)
    assert np.array_equal(found.load("integrated_gradients"), expected)
    explainer = sx.Explainer(digits, semantics="sound")
    shared = sx.explain_dataset(explainer, samples[:3], (name for name in ["integrated_gradients"]), tmp_path / "b", steps=4)
    assert np.array_equal(shared.load("integrated_gradients"), expected)
    with open(tmp_path / "b/manifest.json") as file:
        run = json.load(file)["run"]
    assert run["semantics"] == "sound" and run["methods"][0]["parameters"]["steps"] == 4


def test_default_size_of_shards(tiny, tmp_path):
    x = np.random.default_rng(0).random((5000, *tiny.inputs[0].shape), np.float32)
    sizes = [len(shard.targets) for shard in sx.explain_dataset(tiny, x, "gradient", tmp_path / "a")]
    assert sizes == [4096, 904]
    x = np.zeros((400, 28, 28, 1), np.float32)
    limited = sx.explain_dataset(DIGITS, x, ["gradient", "lrp_z"], tmp_path / "b", max_memory="8M")
    assert [len(shard.targets) for shard in limited] == [222, 178]  # of 2 MiB / (3 * 28 * 28 * 4)
    each = sx.explain_dataset(DIGITS, x[:100], "gradient", tmp_path / "c", target="each", max_memory="16M")
    assert [len(shard.targets) for shard in each] == [100]
    assert [len(shard.targets) for shard in sx.explain_dataset(DIGITS, x[:200], "gradient", tmp_path / "d", target="each", max_memory="16M")] == [121, 79]


def mark(path):
    """Which files there are, and when they were written."""
    return {name: os.stat(os.path.join(path, name)).st_mtime_ns for name in os.listdir(path) if name.startswith("maps-")}


RUN = """
import sys, time, numpy as np, signxai_cpp
kind, out, x = sys.argv[1], sys.argv[2], np.load(sys.argv[3], mmap_mode="r")
def slow():
    for sample in x:
        time.sleep(0.01)
        yield sample
inputs = {"array": x, "generator": slow()}[kind]
def progress(done, total):
    time.sleep(0.02)
signxai_cpp.explain_dataset(sys.argv[4], inputs, ["gradient", "lrp_z"], out, shard_size=8, threads=1, progress=progress)
"""


def started(kind, out, path):
    return subprocess.Popen([sys.executable, "-c", RUN, kind, str(out), str(path), str(DIGITS)], stderr=subprocess.PIPE, text=True)


def wait_for_shards(process, out, count):
    deadline = time.monotonic() + 120
    while not out.exists() or sum(name.endswith(".h5") for name in os.listdir(out)) < count:
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.002)


@pytest.mark.parametrize("kind", ["array", "generator"])
@pytest.mark.parametrize("killer", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_gone_on(digits, kind, killer, tmp_path):
    x = np.random.default_rng(3).random((200, 28, 28, 1), np.float32)
    path, out = as_npy(x, tmp_path), tmp_path / "out"
    expected = sx.explain_dataset(digits, x, METHODS, tmp_path / "expected", shard_size=8)
    process = started(kind, out, path)
    wait_for_shards(process, out, 3)
    process.send_signal(killer)
    process.wait(timeout=60)
    process.stderr.close()
    before = mark(out)
    assert 3 <= len(before) < 25
    (out / ".signxai-0123456789abcdef.tmp").write_text("left behind")
    done = []
    inputs = np.load(path, mmap_mode="r") if kind == "array" else iter(x)
    found = sx.explain_dataset(digits, inputs, METHODS, out, shard_size=8, progress=lambda done_, total: done.append(done_))
    after = mark(out)
    again = [name for name in before if after[name] != before[name]]
    assert len(again) <= 1  # the one whose line was not written yet
    assert done[0] == 8 * (len(before) - len(again)) and done[-1] == 200 and not list(out.glob("*.tmp"))
    assert_same(found, expected)
    for name in after:  # files too
        assert (out / name).read_bytes() == (tmp_path / "expected" / name).read_bytes() or kind == "generator"


def test_a_finished_run_returns_at_once(digits, samples, tmp_path):
    sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8)
    before, log = mark(tmp_path), (tmp_path / "shards.jsonl").read_text()

    def never(done, total):
        raise AssertionError("nothing is to be done")

    assert len(sx.explain_dataset(str(DIGITS), samples, METHODS, tmp_path, progress=never)) == 20
    assert mark(tmp_path) == before and (tmp_path / "shards.jsonl").read_text() == log


def test_finished_generator(digits, samples, whole, tmp_path):
    sx.explain_dataset(digits, iter(samples), METHODS, tmp_path, shard_size=8)
    rest = iter(samples)
    assert_same(sx.explain_dataset(digits, rest, METHODS, tmp_path, shard_size=8), whole)
    assert len(list(rest)) == 19
    with pytest.raises(ValueError, match="sample 0 is not the one"):
        sx.explain_dataset(digits, iter(samples[1:]), METHODS, tmp_path, shard_size=8)


DAMAGE = {
    "truncated": lambda path: os.truncate(path, os.path.getsize(path) // 2),
    "changed": lambda path: path.write_bytes(path.read_bytes()[:-100] + b"\0" * 100),
    "removed": os.unlink,
    "emptied": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("format", ["h5", "npy"])
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", ["array", "generator"])
def test_damaged_shards_are_made_anew(digits, samples, whole, damage, format, kind, tmp_path):
    sx.explain_dataset(digits, KINDS[kind](samples, None), METHODS, tmp_path, shard_size=8, format=format)
    damaged = tmp_path / ("maps-00001.h5" if format == "h5" else "maps-00001.lrp_z.npy")
    before = mark(tmp_path)
    DAMAGE[damage](damaged)
    assert_same(sx.explain_dataset(digits, KINDS[kind](samples, None), METHODS, tmp_path, shard_size=8, format=format), whole)
    changed = {name.split(".")[0] for name, when in mark(tmp_path).items() if when != before[name]}
    assert changed == {"maps-00001"}


def test_copies_count_as_whole(digits, samples, tmp_path):
    sx.explain_dataset(digits, samples, METHODS, tmp_path / "a", shard_size=8)
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    before = mark(tmp_path / "b")
    sx.explain_dataset(digits, samples, METHODS, tmp_path / "b", shard_size=8)
    assert mark(tmp_path / "b") == before


def test_damaged_log_and_manifest(digits, samples, whole, tmp_path):
    sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8)
    log = tmp_path / "shards.jsonl"
    lines = log.read_text().splitlines()
    log.write_text(lines[0] + "\n" + lines[1] + "\n" + lines[2][:50])  # the machine stopped here
    before = mark(tmp_path)
    for _ in range(2):
        assert_same(sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8), whole)
    assert [name for name, when in sorted(mark(tmp_path).items()) if when != before[name]] == ["maps-00002.h5"]
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match="manifest.json.*overwrite"):
        sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ValueError, match="without a manifest"):
        sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8)
    assert_same(sx.explain_dataset(digits, samples, METHODS, tmp_path, shard_size=8, overwrite=True), whole)


def test_other_arguments_are_refused(digits, samples, tmp_path):
    model = sx.load(shutil.copy(DIGITS, tmp_path / "copy.h5"))
    out = tmp_path / "out"
    sx.explain_dataset(digits, samples, METHODS, out, shard_size=8)
    sx.explain_dataset(model, samples, METHODS, out, shard_size=8, threads=2, max_memory="1G")  # the same model and numbers
    (out / "mine.txt").write_text("kept")
    other = samples.copy()
    other[8] += 1
    for change, message in [
        ({"methods": ["gradient"]}, "methods was"), ({"methods": ["gradient", "lrp_epsilon_0_1"]}, r"methods\[1\].*lrp_epsilon_0_1"),
        ({"target": 3}, "target was \"max\" and is 3"), ({"semantics": "sound"}, "semantics"), ({"shard_size": 4}, "shard_size was 8 and is 4"),
        ({"format": "npy"}, "format"), ({"inputs": samples[:19]}, r"inputs\[0\].shape\[0\] was 20 and is 19"),
        ({"inputs": other}, "sample 8 is not the one"), ({"model": sx.load(ROOT / "examples/digits/digits_resnet.h5")}, "model.name"),
        ({"inputs": list(samples)}, "inputs"), ({"target": [3] * 20}, "target"),
    ]:
        with pytest.raises(ValueError, match=message) as caught:
            sx.explain_dataset(**{"model": digits, "inputs": samples, "methods": METHODS, "out": out, "shard_size": 8, **change})
        assert "overwrite=True" in str(caught.value)
    found = sx.explain_dataset(digits, other, "gradient", out, shard_size=10, overwrite=True)
    assert sorted(mark(out)) == ["maps-00000.h5", "maps-00001.h5"]
    assert found.load("samples").tolist() == list(range(20)) and (out / "mine.txt").read_text() == "kept"


def test_own_methods_that_have_changed(digits, samples, tmp_path):
    def define(factor):
        source = f"def scaled(call):\n    return {factor} * call('gradient')['gradient']\n"
        space = {}
        exec(compile(source, "<session>", "exec"), space)  # without source, as in an interactive session
        return sx.method("dataset_scaled")(space["scaled"])

    def run():
        return sx.explain_dataset(digits, samples, ["gradient", "dataset_scaled"], tmp_path, shard_size=8)

    define(2)
    run()
    before = mark(tmp_path)
    define(2)
    run()
    assert mark(tmp_path) == before
    define(3)
    with pytest.raises(ValueError, match="defined.*method dataset_scaled"):
        run()
    sx.method("dataset_unused")(lambda call: call("gradient")["gradient"])
    sx.explain_dataset(digits, samples, METHODS, tmp_path / "builtin", shard_size=8)
    assert "defined" not in (tmp_path / "builtin/manifest.json").read_text()


def test_files_that_have_changed(digits, samples, tmp_path):
    folder = as_folder(samples[:4], tmp_path)
    sx.explain_dataset(digits, folder, "gradient", tmp_path / "out")
    np.save(folder / "004.npy", samples[4])
    with pytest.raises(ValueError, match="'004.npy' is new"):
        sx.explain_dataset(digits, folder, "gradient", tmp_path / "out")
    (folder / "004.npy").unlink()
    os.utime(folder / "002.npy", (1, 1))
    with pytest.raises(ValueError, match="'002.npy' has changed"):
        sx.explain_dataset(digits, folder, "gradient", tmp_path / "out")


def test_weights_of_live_models_count(samples, tmp_path):
    from test_live import FakeKeras

    live = FakeKeras(DIGITS)
    sx.explain_dataset(live, samples, "gradient", tmp_path, shard_size=8)
    sx.explain_dataset(FakeKeras(DIGITS), samples, "gradient", tmp_path, shard_size=8)
    live.layers[-1].weights[0].values = live.layers[-1].weights[0].values * 2
    with pytest.raises(ValueError, match="model.sha256"):
        sx.explain_dataset(live, samples, "gradient", tmp_path, shard_size=8)


def test_one_writer_at_a_time(digits, samples, tmp_path):
    path = as_npy(np.concatenate([samples] * 10), tmp_path)
    process = started("generator", tmp_path / "out", path)
    try:
        wait_for_shards(process, tmp_path / "out", 1)
        with pytest.raises(OSError, match="another process"):
            sx.explain_dataset(digits, np.load(path), METHODS, tmp_path / "out", shard_size=8, overwrite=True)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    sx.explain_dataset(digits, iter(np.load(path)), METHODS, tmp_path / "out", shard_size=8)  # its lock is gone with it
    with open(tmp_path / "out/.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


FULL = """
import os, subprocess, sys, numpy as np, signxai_cpp
call = lambda: signxai_cpp.explain_dataset(sys.argv[1], x, ["gradient", "lrp_z"], os.path.join(sys.argv[2], "out"), shard_size=40, format=sys.argv[3])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + sys.argv[4], "tmpfs", sys.argv[2]], check=True)
x = np.random.default_rng(0).random((200, 28, 28, 1), np.float32)
try:
    call()
except OSError as error:
    print(error)
print(sorted(name for name in os.listdir(os.path.join(sys.argv[2], "out")) if name.endswith("tmp")))
subprocess.run(["mount", "-o", "remount,size=20m", sys.argv[2]], check=True)
print(len(call()))
"""


@pytest.mark.parametrize("size", ["840k", "900k", "1100k"])  # full among the numbers, or when the file is closed
@pytest.mark.parametrize("format", ["h5", "npy"])
def test_a_full_disk(format, size, tmp_path):
    space = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*space, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    done = subprocess.run([*space, sys.executable, "-c", FULL, str(DIGITS), str(tmp_path), format, size], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "maps-0000" in lines[0] and lines[1:] == ["[]", "200"]


def test_samples_that_cannot_be_read(digits, samples, tmp_path):
    folder = as_folder(samples, tmp_path)
    (folder / "003.npy").write_bytes((folder / "003.npy").read_bytes()[:200])
    np.save(folder / "009.npy", np.full((28, 28, 1), np.nan))
    for number in range(16, 20):
        (folder / f"{number:03d}.npy").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="003.npy"):
        sx.explain_dataset(digits, folder, METHODS, tmp_path / "out", shard_size=8)
    found = sx.explain_dataset(digits, folder, METHODS, tmp_path / "out", shard_size=8, on_error="skip")
    good = [i for i in range(16) if i not in (3, 9)]
    assert found.load("samples").tolist() == good and len(found) == 14 and found.names == [str(folder / f"{i:03d}.npy") for i in good]
    assert [number for number, _, _ in found.skipped] == [3, 9, 16, 17, 18, 19] and "NaN" in found.skipped[1][2]
    expected = sx.explain(digits, samples[[0, 1, 2, 4, 5, 6, 7]], "lrp_z")
    assert np.array_equal(next(iter(found)).maps["lrp_z"], expected)
    broken = samples.copy()
    broken[9, 3, 3] = np.inf
    for make in (np.array, iter, list):
        with pytest.raises(ValueError, match=r"NaN or an infinity \(sample 9\)"):
            sx.explain_dataset(digits, make(broken), METHODS, tmp_path / "b", shard_size=8, overwrite=True)
        skipped = sx.explain_dataset(digits, make(broken), METHODS, tmp_path / "b", shard_size=8, on_error="skip")
        assert skipped.load("samples").tolist() == [i for i in range(20) if i != 9]


def test_a_broken_picture_is_named(tmp_path):
    shutil.copytree(PICTURES, tmp_path / "in", ignore=shutil.ignore_patterns("*.h5"))
    names = sorted(path.name for path in (tmp_path / "in").glob("*.png"))
    (tmp_path / "in" / names[5]).write_bytes((tmp_path / "in" / names[5]).read_bytes()[:60])
    with pytest.raises(ValueError, match=rf"{names[5]}.*\(sample 5\)"):
        sx.explain_dataset(DIGITS, tmp_path / "in", "lrp_z", tmp_path / "out", preprocess="unit", shard_size=3)
    found = sx.explain_dataset(DIGITS, tmp_path / "in", "lrp_z", tmp_path / "out", preprocess="unit", shard_size=3, on_error="skip")
    assert len(found) == len(names) - 1 and found.skipped[0][1].endswith(names[5])


def test_what_cannot_be_inputs(digits, samples, tmp_path):
    (tmp_path / "empty").mkdir()
    for inputs, message in [
        (5, "int; expected an array"), (tmp_path / "empty", "holds no file"), (tmp_path / "none.npy", "does not exist|cannot be found"),
        (samples[..., 0], "has shape"), ([samples[:2]], "a batch; expected single samples"), (iter(()), "holds no sample"),
        (samples[:0], "holds no sample"), ([samples[0], samples[0][:5]], "has shape"), (["no-such.png"], "cannot be found"),
        ("README.md", "no type of file|cannot be found"),
    ]:
        with pytest.raises(sx.Error, match=message):
            sx.explain_dataset(digits, inputs, METHODS, tmp_path / "out", shard_size=2, overwrite=True)
    (tmp_path / "out/maps-00000.h5").write_text("of a shard that was not logged")  # nothing was done: nothing is refused
    for option, value in [("format", "npz"), ("on_error", "ignore"), ("shard_size", 0), ("no_such", 1)]:
        with pytest.raises(ValueError, match=option):
            sx.explain_dataset(digits, samples, METHODS, tmp_path / "out", **{option: value})
    with pytest.raises(KeyError, match="gradient"):
        sx.explain_dataset(digits, samples, METHODS, tmp_path / "out").load("gradiant")


def test_progress(digits, samples, tmp_path):
    told = []
    sx.explain_dataset(digits, iter(samples), "gradient", tmp_path / "a", shard_size=8, progress=lambda *now: told.append(now))
    assert told[0] == (0, None) and told[-1] == (20, None) and told == sorted(told, key=lambda now: now[0])
    with pytest.raises(sx.errors.Cancelled):
        sx.explain_dataset(digits, samples, "gradient", tmp_path / "b", shard_size=8, progress=lambda done, total: done < 12)
    assert len(mark(tmp_path / "b")) == 1
    tqdm = pytest.importorskip("tqdm")
    assert tqdm and len(sx.explain_dataset(digits, samples, "gradient", tmp_path / "b", shard_size=8, progress=True)) == 20


def test_constant_memory(tiny, tmp_path):
    """20,000 samples of 26 KB, read from a file of 520 MB that is mapped; what is resident grows by a shard and not with them."""
    shape = (6500,)
    model = sx.from_keras(Wide(shape[0]))
    path = tmp_path / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", np.float32, (20_000, *shape))
    for first in range(0, 20_000, 1000):
        x[first : first + 1000] = np.random.default_rng(first).random((1000, *shape), np.float32)
    del x
    sizes = []

    def progress(done, total):
        sizes.append(resident_bytes())

    for inputs in (path, np.load(path, mmap_mode="r")):
        sizes.clear()
        sx.explain_dataset(model, inputs, "gradient", tmp_path / "out", shard_size=200, threads=1, progress=progress, overwrite=True)
        settled = sizes[len(sizes) // 10]
        assert max(sizes) - settled < 32 << 20, (max(sizes), settled)
    shutil.rmtree(tmp_path / "out")
    path.unlink()


class Wide:
    """A dense layer on many inputs, as a live model."""

    def __init__(self, width):
        from test_live import Layer, Variable

        rng = np.random.default_rng(0)
        self.layers = [Layer("dense", [Variable(rng.random((width, 2), np.float32)), Variable(np.zeros(2, np.float32))])]
        layers = [
            {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, width], "dtype": "float32"}},
            {"class_name": "Dense", "config": {"name": "dense", "units": 2, "activation": "linear", "use_bias": True}},
        ]
        self.architecture = {"class_name": "Sequential", "config": {"name": "wide", "layers": layers}}

    def to_json(self):
        return json.dumps(self.architecture)
