// The table of layer classes.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using enum graph::LayerKind;

constexpr std::string_view kListAttention[] = {"inputs", "mask", "training", "return_attention_scores",
                                               "use_causal_mask"};
// Keras 2 has no masks of its own among these, and writes all but the first by name.
constexpr std::string_view kHeadAttention[] = {"query",
                                               "value",
                                               "key",
                                               "query_mask",
                                               "value_mask",
                                               "key_mask",
                                               "attention_mask",
                                               "return_attention_scores",
                                               "training",
                                               "use_causal_mask"};
constexpr std::string_view kProjections[] = {"query_dense", "key_dense", "gate_dense", "value_dense", "output_dense"};

constexpr LayerImporter kLayers[] = {
    {"Activation", kOther, import_activation},
    {"ActivityRegularization", kOther, import_identity},
    {"Add", kAdd, import_add},
    {"AdditiveAttention", kOther, import_additive_attention, kListAttention},
    {"AlphaDropout", kOther, import_identity},
    {"Attention", kOther, import_attention, kListAttention},
    {"Average", kOther, import_average},
    {"AveragePooling1D", kAveragePool, import_average_pooling1d},
    {"AveragePooling2D", kAveragePool, import_average_pooling2d},
    {"AveragePooling3D", kAveragePool, import_average_pooling3d},
    {"BatchNormalization", kBatchNorm, import_batch_normalization},
    {"BatchNormalizationV1", kBatchNorm, import_batch_normalization},
    {"Concatenate", kOther, import_concatenate},
    {"Conv1D", kKernel, import_conv1d},
    {"Conv1DTranspose", kKernel, import_conv1d_transpose},
    {"Conv2D", kKernel, import_conv2d},
    {"Conv2DTranspose", kKernel, import_conv2d_transpose},
    {"Conv3D", kKernel, import_conv3d},
    {"Conv3DTranspose", kKernel, import_conv3d_transpose},
    {"Cropping1D", kOther, import_cropping1d},
    {"Cropping2D", kOther, import_cropping2d},
    {"Cropping3D", kOther, import_cropping3d},
    {"Dense", kKernel, import_dense},
    {"DepthwiseConv1D", kKernel, import_depthwise_conv1d},
    {"DepthwiseConv2D", kKernel, import_depthwise_conv2d},
    {"Dot", kOther, import_dot},
    {"Dropout", kOther, import_identity},
    {"ELU", kOther, import_elu},
    {"EinsumDense", kKernel, import_einsum_dense},
    {"Embedding", kEmbedding, import_embedding},
    {"Flatten", kOther, import_flatten},
    {"GaussianDropout", kOther, import_identity},
    {"GaussianNoise", kOther, import_identity},
    {"GlobalAveragePooling1D", kAveragePool, import_global_average1d},
    {"GlobalAveragePooling2D", kAveragePool, import_global_average2d},
    {"GlobalAveragePooling3D", kAveragePool, import_global_average3d},
    {"GlobalMaxPooling1D", kOther, import_global_max1d},
    {"GlobalMaxPooling2D", kOther, import_global_max2d},
    {"GlobalMaxPooling3D", kOther, import_global_max3d},
    {"GroupQueryAttention", kOther, import_group_query_attention, kHeadAttention, kProjections},
    {"GroupedQueryAttention", kOther, import_group_query_attention, kHeadAttention, kProjections},
    {"GroupNormalization", kOther, import_group_normalization},
    {"Identity", kOther, import_identity},
    {"InputLayer", kInput, import_input_layer},
    {"LayerNormalization", kOther, import_layer_normalization},
    {"LeakyReLU", kOther, import_leaky_relu},
    {"LocallyConnected1D", kKernel, import_locally_connected1d},
    {"LocallyConnected2D", kKernel, import_locally_connected2d},
    {"MaxPooling1D", kOther, import_max_pooling1d},
    {"MaxPooling2D", kOther, import_max_pooling2d},
    {"MaxPooling3D", kOther, import_max_pooling3d},
    {"Maximum", kOther, import_maximum},
    {"Minimum", kOther, import_minimum},
    {"MultiHeadAttention", kOther, import_multi_head_attention, kHeadAttention, kProjections},
    {"Multiply", kOther, import_multiply},
    {"Normalization", kOther, import_normalization},
    {"PReLU", kOther, import_prelu},
    {"Permute", kOther, import_permute},
    {"ReLU", kOther, import_relu},
    {"RepeatVector", kOther, import_repeat_vector},
    {"Rescaling", kOther, import_rescaling},
    {"Reshape", kOther, import_reshape},
    {"SeparableConv1D", kKernel, import_separable_conv1d},
    {"SeparableConv2D", kKernel, import_separable_conv2d},
    {"Softmax", kOther, import_softmax},
    {"SpatialDropout1D", kOther, import_identity},
    {"SpatialDropout2D", kOther, import_identity},
    {"SpatialDropout3D", kOther, import_identity},
    {"Subtract", kOther, import_subtract},
    {"ThresholdedReLU", kOther, import_thresholded_relu},
    {"UnitNormalization", kOther, import_unit_normalization},
    {"UpSampling1D", kOther, import_up_sampling1d},
    {"UpSampling2D", kOther, import_up_sampling2d},
    {"UpSampling3D", kOther, import_up_sampling3d},
    {"ZeroPadding1D", kOther, import_zero_padding1d},
    {"ZeroPadding2D", kOther, import_zero_padding2d},
    {"ZeroPadding3D", kOther, import_zero_padding3d},
};

}  // namespace

std::span<const LayerImporter> layer_table() { return kLayers; }

const LayerImporter* find_layer(std::string_view class_name) {
  const auto it = std::find_if(std::begin(kLayers), std::end(kLayers),
                               [&](const LayerImporter& layer) { return layer.class_name == class_name; });
  return it == std::end(kLayers) ? nullptr : &*it;
}

}  // namespace signxai::keras
