# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._lrp_analyzers import assert_infer_lrp_alpha_beta_param as assert_infer_lrp_alpha_beta_param
from signxai_cpp.compat._lrp_analyzers import assert_lrp_epsilon_param as assert_lrp_epsilon_param
