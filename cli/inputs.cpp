// Readers of INPUT files. A first pass (input_files.h) lists the samples, later ones read them.
#include "inputs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "console.h"
#include "input_files.h"
#include "signxai/array_file.h"
#include "signxai/error.h"

namespace signxai::cli {
namespace {

/// The same crop and size as the network sees, as 8-bit pixels.
Image shown(const Image& image, Preprocess settings, const Shape& shape) {
  settings.scale = 1;
  settings.mean.clear();
  if (settings.order == ChannelOrder::kBgr) settings.order = ChannelOrder::kRgb;
  Tensor pixels = preprocess(image, settings, shape);
  // Channels are last where there are one, three or four of them; else the network has them first.
  const auto few = [](std::int64_t extent) { return extent == 1 || extent == 3 || extent == 4; };
  if (shape.size() == 3 && !few(pixels.shape[2])) {
    pixels = preprocess(image, settings, {shape[1], shape[2], shape[0]});
  }
  Image result{
      pixels.shape[0], pixels.shape[1], pixels.shape.size() == 3 ? static_cast<int>(pixels.shape[2]) : 1, {}, {}};
  for (const float value : pixels.data) {
    result.pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F))));
  }
  return result;
}

/// The files of each input of the network, by its name or (INPUT...) by there being one only.
std::vector<std::vector<std::string>> assigned(const InputOptions& options, const std::vector<PortInfo>& ports) {
  std::vector<std::string> names;
  for (const PortInfo& port : ports) names.push_back(port.name);
  std::vector<std::vector<std::string>> files(ports.size());
  if (!options.files.empty() && ports.size() > 1) {
    refuse_input(options.files.front(), fmt::format("the network has {} inputs ({}); hand each in as --input NAME=FILE",
                                                    ports.size(), fmt::join(names, ", ")));
  }
  if (!options.files.empty()) files.front() = options.files;
  for (const std::string& named : options.named) {
    const std::size_t equals = named.find('=');
    const auto at = std::find(names.begin(), names.end(), named.substr(0, equals));
    if (equals == std::string::npos || at == names.end()) {
      refuse_input(named,
                   fmt::format("is not NAME=FILE with a name of the network's inputs ({})", fmt::join(names, ", ")));
    }
    files[static_cast<std::size_t>(at - names.begin())].push_back(named.substr(equals + 1));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty())
      refuse_input(names[i], "the network's input is missing; try INPUT, or --input " + names[i] + "=FILE");
  }
  return files;
}

}  // namespace

/// The files of one input of the network.
class InputStream::Port {
 public:
  Port(const std::vector<std::string>& given, const Preprocess& settings, Shape wanted)
      : settings_(settings), wanted_(std::move(wanted)) {
    for (const std::string& path : input_paths(given, wanted_)) files_.push_back(look_at_input(path, wanted_));
  }

  bool has_pictures() const {
    return std::any_of(files_.begin(), files_.end(),
                       [](const InputFile& file) { return file.kind == InputFile::Kind::kPicture; });
  }

  std::vector<Sample> samples() const {
    std::vector<Sample> list;
    for (const InputFile& file : files_) {
      const std::filesystem::path path(file.path);
      for (std::int64_t i = 0; i < file.samples; ++i) {
        Sample sample;
        sample.name = path.filename().string() + (file.batch ? fmt::format("[{}]", i) : "");
        sample.stem = path.stem().string() + (file.batch ? fmt::format("_{}", i) : "");
        list.push_back(std::move(sample));
      }
    }
    return list;
  }

  Shape shape() {
    if (std::all_of(wanted_.begin(), wanted_.end(), [](auto extent) { return extent >= 0; })) return wanted_;
    if (samples_.empty()) fill(1);
    return {values_.shape.begin() + 1, values_.shape.end()};
  }

  /// Moves the next samples out: their values, and what reading told about them.
  Tensor take(std::size_t count, std::vector<Sample>& told) {
    fill(count);
    told = std::exchange(samples_, {});
    return std::exchange(values_, {});
  }

 private:
  /// Reads until there are `count` samples, or no more.
  void fill(std::size_t count) {
    while (samples_.size() < count && next_file_ < files_.size()) {
      const InputFile& file = files_[next_file_];
      const auto wanted = std::min(static_cast<std::int64_t>(count - samples_.size()), file.samples - next_sample_);
      if (file.kind == InputFile::Kind::kArray) add_rows(file, wanted);
      if (file.kind == InputFile::Kind::kTable) add_table(file, wanted);
      if (file.kind == InputFile::Kind::kPicture) add_picture(file.path);
      next_sample_ += wanted;
      if (next_sample_ < file.samples) continue;
      ++next_file_;
      next_sample_ = 0;
      reader_.reset();
      table_ = {};
    }
    if (!samples_.empty()) values_.shape.front() = static_cast<std::int64_t>(samples_.size());
  }

  void add_rows(const InputFile& file, std::int64_t count) {
    if (!reader_) reader_ = std::make_unique<ArrayReader>(file.path, file.member);
    add(file, reader_->read(file.batch ? count : reader_->shape().front()), count, {});
  }

  void add_table(const InputFile& file, std::int64_t count) {
    if (table_.values.data.empty()) table_ = read_csv(file.path);
    Sample sample;
    // For a network of plain features each row is a sample, and the columns are no leads.
    sample.series = wanted_.size() == 2;
    if (sample.series) sample.leads = table_.columns;
    if (!file.batch) return add(file, table_.values, 1, sample);
    const std::int64_t columns = table_.values.shape[1];
    const auto first = table_.values.data.begin() + next_sample_ * columns;
    add(file, Tensor({count, columns}, {first, first + count * columns}), count, sample);
  }

  void add_picture(const std::string& path) {
    const Image image = load_image_file(path);
    if (!image.note.empty()) say(fmt::format("note: {}: {}", path, image.note));
    Sample sample;
    try {
      const Tensor values = preprocess(image, settings_, wanted_);
      sample.picture = shown(image, settings_, wanted_);
      add({path, "", InputFile::Kind::kPicture}, values, 1, sample);
    } catch (const Error& error) {
      if (error.stage() != "image") throw;
      throw Error(error.code(), error.stage(), path, error.message());
    }
  }

  void add(const InputFile& file, const Tensor& values, std::int64_t count, const Sample& sample) {
    Shape one(values.shape.begin() + (file.batch ? 1 : 0), values.shape.end());
    if (first_shape_.empty()) first_shape_ = one;
    if (one != first_shape_) {
      refuse_input(file.path,
                   fmt::format("has shape {}, the inputs before it {}; the inputs of one call form one batch",
                               to_string(one), to_string(first_shape_)));
    }
    check_finite(file, values);
    if (samples_.empty()) {
      values_.shape = one;
      values_.shape.insert(values_.shape.begin(), 0);
      values_.data.clear();
    }
    values_.data.insert(values_.data.end(), values.data.begin(), values.data.end());
    samples_.insert(samples_.end(), static_cast<std::size_t>(count), sample);
  }

  void check_finite(const InputFile& file, const Tensor& values) const {
    const auto bad = std::find_if(values.data.begin(), values.data.end(), [](float v) { return !std::isfinite(v); });
    if (bad == values.data.end()) return;
    const std::int64_t size = element_count(first_shape_);
    refuse_input(file.path, fmt::format("holds {} (element {} of {}); expected finite numbers",
                                        std::isnan(*bad) ? "a NaN" : "an infinity",
                                        next_sample_ * size + (bad - values.data.begin()), file.samples * size));
  }

  const Preprocess settings_;
  const Shape wanted_;
  std::vector<InputFile> files_;
  std::size_t next_file_ = 0;
  std::int64_t next_sample_ = 0;  ///< of that file
  std::unique_ptr<ArrayReader> reader_;
  Series table_;
  Shape first_shape_;
  Tensor values_;  ///< read and not taken yet
  std::vector<Sample> samples_;
};

Shape Inputs::sample_shape(std::size_t input) const {
  return {values[input].shape.begin() + 1, values[input].shape.end()};
}

TensorView Inputs::value_of(std::size_t sample, std::size_t input) const {
  const Shape shape = sample_shape(input);
  return {shape, values[input].data.data() + sample * static_cast<std::size_t>(element_count(shape))};
}

std::size_t Inputs::index_of(const std::string& place) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& behind = embeddings[i];
    if (names[i] == place || std::find(behind.begin(), behind.end(), place) != behind.end()) return i;
  }
  return 0;
}

void InputOptions::add_to(CLI::App& verb) {
  verb.add_option("INPUT", files,
                  "PNG, JPEG, .npy, .npz (FILE.npz:NAME), .csv or a folder of these; together one batch");
  verb.add_option("--input", named, "File for one of several inputs of a network; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  verb.add_option("--preprocess", preprocess, "For pictures: none (0..255), unit (0..1), vgg16, or a JSON file");
}

InputStream::InputStream(const InputOptions& options, const Model& model) {
  const Preprocess settings = options.preprocess.empty() ? Preprocess{} : load_preprocess(options.preprocess);
  const std::vector<PortInfo> ports = model.inputs();
  const auto files = assigned(options, ports);
  bool pictures = false;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    ports_.push_back(std::make_unique<Port>(files[i], settings, ports[i].shape));
    pictures |= ports_.back()->has_pictures();
    std::vector<Sample> samples = ports_.back()->samples();
    if (i > 0 && samples.size() != samples_.size()) {
      refuse_input(ports[i].name, fmt::format("got {} samples, for '{}' {}; every sample needs each input",
                                              samples.size(), ports.front().name, samples_.size()));
    }
    names_.push_back(ports[i].name);
    embeddings_.push_back(ports[i].embeddings);
    if (i == 0) samples_ = std::move(samples);
  }
  if (pictures) {
    preprocessing_ = describe(settings);
    say("pictures: " + preprocessing_);
  } else if (!options.preprocess.empty()) {
    say("note: --preprocess is for pictures; arrays and tables are taken as they are");
  }
}

InputStream::~InputStream() = default;
InputStream::InputStream(InputStream&&) noexcept = default;

std::vector<Shape> InputStream::shapes() {
  std::vector<Shape> shapes;
  for (const auto& port : ports_) shapes.push_back(port->shape());
  return shapes;
}

Inputs InputStream::next(std::size_t count) {
  Inputs inputs;
  inputs.names = names_;
  inputs.embeddings = embeddings_;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    std::vector<Sample> told;
    inputs.values.push_back(ports_[i]->take(count, told));
    if (i == 0) inputs.samples = std::move(told);
  }
  for (Sample& sample : inputs.samples) {
    sample.name = samples_[taken_].name;
    sample.stem = samples_[taken_++].stem;
  }
  return inputs;
}

Inputs read_inputs(const InputOptions& options, const Model& model) {
  InputStream stream(options, model);
  return stream.next(stream.size());
}

}  // namespace signxai::cli
