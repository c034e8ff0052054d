// Each layer on numbers that can be checked by hand.
#include "importers/stored_case.h"

namespace signxai::keras {
namespace {

using graph::kOpen;

graph::Network with_weights(const Json& input_shape, const Json& entry, std::vector<MemoryWeights::Entry> entries) {
  MemoryWeights weights({{entry["name"].get<std::string>(), std::move(entries)}});
  return build(sequential({input_layer("in", input_shape), entry}), weights);
}

const Shape& output_shape(const graph::Network& net) { return net.graph.type(net.calls.back().output).shape; }

TEST(KerasLayers, TableIsSortedAndComplete) {
  const auto table = layer_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_NE(table[i].import, nullptr);
    EXPECT_EQ(find_layer(table[i].class_name), &table[i]);
  }
  EXPECT_EQ(find_layer("Lambda"), nullptr);
}

TEST(KerasLayers, DenseOfAnyRank) {
  const Json dense = layer("Dense", "d", {{"units", 1}});
  const graph::Network net =
      with_weights({nullptr, nullptr, 2}, dense, {{"d/kernel:0", {2, 1}, {2, 3}}, {"d/bias:0", {1}, {1}}});
  EXPECT_EQ(output_shape(net), (Shape{kOpen, kOpen, 1}));
  expect_near(run(net, array({1, 2, 2}, {1, 1, 0, 2})), {1, 2, 1}, {6, 7});
  Json unbiased = dense;
  unbiased["config"]["use_bias"] = false;
  const graph::Network plain = with_weights({nullptr, 2}, unbiased, {{"d/kernel:0", {2, 1}, {2, 3}}});
  EXPECT_EQ(call(plain, "d").weights.size(), 1u);
  expect_near(run(plain, array({1, 2}, {1, 1})), {1, 1}, {5});
}

TEST(KerasLayers, Conv1DPaddings) {
  const auto conv = [](const std::string& padding, int dilation) {
    return with_weights(
        {nullptr, 4, 1},
        layer("Conv1D", "c",
              {{"filters", 1}, {"kernel_size", {3}}, {"padding", padding}, {"dilation_rate", {dilation}}}),
        {{"c/kernel:0", {3, 1, 1}, {1, 10, 100}}, {"c/bias:0", {1}, {0}}});
  };
  const graph::Array x = array({1, 4, 1}, {1, 2, 3, 4});
  expect_near(run(conv("valid", 1), x), {1, 2, 1}, {321, 432});
  expect_near(run(conv("same", 1), x), {1, 4, 1}, {210, 321, 432, 43});
  expect_near(run(conv("causal", 1), x), {1, 4, 1}, {100, 210, 321, 432});
  expect_near(run(conv("causal", 2), x), {1, 4, 1}, {100, 200, 310, 420});
}

TEST(KerasLayers, Conv2DStridesGroupsAndBias) {
  const Json conv =
      layer("Conv2D", "c",
            {{"filters", 2}, {"kernel_size", {1, 2}}, {"strides", {2, 1}}, {"groups", 2}, {"activation", "relu"}});
  const graph::Network net =
      with_weights({nullptr, 3, 2, 2}, conv, {{"c/kernel:0", {1, 2, 1, 2}, {1, 2, 3, -4}}, {"c/bias:0", {2}, {1, 0}}});
  const graph::LayerCall& c = call(net, "c");
  EXPECT_TRUE(net.graph[c.kernel_output].is("add"));
  EXPECT_TRUE(net.graph[net.graph[c.kernel_output].inputs[0]].is("conv"));
  // rows 0 and 2: channel 0 holds 0, 2 | 8, 10 and channel 1 holds 1, 3 | 9, 11
  expect_near(run(net, counting({1, 3, 2, 2})), {1, 2, 1, 2}, {0 + 6 + 1, 0, 8 + 30 + 1, 0});
}

TEST(KerasLayers, ChannelsFirstGivesTheSameNumbers) {
  for (const Json& entry :
       {layer("Conv2D", "l", {{"filters", 3}, {"kernel_size", 2}, {"padding", "same"}}),
        layer("MaxPooling2D", "l", {{"pool_size", 2}}),
        layer("AveragePooling2D", "l", {{"pool_size", 2}, {"strides", 1}, {"padding", "same"}}),
        layer("AdaptiveMaxPooling2D", "l", {{"output_size", {3, 3}}}),
        layer("AdaptiveAveragePooling2D", "l", {{"output_size", {3, 3}}}),
        layer("AdaptiveAveragePooling2D", "l", {{"output_size", 1}}), layer("UpSampling2D", "l", {{"size", {2, 3}}}),
        layer("ZeroPadding2D", "l", {{"padding", {{1, 0}, {2, 3}}}}),
        layer("Cropping2D", "l", {{"cropping", {{1, 0}, {0, 1}}}})}) {
    SCOPED_TRACE(entry["class_name"]);
    Json first = entry;
    first["config"]["data_format"] = "channels_first";
    const Json permuted =
        sequential({input_layer("in", {nullptr, 4, 5, 2}), layer("Permute", "p", {{"dims", {3, 1, 2}}}), first,
                    layer("Permute", "q", {{"dims", {2, 3, 1}}})});
    const graph::Array x = counting({2, 4, 5, 2});
    const graph::Array expected = run(build_layer({nullptr, 4, 5, 2}, entry), x);
    expect_near(run(build(permuted), x), expected.shape, expected.data);
  }
}

TEST(KerasLayers, GlobalPooling) {
  const graph::Array x = counting({1, 2, 2, 2});
  expect_near(run(build_layer({nullptr, 2, 2, 2}, layer("GlobalMaxPooling2D", "g")), x), {1, 2}, {6, 7});
  expect_near(run(build_layer({nullptr, 2, 2, 2}, layer("GlobalAveragePooling2D", "g", {{"keepdims", true}})), x),
              {1, 1, 1, 2}, {3, 4});
  expect_near(
      run(build_layer({nullptr, 2, 2, 2}, layer("GlobalAveragePooling2D", "g", {{"data_format", "channels_first"}})),
          x),
      {1, 2}, {1.5, 5.5});
  expect_near(run(build_layer({nullptr, nullptr, 2}, layer("GlobalAveragePooling1D", "g")), counting({1, 2, 2})),
              {1, 2}, {1, 2});
  expect_near(run(build_layer({nullptr, nullptr, 2}, layer("GlobalMaxPooling1D", "g")), counting({1, 2, 2})), {1, 2},
              {2, 3});
  EXPECT_EQ(call(build_layer({nullptr, 4, 2}, layer("GlobalAveragePooling1D", "g")), "g").kind,
            graph::LayerKind::kAveragePool);
}

TEST(KerasLayers, Pooling) {
  const graph::Array x = array({1, 5, 1}, {1, 5, 2, 4, 3});
  const auto pool = [](const std::string& class_name, const Json& config) {
    return build_layer({nullptr, 5, 1}, layer(class_name, "p", config));
  };
  expect_near(run(pool("MaxPooling1D", {{"pool_size", {2}}, {"strides", nullptr}}), x), {1, 2, 1}, {5, 4});
  expect_near(run(pool("MaxPooling1D", {{"pool_size", 2}, {"padding", "same"}}), x), {1, 3, 1}, {5, 4, 3});
  expect_near(run(pool("AveragePooling1D", {{"pool_size", 2}, {"padding", "same"}}), x), {1, 3, 1}, {3, 3, 3});
  expect_near(run(pool("AveragePooling1D", {{"pool_size", 3}, {"strides", 1}}), x), {1, 3, 1}, {8.0 / 3, 11.0 / 3, 3});
}

TEST(KerasLayers, AdaptivePooling) {
  const graph::Array x = array({1, 5, 1}, {1, 5, 2, 4, 3});
  const auto pool = [](const std::string& kind, std::int64_t size) {
    return build_layer({nullptr, 5, 1}, layer("Adaptive" + kind + "Pooling1D", "p", {{"output_size", size}}));
  };
  expect_near(run(pool("Max", 3), x), {1, 3, 1}, {5, 5, 4});  // cells 0-1, 1-3, 3-4
  expect_near(run(pool("Average", 3), x), {1, 3, 1}, {3, 11.0 / 3, 3.5});
  expect_near(run(pool("Max", 2), x), {1, 2, 1}, {5, 4});  // cells 0-2, 2-4
  expect_near(run(pool("Average", 2), x), {1, 2, 1}, {8.0 / 3, 3});
  expect_near(run(pool("Max", 7), x), {1, 7, 1}, {1, 5, 5, 2, 4, 4, 3});  // of one cell or two
  expect_near(run(pool("Average", 5), x), {1, 5, 1}, {1, 5, 2, 4, 3});
  for (const char* kind : {"Average", "Max"}) {
    const graph::Network even = pool(kind, 2);
    const graph::Node& node = even.graph[call(even, "p").output];
    EXPECT_EQ(node.attrs.ints("window"), graph::Ints{3});
    EXPECT_EQ(node.attrs.ints("strides"), graph::Ints{2});
  }
  EXPECT_EQ(call(pool("Average", 3), "p").kind, graph::LayerKind::kAveragePool);
  const Json one = {{"output_size", 1}}, two = {{"output_size", 2}};
  const graph::Network open = build_layer({nullptr, nullptr, 1}, layer("AdaptiveAveragePooling1D", "p", one));
  expect_near(run(open, x), {1, 1, 1}, {3});
  for (const char* kind : {"AdaptiveAveragePooling1D", "AdaptiveMaxPooling1D"}) {
    const auto refuse = [&](const Json& shape, const Json& config, const char* reason) {
      expect_error(ErrorCode::kUnsupported, {std::string("p (") + kind + ")", reason},
                   [&] { build_layer(shape, layer(kind, "p", config)); });
    };
    refuse({nullptr, nullptr, 1}, two, "known size");
    refuse({nullptr, 5, 1}, {{"output_size", 100000}}, "8192 cells");
    expect_error(ErrorCode::kCorruptFile, {"output_size"}, [&] {
      build_layer({nullptr, 5, 1}, layer(kind, "p", {{"output_size", {2, 2}}}));
    });
  }
}

TEST(KerasLayers, AdaptivePoolingOfAFile) { expect_stored("pooling/adaptive3.keras"); }

TEST(KerasLayers, BatchNormalization) {
  const auto norm = [](const Json& shape, Json config) {
    config["epsilon"] = 0.0;
    return with_weights(shape, layer("BatchNormalization", "bn", config),
                        {{"bn/gamma:0", {2}, {2, 3}},
                         {"bn/beta:0", {2}, {10, 20}},
                         {"bn/moving_mean:0", {2}, {1, 0}},
                         {"bn/moving_variance:0", {2}, {4, 9}}});
  };
  const graph::Network last = norm({nullptr, 2}, {{"axis", {1}}});
  expect_near(run(last, array({1, 2}, {3, 5})), {1, 2}, {12, 25});
  std::vector<std::string> roles;
  for (const graph::Weight& w : call(last, "bn").weights) roles.push_back(w.role);
  EXPECT_EQ(roles, (std::vector<std::string>{"gamma", "beta", "moving_mean", "moving_variance"}));
  EXPECT_EQ(call(last, "bn").kind, graph::LayerKind::kBatchNorm);
  // Weights broadcast against the input whatever axis they are for, even where extents would fit another one.
  const graph::Network first = norm({nullptr, 2, 2}, {{"axis", 1}});
  EXPECT_EQ(first.graph.type(call(first, "bn").weight("moving_mean")).shape, (Shape{2, 1}));
  expect_near(run(first, array({1, 2, 2}, {3, 1, 3, 0})), {1, 2, 2}, {12, 10, 23, 20});
}

TEST(KerasLayers, BatchNormalizationWithoutScaleAndCenter) {
  const graph::Network net = with_weights(
      {nullptr, 1}, layer("BatchNormalization", "bn", {{"scale", false}, {"center", false}, {"epsilon", 1.0}}),
      {{"bn/moving_mean:0", {1}, {1}}, {"bn/moving_variance:0", {1}, {3}}});
  EXPECT_FALSE(call(net, "bn").weight("gamma"));
  EXPECT_FALSE(call(net, "bn").weight("beta"));
  expect_near(run(net, array({1, 1}, {5})), {1, 1}, {2});
}

TEST(KerasLayers, Reshaping) {
  const graph::Array x = counting({2, 2, 3});
  EXPECT_EQ(run(build_layer({nullptr, 2, 3}, layer("Flatten", "f")), x).shape, (Shape{2, 6}));
  EXPECT_EQ(run(build_layer({nullptr, nullptr, 3}, layer("Flatten", "f")), x).shape, (Shape{2, 6}));
  EXPECT_EQ(run(build_layer({nullptr}, layer("Flatten", "f")), counting({3})).shape, (Shape{3, 1}));
  EXPECT_EQ(run(build_layer({nullptr, 2, 3}, layer("Reshape", "r", {{"target_shape", {3, -1, 1}}})), x).shape,
            (Shape{2, 3, 2, 1}));
  const graph::Array permuted =
      run(build_layer({nullptr, 2, 3}, layer("Permute", "p", {{"dims", {2, 1}}})), counting({1, 2, 3}));
  expect_near(permuted, {1, 3, 2}, {0, 3, 1, 4, 2, 5});
  expect_near(run(build_layer({nullptr, 2}, layer("RepeatVector", "r", {{"n", 3}})), counting({1, 2})), {1, 3, 2},
              {0, 1, 0, 1, 0, 1});
  expect_near(run(build_layer({nullptr, nullptr, 2}, layer("UpSampling1D", "u", {{"size", 2}})), counting({1, 2, 2})),
              {1, 4, 2}, {0, 1, 0, 1, 2, 3, 2, 3});
}

TEST(KerasLayers, FlattenOfChannelsFirstIsInChannelsLastOrder) {
  const graph::Network net = build_layer({nullptr, 2, 3}, layer("Flatten", "f", {{"data_format", "channels_first"}}));
  expect_near(run(net, counting({1, 2, 3})), {1, 6}, {0, 3, 1, 4, 2, 5});
}

TEST(KerasLayers, PaddingAndCropping) {
  expect_near(run(build_layer({nullptr, nullptr, 1}, layer("ZeroPadding1D", "z", {{"padding", {1, 2}}})),
                  array({1, 2, 1}, {5, 6})),
              {1, 5, 1}, {0, 5, 6, 0, 0});
  const graph::Network padded =
      build_layer({nullptr, 1, 1, 1}, layer("ZeroPadding2D", "z", {{"padding", {{1, 0}, {0, 2}}}}));
  expect_near(run(padded, array({1, 1, 1, 1}, {7})), {1, 2, 3, 1}, {0, 0, 0, 7, 0, 0});
  expect_near(run(build_layer({nullptr, 5, 1}, layer("Cropping1D", "c", {{"cropping", {1, 2}}})), counting({1, 5, 1})),
              {1, 2, 1}, {1, 2});
}

TEST(KerasLayers, DropoutAndNoiseAreTheirInput) {
  for (const char* class_name :
       {"Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"}) {
    const graph::Network net = build_layer({nullptr, 2, 2}, layer(class_name, "x", {{"rate", 0.5}}));
    EXPECT_EQ(net.calls[1].output, net.calls[0].output) << class_name;
    EXPECT_EQ(net.calls[1].producers, std::vector<int>{0});
    EXPECT_EQ(net.calls[1].kind, graph::LayerKind::kOther);
  }
}

TEST(KerasLayers, Rescaling) {
  expect_near(
      run(build_layer({nullptr, 2}, layer("Rescaling", "r", {{"scale", 0.5}, {"offset", -1}})), array({1, 2}, {2, 4})),
      {1, 2}, {0, 1});
  const Json per_channel = layer("Rescaling", "r", {{"scale", {1, 2}}, {"offset", {0, 1}}});
  expect_near(run(build_layer({nullptr, 2}, per_channel), array({1, 2}, {2, 4})), {1, 2}, {2, 9});
  expect_error(ErrorCode::kCorruptFile, {"r (Rescaling)", "'scale'"}, [&] { build_layer({nullptr, 3}, per_channel); });
}

TEST(KerasLayers, LayersOfApplications) {
  const Json scale = layer("LayerScale", "s", {{"init_values", 1e-6}, {"projection_dim", 2}});
  const graph::Network net = with_weights({nullptr, nullptr, 2}, scale, {{"Variable:0", {2}, {3, -1}}});
  expect_near(run(net, array({1, 2, 2}, {1, 2, 3, 4})), {1, 2, 2}, {3, -2, 9, -4});
  EXPECT_EQ(call(net, "s").weights.size(), 1u);
  const graph::Network depth = build_layer({nullptr, 2}, layer("StochasticDepth", "d", {{"drop_path_rate", 0.5}}));
  expect_near(run(depth, array({1, 2}, {1, 2})), {1, 2}, {1, 2});
  expect_error(ErrorCode::kUnsupported, {"s (LayerScale)", "projection_dim", "--custom-layers"}, [&] {
    build_layer({nullptr, 2}, layer("LayerScale", "s", {{"init_values", 1e-6}}));
  });
}

graph::Array merged(const std::string& class_name, const Json& config = Json::object()) {
  const Json model = functional({input_layer("a", {nullptr, 2}), input_layer("b", {nullptr, 2}),
                                 called(layer(class_name, "m", config), {{"a", "b"}})},
                                {"a", "b"}, {"m"});
  const std::vector<graph::Array> inputs{array({1, 2}, {1, 5}), array({1, 2}, {3, 2})};
  return reference::evaluate(build(model).graph, inputs).at(0);
}

TEST(KerasLayers, Merges) {
  expect_near(merged("Add"), {1, 2}, {4, 7});
  expect_near(merged("Subtract"), {1, 2}, {-2, 3});
  expect_near(merged("CustomScaleLayer", {{"scale", 0.5}}), {1, 2}, {2.5, 6});
  expect_near(merged("Custom>CustomScaleLayer", {{"scale", 0.5}}), {1, 2}, {2.5, 6});
  expect_near(merged("Multiply"), {1, 2}, {3, 10});
  expect_near(merged("Average"), {1, 2}, {2, 3.5});
  expect_near(merged("Maximum"), {1, 2}, {3, 5});
  expect_near(merged("Minimum"), {1, 2}, {1, 2});
  expect_near(merged("Concatenate", {{"axis", -1}}), {1, 4}, {1, 5, 3, 2});
}

TEST(KerasLayers, MergeOfDifferentRanks) {
  const Json model = functional(
      {input_layer("a", {nullptr, 2, 2}), input_layer("b", {nullptr, 2}), called(layer("Add", "m"), {{"a", "b"}})},
      {"a", "b"}, {"m"});
  const std::vector<graph::Array> inputs{counting({1, 2, 2}), array({1, 2}, {10, 20})};
  expect_near(reference::evaluate(build(model).graph, inputs).at(0), {1, 2, 2}, {10, 21, 12, 23});
}

}  // namespace
}  // namespace signxai::keras
