"""Threads, forks, signals and memory."""

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import signxai_cpp as sx
from conftest import DIGITS


def test_threads(digits, batch):
    expected = {name: sx.explain(digits, batch, name).maps[name] for name in ("gradient", "lrp_z", "lrpsign_z")}

    def work(index):
        name = list(expected)[index % 3]
        return name, sx.explain(digits, batch, name).maps[name]

    with ThreadPoolExecutor(4) as pool:
        for name, found in pool.map(work, range(24)):
            assert np.array_equal(found, expected[name])


def test_the_lock_is_released(digits):
    x = np.random.default_rng(0).random((256, 28, 28, 1), np.float32)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    start = time.monotonic()
    sx.explain(digits, x, ["smoothgrad", "integrated_gradients"], threads=1)
    end = time.monotonic()
    done.set()
    ticker.join()
    during = [t for t in ticks if start < t < end]
    assert end - start > 0.05 and len(during) > (end - start) / 0.1


def _explain_in_child(x):
    return np.asarray(sx.explain(str(DIGITS), x, "lrp_z"))


def test_after_fork(digits, batch):
    """OpenMP's workers do not survive a fork; the child has to start its own, and the parent goes on."""
    expected = sx.explain(digits, batch, "lrp_z", threads=2).maps["lrp_z"]
    for _ in range(3):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                signal.alarm(60)
                found = sx.explain(digits, batch, "lrp_z", threads=2).maps["lrp_z"]
                status = 0 if np.array_equal(found, expected) else 2
            finally:
                os._exit(status)
        os.close(writer)
        os.close(reader)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert np.array_equal(sx.explain(digits, batch, "lrp_z", threads=2).maps["lrp_z"], expected)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_pools_of_processes(batch, start):
    expected = _explain_in_child(batch)
    with multiprocessing.get_context(start).Pool(2) as pool:
        for found in pool.map_async(_explain_in_child, [batch] * 4).get(timeout=120):
            assert np.array_equal(found, expected)


SLOW = """
import numpy as np, signxai_cpp, sys
model = signxai_cpp.load(sys.argv[1])
x = np.random.default_rng(0).random((28, 28, 1), np.float32)
print("begin", flush=True)
try:
    signxai_cpp.explain(model, x if sys.argv[2] == "one" else np.stack([x] * 100000), "smoothgrad", augment_by_n=1000000)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("size", ["one", "many"])
def test_ctrl_c_stops_a_call(size):
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(DIGITS), size], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "begin\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert out == "interrupted\n" and process.returncode == 0


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_no_leak(tiny):
    """Resident size stays where it is after 1,000 calls, through 10^5: what leaks 64 bytes a call would show."""
    explainer = sx.Explainer(tiny, threads=1)
    x = np.ones((2, *tiny.inputs[0].shape), np.float32)

    def call(index):
        explainer.explain(x, "lrp_z", target=index % 2, progress=False)
        if index % 16 == 0:
            with pytest.raises(ValueError):
                explainer.explain(x, "lrp_z", target=99)

    for index in range(1000):
        call(index)
    before = resident_bytes()
    for index in range(99_000):
        call(index)
    assert resident_bytes() - before < 2 << 20
