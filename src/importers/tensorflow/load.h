// Folders in which TensorFlow saves models. importer.h decides whether a path is one.
#pragma once

#include <string>
#include <vector>

#include "graph/network.h"
#include "importers/tensorflow/open_file.h"
#include "signxai/model.h"

namespace signxai::tensorflow {

/// A SavedModel, by its folder or by the file saved_model.pb in it. Built from the configuration of its layers where
/// Keras has written one, else from its inference function.
graph::Network load_saved_model(const std::string& path, const LoadOptions& options);

/// The same from files that are anywhere; `subject` names the folder.
graph::Network load_saved_model(const OpenFile& open, const std::string& subject, const LoadOptions& options);

/// All files of the folder, in alphabetical order.
std::vector<std::string> list_files(const std::string& path);

}  // namespace signxai::tensorflow
