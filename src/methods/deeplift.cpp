// DeepLIFT with the rescale rule (Shrikumar et al. 2017, arXiv 1704.02685): R = (x - x0) * multiplier, where the maps
// of an output add up to f(x) - f(x0) as long as nothing but activations and pooling is non-linear.
#include "reverse/deeplift.h"

#include "methods/method.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

/// The baseline of one input with a batch of one: a number, or one value per element of the sample.
Value baseline_of(graph::Builder& b, const Parameters& parameters, Value input) {
  Shape shape = b.shape(input);
  shape.front() = 1;
  const auto it = parameters.find("reference_inputs");
  if (it == parameters.end() || !std::holds_alternative<std::vector<double>>(it->second)) {
    return b.broadcast(b.constant(rules::number(parameters, "reference_inputs", 0)), shape);
  }
  const auto& list = std::get<std::vector<double>>(it->second);
  if (static_cast<std::int64_t>(list.size()) != element_count(shape)) {
    throw Error(ErrorCode::kInvalidArgument, "method", "reference_inputs",
                "has " + std::to_string(list.size()) + " entries; expected a number or one per input element (" +
                    std::to_string(element_count(shape)) + ")");
  }
  return b.constant(graph::Literal(shape, std::vector<float>(list.begin(), list.end())));
}

std::vector<Value> walk_multipliers(const MethodSite& site, const Parameters& parameters) {
  std::vector<Value> baselines;
  for (Value input : site.network.graph.inputs()) baselines.push_back(baseline_of(site.builder, parameters, input));
  const bool rescales_pools = rules::text(parameters, "max_pooling", "rescale") == "rescale";
  const reverse::DeepLiftStep step(site.builder, site.network, baselines, rescales_pools);
  const Value multiplier = site.relevance(step), x = site.input();
  return {site.builder.mul(site.builder.sub(x, step.at_baseline(x)), multiplier)};
}

void check(const Parameters& parameters) {
  const std::string pooling = rules::text(parameters, "max_pooling", "rescale");
  if (pooling == "rescale" || pooling == "gradient") return;
  throw Error(ErrorCode::kInvalidArgument, "method", "max_pooling",
              "must be rescale or gradient; got '" + pooling + "'");
}

}  // namespace

MethodDef deeplift_method() {
  MethodDef def;
  def.name = "deeplift";
  def.parameters = {
      {"reference_inputs", "0", "the baseline: a number or one value per input element"},
      {"max_pooling", "rescale", "rescale, or gradient: what captum computes for pooling right behind an activation"}};
  def.description = "(x - x0) times the multipliers of DeepLIFT's rescale rule (Shrikumar et al. 2017).";
  def.build = walk_multipliers;
  def.check = check;
  def.walks = true;
  def.carries_amounts = false;
  return def;
}

}  // namespace signxai::methods
