# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._innvestigate import AugmentReduceBase as AugmentReduceBase
from signxai_cpp.compat._innvestigate import GaussianSmoother as GaussianSmoother
from signxai_cpp.compat._innvestigate import PathIntegrator as PathIntegrator
from signxai_cpp.compat._innvestigate import WrapperBase as WrapperBase
