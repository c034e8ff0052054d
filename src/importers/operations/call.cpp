// Calls of operations in both forms: [tensor, node, index, {name: value}] or a list of such, with constants as
// ["_CONSTANT_VALUE", -1, value, {...}], and {"args": [...], "kwargs": {...}} besides the operation's own
// configuration.
#include <algorithm>
#include <optional>

#include "importers/operations/operation.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(by, begin), text.size());
    parts.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

struct Argument {
  std::vector<std::string_view> names;
  std::optional<Json> only;  ///< the one value that is supported
  bool rest = false;
};

std::vector<Argument> arguments_of(std::string_view text) {
  std::vector<Argument> arguments;
  for (std::string_view part : split(text, ',')) {
    Argument argument;
    const std::size_t colon = part.find(':');
    if (colon != std::string_view::npos) argument.only = Json::parse(part.substr(colon + 1));
    part = part.substr(0, colon);
    argument.rest = part.ends_with('*');
    if (argument.rest) part.remove_suffix(1);
    argument.names = split(part, '=');
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

bool is_reference(const Json& value) {
  return value.is_array() && value.size() >= 3 && value[0].is_string() && value[1].is_number_unsigned() &&
         value[2].is_number_unsigned();
}

bool is_constant(const Json& value) { return value.is_array() && value.size() >= 3 && value[0] == "_CONSTANT_VALUE"; }

bool is_keras_tensor(const Json& value) {
  return value.is_object() && value.contains("class_name") && value["class_name"] == "__keras_tensor__";
}

class Reader {
 public:
  Reader(const Operation& operation, const std::string& subject)
      : arguments_(arguments_of(operation.arguments)), subject_(subject) {}

  InboundCall keras2(const Json& node) {
    Json options = Json::object();
    Json first;
    if (is_reference(node) || is_constant(node)) {
      first = entry(node, options);
    } else {
      first = Json::array();
      for (const Json& input : node) first.push_back(entry(input, options));
    }
    positional(0, first);
    for (const auto& [name, value] : options.items()) add(name, substituted(value, true));
    return finish();
  }

  InboundCall keras3(const Json& node, const Json& config) {
    const Config call(node, subject_);
    const Json* given = as_list(call.at("args"));
    if (!given) call.wrong("args", "a list");
    for (std::size_t i = 0; i < given->size(); ++i) positional(i, substituted((*given)[i], false));
    const Json others = call.has("kwargs") ? call.at("kwargs") : Json::object();
    if (!others.is_object()) call.wrong("kwargs", "an object");
    for (const Json& named : {others, config}) {
      for (const auto& [name, value] : named.items()) add(name, substituted(value, false));
    }
    return finish();
  }

 private:
  /// The tensor or constant that an entry of Keras 2 is; its options are added.
  Json entry(const Json& value, Json& options) {
    if (!is_reference(value) && !is_constant(value)) {
      call_.refusal = "is called with " + brief(value) + " as input";
      return {};
    }
    if (value.size() > 3 && value[3].is_object()) options.update(value[3]);
    return is_constant(value) ? substituted(value[2], true) : tensor(value);
  }

  Json tensor(const Json& reference) {
    call_.inputs.push_back(read_ref(reference, subject_));
    return {{"tensor", call_.inputs.size() - 1}};
  }

  /// The value with indices in place of tensors.
  Json substituted(const Json& value, bool second) {
    if (second && is_reference(value)) return tensor(value);
    if (second && is_constant(value)) return substituted(value[2], second);
    if (!second && is_keras_tensor(value)) {
      const Config config(Config(value, subject_).at("config"), subject_);
      const Json* history = as_list(config.at("keras_history"));
      if (!history) config.wrong("keras_history", "[layer, node, tensor]");
      return tensor(*history);
    }
    const Json& content = plain(value);
    const Json* list = as_list(content);
    if (!list) return content.is_object() && content.contains("tensor") ? Json() : content;
    Json items = Json::array();
    for (const Json& item : *list) items.push_back(substituted(item, second));
    return items;
  }

  void positional(std::size_t index, Json value) {
    if (arguments_.front().rest) {
      rest_.push_back(std::move(value));
    } else if (index < arguments_.size()) {
      add(std::string(arguments_[index].names.front()), std::move(value));
    } else if (!value.is_null()) {
      call_.refusal = "is called with the further argument " + brief(value);
    }
  }

  void add(const std::string& name, Json value) {
    if (value.is_null() || name == "name") return;
    for (const Argument& argument : arguments_) {
      if (std::find(argument.names.begin(), argument.names.end(), name) == argument.names.end()) continue;
      if (argument.only && *argument.only != value) break;
      call_.arguments.options[std::string(argument.names.front())] = std::move(value);
      return;
    }
    call_.refusal = "is called with the argument " + name + "=" + brief(value) + ", which is not supported";
  }

  InboundCall finish() {
    if (arguments_.front().rest) call_.arguments.options[std::string(arguments_.front().names.front())] = rest_;
    if (call_.inputs.empty() && call_.refusal.empty()) {
      call_.refusal =
          "is called without a tensor: the file does not say which it takes (tf.keras saves no more than the first "
          "argument of functions that take any number); save the model with Keras 3, or use a layer";
    }
    return std::move(call_);
  }

  std::vector<Argument> arguments_;
  const std::string& subject_;
  Json rest_ = Json::array();
  InboundCall call_;
};

}  // namespace

InboundCall read_operation(const Operation& operation, const Json& node, const Json& config,
                           const std::string& subject) {
  Reader reader(operation, subject);
  if (is_keras3_call(node)) return reader.keras3(node, config);
  if (node.is_array() && !node.empty()) return reader.keras2(node);
  throw Error(ErrorCode::kCorruptFile, "import", subject, "an inbound node is " + brief(node) + "; expected inputs");
}

}  // namespace signxai::keras
