// The table of layer classes.
#include <algorithm>

#include "importers/layers/importers.h"

namespace signxai::keras {
namespace {

using enum graph::LayerKind;

constexpr LayerImporter kLayers[] = {
    {"Activation", kOther, import_activation},
    {"ActivityRegularization", kOther, import_identity},
    {"Add", kAdd, import_add},
    {"AlphaDropout", kOther, import_identity},
    {"Average", kOther, import_average},
    {"AveragePooling1D", kAveragePool, import_average_pooling1d},
    {"AveragePooling2D", kAveragePool, import_average_pooling2d},
    {"BatchNormalization", kBatchNorm, import_batch_normalization},
    {"BatchNormalizationV1", kBatchNorm, import_batch_normalization},
    {"Concatenate", kOther, import_concatenate},
    {"Conv1D", kKernel, import_conv1d},
    {"Conv2D", kKernel, import_conv2d},
    {"Cropping1D", kOther, import_cropping1d},
    {"Cropping2D", kOther, import_cropping2d},
    {"Dense", kKernel, import_dense},
    {"Dropout", kOther, import_identity},
    {"ELU", kOther, import_elu},
    {"Flatten", kOther, import_flatten},
    {"GaussianDropout", kOther, import_identity},
    {"GaussianNoise", kOther, import_identity},
    {"GlobalAveragePooling1D", kAveragePool, import_global_average1d},
    {"GlobalAveragePooling2D", kAveragePool, import_global_average2d},
    {"GlobalMaxPooling1D", kOther, import_global_max1d},
    {"GlobalMaxPooling2D", kOther, import_global_max2d},
    {"InputLayer", kInput, import_input_layer},
    {"LeakyReLU", kOther, import_leaky_relu},
    {"MaxPooling1D", kOther, import_max_pooling1d},
    {"MaxPooling2D", kOther, import_max_pooling2d},
    {"Maximum", kOther, import_maximum},
    {"Minimum", kOther, import_minimum},
    {"Multiply", kOther, import_multiply},
    {"PReLU", kOther, import_prelu},
    {"Permute", kOther, import_permute},
    {"ReLU", kOther, import_relu},
    {"RepeatVector", kOther, import_repeat_vector},
    {"Rescaling", kOther, import_rescaling},
    {"Reshape", kOther, import_reshape},
    {"Softmax", kOther, import_softmax},
    {"SpatialDropout1D", kOther, import_identity},
    {"SpatialDropout2D", kOther, import_identity},
    {"Subtract", kOther, import_subtract},
    {"ThresholdedReLU", kOther, import_thresholded_relu},
    {"UpSampling1D", kOther, import_up_sampling1d},
    {"UpSampling2D", kOther, import_up_sampling2d},
    {"ZeroPadding1D", kOther, import_zero_padding1d},
    {"ZeroPadding2D", kOther, import_zero_padding2d},
};

}  // namespace

std::span<const LayerImporter> layer_table() { return kLayers; }

const LayerImporter* find_layer(std::string_view class_name) {
  const auto it = std::find_if(std::begin(kLayers), std::end(kLayers),
                               [&](const LayerImporter& layer) { return layer.class_name == class_name; });
  return it == std::end(kLayers) ? nullptr : &*it;
}

}  // namespace signxai::keras
