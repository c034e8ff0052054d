# Written by tools/make_compat_stubs.py; not to be edited.
from . import grad_cam as grad_cam
from . import guided_backprop as guided_backprop
from . import signed as signed
from . import wrappers as wrappers
from . import innvestigate as innvestigate
