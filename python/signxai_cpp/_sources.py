"""Where the samples of a data set come from: arrays, files, sequences and streams, read piece by piece.

A `Source` hands out blocks of samples. A `Column` is the values of one input of the model; several make a source.
"""

from __future__ import annotations

import itertools
import mmap
import operator
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _native
from ._arrays import FloatArray, as_float32, as_inputs
from ._files import Column, Files, Shape, check_finite, check_shape, is_path, mapped, read_file
from .errors import Error, InvalidArgument



class Skipped(NamedTuple):
    """A sample that could not be read."""

    sample: int
    name: str
    error: str


class Block(NamedTuple):
    """Samples one after another; those that could not be read are left out."""

    rows: List[int]  # their numbers
    arrays: List[FloatArray]  # (samples, ...) for each input of the model
    names: Optional[List[str]]
    targets: Optional[List[int]]
    skipped: List[Skipped]
    end: int  # number of the sample behind the last one that was taken

    def fingerprint(self, row: int = 0) -> str:
        """128 bits per input that tell whether a sample is the same, in hexadecimal, and the target that came with it."""
        hashes = [_native.fingerprint(np.require(array[row], None, "C")).hex() for array in self.arrays]
        return "".join(hashes) + (f":{self.targets[row]}" if self.targets is not None else "")


class Source:
    """Samples in a fixed order. `length` is None where it shows only at the end."""

    length: Optional[int] = None

    def identity(self) -> Any:
        """What tells, without reading everything, whether the samples are the same, as JSON."""
        raise NotImplementedError

    def shapes(self) -> List[Shape]:
        """The shape of a sample, for each input."""
        raise NotImplementedError

    def block(self, first: int, count: int, skip: bool = False) -> Block:
        """The next samples from number `first` on, fewer at the end. Raises the Error of a sample that cannot be read, with
        its name and number, unless `skip`."""
        raise NotImplementedError

    def check(self, first: int, end: int, row: Optional[int]) -> Optional[Block]:
        """Passes over samples that are done already; returns the sample `row`, one of them, read again. None where there is
        none, or where the samples end before `end`."""
        raise NotImplementedError


class _Array(Column):
    """An array, memory map, or whatever has a shape and gives slices, such as a dataset of h5py."""

    def __init__(self, array: Any, port: _native.Port, path: str = "") -> None:
        self._array = array
        self._port = port
        self._path = path
        self.length = int(array.shape[0]) if len(array.shape) else 0
        check_shape(tuple(array.shape[1:]), port, "the array without its first axis")

    def identity(self) -> Any:
        told = {"kind": "array", "shape": [int(extent) for extent in self._array.shape], "dtype": str(self._array.dtype)}
        return {**told, "changed": os.stat(self._path).st_mtime_ns} if self._path else told

    def shape(self) -> Shape:
        return tuple(self._array.shape[1:])

    def name(self, number: int) -> Optional[str]:
        return None

    def read(self, first: int, count: int) -> Tuple[List[int], FloatArray, Dict[int, Error]]:
        _let_go(self._array)
        values = as_float32(self._array[first : first + count])
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if finite.all():
            return list(range(len(values))), values, {}
        good = np.nonzero(finite)[0].tolist()
        bad = {offset: InvalidArgument("holds NaN or an infinity", "input", self._port.name) for offset in np.nonzero(~finite)[0].tolist()}
        return good, values[good], dict(bad)


def _let_go(array: Any) -> None:
    """Gives back the pages of a memory map that were read before, which would count as memory of this process."""
    if isinstance(array, np.memmap) and array.mode in ("r", "r+"):  # of a private map, they may hold what was written
        base = getattr(array, "_mmap", None)
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


class _Columns(Source):
    """Samples whose values lie in columns of equal length, to be read in any order."""

    def __init__(self, columns: List[Column], ports: List[_native.Port]) -> None:
        self._columns = columns
        lengths = {port.name: column.length for port, column in zip(ports, columns)}
        if len(set(lengths.values())) > 1:
            raise InvalidArgument(f"every sample needs each input of the network; got numbers of samples {lengths}", "input", "inputs")
        self.length = columns[0].length

    def identity(self) -> Any:
        return [column.identity() for column in self._columns]

    def shapes(self) -> List[Shape]:
        return [column.shape() for column in self._columns]

    def block(self, first: int, count: int, skip: bool = False) -> Block:
        assert self.length is not None
        count = min(count, self.length - first)
        parts = [column.read(first, count) for column in self._columns]
        failures: Dict[int, Error] = {}
        for _, _, failed in parts:
            failures.update(failed)
        skipped = _refused(failures, first, self._columns[0].name, skip)
        arrays = [values for _, values, _ in parts]
        if failures:
            arrays = [values[[i for i, offset in enumerate(good) if offset not in failures]] for good, values, _ in parts]
        rows = [first + offset for offset in range(count) if offset not in failures]
        names = [self._columns[0].name(row) for row in rows]
        known = [name for name in names if name is not None]
        return Block(rows, arrays, known if len(known) == len(rows) and rows else None, None, skipped, first + count)

    def check(self, first: int, end: int, row: Optional[int]) -> Optional[Block]:
        return None if row is None else self.block(row, 1)


def _refused(failures: Mapping[int, Error], first: int, name_of: Callable[[int], Optional[str]], skip: bool) -> List[Skipped]:
    """What is said of samples that cannot be read: an exception, or an entry each."""
    skipped = []
    for offset in sorted(failures):
        error, number = failures[offset], first + offset
        name = name_of(number) or ""
        if not skip:
            raise type(error)(f"{error.message} (sample {number})", error.stage, error.subject) from error
        skipped.append(Skipped(number, name, str(error)))
    return skipped


class _Items(Source):
    """Samples as Python objects: of a sequence, which is read in any order, or of an iterator, which is read once."""

    def __init__(self, items: Any, ports: List[_native.Port], preprocess: str) -> None:
        self._ports = ports
        self._preprocess = preprocess
        self._sequence = items if hasattr(items, "__getitem__") and hasattr(items, "__len__") else None
        self.length = len(items) if self._sequence is not None else None
        self._iterator: Iterator[Any] = iter(()) if self._sequence is not None else iter(items)
        self._next = 0

    def identity(self) -> Any:
        return {"kind": "iterable"} if self._sequence is None else {"kind": "sequence", "length": self.length}

    def shapes(self) -> List[Shape]:
        if self._sequence is None:
            head = list(itertools.islice(self._iterator, 1))
            self._iterator = itertools.chain(head, self._iterator)
        else:
            head = [self._sequence[0]] if self.length else []
        try:
            return [array.shape for array in self._taken(head[0])[0]]
        except (Error, IndexError):
            return [port.shape for port in self._ports]

    def block(self, first: int, count: int, skip: bool = False) -> Block:
        good: List[Tuple[int, Tuple[List[FloatArray], Optional[int], Optional[str]]]] = []
        failures: Dict[int, Error] = {}
        items = self._items(first, count)
        names = {offset: os.fspath(item) for offset, item in enumerate(items) if is_path(item)}
        for offset, item in enumerate(items):
            try:
                good.append((offset, self._taken(item)))
            except Error as error:
                failures[offset] = error
        skipped = _refused(failures, first, lambda number: names.get(number - first), skip)
        samples = [sample for _, sample in good]
        targets = [target for _, target, _ in samples if target is not None]
        if targets and len(targets) < len(samples):
            raise InvalidArgument("some samples come with a target and some without", "input", "inputs")
        labels = [name for _, _, name in samples if name is not None]
        arrays = [_stacked([values[i] for values, _, _ in samples], port, first) for i, port in enumerate(self._ports)] if good else []
        return Block([first + offset for offset, _ in good], arrays, labels if labels and len(labels) == len(good) else None,
                     targets or None, skipped, first + len(items))

    def check(self, first: int, end: int, row: Optional[int]) -> Optional[Block]:
        if self._sequence is not None:
            return None if row is None else self.block(row, 1)
        before = end if row is None else row
        self._items(first, before - first)
        block = self.block(before, 1) if row is not None else None
        passed = len(self._items(before + 1, end - before - 1)) if row is not None else 0
        return block if block is not None and block.rows and passed == end - before - 1 else None

    def _items(self, first: int, count: int) -> List[Any]:
        if self._sequence is not None:
            return [self._sequence[i] for i in range(first, min(first + count, len(self._sequence)))]
        return list(itertools.islice(self._iterator, count))

    def _taken(self, item: Any) -> Tuple[List[FloatArray], Optional[int], Optional[str]]:
        """Values, target and name of an item: a sample, (sample, target), or the path of a file."""
        target = None
        if isinstance(item, tuple) and len(item) == 2 and _is_index(item[1]):
            item, target = item[0], int(operator.index(item[1]))
        if is_path(item):
            if len(self._ports) > 1:
                raise InvalidArgument(f"the network has {len(self._ports)} inputs; expected a dict of arrays per sample", "input", os.fspath(item))
            return [read_file(os.fspath(item), self._ports[0], self._preprocess)], target, os.fspath(item)
        arrays, single = as_inputs(item, self._ports)
        for array, port in zip(arrays, self._ports):
            if not single and array.ndim == len(port.shape) + 1:
                raise InvalidArgument(
                    f"has shape {array.shape}, a batch; expected single samples; try itertools.chain.from_iterable(inputs)", "input", port.name
                )
            check_shape(array.shape, port, "the sample")
            check_finite(array, port.name)
        return arrays, target, None


def _is_index(value: Any) -> bool:
    """A class number: a plain integer, or an array or tensor of one."""
    if isinstance(value, (bool, str, bytes)) or getattr(value, "ndim", 0) != 0:
        return False
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def _stacked(samples: List[FloatArray], port: _native.Port, first: int) -> FloatArray:
    for number, sample in enumerate(samples):
        if sample.shape != samples[0].shape:
            raise InvalidArgument(
                f"sample {first + number} has shape {sample.shape}, the samples before it {samples[0].shape}; those of a shard form one "
                "batch; try shard_size=1", "input", port.name
            )
    return np.stack(samples)


def source_of(inputs: Any, ports: List[_native.Port], preset: str, skip: bool) -> Source:
    """What the caller handed in as a source of samples. `preset`: for pictures; `skip`: files that cannot be read are met later."""
    if getattr(getattr(inputs, "dtype", None), "kind", "") in ("U", "O", "T") and hasattr(inputs, "tolist"):
        inputs = inputs.tolist()  # an array or column of paths
    if len(ports) > 1 and isinstance(inputs, Mapping):
        unknown = sorted(set(map(str, inputs)) ^ {port.name for port in ports})
        if unknown:
            raise InvalidArgument(f"got {sorted(map(str, inputs))}, expected {[port.name for port in ports]}", "input", "inputs")
        return _Columns([_column_of(inputs[port.name], port, preset, skip) for port in ports], ports)
    if len(ports) > 1 and isinstance(inputs, Sequence) and len(inputs) == len(ports) and all(map(_is_column, inputs)):
        return _Columns([_column_of(each, port, preset, skip) for each, port in zip(inputs, ports)], ports)
    if len(ports) == 1 and isinstance(inputs, Mapping) and list(inputs) == [ports[0].name]:
        inputs = inputs[ports[0].name]
    if len(ports) == 1 and _is_column(inputs):
        return _Columns([_column_of(inputs, ports[0], preset, skip)], ports)
    if isinstance(inputs, Iterable) or (hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__")):
        return _Items(inputs, ports, preset)
    raise InvalidArgument(
        f"is a {type(inputs).__name__}; expected an array, a path, a folder, a list of files, or an iterable of samples", "input", "inputs"
    )


def _is_column(inputs: Any) -> bool:
    """An array, or files. A list of arrays is a sequence of samples."""
    if is_path(inputs) or (hasattr(inputs, "shape") and hasattr(inputs, "dtype") and hasattr(inputs, "__getitem__")):
        return True
    return isinstance(inputs, (list, tuple)) and len(inputs) > 0 and all(map(is_path, inputs))


def _column_of(values: Any, port: _native.Port, preset: str, skip: bool) -> Column:
    if is_path(values):
        path = os.fspath(values)
        if path.lower().endswith(".npy") and not os.path.isdir(path) and not preset:
            array = mapped(path)
            if array.ndim != len(port.shape):
                return _Array(array, port, path)
        return Files([path], port, preset, skip)
    if isinstance(values, (list, tuple)) and values and all(map(is_path, values)):
        return Files(values, port, preset, skip)
    if hasattr(values, "shape") and hasattr(values, "dtype"):
        if preset:
            raise InvalidArgument("is for pictures; arrays are taken as they are", "input", "preprocess")
        return _Array(values, port)
    raise InvalidArgument(f"is a {type(values).__name__}; expected an array, a path, a folder or a list of files", "input", port.name)
