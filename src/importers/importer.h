// Entry of the importers: from a model file to a Network. First stage of the pipeline. Safe for concurrent use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/network.h"
#include "signxai/model.h"

namespace signxai {

/// Reads a trained model. Its format is found by content, not by name. `options.weights` names the weights of a file
/// that holds the architecture alone; without it they are looked for beside that file, which a note then says. Nothing
/// in a model file is ever executed. Throws kNotFound, kIo, kCorruptFile (damaged, or contradicts itself), kUnsupported
/// (other formats; layers that cannot be computed, all of them listed), kInvalidArgument (weights without
/// architecture).
graph::Network load_network(const std::string& path, const LoadOptions& options = {});

/// The files that the model at that path consists of, in a fixed order: those of a folder, or the path itself.
std::vector<std::string> files_of_model(const std::string& path);

/// The same from memory; Model::from_memory describes the arguments.
graph::Network make_network(std::string_view architecture, const std::vector<LayerWeights>& weights,
                            const LoadOptions& options = {});

}  // namespace signxai
