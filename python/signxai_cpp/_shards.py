"""The folder of a data set's maps: shards, the manifest of how they are made, and the log of those that are complete.

    manifest.json         written once: `run`, what decides the numbers and must be the same to go on, and `made_with`, the rest
    shards.jsonl          a line per complete shard: its samples, arrays (file, place in it, type, shape) and checksums
    maps-00000.h5         a shard; or maps-00000.NAME.npy, a file per array

Shards appear whole under their names (temporary name, fsync, rename), and a shard counts when its line stands in the log.
So whatever ends a process, the next one finds complete shards only. A lock, which ends with its process, keeps others out.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import zlib
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from . import _native
from .errors import CorruptFile, InputOutput, InvalidArgument

Json = Dict[str, Any]
Entry = Dict[str, Any]
Arrays = Dict[str, NDArray[Any]]

_OURS = re.compile(r"maps-\d{5,}(\..+)?\.(h5|npy)|shards\.jsonl|manifest\.json|\.signxai-[0-9a-f]{16}\.tmp")
_LEFT_BEHIND = re.compile(r"\.signxai-[0-9a-f]{16}\.tmp")
FORMATS = ("h5", "npy")


class Shard(NamedTuple):
    """The maps of some consecutive samples; the arrays are mapped from the files, read only when used.

    maps: float32 by name, (samples, ...). targets, scores: as of an Explanation. samples: their numbers in the data set (those
    that were skipped are missing). names: of the files, where the samples came from such.
    """

    maps: Dict[str, NDArray[np.float32]]
    targets: NDArray[np.int64]
    scores: NDArray[np.float32]
    samples: NDArray[np.int64]
    names: Optional[List[str]]


class Folder:
    """What a data set is written to."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.entries: Dict[int, Entry] = {}
        self.finished: Optional[int] = None  # number of samples in all

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder and keeps other processes out of it. Raises InputOutput where one is at work."""
        try:
            os.makedirs(self.path, exist_ok=True)
            descriptor = os.open(os.path.join(self.path, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InputOutput(f"cannot be made or written to; {error.strerror}", "output", self.path) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputOutput("another process or thread writes to this folder; wait for it, or choose another", "output",
                                  self.path) from error
            yield
        finally:
            os.close(descriptor)

    def begin(self, manifest: Json, overwrite: bool) -> Json:
        """Takes the folder for the run of that manifest, and reads what is there of an earlier one. Returns the manifest that
        holds. Raises InvalidArgument where that run was another one."""
        earlier = None if overwrite else self._manifest()
        if earlier is not None:
            self._read_log()
        elif not overwrite and any(_OURS.fullmatch(name) and not _LEFT_BEHIND.fullmatch(name) for name in os.listdir(self.path)):
            raise InvalidArgument("holds shards without a manifest; try overwrite=True, or another folder", "output", self.path)
        for name in os.listdir(self.path):
            if _LEFT_BEHIND.fullmatch(name):
                os.unlink(os.path.join(self.path, name))
        if earlier is None or not self.entries:  # a run that came to nothing binds nobody
            self._clear()
            _write_text(os.path.join(self.path, "manifest.json"), json.dumps(manifest, indent=1))
            return manifest
        differences = list(_differences(earlier["run"], json.loads(json.dumps(manifest["run"]))))
        if differences:
            raise InvalidArgument(
                f"holds the maps of another run: {'; '.join(differences)}; try the earlier arguments, another folder, or overwrite=True",
                "output", self.path,
            )
        return earlier

    def shard_size(self) -> Optional[int]:
        """That of an earlier run."""
        earlier = self._manifest()
        self._read_log()
        return int(earlier["run"]["shard_size"]) if earlier and self.entries else None

    def is_whole(self, number: int) -> bool:
        """Is the shard complete and undamaged? Files that were touched since are read."""
        files = self.entries[number]["files"] if number in self.entries else None
        return files is not None and all(_is_whole(os.path.join(self.path, name), state) for name, state in files.items())

    def add(self, number: int, entry: Entry, arrays: Arrays, layout: str, provenance: Json) -> None:
        """Writes a shard and then its line."""
        entry = {"shard": number, **entry, **self._written(number, arrays, entry.get("names"), layout, provenance)}
        self._log(entry)
        self.entries[number] = entry

    def finish(self, samples: int) -> None:
        """Notes that there are no more."""
        if self.finished != samples:
            self._log({"finished": samples})
            self.finished = samples

    def read(self, entry: Entry) -> Shard:
        """Maps the arrays of a shard."""
        arrays = {}
        for name, (file, offset, dtype, shape) in entry["arrays"].items():
            path = os.path.join(self.path, file)
            arrays[name] = np.memmap(path, dtype, "r", offset, tuple(shape)) if np.prod(shape) else np.zeros(shape, dtype)
        targets, scores, samples = (arrays.pop(name) for name in ("targets", "scores", "samples"))
        return Shard(arrays, targets, scores, samples, entry.get("names"))

    def _written(self, number: int, arrays: Arrays, names: Optional[List[str]], layout: str, provenance: Json) -> Json:
        places: Dict[str, Tuple[str, int, str, List[int]]] = {}
        files = {}
        for file, held in _files_of(f"maps-{number:05d}", list(arrays), layout):
            path = os.path.join(self.path, file)
            floats = [(name, arrays[name]) for name in held if arrays[name].dtype == np.float32]
            integers = [(name, arrays[name]) for name in held if arrays[name].dtype == np.int64]
            offsets = _native.write_arrays(path, floats, integers, json.dumps(provenance), names or [])
            for (name, array), offset in zip(floats + integers, offsets):
                places[name] = file, offset, array.dtype.str, list(array.shape)
            files[file] = _state(path, _checksum(path))
        return {"arrays": places, "files": files}

    def _manifest(self) -> Optional[Json]:
        path = os.path.join(self.path, "manifest.json")
        try:
            with open(path, encoding="utf-8") as file:
                manifest = json.load(file)
            if not isinstance(manifest["run"]["shard_size"], int):
                raise ValueError("no shard_size")
            return manifest  # type: ignore[no-any-return]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptFile(f"is no manifest of this package ({error}); try overwrite=True, or another folder", "output", path) from error

    def _read_log(self) -> None:
        """Lines that cannot be read, such as one that was being written when the machine stopped, do not count."""
        path = os.path.join(self.path, "shards.jsonl")
        if not os.path.exists(path):
            return
        with open(path, "rb") as file:
            content = file.read()
        for line in content.split(b"\n"):
            try:
                entry = json.loads(line)
                if "finished" in entry:
                    self.finished = int(entry["finished"])
                else:
                    self.entries[int(entry["shard"])] = entry
            except (ValueError, KeyError, TypeError):
                continue
        if content and not content.endswith(b"\n"):
            with open(path, "ab") as file:
                file.write(b"\n")

    def _log(self, entry: Json) -> None:
        path = os.path.join(self.path, "shards.jsonl")
        try:
            with open(path, "ab") as file:
                file.write(json.dumps(entry).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputOutput(f"cannot be written; {error.strerror}", "output", path) from error

    def _clear(self) -> None:
        """Removes what is ours, the manifest last, so that what is left is known as ours if this is cut short."""
        ours = [name for name in os.listdir(self.path) if _OURS.fullmatch(name)]
        for name in sorted(ours, key=lambda name: (name == "manifest.json", name)):
            os.unlink(os.path.join(self.path, name))


def _files_of(stem: str, names: List[str], layout: str) -> List[Tuple[str, List[str]]]:
    """The files of a shard and the arrays in each."""
    if not names:
        return []
    if layout == "h5":
        return [(f"{stem}.h5", names)]
    files = [f"{stem}.{re.sub(r'[^A-Za-z0-9_.+-]', '.', name)}.npy" for name in names]
    if len(set(files)) < len(names):  # names that differ in what a file cannot be called
        files = [f"{stem}.{i}.npy" for i in range(len(names))]
    return [(file, [name]) for file, name in zip(files, names)]


def _write_text(path: str, text: str) -> None:
    """Whole or not at all."""
    temporary = os.path.join(os.path.dirname(path), f".signxai-{os.urandom(8).hex()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputOutput(f"cannot be written; {error.strerror}", "output", path) from error


def _checksum(path: str) -> int:
    sum_ = 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            sum_ = zlib.crc32(piece, sum_)
    return sum_


def _state(path: str, checksum: int) -> Json:
    state = os.stat(path)
    return {"size": state.st_size, "changed": state.st_mtime_ns, "crc32": checksum}


def _is_whole(path: str, state: Json) -> bool:
    try:
        found = os.stat(path)
        if found.st_size != state["size"]:
            return False
        return bool(found.st_mtime_ns == state["changed"] or _checksum(path) == state["crc32"])
    except OSError:
        return False


def _differences(earlier: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ, in the words of an error."""
    if isinstance(earlier, dict) and isinstance(now, dict):
        for key in sorted(set(earlier) | set(now)):
            if earlier.get(key) != now.get(key):
                yield from _differences(earlier.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif path.endswith(".files") and isinstance(earlier, list) and isinstance(now, list):
        yield f"of the {len(earlier)} input files of before, {_file_difference(earlier, now)}"
    elif isinstance(earlier, list) and isinstance(now, list) and len(earlier) == len(now):
        at = next(i for i, (was, is_) in enumerate(zip(earlier, now)) if was != is_)
        yield from _differences(earlier[at], now[at], f"{path}[{at}]")
    else:
        yield f"{path} was {_short(earlier)} and is {_short(now)}"


def _file_difference(earlier: List[Any], now: List[Any]) -> str:
    was, is_ = ({file[0]: file[1:] for file in files} for files in (earlier, now))
    for said, names in (("is missing", was.keys() - is_.keys()), ("is new", is_.keys() - was.keys()),
                        ("has changed", {name for name in was.keys() & is_.keys() if was[name] != is_[name]})):
        if names:
            return f"{min(names)!r} {said}" + (f", and {len(names) - 1} others" if len(names) > 1 else "")
    return "some stand in another order"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(value)} entries)" if isinstance(value, (list, dict)) else f"{text[:77]}..."
