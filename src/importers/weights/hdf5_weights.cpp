// Listing and reading of Keras 2 weight groups.
#include "importers/weights/hdf5_weights.h"

#include "signxai/error.h"

namespace signxai::keras {
namespace {

/// Layer names may contain slashes, which HDF5 takes as paths; find() does the same.
const hdf5::Object* find_group(const hdf5::Object& root, const std::string& name) {
  const hdf5::Object* object = root.find(name);
  return object && object->is_group() ? object : nullptr;
}

}  // namespace

Hdf5Weights::Hdf5Weights(hdf5::File file, const std::string& root)
    : reader_(std::move(file)), root_(&reader_.file().at(root)) {
  const std::string backend = root_->string_attribute("backend").value_or("tensorflow");
  const std::string version = root_->string_attribute("keras_version").value_or("");
  if (backend != "tensorflow" && !version.starts_with("3.")) {  // Keras 3 has one layout on all
    throw Error(ErrorCode::kUnsupported, "import", reader_.file().path(),
                "the weights were written by Keras on '" + backend + "', whose kernels are laid out in another way");
  }
}

const hdf5::Object& Hdf5Weights::dataset(const hdf5::Object& group, const std::string& weight_name) const {
  const hdf5::Object* object = group.find(weight_name);
  if (object && object->dataset) return *object;
  throw Error(ErrorCode::kCorruptFile, "import", reader_.file().path(),
              "'" + group.path + "' lists the weight '" + weight_name + "', but the file has no such dataset");
}

std::optional<std::vector<WeightInfo>> Hdf5Weights::list_group(const std::string& group_name) const {
  const hdf5::Object* group = find_group(*root_, group_name);
  if (!group) return std::nullopt;
  const auto names = group->string_list("weight_names");
  if (!names) return std::nullopt;
  std::vector<WeightInfo> weights;
  for (const std::string& name : *names) weights.push_back({name, dataset(*group, name).dataset->shape});
  return weights;
}

graph::Literal Hdf5Weights::load_from(const std::string& group_name, std::size_t index, const std::string& name) {
  const hdf5::Object& group = *find_group(*root_, group_name);
  return reader_.read(dataset(group, group.string_list("weight_names")->at(index)), name);
}

const hdf5::Object* find_weights(const hdf5::File& file) {
  const hdf5::Object* inner = find_group(file.root(), "model_weights");
  for (const hdf5::Object* object : {inner, &file.root()}) {
    if (object && object->find_attribute("layer_names")) return object;
  }
  // Lists above 64 kB are split into layer_names0, layer_names1, ...
  for (const hdf5::Object* object : {inner, &file.root()}) {
    if (object && object->find_attribute("layer_names0")) return object;
  }
  return nullptr;
}

}  // namespace signxai::keras
