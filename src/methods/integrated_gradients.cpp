// Integrated gradients (Sundararajan et al. 2017): (x - x0) * mean of df/dx at S points on the line from x0 to x, both
// ends included. The arg-max of a `max` target is taken anew at every point, as in the reference.
#include <cmath>

#include "methods/method.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

/// The reference input: one number, or one value per element of the sample.
struct Baseline {
  std::vector<double> values;
  float at(std::size_t i) const { return static_cast<float>(values.size() == 1 ? values[0] : values[i]); }
};

Baseline baseline_of(const Parameters& parameters) {
  const auto it = parameters.find("reference_inputs");
  if (it != parameters.end()) {
    if (const auto* list = std::get_if<std::vector<double>>(&it->second); list && !list->empty()) return {*list};
  }
  return {{rules::number(parameters, "reference_inputs", 0.0)}};
}

Sampling sampling(const Parameters& parameters) {
  const double steps = rules::number(parameters, "steps", 50);
  if (steps < 2 || steps > 1e6 || steps != std::floor(steps)) {
    throw Error(ErrorCode::kInvalidArgument, "method", "steps", "must be an integer from 2 to 1000000");
  }
  const auto check = [](const Baseline& baseline, std::size_t size) {
    if (baseline.values.size() == 1 || baseline.values.size() == size) return;
    throw Error(ErrorCode::kInvalidArgument, "method", "reference_inputs",
                "has " + std::to_string(baseline.values.size()) + " entries; expected 1 or one per input element (" +
                    std::to_string(size) + ")");
  };
  const Baseline baseline = baseline_of(parameters);
  Sampling result;
  result.family = "path";
  result.count = static_cast<int>(steps);
  result.point = [=](int index, std::span<const float> x, std::span<float> point) {
    check(baseline, x.size());
    // In float and in this order: where a network has exact ties on the path, its map depends on the last bit.
    const float fraction =
        index + 1 == steps ? 1.0f : static_cast<float>(index) * (1.0f / static_cast<float>(steps - 1));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float start = baseline.at(i);
      point[i] = start + (x[i] - start) * fraction;
    }
  };
  result.finish = [=](std::span<const float> x, std::span<double> mean) {
    for (std::size_t i = 0; i < x.size(); ++i) mean[i] *= x[i] - baseline.at(i);
  };
  return result;
}

}  // namespace

MethodDef integrated_gradients_method() {
  MethodDef def = gradient_methods().front();
  def.name = "integrated_gradients";
  def.parameters.push_back({"steps", "50", "points on the path, both ends included; 2 or more"});
  def.parameters.push_back({"reference_inputs", "0", "where the path starts: a number or one value per input element"});
  def.description = "(x - x0) times the mean gradient on the path from x0 to x (Sundararajan et al. 2017).";
  def.sampling = sampling;
  def.walks = false;
  return def;
}

}  // namespace signxai::methods
