"""``python -m signxai_cpp``: the command line."""

import signal
import sys

from . import _registry
from ._native import run_program
from ._plugins import load_plugin, split_plugins
from .errors import Error, InputOutput, NotFound


def main() -> int:
    """Runs the command line with the arguments of this process."""
    try:
        plugins, arguments = split_plugins(sys.argv[1:])
        for plugin in plugins:
            load_plugin(plugin)
    except Error as error:
        print(f"signxai: error: {error}", file=sys.stderr)
        return 3 if isinstance(error, NotFound) else 7 if isinstance(error, InputOutput) else 2
    _registry.COMMAND_LINE = True
    # The compiled part never returns to the interpreter, which would otherwise only note that ctrl-C was pressed.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    return run_program(["signxai", *arguments], _registry.ADDITIONS)


if __name__ == "__main__":
    sys.exit(main())
