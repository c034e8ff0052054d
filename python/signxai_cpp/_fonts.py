"""Fonts of the compiled drawings, on machines that have no font configuration: those that a wheel brings along."""

import os
import pathlib

_CONFIGURATION = pathlib.Path(__file__).parent / "fonts" / "fonts.conf"

if _CONFIGURATION.exists() and not os.path.exists("/etc/fonts/fonts.conf"):
    os.environ.setdefault("FONTCONFIG_FILE", str(_CONFIGURATION))
