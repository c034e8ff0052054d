// The choice between the two sources of a model's structure.
#include "importers/tensorflow/load.h"

#include <algorithm>
#include <filesystem>

#include "importers/keras/assemble.h"
#include "importers/keras/load.h"
#include "importers/tensorflow/saved_model.h"
#include "importers/tensorflow/translate.h"
#include "importers/weights/saved_model_weights.h"
#include "importers/weights/weights_file.h"
#include "signxai/error.h"

namespace signxai::tensorflow {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWaysOut =
    "; the model was read from its inference function: try saving it as .keras or .h5 instead, or as a SavedModel with "
    "keras_metadata.pb (model.save(folder) of tf.keras 2)";

std::string folder_of(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path;
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// The whole model's configuration in the form of Keras's HDF5 files; null where it is no network of layers.
std::shared_ptr<const keras::Json> configuration(const SavedModel& saved) {
  const auto root = saved.metadata().find(0);
  if (root == saved.metadata().end()) return nullptr;
  const std::string subject = saved.subject();
  const keras::Json document = keras::parse_json(root->second, subject);
  const keras::Config metadata(document, subject);
  keras::check_version(metadata.text("keras_version", ""), subject);
  keras::Json model = metadata.has("model_config") ? metadata.at("model_config") : document;
  if (!model.is_object() || !keras::is_model_class(keras::Config(model, subject).text("class_name", "")))
    return nullptr;
  const auto config = model.find("config");
  if (config == model.end() || !config->is_object() || !config->contains("layers")) return nullptr;
  if (metadata.has("build_input_shape") && !config->contains("build_input_shape")) {
    (*config)["build_input_shape"] = metadata.at("build_input_shape");
  }
  return std::make_shared<const keras::Json>(std::move(model));
}

/// From the inference function; `why` says why not from the configuration of layers.
graph::Network load_function(SavedModel& saved, const std::string& why) {
  if (saved.objects().nodes_size() == 0) {
    throw Error(ErrorCode::kUnsupported, "import", saved.subject(),
                "was saved by TensorFlow 1, without objects and functions; try loading it in TensorFlow 2 and saving "
                "it as .h5 or .keras");
  }
  const FlatGraph graph = flatten(saved);
  keras::ModelBuilder builder("saved_model");
  graph::Network network;
  try {
    Translator(saved, graph, builder).run();
    network = keras::build_network(builder.model(), builder.weights(), saved.subject());
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported) throw;
    throw Error(e.code(), e.stage(), e.subject(), e.message() + kWaysOut);
  }
  network.notes.push_back("the layers are recovered from the inference function of the SavedModel: " + why);
  if (saved.has_variables()) {
    for (std::string& note : saved.bundle().notes()) network.notes.push_back(std::move(note));
  }
  return network;
}

/// Layers that cannot be computed may consist of nodes that can.
graph::Network load_instead(SavedModel& saved, const Error& unsupported) {
  try {
    return load_function(saved, unsupported.message());
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported) throw;
  }
  throw Error(unsupported);
}

}  // namespace

graph::Network load_saved_model(const OpenFile& open, const std::string& subject, const LoadOptions& options) {
  SavedModel saved(open, subject);
  const auto document = configuration(saved);
  if (!document && !options.weights.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "import", subject,
                "has no layers of Keras that the weights file " + options.weights + " could be for");
  }
  if (!document) {
    return load_function(
        saved, saved.metadata().empty() ? "it has no metadata of Keras" : "it is no network of layers to Keras");
  }
  try {
    return keras::load_configuration(document, subject, options, [&](const keras::ModelDef& model) {
      return std::make_unique<keras::SavedModelWeights>(saved, model);
    });
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kUnsupported || !options.weights.empty()) throw;
    return load_instead(saved, e);
  }
}

graph::Network load_saved_model(const std::string& path, const LoadOptions& options) {
  const std::string folder = folder_of(path);
  return load_saved_model(files_of(folder), folder, options);
}

std::vector<std::string> list_files(const std::string& path) {
  constexpr std::size_t kMost = 100000;
  const std::string folder = folder_of(path);
  std::vector<std::string> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error); !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path().string());
    if (files.size() > kMost)
      throw Error(ErrorCode::kUnsupported, "import", folder, "holds more files than a model has");
  }
  if (error) throw Error(ErrorCode::kIo, "import", folder, "the folder cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace signxai::tensorflow
