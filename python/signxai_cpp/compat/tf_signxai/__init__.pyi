# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._signxai2 import calculate_relevancemap as calculate_relevancemap
from . import methods as methods
