// Reading and the note about conversions.
#include "importers/weights/hdf5_reader.h"

namespace signxai::keras {

graph::Literal Hdf5Reader::read(const hdf5::Object& object, const std::string& name) {
  const hdf5::Float32Array array = file_.read(object);
  const std::string& type = object.dataset->type_name;
  const bool is_float = type.find("float") != std::string::npos;  // counters are integers, which says nothing
  if (is_float && object.dataset->element != hdf5::ElementType::kFloat32) converted_.insert(type);
  return graph::Literal(array.shape, array.data, name);
}

std::vector<std::string> Hdf5Reader::notes() const {
  if (converted_.empty()) return {};
  std::string types;
  for (const std::string& type : converted_) types += (types.empty() ? "" : ", ") + type;
  return {"weights are stored as " + types + " and were converted to float32"};
}

}  // namespace signxai::keras
