# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._analyzer_base import NotAnalyzeableModelException as NotAnalyzeableModelException
from signxai_cpp.compat._analyzer_base import OneEpochTrainerMixin as OneEpochTrainerMixin
from signxai_cpp.compat._analyzer_base import TrainerMixin as TrainerMixin
from signxai_cpp.compat._innvestigate import AnalyzerBase as AnalyzerBase
