// Networks from memory: the same as from the file, in both forms of configurations, borrowed or copied, and what is
// said of arrays that do not fit.
#include <utility>

#include "importers/hdf5/hdf5_file.h"
#include "importers/importer.h"
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

const std::vector<float> kKernel{1, 2, 3, 4, 5, 6}, kBias{0.5f, -0.5f, 1};

WeightArray array_of(const std::string& name, Shape shape, const std::vector<float>& values) {
  return {name, std::move(shape), values.data(), nullptr};
}

LayerWeights dense_weights(const std::string& layer) {
  return {layer, {array_of("kernel", {2, 3}, kKernel), array_of("bias", {3}, kBias)}};
}

Json dense_layer(const std::string& name) { return layer("Dense", name, {{"units", 3}}); }

Json network() { return sequential({input_layer("in", {nullptr, 2}), dense_layer("d")}); }

/// The same network as Keras 3 describes it.
Json keras3_network() {
  const Json history{{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {"in", 0, 0}}}}};
  Json dense = dense_layer("d");
  dense["module"] = "keras.layers";
  dense["config"]["dtype"] = {{"module", "keras"}, {"class_name", "DTypePolicy"}, {"config", {{"name", "float32"}}}};
  dense["inbound_nodes"] = Json::array({{{"args", Json::array({history})}, {"kwargs", Json::object()}}});
  Json in = layer("InputLayer", "in", {{"batch_shape", {nullptr, 2}}});
  in["inbound_nodes"] = Json::array();
  Json model = functional({in, dense}, {"in"}, {"d"});
  model["config"]["input_layers"] = {"in", 0, 0};  // a single input is not in a list of its own
  return model;
}

void expect_numbers(const graph::Network& net) {
  expect_near(run(net, array({1, 2}, {1, 2})), {1, 3}, {9.5, 11.5, 16});
}

TEST(KerasMemory, ComputesWhatTheArraysSay) {
  expect_numbers(make_network(network().dump(), {dense_weights("d")}));
  expect_numbers(make_network(keras3_network().dump(), {dense_weights("d")}));
}

TEST(KerasMemory, OwnedArraysAreNotCopied) {
  const auto owner = std::make_shared<std::vector<float>>(kKernel);
  LayerWeights borrowed = dense_weights("d");
  borrowed.arrays[0].data = owner->data();
  borrowed.arrays[0].owner = owner;
  const graph::Network net = make_network(network().dump(), {borrowed});
  const auto& weights = call(net, "d").weights;
  EXPECT_EQ(net.graph[weights[0].value].attrs.literal("value").data(), owner->data());
  EXPECT_NE(net.graph[weights[1].value].attrs.literal("value").data(), kBias.data());
  EXPECT_GT(owner.use_count(), 2);
}

TEST(KerasMemory, LayersOfInnerModelsAreNamedByPath) {
  const Json inner = sequential({input_layer("x", {nullptr, 2}), dense_layer("d")}, "inner");
  const Json outer = sequential({input_layer("in", {nullptr, 2}), inner});
  expect_numbers(make_network(outer.dump(), {dense_weights("inner/d")}));
  expect_error(ErrorCode::kInvalidArgument, {"'d'", "no such layer", "inner/d"},
               [&] { make_network(outer.dump(), {dense_weights("d")}); });
}

TEST(KerasMemory, ArraysThatDoNotFit) {
  const auto expect = [](const std::vector<std::string>& parts, const std::vector<LayerWeights>& weights) {
    expect_error(ErrorCode::kInvalidArgument, parts, [&] { make_network(network().dump(), weights); });
  };
  LayerWeights wrong = dense_weights("d");
  expect({"d (Dense)", "no weights are given"}, {});
  expect({"weights are given twice"}, {wrong, wrong});
  wrong.arrays.pop_back();
  expect({"d (Dense)", "'bias', (3,), is missing", "kernel"}, {wrong});
  wrong.arrays[0].shape = {3, 2};
  expect({"d (Dense)", "'kernel'", "got (3, 2)", "expected (2, 3)"}, {wrong});
  wrong = dense_weights("d");
  wrong.arrays.push_back(wrong.arrays.back());
  expect({"d (Dense)", "got 3", "expected 2"}, {wrong});
  wrong.arrays[0].data = nullptr;
  expect({"'kernel' has no data"}, {wrong});
  wrong.arrays[0].shape = {-1, 2};
  expect({"impossible shape"}, {wrong});
}

TEST(KerasMemory, AWeightsFileBesidesArraysIsAContradiction) {
  expect_error(ErrorCode::kInvalidArgument, {"other.h5"},
               [] { make_network(network().dump(), {dense_weights("d")}, {"other.h5"}); });
}

}  // namespace
}  // namespace signxai::keras
