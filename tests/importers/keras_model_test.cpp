// Model structure: order of calls, producers, shared layers, nested models, several inputs and outputs, weights.
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

Json dense(const std::string& name, int units, const std::string& activation = "linear") {
  return layer("Dense", name, {{"units", units}, {"activation", activation}});
}

TEST(KerasModel, SequentialGetsItsInputLayer) {
  Json first = dense("d1", 4, "relu");
  first["config"]["batch_input_shape"] = {nullptr, 3};
  const graph::Network net = build(sequential({first, dense("d2", 2)}, "mlp"));
  EXPECT_EQ(net.name, "mlp");
  EXPECT_TRUE(net.sequential);
  EXPECT_EQ(names(net), (Names{"d1_input", "d1", "d2"}));
  EXPECT_EQ(net.calls[0].kind, graph::LayerKind::kInput);
  EXPECT_EQ(net.outputs, std::vector<int>{2});
  ASSERT_EQ(net.graph.outputs().size(), 1u);
  EXPECT_EQ(net.graph.outputs()[0].name, "d2");
  EXPECT_EQ(net.graph.type(net.calls[2].output).shape, (Shape{graph::kOpen, 2}));
}

TEST(KerasModel, SequentialAsBareListAndBuildShape) {
  const Json bare{{"class_name", "Sequential"}, {"config", {input_layer("in", {nullptr, 3}), dense("d", 2)}}};
  EXPECT_EQ(names(build(bare)), (Names{"in", "d"}));
  Json built = sequential({dense("d", 2)});
  built["config"]["build_input_shape"] = {nullptr, 3};
  EXPECT_EQ(names(build(built)), (Names{"d_input", "d"}));
  expect_error(ErrorCode::kUnsupported, {"what shape the input has"}, [] { build(sequential({dense("d", 2)})); });
}

TEST(KerasModel, CallsAndOriginsCarryTheirLayer) {
  const graph::Network net =
      build(sequential({input_layer("in", {nullptr, 3}), dense("d1", 4, "relu"), dense("d2", 2)}));
  const graph::LayerCall& d1 = call(net, "d1");
  EXPECT_EQ(d1.class_name, "Dense");
  EXPECT_EQ(d1.kind, graph::LayerKind::kKernel);
  EXPECT_EQ(d1.activation, "relu");
  EXPECT_EQ(call(net, "d2").activation, "");
  EXPECT_THAT(d1.producers, ElementsAre(0));
  EXPECT_EQ(d1.inputs[0], net.calls[0].output);
  EXPECT_TRUE(net.graph[d1.kernel_output].is("add"));
  EXPECT_TRUE(net.graph[d1.output].is("relu"));
  EXPECT_EQ(net.graph[d1.output].inputs[0], d1.kernel_output);
  EXPECT_EQ(net.graph.origin(d1.output), "d1");
  ASSERT_EQ(d1.weights.size(), 2u);
  EXPECT_EQ(d1.weights[0].role, "kernel");
  EXPECT_EQ(d1.weights[1].role, "bias");
  EXPECT_EQ(net.graph.literal(d1.weight("kernel"))->name(), "d1/kernel");
}

Json branches(const std::vector<std::string>& order) {
  const std::map<std::string, Json> all{
      {"a", input_layer("a", {nullptr, 3})},
      {"b", input_layer("b", {nullptr, 3})},
      {"da", called(dense("da", 2), {{"a"}})},
      {"db", called(dense("db", 2), {{"b"}})},
      {"sum", called(layer("Add", "sum"), {{"da", "db"}})},
      {"out", called(dense("out", 2), {{"sum"}})},
      {"side", called(dense("side", 5), {{"db"}})},
  };
  std::vector<Json> layers;
  for (const auto& name : order) layers.push_back(all.at(name));
  return functional(layers, {"b", "a"}, {"out", "side"});
}

TEST(KerasModel, OrderIsTopologicalAndAsInTheFileWherePossible) {
  const graph::Network net = build(branches({"out", "a", "side", "sum", "db", "b", "da"}));
  EXPECT_FALSE(net.sequential);
  for (std::size_t i = 0; i < net.calls.size(); ++i) {
    for (const int producer : net.calls[i].producers) EXPECT_LT(producer, static_cast<int>(i));
  }
  EXPECT_EQ(names(build(branches({"a", "b", "da", "db", "sum", "out", "side"}))),
            (Names{"b", "a", "da", "db", "sum", "out", "side"}));
}

TEST(KerasModel, InputsAndOutputsStandInTheModelsOrder) {
  const graph::Network net = build(branches({"a", "b", "da", "db", "sum", "out", "side"}));
  ASSERT_EQ(net.graph.inputs().size(), 2u);
  EXPECT_EQ(net.graph[net.graph.inputs()[0]].attrs.text("name"), "b");
  EXPECT_EQ(net.graph.outputs()[0].name, "out");
  EXPECT_EQ(net.graph.outputs()[1].name, "side");
  EXPECT_EQ(net.calls[static_cast<std::size_t>(net.outputs[1])].name, "side");
  const auto successors = net.successors(net.find("db"));
  EXPECT_EQ(successors.size(), 2u);
}

TEST(KerasModel, LayersThatNoOutputNeedsAreLeftOut) {
  Json model = branches({"a", "b", "da", "db", "sum", "out", "side"});
  model["config"]["output_layers"] = {Json{"side", 0, 0}};
  EXPECT_EQ(names(build(model)), (Names{"b", "a", "db", "side"}));
}

TEST(KerasModel, EndpointsInOtherForms) {
  Json model = functional({input_layer("in", {nullptr, 3}), called(dense("d", 2), {{"in"}})}, {"in"}, {"d"});
  model["class_name"] = "Model";
  model["config"]["input_layers"] = {"in", 0, 0};
  model["config"]["output_layers"] = {{"scores", {"d", 0, 0}}};
  model["config"]["layers"][1]["inbound_nodes"] = {Json{"in", 0, 0}};
  EXPECT_EQ(names(build(model)), (Names{"in", "d"}));
}

TEST(KerasModel, SharedLayersShareTheirWeights) {
  const MemoryWeights::Groups groups{{"d", {{"d/kernel:0", {2, 2}, {1, 2, 3, 4}}, {"d/bias:0", {2}, {5, 6}}}}};
  MemoryWeights weights(groups);
  const Json model = functional({input_layer("in", {nullptr, 2}), called(dense("d", 2), {{"in"}, {"d"}}),
                                 called(layer("Add", "sum"), {{"in", Json{"d", 1, 0}}})},
                                {"in"}, {"sum"});
  const graph::Network net = build(model, weights);
  EXPECT_EQ(names(net), (Names{"in", "d", "d:1", "sum"}));
  EXPECT_EQ(call(net, "d").weight("kernel"), call(net, "d:1").weight("kernel"));
  EXPECT_EQ(weights.loads(), 2);
  EXPECT_THAT(call(net, "sum").producers, ElementsAre(0, 2));
  // d([1, 1]) = [9, 12]; d([9, 12]) = [50, 72]
  expect_near(run(net, array({1, 2}, {1, 1})), {1, 2}, {51, 73});
}

TEST(KerasModel, SameTensorTwice) {
  const Json model =
      functional({input_layer("in", {nullptr, 2}), called(layer("Add", "sum"), {{"in", "in"}})}, {"in"}, {"sum"});
  const graph::Network net = build(model);
  EXPECT_THAT(net.calls[1].producers, ElementsAre(0, 0));
  EXPECT_EQ(net.successors(0).size(), 2u);
}

TEST(KerasModel, NestedModelsAreFlattened) {
  const Json inner =
      functional({input_layer("x", {nullptr, 2}), called(dense("d", 2), {{"x"}})}, {"x"}, {"d"}, "inner");
  Json middle = sequential({inner, layer("Flatten", "flat")}, "middle");
  middle["name"] = "middle";
  // Trainable weights come first in the file, and an inner model may have been built inside the outer one.
  const MemoryWeights::Groups groups{
      {"middle", {{"middle/d/kernel:0", {2, 2}, {1, 0, 0, 1}}, {"middle/d/bias:0", {2}, {1, 1}}}}};
  MemoryWeights weights(groups);
  const Json model = functional({input_layer("in", {nullptr, 2}), called(middle, {{"in"}, {Json{"middle", 1, 0}}}),
                                 called(layer("Flatten", "end"), {{Json{"middle", 2, 0}}})},
                                {"in"}, {"end"});
  const graph::Network net = build(model, weights);
  EXPECT_EQ(names(net), (Names{"in", "middle/inner/d", "middle/flat", "middle/inner/d:1", "middle/flat:1", "end"}));
  EXPECT_EQ(net.calls[1].weight("kernel"), net.calls[3].weight("kernel"));
  expect_near(run(net, array({1, 2}, {3, 4})), {1, 2}, {5, 6});
}

TEST(KerasModel, NestedModelWithSeveralResults) {
  const Json inner =
      functional({input_layer("x", {nullptr, 2}), called(dense("d", 1), {{"x"}}), called(dense("e", 3), {{"x"}})},
                 {"x"}, {"d", "e"}, "inner");
  const Json model = functional({input_layer("in", {nullptr, 2}), called(inner, {{"in"}}),
                                 called(layer("Concatenate", "cat"), {{Json{"inner", 1, 1}, Json{"inner", 1, 0}}})},
                                {"in"}, {"cat"});
  const graph::Network net = build(model);
  EXPECT_THAT(call(net, "cat").producers, ElementsAre(net.find("inner/e"), net.find("inner/d")));
}

TEST(KerasModel, BatchStaysOpenAndTypesAreNoted) {
  Json input = input_layer("in", {32, 3});
  input["config"]["dtype"] = "float64";
  Json head = dense("d", 2);
  head["config"]["dtype"] = {{"class_name", "Policy"}, {"config", {{"name", "mixed_float16"}}}};
  const graph::Network net = build(sequential({input, head}));
  EXPECT_EQ(net.graph.type(net.calls[0].output).shape[0], graph::kOpen);
  EXPECT_THAT(net.notes, ElementsAre(testing::HasSubstr("float64"), testing::HasSubstr("batch at 32"),
                                     testing::HasSubstr("mixed_float16")));
}

TEST(KerasModel, OpenSpatialExtents) {
  const graph::Network net =
      build(sequential({input_layer("in", {nullptr, nullptr, nullptr, 1}),
                        layer("Conv2D", "c", {{"filters", 2}, {"kernel_size", 3}, {"padding", "same"}}),
                        layer("GlobalAveragePooling2D", "g")}));
  EXPECT_EQ(run(net, counting({1, 5, 7, 1})).shape, (Shape{1, 2}));
}

TEST(KerasModel, OutputThatIsAnInputAndOutputTwice) {
  const Json model = functional({input_layer("in", {nullptr, 2})}, {"in"}, {"in", "in"});
  const graph::Network net = build(model);
  EXPECT_EQ(net.graph.outputs()[1].name, "in_1");
  EXPECT_EQ(net.probabilities.inputs().size(), 2u);
}

}  // namespace
}  // namespace signxai::keras
