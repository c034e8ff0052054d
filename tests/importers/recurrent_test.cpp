// Recurrent layers: numbers that can be checked by hand, masks on their way, what is refused; and files of both Keras
// versions (tests/importers/data/recurrent) with the outputs and gradients that Keras computed.
#include "importers/stored_case.h"

namespace signxai::keras {
namespace {

using Entries = std::vector<MemoryWeights::Entry>;

const Json kLinear = {{"units", 1}, {"activation", "linear"}, {"recurrent_activation", "linear"}, {"use_bias", false}};

Json with(Json config, const Json& more) {
  if (more.is_object()) config.update(more);  // {} is null
  return config;
}

graph::Network network_of(const std::vector<Json>& layers, const Json& shape, Entries entries) {
  std::vector<Json> all = layers;
  all.insert(all.begin(), input_layer("in", shape));
  MemoryWeights weights({{"r", std::move(entries)}});
  return build(sequential(all), weights);
}

graph::Network network_of(const Json& layer, const Json& shape, Entries entries) {
  return network_of(std::vector<Json>{layer}, shape, std::move(entries));
}

/// h' = x + 10 h
graph::Network adding(const Json& more, const std::vector<Json>& before = {}) {
  std::vector<Json> layers = before;
  layers.push_back(layer("SimpleRNN", "r", with(kLinear, more)));
  return network_of(layers, {nullptr, nullptr, 1}, {{"r/k", {1, 1}, {1}}, {"r/u", {1, 1}, {10}}});
}

TEST(Recurrent, SimpleRnnTakesStepsInOrder) {
  const graph::Array x = array({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  expect_near(run(adding({}), x), {2, 1}, {123, 456});
  expect_near(run(adding({{"go_backwards", true}}), x), {2, 1}, {321, 654});
  expect_near(run(adding({{"return_sequences", true}}), x), {2, 3, 1}, {1, 12, 123, 4, 45, 456});
  // Keras gives the outputs in the order in which they were computed.
  expect_near(run(adding({{"return_sequences", true}, {"go_backwards", true}}), x), {2, 3, 1},
              {3, 32, 321, 6, 65, 654});
}

TEST(Recurrent, TheProjectionOfAllStepsIsOneProductBeforeTheScan) {
  const graph::Network net = adding({});
  int scans = 0, products = 0;
  for (std::int32_t i = 0; i < net.graph.size(); ++i) {
    const graph::Node& node = net.graph[graph::Value{i}];
    products += node.is("matmul");
    if (!node.is("scan")) continue;
    ++scans;
    const graph::Graph& body = node.attrs.region("body");
    for (std::int32_t k = 0; k < body.size(); ++k) products += body[graph::Value{k}].is("matmul") ? 10 : 0;
  }
  EXPECT_EQ(scans, 1);
  EXPECT_EQ(products, 11);  // one outside, one inside
  EXPECT_EQ(call(net, "r").weights.size(), 2u);
  EXPECT_EQ(call(net, "r").kind, graph::LayerKind::kOther);
}

TEST(Recurrent, GatesOfLstm) {
  // Gates by constant biases: i = 2, f = 3, g = x, o = 5. Then c' = 3 c + 2 x and h = 5 c'.
  const Json lstm = layer("LSTM", "r", with(kLinear, {{"use_bias", true}, {"return_sequences", true}}));
  const graph::Network net =
      network_of(lstm, {nullptr, 3, 1},
                 {{"r/k", {1, 4}, {0, 0, 1, 0}}, {"r/u", {1, 4}, {0, 0, 0, 0}}, {"r/b", {4}, {2, 3, 0, 5}}});
  expect_near(run(net, array({1, 3, 1}, {1, 2, 3})), {1, 3, 1}, {10, 50, 180});
}

TEST(Recurrent, ResetGateBeforeAndAfterTheProduct) {
  // z = 0.5, r = 3, candidate = x + r (7 h + b1) with the bias b1 of the product, which only reset_after has.
  const auto gru = [](bool after) {
    const Json entry = layer("GRU", "r", with(kLinear, {{"use_bias", true}, {"reset_after", after}}));
    MemoryWeights::Entry bias{"r/b", {3}, {0.5, 3, 0}};
    if (after) bias = {"r/b", {2, 3}, {0.5, 3, 0, 0, 0, 2}};
    return network_of(entry, {nullptr, 2, 1}, {{"r/k", {1, 3}, {0, 0, 1}}, {"r/u", {1, 3}, {0, 0, 7}}, bias});
  };
  const graph::Array x = array({1, 2, 1}, {2, 4});
  expect_near(run(gru(false), x), {1, 1}, {0.5 * 1 + 0.5 * (4 + 21)});              // h1 = 0.5 * 2
  expect_near(run(gru(true), x), {1, 1}, {0.5 * 4 + 0.5 * (4 + 3 * (7 * 4 + 2))});  // h1 = 0.5 (2 + 6)
}

TEST(Recurrent, MaskedStepsLeaveTheStateAndRepeatTheOutput) {
  const Json masking = layer("Masking", "m", {{"mask_value", 9}});
  const graph::Array x = array({1, 4, 1}, {9, 1, 9, 2});
  expect_near(run(adding({}, {masking}), x), {1, 1}, {12});
  const Json all = {{"return_sequences", true}};
  expect_near(run(adding(all, {masking}), x), {1, 4, 1}, {0, 1, 1, 12});
  expect_near(run(adding(with(all, {{"zero_output_for_mask", true}}), {masking}), x), {1, 4, 1}, {0, 1, 0, 12});
  expect_near(run(adding(with(all, {{"go_backwards", true}}), {masking}), x), {1, 4, 1}, {2, 2, 21, 21});
}

TEST(Recurrent, MasksPassLayersThatSupportThemAndNoOthers) {
  const Json masking = layer("Masking", "m");
  const graph::Array x = array({1, 3, 1}, {1, 0, 2});
  expect_near(run(adding({}, {masking, layer("Activation", "a", {{"activation", "relu"}})}), x), {1, 1}, {12});
  expect_near(run(adding({}, {masking, layer("ZeroPadding1D", "p", {{"padding", 0}})}), x), {1, 1}, {102});
  // Identity supports masks in Keras 3 alone.
  expect_near(run(adding({}, {masking, layer("Identity", "i")}), x), {1, 1}, {102});
}

TEST(Recurrent, AveragesOverTheStepsThatCount) {
  const graph::Network net = network_of(std::vector<Json>{layer("Masking", "m"), layer("GlobalAveragePooling1D", "g")},
                                        {nullptr, nullptr, 2}, {});
  expect_near(run(net, array({1, 4, 2}, {1, 2, 0, 0, 3, 0, 0, 0})), {1, 2}, {2, 1});
}

Json bidirectional(const Json& mode, const Json& more) {
  const Json inner = {{"class_name", "SimpleRNN"}, {"config", with(with(kLinear, more), {{"name", "s"}})}};
  return layer("Bidirectional", "r", {{"merge_mode", mode}, {"layer", inner}});
}

graph::Network both_ways(const Json& mode, const Json& more) {
  return network_of(bidirectional(mode, more), {nullptr, 3, 1},
                    {{"r/forward_s/k", {1, 1}, {1}},
                     {"r/forward_s/u", {1, 1}, {10}},
                     {"r/backward_s/k", {1, 1}, {2}},
                     {"r/backward_s/u", {1, 1}, {10}}});
}

TEST(Recurrent, BidirectionalMergesStepByStep) {
  const graph::Array x = array({1, 3, 1}, {1, 2, 3});
  const Json all = {{"return_sequences", true}};
  expect_near(run(both_ways("concat", {}), x), {1, 2}, {123, 642});
  expect_near(run(both_ways("concat", all), x), {1, 3, 2}, {1, 642, 12, 64, 123, 6});
  expect_near(run(both_ways("sum", all), x), {1, 3, 1}, {643, 76, 129});
  expect_near(run(both_ways("ave", {}), x), {1, 1}, {382.5});
  expect_near(run(both_ways("mul", {}), x), {1, 1}, {123 * 642});
}

TEST(Recurrent, ResultsThatNobodyUsesAreNoCalls) {
  const Json rnn = with(kLinear, {{"return_state", true}});
  const Json model =
      functional({input_layer("in", {nullptr, 3, 1}), called(layer("LSTM", "r", rnn), {{"in"}}),
                  called(layer("Activation", "c", {{"activation", "linear"}}), {{Json{"r", 0, 2, Json::object()}}})},
                 {"in"}, {"c"});
  EXPECT_EQ(names(build(model)), (std::vector<std::string>{"in", "r[2]", "c"}));
  Json beyond = model;
  beyond["config"]["layers"][2]["inbound_nodes"][0][0][2] = 3;
  expect_error(ErrorCode::kCorruptFile, {"'c' takes result 3 of layer 'r', which has 3"}, [&] { build(beyond); });
}

TEST(Recurrent, TimeDistributedIsOneCallWithTheInnerWeights) {
  const Json dense = {{"class_name", "Dense"}, {"config", {{"name", "d"}, {"units", 1}, {"use_bias", false}}}};
  const Entries kernel = {{"r/k", {2, 1}, {1, 10}}};
  for (const Json& steps : {Json(2), Json(nullptr)}) {
    const graph::Network net =
        network_of(layer("TimeDistributed", "r", {{"layer", dense}}), {nullptr, steps, 2}, kernel);
    EXPECT_EQ(net.calls.size(), 2u);
    EXPECT_EQ(call(net, "r").weights.size(), 1u);
    expect_near(run(net, array({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})), {2, 2, 1}, {21, 43, 65, 87});
  }
}

TEST(Recurrent, ModelsInsideTimeDistributedAreHidden) {
  const Json inner =
      sequential({input_layer("i", {nullptr, 2}), layer("Dense", "d", {{"units", 1}, {"use_bias", false}}),
                  layer("Activation", "a", {{"activation", "relu"}})},
                 "inner");
  for (const Json& steps : {Json(2), Json(nullptr)}) {
    const graph::Network net =
        network_of(layer("TimeDistributed", "r", {{"layer", inner}}), {nullptr, steps, 2}, {{"d/k", {2, 1}, {1, -1}}});
    EXPECT_EQ(names(net), (std::vector<std::string>{"in", "r"}));
    EXPECT_EQ(call(net, "r").weights.size(), 1u);
    expect_near(run(net, array({1, 2, 2}, {1, 2, 4, 3})), {1, 2, 1}, {0, 1});
  }
}

void expect_refused(const std::vector<std::string>& parts, const Json& entry, const Json& shape = {nullptr, 3, 2}) {
  expect_error(ErrorCode::kUnsupported, parts, [&] { build_layer(shape, entry); });
}

TEST(Recurrent, RefusalsNameTheLayerAndWhatIsSupported) {
  expect_refused({"r (LSTM)", "time_major"}, layer("LSTM", "r", {{"units", 2}, {"time_major", true}}));
  expect_refused({"r (LSTM)", "tanhh"}, layer("LSTM", "r", {{"units", 2}, {"activation", "tanhh"}}));
  const Json cell = {{"class_name", "MyCell"}, {"config", {{"name", "c"}}}};
  expect_refused({"r/c (MyCell)", "LSTMCell, GRUCell"}, layer("RNN", "r", {{"cell", cell}}));
  expect_refused({"r/c (MyCell)", "inside another layer"}, layer("TimeDistributed", "r", {{"layer", cell}}));
  const Json dense = {{"class_name", "Dense"}, {"config", {{"name", "d"}, {"units", 2}}}};
  expect_refused({"r/d (Dense)", "no recurrent layer"},
                 layer("Bidirectional", "r", {{"layer", dense}, {"merge_mode", "sum"}}));
  Json custom = dense;
  custom["registered_name"] = "mine>Dense";
  expect_refused({"r/d (Dense)", "custom layer (mine>Dense)"}, layer("TimeDistributed", "r", {{"layer", custom}}));
  const Json model = sequential({input_layer("i", {nullptr, 2}), layer("Hashing", "h")}, "inner");
  expect_refused({"r/h (Hashing)"}, layer("TimeDistributed", "r", {{"layer", model}}));
  const auto wrapping = [](const Json& inner) {
    return layer("TimeDistributed", "r", {{"layer", sequential({input_layer("i", {nullptr, 2, 2}), inner}, "inner")}});
  };
  expect_refused({"r/b (BatchNormalization): normalizes over several", "r (TimeDistributed): wraps a model of which"},
                 wrapping(layer("BatchNormalization", "b", {{"axis", {1, 2}}})), {nullptr, 3, 2, 2});
  expect_refused({"r (TimeDistributed): wraps a model whose output has a mask"}, wrapping(layer("Masking", "m")),
                 {nullptr, 3, 2, 2});
}

TEST(Recurrent, ShapesThatDoNotFit) {
  const auto corrupt = [](const std::vector<std::string>& parts, const Json& shape) {
    expect_error(ErrorCode::kCorruptFile, parts, [&] { build_layer(shape, layer("LSTM", "r", {{"units", 2}})); });
  };
  corrupt({"r (LSTM)", "wrong number of axes", "expected 3"}, {nullptr, 4});
  corrupt({"r (LSTM)", "axis 2 of the input must be known"}, {nullptr, 4, nullptr});
}

TEST(Recurrent, StatefulLayersAreNoted) {
  const graph::Network net = build_layer({nullptr, 3, 2}, layer("GRU", "r", {{"units", 2}, {"stateful", true}}));
  ASSERT_EQ(net.notes.size(), 1u);
  EXPECT_THAT(net.notes[0], testing::HasSubstr("r (GRU): keeps its state from call to call"));
}

// Files --------------------------------------------------------------------------------------------------------------

class RecurrentFiles : public testing::TestWithParam<const char*> {};

TEST_P(RecurrentFiles, OutputsAndGradientsOfKeras) { expect_stored(std::string("recurrent/") + GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, RecurrentFiles,
                         testing::Values("masks2.h5", "masks3.keras", "states2.h5", "states3.keras", "cells2.keras",
                                         "cells3.keras", "frames2.keras", "frames3.keras", "gru2.h5", "open2.h5",
                                         "conv3.keras", "separate3.h5"),
                         [](const auto& instance) { return stem(instance.param); });

}  // namespace
}  // namespace signxai::keras
