# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._graph import model_wo_softmax as model_wo_softmax
from signxai_cpp.compat._images import BatchSequence as BatchSequence
from signxai_cpp.compat._images import TargetAugmentedSequence as TargetAugmentedSequence
from signxai_cpp.compat._images import postprocess_images as postprocess_images
from signxai_cpp.compat._images import preprocess_images as preprocess_images
from signxai_cpp.compat._images import to_list as to_list
from . import keras as keras
from . import visualizations as visualizations
