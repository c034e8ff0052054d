// Drawings of one sample's maps: a picture per method, and a panel with all of them.
#pragma once

#include <string>
#include <vector>

#include "inputs.h"
#include "signxai/explainer.h"

namespace signxai::cli {

/// Draws samples of one explanation, which must outlive the object together with its inputs.
class Painter {
 public:
  /// `sampling_rate` in Hz is for the time axis of series; 0: unknown. kUnsupported for samples of more than three
  /// axes.
  Painter(const Inputs& inputs, const Explanation& explanation, double sampling_rate);

  Image single(std::size_t sample, std::size_t method) const;
  Image panel(std::size_t sample) const;

 private:
  /// Is the sample a series, drawn as leads over time?
  bool is_series(std::size_t sample) const;
  TensorView map_of(std::size_t sample, std::size_t method) const;
  /// The map of a series on the series' own time steps: methods may answer at a coarser resolution.
  Tensor series_map(std::size_t sample, std::size_t method) const;
  Image series(std::size_t sample, const std::vector<std::size_t>& methods) const;

  const Inputs& inputs_;
  const Explanation& explanation_;
  double sampling_rate_;
};

/// kUnsupported when samples of this shape cannot be drawn.
void check_drawable(const Shape& sample_shape);

/// "class 3, score 0.9987": what is explained and what the model returns there; "all outputs" for the target all.
std::string target_text(const Explanation& explanation, std::size_t sample);

/// What the model returns at the explained output; NaN for the target all.
double target_score(const Explanation& explanation, std::size_t sample);

}  // namespace signxai::cli
