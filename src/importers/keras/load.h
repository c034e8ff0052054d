// The files that Keras models come in, and models in memory. First stage of the Keras importer; importer.h decides
// which of these to call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/network.h"
#include "importers/keras/model_def.h"
#include "importers/weights/weight_source.h"
#include "signxai/model.h"

namespace signxai::keras {

/// A full model in HDF5 (attribute model_config). `options.weights`, if not empty, replaces the weights in it.
graph::Network load_model_h5(const std::string& path, const LoadOptions& options);

/// An architecture in JSON with its weights in HDF5. Without `options.weights` they are looked for beside the JSON
/// file.
graph::Network load_model_json(const std::string& path, const LoadOptions& options);

/// A .keras archive.
graph::Network load_model_keras(const std::string& path, const LoadOptions& options);

/// The weights that come with a model.
using OwnWeights = std::function<std::unique_ptr<WeightSource>(const ModelDef& model)>;

/// A configuration that another container holds; its weights are asked for unless the options name others.
graph::Network load_configuration(const std::shared_ptr<const Json>& document, const std::string& subject,
                                  const LoadOptions& options, const OwnWeights& own);

/// Architecture and weights in memory.
graph::Network make_model(std::string_view architecture, const std::vector<LayerWeights>& weights,
                          const LoadOptions& options);

}  // namespace signxai::keras
