// Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) for images and for series, and guided Grad-CAM.
// With A the output of a convolution layer and alpha_k the mean over space of df/dA_k: M = max(sum_k alpha_k A_k, 0).
// The 8-bit resize of the reference is kept step by step, since its truncation shows in the map.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/nearest.h"
#include "methods/method.h"
#include "reverse/gradient.h"
#include "rules/rule.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai::methods {
namespace {

int layer_of(const MethodSite& site, const Parameters& parameters, std::size_t rank) {
  const std::string name = rules::text(parameters, "last_conv_layer_name", "");
  std::vector<std::string> candidates;
  for (const auto& call : site.network.calls) {
    if (site.builder.shape(call.output).size() == rank) candidates.push_back(call.name);
  }
  const int index = site.network.find(name);
  const std::string stage = "method", subject = "last_conv_layer_name";
  if (index < 0) {
    const std::string hint = did_you_mean(name, candidates);
    throw Error(ErrorCode::kNotFound, stage, subject,
                fmt::format("the network has no layer '{}'; {}", name,
                            hint.empty() ? fmt::format("candidates are {}", fmt::join(candidates, ", ")) : hint));
  }
  const Shape& shape = site.builder.shape(site.network.calls[static_cast<std::size_t>(index)].output);
  if (shape.size() != rank) {
    throw Error(ErrorCode::kInvalidArgument, stage, subject,
                fmt::format("layer '{}' has an output of shape {}; this method needs rank {} with the batch axis", name,
                            signxai::to_string(shape), rank));
  }
  return index;
}

/// The class whose score is differentiated: the first maximum where the target is `max`.
reverse::Start class_of(const MethodSite& site) {
  if (site.start.selection.is_all()) {
    throw Error(ErrorCode::kInvalidArgument, "method", "grad_cam",
                "explains one output; targets 'all' and expressions are not defined");
  }
  reverse::Start start = site.start;
  if (!start.selection.is_max()) return start;
  graph::Builder& b = site.builder;
  start.selection =
      reverse::Selection::index(b.make("argmax", {b.reshape(site.output(), {0, -1})}, {{"axis", std::int64_t{1}}}));
  return start;
}

/// The gradient of the class score at the output of a layer.
Value gradient_at(const MethodSite& site, int layer) {
  graph::Builder& b = site.builder;
  const reverse::Start start = class_of(site);
  const auto arrivals = reverse::walk(b, site.network, reverse::GradientStep(), start);
  const Value gradient = arrivals[static_cast<std::size_t>(layer)].output;
  if (gradient) return gradient;
  throw Error(ErrorCode::kInvalidArgument, "method", "last_conv_layer_name",
              "is the model's last layer or does not lead to its output; name a layer before the head");
}

/// sum_k alpha_k A_k for an alpha that broadcasts against A.
Value weighted_sum(graph::Builder& b, Value alpha, Value activation) {
  const auto channels = static_cast<std::int64_t>(b.shape(activation).size()) - 1;
  return b.reduce("reduce_sum", b.mul(alpha, activation), {channels}, false);
}

Value activation_of(const MethodSite& site, int layer) {
  return site.network.calls[static_cast<std::size_t>(layer)].output;
}

/// sum_k alpha_k A_k of shape (batch, height, width).
Value weighted_image(const MethodSite& site, int layer) {
  const Value alpha = site.builder.reduce("reduce_mean", gradient_at(site, layer), {1, 2}, true);
  return weighted_sum(site.builder, alpha, activation_of(site, layer));
}

/// M scaled to a maximum of 1, stretched to 0..255 and truncated to 8 bits, in the reference's order of operations.
std::vector<std::uint8_t> to_levels(const Tensor& raw) {
  std::vector<float> map = raw.data;
  for (float& v : map) v = std::max(v, 0.0f);
  const float top = *std::max_element(map.begin(), map.end());
  if (!(top > 0)) return std::vector<std::uint8_t>(map.size(), 0);
  for (float& v : map) v /= top;
  const float low = *std::min_element(map.begin(), map.end());
  for (float& v : map) v -= low;
  const float range = *std::max_element(map.begin(), map.end());
  std::vector<std::uint8_t> levels;
  for (float v : map) {
    if (range != 0) v /= range;
    v *= 255.0f;
    levels.push_back(static_cast<std::uint8_t>(v));
  }
  return levels;
}

using Levels = std::vector<std::uint8_t>;

/// Four channels count as colours and their opacity: a colour is resized as its product with the opacity, which is
/// divided out again.
Levels resized_colour(Levels levels, const Levels& opacity, const Tensor& raw, std::int64_t height,
                      std::int64_t width) {
  for (std::uint8_t& v : levels) {
    const unsigned t = static_cast<unsigned>(v) * v + 128;
    v = static_cast<std::uint8_t>(((t >> 8) + t) >> 8);
  }
  Levels colour = resize_bicubic_u8(levels, raw.shape[0], raw.shape[1], height, width);
  for (std::size_t i = 0; i < colour.size(); ++i) {
    if (opacity[i] == 0 || opacity[i] == 255) continue;
    colour[i] = static_cast<std::uint8_t>(std::min(255, 255 * colour[i] / opacity[i]));
  }
  return colour;
}

/// One resized plane, repeated over `channels`.
Tensor resized(const Tensor& raw, std::int64_t height, std::int64_t width, std::int64_t channels) {
  const Levels levels = to_levels(raw);
  const Levels plane = resize_bicubic_u8(levels, raw.shape[0], raw.shape[1], height, width);
  const Levels colour = channels == 4 ? resized_colour(levels, plane, raw, height, width) : plane;
  Tensor map({height, width, channels});
  for (std::size_t i = 0; i < map.data.size(); ++i) {
    const std::size_t cell = i / static_cast<std::size_t>(channels);
    const bool last = i % static_cast<std::size_t>(channels) + 1 == static_cast<std::size_t>(channels);
    map.data[i] = static_cast<float>(last ? plane[cell] : colour[cell]);
  }
  return map;
}

void require_rank(const MethodSite& site, std::size_t rank, const char* who) {
  const Shape& shape = site.builder.shape(site.input());
  if (shape.size() == rank) return;
  throw Error(ErrorCode::kInvalidArgument, "method", who,
              fmt::format("needs an input of rank {} with the batch axis; the network takes {}", rank,
                          signxai::to_string(shape)));
}

std::vector<Value> build_image(const MethodSite& site, const Parameters& parameters) {
  require_rank(site, 4, "grad_cam");
  return {weighted_image(site, layer_of(site, parameters, 4))};
}

/// What the method comes to in the reference on an image network with square activations: alpha is the mean over the
/// rows and M_ij = sum_k alpha_ik A_ijk, the index of a column of alpha meeting that of a row of A.
Value weighted_series_of_image(const MethodSite& site, int layer) {
  graph::Builder& b = site.builder;
  const Value activation = activation_of(site, layer);
  const Shape shape = b.shape(activation);
  if (shape[1] != shape[2]) {
    throw Error(ErrorCode::kInvalidArgument, "method", "grad_cam_timeseries",
                "is for series; on an image network it needs square activations, got " + signxai::to_string(shape) +
                    "; try grad_cam");
  }
  const Value alpha = b.reduce("reduce_mean", gradient_at(site, layer), {1}, true);
  return weighted_sum(b, b.reshape(alpha, {shape[0], shape[2], 1, shape[3]}), activation);
}

std::vector<Value> build_series(const MethodSite& site, const Parameters& parameters) {
  if (site.builder.shape(site.input()).size() == 4) {
    return {weighted_series_of_image(site, layer_of(site, parameters, 4))};
  }
  require_rank(site, 3, "grad_cam_timeseries");
  const int layer = layer_of(site, parameters, 3);
  const Value alpha = site.builder.reduce("reduce_mean", gradient_at(site, layer), {1}, true);
  return {weighted_sum(site.builder, alpha, activation_of(site, layer))};
}

std::vector<Value> build_guided(const MethodSite& site, const Parameters& parameters) {
  require_rank(site, 4, "guided_grad_cam");
  const int layer = layer_of(site, parameters, 4);
  graph::Builder& b = site.builder;
  const Shape shape = b.shape(site.network.calls[static_cast<std::size_t>(layer)].output);
  const bool of_class = site.start.semantics.fixes(reverse::Quirk::kGuidedGradCam);
  const auto start = of_class ? class_of(site) : reverse::Start::at(layer, b.broadcast(b.constant(1.0), shape));
  const reverse::GuidedStep step(of_class ? reverse::GuidedStep::Rectifiers::kNamed
                                          : reverse::GuidedStep::Rectifiers::kExact);
  const Value guided = reverse::walk(b, site.network, step, start)[static_cast<std::size_t>(site.place)].output;
  return {weighted_image(site, layer), guided};
}

/// M scaled to a maximum of 1; zeros where nothing is positive.
Tensor scaled(Tensor map) {
  const float top = std::max(0.0f, *std::max_element(map.data.begin(), map.data.end()));
  for (float& v : map.data) v = top > 0 ? std::max(v, 0.0f) / top : 0.0f;
  return map;
}

/// The scaled map resized bilinearly without a step through 8 bits, repeated over the channels: values 0 to 1.
Tensor resized_smoothly(const Tensor& raw, const Shape& sample) {
  Tensor coarse = scaled(raw);
  coarse.shape.push_back(1);
  const Tensor plane = resize_bilinear(coarse, sample[0], sample[1]);
  Tensor map(sample);
  for (std::size_t i = 0; i < map.data.size(); ++i) map.data[i] = plane.data[i / static_cast<std::size_t>(sample[2])];
  return map;
}

/// The reference hands width and height to the resize in swapped order, so a (H, W) input gives a (W, H, C) map.
Finish finish_image(const Parameters& parameters, const reverse::Semantics& semantics) {
  const bool resize = rules::flag(parameters, "resize", true);
  const bool smooth = resize && semantics.fixes(reverse::Quirk::kGradCamLevels);
  return [=](std::span<const Tensor> raw, const Shape& sample) {
    if (smooth) return resized_smoothly(raw[0], sample);
    return resize ? resized(raw[0], sample[1], sample[0], sample[2]) : scaled(raw[0]);
  };
}

Finish finish_guided(const Parameters&, const reverse::Semantics& semantics) {
  const bool smooth = semantics.fixes(reverse::Quirk::kGradCamLevels);
  return [=](std::span<const Tensor> raw, const Shape& sample) {
    Tensor map = smooth ? resized_smoothly(raw[0], sample) : resized(raw[0], sample[0], sample[1], sample[2]);
    for (std::size_t i = 0; i < map.data.size(); ++i) map.data[i] *= raw[1].data[i];
    return map;
  };
}

/// A row of `points` values interpolated to `length`.
std::vector<float> stretched(const float* row, std::int64_t points, std::int64_t length) {
  const double step = length > 1 ? static_cast<double>(points - 1) / static_cast<double>(length - 1) : 0.0;
  std::vector<float> values;
  for (std::int64_t t = 0; t < length; ++t) {
    const double position = step * static_cast<double>(t);
    const std::int64_t left = std::min(static_cast<std::int64_t>(position), points - 1);
    const std::int64_t right = std::min(left + 1, points - 1);
    values.push_back(static_cast<float>(row[left] + (position - static_cast<double>(left)) * (row[right] - row[left])));
  }
  return values;
}

/// (T, C): the series over time, the same for all channels.
Tensor over_channels(const Tensor& coarse, const Shape& sample) {
  const auto series = stretched(coarse.data.data(), coarse.shape[0], sample[0]);
  Tensor map({sample[0], sample[1]});
  for (std::size_t i = 0; i < map.data.size(); ++i) map.data[i] = series[i / static_cast<std::size_t>(sample[1])];
  return map;
}

/// (h, W, H): each row of the map repeated W times, as the reference shapes the maps of image networks.
Tensor over_columns(const Tensor& coarse, const Shape& sample) {
  Tensor map({coarse.shape[0], sample[1], sample[0]}, {});
  for (std::int64_t row = 0; row < coarse.shape[0]; ++row) {
    const auto series = stretched(coarse.data.data() + row * coarse.shape[1], coarse.shape[1], sample[0]);
    for (std::int64_t copy = 0; copy < sample[1]; ++copy) map.data.insert(map.data.end(), series.begin(), series.end());
  }
  return map;
}

/// Divides by the maximum of the map before it is rectified: a map that is zero throughout becomes NaN (SEMANTICS Q16).
Finish finish_series(const Parameters& parameters, const reverse::Semantics& semantics) {
  const bool resize = rules::flag(parameters, "resize", true);
  return [resize, semantics](std::span<const Tensor> raw, const Shape& sample) {
    Tensor coarse = raw[0];
    const float top = *std::max_element(coarse.data.begin(), coarse.data.end());
    if (!(top > 0) && semantics.fixes(reverse::Quirk::kGradCamNaN)) {
      coarse = scaled(std::move(coarse));
    } else {
      for (float& v : coarse.data) v = std::max(v, 0.0f) / top;
    }
    if (!resize) return coarse;
    return coarse.shape.size() == 1 ? over_channels(coarse, sample) : over_columns(coarse, sample);
  };
}

const ParameterInfo kLayer = {"last_conv_layer_name", "", "the layer whose output is weighted, after its activation"};
const ParameterInfo kResize = {"resize", "1", "0: the map at the layer's own size, values 0 to 1"};

}  // namespace

std::vector<MethodDef> grad_cam_methods() {
  return {
      {"grad_cam",
       {kLayer, kResize},
       "Grad-CAM, max(sum_k alpha_k A_k, 0) with alpha_k the mean of df/dA_k (Selvaraju et al. 2017), resized to the "
       "input "
       "in 8 bits: values 0 to 255, shape (W, H, C).",
       build_image,
       nullptr,
       finish_image},
      {"grad_cam_timeseries",
       {kLayer, kResize},
       "Grad-CAM over time, max(sum_k alpha_k A_k, 0) with alpha_k the mean of df/dA_k (Selvaraju et al. 2017), "
       "interpolated "
       "to the input's length: values 0 to 1, repeated over the channels.",
       build_series,
       nullptr,
       finish_series},
      {"guided_grad_cam",
       {kLayer},
       "Grad-CAM times guided back-propagation of the sum of the layer's outputs (Selvaraju et al. 2017).",
       build_guided,
       nullptr,
       finish_guided},
  };
}

}  // namespace signxai::methods
