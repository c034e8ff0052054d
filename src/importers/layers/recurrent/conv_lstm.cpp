// The cell of ConvLSTM1D, 2D and 3D (Shi et al. 2015): an LSTM whose products are convolutions. The state's keeps its
// extents, the input's has the layer's strides and padding.
#include <algorithm>

#include "importers/layers/geometry.h"
#include "importers/layers/recurrent/cell.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;

Value convolve(Builder& b, Value x, const graph::Literal& kernel, const Geometry& geometry) {
  return b.make("conv", {x, b.constant(kernel)}, conv_attributes(geometry));
}

Geometry over_states(const Geometry& input) {
  Geometry geometry = input;
  std::fill(geometry.strides.begin(), geometry.strides.end(), 1);
  std::fill(geometry.dilations.begin(), geometry.dilations.end(), 1);
  geometry.padding = "same";
  return geometry;
}

/// Steps become samples, so that one convolution serves them all.
Value of_all(Builder& b, Value x, const std::function<Value(Builder&, Value)>& project) {
  const Shape shape = b.shape(x);
  Shape samples(shape.begin() + 1, shape.end());
  samples[0] = -1;
  const Value projected = project(b, b.reshape(x, samples));
  Shape steps = b.shape(projected);
  steps[0] = shape[1];
  steps.insert(steps.begin(), -1);
  return b.reshape(projected, steps);
}

}  // namespace

Cell make_conv_cell(LayerContext& context, std::size_t n, Value input) {
  const Config& config = context.config();
  const std::int64_t filters = config.positive("filters"), channels = context.known_extent(input, n + 2);
  const Geometry geometry = read_geometry(config, n);
  if (geometry.padding == "causal" || geometry.groups != 1) context.corrupt("has causal padding or groups");
  const Function activation = activation_function(context, "activation");
  const Function recurrent = activation_function(context, "recurrent_activation");
  const graph::Literal kernel = context.noted("kernel", kernel_shape(geometry, {channels, 4 * filters}));
  const graph::Literal inner = context.noted("recurrent_kernel", kernel_shape(geometry, {filters, 4 * filters}));
  std::optional<graph::Literal> bias;
  if (config.flag("use_bias", true)) bias = context.noted("bias", {4 * filters});
  Cell cell;
  cell.project = [=](Builder& b, Value x) {
    const Value z = convolve(b, x, kernel, geometry);
    return bias ? b.add(z, b.constant(*bias)) : z;
  };
  const Shape& shape = context.shape(input);
  if (std::count(shape.begin() + 1, shape.end(), graph::kOpen) == 0) {
    cell.project_all = [project = cell.project](Builder& b, Value x) { return of_all(b, x, project); };
  }
  cell.step = [=, state = over_states(geometry)](Builder& b, Value projected, const Values& states) {
    const Value gates = b.add(projected, convolve(b, states[0], inner, state));
    return lstm_states(b, gates, states[1], filters, activation, recurrent);
  };
  cell.widths = {filters, filters};
  cell.spatial = true;
  return cell;
}

}  // namespace signxai::keras
