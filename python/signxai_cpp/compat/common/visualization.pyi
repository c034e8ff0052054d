# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._overlay import normalize_relevance_map as normalize_relevance_map
from signxai_cpp.compat._overlay import overlay_heatmap as overlay_heatmap
from signxai_cpp.compat._overlay import relevance_to_heatmap as relevance_to_heatmap
