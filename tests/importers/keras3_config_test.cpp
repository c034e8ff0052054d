// Forms that only configurations of Keras 3 have, and keys of old files that Keras 3 refuses.
#include <cmath>

#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

Json tensor(const std::string& layer, int node = 0, int index = 0) {
  return {{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {layer, node, index}}}}};
}

Json keras3_input(const std::string& name, const Json& shape) {
  Json entry = layer("InputLayer", name, {{"batch_shape", shape}});
  entry["inbound_nodes"] = Json::array();
  return entry;
}

Json call_of(Json arguments, Json kwargs = Json::object()) {
  return {{"args", std::move(arguments)}, {"kwargs", std::move(kwargs)}};
}

Json with_calls(Json entry, const std::vector<Json>& calls) {
  entry["inbound_nodes"] = calls;
  entry["config"]["trainable"] = true;  // all layers say so, and no operation
  return entry;
}

Json activation(const std::string& name, const std::string& function) {
  return layer("Activation", name, {{"activation", function}});
}

TEST(Keras3Config, HardSigmoidHasAnotherSlope) {
  const Json two = sequential({input_layer("in", {nullptr, 1}), activation("a", "hard_sigmoid")});
  const Json three = sequential({keras3_input("in", {nullptr, 1}), activation("a", "hard_sigmoid")});
  expect_near(run(build(two), array({1, 1}, {1})), {1, 1}, {0.7});
  expect_near(run(build(three), array({1, 1}, {1})), {1, 1}, {0.5 + 1.0 / 6});
}

TEST(Keras3Config, UnitNormalizationBoundsTheNormItself) {
  const graph::Array small = array({1, 2}, {3e-9, 4e-9});
  const Json norm = layer("UnitNormalization", "n");
  expect_near(run(build(sequential({input_layer("in", {nullptr, 2}), norm})), small), {1, 2}, {3e-3, 4e-3}, 1e-8);
  expect_near(run(build(sequential({keras3_input("in", {nullptr, 2}), norm})), small), {1, 2}, {0.6, 0.8});
}

TEST(Keras3Config, NumbersOfArrays) {
  const Json scale{{"class_name", "__numpy__"}, {"config", {{"value", {2.0, 3.0}}, {"dtype", "float32"}}}};
  const Json offset{{"class_name", "__tensor__"}, {"config", {{"value", 1.0}, {"dtype", "float32"}}}};
  const graph::Network net = build_layer({nullptr, 2}, layer("Rescaling", "r", {{"scale", scale}, {"offset", offset}}));
  expect_near(run(net, array({1, 2}, {1, 1})), {1, 2}, {3, 4});
}

TEST(Keras3Config, InputsAmongTheKeywordsAndHarmlessOnes) {
  const Json model = functional(
      {keras3_input("in", {nullptr, 1}),
       with_calls(activation("a", "exponential"),
                  {call_of(Json::array(), {{"inputs", tensor("in")}, {"training", false}, {"mask", nullptr}})})},
      {"in"}, {"a"});
  expect_near(run(build(model), array({1, 1}, {0})), {1, 1}, {1});
}

TEST(Keras3Config, ArgumentsThatChangeTheResultAreRefused) {
  const auto refused = [](const std::string& part, const Json& call) {
    const Json model =
        functional({keras3_input("in", {nullptr, 1}), with_calls(activation("a", "relu"), {call})}, {"in"}, {"a"});
    expect_error(ErrorCode::kUnsupported, {"a (Activation)", part}, [&] { build(model); });
  };
  refused("training=true", call_of({tensor("in")}, {{"training", true}}));
  refused("further argument 2", call_of({tensor("in"), 2}));
  refused("called with 2 as input", call_of({2}));
  refused("called with nothing", call_of(Json::array()));
}

TEST(Keras3Config, CallsOfOtherModelsAreNotCounted) {
  const Json model = functional(
      {keras3_input("in", {nullptr, 1}),
       with_calls(activation("twice", "softplus"), {call_of({tensor("in")}), call_of({tensor("twice", 3)})}),
       with_calls(layer("Subtract", "s"), {call_of({Json::array({tensor("twice", 3), tensor("twice", 7)})})})},
      {"in"}, {"s"});
  const double once = std::log1p(std::exp(1.0)), again = std::log1p(std::exp(once));
  expect_near(run(build(model), array({1, 1}, {1})), {1, 1}, {once - again});
}

TEST(Keras3Config, ModelsCalledWithDictionaries) {
  Json inner = functional({keras3_input("b", {nullptr, 1}), keras3_input("a", {nullptr, 1}),
                           with_calls(layer("Subtract", "s"), {call_of({Json::array({tensor("b"), tensor("a")})})})},
                          {"b", "a"}, {"s"}, "inner");
  inner["config"]["name"] = "inner";
  const Json model = functional({keras3_input("x", {nullptr, 1}), keras3_input("y", {nullptr, 1}),
                                 with_calls(inner, {call_of({{{"a", tensor("x")}, {"b", tensor("y")}}})}),
                                 with_calls(activation("out", "linear"), {call_of({tensor("inner")})})},
                                {"x", "y"}, {"out"});
  const std::vector<graph::Array> inputs{array({1, 1}, {1}), array({1, 1}, {10})};
  EXPECT_EQ(reference::evaluate(build(model).graph, inputs).at(0).data, std::vector<double>{9});
}

TEST(Keras3Config, QuantizedLayersAreRefused) {
  const Json policy{{"class_name", "QuantizedDTypePolicy"}, {"config", {{"mode", "int8"}, {"source_name", "float32"}}}};
  expect_error(ErrorCode::kUnsupported, {"d (Dense)", "quantized"}, [&] {
    build_layer({nullptr, 2}, layer("Dense", "d", {{"units", 1}, {"dtype", policy}}));
  });
}

TEST(OldConfig, GroupsOfDepthwiseConvolutionsMeanNothing) {
  const auto made = [](const Json& more) {
    Json config{{"kernel_size", 3}};
    config.update(more);
    return run(build_layer({nullptr, 5, 5, 2}, layer("DepthwiseConv2D", "d", config)), counting({1, 5, 5, 2}));
  };
  const graph::Array expected = made(Json::object());
  for (const int groups : {1, 2, 7}) EXPECT_EQ(made({{"groups", groups}}).data, expected.data) << groups;
}

}  // namespace
}  // namespace signxai::keras
