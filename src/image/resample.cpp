// Resampling filters. Nearest and bicubic give the bits of Pillow 12, which always filters rows before columns (13
// chooses the order by cost, and rounds differently then); bilinear is the plain float interpolation.
#include "image/resample.h"

#include <algorithm>
#include <cmath>

#include "signxai/error.h"

namespace signxai {
namespace {

constexpr int kPrecisionBits = 22;  // of fixed-point weights: 32 bits less 8 for the value and 2 for the overshoot

double bicubic(double t) {
  constexpr double a = -0.5;
  t = std::abs(t);
  if (t < 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  if (t < 2.0) return a * (((t - 5.0) * t + 8.0) * t - 4.0);
  return 0.0;
}

// Weights of the source entries first ... first + weights.size() - 1 for one output entry.
struct Window {
  std::int64_t first = 0;
  std::vector<std::int32_t> weights;
};

std::vector<Window> bicubic_windows(std::int64_t from, std::int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double filter_scale = std::max(scale, 1.0);
  const double support = 2.0 * filter_scale;
  std::vector<Window> windows(static_cast<std::size_t>(to));
  std::vector<double> exact;
  for (std::int64_t j = 0; j < to; ++j) {
    const double centre = (static_cast<double>(j) + 0.5) * scale;
    const auto low = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - support + 0.5));
    const auto high = std::min(from, static_cast<std::int64_t>(centre + support + 0.5));
    exact.clear();
    double sum = 0.0;
    for (std::int64_t i = low; i < high; ++i) {
      exact.push_back(bicubic((static_cast<double>(i) - centre + 0.5) * (1.0 / filter_scale)));
      sum += exact.back();
    }
    Window& window = windows[static_cast<std::size_t>(j)];
    window.first = low;
    for (const double weight : exact) {
      const double fixed = (sum != 0.0 ? weight / sum : weight) * (1 << kPrecisionBits);
      window.weights.push_back(static_cast<std::int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
  }
  return windows;
}

std::uint8_t to_byte(std::int32_t fixed) {
  return static_cast<std::uint8_t>(std::clamp(fixed >> kPrecisionBits, 0, 255));
}

// Filters along one axis of a plane. `step` is the distance of neighbours on that axis, `other` that of the lines.
void filter_axis(const std::uint8_t* from, std::uint8_t* to, const std::vector<Window>& windows, std::int64_t lines,
                 std::int64_t step, std::int64_t other_from, std::int64_t other_to) {
  for (std::int64_t line = 0; line < lines; ++line) {
    const std::uint8_t* source = from + line * other_from;
    std::uint8_t* target = to + line * other_to;
    for (const Window& window : windows) {
      std::int32_t sum = 1 << (kPrecisionBits - 1);
      const std::uint8_t* value = source + window.first * step;
      for (const std::int32_t weight : window.weights) {
        sum += *value * weight;
        value += step;
      }
      *target = to_byte(sum);
      target += step;
    }
  }
}

void expect_extents(std::int64_t h, std::int64_t w, std::int64_t new_h, std::int64_t new_w) {
  if (h > 0 && w > 0 && new_h > 0 && new_w > 0) return;
  throw Error(ErrorCode::kInvalidArgument, "image", "resize",
              "extents must be positive; got " + std::to_string(h) + "x" + std::to_string(w) + " to " +
                  std::to_string(new_h) + "x" + std::to_string(new_w));
}

// Where an output entry falls between two source entries.
struct Blend {
  std::int64_t low, high;
  float weight;  // of high
};

std::vector<Blend> bilinear_blends(std::int64_t from, std::int64_t to) {
  std::vector<Blend> blends(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t j = 0; j < to; ++j) {
    const double at = (static_cast<double>(j) + 0.5) * scale - 0.5;
    const double floor = std::floor(at);
    const auto low = static_cast<std::int64_t>(floor);
    blends[static_cast<std::size_t>(j)] = {std::max<std::int64_t>(low, 0), std::min(low + 1, from - 1),
                                           static_cast<float>(at - floor)};
  }
  return blends;
}

}  // namespace

std::vector<std::uint8_t> resize_bicubic_u8(const std::vector<std::uint8_t>& plane, std::int64_t h, std::int64_t w,
                                            std::int64_t new_h, std::int64_t new_w) {
  expect_extents(h, w, new_h, new_w);
  if (static_cast<std::int64_t>(plane.size()) != h * w) {
    throw Error(ErrorCode::kInvalidArgument, "image", "resize",
                "plane and extents disagree; got " + std::to_string(plane.size()) + " values for " + std::to_string(h) +
                    "x" + std::to_string(w));
  }
  std::vector<std::uint8_t> wide = plane;
  if (new_w != w) {
    wide.resize(static_cast<std::size_t>(h * new_w));
    filter_axis(plane.data(), wide.data(), bicubic_windows(w, new_w), h, 1, w, new_w);
  }
  if (new_h == h) return wide;
  std::vector<std::uint8_t> result(static_cast<std::size_t>(new_h * new_w));
  filter_axis(wide.data(), result.data(), bicubic_windows(h, new_h), new_w, new_w, 1, 1);
  return result;
}

Tensor resize_bilinear(const TensorView& hwc, std::int64_t new_h, std::int64_t new_w) {
  if (hwc.shape.size() != 3) {
    throw Error(ErrorCode::kInvalidArgument, "image", "resize",
                "expected shape (H, W, C); got " + to_string(hwc.shape));
  }
  const std::int64_t h = hwc.shape[0], w = hwc.shape[1], channels = hwc.shape[2];
  expect_extents(h, w, new_h, new_w);
  const std::vector<Blend> rows = bilinear_blends(h, new_h), columns = bilinear_blends(w, new_w);
  Tensor result({new_h, new_w, channels});
  float* out = result.data.data();
  for (const Blend& row : rows) {
    const float* top = hwc.data + row.low * w * channels;
    const float* bottom = hwc.data + row.high * w * channels;
    for (const Blend& column : columns) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t left = column.low * channels + c, right = column.high * channels + c;
        const float upper = top[left] + (top[right] - top[left]) * column.weight;
        const float lower = bottom[left] + (bottom[right] - bottom[left]) * column.weight;
        *out++ = upper + (lower - upper) * row.weight;
      }
    }
  }
  return result;
}

Image enlarge(const Image& image, std::int64_t min_side) {
  const std::int64_t longest = std::max(image.height, image.width);
  const std::int64_t factor = longest < 1 ? 1 : std::max<std::int64_t>(1, (min_side + longest - 1) / longest);
  if (factor == 1) return image;
  return image::resize_nearest(image, image.height * factor, image.width * factor);
}

namespace image {

std::vector<std::int64_t> nearest_indices(std::int64_t from, std::int64_t to) {
  // Pillow adds up the step in double precision; the rounding this leaves decides where source pixels meet exactly.
  const double step = static_cast<double>(from) / static_cast<double>(to);
  double at = step * 0.5;
  std::vector<std::int64_t> indices(static_cast<std::size_t>(to));
  for (std::int64_t& index : indices) {
    index = std::min(static_cast<std::int64_t>(at), from - 1);
    at += step;
  }
  return indices;
}

Image resize_nearest(const Image& image, std::int64_t new_h, std::int64_t new_w) {
  expect_extents(image.height, image.width, new_h, new_w);
  const std::vector<std::int64_t> columns = nearest_indices(image.width, new_w);
  Image result{new_h, new_w, image.channels, {}, image.note};
  result.pixels.resize(static_cast<std::size_t>(new_h * new_w * image.channels));
  std::uint8_t* out = result.pixels.data();
  for (const std::int64_t y : nearest_indices(image.height, new_h)) {
    const std::uint8_t* row = image.pixels.data() + y * image.width * image.channels;
    for (const std::int64_t x : columns) out = std::copy_n(row + x * image.channels, image.channels, out);
  }
  return result;
}

Image resize_bicubic(const Image& image, std::int64_t new_h, std::int64_t new_w) {
  Image result{new_h, new_w, image.channels, {}, image.note};
  result.pixels.resize(static_cast<std::size_t>(new_h * new_w * image.channels));
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> plane(image.pixels.size() / channels);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = image.pixels[i * channels + c];
    const std::vector<std::uint8_t> resized = resize_bicubic_u8(plane, image.height, image.width, new_h, new_w);
    for (std::size_t i = 0; i < resized.size(); ++i) result.pixels[i * channels + c] = resized[i];
  }
  return result;
}

}  // namespace image
}  // namespace signxai
