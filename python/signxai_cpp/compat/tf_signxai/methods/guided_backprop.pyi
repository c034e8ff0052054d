# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._grad_cam import build_guided_model as build_guided_model
from signxai_cpp.compat._grad_cam import guided_backprop_on_guided_model as guided_backprop_on_guided_model
