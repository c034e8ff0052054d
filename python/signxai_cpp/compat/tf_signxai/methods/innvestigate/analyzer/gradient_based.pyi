# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._gradient_analyzers import Deconvnet as Deconvnet
from signxai_cpp.compat._gradient_analyzers import Gradient as Gradient
from signxai_cpp.compat._gradient_analyzers import GuidedBackprop as GuidedBackprop
from signxai_cpp.compat._gradient_analyzers import InputTimesGradient as InputTimesGradient
from signxai_cpp.compat._gradient_analyzers import IntegratedGradients as IntegratedGradients
from signxai_cpp.compat._gradient_analyzers import SmoothGrad as SmoothGrad
from signxai_cpp.compat._gradient_analyzers import VarGrad as VarGrad
