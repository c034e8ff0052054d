// What a recurrent layer repeats at every step. Cells hold their weights as literals and make nodes in whatever builder
// they are given, so that the same cell serves outside a region and inside one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "importers/layers/activations.h"
#include "importers/layers/layer.h"

namespace signxai::keras {

using Values = std::vector<graph::Value>;

struct Cell {
  /// The part that needs no state, of one step [N, ...].
  std::function<graph::Value(graph::Builder&, graph::Value)> project;
  /// The same of all steps [N, T, ...] at once; empty where that cannot be done.
  std::function<graph::Value(graph::Builder&, graph::Value)> project_all;
  /// The next states, of what was projected and the states so far. Where a gate lets a signal through, the product has
  /// the gate first: relevance rules tell the two apart by that.
  std::function<Values(graph::Builder&, graph::Value, const Values&)> step;
  std::vector<std::int64_t> widths;  ///< last extent of each state
  std::size_t output = 0;            ///< which state is the step's output
  bool spatial = false;              ///< states have the spatial extents of what was projected
};

/// A cell by its entry {"class_name": "LSTMCell", ...} or, as layers have it, by class and configuration. Reads its
/// weights. `features` is the last extent of a step's input. Throws Error(kUnsupported) for cells that are not of
/// Keras.
Cell make_cell(LayerContext& context, const std::string& class_name, std::int64_t features);
/// StackedRNNCells among them.
Cell make_cell(LayerContext& context, const Json& entry, std::int64_t features);
/// The cell of ConvLSTM over n spatial axes; `input` is [N, T, space, C].
Cell make_conv_cell(LayerContext& context, std::size_t n, graph::Value input);

/// An activation in a region: softmax goes along the last axis.
using Function = std::function<graph::Value(graph::Builder&, graph::Value)>;
Function activation_function(const LayerContext& context, const char* key);

/// begin to end along the last axis.
graph::Value take_last(graph::Builder& builder, graph::Value value, std::int64_t begin, std::int64_t end);

/// The step of LSTM and ConvLSTM, of the sum of what was projected and what comes from the last output:
/// c' = f c + i act(g), h' = o act(c').
Values lstm_states(graph::Builder& builder, graph::Value gates, graph::Value c, std::int64_t units,
                   const Function& activation, const Function& recurrent_activation);

}  // namespace signxai::keras
