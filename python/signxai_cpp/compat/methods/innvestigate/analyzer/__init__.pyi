# Written by tools/make_compat_stubs.py; not to be edited.
from typing import Any
from signxai_cpp.compat._analyzer_base import AnalyzerBase as AnalyzerBase
from signxai_cpp.compat._analyzer_base import AnalyzerNetworkBase as AnalyzerNetworkBase
from signxai_cpp.compat._analyzer_base import NotAnalyzeableModelException as NotAnalyzeableModelException
from signxai_cpp.compat._analyzer_base import OneEpochTrainerMixin as OneEpochTrainerMixin
from signxai_cpp.compat._analyzer_base import ReverseAnalyzerBase as ReverseAnalyzerBase
from signxai_cpp.compat._analyzer_base import TrainerMixin as TrainerMixin
from signxai_cpp.compat._analyzers import BoundedDeepTaylor as BoundedDeepTaylor
from signxai_cpp.compat._analyzers import DeepLIFT as DeepLIFT
from signxai_cpp.compat._analyzers import DeepLIFTWrapper as DeepLIFTWrapper
from signxai_cpp.compat._analyzers import DeepTaylor as DeepTaylor
from signxai_cpp.compat._analyzers import Input as Input
from signxai_cpp.compat._analyzers import Random as Random
from signxai_cpp.compat._analyzers import analyzers as analyzers
from signxai_cpp.compat._analyzers import create_analyzer as create_analyzer
from signxai_cpp.compat._gradient_analyzers import AugmentReduceBase as AugmentReduceBase
from signxai_cpp.compat._gradient_analyzers import Deconvnet as Deconvnet
from signxai_cpp.compat._gradient_analyzers import GaussianSmoother as GaussianSmoother
from signxai_cpp.compat._gradient_analyzers import Gradient as Gradient
from signxai_cpp.compat._gradient_analyzers import GuidedBackprop as GuidedBackprop
from signxai_cpp.compat._gradient_analyzers import InputTimesGradient as InputTimesGradient
from signxai_cpp.compat._gradient_analyzers import IntegratedGradients as IntegratedGradients
from signxai_cpp.compat._gradient_analyzers import PathIntegrator as PathIntegrator
from signxai_cpp.compat._gradient_analyzers import SmoothGrad as SmoothGrad
from signxai_cpp.compat._gradient_analyzers import VarGrad as VarGrad
from signxai_cpp.compat._gradient_analyzers import VariationalAugmentReduceBase as VariationalAugmentReduceBase
from signxai_cpp.compat._gradient_analyzers import VariationalSmoother as VariationalSmoother
from signxai_cpp.compat._gradient_analyzers import WrapperBase as WrapperBase
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
from . import base as base
from . import canonization as canonization
from . import deeplift as deeplift
from . import deeptaylor as deeptaylor
from . import gradient_based as gradient_based
from . import misc as misc
from . import relevance_based as relevance_based
from . import reverse_map as reverse_map
from . import wrapper as wrapper
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
