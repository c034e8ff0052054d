// The table of layer classes.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using enum graph::LayerKind;
using enum Masks;

constexpr std::string_view kImages[] = {"data", "training"};
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
constexpr std::string_view kCell[] = {"cell"};
constexpr std::string_view kCounted[] = {"inputs", "count_weights"};
constexpr std::string_view kDirections[] = {"forward_layer", "backward_layer"};
constexpr std::string_view kReversible[] = {"inputs", "reverse"};
constexpr std::string_view kWrapped[] = {"layer"};
constexpr std::string_view kProjections[] = {"query_dense", "key_dense", "gate_dense", "value_dense", "output_dense"};

constexpr LayerImporter kLayers[] = {
    {"Activation", kOther, import_activation, kKept},
    {"ActivityRegularization", kOther, import_identity, kKept},
    {"AdaptiveAveragePooling1D", kAveragePool, import_adaptive_average1d},
    {"AdaptiveAveragePooling2D", kAveragePool, import_adaptive_average2d},
    {"AdaptiveAveragePooling3D", kAveragePool, import_adaptive_average3d},
    {"AdaptiveMaxPooling1D", kOther, import_adaptive_max1d},
    {"AdaptiveMaxPooling2D", kOther, import_adaptive_max2d},
    {"AdaptiveMaxPooling3D", kOther, import_adaptive_max3d},
    {"Add", kAdd, import_add},
    {"AdditiveAttention", kOther, import_additive_attention, kKept, {}, kListAttention},
    {"AlphaDropout", kOther, import_identity, kKept},
    {"Attention", kOther, import_attention, kKept, {}, kListAttention},
    {"AugMix", kOther, import_identity, kDropped, {}, kImages},
    {"Average", kOther, import_average},
    {"AveragePooling1D", kAveragePool, import_average_pooling1d},
    {"AveragePooling2D", kAveragePool, import_average_pooling2d},
    {"AveragePooling3D", kAveragePool, import_average_pooling3d},
    {"BatchNormalization", kBatchNorm, import_batch_normalization, kKept},
    {"BatchNormalizationV1", kBatchNorm, import_batch_normalization, kKept},
    {"Bidirectional", kOther, import_bidirectional, kDropped, kDirections},
    {"CategoryEncoding", kSteps, import_category_encoding, kDropped, {}, kCounted},
    {"CenterCrop", kOther, import_center_crop, kDropped, {}, kImages},
    {"Concatenate", kOther, import_concatenate},
    {"Conv1D", kKernel, import_conv1d},
    {"Conv1DTranspose", kKernel, import_conv1d_transpose},
    {"Conv2D", kKernel, import_conv2d},
    {"Conv2DTranspose", kKernel, import_conv2d_transpose},
    {"Conv3D", kKernel, import_conv3d},
    {"Conv3DTranspose", kKernel, import_conv3d_transpose},
    {"ConvLSTM1D", kOther, import_conv_lstm1d, kDropped, kCell},
    {"ConvLSTM2D", kOther, import_conv_lstm2d, kDropped, kCell},
    {"ConvLSTM3D", kOther, import_conv_lstm3d, kDropped, kCell},
    {"Cropping1D", kOther, import_cropping1d},
    {"Cropping2D", kOther, import_cropping2d},
    {"Cropping3D", kOther, import_cropping3d},
    {"Custom>CustomScaleLayer", kOther, import_scaled_add},  // as tf.keras 2 registers it
    {"CustomScaleLayer", kOther, import_scaled_add},
    {"CutMix", kOther, import_identity, kDropped, {}, kImages},
    {"Dense", kKernel, import_dense, kKept},
    {"DepthwiseConv1D", kKernel, import_depthwise_conv1d},
    {"DepthwiseConv2D", kKernel, import_depthwise_conv2d},
    {"Discretization", kSteps, import_discretization},
    {"Dot", kOther, import_dot},
    {"Dropout", kOther, import_identity, kKept},
    {"ELU", kOther, import_elu, kKept},
    {"EinsumDense", kKernel, import_einsum_dense},
    {"Embedding", kEmbedding, import_embedding},
    {"Flatten", kOther, import_flatten},
    {"GRU", kOther, import_gru, kDropped, kCell},
    {"GaussianDropout", kOther, import_identity, kKept},
    {"GaussianNoise", kOther, import_identity, kKept},
    {"GlobalAveragePooling1D", kAveragePool, import_global_average1d},
    {"GlobalAveragePooling2D", kAveragePool, import_global_average2d},
    {"GlobalAveragePooling3D", kAveragePool, import_global_average3d},
    {"GlobalMaxPooling1D", kOther, import_global_max1d},
    {"GlobalMaxPooling2D", kOther, import_global_max2d},
    {"GlobalMaxPooling3D", kOther, import_global_max3d},
    {"GroupNormalization", kOther, import_group_normalization, kKept},
    {"GroupQueryAttention", kOther, import_group_query_attention, kDropped, kProjections, kHeadAttention},
    {"GroupedQueryAttention", kOther, import_group_query_attention, kDropped, kProjections, kHeadAttention},
    {"Identity", kOther, import_identity, kKeptByKeras3},
    {"InputLayer", kInput, import_input_layer},
    {"LSTM", kOther, import_lstm, kDropped, kCell},
    {"LayerNormalization", kOther, import_layer_normalization, kKept},
    {"LayerScale", kOther, import_layer_scale},
    {"LeakyReLU", kOther, import_leaky_relu, kKept},
    {"LocallyConnected1D", kKernel, import_locally_connected1d},
    {"LocallyConnected2D", kKernel, import_locally_connected2d},
    {"Masking", kOther, import_masking},
    {"MaxNumBoundingBoxes", kOther, import_identity, kDropped, {}, kImages},
    {"MaxPooling1D", kOther, import_max_pooling1d},
    {"MaxPooling2D", kOther, import_max_pooling2d},
    {"MaxPooling3D", kOther, import_max_pooling3d},
    {"Maximum", kOther, import_maximum},
    {"Minimum", kOther, import_minimum},
    {"MixUp", kOther, import_identity, kDropped, {}, kImages},
    {"MultiHeadAttention", kOther, import_multi_head_attention, kDropped, kProjections, kHeadAttention},
    {"Multiply", kOther, import_multiply},
    {"Normalization", kOther, import_normalization, kKeptByKeras3},
    {"PReLU", kOther, import_prelu, kKept},
    {"Permute", kOther, import_permute},
    {"Pipeline", kOther, import_pipeline, kDropped, {}, kImages},
    {"RMSNormalization", kOther, import_rms_normalization},
    {"RNN", kOther, import_rnn, kDropped, kCell},
    {"RandAugment", kOther, import_identity, kDropped, {}, kImages},
    {"RandomBrightness", kOther, import_identity, kDropped, {}, kImages},
    {"RandomColorDegeneration", kOther, import_identity, kDropped, {}, kImages},
    {"RandomColorJitter", kOther, import_identity, kDropped, {}, kImages},
    {"RandomContrast", kOther, import_identity, kDropped, {}, kImages},
    {"RandomCrop", kOther, import_random_crop, kDropped, {}, kImages},
    {"RandomElasticTransform", kOther, import_identity, kDropped, {}, kImages},
    {"RandomErasing", kOther, import_identity, kDropped, {}, kImages},
    {"RandomFlip", kOther, import_identity, kDropped, {}, kImages},
    {"RandomGaussianBlur", kOther, import_identity, kDropped, {}, kImages},
    {"RandomGrayscale", kOther, import_identity, kDropped, {}, kImages},
    {"RandomHeight", kOther, import_identity, kDropped, {}, kImages},
    {"RandomHue", kOther, import_identity, kDropped, {}, kImages},
    {"RandomInvert", kOther, import_identity, kDropped, {}, kImages},
    {"RandomPerspective", kOther, import_identity, kDropped, {}, kImages},
    {"RandomPosterization", kOther, import_identity, kDropped, {}, kImages},
    {"RandomRotation", kOther, import_identity, kDropped, {}, kImages},
    {"RandomSaturation", kOther, import_identity, kDropped, {}, kImages},
    {"RandomSharpness", kOther, import_identity, kDropped, {}, kImages},
    {"RandomShear", kOther, import_identity, kDropped, {}, kImages},
    {"RandomTranslation", kOther, import_identity, kDropped, {}, kImages},
    {"RandomWidth", kOther, import_identity, kDropped, {}, kImages},
    {"RandomZoom", kOther, import_identity, kDropped, {}, kImages},
    {"ReLU", kOther, import_relu, kKept},
    {"RepeatVector", kOther, import_repeat_vector},
    {"Rescaling", kOther, import_rescaling, kKeptByKeras3},
    {"Reshape", kOther, import_reshape},
    {"Resizing", kOther, import_resizing, kDropped, {}, kImages},
    {"ReversibleEmbedding", kEmbedding, import_reversible_embedding, kDropped, {}, kReversible},
    {"SeparableConv1D", kKernel, import_separable_conv1d},
    {"SeparableConv2D", kKernel, import_separable_conv2d},
    {"SimpleRNN", kOther, import_simple_rnn, kDropped, kCell},
    {"Softmax", kOther, import_softmax},
    {"SpatialDropout1D", kOther, import_identity, kKept},
    {"SpatialDropout2D", kOther, import_identity, kKept},
    {"SpatialDropout3D", kOther, import_identity, kKept},
    {"SpectralNormalization", kKernel, import_spectral_normalization, kDropped, kWrapped},
    {"StochasticDepth", kOther, import_identity},
    {"Subtract", kOther, import_subtract},
    {"SyncBatchNormalization", kBatchNorm, import_batch_normalization, kKept},
    {"ThresholdedReLU", kOther, import_thresholded_relu, kKept},
    {"TimeDistributed", kOther, import_time_distributed, kDropped, kWrapped},
    {"UnitNormalization", kOther, import_unit_normalization, kKept},
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

bool is_of_applications(std::string_view class_name) {
  return class_name == "CustomScaleLayer" || class_name == "Custom>CustomScaleLayer" || class_name == "LayerScale" ||
         class_name == "StochasticDepth";
}

}  // namespace signxai::keras
