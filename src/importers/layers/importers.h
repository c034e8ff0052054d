// The import functions of the layer table, by file. Each lowers one call of a layer; see layer.h for the contract.
#pragma once

#include "importers/layers/layer.h"

namespace signxai::keras {

// activation_layers.cpp
LayerResult import_activation(LayerContext& context);
LayerResult import_elu(LayerContext& context);
LayerResult import_leaky_relu(LayerContext& context);
LayerResult import_prelu(LayerContext& context);
LayerResult import_relu(LayerContext& context);
LayerResult import_softmax(LayerContext& context);
LayerResult import_thresholded_relu(LayerContext& context);
// attention/
LayerResult import_additive_attention(LayerContext& context);
LayerResult import_attention(LayerContext& context);
LayerResult import_einsum_dense(LayerContext& context);
LayerResult import_embedding(LayerContext& context);
LayerResult import_reversible_embedding(LayerContext& context);
LayerResult import_group_query_attention(LayerContext& context);
LayerResult import_multi_head_attention(LayerContext& context);
// batch_normalization.cpp
LayerResult import_batch_normalization(LayerContext& context);
// borders.cpp
LayerResult import_cropping1d(LayerContext& context);
LayerResult import_cropping2d(LayerContext& context);
LayerResult import_cropping3d(LayerContext& context);
LayerResult import_zero_padding1d(LayerContext& context);
LayerResult import_zero_padding2d(LayerContext& context);
LayerResult import_zero_padding3d(LayerContext& context);
// convolution.cpp
LayerResult import_conv1d(LayerContext& context);
LayerResult import_conv2d(LayerContext& context);
LayerResult import_conv3d(LayerContext& context);
// dense.cpp
LayerResult import_dense(LayerContext& context);
// depthwise.cpp
LayerResult import_depthwise_conv1d(LayerContext& context);
LayerResult import_depthwise_conv2d(LayerContext& context);
LayerResult import_separable_conv1d(LayerContext& context);
LayerResult import_separable_conv2d(LayerContext& context);
// identity.cpp
LayerResult import_identity(LayerContext& context);
// input_layer.cpp
LayerResult import_input_layer(LayerContext& context);
// locally_connected.cpp
LayerResult import_locally_connected1d(LayerContext& context);
LayerResult import_locally_connected2d(LayerContext& context);
// merge.cpp
LayerResult import_add(LayerContext& context);
LayerResult import_average(LayerContext& context);
LayerResult import_concatenate(LayerContext& context);
LayerResult import_dot(LayerContext& context);
LayerResult import_maximum(LayerContext& context);
LayerResult import_minimum(LayerContext& context);
LayerResult import_multiply(LayerContext& context);
LayerResult import_scaled_add(LayerContext& context);
LayerResult import_subtract(LayerContext& context);
// normalization.cpp
LayerResult import_group_normalization(LayerContext& context);
LayerResult import_layer_normalization(LayerContext& context);
LayerResult import_normalization(LayerContext& context);
LayerResult import_rms_normalization(LayerContext& context);
LayerResult import_unit_normalization(LayerContext& context);
// pooling/adaptive_pooling.cpp
LayerResult import_adaptive_average1d(LayerContext& context);
LayerResult import_adaptive_average2d(LayerContext& context);
LayerResult import_adaptive_average3d(LayerContext& context);
LayerResult import_adaptive_max1d(LayerContext& context);
LayerResult import_adaptive_max2d(LayerContext& context);
LayerResult import_adaptive_max3d(LayerContext& context);
// pooling/global_pooling.cpp
LayerResult import_global_average1d(LayerContext& context);
LayerResult import_global_average2d(LayerContext& context);
LayerResult import_global_average3d(LayerContext& context);
LayerResult import_global_max1d(LayerContext& context);
LayerResult import_global_max2d(LayerContext& context);
LayerResult import_global_max3d(LayerContext& context);
// pooling/pooling.cpp
LayerResult import_average_pooling1d(LayerContext& context);
LayerResult import_average_pooling2d(LayerContext& context);
LayerResult import_average_pooling3d(LayerContext& context);
LayerResult import_max_pooling1d(LayerContext& context);
LayerResult import_max_pooling2d(LayerContext& context);
LayerResult import_max_pooling3d(LayerContext& context);
// preprocessing/categories.cpp
LayerResult import_category_encoding(LayerContext& context);
LayerResult import_discretization(LayerContext& context);
// preprocessing/pipeline.cpp
LayerResult import_pipeline(LayerContext& context);
// preprocessing/resizing.cpp
LayerResult import_center_crop(LayerContext& context);
LayerResult import_random_crop(LayerContext& context);
LayerResult import_resizing(LayerContext& context);
// recurrent/bidirectional.cpp
LayerResult import_bidirectional(LayerContext& context);
// recurrent/masking.cpp
LayerResult import_masking(LayerContext& context);
// recurrent/recurrent_layers.cpp
LayerResult import_conv_lstm1d(LayerContext& context);
LayerResult import_conv_lstm2d(LayerContext& context);
LayerResult import_conv_lstm3d(LayerContext& context);
LayerResult import_gru(LayerContext& context);
LayerResult import_lstm(LayerContext& context);
LayerResult import_rnn(LayerContext& context);
LayerResult import_simple_rnn(LayerContext& context);
// recurrent/time_distributed.cpp
LayerResult import_time_distributed(LayerContext& context);
// rescaling.cpp
LayerResult import_rescaling(LayerContext& context);
LayerResult import_layer_scale(LayerContext& context);
// reshaping.cpp
LayerResult import_flatten(LayerContext& context);
LayerResult import_permute(LayerContext& context);
LayerResult import_repeat_vector(LayerContext& context);
LayerResult import_reshape(LayerContext& context);
// spectral_normalization.cpp
LayerResult import_spectral_normalization(LayerContext& context);
// transposed.cpp
LayerResult import_conv1d_transpose(LayerContext& context);
LayerResult import_conv2d_transpose(LayerContext& context);
LayerResult import_conv3d_transpose(LayerContext& context);
// up_sampling.cpp
LayerResult import_up_sampling1d(LayerContext& context);
LayerResult import_up_sampling2d(LayerContext& context);
LayerResult import_up_sampling3d(LayerContext& context);

}  // namespace signxai::keras
