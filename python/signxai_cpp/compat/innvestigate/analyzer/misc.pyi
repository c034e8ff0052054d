# Written by tools/make_compat_stubs.py; not to be edited.
from typing import Any
import signxai_cpp.compat._analyzers
import signxai_cpp.compat._innvestigate
class Input(signxai_cpp.compat._innvestigate.AnalyzerBase, signxai_cpp.compat._analyzers.Input):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class Random(signxai_cpp.compat._innvestigate.AnalyzerBase, signxai_cpp.compat._analyzers.Random):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
