"""Samples in files: pictures, series, .npy arrays and folders of them, each input of a model a column of values."""

from __future__ import annotations

import bisect
import itertools
import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._arrays import FloatArray, as_float32
from .errors import CorruptFile, Error, InputOutput, InvalidArgument, NotFound

Shape = Tuple[int, ...]
Path = Union[str, "os.PathLike[str]"]

_PICTURES = (".png", ".jpg", ".jpeg")


def is_path(value: Any) -> bool:
    """Text or a path object."""
    return isinstance(value, (str, os.PathLike))


class Column:
    """The values of one input of a model, for every sample."""

    length: int = 0

    def identity(self) -> Any:
        """What tells, without reading everything, whether the values are the same, as JSON."""
        raise NotImplementedError

    def shape(self) -> Shape:
        """Of one sample."""
        raise NotImplementedError

    def name(self, number: int) -> Optional[str]:
        """What the sample is called, where it has a name."""
        raise NotImplementedError

    def read(self, first: int, count: int) -> Tuple[List[int], FloatArray, Dict[int, Error]]:
        """Samples from `first` on: which of them could be read (counted from `first`), their values, and the errors of the
        others."""
        raise NotImplementedError


def check_shape(shape: Shape, port: _native.Port, what: str) -> None:
    """Raises InvalidArgument unless samples of this shape fit the model."""
    if len(shape) != len(port.shape) or any(want >= 0 and want != have for have, want in zip(shape, port.shape)):
        raise InvalidArgument(f"{what} has shape {tuple(shape)}; the network takes samples of {port.shape}", "input", port.name)


def check_finite(values: FloatArray, subject: str) -> None:
    """Raises InvalidArgument where there is a NaN or an infinity."""
    if not np.isfinite(values).all():
        raise InvalidArgument("holds NaN or an infinity", "input", subject)


class _File(NamedTuple):
    path: str
    samples: int
    batch: bool  # has the samples on its first axis
    size: int
    changed: int  # nanoseconds


class Files(Column):
    """Files and folders, in the order given; the files of a folder by name."""

    def __init__(self, paths: Sequence[Path], port: _native.Port, preprocess: str, skip: bool) -> None:
        self._port = port
        self._preprocess = preprocess
        self._files = [_looked_at(path, port, skip) for given in paths for path in _listed(os.fspath(given), port)]
        if preprocess and not any(_ending(file.path) in _PICTURES for file in self._files):
            raise InvalidArgument("is for pictures, and there are none; arrays are taken as they are", "input", "preprocess")
        self._ends = list(itertools.accumulate(file.samples for file in self._files))
        self.length = self._ends[-1] if self._ends else 0
        self._open: Optional[Tuple[str, NDArray[Any]]] = None

    def identity(self) -> Any:
        files = [[os.path.basename(file.path), file.size, file.changed] for file in self._files]
        return {"kind": "files", "samples": self.length, "files": files}

    def shape(self) -> Shape:
        if min(self._port.shape, default=0) >= 0 or not self.length:
            return self._port.shape
        try:
            return self._sample(0).shape
        except Error:
            return self._port.shape

    def name(self, number: int) -> Optional[str]:
        file, row = self._place(number)
        return f"{file.path}[{row}]" if file.batch else file.path

    def read(self, first: int, count: int) -> Tuple[List[int], FloatArray, Dict[int, Error]]:
        good: List[int] = []
        samples: List[FloatArray] = []
        failures: Dict[int, Error] = {}
        for offset in range(count):
            try:
                sample = self._sample(first + offset)
                if samples and sample.shape != samples[0].shape:
                    raise InvalidArgument(
                        f"has shape {sample.shape}, the samples before it {samples[0].shape}; those of a shard form one batch; "
                        "try shard_size=1", "input", self.name(first + offset) or ""
                    )
                good.append(offset)
                samples.append(sample)
            except Error as error:
                failures[offset] = error
        return good, np.stack(samples) if samples else np.zeros((0, *map(abs, self._port.shape)), np.float32), failures

    def _place(self, number: int) -> Tuple[_File, int]:
        at = bisect.bisect_right(self._ends, number)
        return self._files[at], number - (self._ends[at - 1] if at else 0)

    def _sample(self, number: int) -> FloatArray:
        file, row = self._place(number)
        if not file.batch:
            return read_file(file.path, self._port, self._preprocess)
        if self._open is None or self._open[0] != file.path:
            self._open = file.path, mapped(file.path)
        values = as_float32(self._open[1][row])
        check_finite(values, f"{file.path}[{row}]")
        return values


def read_file(path: str, port: _native.Port, preprocess: str) -> FloatArray:
    """One sample of a file: a picture as the network sees it, a series, or a .npy array. Raises the Error that names it."""
    try:
        if _ending(path) == ".npy":
            values = as_float32(mapped(path))
        elif _ending(path) == ".csv":
            values = _native.read_csv(path)
        else:
            values = _native.preprocess(_native.load_image(path), preprocess or "none", port.shape)
    except Error as error:
        if error.subject == path:
            raise
        raise type(error)(error.message, error.stage, path) from error
    if len(values.shape) != len(port.shape) or any(want >= 0 and want != have for have, want in zip(values.shape, port.shape)):
        raise InvalidArgument(f"has shape {values.shape}; the network takes samples of {port.shape}", "input", path)
    check_finite(values, path)
    return values


def mapped(path: str) -> NDArray[Any]:
    """A .npy file, mapped and not read."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except FileNotFoundError as error:
        raise NotFound("does not exist", "input", path) from error
    except ValueError as error:
        raise CorruptFile(f"is no readable .npy file; {error}", "input", path) from error
    except OSError as error:
        raise InputOutput(f"cannot be read; {error.strerror or error}", "input", path) from error


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _suits(name: str, port: _native.Port) -> bool:
    """Can a file of this type be a sample of the network at all? A table of labels beside pictures is none."""
    ending, axes = _ending(name), len(port.shape)
    return ending == ".npy" or (ending in _PICTURES and axes in (2, 3)) or (ending == ".csv" and axes == 2)


def _listed(path: str, port: _native.Port) -> List[str]:
    """The file, or what a folder holds for the network, by name; folders below it are not looked into."""
    if not os.path.isdir(path):
        return [path]
    try:
        names = sorted(entry.name for entry in os.scandir(path) if not entry.name.startswith(".") and not entry.is_dir())
    except OSError as error:
        raise InputOutput(f"the folder cannot be read; {error.strerror}", "input", path) from error
    names = [name for name in names if _suits(name, port)]
    if not names:
        raise InvalidArgument(f"the folder holds no file that the network could take {port.shape} from (.png, .jpg, .npy, .csv)", "input", path)
    return [os.path.join(path, name) for name in names]


def _looked_at(path: str, port: _native.Port, skip: bool) -> _File:
    """A file that is there, of a type that is read; of .npy files the header only. With `skip` one without counts as a sample,
    to be refused in its turn."""
    try:
        state = os.stat(path)
    except OSError as error:
        raise NotFound(f"cannot be found; {error.strerror}", "input", path) from error
    if not _suits(path, port) and _ending(path) not in _PICTURES:
        raise InvalidArgument(f"is no type of file that a network of {port.shape} takes; expected .npy, .png, .jpg, .csv or a folder", "input", path)
    samples, batch = 1, False
    if _ending(path) == ".npy":
        try:
            shape = mapped(path).shape
        except CorruptFile:
            if skip:
                return _File(path, 1, False, state.st_size, state.st_mtime_ns)
            raise
        batch = len(shape) == len(port.shape) + 1
        samples = shape[0] if batch else 1
        check_shape(shape[1:] if batch else shape, port, path)
    return _File(path, samples, batch, state.st_size, state.st_mtime_ns)
