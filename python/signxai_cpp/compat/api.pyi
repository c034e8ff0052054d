# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._signxai2 import METHOD_PRESETS as METHOD_PRESETS
from signxai_cpp.compat._signxai2 import calculate_relevancemap as calculate_relevancemap
from signxai_cpp.compat._signxai2 import explain as explain
from signxai_cpp.compat._signxai2 import explain_with_preset as explain_with_preset
from signxai_cpp.compat._signxai2 import get_method_info as get_method_info
from signxai_cpp.compat._signxai2 import list_methods as list_methods
