#!/usr/bin/env python3
"""Puts the libraries that a wheel needs into it, as `auditwheel repair` does, and those of a desktop as well: manylinux takes
them for granted, but servers and containers have none.

    tools/repair_wheel.py WHEEL FOLDER     (runs in .deps/wheel)
"""
import json
import pathlib
import sys
import tempfile

from auditwheel import policy
from auditwheel.libc import Libc
from auditwheel.main import main

DESKTOP = ("libX11.", "libXext.", "libXrender.", "libICE.", "libSM.", "libGL.", "libexpat.")


def bundle_desktop(folder):
    """Strikes the libraries of a desktop from the lists of what every system has."""
    policies = json.loads(policy._POLICY_JSON_MAP[Libc.GLIBC].read_text())
    for one in policies:
        one["lib_whitelist"] = [name for name in one["lib_whitelist"] if not name.startswith(DESKTOP)]
    path = folder / "policy.json"
    path.write_text(json.dumps(policies))
    policy._POLICY_JSON_MAP[Libc.GLIBC] = path


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        bundle_desktop(pathlib.Path(scratch))
        sys.argv = ["auditwheel", "repair", "--strip", "--plat", "auto", "-w", sys.argv[2], sys.argv[1]]
        sys.exit(main())
