# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._analyzer_base import NotAnalyzeableModelException as NotAnalyzeableModelException
from signxai_cpp.compat._analyzers import create_analyzer as create_analyzer
from . import analyzer as analyzer
from . import applications as applications
from . import backend as backend
from . import utils as utils
