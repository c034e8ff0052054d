// The quirks of the reference (docs/semantics.md): what each does to a map, and what the map is with it put right.
// Those that are always put right come last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "backends/reference/evaluate.h"
#include "methods/method.h"
#include "signxai/array_file.h"
#include "signxai/explainer.h"
#include "support/golden_case.h"
#include "support/rule_twin.h"
#include "support/temp_folder.h"

namespace signxai::test {
namespace {

using testing::Contains;
using testing::Not;

constexpr std::size_t kClass = 1;

/// The raw values of a method on a bound network, and which quirks were met.
struct Answer {
  std::vector<Array> raw;
  bool touches(reverse::Quirk quirk) const { return (touched & reverse::bit(quirk)) != 0; }
  reverse::QuirkSet touched = 0;
};

Answer ask(const graph::Network& network, const std::string& method, const Parameters& parameters, const Array& x,
           const char* semantics) {
  Answer answer;
  graph::Builder builder(network.graph);
  builder.clear_outputs();
  reverse::Start start;
  start.selection = reverse::Selection::index(builder.input("targets", {x.shape.front()}));
  start.semantics = reverse::Semantics::parse(semantics);
  start.semantics.touched = &answer.touched;
  const auto values = methods::resolve(method, parameters).build({builder, network, start, 0});
  for (std::size_t i = 0; i < values.size(); ++i) builder.output("value" + std::to_string(i), values[i]);
  const Neurons neurons = std::vector<std::int64_t>(static_cast<std::size_t>(x.shape.front()), kClass);
  answer.raw = reference::evaluate(builder.take(), graph_inputs(x, neurons));
  return answer;
}

Array map_of(const graph::Network& network, const std::string& method, const Parameters& parameters, const Array& x,
             const char* semantics) {
  return ask(network, method, parameters, x, semantics).raw.front();
}

void expect_differ(const Array& a, const Array& b) {
  double largest = 0, apart = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    largest = std::max(largest, std::fabs(a.data[i]));
    apart = std::max(apart, std::fabs(a.data[i] - b.data[i]));
  }
  EXPECT_GT(apart, 1e-3 * largest) << "the quirk changes nothing here, so the test proves nothing";
}

class QuirksTest : public testing::Test {
 protected:
  /// dense relu, dense on 5 features; sample 0 has a positive output 1.
  graph::Network two_layers() {
    SmallNetwork net({1, 5});
    net.dense(net.dense(0, first_, "relu"), head_);
    return net.finish();
  }
  Vector hidden() const { return relu(dense_matrix(first_)(sample_of(x_, 0))); }
  double logit() const { return dense_matrix(head_)(hidden())[kClass]; }

  /// Both layers under a rule of the twins.
  Vector twin(const std::string& rule, const Parameters& parameters) const {
    const Vector above = twin_relevance(rule, parameters, dense_matrix(head_), hidden(), nullptr, {kClass});
    return twin_relevance(rule, parameters, dense_matrix(first_), sample_of(x_, 0), &above, {});
  }

  std::mt19937 random_{23};
  KernelWeights first_ = random_weights({5, 6}, true, random_), head_ = random_weights({6, 3}, true, random_);
  KernelWeights only_ = random_weights({5, 3}, true, random_);
  Array x_ = random_input({1, 5}, random_);
};

TEST_F(QuirksTest, Q2GuidedBackpropagationBeginsWithTheOutput) {
  for (const char* method : {"guided_backprop", "deconvnet"}) {
    Array x = x_;
    while (dense_matrix(head_)(relu(dense_matrix(first_)(sample_of(x, 0))))[kClass] <= 0)
      x = random_input({1, 5}, random_);
    const double f = dense_matrix(head_)(relu(dense_matrix(first_)(sample_of(x, 0))))[kClass];
    const Array quirk = map_of(two_layers(), method, {}, x, "signxai");
    Vector sound = sample_of(map_of(two_layers(), method, {}, x, "sound"), 0);
    for (double& v : sound) v *= f;
    expect_sample(quirk, 0, sound);
  }
}

TEST_F(QuirksTest, Q3LiteralSemanticsCopyTheSeed) {
  SmallNetwork net({1, 5});
  net.dropout(net.dense(0, only_));
  graph::Network network = net.finish();
  network.removed_head = {"layer_2", "softmax", "Activation layer"};
  const Affine layer = dense_matrix(only_);
  const Vector input = sample_of(x_, 0), z = layer(input);
  Vector one(3, 0.0), copies(3, z[kClass]);
  one[kClass] = z[kClass];
  expect_sample(map_of(network, "lrp_z", {}, x_, "signxai"), 0, twin_relevance("Z", {}, layer, input, &one, {}));
  expect_sample(map_of(network, "lrp_z", {}, x_, "literal"), 0, twin_relevance("Z", {}, layer, input, &copies, {}));
}

TEST_F(QuirksTest, Q6PoolingThatKeepsTheShapePassesRelevanceOnUnmoved) {
  SmallNetwork net({1, 4, 4, 1});
  const KernelWeights head = random_weights({16, 3}, false, random_);
  net.dense(net.flatten(net.max_pool(0, {2, 1, "same"})), head);
  const graph::Network network = net.finish();
  const Array x = random_input({1, 4, 4, 1}, random_);
  const Answer quirk = ask(network, "lrp_z", {}, x, "signxai");
  const Array sound = map_of(network, "lrp_z", {}, x, "sound");
  EXPECT_TRUE(quirk.touches(reverse::Quirk::kShapeDispatch));
  Vector unmoved(16, 0.0), moved(16, 0.0);
  for (std::size_t cell = 0; cell < 16; ++cell) {  // the window reaches one to the right and one down
    std::size_t top = cell;
    for (const auto& [down, right] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, 0}, {1, 1}}) {
      if (cell / 4 + down > 3 || cell % 4 + right > 3) continue;
      const std::size_t other = cell + 4 * down + right;
      if (x.data[other] > x.data[top]) top = other;
    }
    const double share = x.data[top] * dense_matrix(head).weights.at(cell, kClass);
    unmoved[cell] += share;
    moved[top] += share;
  }
  expect_sample(quirk.raw.front(), 0, unmoved);
  expect_sample(sound, 0, moved);
}

TEST_F(QuirksTest, Q7AlphaBetaSplitsTheBias) {
  const Answer quirk = ask(two_layers(), "lrp_alpha_2_beta_1", {}, x_, "signxai");
  const Array sound = map_of(two_layers(), "lrp_alpha_2_beta_1", {}, x_, "sound");
  EXPECT_TRUE(quirk.touches(reverse::Quirk::kFullBias));
  expect_sample(quirk.raw.front(), 0, twin("Alpha2Beta1", {}));
  expect_sample(sound, 0, twin("zennit.AlphaBeta", {{"stabilizer", 0.0}}));
  expect_differ(quirk.raw.front(), sound);
}

TEST_F(QuirksTest, Q9GammaConserves) {
  const Parameters gamma = {{"gamma", 0.5}};
  const Array quirk = map_of(two_layers(), "lrp.gamma", gamma, x_, "signxai");
  const Array sound = map_of(two_layers(), "lrp.gamma", gamma, x_, "sound");
  expect_sample(quirk, 0, twin("Gamma", gamma));
  expect_sample(sound, 0, twin("zennit.Gamma", {{"gamma", 0.5}, {"stabilizer", 0.0}}));
  expect_differ(quirk, sound);
}

TEST_F(QuirksTest, Q10InputRuleIsNotKeptAway) {
  SmallNetwork net({1, 5});
  net.dense(net.dense(net.dropout(0), first_, "relu"), head_);
  const graph::Network network = net.finish();
  const methods::Resolved method = methods::resolve("lrpsign_epsilon_0_5", {});
  EXPECT_EQ(methods::layer_treatments(method, network)[2], "Epsilon(epsilon=0.5)");
  EXPECT_EQ(methods::layer_treatments(method, network, reverse::Semantics::parse("sound"))[2], "SIGN");
  EXPECT_FALSE(method.notes(network).empty());
  EXPECT_TRUE(method.notes(network, reverse::Semantics::parse("sound")).empty());
  const Array sound = map_of(network, "lrpsign_epsilon_0_5", {}, x_, "sound");
  expect_sample(sound, 0, sample_of(map_of(two_layers(), "lrpsign_epsilon_0_5", {}, x_, "signxai"), 0));
  expect_differ(map_of(network, "lrpsign_epsilon_0_5", {}, x_, "signxai"), sound);
}

TEST_F(QuirksTest, Q13ThresholdBelowTheLowerValue) {
  const Parameters mu = {{"mu", -1.0}, {"vlow", -1.0}};
  x_.data[0] = -1.5;
  const Vector high = sample_of(map_of(two_layers(), "gradient", {}, x_, "signxai"), 0);
  Vector parted = high;
  for (std::size_t i = 0; i < parted.size(); ++i) parted[i] *= x_.data[i] < -1 ? -1 : 1;
  expect_sample(map_of(two_layers(), "gradient_x_sign_mu", mu, x_, "signxai"), 0, high);
  expect_sample(map_of(two_layers(), "gradient_x_sign_mu", mu, x_, "sound"), 0, parted);
}

/// What a method makes of its raw values for one sample.
Tensor finished(const std::string& method, const Tensor& raw, const Shape& sample, const char* semantics) {
  const methods::Resolved resolved = methods::resolve(method, {{"last_conv_layer_name", std::string("layer_1")}});
  return resolved.def->finish(resolved.parameters, reverse::Semantics::parse(semantics))(
      std::span<const Tensor>(&raw, 1), sample);
}

TEST(GradCamQuirks, Q15MapIsNotStretchedNorTransposed) {
  const Tensor raw{{2, 2}, {1, 2, 3, 4}};
  const Tensor quirk = finished("grad_cam", raw, {4, 6, 1}, "signxai"),
               sound = finished("grad_cam", raw, {4, 6, 1}, "sound");
  EXPECT_EQ(quirk.shape, (Shape{6, 4, 1}));
  EXPECT_EQ(*std::min_element(quirk.data.begin(), quirk.data.end()), 0);
  EXPECT_EQ(*std::max_element(quirk.data.begin(), quirk.data.end()), 255);
  EXPECT_EQ(sound.shape, (Shape{4, 6, 1}));
  EXPECT_FLOAT_EQ(*std::min_element(sound.data.begin(), sound.data.end()), 0.25f);
  EXPECT_FLOAT_EQ(*std::max_element(sound.data.begin(), sound.data.end()), 1.0f);
}

TEST(GradCamQuirks, Q16SeriesWithoutPositiveValuesIsZero) {
  const Tensor raw{{3}, {0, 0, 0}};
  for (float v : finished("grad_cam_timeseries", raw, {3, 1}, "signxai").data) EXPECT_TRUE(std::isnan(v));
  for (float v : finished("grad_cam_timeseries", raw, {3, 1}, "sound").data) EXPECT_EQ(v, 0);
}

TEST_F(QuirksTest, Q17GuidedGradCamExplainsTheClass) {
  SmallNetwork net({1, 4, 4, 1});
  const int conv = net.conv(0, random_weights({2, 2, 1, 3}, true, random_), {}, "relu");
  net.dense(net.flatten(conv), random_weights({27, 3}, true, random_));
  const graph::Network network = net.finish();
  const Array x = random_input({1, 4, 4, 1}, random_);
  const Parameters layer = {{"last_conv_layer_name", std::string("layer_1")}};
  const Array quirk = ask(network, "guided_grad_cam", layer, x, "signxai").raw[1];
  const Array sound = ask(network, "guided_grad_cam", layer, x, "sound").raw[1];
  expect_sample(sound, 0, sample_of(map_of(network, "guided_backprop", {}, x, "sound"), 0));
  expect_differ(quirk, sound);
}

TEST_F(QuirksTest, Q20TiedMaximaOfAWindowHaveOneWinner) {
  graph::Builder b;
  const graph::Value in = b.input("x", {1, 4, 1});
  const graph::Value y = b.make("max_pool", {in},
                                {{"window", graph::Ints{2}},
                                 {"strides", graph::Ints{2}},
                                 {"padding", std::string("valid")},
                                 {"ties", std::string("all")}});
  graph::Network network;
  network.calls.resize(2);
  graph::LayerCall &input = network.calls[0], &pool = network.calls[1];
  input.kind = graph::LayerKind::kInput;
  input.output = in;
  pool.class_name = "MaxPooling3D";
  pool.inputs = {in};
  pool.producers = {0};
  pool.kernel_output = pool.output = y;
  network.outputs = {1};
  b.output("logits", y);
  network.graph = b.take();
  Array x({1, 4, 1});
  x.data = {2, 2, 3, 3};
  expect_sample(map_of(network, "gradient", {}, x, "signxai"), 0, {0, 0, 1, 1});
  expect_sample(map_of(network, "gradient", {}, x, "sound"), 0, {0, 0, 1, 0});
  EXPECT_TRUE(ask(network, "gradient", {}, x, "signxai").touches(reverse::Quirk::kPoolTies));
}

golden::Case vendored(const std::string& name) {
  const std::vector<std::string_view> names = {name};
  return golden::read_cases(std::string(SIGNXAI_SOURCE_DIR) + "/tests/golden/data", names).front();
}

/// Explanations of the vendored networks in given semantics.
class ExplainedQuirksTest : public testing::Test {
 protected:
  static MethodMap map(const std::string& name, const MethodRequest& method, const Target& target,
                       const std::string& semantics, std::optional<std::int64_t> sample = {}) {
    const golden::Case from = vendored(name);
    ExplainerOptions options;
    options.semantics = semantics;
    const Explainer explainer(from.load(), options);
    const Tensor all = golden::Arrays(from).read("input");
    return explainer.explain(sample ? golden::sample(all, *sample) : all, {method}, target).maps.front();
  }
  static Target largest(const std::string& name) {
    const golden::Case from = vendored(name);
    return Target::per_sample(Explainer(from.load()).explain(golden::Arrays(from).read("input"), {}).targets);
  }
  static void expect_near(const std::vector<float>& a, const std::vector<float>& b, double relative) {
    ASSERT_EQ(a.size(), b.size());
    float top = 0;
    for (float v : b) top = std::max(top, std::fabs(v));
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], relative * top) << "element " << i;
  }
};

TEST_F(ExplainedQuirksTest, Q1TheLargestOutputIsFoundOnce) {
  for (const char* method : {"lrp.w_square", "lrp.flat", "lrp_alpha_1_beta_0", "lrp.z_plus_fast"}) {
    SCOPED_TRACE(method);
    const MethodMap quirk = map("digits_cnn", {method, {}}, Target::max(), "signxai");
    const MethodMap sound = map("digits_cnn", {method, {}}, Target::max(), "Q1");
    expect_near(sound.map.data, map("digits_cnn", {method, {}}, largest("digits_cnn"), "signxai").map.data, 1e-5);
    EXPECT_THAT(quirk.quirks, Contains("Q1"));
    EXPECT_THAT(sound.quirks, Not(Contains("Q1")));
    if (std::string(method) != "lrp.w_square") continue;  // in the others the same neuron may win throughout
    EXPECT_NE(quirk.map.data, sound.map.data);
  }
}

TEST_F(ExplainedQuirksTest, Q21TheTargetStaysWhereItIsAtTheInput) {
  const MethodRequest method = {"integrated_gradients", {{"steps", 5.0}, {"reference_inputs", -3.0}}};
  const MethodMap quirk = map("digits_cnn", method, Target::max(), "signxai"),
                  sound = map("digits_cnn", method, Target::max(), "sound");
  expect_near(sound.map.data, map("digits_cnn", method, largest("digits_cnn"), "signxai").map.data, 1e-5);
  EXPECT_THAT(quirk.quirks, Contains("Q21"));
  EXPECT_NE(quirk.map.data, sound.map.data);
}

/// Q4 (noise), Q8 (batch normalisation), Q12 (standard deviation): a batch gives what its samples give alone.
TEST_F(ExplainedQuirksTest, Q4Q8Q12SamplesOfABatchAreExplainedAlone) {
  const std::pair<const char*, MethodRequest> cases[] = {{"digits_mlp", {"smoothgrad", {{"augment_by_n", 4.0}}}},
                                                         {"digits_mlp", {"vargrad", {{"augment_by_n", 4.0}}}},
                                                         {"bn_first", {"lrp_z", {}}},
                                                         {"bn_nocenter", {"lrp_epsilon_0_1", {}}},
                                                         {"digits_mlp", {"lrp_epsilon_0_5_std_x", {}}}};
  for (const auto& [name, method] : cases) {
    SCOPED_TRACE(method.name);
    const Tensor batch = map(name, method, Target::max(), "signxai").map;
    for (std::int64_t n = 0; n < batch.shape.front(); ++n) {
      const Tensor alone = map(name, method, Target::max(), "signxai", n).map;
      expect_near(golden::sample(batch, n).data, alone.data, 1e-4);
      EXPECT_TRUE(std::any_of(alone.data.begin(), alone.data.end(), [](float v) { return v != 0; }));
    }
  }
}

/// Q23: random_uniform has a generator of its own and leaves the others alone.
TEST_F(ExplainedQuirksTest, Q23RandomNumbersDoNotMeet) {
  const golden::Case from = vendored("digits_cnn");
  const Explainer explainer(from.load());
  const Tensor x = golden::Arrays(from).read("input");
  const MethodRequest noise = {"smoothgrad", {{"augment_by_n", 2.0}}};
  const auto together = explainer.explain(x, {{"random_uniform", {}}, noise, {"random_uniform", {}}}).maps;
  EXPECT_EQ(together[1].map.data, explainer.explain(x, {noise}).maps.front().map.data);
  EXPECT_EQ(together[0].map.data, together[2].map.data);
  EXPECT_FLOAT_EQ(together[0].map.data[0], -0.16595599f);
}

/// Q19: what stands in a file as integers is explained like the same numbers in float32.
TEST_F(ExplainedQuirksTest, Q19IntegersAreExplainedAsNumbers) {
  const TempFolder folder;
  const golden::Case from = vendored("digits_mlp");
  Tensor x = golden::sample(golden::Arrays(from).read("input"), 0);
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (";
  for (const std::int64_t extent : x.shape) header += std::to_string(extent) + ", ";
  header += ")}";
  std::string bytes("\x93NUMPY\1", 7);
  bytes += {'\0', static_cast<char>(header.size()), '\0'};
  bytes += header;
  for (float& value : x.data) {
    value = std::round(16 * std::fabs(value));
    bytes += static_cast<char>(value);
  }
  const Tensor read = read_npy(folder.put("integers.npy", bytes));
  EXPECT_EQ(read.data, x.data);
  for (const char* semantics : {"signxai", "sound"}) {
    ExplainerOptions options;
    options.semantics = semantics;
    const Explainer explainer(from.load(), options);
    const Tensor gradient = explainer.explain(read, {{"gradient", {}}}).maps.front().map;
    EXPECT_EQ(gradient.data, explainer.explain(x, {{"gradient", {}}}).maps.front().map.data);
    EXPECT_NE(gradient.data, x.data);
  }
}

/// Q28: composites have a rule for every kind of convolution.
TEST_F(ExplainedQuirksTest, Q28CompositesKnowEveryConvolution) {
  const std::set<std::string> kinds = {"LocallyConnected1D", "LocallyConnected2D", "DepthwiseConv1D",
                                       "DepthwiseConv2D"};
  std::set<std::string> met;
  for (const char* network : {"locally_connected", "separable_conv"}) {
    for (const char* semantics : {"signxai", "sound"}) {
      ExplainerOptions options;
      options.semantics = semantics;
      const Explainer explainer(vendored(network).load(), options);
      const MethodRequest composite = {"lrp_sequential_composite_a", {}};
      const std::vector<std::string> rules = explainer.layer_rules(composite);
      const std::vector<LayerInfo> layers = explainer.model().layers();
      for (std::size_t i = 0; i < layers.size(); ++i) {
        if (!kinds.count(layers[i].class_name)) continue;
        met.insert(layers[i].class_name);
        EXPECT_THAT(rules[i], testing::HasSubstr("Alpha")) << network << ", " << layers[i].name;
      }
      const Tensor relevance =
          explainer.explain(golden::Arrays(vendored(network)).read("input"), {composite}).maps.front().map;
      EXPECT_TRUE(std::any_of(relevance.data.begin(), relevance.data.end(), [](float v) { return v != 0; }));
    }
  }
  EXPECT_FALSE(met.empty());
}

TEST_F(QuirksTest, Q5BoundedRuleGivesAMap) {
  const Parameters bounds = {{"rule", std::string("Bounded")}, {"low", -3.0}, {"high", 4.0}};
  const Array found = map_of(two_layers(), "lrp", bounds, x_, "signxai");
  expect_sample(found, 0, twin("Bounded", {{"low", -3.0}, {"high", 4.0}}));
  EXPECT_GT(std::fabs(found.data[0]), 0);
}

TEST_F(QuirksTest, Q22ParametersOfTheAnalyzersAreTaken) {
  EXPECT_NO_THROW(methods::resolve("lrp.alpha_beta", {{"alpha", 3.0}, {"beta", 2.0}}));
  EXPECT_NO_THROW(methods::resolve("lrp.sequential_composite_a", {{"epsilon", 0.5}}));
}

TEST_F(QuirksTest, Q27SignRulesWorkAtHeadsAndInBranches) {
  SmallNetwork single({1, 5});
  single.dense(0, only_);
  const Parameters sign = {{"input_layer_rule", std::string("SIGN")}};
  const Array alone = map_of(single.finish(), "lrp_z", sign, x_, "signxai");
  expect_sample(alone, 0, twin_relevance("SIGN", {}, dense_matrix(only_), sample_of(x_, 0), nullptr, {kClass}));
  // Two successors of the first layer: its relevance is that of the sum.
  SmallNetwork branching({1, 5});
  const int stem = branching.dense(0, first_, "relu");
  branching.add({branching.dense(stem, head_), branching.dense(stem, head_)});
  const Array both = map_of(branching.finish(), "lrp_z", sign, x_, "signxai");
  expect_sample(both, 0, [&] {
    Vector twice = sample_of(map_of(two_layers(), "lrp_z", sign, x_, "signxai"), 0);
    for (double& v : twice) v *= 2;
    return twice;
  }());
}

TEST_F(QuirksTest, Q29DeconvnetWorksWithRectifiedHeadsAndLayers) {
  SmallNetwork fused({1, 5}), layers({1, 5});
  fused.dense(fused.dense(0, first_, "relu"), head_, "relu");
  layers.activation(layers.dense(layers.activation(layers.dense(0, first_), "relu"), head_), "relu");
  const Array a = map_of(fused.finish(), "deconvnet", {}, x_, "signxai");
  expect_sample(map_of(layers.finish(), "deconvnet", {}, x_, "signxai"), 0, sample_of(a, 0));
}

TEST_F(QuirksTest, Q30ConcatenationKeepsTheOrderOfItsInputs) {
  SmallNetwork net({1, 5});
  const int left = net.dense(0, first_, "relu");
  net.dense(net.concatenate({left, net.dense(left, head_)}), random_weights({9, 3}, true, random_));
  const graph::Network network = net.finish();
  const Array g = map_of(network, "gradient", {}, x_, "signxai");
  for (std::size_t i = 0; i < 5; ++i) {
    Array up = x_, down = x_;
    up.data[i] += 1e-6, down.data[i] -= 1e-6;
    const auto f = [&](const Array& at) {
      return reference::evaluate(network.graph, std::span<const Array>(&at, 1)).front().data[kClass];
    };
    EXPECT_NEAR(g.data[i], (f(up) - f(down)) / 2e-6, 1e-5);
  }
}

}  // namespace
}  // namespace signxai::test
