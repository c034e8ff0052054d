// Readers of INPUT files.
#include "inputs.h"

#include <algorithm>
#include <array>
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

/// What is collected for one input of the network.
struct Batch {
  Tensor values;
  std::vector<Sample> samples;
};

/// Adds samples to the batch; the first ones decide about extents that the network leaves open.
class Collector {
 public:
  Collector(Batch& batch, Shape wanted) : batch_(batch), wanted_(std::move(wanted)) {}

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
    batch_.values.data.insert(batch_.values.data.end(), tensor.data.begin(), tensor.data.end());
    name_samples(path, batch ? tensor.shape.front() : 1, batch, std::move(sample));
    batch_.values.shape.front() = static_cast<std::int64_t>(batch_.samples.size());
  }

 private:
  void check_same(const std::string& path, const Shape& one) {
    if (batch_.samples.empty()) {
      batch_.values.shape = one;
      batch_.values.shape.insert(batch_.values.shape.begin(), 0);
    } else if (const Shape before(batch_.values.shape.begin() + 1, batch_.values.shape.end()); one != before) {
      refuse(path, fmt::format("has shape {}, the inputs before it {}; the inputs of one call form one batch",
                               to_string(one), to_string(before)));
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
      batch_.samples.push_back(sample);
    }
  }

  Batch& batch_;
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

/// The files of a folder that can be read, in the order of their names; a file stands for itself.
std::vector<std::string> expanded(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string extension = lower_extension(entry.path().string());
    static constexpr std::array kKnown = {".npy", ".npz", ".csv", ".png", ".jpg", ".jpeg"};
    const bool known = std::find(kKnown.begin(), kKnown.end(), extension) != kKnown.end();
    if (known && entry.is_regular_file(error)) files.push_back(entry.path().string());
  }
  if (error) throw Error(ErrorCode::kIo, "input", path, "the folder cannot be read; " + error.message());
  if (files.empty()) refuse(path, "the folder holds no .png, .jpg, .npy, .npz or .csv file");
  std::sort(files.begin(), files.end());
  return files;
}

/// All files of one input of the network. Returns whether there are pictures among them.
bool collect(Batch& batch, const std::vector<std::string>& paths, const Preprocess& settings, const Shape& shape) {
  Collector collector(batch, shape);
  bool pictures = false;
  for (const std::string& given : paths) {
    for (const std::string& path : expanded(given)) {
      const std::string extension = lower_extension(path);
      if (extension == ".npy") {
        collector.add(path, read_npy(path), {});
      } else if (extension == ".npz" || path.find(".npz:") != std::string::npos) {
        add_archive(collector, path);
      } else if (extension == ".csv") {
        add_series(collector, path, shape);
      } else {
        add_picture(collector, path, settings, shape);
        pictures = true;
      }
    }
  }
  return pictures;
}

/// The files of each input of the network, by its name or (INPUT...) by there being one only.
std::vector<std::vector<std::string>> assigned(const InputOptions& options, const std::vector<PortInfo>& ports) {
  std::vector<std::string> names;
  for (const PortInfo& port : ports) names.push_back(port.name);
  std::vector<std::vector<std::string>> files(ports.size());
  if (!options.files.empty() && ports.size() > 1) {
    refuse(options.files.front(), fmt::format("the network has {} inputs ({}); hand each in as --input NAME=FILE",
                                              ports.size(), fmt::join(names, ", ")));
  }
  if (!options.files.empty()) files.front() = options.files;
  for (const std::string& named : options.named) {
    const std::size_t equals = named.find('=');
    const auto at = std::find(names.begin(), names.end(), named.substr(0, equals));
    if (equals == std::string::npos || at == names.end()) {
      refuse(named, fmt::format("is not NAME=FILE with a name of the network's inputs ({})", fmt::join(names, ", ")));
    }
    files[static_cast<std::size_t>(at - names.begin())].push_back(named.substr(equals + 1));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty()) refuse(names[i], "the network's input is missing; try INPUT, or --input " + names[i] + "=FILE");
  }
  return files;
}

}  // namespace

Shape Inputs::sample_shape(std::size_t input) const {
  return {values[input].shape.begin() + 1, values[input].shape.end()};
}

TensorView Inputs::value_of(std::size_t sample, std::size_t input) const {
  const Shape shape = sample_shape(input);
  return {shape, values[input].data.data() + sample * static_cast<std::size_t>(element_count(shape))};
}

std::size_t Inputs::index_of(const std::string& name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? 0 : static_cast<std::size_t>(at - names.begin());
}

void InputOptions::add_to(CLI::App& verb) {
  verb.add_option("INPUT", files, "PNG, JPEG, .npy, .npz (FILE.npz:NAME), .csv or a folder of these; together one batch");
  verb.add_option("--input", named, "File for one of several inputs of a network; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  verb.add_option("--preprocess", preprocess, "For pictures: none (0..255), unit (0..1), vgg16, or a JSON file");
}

Inputs read_inputs(const InputOptions& options, const Model& model) {
  const Preprocess settings = options.preprocess.empty() ? Preprocess{} : load_preprocess(options.preprocess);
  const std::vector<PortInfo> ports = model.inputs();
  const auto files = assigned(options, ports);
  Inputs inputs;
  bool pictures = false;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    Batch batch;
    pictures |= collect(batch, files[i], settings, ports[i].shape);
    if (i > 0 && batch.samples.size() != inputs.samples.size()) {
      refuse(ports[i].name, fmt::format("got {} samples, for '{}' {}; every sample needs each input",
                                        batch.samples.size(), ports.front().name, inputs.samples.size()));
    }
    inputs.names.push_back(ports[i].name);
    inputs.values.push_back(std::move(batch.values));
    if (i == 0) inputs.samples = std::move(batch.samples);
  }
  if (pictures) say("pictures: " + describe(settings));
  if (!pictures && !options.preprocess.empty())
    say("note: --preprocess is for pictures; arrays and tables are taken as they are");
  return inputs;
}

}  // namespace signxai::cli
