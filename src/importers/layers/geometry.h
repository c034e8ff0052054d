// What the convolution layers share: windows over n spatial axes as a configuration describes them, and the frame that
// brings a channels_first input to channels-last and the result back.
#pragma once

#include <string>

#include "importers/layers/layer.h"

namespace signxai::keras {

struct Geometry {
  graph::Ints kernel, strides, dilations;
  std::string padding;
  std::int64_t groups = 1;
  graph::Ints pads{};  ///< before and behind each axis, where padding is "explicit"
};

/// Of a layer over n spatial axes; "causal" exists for series only.
Geometry read_geometry(const Config& config, std::size_t n);
/// "explicit_pads", which other formats than Keras's own have in place of a kind of padding: [[before, behind], ...].
void read_explicit_pads(const Config& config, std::size_t n, std::string& padding, graph::Ints& pads);
/// The attributes of `conv` for it.
graph::Attrs conv_attributes(const Geometry& geometry);
/// kernel extents, then `channels`.
Shape kernel_shape(const Geometry& geometry, const Shape& channels);

/// The layer's input over n spatial axes, channels last.
graph::Value spatial_input(LayerContext& context, std::size_t n);
/// Adds the bias where the layer has one, restores the layout and applies the fused activation.
LayerResult finish_convolution(LayerContext& context, graph::Value z, std::int64_t filters);

}  // namespace signxai::keras
