// Relevance maps as pictures of their own, without axes or text.
#include "image/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "signxai/error.h"

namespace signxai {
namespace image {

Tensor plane_of(const TensorView& map) {
  const std::size_t rank = map.shape.size();
  if (rank < 1 || rank > 3 || element_count(map.shape) < 1) {
    throw Error(ErrorCode::kInvalidArgument, "image", "heat map",
                "cannot be drawn; got shape " + to_string(map.shape) + ", expected (H, W, C), (H, W) or (F,)");
  }
  if (rank == 3) return aggregate_channels(map);
  const Shape shape = rank == 2 ? map.shape : Shape{1, map.shape[0]};
  return Tensor(shape, std::vector<float>(map.data, map.data + element_count(shape)));
}

float largest_magnitude(const float* values, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isfinite(values[i])) largest = std::max(largest, std::abs(values[i]));
  }
  return largest;
}

int color_index(float value, float limit) {
  if (limit <= 0) return value < 0 ? 0 : (value > 0 ? 255 : 128);
  const double position = (static_cast<double>(value) + limit) / (2.0 * limit) * 256.0;
  return static_cast<int>(std::clamp(position, 0.0, 255.0));
}

std::string short_number(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return text.data();
}

}  // namespace image

namespace {

constexpr std::uint8_t kNotANumber = 128;

std::uint8_t stretched(float value, float low, float high) {
  if (!(high > low)) return std::isfinite(value) ? std::uint8_t{0} : kNotANumber;
  if (std::isnan(value)) return kNotANumber;
  const double share = (static_cast<double>(value) - low) / (static_cast<double>(high) - low);
  return static_cast<std::uint8_t>(std::lround(std::clamp(share, 0.0, 1.0) * 255.0));
}

// RGB samples as they are, everything else as one plane.
Tensor drawable(const TensorView& sample) {
  Tensor mean = image::plane_of(sample);
  if (sample.shape.size() != 3) return mean;
  if (sample.shape[2] == 3)
    return Tensor(sample.shape, std::vector<float>(sample.data, sample.data + element_count(sample.shape)));
  const auto channels = static_cast<float>(sample.shape[2]);
  for (float& value : mean.data) value /= channels;
  return mean;
}

}  // namespace

Tensor normalize_heatmap(const TensorView& map) {
  Tensor result(map.shape);
  float largest = 0;
  bool finite = true;
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    finite = finite && std::isfinite(map.data[i]);
    largest = std::max(largest, std::abs(map.data[i]));
  }
  if (!finite || largest == 0) return result;
  for (std::size_t i = 0; i < result.data.size(); ++i) result.data[i] = map.data[i] / largest;
  return result;
}

Tensor aggregate_channels(const TensorView& map) {
  const std::size_t rank = map.shape.size();
  if (rank != 2 && rank != 3) {
    throw Error(ErrorCode::kInvalidArgument, "image", "channel sum",
                "expected shape (H, W, C) or (H, W); got " + to_string(map.shape));
  }
  const std::int64_t channels = rank == 3 ? map.shape[2] : 1;
  Tensor sum({map.shape[0], map.shape[1]});
  const float* from = map.data;
  for (float& value : sum.data) {
    for (std::int64_t c = 0; c < channels; ++c) value += *from++;
  }
  return sum;
}

Image draw_heatmap(const TensorView& map, ColorMap map_colors, std::int64_t min_side) {
  const Tensor plane = image::plane_of(map);
  const float limit = image::largest_magnitude(plane.data.data(), plane.data.size());
  const std::array<Rgb, 256>& table = colors(map_colors);
  Image picture{plane.shape[0], plane.shape[1], 3, {}, {}};
  picture.pixels.reserve(plane.data.size() * 3);
  for (const float value : plane.data) {
    const Rgb missing = {kNotANumber, kNotANumber, kNotANumber};
    const Rgb color = std::isnan(value) ? missing : table[static_cast<std::size_t>(image::color_index(value, limit))];
    picture.pixels.insert(picture.pixels.end(), color.begin(), color.end());
  }
  return enlarge(picture, min_side);
}

Image picture_of(const TensorView& sample) {
  const Tensor plane = drawable(sample);
  float low = HUGE_VALF, high = -HUGE_VALF;
  for (const float value : plane.data) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  Image picture{plane.shape[0], plane.shape[1], plane.shape.size() == 3 ? 3 : 1, {}, {}};
  for (const float value : plane.data) picture.pixels.push_back(stretched(value, low, high));
  return picture;
}

}  // namespace signxai
