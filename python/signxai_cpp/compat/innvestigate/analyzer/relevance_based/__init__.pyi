# Written by tools/make_compat_stubs.py; not to be edited.
from . import relevance_analyzer as relevance_analyzer
from . import relevance_rule as relevance_rule
from . import utils as utils
