# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._visualizations import clip_quantile as clip_quantile
from signxai_cpp.compat._visualizations import gamma as gamma
from signxai_cpp.compat._visualizations import graymap as graymap
from signxai_cpp.compat._visualizations import heatmap as heatmap
from signxai_cpp.compat._visualizations import project as project
