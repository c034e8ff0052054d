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

TEST(KerasAttention, WhatIsRefused) {
  const auto refused = [](const std::vector<std::string>& parts, const std::function<void()>& action) {
    expect_error(ErrorCode::kUnsupported, parts, action);
  };
  refused({"mha (MultiHeadAttention)", "training=true"}, [] { self_attention({{"training", true}}); });
  refused({"mha (MultiHeadAttention)", "windows=3"}, [] { self_attention({{"windows", 3}}); });
  refused({"mha (MultiHeadAttention)", "value_mask"}, [] { self_attention({{"value_mask", {"in", 0, 0}}}); });
  const auto open = [](const Json& arguments) {
    return functional({input_layer("in", {nullptr, nullptr, 1}), called(heads(), {{Json{"in", 0, 0, arguments}}})},
                      {"in"}, {"mha"});
  };
  refused({"open length", "fixed length"}, [&] { build(open({{"value", {"in", 0, 0}}, {"use_causal_mask", true}})); });
  Json scores = open({{"value", {"in", 0, 0}}, {"return_attention_scores", true}});
  EXPECT_NO_THROW(build(scores));
  scores["config"]["output_layers"] = {Json{"mha", 0, 1}};
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
  expect_error(ErrorCode::kUnsupported, {"e (Embedding)", "mask_zero", "GlobalAveragePooling1D"}, [&] {
    build(sequential({input_layer("in", {nullptr, 4}), words, layer("GlobalAveragePooling1D", "g")}));
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
