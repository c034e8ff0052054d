// Cutting a network at its embeddings, and computing what stands before the cut.
#include "explain/embedded.h"

#include <algorithm>
#include <map>

#include "backends/reference/evaluate.h"
#include "graph/builder.h"
#include "graph/rewrite.h"
#include "signxai/error.h"

namespace signxai::explain {
namespace {

using graph::LayerCall;
using graph::LayerKind;
using graph::Network;
using graph::Value;

std::vector<int> places_of(const Network& network) {
  std::vector<int> places;
  for (const int input : network.input_calls()) {
    for (const int place : network.places_of(input)) {
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
    }
  }
  return places;
}

const LayerCall& call_at(const Network& network, int index) { return network.calls[static_cast<std::size_t>(index)]; }

/// The calls that the outputs need, not looking behind the places.
std::vector<bool> needed_calls(const Network& network, const std::vector<int>& places) {
  std::vector<bool> needed(network.calls.size(), false);
  for (const int output : network.outputs) needed[static_cast<std::size_t>(output)] = true;
  for (const int place : places) needed[static_cast<std::size_t>(place)] = true;
  for (std::size_t i = network.calls.size(); i-- > 0;) {
    const bool place = std::find(places.begin(), places.end(), static_cast<int>(i)) != places.end();
    if (!needed[i] || place) continue;
    for (const int producer : network.calls[i].producers) needed[static_cast<std::size_t>(producer)] = true;
  }
  return needed;
}

/// Copies the nodes that values depend on; those in `map` are there already. Inputs of the graph become inputs.
void copy_ancestors(const graph::Graph& graph, graph::Builder& builder, const std::vector<Value>& targets,
                    std::map<Value, Value>& map) {
  std::vector<bool> needed(static_cast<std::size_t>(graph.size()), false);
  for (const Value target : targets) needed[static_cast<std::size_t>(target.id)] = true;
  for (std::int32_t i = graph.size(); i-- > 0;) {
    if (!needed[static_cast<std::size_t>(i)] || map.count(Value{i})) continue;
    for (const Value input : graph[Value{i}].inputs) needed[static_cast<std::size_t>(input.id)] = true;
  }
  for (const Value input : graph.inputs()) {
    if (!needed[static_cast<std::size_t>(input.id)] || map.count(input)) continue;
    builder.set_origin(graph.origin(input));
    map[input] = builder.input(graph[input].attrs.text("name"), Shape(graph.type(input).shape));
  }
  for (std::int32_t i = 0; i < graph.size(); ++i) {
    const Value old{i};
    if (!needed[static_cast<std::size_t>(i)] || map.count(old)) continue;
    std::vector<Value> inputs;
    for (const Value input : graph[old].inputs) inputs.push_back(map.at(input));
    builder.set_origin(graph.origin(old));
    map[old] = builder.remake(graph[old], std::move(inputs));
  }
}

LayerCall as_input(const LayerCall& call) {
  LayerCall input;
  input.name = call.name;
  input.class_name = "InputLayer";
  input.kind = LayerKind::kInput;
  input.kernel_output = input.output = call.output;
  return input;
}

void map_values(LayerCall& call, const std::map<Value, Value>& map) {
  const auto mapped = [&](Value& value) {
    if (value) value = map.at(value);
  };
  for (Value& input : call.inputs) mapped(input);
  for (graph::Weight& weight : call.weights) mapped(weight.value);
  mapped(call.kernel_output);
  mapped(call.output);
}

std::vector<Value> values_of(const std::vector<LayerCall>& calls) {
  std::vector<Value> values;
  for (const LayerCall& call : calls) {
    values.insert(values.end(), {call.kernel_output, call.output});
    values.insert(values.end(), call.inputs.begin(), call.inputs.end());
    for (const graph::Weight& weight : call.weights) values.push_back(weight.value);
  }
  return values;
}

/// Which inputs of the whole network the cut one has besides its places.
std::vector<std::size_t> fixed_inputs(const Network& network, const Network& cut) {
  const auto name_of = [](const Network& of, Value input) { return of.graph[input].attrs.text("name"); };
  const auto& whole = network.graph.inputs();
  const auto& all = cut.graph.inputs();
  std::vector<std::size_t> found;
  for (std::size_t i = places_of(network).size(); i < all.size(); ++i) {
    const auto same = [&](Value input) { return name_of(network, input) == name_of(cut, all[i]); };
    found.push_back(static_cast<std::size_t>(std::find_if(whole.begin(), whole.end(), same) - whole.begin()));
  }
  return found;
}

}  // namespace

std::optional<Network> cut_at_embeddings(const Network& network) {
  const std::vector<int> places = places_of(network);
  if (places == network.input_calls()) return std::nullopt;
  const std::vector<bool> needed = needed_calls(network, places);
  Network cut = network;
  cut.calls.clear();
  std::vector<int> index(network.calls.size(), -1);
  for (std::size_t i = 0; i < network.calls.size(); ++i) {
    if (!needed[i]) continue;
    const bool place = std::find(places.begin(), places.end(), static_cast<int>(i)) != places.end();
    index[i] = static_cast<int>(cut.calls.size());
    cut.calls.push_back(place ? as_input(network.calls[i]) : network.calls[i]);
    for (int& producer : cut.calls.back().producers) producer = index[static_cast<std::size_t>(producer)];
  }
  for (int& output : cut.outputs) output = index[static_cast<std::size_t>(output)];
  graph::Builder builder;
  std::map<Value, Value> map;
  for (const int place : places) {
    const Value value = call_at(network, place).output;
    builder.set_origin(call_at(network, place).name);
    map[value] = builder.input(call_at(network, place).name, Shape(network.graph.type(value).shape));
  }
  copy_ancestors(network.graph, builder, values_of(cut.calls), map);
  for (LayerCall& call : cut.calls) map_values(call, map);
  for (const graph::Output& output : network.graph.outputs()) builder.output(output.name, map.at(output.value));
  cut.graph = builder.take();
  return cut;
}

Embedded::Embedded(const Network& network, const Network& cut, const Batch& batch) {
  graph::Builder builder(network.graph);
  builder.clear_outputs();
  for (const int place : places_of(network))
    builder.output(call_at(network, place).name, call_at(network, place).output);
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < batch.shapes.size(); ++i) {
    inputs.emplace_back(batch.shapes[i]);
    std::copy_n(batch.data[i], inputs.back().data.size(), inputs.back().data.begin());
  }
  arrays_ = reference::evaluate(graph::rewrite(builder.take(), {}), std::span<const Tensor>(inputs));
  for (const Tensor& array : arrays_) {
    batch_.shapes.push_back(array.shape);
    batch_.data.push_back(array.data.data());
  }
  for (const std::size_t input : fixed_inputs(network, cut)) {
    batch_.shapes.push_back(batch.shapes[input]);
    batch_.data.push_back(batch.data[input]);
    ++batch_.fixed;
  }
}

methods::Resolved Embedded::at_baseline(const Network& network, const Network& cut, const Batch& batch,
                                        const methods::Resolved& method) {
  methods::Resolved moved = method;
  const auto& known = method.def->parameters;
  if (std::none_of(known.begin(), known.end(), [](const auto& p) { return p.name == "reference_inputs"; }))
    return moved;
  const auto given = method.parameters.find("reference_inputs");
  std::vector<double> ids{0};
  if (given != method.parameters.end()) {
    if (const auto* number = std::get_if<double>(&given->second)) ids = {*number};
    if (const auto* list = std::get_if<std::vector<double>>(&given->second)) ids = *list;
  }
  Batch one = batch.part(0, 1);
  std::size_t size = 0;
  for (std::size_t i = 0; i < one.shapes.size(); ++i) size += one.sample_size(i);
  if (ids.size() != 1 && ids.size() != size) {
    throw Error(ErrorCode::kInvalidArgument, "method", "reference_inputs",
                "has " + std::to_string(ids.size()) + " entries; expected 1 or one per input element (" +
                    std::to_string(size) + ")");
  }
  std::vector<float> values(size, static_cast<float>(ids.front()));
  if (ids.size() > 1) std::copy(ids.begin(), ids.end(), values.begin());
  std::size_t at = 0;
  for (std::size_t i = 0; i < one.shapes.size(); at += one.sample_size(i), ++i) one.data[i] = values.data() + at;
  std::vector<double> embedded;
  for (const Tensor& array : Embedded(network, cut, one).arrays_)
    embedded.insert(embedded.end(), array.data.begin(), array.data.end());
  moved.parameters["reference_inputs"] = embedded;
  return moved;
}

std::vector<Shape> embedded_shapes(const Network& network, const Network& cut, const std::vector<Shape>& shapes) {
  const Network bound = graph::bind(network, shapes);
  std::vector<Shape> found;
  for (const int place : places_of(bound)) found.push_back(bound.graph.type(call_at(bound, place).output).shape);
  for (const std::size_t input : fixed_inputs(network, cut)) found.push_back(shapes[input]);
  return found;
}

}  // namespace signxai::explain
