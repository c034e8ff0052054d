// The files that Keras models come in, and models in memory. First stage of the Keras importer; importer.h decides which
// of these to call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/network.h"
#include "signxai/model.h"

namespace signxai::keras {

/// A full model in HDF5 (attribute model_config). `options.weights`, if not empty, replaces the weights in it.
graph::Network load_model_h5(const std::string& path, const LoadOptions& options);

/// An architecture in JSON with its weights in HDF5. Without `options.weights` they are looked for beside the JSON file.
graph::Network load_model_json(const std::string& path, const LoadOptions& options);

/// A .keras archive.
graph::Network load_model_keras(const std::string& path, const LoadOptions& options);

/// Architecture and weights in memory.
graph::Network make_model(std::string_view architecture, const std::vector<LayerWeights>& weights,
                          const LoadOptions& options);

}  // namespace signxai::keras
