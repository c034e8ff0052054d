# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._analyzers import BoundedDeepTaylor as BoundedDeepTaylor
from signxai_cpp.compat._analyzers import DeepTaylor as DeepTaylor
