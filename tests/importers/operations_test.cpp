// Operations on tensors: both forms of their calls, constants on either side, what kind of call they are, and what is
// refused.
#include "importers/keras_fixture.h"

namespace signxai::keras {
namespace {

using graph::LayerKind;

Json tensor(const std::string& name) {
  return {{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {name, 0, 0}}}}};
}

Json third(const std::string& class_name, const std::string& name, const std::vector<Json>& args,
           Json config = Json::object(), const Json& kwargs = Json::object()) {
  Json entry = layer(class_name, name, std::move(config));
  entry["module"] = "keras.src.ops.numpy";
  entry["inbound_nodes"] = Json::array({Json{{"args", args}, {"kwargs", kwargs}}});
  return entry;
}

Json second(const std::string& function, const std::string& name, const Json& node) {
  Json entry = layer(function == "__operators__.getitem" ? "SlicingOpLambda" : "TFOpLambda", name,
                     {{"function", function}, {"trainable", true}});
  entry["inbound_nodes"] = Json::array({node});
  return entry;
}

/// A network of an input "in" and that; the last is the output.
graph::Network network(const std::vector<Json>& entries, const Json& shape = {nullptr, 3}) {
  std::vector<Json> layers = entries;
  layers.insert(layers.begin(), input_layer("in", shape));
  return build(functional(layers, {"in"}, {entries.back()["name"]}));
}

const graph::Array kX = array({1, 3}, {1, -2, 4});

TEST(Operations, ConstantsOnEitherSide) {
  const Json in = tensor("in"),
             row{{"class_name", "__numpy__"}, {"config", {{"value", {1, 2, 3}}, {"dtype", "float32"}}}};
  const auto after = [](const Json& entry) { return run(network({entry}), kX); };
  expect_near(after(third("Subtract", "s", {in, 3})), {1, 3}, {-2, -5, 1});
  expect_near(after(third("Subtract", "s", {3, in})), {1, 3}, {2, 5, -1});
  expect_near(after(third("Subtract", "s", {row, in})), {1, 3}, {0, 4, -1});
  expect_near(after(third("Subtract", "s", {in}, Json::object(), {{"x2", row}})), {1, 3}, {0, -4, 1});
  expect_near(after(second("math.subtract", "s", {"in", 0, 0, {{"y", 3}, {"name", nullptr}}})), {1, 3}, {-2, -5, 1});
  expect_near(after(second("math.subtract", "s", {"_CONSTANT_VALUE", -1, 3.0, {{"y", {"in", 0, 0}}}})), {1, 3},
              {2, 5, -1});
  expect_near(after(second("math.truediv", "s", {"_CONSTANT_VALUE", -1, {1, 2, 3}, {{"y", {"in", 0, 0}}}})), {1, 3},
              {1, -1, 0.75});
}

TEST(Operations, ListsOfTensorsAndConstants) {
  const Json joined =
      second("concat", "c", Json::array({Json{"in", 0, 0, {{"axis", -1}}}, Json{"in", 0, 0, {{"axis", -1}}}}));
  expect_near(run(network({joined}), kX), {1, 6}, {1, -2, 4, 1, -2, 4});
  const Json third_form = third("Concatenate", "c", {Json::array({tensor("in"), tensor("in")})}, {{"axis", 1}});
  expect_near(run(network({third_form}), kX), {1, 6}, {1, -2, 4, 1, -2, 4});
}

TEST(Operations, AreToldFromLayersOfTheSameName) {
  Json sum = layer("Add", "sum", {{"trainable", true}});
  sum["module"] = "keras.layers";
  sum["inbound_nodes"] = Json::array(
      {Json{{"args", Json::array({Json::array({tensor("in"), tensor("in")})})}, {"kwargs", Json::object()}}});
  const graph::Network net = network({sum, third("Add", "op", {tensor("sum"), tensor("in")})});
  expect_near(run(net, kX), {1, 3}, {3, -6, 12});
  Json bare = third("Add", "op", {tensor("in"), 1});
  bare.erase("module");  // as in HDF5 files
  expect_near(run(network({bare}), kX), {1, 3}, {2, -1, 5});
  Json shaped = third("Reshape", "op", {tensor("in")}, {{"newshape", {-1, 3, 1}}});
  expect_near(run(network({shaped}), kX), {1, 3, 1}, {1, -2, 4});
}

TEST(Operations, KindsOfCalls) {
  const Json both = third("Add", "both", {tensor("in"), tensor("scaled")});
  const graph::Network net =
      network({third("Multiply", "scaled", {2, tensor("in")}), both, third("Add", "shifted", {tensor("both"), 1}),
               third("Greater", "mask", {tensor("shifted"), 0}),
               third("Where", "chosen", {tensor("mask"), tensor("shifted"), 0}),
               third("Mean", "mean", {tensor("chosen")}, {{"axis", 1}, {"keepdims", true}})});
  EXPECT_EQ(call(net, "scaled").kind, LayerKind::kOther);
  EXPECT_EQ(call(net, "scaled").inputs.size(), 1u);
  EXPECT_EQ(call(net, "both").kind, LayerKind::kAdd);
  EXPECT_EQ(call(net, "shifted").kind, LayerKind::kOther);
  EXPECT_EQ(call(net, "mask").inputs.size(), 0u);  // has no derivative
  EXPECT_EQ(call(net, "chosen").inputs.size(), 2u);
  EXPECT_EQ(call(net, "mean").kind, LayerKind::kAveragePool);
  expect_near(run(net, kX), {1, 1}, {(4 + 13) / 3.0});
}

TEST(Operations, ExtentsOfTensors) {
  const auto shaped = [](const Json& shape) {
    return network({second("compat.v1.shape", "shape", {"in", 0, 0, {{"out_type", "int32"}}}),
                    second("__operators__.getitem", "batch", {"shape", 0, 0, {{"slice_spec", 0}}}),
                    second("reshape", "r", {"in", 0, 0, {{"shape", shape}}})},
                   {nullptr, 4});
  };
  const Json batch{"batch", 0, 0};
  expect_near(run(shaped({batch, 2, 2}), counting({1, 4})), {1, 2, 2}, {0, 1, 2, 3});
  expect_near(run(shaped({batch, -1, 1}), counting({1, 4})), {1, 4, 1}, {0, 1, 2, 3});
  expect_error(ErrorCode::kUnsupported, {"r (TFOpLambda)", "batch axis"}, [&] { shaped({-1, 2}); });
  expect_error(ErrorCode::kUnsupported, {"y (TFOpLambda)", "not known when the model is loaded"}, [&] {
    network({second("compat.v1.shape", "shape", {"in", 0, 0, Json::object()}),
             second("__operators__.getitem", "batch", {"shape", 0, 0, {{"slice_spec", 0}}}),
             second("math.multiply", "y", {"in", 0, 0, {{"y", batch}}})});
  });
}

TEST(Operations, ASoftmaxAtTheEndIsLeftOut) {
  for (const Json& head : {second("nn.softmax", "p", {"in", 0, 0, {{"axis", -1}}}),
                           third("Softmax", "p", {tensor("in")}, {{"axis", -1}})}) {
    const graph::Network net = network({head});
    EXPECT_EQ(net.removed_head.layer, "p");
    EXPECT_EQ(net.removed_head.function, "softmax");
    EXPECT_EQ(names(net), std::vector<std::string>{"in"});
  }
}

TEST(Operations, OpenSteps) {
  const Json all{{"start", nullptr}, {"stop", nullptr}, {"step", nullptr}};
  const auto item = [&](const Json& key) {
    const Json spec = Json::array({all, key});
    return run(
        network({second("__operators__.getitem", "s", {"in", 0, 0, {{"slice_spec", spec}}})}, {nullptr, nullptr, 1}),
        counting({1, 5, 1}));
  };
  expect_near(item(-1), {1, 1}, {4});
  expect_near(item({{"start", 1}, {"stop", -1}, {"step", 2}}), {1, 2, 1}, {1, 3});
  expect_near(item({{"start", nullptr}, {"stop", nullptr}, {"step", -2}}), {1, 3, 1}, {4, 2, 0});
}

TEST(Operations, WhatIsRefused) {
  const auto refused = [](const std::vector<std::string>& parts, const Json& entry) {
    expect_error(ErrorCode::kUnsupported, parts, [&] { network({entry}); });
  };
  const Json in = tensor("in");
  refused({"f (FFT)", "'FFT'", "supported are Absolute, Add"}, third("FFT", "f", {in}));
  refused({"f (TFOpLambda)", "'math.igamma'", "supported are Absolute"},
          second("math.igamma", "f", {"in", 0, 0, {{"x", 1}}}));
  refused({"e (TFOpLambda)", "does not say which it takes"},
          second("einsum", "e", {"_CONSTANT_VALUE", -1, "ab->a", Json::object()}));
  refused({"m (Mean)", "that of the batch included"}, third("Mean", "m", {in}, {{"axis", nullptr}}));
  refused({"m (Mean)", "batch axis"}, third("Mean", "m", {in}, {{"axis", 0}}));
  refused({"g (GetItem)", "part of the batch"}, third("GetItem", "g", {in, 0}));
  refused({"t (Transpose)", "batch axis"}, third("Transpose", "t", {in}, {{"axes", {1, 0}}}));
  refused({"c (Cast)", "int32"}, third("Cast", "c", {in}, {{"dtype", "int32"}}));
  refused({"c (Celu)", "alpha=2.0"}, third("Celu", "c", {in}, {{"alpha", 2.0}}));
  refused({"m (Matmul)", "samples with one another"}, third("Matmul", "m", {in, in}));
  refused({"t (Take)", "computed indices"}, third("Take", "t", {in, in}, {{"axis", 1}}));
}

}  // namespace
}  // namespace signxai::keras
