// JSON texts and arrays of the C interface.
#include "c/arguments.h"

#include <limits>

#include <nlohmann/json.hpp>

namespace signxai::c {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& subject, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, "c", subject, message);
}

Json object_of(const char* json, const char* subject) {
  if (json == nullptr) return Json::object();
  Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) refuse(subject, "is no JSON object; expected NULL or {\"NAME\": VALUE, ...}");
  return object;
}

std::int64_t integer_of(const Json& value, const std::string& name) {
  if (!value.is_number_integer()) refuse(name, "must be an integer; got " + value.dump());
  return value.get<std::int64_t>();
}

std::string text_of(const Json& value, const std::string& name) {
  if (!value.is_string()) refuse(name, "must be a text; got " + value.dump());
  return value.get<std::string>();
}

}  // namespace

std::vector<TensorView> views_of(const signxai_array* arrays, std::size_t count) {
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < count; ++i) {
    const signxai_array& array = required(arrays, "inputs")[i];
    const std::int64_t* shape = array.rank > 0 ? required(array.shape, "shape") : nullptr;
    views.push_back({Shape(shape, shape + array.rank), required(array.data, "data")});
  }
  return views;
}

Parameters parameters_of(const char* json) {
  Parameters parameters;
  const Json object = object_of(json, "parameters");
  for (const auto& [name, value] : object.items()) parameters[name] = parse_parameter(value.dump());
  return parameters;
}

ExplainerOptions options_of(const char* json) {
  ExplainerOptions options;
  const Json object = object_of(json, "options");
  for (const auto& [name, value] : object.items()) {
    if (name == "threads") {
      const std::int64_t threads = integer_of(value, name);
      if (threads < 0 || threads > std::numeric_limits<int>::max())
        refuse(name, "is out of range; got " + value.dump());
      options.threads = static_cast<int>(threads);
    } else if (name == "batch") {
      options.batch = integer_of(value, name);
    } else if (name == "backend") {
      options.backend = text_of(value, name);
    } else if (name == "semantics") {
      options.semantics = text_of(value, name);
    } else if (name == "precision") {
      options.precision = text_of(value, name);
    } else {
      refuse(name, "is no option; expected threads, batch, backend, semantics or precision");
    }
  }
  return options;
}

}  // namespace signxai::c
