// Preprocessing described by a JSON object.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/input_file.h"
#include "signxai/error.h"
#include "signxai/image.h"

namespace signxai {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxExtent = 16384;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "image", "preprocess", what);
}

double number(const json& value, const std::string& key) {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    refuse("'" + key + "' is not a number; got " + value.dump());
  return value.get<double>();
}

std::int64_t extent(const json& value) {
  if (!value.is_number_integer() || value < 1 || value > kMaxExtent) {
    refuse("'size' holds " + value.dump() + "; expected whole numbers from 1 to 16384");
  }
  return value.get<std::int64_t>();
}

void read_size(Preprocess& p, const json& value) {
  if (!value.is_array() || value.size() != 2) refuse("'size' is not [height, width]; got " + value.dump());
  p.size = {extent(value[0]), extent(value[1])};
}

void read_order(Preprocess& p, const json& value) {
  if (value == "rgb") {
    p.order = ChannelOrder::kRgb;
  } else if (value == "bgr") {
    p.order = ChannelOrder::kBgr;
  } else if (value == "gray") {
    p.order = ChannelOrder::kGray;
  } else {
    refuse("'order' is " + value.dump() + "; expected \"rgb\", \"bgr\" or \"gray\"");
  }
}

void read_filter(Preprocess& p, const json& value) {
  if (value == "nearest") {
    p.filter = ResizeFilter::kNearest;
  } else if (value == "bilinear") {
    p.filter = ResizeFilter::kBilinear;
  } else if (value == "bicubic") {
    p.filter = ResizeFilter::kBicubic;
  } else {
    refuse("'resize' is " + value.dump() + "; expected \"nearest\", \"bilinear\" or \"bicubic\"");
  }
}

void read_mean(Preprocess& p, const json& value) {
  if (!value.is_array()) {
    p.mean = {number(value, "mean")};
    return;
  }
  if (value.empty() || value.size() > 4)
    refuse("'mean' has " + std::to_string(value.size()) + " values; expected 1 to 4");
  for (const json& entry : value) p.mean.push_back(number(entry, "mean"));
}

void read_key(Preprocess& p, const std::string& key, const json& value) {
  if (key == "size") {
    read_size(p, value);
  } else if (key == "resize") {
    read_filter(p, value);
  } else if (key == "order") {
    read_order(p, value);
  } else if (key == "scale") {
    p.scale = number(value, key);
  } else if (key == "mean") {
    read_mean(p, value);
  } else {
    refuse("unknown key '" + key + "'; expected size, resize, order, scale, mean");
  }
}

// Other tools subtract before they scale. A mean meant that way lies far outside the scaled pixels and would give a
// constant input; it is better refused than applied.
void check_mean(const Preprocess& p) {
  const double range = 255.0 * std::abs(p.scale);
  for (const double mean : p.mean) {
    if (std::abs(mean) <= 2.0 * range) continue;
    refuse("'mean' is subtracted after scaling and lies outside the scaled pixels; got mean " + json(mean).dump() +
           " with pixels scaled to " + json(range).dump() + "; try mean * scale = " + json(mean * p.scale).dump());
  }
}

}  // namespace

Preprocess preprocess_from_json(std::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (object.is_discarded() || !object.is_object())
    refuse("is no JSON object; expected for example {\"size\": [224, 224]}");
  Preprocess p;
  p.name = "json";
  for (const auto& [key, value] : object.items()) read_key(p, key, value);
  if (p.scale == 0.0) refuse("'scale' is 0, which makes every picture the same");
  check_mean(p);
  if (object.contains("resize") && !p.size) refuse("'resize' is given without 'size'");
  return p;
}

Preprocess load_preprocess(const std::string& name_or_path) {
  if (name_or_path == "none" || name_or_path == "unit" || name_or_path == "vgg16")
    return preprocess_preset(name_or_path);
  try {
    constexpr std::uint64_t kMaxFile = 1 << 20;
    return preprocess_from_json(base::read_whole_file(name_or_path, "image", kMaxFile));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kNotFound) return preprocess_preset(name_or_path);  // lists the names
    throw Error(error.code(), "image", name_or_path, error.message());
  }
}

}  // namespace signxai
