# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._graph import copy_layer as copy_layer
from signxai_cpp.compat._graph import copy_layer_wo_activation as copy_layer_wo_activation
from signxai_cpp.compat._graph import get_input_layers as get_input_layers
from signxai_cpp.compat._graph import get_kernel as get_kernel
from signxai_cpp.compat._graph import get_layer_inbound_count as get_layer_inbound_count
from signxai_cpp.compat._graph import get_layer_outbound_count as get_layer_outbound_count
from signxai_cpp.compat._graph import get_model_layers as get_model_layers
from signxai_cpp.compat._graph import model_contains as model_contains
from signxai_cpp.compat._graph import model_wo_output_activation as model_wo_output_activation
from signxai_cpp.compat._graph import model_wo_softmax as model_wo_softmax
from signxai_cpp.compat._graph import pre_softmax_tensors as pre_softmax_tensors
