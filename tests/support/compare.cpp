// Comparison of maps.
#include "support/compare.h"

#include <cmath>
#include <limits>
#include <span>

namespace signxai::golden {
namespace {

bool same_kind(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return (std::isinf(a) || std::isinf(b)) ? a == b : true;
}

Comparison wrong(std::string why) {
  const double infinite = std::numeric_limits<double>::infinity();
  return {false, infinite, infinite, std::move(why)};
}

Comparison compare_sample(std::span<const float> map, std::span<const float> golden, double tolerance,
                          double absolute) {
  double deviation = 0, largest = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    if (!same_kind(map[i], golden[i])) {
      return wrong("entry " + std::to_string(i) + " is " + std::to_string(map[i]) + ", expected " +
                   std::to_string(golden[i]));
    }
    if (!std::isfinite(golden[i])) continue;
    largest = std::max(largest, std::fabs(static_cast<double>(golden[i])));
    const double distance = std::fabs(static_cast<double>(map[i]) - static_cast<double>(golden[i]));
    if (distance > deviation) deviation = distance, where = i;
  }
  if (deviation < kTiny) return {};
  const double allowed = tolerance * largest + absolute;
  Comparison result{deviation <= allowed, deviation / allowed, deviation, ""};
  if (!result.right) {
    result.why = "entry " + std::to_string(where) + " is " + std::to_string(map[where]) + ", expected " +
                 std::to_string(golden[where]) + "; largest " + std::to_string(largest);
  }
  return result;
}

}  // namespace

void Comparison::join(const Comparison& other) {
  right = right && other.right;
  fraction = std::max(fraction, other.fraction);
  deviation = std::max(deviation, other.deviation);
  if (why.empty()) why = other.why;
}

Comparison compare(const Tensor& map, const Tensor& golden, double tolerance, double absolute) {
  if (map.shape != golden.shape) {
    return wrong("shape is " + to_string(map.shape) + ", expected " + to_string(golden.shape));
  }
  Comparison all;
  const auto count = static_cast<std::size_t>(golden.shape.front());
  const std::size_t size = golden.data.size() / count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const float> a(map.data), b(golden.data);
    all.join(compare_sample(a.subspan(i * size, size), b.subspan(i * size, size), tolerance, absolute));
  }
  return all;
}

}  // namespace signxai::golden
