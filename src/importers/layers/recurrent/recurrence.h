// A cell run over a sequence: one `scan`. Part of the import of recurrent layers and of Bidirectional.
#pragma once

#include "importers/layers/recurrent/cell.h"

namespace signxai::keras {

struct Course {
  bool backwards = false;  ///< begins with the last step
  /// Whether the output of a masked step is 0 instead of that of the step before; nothing: as the layer has it.
  std::optional<bool> zero_masked{};
  bool every_step = false;  ///< the outputs of all steps are wanted
  graph::Value mask{};      ///< [N, T]; invalid: none
  Values initial{};         ///< states; none: zeros
};

struct Outcome {
  graph::Value sequence;  ///< outputs at the places of their steps, where they are wanted
  graph::Value last;      ///< the output of the step that ran last
  Values states;
};

/// Runs the cell over axis 1 of `x`. A masked step leaves the states as they are.
Outcome run_cell(LayerContext& context, const Cell& cell, graph::Value x, const Course& course);

/// What a layer class makes of `x`, in the layout of the layer: LSTM, GRU, SimpleRNN, RNN, ConvLSTM1D, 2D, 3D. Of
/// `course`, `every_step` comes from the layer's configuration, and so does `backwards`. Throws Error(kUnsupported) for
/// other classes and for arguments that are not supported.
struct Recurrent {
  Outcome outcome;
  bool backwards = false, every_step = false, with_states = false;
};
Recurrent run_layer(LayerContext& context, const std::string& class_name, graph::Value x, Course course);

/// How many spatial axes a layer of that class has; 0 where its states are vectors.
std::size_t spatial_axes(const std::string& class_name);

/// Splits the inputs of a call into the sequence and the states behind it, and takes the mask of the sequence. Keras 3
/// does not hand on the mask that a sequence carries where states are given as well.
Course course_of(const LayerContext& context);

/// Back to front along axis 1.
graph::Value reverse_steps(graph::Builder& builder, graph::Value sequence);

}  // namespace signxai::keras
