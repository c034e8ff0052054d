// Windows of convolutions and pools as a node describes them, in the words of a layer's configuration.
#pragma once

#include "importers/onnx/node.h"

namespace signxai::onnx {

struct Windows {
  std::size_t axes = 0;
  graph::Ints kernel, strides, dilations;
  graph::Ints pads;  ///< before and behind each axis; empty where `padding` says it
  std::string padding = "valid";
};

/// `x` has the batch, its channels and the axes of the windows.
Windows read_windows(Node& node, const Tensor& x, const graph::Ints& kernel);
/// Whether any pad is not 0.
bool has_pads(const Windows& windows);
/// [[before, behind], ...] of the pads.
Json pairs_of(const graph::Ints& pads);
/// "padding" or "explicit_pads", "strides" and "data_format" of a layer for them.
void describe(Json& config, const Windows& windows, const Tensor& x);
/// "Conv2D" of "Conv" and "".
std::string class_of(const char* front, std::size_t axes, const char* back = "");
/// Spatial extents of a tensor in ONNX's order.
graph::Ints spatial_of(const Tensor& x);
/// Where a call with windows takes its input: channels where the tensor has them.
TensorRef windowed(Node& node, const Tensor& x);
/// Gives the result of a call with windows or of pooling, in the layout of its input.
void give_windowed(Node& node, const Tensor& x, const TensorRef& ref);

}  // namespace signxai::onnx
