"""``python -m signxai_cpp`` is the command line."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from conftest import DIGITS, ROOT

COMMAND = [sys.executable, "-m", "signxai_cpp"]
DIGIT = str(ROOT / "examples/digits/digit_3_0.png")


def run(*arguments, program=COMMAND):
    return subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=120)


def test_results_and_messages():
    done = run("predict", str(DIGITS), DIGIT, "--preprocess", "unit")
    assert done.returncode == 0 and "digit_3_0.png  3" in done.stdout and "preprocess" not in done.stdout
    assert done.stderr.startswith("signxai: ")


@pytest.mark.parametrize("arguments, code", [
    (["--help"], 0), (["methods"], 0), (["explain"], 2), (["predict", "no.h5", "no.png"], 3), (["predict", DIGIT, DIGIT], 4)])
def test_exit_codes(arguments, code):
    done = run(*arguments)
    assert done.returncode == code and (done.stdout if code == 0 else done.stderr)


def test_equals_the_program():
    program = os.environ.get("SIGNXAI")
    if not program or not pathlib.Path(program).exists():
        pytest.skip("SIGNXAI names no program")
    for arguments in (["methods", "lrp_z"], ["inspect", str(DIGITS)], ["explain", "--help"]):
        ours, theirs = run(*arguments), run(*arguments, program=[program])
        assert (ours.stdout, ours.stderr, ours.returncode) == (theirs.stdout, theirs.stderr, theirs.returncode)


def test_a_reader_that_leaves():
    done = subprocess.run(f"{sys.executable} -m signxai_cpp methods | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
                          executable="/bin/bash", capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0" and not done.stderr


def test_ctrl_c():
    process = subprocess.Popen([*COMMAND, "bench", str(DIGITS), "-m", "smoothgrad", "--repeats", "100000"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        time.sleep(1.5)
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
    finally:
        process.kill()
    assert process.returncode in (-signal.SIGINT, 8)
