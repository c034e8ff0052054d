"""The compiled part of signxai_cpp. Not public: use the package's names."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy
from numpy.typing import NDArray


class ParameterInfo:
    """A parameter that a caller may give to a method."""

    @property
    def name(self) -> str: ...

    @property
    def default(self) -> str:
        """The default as text; empty: the caller must give it."""

    @property
    def description(self) -> str: ...

    def __repr__(self) -> str: ...

class MethodInfo:
    """What the name of a method stands for."""

    @property
    def name(self) -> str: ...

    @property
    def base(self) -> str:
        """"gradient", "lrp" ..."""

    @property
    def fixed(self) -> dict[str, float | str | list[float] | list[str]]:
        """What the name itself decides."""

    @property
    def parameters(self) -> list[ParameterInfo]:
        """What the caller may add."""

    @property
    def description(self) -> str:
        """Formula and paper."""

    def __repr__(self) -> str: ...

def method_table() -> list[MethodInfo]:
    """Every name of the table, in its order."""

def describe_method(name: str) -> MethodInfo: ...

def parse_parameter(text: str) -> float | str | list[float] | list[str]:
    """A value as the command line takes it."""

class Target:
    """Which output is explained."""

    @staticmethod
    def max() -> Target: ...

    @staticmethod
    def per_sample(indices: Sequence[int]) -> Target:
        """One index for all samples, or one per sample."""

    @staticmethod
    def weighted(weights: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], output: str) -> Target:
        """A weight for each output, for all samples or per sample."""

    @staticmethod
    def parse(text: str, outputs: Sequence[str]) -> Target:
        """As the command line takes it."""

class Port:
    """An input or output of a network."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample; open extents are negative."""

    def __repr__(self) -> str: ...

class Layer:
    """One layer call of a network."""

    @property
    def name(self) -> str: ...

    @property
    def class_name(self) -> str: ...

    @property
    def activation(self) -> str:
        """The fused activation; empty: none."""

    @property
    def output_shape(self) -> tuple[int, ...]:
        """With the batch axis; open extents are negative."""

    @property
    def parameters(self) -> int:
        """Number of weights."""

    @property
    def inputs(self) -> list[str]:
        """Names of the layers that feed it."""

    def __repr__(self) -> str: ...

class Model:
    """A network as it was read. Immutable; safe to use from several threads."""

    @staticmethod
    def load(path: str, weights: str) -> Model: ...

    @staticmethod
    def from_memory(architecture: str, weights: Sequence[tuple[str, Sequence[Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]]]]) -> Model: ...

    @staticmethod
    def from_onnx(model: bytes) -> Model: ...

    @property
    def name(self) -> str: ...

    @property
    def inputs(self) -> list[Port]: ...

    @property
    def outputs(self) -> list[Port]: ...

    @property
    def layers(self) -> list[Layer]: ...

    @property
    def notes(self) -> list[str]: ...

    def files(self) -> list[tuple[str, str]]:
        """Path and SHA-256 of each file that it was read from; reads them."""

class MethodMap:
    """The map of one method at one place."""

    @property
    def name(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def notes(self) -> list[str]: ...

    @property
    def quirks(self) -> list[str]: ...

    def take(self) -> NDArray[numpy.float32]:
        """Moves the numbers out; once only."""

class LedgerRow:
    """What becomes of the relevance at one layer call, by sample."""

    @property
    def layer(self) -> str: ...

    @property
    def rule(self) -> str: ...

    @property
    def incoming(self) -> list[float]: ...

    @property
    def out(self) -> list[float]: ...

    @property
    def bias(self) -> list[float]: ...

    @property
    def epsilon(self) -> list[float]: ...

    @property
    def other(self) -> list[float]: ...

class Ledger:
    """The accounts of one method."""

    @property
    def method(self) -> str: ...

    @property
    def rows(self) -> list[LedgerRow]: ...

    @property
    def put_in(self) -> list[float]: ...

    @property
    def arrived(self) -> list[float]: ...

class Explanation:
    """Maps with how they were made."""

    @property
    def maps(self) -> list[MethodMap]: ...

    @property
    def ledgers(self) -> list[Ledger]: ...

    @property
    def explained(self) -> list[str]:
        """Names of the explained outputs."""

    @property
    def seconds(self) -> float: ...

    @property
    def compile_seconds(self) -> float: ...

    def take_targets(self) -> NDArray[numpy.int64]: ...

    def take_outputs(self) -> list[NDArray[numpy.float32]]: ...

class MethodCall:
    """What a method of the user's works with."""

    def inputs(self) -> list[NDArray[numpy.float32]]:
        """Copies of the samples, one array per input."""

    @property
    def parameters(self) -> dict[str, float | str | list[float] | list[str]]: ...

    def targets(self) -> NDArray[numpy.int64]: ...

    @property
    def model(self) -> Model: ...

    def explain(self, methods: Sequence[tuple[str, Mapping[str, float | str | Sequence[float] | Sequence[str]]]], at: Sequence[Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]]) -> Explanation: ...

class Extensions:
    """Methods, rules and composites besides the built-in ones."""

    def __init__(self) -> None: ...

    def add(self, kind: str, name: str, parameters: Sequence[tuple[str, str, str]], description: str, origin: str) -> None:
        """
        Adds the function that the registry has for a kind (method, rule, composite) and a name.
        """

    def add_source(self, path: str, sha256: str) -> None: ...

    def method_table(self) -> list[MethodInfo]: ...

    def describe_method(self, name: str) -> MethodInfo: ...

class Quirk:
    """Something the semantics `sound` puts right."""

    @property
    def id(self) -> str: ...

    @property
    def effect(self) -> str: ...

def quirks() -> list[Quirk]: ...

class Explainer:
    """Computes maps of one model. Safe to use from several threads."""

    def __init__(self, model: Model, *, threads: int = 0, batch: int = 0, backend: str = 'cpu', semantics: str = 'signxai', precision: str = 'f32', max_memory: int = 0, disabled_passes: Sequence[str] = [], extensions: Extensions | None = None) -> None: ...

    def explain(self, inputs: Sequence[Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]], methods: Sequence[tuple[str, Mapping[str, float | str | Sequence[float] | Sequence[str]]]], target: Target, progress: object | None, ledger: bool = False) -> Explanation: ...

    def map_names(self, methods: Sequence[tuple[str, Mapping[str, float | str | Sequence[float] | Sequence[str]]]]) -> list[str]: ...

    def layer_rules(self, name: str, parameters: Mapping[str, float | str | Sequence[float] | Sequence[str]]) -> list[str]:
        """The rule that an LRP method gives each layer."""

    def graph_text(self, stage: str, methods: Sequence[tuple[str, Mapping[str, float | str | Sequence[float] | Sequence[str]]]]) -> str: ...

def fingerprint(array: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]) -> bytes:
    """128 bits that tell whether the numbers are the same (XXH3)."""

def write_npy(path: str, array: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], overwrite: bool) -> None: ...

def write_npz(path: str, arrays: Sequence[tuple[str, Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]]], integers: Sequence[tuple[str, Annotated[NDArray[numpy.int64], dict(order='C', device='cpu', writable=False)]]], overwrite: bool) -> None: ...

def write_arrays(path: str, floats: Sequence[tuple[str, Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]]], integers: Sequence[tuple[str, Annotated[NDArray[numpy.int64], dict(order='C', device='cpu', writable=False)]]], provenance: str, rows: Sequence[str]) -> list[int]:
    """
    A .h5 file, or a .npy file of one array, replaced if it exists; where the numbers of each array begin in it.
    """

def read_csv(path: str) -> NDArray[numpy.float32]:
    """A table of numbers as (rows, columns)."""

def load_image(path: str) -> NDArray[numpy.uint8]:
    """A PNG or JPEG file as (height, width, channels)."""

def preprocess(pixels: Annotated[NDArray[numpy.uint8], dict(order='C', device='cpu', writable=False)], preset: str, sample_shape: Sequence[int]) -> NDArray[numpy.float32]:
    """A picture as input of a network."""

def picture_of(sample: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]) -> NDArray[numpy.uint8]:
    """An input of a network as a picture."""

def normalize_heatmap(map: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]) -> NDArray[numpy.float32]: ...

def aggregate_channels(map: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]) -> NDArray[numpy.float32]: ...

def draw_heatmap(map: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], colors: str = 'seismic', min_side: int = 224) -> NDArray[numpy.uint8]: ...

def draw_panel(title: str, subtitle: str, input: Annotated[NDArray[numpy.uint8], dict(order='C', device='cpu', writable=False)], maps: Sequence[tuple[str, str, Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]]], columns: int) -> NDArray[numpy.uint8]: ...

def draw_series(title: str, subtitle: str, signal: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], leads: Sequence[str], sampling_rate: float, maps: Sequence[tuple[str, str, Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)]]], columns: int) -> NDArray[numpy.uint8]: ...

def encode_png(pixels: Annotated[NDArray[numpy.uint8], dict(order='C', device='cpu', writable=False)]) -> bytes: ...

def write_png(path: str, pixels: Annotated[NDArray[numpy.uint8], dict(order='C', device='cpu', writable=False)], overwrite: bool) -> None: ...

def resize_bilinear(map: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], height: int, width: int) -> NDArray[numpy.float32]: ...

def run_program(arguments: Sequence[str], extensions: Extensions) -> int:
    """Runs the command line, program name first, and returns its exit code."""

def version() -> str:
    """Version of the library."""

def instruction_set() -> str:
    """Instruction set of the kernels on this machine."""
