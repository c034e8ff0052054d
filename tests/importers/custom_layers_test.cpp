// Compositions of custom layers: the network is the one that is written out, weights go where they belong, and what is
// wrong with a composition is said.
#include <algorithm>

#include "importers/importer.h"
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

constexpr const char* kDense = R"({"layers": [
  {"name": "dense", "class_name": "Dense", "config": {"units": {"$config": "units"}}},
  {"name": "act", "class_name": "Activation", "config": {"activation": {"$config": "act", "default": "relu"}}}]})";

CustomLayers dense_relu() { return CustomLayers().with("DenseRelu", kDense); }

Json custom(const std::string& class_name, Json config) {
  Json entry = layer(class_name, "c", std::move(config));
  entry["module"] = "mine";
  entry["registered_name"] = "mine>" + class_name;
  return entry;
}

graph::Network load(const Json& entry, const CustomLayers& layers, const std::vector<LayerWeights>& weights) {
  return make_network(sequential({input_layer("in", {nullptr, 2}), entry}).dump(), weights, {.custom_layers = layers});
}

LayerWeights weights_of(const std::string& name, std::vector<WeightArray> arrays) { return {name, std::move(arrays)}; }

const std::vector<float> kKernel{1, 2, 3, -4}, kBias{0.5f, -0.5f}, kOnes{1, 1}, kTwos{2, 2};

TEST(CustomLayers, TheNetworkIsTheOneWrittenOut) {
  const auto arrays = [](const std::string& name) {
    return weights_of(name, {{"k", {2, 2}, kKernel.data()}, {"b", {2}, kBias.data()}});
  };
  const graph::Network composed = load(custom("DenseRelu", {{"units", 2}}), dense_relu(), {arrays("c")});
  const Json written = sequential({input_layer("in", {nullptr, 2}), layer("Dense", "dense", {{"units", 2}}),
                                   layer("Activation", "act", {{"activation", "relu"}})});
  const graph::Network plain = make_network(written.dump(), {arrays("dense")});
  const graph::Array x = array({2, 2}, {1, 2, 3, -1});
  EXPECT_EQ(run(composed, x).data, run(plain, x).data);
  EXPECT_EQ(names(composed), (std::vector<std::string>{"in", "c/dense", "c/act"}));
}

TEST(CustomLayers, GoBeforeTheClassesOfApplications) {
  const CustomLayers layers = CustomLayers().with("LayerScale", R"({"layers": [
    {"name": "half", "class_name": "Rescaling", "config": {"scale": 0.5}}]})");
  const Json scale = layer("LayerScale", "c", {{"projection_dim", 2}});
  expect_near(run(load(scale, layers, {}), array({1, 2}, {1, 2})), {1, 2}, {0.5, 1});
}

TEST(CustomLayers, StateComesBehindTheTrainableWeightsOfAllParts) {
  const CustomLayers layers = CustomLayers().with("BnDense", R"({"layers": [
    {"name": "bn", "class_name": "BatchNormalization", "config": {"epsilon": 0}},
    {"name": "dense", "class_name": "Dense", "config": {"units": 2, "use_bias": false}}]})");
  const std::vector<float> four{4, 4};
  // gamma, beta, kernel, moving mean, moving variance
  const auto trainable = weights_of("c", {{"", {2}, kTwos.data()},
                                          {"", {2}, kBias.data()},
                                          {"", {2, 2}, kKernel.data()},
                                          {"", {2}, kOnes.data()},
                                          {"", {2}, four.data()}});
  // (x - 1) / 2 * 2 + bias = [0.5, 0.5] for x = [1, 2]
  expect_near(run(load(custom("BnDense", {}), layers, {trainable}), array({1, 2}, {1, 2})), {1, 2}, {2, -1});
  auto frozen = trainable;  // gamma, beta, moving mean, moving variance, kernel
  std::rotate(frozen.arrays.begin() + 2, frozen.arrays.begin() + 3, frozen.arrays.end());
  expect_near(run(load(custom("BnDense", {{"trainable", false}}), layers, {frozen}), array({1, 2}, {1, 2})), {1, 2},
              {2, -1});
}

TEST(CustomLayers, WeightsByIndexAndBranches) {
  const CustomLayers layers = CustomLayers().with("Two", R"({"inputs": ["x"], "layers": [
    {"name": "a", "class_name": "Dense", "inputs": ["x"], "config": {"units": 2}, "weights": [2, 0]},
    {"name": "b", "class_name": "Dense", "inputs": ["x"], "config": {"units": 2, "use_bias": false}, "weights": [1]},
    {"name": "sum", "class_name": "Add", "inputs": ["a", "b"]}]})");
  const std::vector<float> unit{1, 0, 0, 1};
  const auto arrays =
      weights_of("c", {{"", {2}, kBias.data()}, {"", {2, 2}, unit.data()}, {"", {2, 2}, kKernel.data()}});
  // [1, 2] K = [7, -6]; + bias + x
  expect_near(run(load(custom("Two", {}), layers, {arrays}), array({1, 2}, {1, 2})), {1, 2}, {8.5, -4.5});
}

TEST(CustomLayers, ClassesMayConsistOfOthers) {
  const CustomLayers layers = dense_relu().with("Outer", R"({"layers": [
    {"name": "first", "class_name": "DenseRelu", "config": {"units": 2}},
    {"name": "second", "class_name": "DenseRelu", "config": {"units": 2, "act": "linear"}}]})");
  const auto arrays = weights_of(
      "c",
      {{"", {2, 2}, kKernel.data()}, {"", {2}, kBias.data()}, {"", {2, 2}, kKernel.data()}, {"", {2}, kBias.data()}});
  const graph::Network net = load(custom("Outer", {}), layers, {arrays});
  // relu([7.5, -6.5]) K + bias
  expect_near(run(net, array({1, 2}, {1, 2})), {1, 2}, {8, 14.5});
  EXPECT_EQ(names(net),
            (std::vector<std::string>{"in", "c/first/dense", "c/first/act", "c/second/dense", "c/second/act"}));
  const CustomLayers endless = CustomLayers().with("A", R"({"layers": [{"name": "a", "class_name": "A"}]})");
  expect_error(ErrorCode::kInvalidArgument, {"contain each other"}, [&] { load(custom("A", {}), endless, {}); });
}

TEST(CustomLayers, WeightsThatDoNotFit) {
  const Json entry = custom("DenseRelu", {{"units", 2}});
  const auto expect = [&](const std::vector<std::string>& parts, const LayerWeights& weights) {
    expect_error(ErrorCode::kInvalidArgument, parts, [&] { load(entry, dense_relu(), {weights}); });
  };
  const WeightArray kernel{"k", {2, 2}, kKernel.data()}, bias{"b", {2}, kBias.data()};
  expect({"c/dense (Dense)", "'dense/bias'", "is missing"}, weights_of("c", {kernel}));
  expect({"c/dense (Dense)", "'dense/kernel'", "got (2,)", "expected (2, 2)"}, weights_of("c", {bias, kernel}));
  expect({"c (DenseRelu)", "got 3", "expected 2"}, weights_of("c", {kernel, bias, bias}));
}

TEST(CustomLayers, TheSameNameInAnotherPackageIsAnotherClass) {
  Json entry = custom("Dense", {{"units", 2}});
  const auto arrays = weights_of("c", {{"", {2, 2}, kKernel.data()}, {"", {2}, kBias.data()}});
  expect_error(ErrorCode::kUnsupported, {"c (Dense)", "custom layer (mine>Dense)"},
               [&] { load(entry, CustomLayers(), {arrays}); });
  EXPECT_EQ(names(load(entry, CustomLayers().with("mine>Dense", kDense), {arrays})).at(1), "c/dense");
}

TEST(CustomLayers, BadCompositions) {
  const auto expect = [](const std::vector<std::string>& parts, const std::string& json) {
    expect_error(ErrorCode::kInvalidArgument, parts, [&] { static_cast<void>(CustomLayers().with("C", json)); });
  };
  expect({"[C]", "no \"layers\""}, "{}");
  expect({"not valid JSON"}, "{");
  expect({"[C]", "'layer'", "did you mean layers"}, R"({"layer": []})");
  expect({"[C]", "'name'"}, R"({"layers": [{"class_name": "Dense"}]})");
  expect({"[C]/a/b", "slash"}, R"({"layers": [{"name": "a/b", "class_name": "Dense"}]})");
  expect({"[C]/a", "'nobody'"}, R"({"layers": [{"name": "a", "class_name": "Dense", "inputs": ["nobody"]}]})");
  expect({"[C]", "'a' twice"},
         R"({"layers": [{"name": "a", "class_name": "Dense"}, {"name": "a", "class_name": "Dense"}]})");
  expect({"[C]", "'b'"}, R"({"layers": [{"name": "a", "class_name": "Dense"}], "outputs": ["b"]})");
  expect({"[C]/a", "Lambda"}, R"({"layers": [{"name": "a", "class_name": "Lambda"}]})");
  expect_error(ErrorCode::kInvalidArgument, {"Dense", "Keras's own"},
               [] { static_cast<void>(CustomLayers().with("Dense", kDense)); });
  expect_error(ErrorCode::kInvalidArgument, {"stated twice"},
               [] { static_cast<void>(dense_relu().with("DenseRelu", kDense)); });
  expect_error(ErrorCode::kNotFound, {"no.json"}, [] { CustomLayers::load("no.json"); });
  expect_error(ErrorCode::kInvalidArgument, {"c (DenseRelu)/dense", "'units'", "has only"},
               [] { load(custom("DenseRelu", {}), dense_relu(), {}); });
  const CustomLayers unknown = CustomLayers().with("C", R"({"layers": [{"name": "a", "class_name": "Nothing"}]})");
  expect_error(ErrorCode::kUnsupported, {"c/a (Nothing)", "not supported"},
               [&] { load(custom("C", {}), unknown, {}); });
}

}  // namespace
}  // namespace signxai::keras
