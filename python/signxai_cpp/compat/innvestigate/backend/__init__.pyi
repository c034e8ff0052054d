# Written by tools/make_compat_stubs.py; not to be edited.
from . import checks as checks
from . import graph as graph
