// Readers of INPUT files.
#include "inputs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "console.h"
#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai::cli {
namespace {

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "input", subject, message);
}

std::string lower_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

bool fits(const Shape& shape, const Shape& wanted) {
  return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                    [](std::int64_t have, std::int64_t want) { return want < 0 || have == want; });
}

/// Adds samples to the batch; the first ones decide about extents that the network leaves open.
class Collector {
 public:
  Collector(Inputs& inputs, Shape wanted) : inputs_(inputs), wanted_(std::move(wanted)) {}

  /// One sample of the network's shape, or several with the batch axis first.
  void add(const std::string& path, const Tensor& tensor, Sample sample) {
    Shape one = tensor.shape;
    const bool batch = one.size() == wanted_.size() + 1;
    if (batch) one.erase(one.begin());
    if (!fits(one, wanted_)) {
      refuse(path, fmt::format("has shape {}; the network takes {}, or a batch with the samples first",
                               to_string(tensor.shape), to_string(wanted_)));
    }
    if (tensor.data.empty()) refuse(path, fmt::format("holds no sample; got shape {}", to_string(tensor.shape)));
    check_same(path, one);
    check_finite(path, tensor);
    inputs_.values.data.insert(inputs_.values.data.end(), tensor.data.begin(), tensor.data.end());
    name_samples(path, batch ? tensor.shape.front() : 1, batch, std::move(sample));
    inputs_.values.shape.front() = static_cast<std::int64_t>(inputs_.samples.size());
  }

 private:
  void check_same(const std::string& path, const Shape& one) {
    if (inputs_.samples.empty()) {
      inputs_.values.shape = one;
      inputs_.values.shape.insert(inputs_.values.shape.begin(), 0);
    } else if (one != inputs_.sample_shape()) {
      refuse(path, fmt::format("has shape {}, the inputs before it {}; the inputs of one call form one batch",
                               to_string(one), to_string(inputs_.sample_shape())));
    }
  }

  static void check_finite(const std::string& path, const Tensor& tensor) {
    const auto bad = std::find_if(tensor.data.begin(), tensor.data.end(), [](float v) { return !std::isfinite(v); });
    if (bad == tensor.data.end()) return;
    refuse(path,
           fmt::format("holds {} (element {} of {}); expected finite numbers",
                       std::isnan(*bad) ? "a NaN" : "an infinity", bad - tensor.data.begin(), tensor.data.size()));
  }

  void name_samples(const std::string& path, std::int64_t count, bool batch, Sample sample) {
    const std::filesystem::path file(path);
    for (std::int64_t i = 0; i < count; ++i) {
      sample.name = file.filename().string() + (batch ? fmt::format("[{}]", i) : "");
      sample.stem = file.stem().string() + (batch ? fmt::format("_{}", i) : "");
      inputs_.samples.push_back(sample);
    }
  }

  Inputs& inputs_;
  const Shape wanted_;
};

/// The same crop and size as the network sees, as 8-bit pixels.
Image shown(const Image& image, Preprocess settings, const Shape& shape) {
  settings.scale = 1;
  settings.mean.clear();
  if (settings.order == ChannelOrder::kBgr) settings.order = ChannelOrder::kRgb;
  const Tensor pixels = preprocess(image, settings, shape);
  Image result{
      pixels.shape[0], pixels.shape[1], pixels.shape.size() == 3 ? static_cast<int>(pixels.shape[2]) : 1, {}, {}};
  for (const float value : pixels.data) {
    result.pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F))));
  }
  return result;
}

void add_picture(Collector& collector, const std::string& path, const Preprocess& settings, const Shape& shape) {
  const Image image = load_image_file(path);
  if (!image.note.empty()) say(fmt::format("note: {}: {}", path, image.note));
  Sample sample;
  try {
    const Tensor values = preprocess(image, settings, shape);
    sample.picture = shown(image, settings, shape);
    collector.add(path, values, std::move(sample));
  } catch (const Error& error) {
    if (error.stage() != "image") throw;
    throw Error(error.code(), error.stage(), path, error.message());
  }
}

void add_archive(Collector& collector, const std::string& path) {
  const std::size_t colon = path.rfind(".npz:");
  if (colon != std::string::npos) {
    const std::string file = path.substr(0, colon + 4), member = path.substr(colon + 5);
    collector.add(file, read_npz_member(file, member), {});
    return;
  }
  const std::vector<NamedTensor> arrays = read_npz(path);
  if (arrays.size() != 1) {
    std::vector<std::string> names;
    for (const NamedTensor& array : arrays) names.push_back(array.name);
    refuse(path, fmt::format("holds {} arrays ({}); expected one, or try {}:NAME", arrays.size(),
                             fmt::join(names, ", "), path));
  }
  collector.add(path, arrays.front().tensor, {});
}

void add_series(Collector& collector, const std::string& path, const Shape& shape) {
  Series series = read_csv(path);
  Sample sample;
  // For a network of plain features each row is a sample, and the columns are no leads.
  sample.series = shape.size() == 2;
  if (sample.series) sample.leads = std::move(series.columns);
  collector.add(path, series.values, std::move(sample));
}

}  // namespace

TensorView Inputs::value_of(std::size_t sample) const {
  const Shape shape = sample_shape();
  return {shape, values.data.data() + sample * static_cast<std::size_t>(element_count(shape))};
}

Inputs read_inputs(const std::vector<std::string>& paths, const std::string& preprocess_name,
                   const Shape& sample_shape) {
  const Preprocess settings = preprocess_name.empty() ? Preprocess{} : load_preprocess(preprocess_name);
  Inputs inputs;
  Collector collector(inputs, sample_shape);
  bool pictures = false;
  for (const std::string& path : paths) {
    const std::string extension = lower_extension(path);
    if (extension == ".npy") {
      collector.add(path, read_npy(path), {});
    } else if (extension == ".npz" || path.find(".npz:") != std::string::npos) {
      add_archive(collector, path);
    } else if (extension == ".csv") {
      add_series(collector, path, sample_shape);
    } else {
      add_picture(collector, path, settings, sample_shape);
      pictures = true;
    }
  }
  if (pictures) say("pictures: " + describe(settings));
  if (!pictures && !preprocess_name.empty())
    say("note: --preprocess is for pictures; arrays and tables are taken as they are");
  return inputs;
}

}  // namespace signxai::cli
