# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._gradient_analyzers import AugmentReduceBase as AugmentReduceBase
from signxai_cpp.compat._gradient_analyzers import GaussianSmoother as GaussianSmoother
from signxai_cpp.compat._gradient_analyzers import PathIntegrator as PathIntegrator
from signxai_cpp.compat._gradient_analyzers import VariationalAugmentReduceBase as VariationalAugmentReduceBase
from signxai_cpp.compat._gradient_analyzers import VariationalSmoother as VariationalSmoother
from signxai_cpp.compat._gradient_analyzers import WrapperBase as WrapperBase
