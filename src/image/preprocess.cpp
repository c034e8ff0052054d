// From a picture to the input of a network.
#include <algorithm>

#include "image/heatmap.h"
#include "image/resample.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai {
namespace {

[[noreturn]] void refuse(const std::string& subject, const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "image", subject, what);
}

std::string extents(std::int64_t height, std::int64_t width) {
  const auto text = [](std::int64_t extent) { return extent < 0 ? std::string("any") : std::to_string(extent); };
  return text(height) + "x" + text(width);
}

bool fits(std::int64_t wanted, std::int64_t got) { return wanted < 0 || wanted == got; }

// The network's input as (H, W, C).
struct Goal {
  std::int64_t height, width, channels;
};

Goal goal_of(const Shape& shape) {
  if (image::has_channels_first(shape)) return {shape[1], shape[2], shape[0]};
  if (shape.size() == 2) return {shape[0], shape[1], 1};
  const bool picture = shape.size() == 3 && (shape[2] < 0 || shape[2] == 1 || shape[2] == 3 || shape[2] == 4);
  if (!picture) {
    refuse("input", "the network takes no picture; got input shape " + to_string(shape) +
                        ", expected (H, W, 1), (H, W, 3), (H, W, 4), the same with C first, or (H, W); try an .npy "
                        "file of that shape");
  }
  return {shape[0], shape[1], shape[2]};
}

std::string order_key(ChannelOrder order) {
  switch (order) {
    case ChannelOrder::kBgr: return ", \"order\": \"bgr\"";
    case ChannelOrder::kGray: return ", \"order\": \"gray\"";
    case ChannelOrder::kRgb: return ", \"order\": \"rgb\"";
    default: return "";
  }
}

std::string compact(double value) {
  std::string text = std::to_string(value);  // fixed, 6 decimals
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "0" || text == "-0" ? "0" : text;
}

std::string mean_text(const std::vector<double>& mean) {
  std::string text;
  for (const double value : mean) text += (text.empty() ? "" : ", ") + compact(value);
  return text;
}

std::string formula(const Preprocess& p) {
  std::string text = "pixel";
  if (p.scale != 1.0) {
    const double inverse = 1.0 / p.scale;
    text += inverse > 1.0 ? " / " + compact(inverse) : " * " + compact(p.scale);
  }
  if (p.mean.size() == 1) text += " - " + compact(p.mean[0]);
  if (p.mean.size() > 1) text += " - (" + mean_text(p.mean) + ")";
  return text;
}

// A JSON preprocess that would do for this network: what the error suggests.
std::string advice(const Preprocess& p, const Goal& goal, const Image& image) {
  const std::int64_t height = goal.height < 0 ? image.height : goal.height;
  const std::int64_t width = goal.width < 0 ? image.width : goal.width;
  std::string text = "{\"size\": [" + std::to_string(height) + ", " + std::to_string(width) + "]" + order_key(p.order);
  if (p.scale != 1.0) text += ", \"scale\": " + compact(p.scale);
  if (!p.mean.empty()) text += ", \"mean\": [" + mean_text(p.mean) + "]";
  return "try a JSON preprocess: " + text + "}";
}

void check_size(const Image& image, const Preprocess& p, const Goal& goal) {
  const std::int64_t height = p.size ? (*p.size)[0] : image.height;
  const std::int64_t width = p.size ? (*p.size)[1] : image.width;
  if (fits(goal.height, height) && fits(goal.width, width)) return;
  const std::string made = p.size ? "preprocess '" + p.name + "' makes pictures of another size"
                                  : "the picture has another size and preprocess '" + p.name + "' does not resize";
  refuse("input", made + "; got " + extents(height, width) + " (height x width), expected " +
                      extents(goal.height, goal.width) + "; " + advice(p, goal, image));
}

// Channels of the result; 4 keeps RGBA.
int channels_for(const Image& image, const Preprocess& p, const Goal& goal) {
  const bool gray_only = p.order == ChannelOrder::kGray;
  const bool color_only = p.order == ChannelOrder::kRgb || p.order == ChannelOrder::kBgr;
  if (goal.channels < 0) return gray_only || (!color_only && image.channels == 1) ? 1 : 3;
  if (goal.channels == 1 && color_only) {
    refuse("input", "preprocess '" + p.name + "' makes 3 channels, the network takes 1; " + advice({}, goal, image));
  }
  if (goal.channels == 4 && p.order != ChannelOrder::kAuto) {
    refuse("input", "the network takes 4 channels; preprocess '" + p.name + "' makes fewer, leave the order out");
  }
  return static_cast<int>(goal.channels);
}

Image opaque(const Image& image) {
  if (image.channels == 4) return image;
  const Image rgb = to_rgb(image);
  Image rgba{rgb.height, rgb.width, 4, {}, rgb.note};
  rgba.pixels.reserve(rgb.pixels.size() / 3 * 4);
  for (std::size_t i = 0; i < rgb.pixels.size(); i += 3) {
    rgba.pixels.insert(rgba.pixels.end(), {rgb.pixels[i], rgb.pixels[i + 1], rgb.pixels[i + 2], 255});
  }
  return rgba;
}

// Only "gray" with three channels replicates the gray value; plain RGB keeps the colours.
Image with_channels(const Image& image, int channels, ChannelOrder order) {
  if (channels == 1) return to_gray(image);
  if (channels == 4) return opaque(image);
  if (order == ChannelOrder::kGray) return to_rgb(to_gray(image));
  Image rgb = to_rgb(image);
  if (order == ChannelOrder::kBgr) {
    for (std::size_t i = 0; i < rgb.pixels.size(); i += 3) std::swap(rgb.pixels[i], rgb.pixels[i + 2]);
  }
  return rgb;
}

Tensor to_tensor(const Image& image) {
  Tensor tensor({image.height, image.width, image.channels});
  std::copy(image.pixels.begin(), image.pixels.end(), tensor.data.begin());
  return tensor;
}

// Resizing comes after the choice of channels: nearest does not care, and gray is then resampled once.
Tensor resized(const Image& image, const Preprocess& p) {
  if (!p.size || ((*p.size)[0] == image.height && (*p.size)[1] == image.width)) return to_tensor(image);
  const auto [height, width] = *p.size;
  switch (p.filter) {
    case ResizeFilter::kBilinear: return resize_bilinear(to_tensor(image), height, width);
    case ResizeFilter::kBicubic: return to_tensor(image::resize_bicubic(image, height, width));
    default: return to_tensor(image::resize_nearest(image, height, width));
  }
}

void scale_and_shift(Tensor& tensor, const Preprocess& p) {
  const auto channels = static_cast<std::size_t>(tensor.shape.back());
  if (p.mean.size() > 1 && p.mean.size() != channels) {
    refuse("input", "preprocess '" + p.name + "' has a mean of " + std::to_string(p.mean.size()) +
                        " values; expected 1 or " + std::to_string(channels) + ", one per channel");
  }
  std::vector<float> mean(channels, p.mean.size() == 1 ? static_cast<float>(p.mean[0]) : 0.0F);
  if (p.mean.size() > 1)
    std::transform(p.mean.begin(), p.mean.end(), mean.begin(), [](double value) { return static_cast<float>(value); });
  // Rounded to float after either step, as arrays of float32 are in NumPy.
  for (std::size_t i = 0; i < tensor.data.size(); ++i) {
    tensor.data[i] = static_cast<float>(static_cast<double>(tensor.data[i]) * p.scale) - mean[i % channels];
  }
}

}  // namespace

Preprocess preprocess_preset(std::string_view name) {
  Preprocess p;
  p.name = name;
  if (name == "none") return p;
  if (name == "unit") {
    p.scale = 1.0 / 255.0;
    return p;
  }
  if (name == "vgg16") {
    p.size = {224, 224};
    p.order = ChannelOrder::kBgr;
    p.mean = {103.939, 116.779, 123.68};
    return p;
  }
  throw Error(ErrorCode::kNotFound, "image", "preprocess",
              "unknown name '" + std::string(name) + "'; expected none, unit, vgg16 or a JSON file");
}

std::string describe(const Preprocess& p) {
  std::string text = p.name + ": ";
  if (p.size) {
    constexpr std::array<const char*, 3> kFilters = {"nearest", "bilinear", "bicubic"};
    text += std::string(kFilters[static_cast<std::size_t>(p.filter)]) + " resize to " +
            extents((*p.size)[0], (*p.size)[1]) + ", ";
  }
  constexpr std::array<const char*, 4> kOrders = {"", "RGB, ", "BGR, ", "gray, "};
  return text + kOrders[static_cast<std::size_t>(p.order)] + formula(p);
}

Tensor preprocess(const Image& image, const Preprocess& p, const Shape& sample_shape) {
  const Goal goal = goal_of(sample_shape);
  check_size(image, p, goal);
  const Image picture = with_channels(image, channels_for(image, p, goal), p.order);
  Tensor tensor = resized(picture, p);
  scale_and_shift(tensor, p);
  if (sample_shape.size() == 2) tensor.shape.pop_back();
  return image::has_channels_first(sample_shape) ? image::channels_moved(tensor, true) : tensor;
}

}  // namespace signxai
