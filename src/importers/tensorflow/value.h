// What a node of a TensorFlow graph gives while it is translated: numbers that are known, a tensor of the model, or a
// tensor that stands for one in another shape. Part of the importer of SavedModels.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "importers/nodes/model_builder.h"

namespace signxai::tensorflow {

struct Draft;

struct Value {
  std::optional<graph::Literal> numbers{};  ///< extents that are not known are keras::open_extent()
  bool integer = false;
  std::shared_ptr<Draft> draft{};
  std::size_t result = 0;        ///< of the draft
  Shape shape{};                 ///< of the node's tensor; -1 where not known
  Shape base{};                  ///< of the draft's tensor, where the node's stands for it in another form:
  std::int64_t expanded = 0;     ///< with an axis more, of extent 1, for a layer that has one spatial axis fewer
  bool merged = false;           ///< with the batch and all axes but the last in one
  bool centred = false;          ///< as a channel for each sample, to be normalized
  graph::Ints blocks{}, pads{};  ///< in blocks, as a dilated convolution is computed; padding [before, behind] of axes
  std::string trouble{};         ///< why there is none

  bool in_other_form() const { return expanded > 0 || merged || centred || !blocks.empty(); }
  bool is_tensor() const { return draft != nullptr && trouble.empty(); }
  std::size_t rank() const { return numbers ? numbers->shape().size() : shape.size(); }
};

/// A layer call that is not made yet: what follows may become part of it, its bias and its activation.
struct Draft {
  keras::NodeCall call{};  ///< but for the inputs
  std::vector<Value> inputs{};
  std::string scope{};  ///< of the node; parts of a layer share it
  bool operation = false;
  bool biased = true;     ///< no bias can follow
  bool activated = true;  ///< no activation can follow
  std::string refusal{};
  const Draft* padding = nullptr;  ///< of a layer with kernel: the layer that makes its input
  std::optional<keras::TensorRef> made{};
};

}  // namespace signxai::tensorflow
