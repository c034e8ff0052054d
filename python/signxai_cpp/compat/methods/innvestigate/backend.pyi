# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._applications import name as name
