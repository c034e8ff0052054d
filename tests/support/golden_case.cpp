// Reading of golden cases.
#include "support/golden_case.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace signxai::golden {
namespace {

using Json = nlohmann::json;

ParameterValue parameter_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.empty() && value.front().is_string()) return value.get<std::vector<std::string>>();
  return value.get<std::vector<double>>();
}

Target target_of(const Json& value) {
  if (value.is_number()) return Target::index(value.get<std::int64_t>());
  if (value.is_array()) return Target::per_sample(value.get<std::vector<std::int64_t>>());
  if (value == "max" || value.is_object()) return Target::max();
  if (value == "all") return Target::all();
  throw std::runtime_error("unknown target " + value.dump());
}

Call call_of(const Json& entry) {
  Call call;
  call.label = entry.at("label");
  call.path = entry.at("path");
  call.method = entry.at("method");
  call.target = target_of(entry.value("target", Json("max")));
  if (const Json target = entry.value("target", Json()); target.is_object()) call.per = target.at("per");
  call.tolerance = entry.value("tolerance", call.tolerance);
  call.absolute = entry.value("absolute", call.absolute);
  const Json parameters = entry.value("kwargs", Json::object());
  for (const auto& [name, value] : parameters.items()) call.parameters[name] = parameter_of(value);
  return call;
}

Case case_of(const std::string& folder, const std::string& name, const Json& entry) {
  Case made;
  made.name = name;
  made.folder = folder + "/" + name;
  made.files = entry.at("files").get<std::vector<std::string>>();
  for (const Json& call : entry.at("calls")) made.calls.push_back(call_of(call));
  return made;
}

Json read_expected(const std::string& folder) {
  const std::string path = folder + "/expected.json";
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  return Json::parse(in);
}

}  // namespace

bool Case::has(const std::string& file) const { return std::find(files.begin(), files.end(), file) != files.end(); }

Model Case::load() const {
  if (has("model.h5")) return Model::load(path("model.h5"));
  return Model::load(path("model.json"), {path("weights.h5")});
}

std::vector<Case> read_cases(const std::string& folder) {
  const Json document = read_expected(folder);
  std::vector<Case> cases;
  for (const auto& [name, entry] : document.items()) cases.push_back(case_of(folder, name, entry));
  return cases;
}

std::vector<Case> read_cases(const std::string& folder, std::span<const std::string_view> names) {
  const Json document = read_expected(folder);
  std::vector<Case> cases;
  for (const std::string_view name : names)
    cases.push_back(case_of(folder, std::string(name), document.at(std::string(name))));
  return cases;
}

Tensor Arrays::read(const std::string& path) const {
  const hdf5::Float32Array array = file_.read(path);
  const auto count = static_cast<std::size_t>(element_count(array.shape));
  return {array.shape, std::vector<float>(array.data.get(), array.data.get() + count)};
}

std::vector<Tensor> read_inputs(const Arrays& arrays, const Model& model) {
  const std::vector<PortInfo> ports = model.inputs();
  if (ports.size() == 1) return {arrays.read("input")};
  std::vector<Tensor> inputs;
  for (const PortInfo& port : ports) inputs.push_back(arrays.read("input/" + port.name));
  return inputs;
}

std::int64_t samples(const Tensor& batch) { return batch.shape.front(); }

Tensor sample(const Tensor& batch, std::int64_t index) {
  Shape shape = batch.shape;
  shape.front() = 1;
  const std::int64_t size = element_count(shape);
  const auto begin = batch.data.begin() + index * size;
  return {shape, std::vector<float>(begin, begin + size)};
}

Target sample(const Target& target, std::int64_t index) {
  if (target.indices.size() < 2) return target;
  return Target::index(target.indices[static_cast<std::size_t>(index)]);
}

}  // namespace signxai::golden
