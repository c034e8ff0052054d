// From a model definition and its weights to a Network: walks the calls in order, flattens models used as layers, and
// lets the layer table make the nodes. Third stage of the Keras importer.
#pragma once

#include <string>

#include "graph/network.h"
#include "importers/keras/model_def.h"
#include "importers/weights/weight_source.h"

namespace signxai::keras {

/// Imports a model definition. A softmax or sigmoid that only the model's output uses is left out of the graph
/// and put into Network::probabilities. Throws Error(kUnsupported) that lists every layer which cannot be computed, and
/// Error(kCorruptFile) when the configuration contradicts itself or the weights.
graph::Network build_network(const ModelDef& model, WeightSource& weights, const std::string& subject);

/// The same from the text of the configuration.
graph::Network build_network(std::string_view json, WeightSource& weights, const std::string& subject);

}  // namespace signxai::keras
