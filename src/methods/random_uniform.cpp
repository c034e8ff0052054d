// A map of uniform random numbers, to compare with: one plane, the same for every channel. It looks at no network.
#include <cmath>

#include "methods/method.h"
#include "methods/noise.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

std::vector<Value> zeros(const MethodSite& site, const Parameters&) {
  const Shape& shape = site.builder.shape(site.input());
  if (shape.size() < 4) {
    throw Error(ErrorCode::kInvalidArgument, "method", "random_uniform",
                "needs inputs of three axes (height, width, channels) or more; got " + signxai::to_string(shape) +
                    " with the batch axis");
  }
  return {site.builder.broadcast(site.builder.constant(0.0), Shape(shape))};
}

Finish finish(const Parameters& parameters, const reverse::Semantics&) {
  const double low = rules::number(parameters, "low", -1), high = rules::number(parameters, "high", 1);
  const double seed = rules::number(parameters, "seed", 1);
  if (!(low < high)) throw Error(ErrorCode::kInvalidArgument, "method", "low", "must be below high");
  if (!(seed >= 0 && seed <= 4294967295.0 && seed == std::floor(seed))) {
    throw Error(ErrorCode::kInvalidArgument, "method", "seed", "must be an integer from 0 to 4294967295");
  }
  return [=](std::span<const Tensor>, const Shape& sample) {
    LegacyRandom random(static_cast<std::uint32_t>(seed));
    Tensor map(
        Shape(sample.begin(), sample.begin() + 3));  // of four axes the last one is left out, as in the reference
    const auto channels = static_cast<std::size_t>(sample[2]);
    for (std::size_t cell = 0; cell < map.data.size(); cell += channels) {
      const auto value = static_cast<float>(low + (high - low) * random.uniform());
      for (std::size_t c = 0; c < channels; ++c) map.data[cell + c] = value;
    }
    return map;
  };
}

}  // namespace

MethodDef random_uniform_method() {
  MethodDef def;
  def.name = "random_uniform";
  def.parameters = {
      {"seed", "1", "of NumPy's legacy generator, from 0"}, {"low", "-1", "least value"}, {"high", "1", "upper limit"}};
  def.description = "Uniform random numbers, the same in every channel; says nothing about the network.";
  def.build = zeros;
  def.finish = finish;
  return def;
}

}  // namespace signxai::methods
