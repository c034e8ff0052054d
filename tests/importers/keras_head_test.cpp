// The softmax at the end: found in every form, left out of the graph, kept in `probabilities`.
#include <cmath>

#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

using Names = std::vector<std::string>;

Json dense(const std::string& activation) { return layer("Dense", "d", {{"units", 3}, {"activation", activation}}); }
Json input() { return input_layer("in", {nullptr, 2}); }

/// Softmax of the network's own logits must be what `probabilities` gives.
void expect_probabilities(const graph::Network& net, bool log = false) {
  const graph::Array logits = run(net, array({2, 2}, {1, -2, 0.5, 3}));
  const graph::Array got = reference::evaluate(net.probabilities, std::vector<graph::Array>{logits}).at(0);
  for (std::size_t row = 0; row < 2; ++row) {
    double total = 0;
    for (std::size_t i = 0; i < 3; ++i) total += std::exp(logits.data[3 * row + i]);
    for (std::size_t i = 0; i < 3; ++i) {
      const double p = std::exp(logits.data[3 * row + i]) / total;
      EXPECT_NEAR(got.data[3 * row + i], log ? std::log(p) : p, 1e-9);
    }
  }
}

void expect_removed(const Json& model, const Names& calls, const std::string& layer_name, const std::string& form) {
  const graph::Network net = build(model);
  EXPECT_EQ(names(net), calls);
  EXPECT_EQ(net.removed_head.layer, layer_name);
  EXPECT_EQ(net.removed_head.form, form);
  EXPECT_EQ(net.calls.back().output, net.graph.outputs()[0].value);
  for (const graph::Node& node : net.graph.nodes()) EXPECT_FALSE(node.is("exp"));
  expect_probabilities(net);
}

TEST(KerasHead, EveryForm) {
  expect_removed(sequential({input(), dense("softmax")}), {"in", "d"}, "d", "fused activation");
  expect_removed(sequential({input(), dense("linear"), layer("Activation", "a", {{"activation", "softmax"}})}),
                 {"in", "d"}, "a", "Activation layer");
  expect_removed(sequential({input(), dense("linear"), layer("Softmax", "s", {{"axis", -1}})}), {"in", "d"}, "s",
                 "Softmax layer");
  Json dict = dense("linear");
  dict["config"]["activation"] = {{"class_name", "Softmax"}, {"config", {{"axis", -1}}}};
  expect_removed(sequential({input(), dict}), {"in", "d"}, "d", "fused activation");
}

TEST(KerasHead, FusedActivationIsDropped) {
  const graph::Network net = build(sequential({input(), dense("softmax")}));
  EXPECT_EQ(call(net, "d").activation, "");
  EXPECT_EQ(call(net, "d").kernel_output, call(net, "d").output);
}

TEST(KerasHead, LogSoftmax) {
  const graph::Network net = build(sequential({input(), dense("log_softmax")}));
  EXPECT_EQ(net.removed_head.layer, "d");
  expect_probabilities(net, true);
}

TEST(KerasHead, BehindLayersThatKeepValues) {
  expect_removed(
      sequential({input(), dense("softmax"), layer("Dropout", "drop"), layer("Reshape", "r", {{"target_shape", {3}}})}),
      {"in", "d", "drop", "r"}, "d", "fused activation");
  const graph::Network old_mobilenet = build(sequential({input(), layer("Reshape", "r", {{"target_shape", {1, 1, 2}}}),
                                                         layer("Conv2D", "c", {{"filters", 3}, {"kernel_size", 1}}),
                                                         layer("Activation", "a", {{"activation", "softmax"}}),
                                                         layer("Reshape", "r2", {{"target_shape", {3}}})}));
  EXPECT_EQ(names(old_mobilenet), (Names{"in", "r", "c", "r2"}));
  EXPECT_EQ(call(old_mobilenet, "r2").producers, std::vector<int>{2});
  expect_probabilities(old_mobilenet);
}

TEST(KerasHead, InsideANestedModel) {
  const Json inner = sequential({input(), dense("softmax")}, "inner");
  const graph::Network net = build(functional({input(), called(layer("Dense", "first", {{"units", 2}}), {{"in"}}),
                                               called(
                                                   [&] {
                                                     Json m = inner;
                                                     m["name"] = "inner";
                                                     return m;
                                                   }(),
                                                   {{"first"}}),
                                               called(layer("Dropout", "end"), {{Json{"inner", 1, 0}}})},
                                              {"in"}, {"end"}));
  EXPECT_EQ(net.removed_head.layer, "inner/d");
}

TEST(KerasHead, SigmoidIsLeftOut) {
  const graph::Network net = build(sequential({input(), dense("sigmoid")}));
  EXPECT_EQ(net.removed_head.layer, "d");
  EXPECT_EQ(net.removed_head.function, "sigmoid");
  EXPECT_EQ(call(net, "d").activation, "");
  const graph::Array logits = array({1, 3}, {0, std::log(3.0), -std::log(3.0)});
  expect_near(reference::evaluate(net.probabilities, std::vector<graph::Array>{logits})[0], {1, 3}, {0.5, 0.75, 0.25});
}

TEST(KerasHead, SigmoidInTheMiddleStays) {
  const graph::Network net = build(sequential({input(), dense("sigmoid"), layer("Dense", "e", {{"units", 2}})}));
  EXPECT_EQ(net.removed_head.layer, "");
  EXPECT_EQ(call(net, "d").activation, "sigmoid");
}

TEST(KerasHead, SoftmaxInTheMiddleStays) {
  const graph::Network net = build(sequential({input(), dense("softmax"), layer("Dense", "e", {{"units", 2}})}));
  EXPECT_EQ(net.removed_head.layer, "");
  EXPECT_EQ(call(net, "d").activation, "softmax");
  const graph::Network used = build(
      functional({input(), called(dense("softmax"), {{"in"}}), called(layer("Dense", "e", {{"units", 2}}), {{"d"}})},
                 {"in"}, {"d", "e"}));
  EXPECT_EQ(used.removed_head.layer, "");
}

TEST(KerasHead, OneOfSeveralOutputs) {
  const graph::Network net = build(
      functional({input(), called(layer("Dense", "box", {{"units", 2}}), {{"in"}}), called(dense("softmax"), {{"in"}})},
                 {"in"}, {"box", "d"}));
  EXPECT_EQ(net.removed_head.layer, "d");
  const auto outputs = reference::evaluate(net.probabilities,
                                           std::vector<graph::Array>{array({1, 2}, {5, 6}), array({1, 3}, {0, 0, 0})});
  EXPECT_EQ(outputs[0].data, (std::vector<double>{5, 6}));
  expect_near(outputs[1], {1, 3}, {1.0 / 3, 1.0 / 3, 1.0 / 3});
}

TEST(KerasHead, AnotherAxis) {
  const graph::Network net =
      build(sequential({input_layer("in", {nullptr, 2, 3}), layer("Softmax", "s", {{"axis", 1}})}));
  EXPECT_EQ(names(net), (Names{"in"}));
  EXPECT_EQ(net.outputs, std::vector<int>{0});
  const graph::Array got =
      reference::evaluate(net.probabilities, std::vector<graph::Array>{graph::Array({1, 2, 3})})[0];
  EXPECT_EQ(got.data, std::vector<double>(6, 0.5));
}

}  // namespace
}  // namespace signxai::keras
