// Gradient, guided back-propagation and deconvnet as steps of the reverse driver.
#include "reverse/gradient.h"

#include <algorithm>
#include <cctype>

namespace signxai::reverse {
namespace {

using graph::Value;

bool contains_relu(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find("relu") != std::string::npos;
}

/// The selected output's own value, as in the reference (SEMANTICS Q2), or 1 in `sound` semantics.
Value output_seed(const Site& site) {
  const Value chosen = site.selected(site.call().output);
  graph::Builder& b = site.builder;
  return site.seeded(site.fixes(Quirk::kValueSeed) ? b.broadcast(b.constant(1.0), Shape(b.shape(chosen))) : chosen);
}

/// Signals at a call: what arrived, or at a head the seed.
std::vector<Value> signals_or_seed(const Site& site, std::span<const Value> incoming) {
  if (site.is_head()) return {output_seed(site)};
  return {incoming.begin(), incoming.end()};
}

std::vector<Value> vjp_of_positive(const Site& site, Value target, std::vector<Value> signals) {
  for (Value& signal : signals) signal = site.builder.relu(signal);
  return vjp(site, target, site.sum(signals));
}

}  // namespace

bool is_rectifier(const graph::LayerCall& call) {
  return contains_relu(call.activation) || contains_relu(call.class_name);
}

std::vector<Value> GradientStep::pull(const Site& site, std::span<const Value> incoming) const {
  graph::Builder& b = site.builder;
  const Value output = site.call().output;
  if (!site.is_head()) return vjp(site, output, site.sum(incoming));
  const Shape chosen = b.shape(site.selected(output));
  return vjp(site, output, site.seeded(b.broadcast(b.constant(1.0), chosen)));
}

bool GuidedStep::applies(const Site& site) const {
  const graph::LayerCall& call = site.call();
  if (rectifiers_ == Rectifiers::kNamed) return is_rectifier(call);
  const int first = site.network.sequential ? 1 : 0;  // Keras counts no input layer in a Sequential model
  return call.activation == "relu" && call.class_name != "ReLU" && site.index != first;
}

std::vector<Value> GuidedStep::pull(const Site& site, std::span<const Value> incoming) const {
  const std::vector<Value> signals = signals_or_seed(site, incoming);
  const Value output = site.call().output;
  return applies(site) ? vjp_of_positive(site, output, signals) : vjp(site, output, site.sum(signals));
}

std::vector<Value> DeconvnetStep::pull(const Site& site, std::span<const Value> incoming) const {
  const graph::LayerCall& call = site.call();
  const std::vector<Value> signals = signals_or_seed(site, incoming);
  if (!is_rectifier(call)) return vjp(site, call.output, site.sum(signals));
  const bool bare = contains_relu(call.class_name) || call.class_name == "Activation";  // a layer that only rectifies
  return vjp_of_positive(site, bare ? call.inputs.front() : call.kernel_output, signals);
}

}  // namespace signxai::reverse
