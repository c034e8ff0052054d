# Written by tools/make_compat_stubs.py; not to be edited.
from typing import Any
import signxai_cpp.compat._analyzers
import signxai_cpp.compat._innvestigate
class BoundedDeepTaylor(signxai_cpp.compat._innvestigate.AnalyzerBase, signxai_cpp.compat._analyzers.BoundedDeepTaylor):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class DeepTaylor(signxai_cpp.compat._innvestigate.AnalyzerBase, signxai_cpp.compat._analyzers.DeepTaylor):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
