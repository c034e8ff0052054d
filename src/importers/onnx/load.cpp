// Opens a model and hands it to the translator.
#include "importers/onnx/load.h"

#include <filesystem>

#include "importers/onnx/translator.h"
#include "signxai/error.h"

namespace signxai::onnx {

/// A ModelProto begins with its version, a small number, which one of its other fields follows.
bool looks_like_model(std::string_view start) {
  if (start.size() < 4 || start[0] != 0x08 || start[1] < 1 || start[1] > 32) return false;
  constexpr std::string_view kNext = "\x12\x1a\x22\x28\x32\x3a\x42\x72\xa2\xca";
  return kNext.find(start[2]) != std::string_view::npos;
}

graph::Network load_model(const std::string& path, const LoadOptions& options) {
  if (!options.weights.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "import", path,
                "holds its weights itself; got the weights file " + options.weights);
  }
  const base::MappableFile file(path);
  const auto bytes = file.map();
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  Document document(bytes->data(), bytes->size(), path, folder);
  file.require_unchanged();
  return Translator(document).run();
}

graph::Network make_model(std::string_view bytes, const std::string& subject) {
  Document document(bytes.data(), bytes.size(), subject, "");
  return Translator(document).run();
}

}  // namespace signxai::onnx
