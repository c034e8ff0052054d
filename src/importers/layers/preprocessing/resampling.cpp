// The filters themselves: weights by the distance from a pixel's centre (Keys 1981, Mitchell and Netravali 1988).
#include "importers/layers/preprocessing/resampling.h"

#include <algorithm>
#include <cmath>

namespace signxai::keras {
namespace {

double lanczos(double x, double radius) {
  if (x > radius) return 0;
  if (x <= 1e-3) return 1;
  return radius * std::sin(M_PI * x) * std::sin(M_PI * x / radius) / (M_PI * M_PI * x * x);
}

double keys(double x) {
  if (x >= 2) return 0;
  return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
}

double mitchell(double x) {
  if (x >= 2) return 0;
  return x >= 1 ? ((-7.0 / 18 * x + 2) * x - 10.0 / 3) * x + 16.0 / 9 : (7.0 / 6 * x - 2) * x * x + 8.0 / 9;
}

/// `x` is a distance, in pixels.
double weight(const std::string& method, double x) {
  if (method == "bicubic") return keys(x);
  if (method == "lanczos3") return lanczos(x, 3);
  if (method == "lanczos5") return lanczos(x, 5);
  if (method == "gaussian") return x >= 1.5 ? 0 : std::exp(-2 * x * x);
  if (method == "mitchellcubic") return mitchell(x);
  return std::max(0.0, 1 - x);
}

/// How much of the pixel the sample covers.
double covered(double pixel, double begin, double end) {
  return std::max(0.0, std::min(pixel + 1, end) - std::max(pixel, begin));
}

std::vector<double> row(std::int64_t from, std::int64_t to, std::int64_t index, const Filter& filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), widening = std::max(scale, 1.0);
  double at = (static_cast<double>(index) + 0.5) * scale - 0.5;
  if (filter.coarse) at = std::floor(at) + std::nearbyint((at - std::floor(at)) * 1024) / 1024;
  std::vector<double> weights;
  for (std::int64_t i = 0; i < from; ++i) {
    const auto pixel = static_cast<double>(i);
    const double begin = static_cast<double>(index) * scale, distance = std::fabs(at - pixel);
    weights.push_back(filter.method == "area" ? covered(pixel, begin, begin + scale)
                                              : weight(filter.method, distance / (filter.antialias ? widening : 1)));
  }
  return weights;
}

}  // namespace

std::vector<float> resampling_matrix(std::int64_t from, std::int64_t to, const Filter& filter) {
  std::vector<float> matrix;
  for (std::int64_t o = 0; o < to; ++o) {
    const std::vector<double> weights = row(from, to, o, filter);
    double total = 0;
    for (const double w : weights) total += w;
    for (const double w : weights) matrix.push_back(static_cast<float>(total == 0 ? 0 : w / total));
  }
  return matrix;
}

}  // namespace signxai::keras
