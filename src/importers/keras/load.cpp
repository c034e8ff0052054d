// Finds configuration and weights of a model, and says what is missing where one of them is.
#include "importers/keras/load.h"

#include <filesystem>

#include "base/input_file.h"
#include "importers/keras/assemble.h"
#include "importers/keras/hdf5_weights.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJsonBytes = std::uint64_t{256} << 20;

[[noreturn]] void refuse(ErrorCode code, const std::string& path, const std::string& message) {
  throw Error(code, "import", path, message);
}

void check_version(const std::string& version, const std::string& path) {
  if (version.empty() || version.starts_with("2.")) return;
  refuse(ErrorCode::kUnsupported, path,
         "was written by Keras " + version +
             "; this version reads files of Keras 2.x (tf.keras of TensorFlow 2.15 or before)");
}

std::string version_of(const hdf5::Object& object) { return object.string_attribute("keras_version").value_or(""); }

/// What an HDF5 file without a configuration, or without weights, is instead.
[[noreturn]] void refuse_h5(const hdf5::File& file, const std::string& missing) {
  const hdf5::Object& root = file.root();
  if (root.find("_layer_checkpoint_dependencies") || root.find("layers")) {
    refuse(ErrorCode::kUnsupported, file.path(),
           "holds weights in the form of Keras 3; this version reads files of Keras 2.x");
  }
  if (find_weights(file)) {
    refuse(
        ErrorCode::kInvalidArgument, file.path(),
        "holds weights but no architecture; try the model's JSON file (model.to_json()) together with these weights, "
        "or a file saved by model.save('x.h5')");
  }
  refuse(ErrorCode::kUnsupported, file.path(), "is an HDF5 file but not a Keras model: it has no " + missing);
}

Hdf5Weights weights_of(hdf5::File file) {
  const hdf5::Object* root = find_weights(file);
  if (!root) refuse_h5(file, "list of layers (layer_names)");
  check_version(version_of(*root), file.path());
  const std::string root_path = root->path;
  return Hdf5Weights(std::move(file), root_path);
}

/// The places where Keras users keep the weights of "model.json", most particular first.
std::string find_weights_beside(const fs::path& json) {
  const fs::path folder = json.parent_path();
  const std::string stem = json.stem().string();
  std::string tried;
  for (const std::string& name :
       {stem + ".h5", stem + ".weights.h5", stem + "_weights.h5", std::string("weights.h5")}) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / name, ignored)) return (folder / name).string();
    tried += (tried.empty() ? "" : ", ") + name;
  }
  refuse(ErrorCode::kNotFound, json.string(),
         "holds an architecture but no weights, and none of " + tried + " lies beside it; try naming the weights file");
}

}  // namespace

graph::Network load_model_h5(const std::string& path, const std::string& weights_path) {
  hdf5::File file = hdf5::File::open(path);
  const auto config = file.root().string_attribute("model_config");
  if (!config) refuse_h5(file, "model_config");
  check_version(version_of(file.root()), path);
  Hdf5Weights weights = weights_of(weights_path.empty() ? std::move(file) : hdf5::File::open(weights_path));
  graph::Network network = build_network(*config, weights, path);
  network.weights_path = weights_path;
  return network;
}

graph::Network load_model_json(const std::string& path, const std::string& weights_path) {
  const auto document =
      std::make_shared<const Json>(parse_json(base::read_whole_file(path, "import", kMaxJsonBytes), path));
  const Config top(*document, path);
  check_version(top.text("keras_version", ""), path);
  const std::string found = weights_path.empty() ? find_weights_beside(path) : weights_path;
  Hdf5Weights weights = weights_of(hdf5::File::open(found));
  graph::Network network = build_network(document, weights, path);
  network.weights_path = found;
  if (weights_path.empty()) network.notes.push_back("weights taken from " + found);
  return network;
}

}  // namespace signxai::keras
