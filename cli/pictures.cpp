// Drawings of one sample's maps.
#include "pictures.h"

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

double target_score(const Explanation& explanation, std::size_t sample) {
  const std::int64_t target = explanation.targets[sample];
  if (target < 0) return std::nan("");
  const std::int64_t outputs = element_count(explanation.outputs.shape) / explanation.outputs.shape.front();
  return explanation.outputs.data[static_cast<std::size_t>(static_cast<std::int64_t>(sample) * outputs + target)];
}

std::string target_text(const Explanation& explanation, std::size_t sample) {
  if (explanation.targets[sample] < 0) return "all outputs";
  return fmt::format("class {}, score {}", explanation.targets[sample],
                     short_number(target_score(explanation, sample)));
}

Painter::Painter(const Inputs& inputs, const Explanation& explanation, double sampling_rate)
    : inputs_(inputs), explanation_(explanation), sampling_rate_(sampling_rate) {
  check_drawable(inputs.sample_shape());
}

bool Painter::is_series(std::size_t sample) const {
  const Shape shape = inputs_.sample_shape();
  if (shape.size() != 2 || inputs_.samples[sample].picture) return false;
  return inputs_.samples[sample].series || shape[0] >= kSeriesAspect * shape[1];
}

TensorView Painter::map_of(std::size_t sample, std::size_t method) const {
  const Tensor& map = explanation_.maps[method].map;
  const Shape shape(map.shape.begin() + 1, map.shape.end());
  return {shape, map.data.data() + sample * static_cast<std::size_t>(element_count(shape))};
}

Tensor Painter::series_map(std::size_t sample, std::size_t method) const {
  const TensorView map = map_of(sample, method);
  const std::int64_t steps = inputs_.sample_shape().front(), width = map.shape.size() > 1 ? map.shape[1] : 1;
  if (map.shape.front() == steps) return {map.shape, {map.data, map.data + element_count(map.shape)}};
  Tensor resized = resize_bilinear({{map.shape.front(), 1, width}, map.data}, steps, 1);
  resized.shape = {steps, width};
  return resized;
}

Image Painter::series(std::size_t sample, const std::vector<std::size_t>& methods) const {
  const Sample& source = inputs_.samples[sample];
  SeriesPanel panel;
  panel.title = source.name;
  panel.subtitle = target_text(explanation_, sample);
  panel.signal = inputs_.value_of(sample);
  panel.leads = source.leads;
  panel.sampling_rate = sampling_rate_;
  panel.columns = even_columns(methods.size(), 3);
  std::vector<Tensor> maps;
  maps.reserve(methods.size());
  for (const std::size_t method : methods) {
    maps.push_back(series_map(sample, method));
    panel.maps.push_back({explanation_.maps[method].method, "", maps.back()});
  }
  return draw_series(panel);
}

Image Painter::single(std::size_t sample, std::size_t method) const {
  return is_series(sample) ? series(sample, {method}) : draw_heatmap(map_of(sample, method));
}

Image Painter::panel(std::size_t sample) const {
  std::vector<std::size_t> methods(explanation_.maps.size());
  std::iota(methods.begin(), methods.end(), 0);
  if (is_series(sample)) return series(sample, methods);
  Panel panel;
  panel.title = inputs_.samples[sample].name;
  panel.subtitle = target_text(explanation_, sample);
  panel.input = input_picture(inputs_.samples[sample], inputs_.value_of(sample));
  panel.columns = even_columns(methods.size() + 1, 4);
  for (const std::size_t method : methods) {
    panel.maps.push_back({explanation_.maps[method].method, "", map_of(sample, method)});
  }
  return draw_panel(panel);
}

}  // namespace signxai::cli
