// The two forms of an inbound node.
#include "importers/keras/inbound.h"

#include <algorithm>

#include "importers/corrupt.h"

namespace signxai::keras {
namespace {

std::string class_of(const Json& value) {
  if (!value.is_object()) return "";
  const auto it = value.find("class_name");
  return it != value.end() && it->is_string() ? it->get<std::string>() : "";
}

/// Null, or a list of nothing else: no mask for any of several inputs.
bool says_nothing(const Json& value) {
  const Json* list = as_list(value);
  return value.is_null() ||
         (list && std::all_of(list->begin(), list->end(), [](const Json& v) { return v.is_null(); }));
}

/// Anything but inference without a mask would change what the layer computes.
bool is_harmless(const std::string& key, const Json& value) {
  return says_nothing(value) || (key == "training" && (value == false || value == 0));
}

void check_arguments(const Json& arguments, InboundCall& call) {
  if (!arguments.is_object()) return;
  for (const auto& [key, value] : arguments.items()) {
    if (!is_harmless(key, value)) call.refusal = "is called with the argument " + key + "=" + brief(value);
  }
}

/// [[layer, node, tensor, arguments], ...]
void read_keras2(const Json& list, const std::string& subject, InboundCall& call) {
  if (list.empty()) corrupt(subject, "an inbound node is an empty list; expected a list of inputs");
  const bool bare = list[0].is_string();
  for (std::size_t i = 0; i < (bare ? 1 : list.size()); ++i) {
    const Json* input = bare ? &list : as_list(list[i]);
    if (!input) corrupt(subject, "an input is " + brief(list[i]) + "; expected [layer, node, tensor]");
    if (!input->empty() && (*input)[0] == "_CONSTANT_VALUE") {
      call.refusal = "is called with a constant as input";
      continue;
    }
    call.inputs.push_back(read_ref(*input, subject));
    if (input->size() > 3) check_arguments((*input)[3], call);
  }
}

/// Takes tensors out of the arguments that may be one: the mask, and the initial states of a recurrent layer.
void take_tensors(Json& arguments, const std::string& subject, InboundCall& call) {
  std::vector<InboundRef> found;
  if (arguments.contains("mask") && collect_tensors(arguments["mask"], subject, found) && found.size() == 1) {
    call.masks.push_back({0, found.front()});
    arguments.erase("mask");
  }
  std::vector<InboundRef> states;
  if (arguments.contains("initial_state") && collect_tensors(arguments["initial_state"], subject, states)) {
    call.inputs.insert(call.inputs.end(), states.begin(), states.end());
    arguments.erase("initial_state");
  }
}

/// {"args": [inputs, ...], "kwargs": {...}}; the inputs may also stand among the kwargs.
void read_keras3(const Json& node, const std::string& subject, InboundCall& call) {
  const Config config(node, subject);
  const Json* arguments = as_list(config.at("args"));
  if (!arguments) config.wrong("args", "a list");
  Json others = config.has("kwargs") ? config.at("kwargs") : Json::object();
  if (!others.is_object()) config.wrong("kwargs", "an object");
  const Json* inputs = arguments->empty() ? nullptr : &arguments->front();
  for (const char* name : {"inputs", "sequences"}) {
    if (!inputs && others.contains(name)) inputs = &others[name];
  }
  if (!inputs || !collect_tensors(*inputs, subject, call.inputs) || call.inputs.empty()) {
    call.refusal = "is called with " + (inputs ? brief(*inputs) : std::string("nothing")) + " as input";
  }
  for (std::size_t i = 1; i < arguments->size(); ++i) {
    const Json& argument = (*arguments)[i];
    std::vector<InboundRef> states;
    if (i == 1 && as_list(argument) && collect_tensors(argument, subject, states)) {
      call.inputs.insert(call.inputs.end(), states.begin(), states.end());
    } else if (!argument.is_null()) {
      call.refusal = "is called with the further argument " + brief(argument);
    }
  }
  if (arguments->empty()) others.erase("inputs"), others.erase("sequences");
  take_tensors(others, subject, call);
  check_arguments(others, call);
}

}  // namespace

bool collect_tensors(const Json& value, const std::string& subject, std::vector<InboundRef>& found) {
  if (class_of(value) == "__keras_tensor__") {
    const Config config(Config(value, subject).at("config"), subject);
    const Json* history = as_list(config.at("keras_history"));
    if (!history) config.wrong("keras_history", "[layer, node, tensor]");
    found.push_back(read_ref(*history, subject));
    return true;
  }
  if (const Json* list = as_list(value)) {
    for (const Json& entry : *list) {
      if (!collect_tensors(entry, subject, found)) return false;
    }
    return true;
  }
  if (!value.is_object() || value.contains("class_name")) return false;
  for (const auto& [key, entry] : value.items()) {
    const std::size_t before = found.size();
    if (!collect_tensors(entry, subject, found)) return false;
    if (found.size() == before + 1) found.back().key = key;
  }
  return true;
}

InboundRef read_ref(const Json& list, const std::string& subject) {
  if (list.size() < 3 || !list[0].is_string()) {
    corrupt(subject, "an input is " + brief(list) + "; expected [layer, node, tensor]");
  }
  InboundRef ref{list[0].get<std::string>(), 0, 0};
  for (const std::size_t i : {1, 2}) {
    if (!list[i].is_number_unsigned()) corrupt(subject, "an input is " + brief(list) + "; expected two indices");
    (i == 1 ? ref.node : ref.tensor) = list[i].get<std::size_t>();
  }
  return ref;
}

bool is_keras3_call(const Json& node) { return node.is_object() && node.contains("args"); }

InboundCall read_inbound(const Json& node, const std::string& subject) {
  InboundCall call;
  const Json* list = as_list(node);
  if (is_keras3_call(node)) {
    read_keras3(node, subject, call);
  } else if (list) {
    read_keras2(*list, subject, call);
  } else {
    corrupt(subject, "an inbound node is " + brief(node) + "; expected a list of inputs");
  }
  return call;
}

}  // namespace signxai::keras
