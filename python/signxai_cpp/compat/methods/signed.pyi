# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._sign import calculate_sign_mu as calculate_sign_mu
