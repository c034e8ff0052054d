# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._graph import model_wo_softmax as model_wo_softmax
from signxai_cpp.compat._images import postprocess_images as postprocess_images
from signxai_cpp.compat._images import preprocess_images as preprocess_images
from . import keras as keras
from . import sequence as sequence
from . import visualizations as visualizations
