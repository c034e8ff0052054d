// Helpers of the Keras importer tests: weights in memory, small configurations, evaluation, and expected errors.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/reference/evaluate.h"
#include "graph/verify.h"
#include "importers/keras/assemble.h"
#include "importers/layers/layer.h"
#include "signxai/error.h"

namespace signxai::keras {

/// Weights as a test writes them: per group, in order.
class MemoryWeights : public GroupedWeights {
 public:
  struct Entry {
    std::string name;
    Shape shape;
    std::vector<float> values;
  };
  using Groups = std::map<std::string, std::vector<Entry>>;

  MemoryWeights() = default;
  explicit MemoryWeights(Groups groups) : groups_(std::move(groups)) {}
  int loads() const { return loads_; }

 protected:
  std::optional<std::vector<WeightInfo>> list_group(const std::string& group) const override {
    const auto it = groups_.find(group);
    if (it == groups_.end()) return std::nullopt;
    std::vector<WeightInfo> infos;
    for (const Entry& entry : it->second) infos.push_back({entry.name, entry.shape});
    return infos;
  }
  graph::Literal load_from(const std::string& group, std::size_t index, const std::string& name) override {
    ++loads_;
    const Entry& entry = groups_.at(group).at(index);
    return graph::Literal(entry.shape, entry.values, name);
  }

 private:
  Groups groups_;
  int loads_ = 0;
};

/// Makes whatever is asked for: a fixed pattern of small numbers.
class AnyWeights : public WeightSource {
 public:
  graph::Literal read(const WeightOwner& owner, std::size_t, const std::string& role, const Shape& expected) override {
    std::vector<float> values(static_cast<std::size_t>(element_count(expected)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.1f * static_cast<float>(i * 7 % 11) - 0.45f;
    return graph::Literal(expected, std::move(values), owner.path + "/" + role);
  }
  void finish(const WeightOwner&, std::size_t) override {}
};

inline Json layer(const std::string& class_name, const std::string& name, Json config = Json::object()) {
  config["name"] = name;
  return {{"class_name", class_name}, {"name", name}, {"config", std::move(config)}};
}

inline Json input_layer(const std::string& name, const Json& shape) {
  Json entry = layer("InputLayer", name, {{"batch_input_shape", shape}});
  entry["inbound_nodes"] = Json::array();
  return entry;
}

/// A layer of a functional model, called once per list of inputs; an input is "layer" or [layer, node, tensor].
inline Json called(Json entry, const std::vector<std::vector<Json>>& calls) {
  entry["inbound_nodes"] = Json::array();
  for (const auto& inputs : calls) {
    Json node = Json::array();
    for (const Json& input : inputs) {
      node.push_back(input.is_string() ? Json{input, 0, 0, Json::object()} : input);
    }
    entry["inbound_nodes"].push_back(node);
  }
  return entry;
}

inline Json sequential(const std::vector<Json>& layers, const std::string& name = "net") {
  return {{"class_name", "Sequential"}, {"config", {{"name", name}, {"layers", layers}}}};
}

inline Json functional(const std::vector<Json>& layers, const std::vector<std::string>& inputs,
                       const std::vector<std::string>& outputs, const std::string& name = "net") {
  Json config{{"name", name}, {"layers", layers}, {"input_layers", Json::array()}, {"output_layers", Json::array()}};
  for (const auto& i : inputs) config["input_layers"].push_back({i, 0, 0});
  for (const auto& o : outputs) config["output_layers"].push_back({o, 0, 0});
  return {{"class_name", "Functional"}, {"name", name}, {"config", config}};
}

inline graph::Network build(const Json& model, WeightSource& weights) {
  graph::Network network = build_network(model.dump(), weights, "net.h5");
  graph::verify(network.graph);
  graph::verify(network.probabilities);
  return network;
}

inline graph::Network build(const Json& model) {
  AnyWeights weights;
  return build(model, weights);
}

/// Input and one layer.
inline graph::Network build_layer(const Json& input_shape, const Json& entry) {
  return build(sequential({input_layer("in", input_shape), entry}));
}

inline std::vector<std::string> names(const graph::Network& network) {
  std::vector<std::string> result;
  for (const graph::LayerCall& call : network.calls) result.push_back(call.name);
  return result;
}

inline const graph::LayerCall& call(const graph::Network& network, const std::string& name) {
  const int index = network.find(name);
  if (index < 0) throw std::out_of_range(name);
  return network.calls[static_cast<std::size_t>(index)];
}

inline graph::Array array(Shape shape, std::vector<double> data) {
  graph::Array result(std::move(shape));
  EXPECT_EQ(result.data.size(), data.size());
  result.data = std::move(data);
  return result;
}

/// 0, 1, 2, ... in row-major order.
inline graph::Array counting(Shape shape) {
  graph::Array result(std::move(shape));
  for (std::size_t i = 0; i < result.data.size(); ++i) result.data[i] = static_cast<double>(i);
  return result;
}

inline graph::Array run(const graph::Network& network, const graph::Array& input) {
  return reference::evaluate(network.graph, std::vector<graph::Array>{input}).at(0);
}

inline void expect_near(const graph::Array& got, const Shape& shape, const std::vector<double>& expected,
                        double tolerance = 1e-6) {
  EXPECT_EQ(got.shape, shape);
  ASSERT_EQ(got.data.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got.data[i], expected[i], tolerance) << "element " << i;
}

/// Runs `action`, which must throw an Error of that code whose text holds all of `parts`.
inline void expect_error(ErrorCode code, const std::vector<std::string>& parts, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    EXPECT_EQ(to_string(e.code()), to_string(code)) << e.what();
    EXPECT_EQ(e.stage(), "import") << e.what();
    for (const std::string& part : parts) EXPECT_THAT(std::string(e.what()), testing::HasSubstr(part));
    return;
  }
  ADD_FAILURE() << "no error";
}

}  // namespace signxai::keras
