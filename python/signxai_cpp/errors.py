"""The exceptions of the package.

Each is an :class:`Error` and the built-in exception that fits, so that both kinds of ``except`` work:

==================== ======================================= ==============================================
class                built-in                                raised for
==================== ======================================= ==============================================
InvalidArgument      ValueError                              a wrong shape, parameter, target, method name
NotFound             FileNotFoundError, KeyError             a file, layer or output that does not exist
Unsupported          NotImplementedError                     well-formed, but nothing this version computes
CorruptFile          ValueError                              a damaged or truncated file
OutOfMemory          MemoryError                             a memory limit that would be exceeded
InputOutput          OSError                                 reading or writing failed; a file exists already
Cancelled            RuntimeError                            the caller's progress function returned False
Internal             RuntimeError                            a defect of this package; please report it
==================== ======================================= ==============================================
"""

from __future__ import annotations

from typing import Dict, Type


class Error(Exception):
    """Whatever fails for a reason of the user's. ``str(error)`` says which file, layer or argument it is about, what was
    found, what is expected, and what to try.

    Attributes: ``code`` ("invalid_argument" ...), ``stage`` ("import", "method", "explain" ...), ``subject`` (the file,
    layer or argument; may be empty), ``message`` (without stage and subject).

    >>> import signxai_cpp
    >>> try:
    ...     signxai_cpp.describe("lrp_y")
    ... except ValueError as error:
    ...     print(type(error).__name__, error.code, error.stage, error.subject)
    InvalidArgument invalid_argument method lrp_y
    """

    code = "internal"

    def __init__(self, message: str, stage: str = "", subject: str = "", text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.stage = stage
        self.subject = subject
        self._text = text or f"[{stage}] {subject}: {message}".replace(" : ", " ").replace("[] ", "")

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[type, tuple[str, str, str, str]]:
        return type(self), (self.message, self.stage, self.subject, self._text)


class InvalidArgument(Error, ValueError):
    """A value that the caller gave is wrong."""

    code = "invalid_argument"


class NotFound(Error, FileNotFoundError, KeyError):
    """A file, layer or output that was named does not exist."""

    code = "not_found"


class Unsupported(Error, NotImplementedError):
    """Well-formed, but not something this version can compute."""

    code = "unsupported"


class CorruptFile(Error, ValueError):
    """A file is damaged, truncated or contradicts itself."""

    code = "corrupt_file"


class OutOfMemory(Error, MemoryError):
    """A memory budget or an allocation limit would be exceeded."""

    code = "out_of_memory"


class InputOutput(Error, OSError):
    """Reading or writing failed: permissions, full disk, existing output."""

    code = "io"


class Cancelled(Error, RuntimeError):
    """A progress function asked to stop."""

    code = "cancelled"


class Internal(Error, RuntimeError):
    """A defect of this package."""

    code = "internal"


_CLASSES: Dict[str, Type[Error]] = {
    kind.code: kind
    for kind in (InvalidArgument, NotFound, Unsupported, CorruptFile, OutOfMemory, InputOutput, Cancelled, Internal)
}


def from_native(code: str, stage: str, subject: str, message: str, text: str) -> Error:
    """The exception for an error of the compiled part, which calls this."""
    return _CLASSES.get(code, Internal)(message, stage, subject, text)
