# Written by tools/make_compat_stubs.py; not to be edited.
from . import relevance_analyzer as relevance_analyzer
from . import relevance_rule_base as relevance_rule_base
from . import utils as utils
