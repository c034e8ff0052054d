// The files that Keras 2 models come in. First stage of the Keras importer; importer.h decides which of these to call.
#pragma once

#include <string>

#include "graph/network.h"

namespace signxai::keras {

/// A full model in HDF5 (attribute model_config). `weights_path`, if not empty, replaces the weights in it.
graph::Network load_model_h5(const std::string& path, const std::string& weights_path);

/// An architecture in JSON with its weights in HDF5. Without `weights_path` they are looked for beside the JSON file.
graph::Network load_model_json(const std::string& path, const std::string& weights_path);

}  // namespace signxai::keras
