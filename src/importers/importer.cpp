// The table of model formats.
#include "importers/importer.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/input_file.h"
#include "importers/keras/load.h"
#include "importers/onnx/load.h"
#include "importers/tensorflow/load.h"
#include "signxai/error.h"

namespace signxai {
namespace {

/// What a format is recognized by.
struct Probe {
  bool folder = false;
  std::string start{};                           ///< the first bytes of a file
  std::string name{};                            ///< of the file, without its folder
  bool saved_model = false, text_model = false;  ///< whether the folder holds saved_model.pb, saved_model.pbtxt
};

using Matches = bool (*)(const Probe&);
using Load = graph::Network (*)(const std::string& path, const LoadOptions& options);

struct Format {
  Matches matches;
  Load load;            ///< null: recognized, but not read
  const char* refusal;  ///< why not
};

constexpr const char* kAdvice =
    "this version reads .keras, .h5, model.json + weights.h5, folders with saved_model.pb, and .onnx; try saving it "
    "with "
    "model.save('x.keras')";

/// A user block of 512 bytes, or of a power of two above, may stand before the signature.
bool is_hdf5(const Probe& p) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  for (std::size_t at = 0; at < p.start.size(); at = at == 0 ? 512 : 2 * at) {
    if (std::string_view(p.start).substr(at).starts_with(kSignature)) return true;
  }
  return false;
}
bool is_zip(const Probe& p) { return p.start.starts_with("PK\x03\x04"); }
bool is_onnx(const Probe& p) { return p.name.ends_with(".onnx") || onnx::looks_like_model(p.start); }
bool is_tflite(const Probe& p) { return std::string_view(p.start).substr(0, 8).ends_with("TFL3"); }
bool is_pickle(const Probe& p) { return p.start.starts_with("\x80"); }
bool is_saved_model(const Probe& p) { return p.saved_model; }
bool is_saved_model_text(const Probe& p) { return p.text_model; }
bool is_folder(const Probe& p) { return p.folder; }
/// A schema version and the first graph.
bool is_saved_model_file(const Probe& p) { return p.start.starts_with("\x08\x01\x12") && !p.name.ends_with(".onnx"); }
/// The first node of a graph without anything around it.
bool is_frozen_graph(const Probe& p) { return p.name.ends_with(".pb") && p.start.starts_with("\x0a"); }
bool is_tar(const Probe& p) { return std::string_view(p.start).substr(0, 262).ends_with("ustar"); }
bool is_compressed(const Probe& p) { return p.start.starts_with("\x1f\x8b") || p.start.starts_with("BZh"); }
bool is_json(const Probe& p) {
  const auto at = p.start.find_first_not_of(" \t\r\n");
  return at != std::string::npos && p.start[at] == '{';
}

constexpr Format kFormats[] = {
    {is_hdf5, keras::load_model_h5, nullptr},
    {is_json, keras::load_model_json, nullptr},
    {is_zip, keras::load_model_keras, nullptr},
    {is_tflite, nullptr,
     "is a TFLite file, which is made for running, not for differentiation; load the Keras model or SavedModel that it "
     "was converted from, or make an ONNX file of it (python -m tf2onnx.convert --tflite x.tflite --output x.onnx), as "
     "long as it is not quantised; "},
    {is_saved_model_file, tensorflow::load_saved_model, nullptr},
    {is_onnx, onnx::load_model, nullptr},
    {is_pickle, nullptr, "is a pickle, which would have to be executed; "},
    {is_saved_model, tensorflow::load_saved_model, nullptr},
    {is_saved_model_text, nullptr, "holds saved_model.pbtxt, a SavedModel as text, instead of saved_model.pb; "},
    {is_folder, nullptr, "is a folder without saved_model.pb, so no SavedModel; "},
    {is_frozen_graph, nullptr, "is a frozen graph of TensorFlow, which does not say what its inputs and outputs are; "},
    {is_tar, nullptr, "is a tar archive, which has to be unpacked first; "},
    {is_compressed, nullptr, "is a compressed file, which has to be unpacked first; "},
};

constexpr std::uint64_t kProbed = 8192;

Probe probe(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::path place(path);
  if (std::filesystem::is_directory(place, ignored)) {
    return {true, "", "", std::filesystem::is_regular_file(place / "saved_model.pb", ignored),
            std::filesystem::is_regular_file(place / "saved_model.pbtxt", ignored)};
  }
  base::InputFile file(path, "import");
  Probe result{false, "", place.filename().string()};
  result.start.resize(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), kProbed)));
  file.read(result.start.data(), result.start.size());
  return result;
}

}  // namespace

graph::Network load_network(const std::string& path, const LoadOptions& options) {
  const Probe content = probe(path);
  for (const Format& format : kFormats) {
    if (!format.matches(content)) continue;
    if (format.load) return format.load(path, options);
    throw Error(ErrorCode::kUnsupported, "import", path, std::string(format.refusal) + kAdvice);
  }
  throw Error(ErrorCode::kUnsupported, "import", path,
              std::string("is not a model file that is known here; ") + kAdvice);
}

std::vector<std::string> files_of_model(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {path};
  const Probe content = probe(path);
  return is_saved_model(content) || is_saved_model_file(content) ? tensorflow::list_files(path)
                                                                 : std::vector<std::string>{path};
}

graph::Network make_network(std::string_view architecture, const std::vector<LayerWeights>& weights,
                            const LoadOptions& options) {
  if (onnx::looks_like_model(architecture)) {
    if (weights.empty() && options.weights.empty()) return onnx::make_model(architecture, "model in memory");
    throw Error(ErrorCode::kInvalidArgument, "import", "model in memory",
                "an ONNX model holds its weights itself; got others");
  }
  return keras::make_model(architecture, weights, options);
}

}  // namespace signxai
