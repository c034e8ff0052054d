// The choice between the two forms, and what is said of files that have neither.
#include "importers/weights/weights_file.h"

#include <algorithm>

#include "base/input_file.h"
#include "importers/weights/hdf5_weights.h"
#include "importers/weights/v3_weights.h"

namespace signxai::keras {
namespace {

[[noreturn]] void refuse(ErrorCode code, const std::string& path, const std::string& message) {
  throw Error(code, "import", path, message);
}

bool starts_with(const std::byte* data, std::uint64_t size, std::string_view text) {
  return size >= text.size() && std::equal(text.begin(), text.end(), reinterpret_cast<const char*>(data));
}

bool is_zip(const std::string& path) {
  base::InputFile file(path, "import");
  char start[4] = {};
  if (file.size() < sizeof start) return false;
  file.read(start, sizeof start);
  return std::string_view(start, sizeof start) == "PK\x03\x04";
}

}  // namespace

void check_version(const std::string& version, const std::string& path) {
  if (version.empty() || version.starts_with("2.") || version.starts_with("3.")) return;
  refuse(ErrorCode::kUnsupported, path,
         "was written by Keras " + version + "; this version reads files of Keras 2 and 3");
}

std::string version_of(const hdf5::Object& object) { return object.string_attribute("keras_version").value_or(""); }

void refuse_h5(const hdf5::File& file, const std::string& missing) {
  if (find_weights(file) || holds_v3_weights(file)) {
    refuse(
        ErrorCode::kInvalidArgument, file.path(),
        "holds weights but no architecture; try the model's JSON file (model.to_json()) together with these weights, "
        "or a file saved by model.save('x.h5') or model.save('x.keras')");
  }
  refuse(ErrorCode::kUnsupported, file.path(), "is an HDF5 file but not a Keras model: it has no " + missing);
}

std::unique_ptr<WeightSource> weights_in(hdf5::File file, const ModelDef& model) {
  if (const hdf5::Object* root = find_weights(file)) {
    check_version(version_of(*root), file.path());
    const std::string root_path = root->path;
    return std::make_unique<Hdf5Weights>(std::move(file), root_path);
  }
  if (holds_v3_weights(file)) return std::make_unique<V3Weights>(std::move(file), model);
  refuse_h5(file, "list of layers (layer_names) and no groups 'layers'");
}

std::unique_ptr<WeightSource> open_weights(const std::string& path, const ModelDef& model) {
  if (is_zip(path)) return weights_in(weights_member(zip::Archive::open(path)), model);
  return weights_in(hdf5::File::open(path), model);
}

hdf5::File weights_member(const zip::Archive& archive) {
  constexpr const char* kName = "model.weights.h5";
  const zip::Member* member = archive.find(kName);
  if (!member) {
    const bool other = archive.find("model.weights.npz") || archive.find("model.weights.json");
    const std::string why = other ? "; its weights are in another form (.npz, or several files)" : "";
    refuse(other ? ErrorCode::kUnsupported : ErrorCode::kCorruptFile, archive.path(),
           std::string("has no member ") + kName + why + "; try saving it again with model.save('x.keras')");
  }
  const base::Bytes bytes = archive.read(*member, archive.default_limit());
  const std::string subject = archive.path() + "[" + kName + "]";
  if (starts_with(bytes.data.get(), bytes.size, "PK\x03\x04")) {
    refuse(ErrorCode::kCorruptFile, subject, "is a zip archive inside the archive; expected an HDF5 file");
  }
  hdf5::File file = hdf5::File::open(bytes, subject);
  archive.require_unchanged();
  return file;
}

}  // namespace signxai::keras
