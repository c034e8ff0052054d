// LRP inside layers without kernel in `sound` semantics: recurrent layers against slow twins in plain loops (Arras et
// al. 2017), and conservation of all of them without biases.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "importers/keras_fixture.h"
#include "methods/method.h"

namespace signxai::keras {
namespace {

using graph::Array;
using Vector = std::vector<double>;

constexpr std::size_t kSteps = 4, kFeatures = 3, kUnits = 2;

/// Normally distributed weights by their role in the layer; biases are 0 where that is wanted.
class RandomWeights : public WeightSource {
 public:
  explicit RandomWeights(bool biases) : biases_(biases) {}
  graph::Literal read(const WeightOwner&, std::size_t, const std::string& role, const Shape& expected) override {
    std::vector<float> values(static_cast<std::size_t>(element_count(expected)));
    const bool shifts = role.find("bias") != std::string::npos || role == "beta";
    for (float& value : values) value = shifts && !biases_ ? 0.0F : normal_(random_);
    taken_[role] = Vector(values.begin(), values.end());
    return graph::Literal(expected, std::move(values), role);
  }
  void finish(const WeightOwner&, std::size_t) override {}
  const Vector& of(const std::string& role) const { return taken_.at(role); }
  bool has(const std::string& role) const { return taken_.count(role) != 0; }

 private:
  bool biases_;
  std::mt19937 random_{5};
  std::normal_distribution<float> normal_{0, 0.7F};
  std::map<std::string, Vector> taken_;
};

Array random_array(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Array array(shape);
  for (double& value : array.data) value = normal(random);
  return array;
}

/// Relevance of each input of the network for output `target`, under the Z rule in sound semantics.
std::vector<Array> relevance(const graph::Network& open, const std::vector<Array>& x, double target,
                             const char* semantics = "sound") {
  std::vector<Shape> shapes;
  for (const Array& array : x) shapes.push_back(array.shape);
  const graph::Network network = graph::bind(open, shapes);
  graph::Builder builder(network.graph);
  builder.clear_outputs();
  reverse::Start start;
  start.selection = reverse::Selection::index(builder.input("targets", {x.front().shape.front()}));
  start.semantics = reverse::Semantics::parse(semantics);
  std::vector<Array> inputs = x;
  inputs.emplace_back(Shape{x.front().shape.front()}, target);
  const methods::Resolved method = methods::resolve("lrp", {{"rule", std::string("Z")}});
  for (int place : network.input_calls()) {
    builder.output("of" + std::to_string(place), method.build({builder, network, start, place}).front());
  }
  const graph::Graph graph = builder.take();
  graph::verify(graph);
  return reference::evaluate(graph, inputs);
}

double sum(const Array& array, std::size_t sample) {
  const std::size_t size = array.data.size() / static_cast<std::size_t>(array.shape.front());
  double total = 0;
  for (std::size_t i = sample * size; i < (sample + 1) * size; ++i) total += array.data[i];
  return total;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// One sample of a recurrent layer, forward and backward, in plain loops. Everything is kept per step.
struct Twin {
  const RandomWeights& weights;
  std::vector<Vector> x;                                     ///< by step
  std::vector<Vector> h{Vector(kUnits)}, c{Vector(kUnits)};  ///< by step, the initial state in front

  double bias(std::size_t row, std::size_t column, std::size_t width) const {
    return weights.has("bias") ? weights.of("bias").at(row * width + column) : 0;
  }
  double kernel(std::size_t k, std::size_t column, std::size_t width) const {
    return weights.of("kernel")[k * width + column];
  }
  double recurrent(std::size_t k, std::size_t column, std::size_t width) const {
    return weights.of("recurrent_kernel")[k * width + column];
  }
  double from_input(const Vector& values, std::size_t column, std::size_t width) const {
    double z = 0;
    for (std::size_t k = 0; k < kFeatures; ++k) z += values[k] * kernel(k, column, width);
    return z;
  }
  double from_state(const Vector& values, std::size_t column, std::size_t width) const {
    double z = 0;
    for (std::size_t k = 0; k < kUnits; ++k) z += values[k] * recurrent(k, column, width);
    return z;
  }
};

/// Relevance of the input of an LSTM for unit `unit` of step `step`: gates get nothing, all else shares by
/// contribution.
std::vector<Vector> lstm_twin(Twin t, std::size_t step, std::size_t unit) {
  constexpr std::size_t kWidth = 4 * kUnits;
  std::vector<Vector> i, f, g, z;
  for (const Vector& x : t.x) {
    Vector in(kUnits), forget(kUnits), candidate(kUnits), sums(kUnits), out(kUnits), state(kUnits);
    for (std::size_t j = 0; j < kUnits; ++j) {
      const auto gate = [&](std::size_t n) {
        const std::size_t column = n * kUnits + j;
        return t.from_input(x, column, kWidth) + t.from_state(t.h.back(), column, kWidth) + t.bias(0, column, kWidth);
      };
      in[j] = sigmoid(gate(0)), forget[j] = sigmoid(gate(1)), sums[j] = gate(2), candidate[j] = std::tanh(sums[j]);
      state[j] = forget[j] * t.c.back()[j] + in[j] * candidate[j];
      out[j] = sigmoid(gate(3)) * std::tanh(state[j]);
    }
    i.push_back(in), f.push_back(forget), g.push_back(candidate), z.push_back(sums);
    t.h.push_back(out), t.c.push_back(state);
  }
  std::vector<Vector> result(t.x.size(), Vector(kFeatures));
  Vector of_h(kUnits), of_c(kUnits);
  of_h[unit] = t.h[step + 1][unit];
  for (std::size_t s = step + 1; s-- > 0;) {
    Vector next_h(kUnits), next_c(kUnits);
    for (std::size_t j = 0; j < kUnits; ++j) {
      const double whole = of_h[j] + of_c[j], c = t.c[s + 1][j];
      next_c[j] = whole * f[s][j] * t.c[s][j] / c;
      const double ratio = whole * i[s][j] * g[s][j] / c / z[s][j];
      for (std::size_t k = 0; k < kFeatures; ++k)
        result[s][k] += ratio * t.x[s][k] * t.kernel(k, 2 * kUnits + j, kWidth);
      for (std::size_t k = 0; k < kUnits; ++k) next_h[k] += ratio * t.h[s][k] * t.recurrent(k, 2 * kUnits + j, kWidth);
    }
    of_h = next_h, of_c = next_c;
  }
  return result;
}

/// The same for GRU; the reset gate acts on the product (`after`) or on the state before it.
std::vector<Vector> gru_twin(Twin t, std::size_t step, std::size_t unit, bool after) {
  constexpr std::size_t kWidth = 3 * kUnits;
  std::vector<Vector> update, reset, g, z;
  for (const Vector& x : t.x) {
    Vector zs(kUnits), rs(kUnits), sums(kUnits), candidate(kUnits), kept(kUnits), out(kUnits);
    const Vector& h = t.h.back();
    const auto gate = [&](std::size_t column) {
      return sigmoid(t.from_input(x, column, kWidth) + t.bias(0, column, kWidth) + t.from_state(h, column, kWidth) +
                     (after ? t.bias(1, column, kWidth) : 0));
    };
    for (std::size_t j = 0; j < kUnits; ++j) zs[j] = gate(j), rs[j] = gate(kUnits + j), kept[j] = rs[j] * h[j];
    for (std::size_t j = 0; j < kUnits; ++j) {
      const std::size_t column = 2 * kUnits + j;
      const double product = after ? rs[j] * (t.from_state(h, column, kWidth) + t.bias(1, column, kWidth))
                                   : t.from_state(kept, column, kWidth);
      sums[j] = t.from_input(x, column, kWidth) + t.bias(0, column, kWidth) + product;
      candidate[j] = std::tanh(sums[j]);
      out[j] = zs[j] * h[j] + (1 - zs[j]) * candidate[j];
    }
    update.push_back(zs), reset.push_back(rs), g.push_back(candidate), z.push_back(sums), t.h.push_back(out);
  }
  std::vector<Vector> result(t.x.size(), Vector(kFeatures));
  Vector of_h(kUnits);
  of_h[unit] = t.h[step + 1][unit];
  for (std::size_t s = step + 1; s-- > 0;) {
    Vector next(kUnits);
    for (std::size_t j = 0; j < kUnits; ++j) {
      const double h = t.h[s + 1][j];
      next[j] += of_h[j] * update[s][j] * t.h[s][j] / h;
      const double ratio = of_h[j] * (1 - update[s][j]) * g[s][j] / h / z[s][j];
      const std::size_t column = 2 * kUnits + j;
      for (std::size_t k = 0; k < kFeatures; ++k) result[s][k] += ratio * t.x[s][k] * t.kernel(k, column, kWidth);
      for (std::size_t k = 0; k < kUnits; ++k) {
        next[k] += ratio * t.h[s][k] * reset[s][after ? j : k] * t.recurrent(k, column, kWidth);
      }
    }
    of_h = next;
  }
  return result;
}

std::vector<Vector> simple_twin(Twin t, std::size_t step, std::size_t unit) {
  std::vector<Vector> z;
  for (const Vector& x : t.x) {
    Vector sums(kUnits), out(kUnits);
    for (std::size_t j = 0; j < kUnits; ++j) {
      sums[j] = t.from_input(x, j, kUnits) + t.from_state(t.h.back(), j, kUnits) + t.bias(0, j, kUnits);
      out[j] = std::tanh(sums[j]);
    }
    z.push_back(sums), t.h.push_back(out);
  }
  std::vector<Vector> result(t.x.size(), Vector(kFeatures));
  Vector of_h(kUnits);
  of_h[unit] = t.h[step + 1][unit];
  for (std::size_t s = step + 1; s-- > 0;) {
    Vector next(kUnits);
    for (std::size_t j = 0; j < kUnits; ++j) {
      const double ratio = of_h[j] / z[s][j];
      for (std::size_t k = 0; k < kFeatures; ++k) result[s][k] += ratio * t.x[s][k] * t.kernel(k, j, kUnits);
      for (std::size_t k = 0; k < kUnits; ++k) next[k] += ratio * t.h[s][k] * t.recurrent(k, j, kUnits);
    }
    of_h = next;
  }
  return result;
}

std::vector<Vector> twin_of(const std::string& kind, const Twin& t, std::size_t step, std::size_t unit) {
  if (kind == "LSTM") return lstm_twin(t, step, unit);
  if (kind == "SimpleRNN") return simple_twin(t, step, unit);
  return gru_twin(t, step, unit, kind == "GRU after");
}

Json recurrent(const std::string& kind, Json more = Json::object()) {
  const std::string class_name = kind.substr(0, kind.find(' '));
  more.update({{"units", kUnits}, {"activation", "tanh"}, {"recurrent_activation", "sigmoid"}, {"name", "r"}});
  if (class_name == "GRU") more["reset_after"] = kind == "GRU after";
  return layer(class_name, "r", more);
}

graph::Network network_of(const std::vector<Json>& layers, WeightSource& weights,
                          const Json& shape = {nullptr, nullptr, kFeatures}) {
  std::vector<Json> all = layers;
  all.insert(all.begin(), input_layer("in", shape));
  return build(sequential(all), weights);
}

class InnerRules : public testing::TestWithParam<std::string> {
 protected:
  /// Steps of a sample, perhaps from the last one on.
  static std::vector<Vector> steps_of(const Array& x, std::size_t sample, bool backwards) {
    std::vector<Vector> steps;
    for (std::size_t s = 0; s < kSteps; ++s) {
      const auto begin = x.data.begin() + static_cast<std::ptrdiff_t>((sample * kSteps + s) * kFeatures);
      steps.emplace_back(begin, begin + kFeatures);
    }
    if (backwards) std::reverse(steps.begin(), steps.end());
    return steps;
  }

  void expect_twin(const Array& map, const Array& x, std::size_t step, std::size_t unit, bool backwards = false) {
    for (std::size_t n = 0; n < 2; ++n) {
      std::vector<Vector> expected = twin_of(GetParam(), {weights_, steps_of(x, n, backwards)}, step, unit);
      if (backwards) std::reverse(expected.begin(), expected.end());
      const std::vector<Vector> found = steps_of(map, n, false);
      for (std::size_t s = 0; s < kSteps; ++s) {
        for (std::size_t k = 0; k < kFeatures; ++k)
          EXPECT_NEAR(found[s][k], expected[s][k], 2e-6) << n << ", step " << s << ", feature " << k;
      }
    }
  }

  RandomWeights weights_{true};
  const Array x_ = random_array({2, kSteps, kFeatures}, 3);
};

TEST_P(InnerRules, GatesGetNothingAndTheRestSharesByContribution) {
  const graph::Network network = network_of({recurrent(GetParam())}, weights_);
  expect_twin(relevance(network, {x_}, 1)[0], x_, kSteps - 1, 1);
}

TEST_P(InnerRules, OfOneStepOfASequence) {
  const graph::Network network = network_of({recurrent(GetParam(), {{"return_sequences", true}})}, weights_);
  expect_twin(relevance(network, {x_}, 2 * kUnits)[0], x_, 2, 0);
}

TEST_P(InnerRules, Backwards) {
  const graph::Network network = network_of({recurrent(GetParam(), {{"go_backwards", true}})}, weights_);
  expect_twin(relevance(network, {x_}, 0)[0], x_, kSteps - 1, 0, true);
}

TEST_P(InnerRules, OfTheSecondDirection) {
  Json wrapped = layer("Bidirectional", "r", {{"merge_mode", "concat"}});
  wrapped["config"]["layer"] = recurrent(GetParam());
  const graph::Network network = network_of({wrapped}, weights_);  // the weights kept are those of the second direction
  expect_twin(relevance(network, {x_}, kUnits + 1)[0], x_, kSteps - 1, 1, true);
}

TEST_P(InnerRules, MaskedStepsGetNothing) {
  Array longer({2, kSteps + 2, kFeatures});  // zeros as the second and the last step
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t s = 0; s < kSteps; ++s) {
      const std::size_t to = n * (kSteps + 2) + s + (s > 0 ? 1 : 0);
      std::copy_n(x_.data.begin() + static_cast<std::ptrdiff_t>((n * kSteps + s) * kFeatures), kFeatures,
                  longer.data.begin() + static_cast<std::ptrdiff_t>(to * kFeatures));
    }
  }
  const graph::Network network = network_of({layer("Masking", "m"), recurrent(GetParam())}, weights_);
  const Array map = relevance(network, {longer}, 1)[0];
  Array kept({2, kSteps, kFeatures});
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t s = 0; s < kSteps + 2; ++s) {
      const auto from = map.data.begin() + static_cast<std::ptrdiff_t>((n * (kSteps + 2) + s) * kFeatures);
      if (s == 1 || s == kSteps + 1) {
        for (std::size_t k = 0; k < kFeatures; ++k) EXPECT_EQ(from[static_cast<std::ptrdiff_t>(k)], 0);
        continue;
      }
      const std::size_t to = n * kSteps + s - (s > 0 ? 1 : 0);
      std::copy_n(from, kFeatures, kept.data.begin() + static_cast<std::ptrdiff_t>(to * kFeatures));
    }
  }
  expect_twin(kept, x_, kSteps - 1, 1);
}

TEST_P(InnerRules, InSignxaiSemanticsNothingChanges) {
  const graph::Network network = network_of({recurrent(GetParam())}, weights_);
  const Array map = relevance(network, {x_}, 1, "signxai")[0], other = relevance(network, {x_}, 1, "Q1,Q6,Q7,Q9")[0];
  EXPECT_EQ(map.data, other.data);
  EXPECT_NE(map.data, relevance(network, {x_}, 1, "Q31")[0].data);
  EXPECT_EQ(relevance(network, {x_}, 1)[0].data, relevance(network, {x_}, 1, "Q31")[0].data);
}

INSTANTIATE_TEST_SUITE_P(Cells, InnerRules, testing::Values("LSTM", "GRU after", "GRU before", "SimpleRNN"),
                         [](const auto& tested) {
                           return tested.param.substr(0, 3) + tested.param.substr(tested.param.size() - 3);
                         });

/// A layer without bias of its own, the shape of its input, and what it is called in the test's name.
struct Conserving {
  std::string name;
  Shape shape;
  Json entry;
};

void PrintTo(const Conserving& tested, std::ostream* out) { *out << tested.name; }

Json wrapped(const std::string& mode, const Json& entry) {
  Json bidirectional = layer("Bidirectional", "r", {{"merge_mode", mode}});
  bidirectional["config"]["layer"] = entry;
  return bidirectional;
}

std::vector<Conserving> conserving() {
  std::vector<Conserving> all;
  const Json sequences = {{"return_sequences", true}};
  for (const std::string kind : {"LSTM", "GRU after", "GRU before", "SimpleRNN"}) {
    const std::string name = kind.substr(0, 3) + kind.substr(kind.size() - 3);
    for (const std::string function : {"relu", "gelu", "elu", "softsign", "swish", "linear"}) {
      Json entry = recurrent(kind, sequences);
      entry["config"]["activation"] = function;
      entry["config"]["recurrent_activation"] = "hard_sigmoid";
      all.push_back({name + "_" + function, {2, kSteps, kFeatures}, entry});
    }
    for (const std::string mode : {"concat", "sum", "ave", "mul"}) {
      all.push_back({name + "_" + mode, {2, kSteps, kFeatures}, wrapped(mode, recurrent(kind, sequences))});
    }
  }
  const Json convolution = {{"filters", 2},
                            {"kernel_size", {2, 2}},
                            {"strides", {1, 1}},
                            {"padding", "same"},
                            {"dilation_rate", {1, 1}},
                            {"activation", "tanh"},
                            {"recurrent_activation", "sigmoid"}};
  all.push_back({"ConvLSTM2D", {2, kSteps, 3, 3, 2}, layer("ConvLSTM2D", "r", convolution)});
  Json spread = layer("TimeDistributed", "r");
  spread["config"]["layer"] = layer("Dense", "d", {{"units", 2}, {"activation", "tanh"}, {"use_bias", true}});
  all.push_back({"TimeDistributed", {2, kSteps, kFeatures}, spread});
  all.push_back({"LayerNormalization", {2, 5}, layer("LayerNormalization", "r", {{"axis", {1}}})});
  all.push_back({"GroupNormalization", {2, 3, 4}, layer("GroupNormalization", "r", {{"groups", 2}, {"axis", -1}})});
  all.push_back({"RMSNormalization", {2, 5}, layer("RMSNormalization", "r", {{"axis", {1}}})});
  all.push_back({"UnitNormalization", {2, 5}, layer("UnitNormalization", "r", {{"axis", {1}}})});
  return all;
}

class Conservation : public testing::TestWithParam<Conserving> {};

TEST_P(Conservation, WithoutBiasesTheInputHasWhatTheOutputHad) {
  RandomWeights weights(false);
  const Conserving& tested = GetParam();
  Json shape = Json::array({nullptr});
  for (std::size_t i = 1; i < tested.shape.size(); ++i) shape.push_back(tested.shape[i]);
  const Json head = layer("Dense", "head", {{"units", 3}, {"use_bias", true}});
  const graph::Network network = network_of({tested.entry, layer("Flatten", "flat"), head}, weights, shape);
  const Array x = random_array(tested.shape, 11), y = run(graph::bind(network, {x.shape}), x);
  const Array map = relevance(network, {x}, 2)[0];
  for (std::size_t n = 0; n < 2; ++n) {
    const double expected = y.data[n * 3 + 2];
    EXPECT_GT(std::fabs(expected), 1e-3);
    EXPECT_NEAR(sum(map, n), expected, 1e-4 * std::fabs(expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, Conservation, testing::ValuesIn(conserving()),
                         [](const auto& tested) { return tested.param.name; });

TEST(InnerRulesOfStates, GetWhatTheInputDoesNot) {
  RandomWeights weights(false);
  Json lstm = recurrent("LSTM");
  const Json model = functional({input_layer("x", {nullptr, kSteps, kFeatures}), input_layer("h", {nullptr, kUnits}),
                                 input_layer("c", {nullptr, kUnits}), called(lstm, {{"x", "h", "c"}})},
                                {"x", "h", "c"}, {"r"});
  const graph::Network network = build(model, weights);
  const std::vector<Array> x = {random_array({2, kSteps, kFeatures}, 1), random_array({2, kUnits}, 2),
                                random_array({2, kUnits}, 3)};
  const std::vector<Array> maps = relevance(network, x, 1);
  const Array y = reference::evaluate(graph::bind(network, {x[0].shape, x[1].shape, x[2].shape}).graph, x).at(0);
  for (std::size_t n = 0; n < 2; ++n) {
    const double expected = y.data[n * kUnits + 1];
    EXPECT_NEAR(sum(maps[0], n) + sum(maps[1], n) + sum(maps[2], n), expected, 1e-4 * std::fabs(expected));
    EXPECT_GT(std::fabs(sum(maps[2], n)), 1e-3 * std::fabs(expected));
  }
}

TEST(InnerRulesOfProducts, GiveHalfToEachFactorAndAllToWhatAGateLetsThrough) {
  const auto pair = [](const char* class_name) {
    return functional({input_layer("a", {nullptr, 2}), input_layer("b", {nullptr, 2}),
                       called(layer(class_name, "m", {{"axes", 1}, {"normalize", false}}), {{"a", "b"}})},
                      {"a", "b"}, {"m"});
  };
  const std::vector<Array> x = {array({1, 2}, {2, 3}), array({1, 2}, {5, -1})};
  RandomWeights weights(false);
  std::vector<Array> maps = relevance(build(pair("Multiply"), weights), x, 0);
  expect_near(maps[0], {1, 2}, {5, 0});
  expect_near(maps[1], {1, 2}, {5, 0});
  maps = relevance(build(pair("Dot"), weights), x, 0);  // 2 * 5 + 3 * -1
  expect_near(maps[0], {1, 2}, {5, -1.5});
  expect_near(maps[1], {1, 2}, {5, -1.5});
  maps = relevance(build(pair("Subtract"), weights), x, 1);  // 3 - -1
  expect_near(maps[0], {1, 2}, {0, 3});
  expect_near(maps[1], {1, 2}, {0, 1});
}

TEST(InnerRulesOfSoftmax, AreTheTaylorExpansion) {
  RandomWeights weights(false);
  const Json softmax = layer("Activation", "s", {{"activation", "softmax"}}),
             head = layer("Dense", "d", {{"units", 1}});
  const graph::Network network = network_of({softmax, head}, weights, {nullptr, 3});
  const Vector x = {0.5, -1, 2}, &w = weights.of("kernel");
  const double total = std::exp(x[0]) + std::exp(x[1]) + std::exp(x[2]);
  Vector arrived, expected;
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    arrived.push_back(std::exp(x[i]) / total * w[i]);
    sum += arrived.back();
  }
  for (std::size_t i = 0; i < 3; ++i) expected.push_back(x[i] * (arrived[i] - std::exp(x[i]) / total * sum));
  expect_near(relevance(network, {array({1, 3}, x)}, 0)[0], {1, 3}, expected);
}

TEST(InnerRulesOfAttention, GiveHalfToTheValuesAndWhatSoftmaxLeavesToTheScores) {
  RandomWeights weights(false);
  Json inputs =
      Json::array({Json{"q", 0, 0, Json::object()}, Json{"v", 0, 0, Json::object()}, Json{"k", 0, 0, Json::object()}});
  Json attention = layer("Attention", "a", {{"use_scale", false}, {"score_mode", "dot"}});
  attention["inbound_nodes"] = Json::array({inputs});
  const Json model = functional({input_layer("q", {nullptr, 2, 3}), input_layer("v", {nullptr, 4, 2}),
                                 input_layer("k", {nullptr, 4, 3}), attention},
                                {"q", "v", "k"}, {"a"});
  const graph::Network network = build(model, weights);
  const std::vector<Array> x = {random_array({1, 2, 3}, 1), random_array({1, 4, 2}, 2), random_array({1, 4, 3}, 3)};
  const std::vector<Array> maps = relevance(network, x, 3);  // the second value of the second query
  const double y =
      reference::evaluate(graph::bind(network, {x[0].shape, x[1].shape, x[2].shape}).graph, x).at(0).data[3];
  EXPECT_NEAR(sum(maps[1], 0), y / 2, 1e-6);
  // Scores z_s = sum q k have weights p_s and half of their relevance, p_s v_s / 2: R_s = z_s (p_s v_s / 2 - p_s y /
  // 2).
  Vector scores(4);
  double total = 0, kept = 0;
  for (std::size_t s = 0; s < 4; ++s) {
    for (std::size_t i = 0; i < 3; ++i) scores[s] += x[0].data[3 + i] * x[2].data[s * 3 + i];
    total += std::exp(scores[s]);
  }
  for (std::size_t s = 0; s < 4; ++s) kept += scores[s] * std::exp(scores[s]) / total * (x[1].data[s * 2 + 1] - y) / 2;
  EXPECT_NEAR(sum(maps[0], 0), kept / 2, 1e-6);
  EXPECT_NEAR(sum(maps[2], 0), kept / 2, 1e-6);
}

TEST(InnerRulesInWords, AreWhatInspectPrints) {
  RandomWeights weights(true);
  const Json sequences = {{"return_sequences", true}};
  const Json heads = {{"num_heads", 2}, {"key_dim", 3}, {"value_dim", 3}, {"use_bias", true}, {"dropout", 0.0}};
  const std::vector<Json> mask_and_cell = {layer("Masking", "m"), recurrent("LSTM", sequences)};
  Json attention = called(layer("MultiHeadAttention", "a", heads), {{Json{"r", 0, 0, {{"value", {"r", 0, 0}}}}}});
  const Json model = functional(
      {input_layer("in", {nullptr, kSteps, kFeatures}), called(mask_and_cell[0], {{"in"}}),
       called(mask_and_cell[1], {{"m"}}), attention, called(layer("Multiply", "p"), {{"a", "r"}}),
       called(layer("LayerNormalization", "n", {{"axis", {2}}}), {{"p"}}),
       called(layer("Activation", "t", {{"activation", "gelu"}}), {{"n"}}),
       called(layer("Permute", "q", {{"dims", {2, 1}}}), {{"t"}}), called(layer("Subtract", "s"), {{"n", "t"}})},
      {"in"}, {"q", "s"});
  const graph::Network network = build(model, weights);
  const auto treatments = [&](const char* semantics) {
    return methods::layer_treatments(methods::resolve("lrp", {{"rule", std::string("Z")}}), network,
                                     reverse::Semantics::parse(semantics));
  };
  EXPECT_THAT(treatments("sound"), testing::ElementsAre("input", "pass-through", "signal takes all", "AttnLRP",
                                                        "half to each factor", "by contribution, divisor fixed",
                                                        "pass-through", "gradient", "share by contribution"));
  EXPECT_THAT(treatments("signxai"), testing::ElementsAre("input", "pass-through", "gradient", "gradient", "gradient",
                                                          "pass-through", "pass-through", "gradient", "gradient"));
}

TEST(InnerRulesOfCurves, AreFiniteAtZero) {
  RandomWeights weights(false);
  const graph::Network network = network_of({recurrent("LSTM")}, weights);
  Array x({1, kSteps, kFeatures});
  for (const double v : relevance(network, {x}, 0)[0].data) EXPECT_NEAR(v, 0, 1e-300);
  x.data.back() = 1e-12;  // f(x) / x is the derivative there
  const Array map = relevance(network, {x}, 0)[0];
  EXPECT_NEAR(map.data.back() / run(graph::bind(network, {x.shape}), x).data[0], 1, 1e-6);
}

}  // namespace
}  // namespace signxai::keras
