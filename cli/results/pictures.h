// Drawings of one sample's maps: a picture per method, and a panel with all of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "inputs.h"
#include "picture_options.h"
#include "signxai/explainer.h"
#include "texts.h"

namespace signxai::cli {

/// Draws one explanation, which must outlive the object together with its inputs. A row is a sample or, where a target
/// asks for several neurons of each sample, a sample and one of its neurons, in the order of Explanation::targets.
class Painter {
 public:
  /// kUnsupported for samples of more than three axes.
  Painter(const Inputs& inputs, const Explanation& explanation, std::vector<PortInfo> outputs,
          const PictureOptions& options, const Vocabulary& vocabulary);

  void write_map(const std::string& path, std::size_t row, std::size_t map, const PictureTexts& texts,
                 bool overwrite) const;
  void write_panel(const std::string& path, std::size_t row, const PictureTexts& texts, bool overwrite) const;
  /// "digit.png: class 3, score 0.9987".
  std::string title(std::size_t row) const;
  /// What a picture shows, for its provenance: one map, or all of them.
  nlohmann::ordered_json describe(std::size_t row, std::optional<std::size_t> map) const;

 private:
  std::size_t sample_of(std::size_t row) const;
  /// The input of the network that a map belongs to.
  std::size_t input_of(std::size_t map) const { return inputs_.index_of(explanation_.maps[map].place); }
  /// Is the map one of a series, drawn as leads over time?
  bool is_series(std::size_t row, std::size_t map) const;
  TensorView map_of(std::size_t row, std::size_t map) const;
  /// The map of a series on the series' own time steps: methods may answer at a coarser resolution.
  Tensor series_map(std::size_t row, std::size_t map) const;
  void write_text(const std::string& path, std::size_t row, const std::vector<std::size_t>& maps,
                  const PictureTexts& texts, bool overwrite) const;
  void write_series(const std::string& path, std::size_t row, const std::vector<std::size_t>& maps,
                    const PictureTexts& texts, bool overwrite) const;

  const Inputs& inputs_;
  const Explanation& explanation_;
  const std::vector<PortInfo> outputs_;
  const Texts texts_;
  const double sampling_rate_;
  const MapStyle style_;
};

/// kUnsupported when samples of this shape cannot be drawn.
void check_drawable(const Shape& sample_shape);

/// Rows per sample: how many neurons of each sample have maps of their own.
std::size_t rows_per_sample(const Explanation& explanation);

/// The part of a map that belongs to a row.
TensorView row_of(const Explanation& explanation, std::size_t map, std::size_t row);

/// What a row explains: "class 3, score 0.9987", with several outputs one for each; "all outputs" for the target all.
std::string target_text(const Explanation& explanation, const std::vector<PortInfo>& outputs, std::size_t row);

/// One explained neuron and what the model returns there; no neuron (-1) and NaN for all outputs and expressions.
struct Explained {
  std::string output;
  std::int64_t neuron;
  double score;
};
/// Of each explained output.
std::vector<Explained> explained_of(const Explanation& explanation, const std::vector<PortInfo>& outputs,
                                    std::size_t row);

}  // namespace signxai::cli
