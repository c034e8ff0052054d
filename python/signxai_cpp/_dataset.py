"""Explaining data sets that need not fit into the memory: shard by shard into a folder, to be gone on with after any end."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Dict, List, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._explainer import Explainer, as_model
from ._files import is_path
from ._progress import Callback, ProgressArgument, reporting
from ._registry import digests_for
from ._requests import MethodArgument, describe, is_mask, requests_of, target_of
from ._shards import FORMATS, Entry, Folder, Json, Shard
from ._sources import Block, Source, source_of
from .errors import Cancelled, InvalidArgument

_SHARD_BYTES = 64 << 20
_MOST_SAMPLES = 4096  # of a shard: with tiny samples, time is what is lost
_UNKNOWN_EXTENT = 256


class DatasetMaps:
    """What :func:`explain_dataset` wrote. Iterating gives one :class:`Shard` after the other (`maps` by name, `targets`,
    `scores`, `samples`, `names`), whose arrays are mapped from the files, so that they may be larger than the memory. ``len``
    is the number of explained samples.

    Attributes: `path`, the folder; `files`, those of the shards; `skipped`, an entry (number, name, error) for each sample
    that could not be read; `notes`, as of an Explanation.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._entries: List[Entry] = [folder.entries[number] for number in sorted(folder.entries)]
        self.path = folder.path
        self.files = [os.path.join(folder.path, name) for entry in self._entries for name in entry["files"]]
        self.notes = list(dict.fromkeys(note for entry in self._entries for note in entry.get("notes", [])))
        self.skipped = [tuple(skipped) for entry in self._entries for skipped in entry["skipped"]]

    def __len__(self) -> int:
        return sum(entry["count"] for entry in self._entries)

    def __iter__(self) -> Iterator[Shard]:
        return (self._folder.read(entry) for entry in self._entries if entry["count"])

    def load(self, name: str) -> NDArray[Any]:
        """One array of all samples, in memory: a map by its name, or "targets", "scores" or "samples".

        Raises KeyError, with the names there are, for another one; ValueError where samples have different shapes.
        """
        parts: List[NDArray[Any]] = []
        for shard in self:
            arrays: Dict[str, NDArray[Any]] = {**shard.maps, "targets": shard.targets, "scores": shard.scores, "samples": shard.samples}
            if name not in arrays:
                raise KeyError(f"no array is called {name!r}; there are {', '.join(arrays)}")
            parts.append(arrays[name])
        return np.concatenate(parts)

    @property
    def names(self) -> List[str]:
        """Names of the samples: the files they came from, or their numbers."""
        return [name for shard in self for name in shard.names or map(str, shard.samples.tolist())]

    def __repr__(self) -> str:
        return f"DatasetMaps({self.path!r}, {len(self)} samples in {len(self._entries)} shards)"


def explain_dataset(
    model: Any,
    inputs: Any,
    methods: MethodArgument = "lrpsign_z",
    out: Union[str, "os.PathLike[str]"] = "maps",
    *,
    target: Any = None,
    format: str = "h5",
    shard_size: Optional[int] = None,
    preprocess: Union[str, "os.PathLike[str]", None] = None,
    on_error: str = "raise",
    overwrite: bool = False,
    threads: int = 0,
    max_memory: Union[None, int, str] = None,
    semantics: str = "signxai",
    precision: str = "f32",
    progress: ProgressArgument = None,
    **params: Any,
) -> DatasetMaps:
    """Explains a data set of any size into a folder, in constant memory: a shard of samples is read, explained and written
    after the other. Called again with the same arguments after whatever ended it, it goes on behind the last complete shard;
    after the end it returns at once.

    Parameters
    ----------
    model, methods, target, threads, max_memory, semantics, precision, params: as for :func:`explain`.
    inputs: an array, a memory map, or anything else with a shape that gives slices (a data set of h5py); the path of a .npy file,
        which is mapped and not read; a folder of pictures (PNG, JPEG), .npy or .csv files, which are taken by name; a list of
        files and folders; a sequence of samples; or any iterable of them, also a generator. A sample of a sequence or iterable
        may be (x, class), which is its target, or the path of a file. A model of several inputs takes a dict (or list) of
        arrays or files, or samples that are dicts.
    out: the folder, made if it is not there. ``manifest.json`` says how the maps were made, ``shards.jsonl`` what is done.
    target: one index per sample may be an array as long as the data set.
    format: "h5", a HDF5 file per shard, ``maps-00000.h5``, with a data set per map, `targets`, `scores`, `samples` (their
        numbers) and `inputs` (names of files); or "npy", a file per array and shard, ``maps-00000.NAME.npy``.
    shard_size: samples per shard; default: as many as take 64 MiB (or a quarter of `max_memory`) with their maps, at most 4096. That
        much is held in memory, and lost at most when the process is killed.
    preprocess: for pictures: "none" (0..255), "unit" (0..1), "vgg16", or a JSON file, as on the command line.
    on_error: "raise" the error of a sample that cannot be read (a damaged picture, NaN), which names it, or "skip" such samples;
        the result's `skipped` lists them.
    overwrite: start anew where the folder holds maps; files that are not of an earlier run are never touched.
    progress: as for :func:`explain`; counts from what is done already. The total is None for an iterable without length.

    A method, rule or composite of one's own counts as another one when its source changed; what that calls is not looked into.

    A generator is asked for the samples that are done already, too, and must give them in the same order.

    Returns a :class:`DatasetMaps`. Raises InvalidArgument (a ValueError) when the folder holds the maps of other arguments, naming
    what differs, and for inputs that do not fit or are not those of before; InputOutput (an OSError) when another process is
    writing to the folder; and what :func:`explain` raises. Whatever was complete then is kept.

    >>> import numpy as np, signxai_cpp, tempfile
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> x = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    >>> with tempfile.TemporaryDirectory() as out:
    ...     maps = signxai_cpp.explain_dataset(model, x, ["gradient", "lrp_z"], out, shard_size=8)
    ...     len(maps), maps.load("lrp_z").shape, [shard.maps["gradient"].shape[0] for shard in maps]
    (20, (20, 28, 28, 1), [8, 8, 4])
    """
    if format not in FORMATS or on_error not in ("raise", "skip"):
        name, value, known = ("format", format, FORMATS) if format not in FORMATS else ("on_error", on_error, ("raise", "skip"))
        raise InvalidArgument(f"is {value!r}; expected {' or '.join(known)}", "explain", name)
    if shard_size is not None and shard_size < 1:
        raise InvalidArgument(f"is {shard_size}; expected a positive number of samples", "explain", "shard_size")
    if isinstance(model, Explainer):
        explainer = model
    else:
        explainer = as_model(model).explainer(threads=threads, max_memory=max_memory, semantics=semantics, precision=precision)
    preset = os.fspath(preprocess) if preprocess is not None else ""
    source = source_of(inputs, explainer.model.inputs, preset, on_error == "skip")
    if not isinstance(methods, (str, Mapping)):
        methods = list(methods)
    job = _Job(explainer, source, methods, params, _as_target(target, source.length, explainer), on_error == "skip")
    folder = Folder(os.fspath(out))
    with folder.locked():
        size = shard_size or (None if overwrite else folder.shard_size()) or job.default_shard_size()
        manifest = {
            "run": {**job.identity(), "preprocess": _content_of(preset), "format": format, "shard_size": size},
            "made_with": {"instruction_set": _native.instruction_set(), "threads": threads, "max_memory": max_memory},
        }
        job.run(folder, folder.begin(manifest, overwrite)["run"], progress)
    return DatasetMaps(folder)


class _Job:
    """One call: what is explained, how, and the loop over the shards."""

    def __init__(self, explainer: Explainer, source: Source, methods: MethodArgument, params: Json, target: Any, skip: bool) -> None:
        self._explainer = explainer
        self._source = source
        self._methods = methods
        self._params = params
        self._requests = requests_of(methods, params)
        self._target = target
        self._skip = skip

    def identity(self) -> Json:
        """All that decides the numbers but for the shards."""
        methods = [{"name": name, "parameters": _all_parameters(name, given)} for name, given in self._requests]
        defined = digests_for(json.dumps(methods, default=str))
        return {
            "version": _native.version(),
            "model": {"name": self._explainer.model.name, "sha256": self._explainer.model._hashes()},
            "methods": methods,
            **({"defined": defined} if defined else {}),
            "target": _described(self._target),
            "semantics": self._explainer.semantics,
            **({"precision": self._explainer.precision} if self._explainer.precision != "f32" else {}),
            "inputs": self._source.identity(),
        }

    def default_shard_size(self) -> int:
        """As many samples as fit into 64 MiB, or a quarter of the memory limit, with their maps, taken to be of the input's shape."""
        shapes = [[extent if extent > 0 else _UNKNOWN_EXTENT for extent in shape] for shape in self._source.shapes()]
        numbers = sum(int(np.prod(shape)) for shape in shapes)
        each = 1
        if isinstance(self._target, str):
            top = re.search(r"top:(\d+)", self._target)
            largest = max(int(np.prod([abs(extent) for extent in port.shape])) for port in self._explainer.model.outputs)
            each = int(top[1]) if top else largest if self._target.endswith("each") else 1
        most = min(_SHARD_BYTES, (self._explainer.max_memory or 4 * _SHARD_BYTES) // 4)
        return int(np.clip(most // (4 * numbers * (1 + each * len(self._requests))), 1, _MOST_SAMPLES))

    def run(self, folder: Folder, run: Json, progress: ProgressArgument) -> None:
        """Explains what is not done yet."""
        source, size = self._source, run["shard_size"]
        whole = {number for number in folder.entries if folder.is_whole(number)}
        done = sum(folder.entries[number]["end"] - folder.entries[number]["first"] for number in whole)
        if folder.finished is not None and done == folder.finished:
            for number in sorted(whole)[: None if source.length is not None else 1]:  # an iterable is asked for little more than one
                self._check(folder, {**folder.entries[number], "end": (folder.entries[number]["checked"] or 0) + 1})
            return
        first = number = 0
        with reporting(progress, source.length, done) as callback:
            _report(callback, done, source.length)
            while source.length is None or first < source.length:
                if number in whole:
                    self._check(folder, folder.entries[number])
                    first = folder.entries[number]["end"]
                else:
                    block = source.block(first, size, self._skip)
                    if block.end == first:
                        break
                    self._explain(folder, run, number, first, block, _shifted(callback, done, source.length))
                    done += block.end - first
                    _report(callback, done, source.length)
                    first = block.end
                number += 1
        if first == 0:
            raise InvalidArgument("holds no sample", "input", "inputs")
        if isinstance(self._target, np.ndarray) and len(self._target) != first:
            raise InvalidArgument(f"got {len(self._target)} indices for {first} samples", "explain", "target")
        folder.finish(first)

    def _check(self, folder: Folder, entry: Entry) -> None:
        """Raises InvalidArgument where a shard that is done was made of other samples."""
        row = entry["checked"]
        block = self._source.check(entry["first"], entry["end"], row)
        if row is not None and (block is None or block.fingerprint() != entry["fingerprint"]):
            raise InvalidArgument(
                f"sample {row} is not the one that the maps in {folder.path} were made of; expected the same samples in the same order; "
                "try overwrite=True, or another folder", "input", "inputs"
            )

    def _explain(self, folder: Folder, run: Json, number: int, first: int, block: Block, callback: Optional[Callback]) -> None:
        entry: Entry = {"first": first, "end": block.end, "count": len(block.rows), "skipped": block.skipped, "checked": None}
        arrays: Dict[str, NDArray[Any]] = {}
        if block.rows:
            x = block.arrays if len(block.arrays) > 1 else block.arrays[0]
            found = self._explainer.explain(x, self._methods, self._target_of(block), callback or False, **self._params)
            entry.update(checked=block.rows[0], fingerprint=block.fingerprint(), names=block.names, notes=found.notes)
            arrays = {name: np.require(array, None, "C") for name, array in found.maps.items()}
            arrays.update(targets=found.targets, scores=found.scores, samples=np.array(block.rows, np.int64))
        provenance = {key: value for key, value in run.items() if key != "inputs"}
        folder.add(number, entry, arrays, run["format"], {**provenance, "samples": [first, block.end]})

    def _target_of(self, block: Block) -> Any:
        if block.targets is not None:
            if self._target is not None:
                raise InvalidArgument("is given, and the samples come with targets of their own; expected one of both", "explain", "target")
            return block.targets
        if isinstance(self._target, np.ndarray):
            if block.rows[-1] >= len(self._target):
                raise InvalidArgument(f"got {len(self._target)} indices, and there are more samples", "explain", "target")
            return self._target[block.rows]
        return self._target


def _as_target(target: Any, samples: Optional[int], explainer: Explainer) -> Any:
    """None, a text, an index, or an array with one index per sample; checked before anything is computed."""
    if target is None:
        return None
    target_of(target, [port.name for port in explainer.model.outputs])
    if isinstance(target, Mapping) or is_mask(target):
        raise InvalidArgument("got weights of the outputs; expected an index, one per sample, or a text; try `explain`, batch by batch", "explain", "target")
    if isinstance(target, str) or np.ndim(target) == 0:
        return target if isinstance(target, str) else int(target)
    indices = np.asarray(target).reshape(-1)
    if samples is not None and len(indices) != samples:
        raise InvalidArgument(f"got {len(indices)} indices for {samples} samples; expected one, or one per sample", "explain", "target")
    return indices


def _described(target: Any) -> Any:
    if isinstance(target, np.ndarray):
        return {"indices": len(target), "sha256": hashlib.sha256(target.astype(np.int64).tobytes()).hexdigest()}
    return "max" if target is None else target


def _all_parameters(name: str, given: Dict[str, Any]) -> Json:
    """What the name fixes, what the caller gave, and the defaults of the rest."""
    info = describe(name)
    defaults = {parameter.name: _native.parse_parameter(parameter.default) for parameter in info.parameters if parameter.default}
    return {**defaults, **info.fixed, **given}


def _content_of(preset: str) -> Json:
    """The name of a preset, or what its file says."""
    if preset and is_path(preset) and os.path.isfile(preset):
        with open(preset, encoding="utf-8", errors="replace") as file:
            return {"json": file.read()}
    return {"preset": preset or "none"}


def _report(callback: Optional[Callback], done: int, total: Optional[int]) -> None:
    if callback is not None and callback(done, total) is False:
        raise Cancelled(f"stopped after {done} samples; the same call goes on", "explain")


def _shifted(callback: Optional[Callback], before: int, total: Optional[int]) -> Optional[Callback]:
    """The caller's function within a shard."""
    return None if callback is None else lambda done, _: callback(before + done, total)
