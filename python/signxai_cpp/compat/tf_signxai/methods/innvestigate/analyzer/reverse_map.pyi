# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._rules import GradientReplacementLayer as GradientReplacementLayer
from signxai_cpp.compat._rules import ReplacementLayer as ReplacementLayer
