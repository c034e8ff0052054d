// Finds configuration and weights of a model, and says what is missing where one of them is.
#include "importers/keras/load.h"

#include <algorithm>
#include <filesystem>

#include "base/input_file.h"
#include "importers/keras/assemble.h"
#include "importers/weights/array_weights.h"
#include "importers/weights/weights_file.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJsonBytes = std::uint64_t{256} << 20;

[[noreturn]] void refuse(ErrorCode code, const std::string& path, const std::string& message) {
  throw Error(code, "import", path, message);
}

/// Builds the network and adds the notes of what it was built from.
graph::Network build(const ModelDef& model, WeightSource& weights, const std::string& subject) {
  graph::Network network = build_network(model, weights, subject);
  for (std::string& note : weights.notes()) network.notes.push_back(std::move(note));
  return network;
}

/// With the weights file that the options name, or else those that come with the model.
graph::Network build_with(const LoadOptions& options, const ModelDef& model, const std::string& subject,
                          const OwnWeights& own) {
  const std::unique_ptr<WeightSource> weights =
      options.weights.empty() ? own(model) : open_weights(options.weights, model);
  graph::Network network = build(model, *weights, subject);
  network.weights_path = options.weights;
  return network;
}

ModelDef parse_model(std::string_view text, const std::string& subject, const LoadOptions& options) {
  const auto document = std::make_shared<const Json>(parse_json(text, subject));
  return read_model(document, subject, options.custom_layers.compositions().get());
}

/// The places where Keras users keep the weights of "model.json", most particular first.
std::string find_weights_beside(const fs::path& json) {
  const fs::path folder = json.parent_path();
  const std::string stem = json.stem().string();
  std::string tried;
  for (const std::string& name : {stem + ".h5", stem + ".weights.h5", stem + "_weights.h5", std::string("weights.h5"),
                                  std::string("model.weights.h5")}) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / name, ignored)) return (folder / name).string();
    tried += (tried.empty() ? "" : ", ") + name;
  }
  refuse(ErrorCode::kNotFound, json.string(),
         "holds an architecture but no weights, and none of " + tried + " lies beside it; try naming the weights file");
}

/// A short member; what else the archive may be is said where it has none of that name.
std::string text_member(const zip::Archive& archive, const char* name) {
  const zip::Member* member = archive.find(name);
  if (!member) {
    const auto& members = archive.members();
    const auto inner = std::find_if(members.begin(), members.end(), [](const zip::Member& m) {
      return m.name.ends_with(".keras") || m.name.ends_with(".zip");
    });
    const auto saved = std::find_if(members.begin(), members.end(),
                                    [](const zip::Member& m) { return m.name.ends_with("saved_model.pb"); });
    if (saved != members.end()) {
      refuse(ErrorCode::kUnsupported, archive.path(),
             "is a zip archive with a SavedModel in it ('" + saved->name +
                 "'); try unpacking it and naming the folder that has saved_model.pb in it");
    }
    const std::string hint =
        inner == members.end() ? "" : "; it holds the archive '" + inner->name + "': try unpacking that";
    refuse(ErrorCode::kUnsupported, archive.path(),
           std::string("is a zip archive but not a .keras file: it has no member ") + name + hint);
  }
  const base::Bytes bytes = archive.read(*member, std::min(kMaxJsonBytes, archive.default_limit()));
  return {reinterpret_cast<const char*>(bytes.data.get()), bytes.size};
}

}  // namespace

graph::Network load_model_h5(const std::string& path, const LoadOptions& options) {
  hdf5::File file = hdf5::File::open(path);
  const auto config = file.root().string_attribute("model_config");
  if (!config) refuse_h5(file, "model_config");
  check_version(version_of(file.root()), path);
  const ModelDef model = parse_model(*config, path, options);
  return build_with(options, model, path, [&](const ModelDef&) { return weights_in(std::move(file), model); });
}

graph::Network load_model_json(const std::string& path, const LoadOptions& options) {
  const auto document =
      std::make_shared<const Json>(parse_json(base::read_whole_file(path, "import", kMaxJsonBytes), path));
  check_version(Config(*document, path).text("keras_version", ""), path);
  const std::string found = options.weights.empty() ? find_weights_beside(path) : options.weights;
  const ModelDef model = read_model(document, path, options.custom_layers.compositions().get());
  graph::Network network = build(model, *open_weights(found, model), path);
  network.weights_path = found;
  if (options.weights.empty()) network.notes.push_back("weights taken from " + found);
  return network;
}

graph::Network load_model_keras(const std::string& path, const LoadOptions& options) {
  const zip::Archive archive = zip::Archive::open(path);
  const std::string config = text_member(archive, "config.json");
  if (archive.find("metadata.json")) {
    const std::string subject = path + "[metadata.json]";
    const Json metadata = parse_json(text_member(archive, "metadata.json"), subject);
    check_version(Config(metadata, subject).text("keras_version", ""), path);
  }
  const ModelDef model = parse_model(config, path, options);
  return build_with(options, model, path, [&](const ModelDef&) { return weights_in(weights_member(archive), model); });
}

graph::Network load_configuration(const std::shared_ptr<const Json>& document, const std::string& subject,
                                  const LoadOptions& options, const OwnWeights& own) {
  const ModelDef model = read_model(document, subject, options.custom_layers.compositions().get());
  return build_with(options, model, subject, own);
}

graph::Network make_model(std::string_view architecture, const std::vector<LayerWeights>& weights,
                          const LoadOptions& options) {
  const std::string subject = "model in memory";
  if (!options.weights.empty()) {
    refuse(ErrorCode::kInvalidArgument, subject, "got weights in memory and the weights file " + options.weights);
  }
  const ModelDef model = parse_model(architecture, subject, options);
  ArrayWeights source(weights);
  source.require_layers_of(model, subject);
  return build(model, source, subject);
}

}  // namespace signxai::keras
