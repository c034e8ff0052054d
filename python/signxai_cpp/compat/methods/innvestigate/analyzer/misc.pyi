# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._analyzers import Input as Input
from signxai_cpp.compat._analyzers import Random as Random
