# Written by tools/make_compat_stubs.py; not to be edited.
