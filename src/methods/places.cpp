// Where a method's walk begins and where its map is taken: heads, seed and inner layers by parameter.
#include <algorithm>

#include <fmt/format.h>

#include "base/nearest.h"
#include "methods/method.h"
#include "rules/rule.h"
#include "signxai/error.h"

namespace signxai::methods {
namespace {

std::vector<std::string> names_of(const Parameters& parameters, const std::string& name) {
  const auto it = parameters.find(name);
  if (it == parameters.end()) return {};
  if (const auto* list = std::get_if<std::vector<std::string>>(&it->second)) return *list;
  if (const auto* text = std::get_if<std::string>(&it->second)) return {*text};
  throw Error(ErrorCode::kInvalidArgument, "method", name, "must be the name of a layer or a list of names");
}

int find_layer(const graph::Network& network, const std::string& layer, const std::string& parameter) {
  const int index = network.find(layer);
  if (index >= 0) return index;
  std::vector<std::string> names;
  for (const auto& call : network.calls) names.push_back(call.name);
  const std::string hint = did_you_mean(layer, names);
  throw Error(ErrorCode::kNotFound, "method", parameter,
              fmt::format("the network has no layer '{}'; {}", layer,
                          hint.empty() ? "`signxai inspect` lists its layers" : hint));
}

/// A layer with several inputs has no one value that its relevance belongs to.
void check_place(const graph::LayerCall& call) {
  if (call.inputs.size() < 2) return;
  throw Error(ErrorCode::kInvalidArgument, "method", "explained_layer_names",
              fmt::format("layer '{}' ({}) has {} inputs; name one of the layers before or behind it", call.name,
                          call.class_name, call.inputs.size()));
}

}  // namespace

Value MethodSite::output() const {
  const std::vector<int>& ends = start.heads.empty() ? network.outputs : start.heads;
  if (ends.size() == 1) return network.calls[static_cast<std::size_t>(ends.front())].output;
  std::vector<std::string> names;
  for (int end : ends) names.push_back(network.calls[static_cast<std::size_t>(end)].name);
  throw Error(ErrorCode::kInvalidArgument, "target", network.name,
              fmt::format("this method explains one output, and the network has {} ({}); name one in the target, "
                          "as OUTPUT:max or OUTPUT:INDEX",
                          ends.size(), fmt::join(names, ", ")));
}

Value MethodSite::relevance(const reverse::Step& step) const {
  const auto arrivals = reverse::walk(builder, network, step, start);
  const reverse::Arrival& here = arrivals[static_cast<std::size_t>(place)];
  if (at_output() && here.output) return here.output;
  if (!at_output() && !here.inputs.empty() && here.inputs.front()) return here.inputs.front();
  return builder.broadcast(builder.constant(0.0), Shape(builder.shape(input())));
}

std::vector<int> Resolved::places(const graph::Network& network) const {
  if (user) return network.input_calls();
  const std::vector<std::string> names = names_of(parameters, "explained_layer_names");
  std::vector<int> places;
  if (names.empty()) {
    for (const int input : network.input_calls()) {
      for (const int place : network.places_of(input)) {
        if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
      }
    }
    return places;
  }
  if (names.size() == 1 && names.front() == "all") {
    for (std::size_t i = 0; i < network.calls.size(); ++i) {
      if (network.calls[i].inputs.size() == 1) places.push_back(static_cast<int>(i));
    }
    return places;
  }
  for (const std::string& layer : names) {
    places.push_back(find_layer(network, layer, "explained_layer_names"));
    check_place(network.calls[static_cast<std::size_t>(places.back())]);
  }
  return places;
}

reverse::Start Resolved::begin(const graph::Network& network, reverse::Start start) const {
  const std::vector<std::string> stops = names_of(parameters, "stop_mapping_at_layers");
  for (const std::string& layer : stops) start.heads.push_back(find_layer(network, layer, "stop_mapping_at_layers"));
  if (parameters.count("r_init")) start.seed = rules::number(parameters, "r_init", 1);
  return start;
}

}  // namespace signxai::methods
