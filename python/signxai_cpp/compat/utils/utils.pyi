# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._utils import aggregate_and_normalize_relevancemap_rgb as aggregate_and_normalize_relevancemap_rgb
from signxai_cpp.compat._utils import calculate_explanation_innvestigate as calculate_explanation_innvestigate
from signxai_cpp.compat._utils import download_image as download_image
from signxai_cpp.compat._utils import download_model as download_model
from signxai_cpp.compat._utils import load_image as load_image
from signxai_cpp.compat._utils import normalize_heatmap as normalize_heatmap
from signxai_cpp.compat._utils import remove_softmax as remove_softmax
