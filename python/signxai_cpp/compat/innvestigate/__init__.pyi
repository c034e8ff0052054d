# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._analyzer_base import NotAnalyzeableModelException as NotAnalyzeableModelException
from signxai_cpp.compat._graph import model_wo_output_activation as model_wo_output_activation
from signxai_cpp.compat._graph import model_wo_softmax as model_wo_softmax
from signxai_cpp.compat._innvestigate import create_analyzer as create_analyzer
from . import analyzer as analyzer
from . import applications as applications
from . import backend as backend
from . import utils as utils
