"""``python -m signxai_cpp``: the command line."""

import signal
import sys

from ._native import run_program


def main() -> int:
    """Runs the command line with the arguments of this process."""
    # The compiled part never returns to the interpreter, which would otherwise only note that ctrl-C was pressed.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    return run_program(["signxai", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
