// SmoothGrad (Smilkov et al. 2017, arXiv 1706.03825) and VarGrad (Adebayo et al. 2018): mean and population variance of
// the gradient at points x + noise, noise ~ N(0, noise_scale^2) per element, on an absolute scale. The largest output
// of a `max` target is found anew at every point, as in the reference (SEMANTICS Q21).
#include <cmath>
#include <memory>

#include "methods/method.h"
#include "methods/noise.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {

namespace {

double whole_number(const Parameters& parameters, const std::string& name, double fallback, double least, double most) {
  const double value = rules::number(parameters, name, fallback);
  if (value >= least && value <= most && value == std::floor(value)) return value;
  throw Error(ErrorCode::kInvalidArgument, "method", name,
              "must be an integer from " + std::to_string(static_cast<std::int64_t>(least)) + " to " +
                  std::to_string(static_cast<std::int64_t>(most)));
}

template <bool variance>
Sampling sampling(const Parameters& parameters) {
  Sampling result;
  result.family = "noise";
  result.count = static_cast<int>(whole_number(parameters, "augment_by_n", 50, 1, 1e6));
  result.variance = variance;
  const auto seed = static_cast<std::uint32_t>(whole_number(parameters, "seed", 0, 0, 4294967295.0));
  const double scale = rules::number(parameters, "noise_scale", 0.2);
  if (!(scale >= 0) || !std::isfinite(scale)) {
    throw Error(ErrorCode::kInvalidArgument, "method", "noise_scale", "must be a finite number from 0");
  }
  const auto random = std::make_shared<LegacyRandom>(seed);
  const auto noise = std::make_shared<std::vector<double>>();
  result.point = [=](int index, std::span<const float> x, std::span<float> point) {
    if (index == 0) *random = LegacyRandom(seed);  // every sample sees the same stream
    noise->resize(x.size());
    random->normals(*noise);
    for (std::size_t i = 0; i < x.size(); ++i) point[i] = static_cast<float>(x[i] + scale * (*noise)[i]);
  };
  return result;
}

MethodDef on_gradient(const char* name, const char* description, Sampling (*sampling)(const Parameters&)) {
  MethodDef def = gradient_methods().front();
  def.name = name;
  def.description = description;
  def.sampling = sampling;
  def.walks = false;
  def.parameters.push_back({"augment_by_n", "50", "number of noisy points"});
  def.parameters.push_back({"noise_scale", "0.2", "standard deviation of the noise, in the unit of the input"});
  def.parameters.push_back(
      {"seed", "0", "of NumPy's legacy generator, from 0; the stream begins anew at every sample"});
  return def;
}

}  // namespace

std::vector<MethodDef> smoothgrad_methods() {
  return {
      on_gradient("smoothgrad", "Mean gradient at points with Gaussian noise around x (Smilkov et al. 2017).",
                  sampling<false>),
      on_gradient("vargrad", "Variance of the gradient at points with Gaussian noise around x (Adebayo et al. 2018).",
                  sampling<true>)};
}

}  // namespace signxai::methods
