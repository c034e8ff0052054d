// The activation functions of Keras, as the argument of a layer and as layers of their own.
#pragma once

#include <string>
#include <string_view>

#include "importers/layers/layer.h"

namespace signxai::keras {

/// One function. Derivatives at the kinks are those of TensorFlow, which is why some are not written the shortest way.
struct ActivationDef {
  std::string_view name;         ///< in lower case, as a layer's `activation` has it
  std::string_view layer_class;  ///< the layer that computes the same with parameters; may be empty
  graph::Value (*apply)(graph::Builder&, graph::Value, const Config& parameters) = nullptr;
  std::optional<HeadFunction::Kind> head{};  ///< turns logits into scores; make_head does it
};

/// An activation as configurations write it, with its parameters; `parameters` borrows from the configuration.
struct Activation {
  const ActivationDef* def = nullptr;
  Config parameters;
};

/// Understands a name, {"class_name": ..., "config": {...}}, and null (linear). Throws Error(kUnsupported) for anything
/// else, functions in marshalled form among them.
Activation resolve_activation(const Json* value, const Config& layer);
/// The function that a layer class of its own computes.
const ActivationDef& activation_of_layer(std::string_view layer_class);

/// Applies the layer's fused `activation` to the value of its kernel.
LayerResult fused_activation(LayerContext& context, graph::Value kernel_output);
/// Applies an activation as a layer of its own.
LayerResult apply_activation(LayerContext& context, graph::Value value, const Activation& activation,
                             const std::string& form);

/// The head function applied: softmax or log-softmax along an axis, sigmoid element by element.
graph::Value make_head(graph::Builder& builder, graph::Value value, const HeadFunction& head);

/// The ReLU layer's function; `max_value` may be infinite.
struct ReluParameters {
  double max_value, negative_slope, threshold;
};
graph::Value make_relu(graph::Builder& builder, graph::Value value, const ReluParameters& parameters);

}  // namespace signxai::keras
