// The layer as a map with transformed weights: the nodes between a call's input and its kernel output are replayed on
// other inputs and weights, so every kind of kernel layer works without being named here. A batch normalisation behind
// the layer can be merged into it: its scale into the kernel, the rest into the bias.
#include <algorithm>
#include <array>
#include <optional>

#include "graph/rewrite.h"
#include "rules/rule.h"

namespace signxai::rules {
namespace {

Value transform(graph::Builder& b, Value weight, Part part) {
  switch (part) {
    case Part::kAll: return weight;
    case Part::kPositive: return b.relu(weight);
    case Part::kNegative: return b.negative_part(weight);
    case Part::kSquared: return b.mul(weight, weight);
    case Part::kOnes: return b.broadcast(b.constant(1.0), Shape(b.shape(weight)));
    case Part::kNone: return b.broadcast(b.constant(0.0), Shape(b.shape(weight)));
  }
  return weight;
}

/// A batch normalisation as scale * z + shift, one number per channel.
struct Normalisation {
  Value scale, shift;
};

Normalisation affine_form(graph::Builder& b, const graph::LayerCall& norm) {
  const Value variance = norm.weight("moving_variance"), mean = norm.weight("moving_mean"), beta = norm.weight("beta");
  const Shape channels = b.shape(variance);
  const Value zeros = b.broadcast(b.constant(0.0), channels), ones = b.broadcast(b.constant(1.0), channels);
  std::vector<std::pair<Value, Value>> bare = {{norm.inputs.front(), ones}, {mean, zeros}};
  if (beta) bare.emplace_back(beta, zeros);
  return {graph::replay(b, norm.output, bare), graph::replay(b, norm.output, {{norm.inputs.front(), zeros}})};
}

/// The shape in which one number per output channel broadcasts against the kernel of a layer; none for layers whose
/// kernel is not arranged by output channels. `last` is the last extent of the kernel.
std::optional<Shape> channel_shape(const graph::LayerCall& call, std::int64_t last) {
  static constexpr std::array<std::string_view, 7> kPlain = {
      "Dense", "Conv1D", "Conv2D", "Conv3D", "Convolution2D", "SeparableConv1D", "SeparableConv2D"};
  const std::string& name = call.class_name;
  if (std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end()) return Shape{-1};
  if (name.rfind("DepthwiseConv", 0) == 0) return Shape{-1, last};
  if (name.rfind("Conv", 0) == 0 && name.find("Transpose") != std::string::npos) return Shape{-1, 1};
  return std::nullopt;
}

}  // namespace

int mergeable_batch_norm(const graph::Network& network, int index) {
  const graph::LayerCall& call = network.calls[static_cast<std::size_t>(index)];
  const std::vector<int> next = network.successors(index);
  if (call.kind != graph::LayerKind::kKernel || call.kernel_output != call.output || next.size() != 1) return -1;
  const graph::LayerCall& norm = network.calls[static_cast<std::size_t>(next.front())];
  const Value variance = norm.weight("moving_variance");
  const bool per_channel = variance && network.graph.type(variance).shape.size() == 1;
  const bool has_one_kernel = channel_shape(call, 1).has_value();
  return norm.kind == graph::LayerKind::kBatchNorm && per_channel && has_one_kernel ? next.front() : -1;
}

LayerMap::LayerMap(const reverse::Site& site, Part kernel, Part bias, int merged)
    : site_(site), has_bias_(bias != Part::kNone && (merged >= 0 || site.call().weight("bias"))) {
  if (merged >= 0) {
    merge(merged, kernel, bias);
    return;
  }
  for (const graph::Weight& w : site.call().weights) {
    weights_.emplace_back(w.value, transform(site.builder, w.value, w.role == "bias" ? bias : kernel));
  }
}

void LayerMap::merge(int index, Part kernel, Part bias) {
  graph::Builder& b = site_.builder;
  const graph::LayerCall& call = site_.call();
  const Normalisation norm = affine_form(b, site_.network.calls[static_cast<std::size_t>(index)]);
  Value shift = norm.shift;
  for (const graph::Weight& w : call.weights) {
    if (w.role == "bias") {
      shift = b.add(b.mul(w.value, norm.scale), shift);
      weights_.emplace_back(w.value, transform(b, w.value, Part::kNone));
      continue;
    }
    const bool first_of_two = w.role == "depthwise_kernel" && call.weight("pointwise_kernel");
    const Shape aligned = *channel_shape(call, b.shape(w.value).back());
    const Value scaled = first_of_two ? w.value : b.mul(w.value, b.reshape(norm.scale, aligned));
    weights_.emplace_back(w.value, transform(b, scaled, kernel));
  }
  shift_ = transform(b, shift, bias);
}

Value LayerMap::raw(Value x) const {
  auto substitute = weights_;
  substitute.emplace_back(site_.call().inputs.front(), x);
  const Value z = graph::replay(site_.builder, site_.call().kernel_output, substitute);
  return shift_ ? site_.builder.add(z, shift_) : z;
}

Value LayerMap::forward(Value x) const { return site_.selected(raw(x)); }

Value LayerMap::pull_back(Value x, Value signal) const {
  return graph::pull_back(site_.builder, forward(x), signal, {x}).front();
}

Value LayerMap::bias_share(Value x, Value signal) const {
  graph::Builder& b = site_.builder;
  if (!has_bias_) return {};
  Shape shape = b.shape(x);
  shape.front() = 1;
  const Value z = raw(x), nothing = b.broadcast(b.constant(0.0), shape);
  return b.mul(graph::pull_back(b, site_.selected(z), signal, {z}).front(), raw(nothing));
}

Value RuleSite::filled(double value) const {
  Shape shape = builder().shape(x());
  shape.front() = 1;
  return builder().broadcast(builder().constant(value), shape);
}

void RuleSite::tell_bias(const LayerMap& map, Value x, Value ratio) const {
  if (!site.start.ledger) return;
  if (const Value taken = map.bias_share(x, ratio)) site.absorb(reverse::Absorber::kBias, taken, weight);
}

Value RuleSite::share(const LayerMap& map, Value x, Value ratio) const {
  tell_bias(map, x, ratio);
  return builder().mul(x, map.pull_back(x, ratio));
}

Value share_by_contribution(const RuleSite& site, bool bias, const std::function<Value(Value z)>& stabiliser) {
  const LayerMap map = site.map(Part::kAll, bias ? Part::kAll : Part::kNone);
  const Value z = map.forward(site.x());
  const Value ratio = site.ratio(site.relevance(z), z, stabiliser ? stabiliser(z) : Value{});
  return site.share(map, site.x(), ratio);
}

}  // namespace signxai::rules
