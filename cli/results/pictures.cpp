// Drawings of one sample's maps.
#include "pictures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "console.h"
#include "signxai/error.h"

namespace signxai::cli {
namespace {

/// Arrays of two axes may be series (time, leads) or gray pictures; series are long and narrow.
constexpr std::int64_t kSeriesAspect = 4;

/// Columns that spread `tiles` evenly over as few rows as `most` columns need.
int even_columns(std::size_t tiles, std::size_t most) {
  const std::size_t rows = (tiles + most - 1) / most;
  return static_cast<int>((tiles + rows - 1) / rows);
}

Image input_picture(const Sample& sample, const TensorView& value) {
  if (sample.picture) return *sample.picture;
  if (value.shape.size() == 1) return picture_of({{1, value.shape[0]}, value.data});
  return picture_of(value);
}

}  // namespace

void check_drawable(const Shape& sample_shape) {
  if (!sample_shape.empty() && sample_shape.size() <= 3) return;
  throw Error(ErrorCode::kUnsupported, "output", "picture",
              fmt::format("samples of shape {} cannot be drawn; expected 1 to 3 axes; try --raw for the numbers",
                          to_string(sample_shape)));
}

std::size_t rows_per_sample(const Explanation& explanation) {
  // Several explained outputs share one map; several neurons of one output have a map each.
  const bool several = explanation.targets_shape.size() > 1 && explanation.explained.size() == 1;
  return several ? static_cast<std::size_t>(explanation.targets_shape[1]) : 1;
}

TensorView row_of(const Explanation& explanation, std::size_t map, std::size_t row) {
  const Tensor& tensor = explanation.maps[map].map;
  const bool several = explanation.targets_shape.size() > 1 && explanation.explained.size() == 1;
  const std::ptrdiff_t axes = several ? 2 : 1;
  const Shape shape(tensor.shape.begin() + axes, tensor.shape.end());
  return {shape, tensor.data.data() + row * static_cast<std::size_t>(element_count(shape))};
}

std::vector<Explained> explained_of(const Explanation& explanation, const std::vector<PortInfo>& outputs,
                                    std::size_t row) {
  const std::size_t count = explanation.explained.size(), sample = row / rows_per_sample(explanation);
  std::vector<Explained> list;
  for (std::size_t e = 0; e < count; ++e) {
    Explained one{explanation.explained[e], explanation.targets[row * count + e], std::nan("")};
    for (std::size_t i = 0; i < outputs.size() && one.neuron >= 0; ++i) {
      if (outputs[i].name != one.output) continue;
      const Tensor& scores = explanation.outputs[i];
      const std::int64_t size = element_count(scores.shape) / scores.shape.front();
      one.score = scores.data[static_cast<std::size_t>(static_cast<std::int64_t>(sample) * size + one.neuron)];
    }
    list.push_back(std::move(one));
  }
  return list;
}

std::string target_text(const Explanation& explanation, const std::vector<PortInfo>& outputs, std::size_t row) {
  std::vector<std::string> pieces;
  for (const Explained& one : explained_of(explanation, outputs, row)) {
    const std::string prefix = explanation.explained.size() > 1 ? one.output + ": " : "";
    pieces.push_back(prefix + (one.neuron < 0
                                   ? "all outputs"
                                   : fmt::format("class {}, score {}", one.neuron, short_number(one.score))));
  }
  return fmt::format("{}", fmt::join(pieces, "; "));
}

Painter::Painter(const Inputs& inputs, const Explanation& explanation, std::vector<PortInfo> outputs,
                 const PictureOptions& options, const Vocabulary& vocabulary)
    : inputs_(inputs),
      explanation_(explanation),
      outputs_(std::move(outputs)),
      texts_(inputs, explanation, vocabulary),
      sampling_rate_(options.rate),
      style_(options.style()) {
  for (std::size_t i = 0; i < inputs.values.size(); ++i) check_drawable(inputs.sample_shape(i));
}

std::size_t Painter::sample_of(std::size_t row) const { return row / rows_per_sample(explanation_); }

bool Painter::is_series(std::size_t row, std::size_t map) const {
  const std::size_t input = input_of(map);
  const Sample& sample = inputs_.samples[sample_of(row)];
  const Shape shape = inputs_.sample_shape(input);
  if (shape.size() != 2 || (input == 0 && sample.picture)) return false;
  return (input == 0 && sample.series) || shape[0] >= kSeriesAspect * shape[1];
}

TensorView Painter::map_of(std::size_t row, std::size_t map) const { return row_of(explanation_, map, row); }

Tensor Painter::series_map(std::size_t row, std::size_t map) const {
  const TensorView view = map_of(row, map);
  const std::int64_t steps = inputs_.sample_shape(input_of(map)).front(),
                     width = view.shape.size() > 1 ? view.shape[1] : 1;
  if (view.shape.front() == steps) return {view.shape, {view.data, view.data + element_count(view.shape)}};
  Tensor resized = resize_bilinear({{view.shape.front(), 1, width}, view.data}, steps, 1);
  resized.shape = {steps, width};
  return resized;
}

std::string Painter::title(std::size_t row) const {
  return inputs_.samples[sample_of(row)].name + ": " + target_text(explanation_, outputs_, row);
}

nlohmann::ordered_json Painter::describe(std::size_t row, std::optional<std::size_t> map) const {
  nlohmann::ordered_json document = {{"input", inputs_.samples[sample_of(row)].name}};
  if (map) document["map"] = explanation_.maps[*map].name();
  for (const Explained& one : explained_of(explanation_, outputs_, row)) {
    document["targets"].push_back({{"output", one.output}, {"target", one.neuron}, {"score", one.score}});
  }
  return document;
}

void Painter::write_series(const std::string& path, std::size_t row, const std::vector<std::size_t>& maps,
                           const PictureTexts& texts, bool overwrite) const {
  const Sample& source = inputs_.samples[sample_of(row)];
  SeriesPanel panel;
  panel.title = source.name;
  panel.subtitle = target_text(explanation_, outputs_, row);
  panel.signal = inputs_.value_of(sample_of(row), input_of(maps.front()));
  if (input_of(maps.front()) == 0) panel.leads = source.leads;
  panel.sampling_rate = sampling_rate_;
  panel.columns = even_columns(maps.size(), 3);
  panel.style = style_;
  std::vector<Tensor> resized;
  resized.reserve(maps.size());
  for (const std::size_t map : maps) {
    resized.push_back(series_map(row, map));
    panel.maps.push_back({explanation_.maps[map].name(), "", resized.back()});
  }
  write_picture(path, panel, texts, overwrite);
}

void Painter::write_text(const std::string& path, std::size_t row, const std::vector<std::size_t>& maps,
                         const PictureTexts& texts, bool overwrite) const {
  TokenPanel panel{inputs_.samples[sample_of(row)].name,
                   target_text(explanation_, outputs_, row),
                   texts_.tokens(row, maps.front()),
                   {},
                   style_};
  for (const std::size_t map : maps) panel.maps.push_back({explanation_.maps[map].name(), "", map_of(row, map)});
  write_picture(path, panel, texts, overwrite);
}

void Painter::write_map(const std::string& path, std::size_t row, std::size_t map, const PictureTexts& texts,
                        bool overwrite) const {
  if (texts_.is_text(row, map)) return write_text(path, row, {map}, texts, overwrite);
  if (is_series(row, map)) return write_series(path, row, {map}, texts, overwrite);
  const std::size_t sample = sample_of(row), input = input_of(map);
  std::optional<Image> below;
  if (style_.overlay > 0) {
    below = input == 0 ? input_picture(inputs_.samples[sample], inputs_.value_of(sample))
                       : picture_of(inputs_.value_of(sample, input));
  }
  constexpr std::int64_t kSmallest = 224;
  write_picture(path, draw_heatmap(map_of(row, map), style_, kSmallest, below ? &*below : nullptr), texts, overwrite);
}

void Painter::write_panel(const std::string& path, std::size_t row, const PictureTexts& texts, bool overwrite) const {
  std::vector<std::size_t> maps(explanation_.maps.size());
  std::iota(maps.begin(), maps.end(), 0);
  const auto text = [&](std::size_t map) { return texts_.is_text(row, map) && input_of(map) == input_of(0); };
  if (std::all_of(maps.begin(), maps.end(), text)) return write_text(path, row, maps, texts, overwrite);
  if (inputs_.values.size() == 1 && is_series(row, 0)) return write_series(path, row, maps, texts, overwrite);
  const std::size_t sample = sample_of(row);
  Panel panel;
  panel.title = inputs_.samples[sample].name;
  panel.subtitle = target_text(explanation_, outputs_, row);
  panel.input = input_picture(inputs_.samples[sample], inputs_.value_of(sample));
  panel.columns = even_columns(maps.size() + 1, 4);
  panel.style = style_;
  for (const std::size_t map : maps) panel.maps.push_back({explanation_.maps[map].name(), "", map_of(row, map)});
  write_picture(path, panel, texts, overwrite);
}

}  // namespace signxai::cli
