// Attention, einsum and embedding layers on numbers that can be checked by hand, their calls in both forms, and what is
// refused of them. Whole networks are compared with Keras in keras_files_test.cpp and in python/tests/live.
#include <cmath>

#include "importers/keras_fixture.h"
#include "importers/layers/attention/einsum.h"

namespace signxai::keras {
namespace {

Json heads(const Json& given = Json::object()) {
  Json config{{"num_heads", 1}, {"key_dim", 1}, {"use_bias", false}};
  config.update(given);
  return layer("MultiHeadAttention", "mha", config);
}

/// One input of shape [T, 1], attention of it to itself with all kernels 1.
graph::Network self_attention(const Json& options, const Json& config = Json::object()) {
  Json arguments{{"value", {"in", 0, 0}}};
  arguments.update(options);
  MemoryWeights weights({{"mha",
                          {{"mha/query/kernel:0", {1, 1, 1}, {1}},
                           {"mha/key/kernel:0", {1, 1, 1}, {1}},
                           {"mha/value/kernel:0", {1, 1, 1}, {1}},
                           {"mha/attention_output/kernel:0", {1, 1, 1}, {1}}}}});
  return build(functional({input_layer("in", {nullptr, 2, 1}), called(heads(config), {{Json{"in", 0, 0, arguments}}})},
                          {"in"}, {"mha"}),
               weights);
}

double mixed(double a, double b, double query) {
  const double p = std::exp(query * a), q = std::exp(query * b);
  return (p * a + q * b) / (p + q);
}

TEST(KerasAttention, ScoresAreASoftmaxOverTheKeys) {
  const graph::Array x = array({1, 2, 1}, {1, 2});
  expect_near(run(self_attention(Json::object()), x), {1, 2, 1}, {mixed(1, 2, 1), mixed(1, 2, 2)});
  expect_near(run(self_attention({{"use_causal_mask", true}}), x), {1, 2, 1}, {1, mixed(1, 2, 2)});
  expect_near(run(self_attention({{"use_causal_mask", false}, {"training", false}, {"key", nullptr}}), x), {1, 2, 1},
              {mixed(1, 2, 1), mixed(1, 2, 2)});
  expect_near(run(self_attention(Json::object(), {{"sliding_window", 1}}), x), {1, 2, 1}, {1, 2});
}

TEST(KerasAttention, CallsAreTheSameInBothForms) {
  const auto tensor = [](const char* name) {
    return Json{{"class_name", "__keras_tensor__"},
                {"config", {{"shape", {nullptr, 2, 1}}, {"keras_history", {name, 0, 0}}}}};
  };
  Json attention = layer("Attention", "a");
  attention["inbound_nodes"] = {Json{{"args", {Json::array({tensor("q"), tensor("v")})}},
                                     {"kwargs", {{"use_causal_mask", true}, {"mask", nullptr}}}}};
  const Json second =
      called(layer("Attention", "a"),
             {{Json{"q", 0, 0, {{"use_causal_mask", true}}}, Json{"v", 0, 0, {{"use_causal_mask", true}}}}});
  const auto of = [](const Json& entry) {
    return build(
        functional({input_layer("q", {nullptr, 2, 1}), input_layer("v", {nullptr, 2, 1}), entry}, {"q", "v"}, {"a"}));
  };
  for (const Json& entry : {attention, second}) {
    const graph::Network net = of(entry);
    EXPECT_EQ(call(net, "a").inputs.size(), 2u);
    const std::vector<graph::Array> inputs{array({1, 2, 1}, {1, 2}), array({1, 2, 1}, {3, 4})};
    expect_near(reference::evaluate(net.graph, inputs)[0], {1, 2, 1}, {3, mixed(3, 4, 2)});
  }
}

TEST(KerasAttention, OpenLengthsStayOpen) {
  const graph::Network net = build(functional(
      {input_layer("in", {nullptr, nullptr, 4}), called(heads({{"num_heads", 2}, {"key_dim", 3}, {"use_bias", true}}),
                                                        {{Json{"in", 0, 0, {{"value", {"in", 0, 0}}}}}})},
      {"in"}, {"mha"}));
  EXPECT_EQ(net.graph.type(net.calls.back().output).shape, (Shape{graph::kOpen, graph::kOpen, 4}));
  EXPECT_EQ(call(net, "mha").weights.size(), 8u);
  EXPECT_EQ(run(net, counting({2, 3, 4})).shape, (Shape{2, 3, 4}));
}

/// Keras 3: an input "in" of shape [3, 1], masked as "m" where it is 9.
Json tensor(const std::string& layer, int node = 0, int index = 0) {
  return {{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {layer, node, index}}}}};
}

Json third_call(Json entry, const Json& args, const Json& kwargs = Json::object()) {
  entry["inbound_nodes"] = Json::array({Json{{"args", args}, {"kwargs", kwargs}}});
  entry["config"]["trainable"] = true;  // all layers say so, and no operation
  return entry;
}

Json third(const std::vector<Json>& more, const std::string& output) {
  Json input = layer("InputLayer", "in", {{"batch_shape", {nullptr, 3, 1}}});
  input["inbound_nodes"] = Json::array();
  std::vector<Json> layers{input, third_call(layer("Masking", "m", {{"mask_value", 9}}), Json::array({tensor("in")}))};
  layers.insert(layers.end(), more.begin(), more.end());
  return functional(layers, {"in"}, {output});
}

Json operation(const std::string& class_name, const std::string& name, const std::vector<Json>& args,
               const Json& config = Json::object()) {
  Json entry = third_call(layer(class_name, name, config), args);
  entry["config"].erase("trainable");
  entry["module"] = "keras.src.ops.numpy";
  return entry;
}

Json pooled(const std::string& of, const std::string& mask) {
  const Json given = mask.empty() ? Json::object() : Json{{"mask", tensor(mask)}};
  return third_call(layer("GlobalAveragePooling1D", "g"), Json::array({tensor(of)}), given);
}

Json heads_of_third(const std::string& of, const Json& options = Json::object(), const Json& config = Json::object()) {
  return third_call(heads(config), Json::array({tensor(of), tensor(of)}), options);
}

graph::Network of_ones(const Json& model) {
  MemoryWeights weights(
      {{"mha", {{"q", {1, 1, 1}, {1}}, {"k", {1, 1, 1}, {1}}, {"v", {1, 1, 1}, {1}}, {"o", {1, 1, 1}, {1}}}}});
  return build(model, weights);
}

const graph::Array kMasked = array({1, 3, 1}, {1, 9, 2});  // Masking makes 0 of the step in the middle

Json masked_in_second(const char* next) {
  const Json attention = called(heads(), {{Json{"m", 0, 0, {{"value", {"m", 0, 0}}}}}});
  return functional({input_layer("in", {nullptr, 3, 1}), called(layer("Masking", "m", {{"mask_value", 9}}), {{"in"}}),
                     attention, called(layer("GlobalAveragePooling1D", "g"), {{next}})},
                    {"in"}, {"g"});
}

TEST(KerasAttention, MaskedStepsAreNotSeen) {
  const double one = mixed(1, 2, 1), two = mixed(1, 2, 2);
  // The masked query itself sees all alike, or with the plain kernel of Keras 3 nothing.
  expect_near(run(of_ones(third({heads_of_third("m")}, "mha")), kMasked), {1, 3, 1}, {one, 1, two});
  expect_near(run(of_ones(third({heads_of_third("m", {}, {{"dropout", 0.5}})}, "mha")), kMasked), {1, 3, 1},
              {one, 0, two});
  expect_near(run(of_ones(third({heads_of_third("m", {{"use_causal_mask", true}})}, "mha")), kMasked), {1, 3, 1},
              {1, 1, two});
  const Json both = Json::array({Json::array({tensor("m"), tensor("m")})});
  const Json listed = third({third_call(layer("Attention", "a"), both)}, "a");
  expect_near(run(build(listed), kMasked), {1, 3, 1}, {one, 0, two});
  const Json unmasked = Json::array({Json::array({tensor("in"), tensor("in")})});
  const Json masks = Json{{"mask", {nullptr, tensor("any")}}};
  const Json given = third({operation("NotEqual", "ne", {tensor("in"), 2}),
                            operation("Any", "any", {tensor("ne")}, {{"axis", -1}, {"keepdims", false}}),
                            third_call(layer("Attention", "a"), unmasked, masks)},
                           "a");
  expect_near(run(build(given), kMasked), {1, 3, 1}, {mixed(1, 9, 1), mixed(1, 9, 9), mixed(1, 9, 2)});
}

TEST(KerasAttention, Keras3TakesTheMasksOfItsInputs) {
  const double mean = (mixed(1, 2, 1) + mixed(1, 2, 2)) / 2;
  expect_near(run(of_ones(masked_in_second("mha")), kMasked), {1, 1}, {mean});
  expect_near(run(of_ones(third({heads_of_third("m"), pooled("mha", "")}, "g")), kMasked), {1, 1}, {mean});
  // Behind it the same tensor has its mask in Keras 2 only.
  const auto sum_with = [](const Json& model) { return run(of_ones(model), kMasked).data[0]; };
  Json second = masked_in_second("sum");
  second["config"]["layers"].push_back(called(layer("Add", "sum"), {{"m", "mha"}}));
  const double all = mixed(1, 2, 1) + mixed(1, 2, 2) + 3;
  EXPECT_NEAR(sum_with(second), all / 2, 1e-6);
  const Json added = third_call(layer("Add", "sum"), Json::array({Json::array({tensor("m"), tensor("mha")})}));
  EXPECT_NEAR(sum_with(third({heads_of_third("m"), added, pooled("sum", "")}, "g")), (all + 1) / 3, 1e-6);
}

TEST(KerasAttention, MasksOfOperations) {
  const auto mean = [](const std::vector<Json>& operations, const std::string& mask) {
    std::vector<Json> layers = operations;
    layers.push_back(pooled("in", mask));
    return run(build(third(layers, "g")), array({1, 3, 1}, {1, 9, 2})).data[0];
  };
  const Json last{{"axis", -1}, {"keepdims", false}};
  const Json ne = operation("NotEqual", "ne", {tensor("in"), 9}), any = operation("Any", "any", {tensor("ne")}, last);
  const Json other = operation("NotEqual", "ne1", {tensor("in"), 1}),
             any1 = operation("Any", "any1", {tensor("ne1")}, last);
  EXPECT_NEAR(mean({ne, any}, "any"), 1.5, 1e-6);
  EXPECT_NEAR(mean({ne, any, other, any1, operation("LogicalAnd", "l", {tensor("any"), tensor("any1")})}, "l"), 2,
              1e-6);
  EXPECT_NEAR(mean({ne, any, other, any1, operation("LogicalOr", "l", {tensor("any"), tensor("any1")})}, "l"), 4, 1e-6);
  const Json wide = operation("ExpandDims", "e", {tensor("any")}, {{"axis", -1}});
  for (const auto& [like, expected] : {std::pair{"ZerosLike", 1.5}, std::pair{"OnesLike", 4.0}}) {
    const Json same = operation(like, "z", {tensor("in")}, {{"dtype", "bool"}});
    const Json joined = operation("Concatenate", "c", {Json::array({tensor("z"), tensor("e")})}, {{"axis", -1}});
    const Json whole = operation("Any", "w", {tensor("c")}, last),
               copy = operation("ConvertToTensor", "t", {tensor("w")});
    EXPECT_NEAR(mean({ne, any, wide, same, joined, whole, copy}, "t"), expected, 1e-6);
  }
  expect_error(ErrorCode::kUnsupported, {"any (Any)", "batch axis"}, [&] {
    mean({ne, operation("Any", "any", {tensor("ne")}, {{"axis", 0}})}, "any");
  });
}

TEST(KerasAttention, ScoresAreASecondResult) {
  Json model = third({heads_of_third("in", {{"return_attention_scores", true}})}, "mha");
  model["config"]["output_layers"] = {Json{"mha", 0, 1}};
  const graph::Network net = of_ones(model);
  EXPECT_EQ(names(net), (std::vector<std::string>{"in", "mha[1]"}));
  const double total = 1 + std::exp(1.0) + std::exp(2.0);
  const graph::Array scores = run(net, array({1, 3, 1}, {1, 0, 2}));
  ASSERT_EQ(scores.shape, (Shape{1, 1, 3, 3}));
  EXPECT_NEAR(scores.data[2], std::exp(2.0) / total, 1e-6);
  EXPECT_NEAR(scores.data[3], 1.0 / 3, 1e-6);
}

TEST(KerasAttention, WhatIsRefused) {
  const auto refused = [](const std::vector<std::string>& parts, const std::function<void()>& action) {
    expect_error(ErrorCode::kUnsupported, parts, action);
  };
  refused({"mha (MultiHeadAttention)", "training=true"}, [] { self_attention({{"training", true}}); });
  refused({"mha (MultiHeadAttention)", "windows=3"}, [] { self_attention({{"windows", 3}}); });
  refused({"mha (MultiHeadAttention)", "value_mask"}, [] { self_attention({{"value_mask", {"in", 0, 0}}}); });
  refused({"mha (MultiHeadAttention)", "key_mask and without key"}, [] {
    build(third({heads_of_third("in", {{"key_mask", tensor("in")}})}, "mha"));
  });
  refused({"bad (Digamma)", "operation on tensors 'Digamma'", "supported are Absolute, Add, "}, [] {
    build(third({operation("Digamma", "bad", {tensor("in")}), pooled("in", "bad")}, "g"));
  });
  const auto open = [](const Json& arguments) {
    return functional({input_layer("in", {nullptr, nullptr, 1}), called(heads(), {{Json{"in", 0, 0, arguments}}})},
                      {"in"}, {"mha"});
  };
  refused({"open length", "fixed length"}, [&] { build(open({{"value", {"in", 0, 0}}, {"use_causal_mask", true}})); });
  Json scores = open({{"value", {"in", 0, 0}}, {"return_attention_scores", true}});
  scores["config"]["output_layers"] = {Json{"mha", 0, 1}};
  EXPECT_NO_THROW(build(scores));
  scores["config"]["layers"][1]["inbound_nodes"][0][0][3].erase("return_attention_scores");
  expect_error(ErrorCode::kCorruptFile, {"takes result 1 of layer 'mha', which has 1"}, [&] { build(scores); });
  expect_error(ErrorCode::kCorruptFile, {"expected 1", "value"}, [&] { build(open(Json::object())); });
}

TEST(KerasEinsum, AnyOrderOfAxes) {
  graph::Builder b;
  const graph::Value x = b.input("x", {2, 3, 4}), y = b.input("y", {4, 5, 3});
  b.output("", einsum(b, parse_equation("abc,cdb->dab"), x, y));
  b.output("", einsum(b, parse_equation("abc,cdb->d"), x, y));
  const std::vector<graph::Array> in{counting({2, 3, 4}), counting({4, 5, 3})};
  const auto out = reference::evaluate(b.graph(), in);
  ASSERT_EQ(out[0].shape, (Shape{5, 2, 3}));
  for (int d = 0; d < 5; ++d) {
    double all = 0;
    for (int a = 0; a < 2; ++a) {
      for (int m = 0; m < 3; ++m) {
        double sum = 0;
        for (int c = 0; c < 4; ++c)
          sum += in[0].data[static_cast<std::size_t>((a * 3 + m) * 4 + c)] *
                 in[1].data[static_cast<std::size_t>((c * 5 + d) * 3 + m)];
        EXPECT_EQ(out[0].data[static_cast<std::size_t>((d * 2 + a) * 3 + m)], sum);
        all += sum;
      }
    }
    EXPECT_EQ(out[1].data[static_cast<std::size_t>(d)], all);
  }
  for (const char* wrong : {"ab,bc", "aab,bc->ac", "ab,bc->ad", "ab,b1->a", ",ab->a"}) {
    EXPECT_THROW(parse_equation(wrong), std::invalid_argument) << wrong;
  }
}

TEST(KerasEinsum, DenseWithAnEllipsis) {
  const Json entry =
      layer("EinsumDense", "e",
            {{"equation", "...x,xy->...y"}, {"output_shape", 1}, {"bias_axes", "y"}, {"activation", "relu"}});
  MemoryWeights weights({{"e", {{"e/kernel:0", {2, 1}, {1, 10}}, {"e/bias:0", {1}, {-5}}}}});
  const graph::Network net = build(sequential({input_layer("in", {nullptr, 2, 2}), entry}), weights);
  EXPECT_EQ(call(net, "e").kind, graph::LayerKind::kKernel);
  EXPECT_EQ(call(net, "e").activation, "relu");
  expect_near(run(net, array({1, 2, 2}, {1, 2, 3, -4})), {1, 2, 1}, {16, 0});
  Json wrong = entry;
  wrong["config"]["equation"] = "abc,xy->aby";
  expect_error(ErrorCode::kCorruptFile, {"e (EinsumDense)", "output_shape", "2 extents"}, [&] {
    build_layer({nullptr, 2, 2}, wrong);
  });
  wrong["config"]["equation"] = "abcd,xy->aby";
  expect_error(ErrorCode::kUnsupported, {"e (EinsumDense)", "4 axes, the input 3"}, [&] {
    build_layer({nullptr, 2, 2}, wrong);
  });
}

TEST(KerasEmbedding, RowsOfATable) {
  const Json words = layer("Embedding", "e", {{"input_dim", 3}, {"output_dim", 2}, {"mask_zero", true}});
  MemoryWeights weights({{"e", {{"e/embeddings:0", {3, 2}, {0, 1, 10, 11, 20, 21}}}}});
  const graph::Network net =
      build(sequential({input_layer("in", {nullptr, nullptr}), words, layer("GlobalMaxPooling1D", "g")}), weights);
  expect_near(run(net, array({1, 2}, {2, 1})), {1, 2}, {20, 21});
  EXPECT_EQ(net.places_of(0), std::vector<int>{1});
  const graph::Network mean =
      build(sequential({input_layer("in", {nullptr, 4}), words, layer("GlobalAveragePooling1D", "g")}), weights);
  expect_near(run(mean, array({1, 4}, {2, 0, 0, 1})), {1, 2}, {15, 16});
}

TEST(KerasEmbedding, TheWayBackIsADenseLayer) {
  const auto there_and_back = [](const Json& more, const std::vector<MemoryWeights::Entry>& entries) {
    Json input = layer("InputLayer", "in", {{"batch_shape", {nullptr, 2}}});
    input["inbound_nodes"] = Json::array();
    Json table = third_call(layer("ReversibleEmbedding", "e", {{"input_dim", 3}, {"output_dim", 2}}),
                            Json::array({tensor("in")}));
    table["config"].update(more);
    table["inbound_nodes"].push_back({{"args", Json::array({tensor("e")})}, {"kwargs", {{"reverse", true}}}});
    Json model = functional({input, table}, {"in"}, {"e"});
    model["config"]["output_layers"] = Json::array({Json{"e", 1, 0}});
    MemoryWeights weights({{"e", entries}});
    return build(model, weights);
  };
  const MemoryWeights::Entry table{"embeddings", {3, 2}, {0, 1, 2, 3, 4, 5}},
      matrix{"reverse_embeddings", {2, 3}, {1, 0, 2, 0, 1, 1}};
  const graph::Array ids = array({1, 2}, {2, 1});  // [4, 5], [2, 3]
  const graph::Network tied = there_and_back(Json::object(), {table});
  expect_near(run(tied, ids), {1, 2, 3}, {5, 23, 41, 3, 13, 23});
  EXPECT_EQ(tied.calls[1].kind, graph::LayerKind::kEmbedding);
  EXPECT_EQ(tied.calls[2].kind, graph::LayerKind::kKernel);
  EXPECT_EQ(tied.calls[2].class_name, "Dense");
  EXPECT_EQ(tied.places_of(0), std::vector<int>{1});
  expect_near(run(there_and_back({{"tie_weights", false}}, {table, matrix}), ids), {1, 2, 3}, {4, 5, 13, 2, 3, 7});
  const graph::Network capped = there_and_back({{"logit_soft_cap", 20}}, {table});
  expect_near(run(capped, array({1, 2}, {0, 0})), {1, 2, 3},
              {20 * std::tanh(0.05), 20 * std::tanh(0.15), 20 * std::tanh(0.25), 20 * std::tanh(0.05),
               20 * std::tanh(0.15), 20 * std::tanh(0.25)},
              1e-5);
  expect_error(ErrorCode::kCorruptFile, {"e (ReversibleEmbedding)", "'kernel'"}, [&] {
    there_and_back({{"tie_weights", false}}, {table});
  });
}

TEST(KerasEmbedding, PlacesOfAnInputThatIsUsedAsNumbersToo) {
  const Json words = layer("Embedding", "e", {{"input_dim", 3}, {"output_dim", 2}});
  const graph::Network net =
      build(functional({input_layer("in", {nullptr, 2}), called(words, {{"in"}}),
                        called(layer("Flatten", "f"), {{"e"}}), called(layer("Concatenate", "c"), {{"in", "f"}})},
                       {"in"}, {"c"}));
  EXPECT_EQ(net.places_of(net.find("in")), (std::vector<int>{net.find("in"), net.find("e")}));
}

}  // namespace
}  // namespace signxai::keras
