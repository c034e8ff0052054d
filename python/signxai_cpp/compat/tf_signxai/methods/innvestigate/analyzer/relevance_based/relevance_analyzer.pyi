# Written by tools/make_compat_stubs.py; not to be edited.
from typing import Any
from signxai_cpp.compat._lrp_analyzers import LRP as LRP
from signxai_cpp.compat._lrp_analyzers import LRPAlphaBeta as LRPAlphaBeta
from signxai_cpp.compat._lrp_analyzers import LRPEpsilon as LRPEpsilon
from signxai_cpp.compat._lrp_analyzers import LRPEpsilonIgnoreBias as LRPEpsilonIgnoreBias
from signxai_cpp.compat._lrp_analyzers import LRPGamma as LRPGamma
from signxai_cpp.compat._lrp_analyzers import LRPRuleUntilIndex as LRPRuleUntilIndex
from signxai_cpp.compat._lrp_analyzers import LRPSequentialCompositeA as LRPSequentialCompositeA
from signxai_cpp.compat._lrp_analyzers import LRPSequentialCompositeAFlat as LRPSequentialCompositeAFlat
from signxai_cpp.compat._lrp_analyzers import LRPSequentialCompositeB as LRPSequentialCompositeB
from signxai_cpp.compat._lrp_analyzers import LRPSequentialCompositeBFlat as LRPSequentialCompositeBFlat
from signxai_cpp.compat._lrp_analyzers import LRPStdxEpsilon as LRPStdxEpsilon
from signxai_cpp.compat._lrp_analyzers import assert_infer_lrp_alpha_beta_param as assert_infer_lrp_alpha_beta_param
from signxai_cpp.compat._lrp_analyzers import assert_lrp_epsilon_param as assert_lrp_epsilon_param
import signxai_cpp.compat._lrp_analyzers
LRP_RULES: dict[Any, Any]
class LRPAlpha1Beta0(LRPAlphaBeta):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPAlpha1Beta0IgnoreBias(LRPAlphaBeta):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPAlpha2Beta1(LRPAlphaBeta):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPAlpha2Beta1IgnoreBias(LRPAlphaBeta):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPFlat(signxai_cpp.compat._lrp_analyzers._LRPFixedParams):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPWSquare(signxai_cpp.compat._lrp_analyzers._LRPFixedParams):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPZ(signxai_cpp.compat._lrp_analyzers._LRPFixedParams):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPZIgnoreBias(signxai_cpp.compat._lrp_analyzers._LRPFixedParams):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPZPlusFast(signxai_cpp.compat._lrp_analyzers._LRPFixedParams):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
class LRPZPlus(LRPAlpha1Beta0IgnoreBias):
    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None: ...
