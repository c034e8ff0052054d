// Relevance maps as pictures of their own, without axes or text.
#include "image/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "signxai/error.h"

namespace signxai {
namespace image {

float largest_magnitude(const float* values, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isfinite(values[i])) largest = std::max(largest, std::abs(values[i]));
  }
  return largest;
}

Scale scale_of(const float* values, std::size_t count, ColorMap map) {
  Scale scale;
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) continue;
    scale.low = std::min(scale.low, values[i]);
    scale.high = std::max(scale.high, values[i]);
  }
  if (!is_diverging(map)) return scale;
  const float limit = std::max(-scale.low, scale.high);
  return {-limit, limit};
}

int color_index(float value, const Scale& scale, bool diverging) {
  if (scale.empty()) return diverging ? (value < 0 ? 0 : (value > 0 ? 255 : 128)) : (value > 0 ? 255 : 0);
  const double range = static_cast<double>(scale.high) - scale.low;
  const double position = (static_cast<double>(value) - scale.low) / range * 256.0;
  return static_cast<int>(std::clamp(position, 0.0, 255.0));
}

std::string short_number(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return text.data();
}

std::string scale_text(const Tensor& values, ColorMap map, const std::string& missing) {
  const Scale scale = scale_of(values.data.data(), values.data.size(), map);
  const bool nan = std::any_of(values.data.begin(), values.data.end(), [](float v) { return std::isnan(v); });
  if (scale.empty()) return nan ? "not a number" : "zero everywhere";
  const std::string range = is_diverging(map) ? "\xC2\xB1" + short_number(scale.high)
                                              : short_number(scale.low) + " to " + short_number(scale.high);
  return "scale " + range + (nan ? ", " + missing : "");
}

namespace {

/// The percentile of sorted values, linear between neighbours (NumPy's default).
float percentile(const std::vector<float>& sorted, double percent) {
  const double position = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = position - static_cast<double>(below);
  return static_cast<float>(sorted[below] + share * (static_cast<double>(sorted[above]) - sorted[below]));
}

}  // namespace

void clip_values(std::vector<float>& values, const MapStyle& style) {
  if (style.clip > 0) {
    std::vector<float> sorted;
    std::copy_if(values.begin(), values.end(), std::back_inserter(sorted), [](float v) { return std::isfinite(v); });
    std::sort(sorted.begin(), sorted.end());
    if (!sorted.empty()) {
      const float low = percentile(sorted, style.clip), high = percentile(sorted, 100 - style.clip);
      for (float& value : values) value = std::isnan(value) ? value : std::clamp(value, low, high);
    }
  }
  if (!style.positive) return;
  for (float& value : values) value = value < 0 ? 0 : value;
}

}  // namespace image

namespace {

using image::color_index;
using image::Scale;

constexpr std::uint8_t kNotANumber = 128;

std::uint8_t stretched(float value, float low, float high) {
  if (!(high > low)) return std::isfinite(value) ? std::uint8_t{0} : kNotANumber;
  if (std::isnan(value)) return kNotANumber;
  const double share = (static_cast<double>(value) - low) / (static_cast<double>(high) - low);
  return static_cast<std::uint8_t>(std::lround(std::clamp(share, 0.0, 1.0) * 255.0));
}

float joined(const float* channels, std::int64_t count, Aggregate how) {
  float sum = 0, squares = 0, extreme = 0;
  for (std::int64_t c = 0; c < count; ++c) {
    sum += channels[c];
    squares += channels[c] * channels[c];
    if (std::abs(channels[c]) > std::abs(extreme) || std::isnan(channels[c])) extreme = channels[c];
  }
  switch (how) {
    case Aggregate::kMean: return sum / static_cast<float>(count);
    case Aggregate::kMaxAbs: return extreme;
    case Aggregate::kL2: return std::sqrt(squares);
    default: return sum;
  }
}

/// The map as one plane.
Tensor plane_of(const TensorView& map, Aggregate how) {
  const std::size_t rank = map.shape.size();
  if (rank < 1 || rank > 3 || element_count(map.shape) < 1) {
    throw Error(ErrorCode::kInvalidArgument, "image", "heat map",
                "cannot be drawn; got shape " + to_string(map.shape) + ", expected (H, W, C), (H, W) or (F,)");
  }
  Tensor plane(rank == 1 ? Shape{1, map.shape[0]} : Shape{map.shape[0], map.shape[1]});
  const std::int64_t channels = rank == 3 ? map.shape[2] : 1;
  const float* from = map.data;
  for (float& value : plane.data) {
    value = joined(from, channels, how);
    from += channels;
  }
  return plane;
}

// RGB samples as they are, everything else as one plane.
Tensor drawable(const TensorView& sample) {
  if (image::has_channels_first(sample.shape)) return drawable(image::channels_moved(sample, false));
  if (sample.shape.size() == 3 && sample.shape[2] == 3)
    return Tensor(sample.shape, std::vector<float>(sample.data, sample.data + element_count(sample.shape)));
  return plane_of(sample, Aggregate::kMean);
}

void check_style(const MapStyle& style) {
  if (!(style.clip >= 0 && style.clip < 50)) {
    throw Error(ErrorCode::kInvalidArgument, "image", "clip", "must be a percentage from 0 to below 50");
  }
  if (!(style.overlay >= 0 && style.overlay <= 1)) {
    throw Error(ErrorCode::kInvalidArgument, "image", "overlay", "must be an opacity from 0 to 1");
  }
}

std::uint8_t mixed(std::uint8_t below, std::uint8_t above, double opacity) {
  return static_cast<std::uint8_t>(std::lround(below + opacity * (above - below)));
}

struct Layer {
  Rgb color;
  double opacity;
};

/// What lies over the input where the map has this value. Diverging maps show the sign by one strong colour and the
/// size by its opacity: their middle, white or gray, would hide the input where there is nothing to say.
Layer layer_of(float value, const Scale& scale, const MapStyle& style) {
  constexpr std::size_t kAgainst = 56, kFor = 199;
  const std::array<Rgb, 256>& table = colors(style.colors);
  if (std::isnan(value)) return {table[0], 0};
  if (!is_diverging(style.colors))
    return {table[static_cast<std::size_t>(color_index(value, scale, false))], style.overlay};
  const double share = scale.empty() ? 0 : std::min(1.0, static_cast<double>(std::abs(value)) / scale.high);
  return {table[value < 0 ? kAgainst : kFor], style.overlay * share};
}

Image over(const Tensor& plane, const Scale& scale, const MapStyle& style, const Image& input) {
  const Image gray = to_gray(input);
  Tensor fitted = plane;
  if (plane.shape != Shape{gray.height, gray.width}) {
    fitted = resize_bilinear({{plane.shape[0], plane.shape[1], 1}, plane.data.data()}, gray.height, gray.width);
  }
  Image picture{gray.height, gray.width, 3, {}, {}};
  picture.pixels.reserve(gray.pixels.size() * 3);
  for (std::size_t i = 0; i < gray.pixels.size(); ++i) {
    const Layer layer = layer_of(fitted.data[i], scale, style);
    for (const std::uint8_t part : layer.color) picture.pixels.push_back(mixed(gray.pixels[i], part, layer.opacity));
  }
  return picture;
}

}  // namespace

Aggregate aggregate(std::string_view name) {
  if (name == "sum") return Aggregate::kSum;
  if (name == "mean") return Aggregate::kMean;
  if (name == "max_abs") return Aggregate::kMaxAbs;
  if (name == "l2") return Aggregate::kL2;
  throw Error(ErrorCode::kInvalidArgument, "image", name,
              "is no way to join channels; expected sum, mean, max_abs or l2");
}

Tensor styled_plane(const TensorView& map, const MapStyle& style) {
  check_style(style);
  const bool first = image::has_channels_first(map.shape);
  Tensor plane = first ? plane_of(image::channels_moved(map, false), style.aggregate) : plane_of(map, style.aggregate);
  image::clip_values(plane.data, style);
  return plane;
}

bool image::has_channels_first(const Shape& shape) {
  const auto few = [](std::int64_t extent) { return extent == 1 || extent == 3 || extent == 4; };
  const auto many = [](std::int64_t extent) { return extent < 0 || extent > 4; };
  return shape.size() == 3 && few(shape[0]) && many(shape[1]) && many(shape[2]);
}

Tensor image::channels_moved(const TensorView& picture, bool to_first) {
  const Shape& s = picture.shape;
  const std::int64_t channels = s[to_first ? 2 : 0], pixels = element_count(s) / std::max<std::int64_t>(channels, 1);
  Tensor moved(to_first ? Shape{s[2], s[0], s[1]} : Shape{s[1], s[2], s[0]});
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < pixels; ++i) {
      const std::int64_t last = i * channels + c, first = c * pixels + i;
      moved.data[static_cast<std::size_t>(to_first ? first : last)] = picture.data[to_first ? last : first];
    }
  }
  return moved;
}

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
  if (element_count(map.shape) < 1) return Tensor({map.shape[0], map.shape[1]});
  return plane_of(map, Aggregate::kSum);
}

Image draw_heatmap(const TensorView& map, const MapStyle& style, std::int64_t min_side, const Image* input) {
  const Tensor plane = styled_plane(map, style);
  const Scale scale = image::scale_of(plane.data.data(), plane.data.size(), style.colors);
  if (style.overlay > 0 && input != nullptr) return enlarge(over(plane, scale, style, *input), min_side);
  const std::array<Rgb, 256>& table = colors(style.colors);
  const bool diverging = is_diverging(style.colors);
  Image picture{plane.shape[0], plane.shape[1], 3, {}, {}};
  picture.pixels.reserve(plane.data.size() * 3);
  for (const float value : plane.data) {
    const Rgb missing = {kNotANumber, kNotANumber, kNotANumber};
    const Rgb color =
        std::isnan(value) ? missing : table[static_cast<std::size_t>(color_index(value, scale, diverging))];
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
