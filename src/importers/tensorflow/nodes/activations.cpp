// Activation functions: of the layer before where both are in one scope, else layers of their own. Those that
// TensorFlow computes by several nodes are recovered at the last of them.
#include <algorithm>
#include <cmath>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using keras::Json;

struct NamedActivation {
  std::string_view op;
  const char* activation;
};

constexpr NamedActivation kActivations[] = {
    {"Elu", "elu"},           {"LogSoftmax", "log_softmax"},
    {"Relu", "relu"},         {"Relu6", "relu6"},
    {"Selu", "selu"},         {"Sigmoid", "sigmoid"},
    {"Softmax", "softmax"},   {"Softplus", "softplus"},
    {"Softsign", "softsign"}, {"Tanh", "tanh"},
};

/// The node behind an input of another node.
Source source_of(const Translator& translator, const FlatNode& node, std::size_t index) {
  return translator.origin(node.inputs[index]);
}

/// The one number that an input is; nothing where it is something else.
std::optional<double> scalar(const Translator& translator, const FlatNode& node, std::size_t index) {
  const Value& value = translator.value(node.inputs[index]);
  if (!value.numbers || value.numbers->size() != 1) return std::nullopt;
  return *value.numbers->data();
}

bool is_near(std::optional<double> number, double expected) {
  return number && std::abs(*number - expected) <= 1e-5 * std::abs(expected);
}

/// The factor that is no number, of a product with that number; an invalid source where it is none.
Source factor(const Translator& translator, const FlatNode* product, double number) {
  if (!product || product->inputs.size() != 2) return {};
  for (const std::size_t i : {0u, 1u}) {
    if (is_near(scalar(translator, *product, i), number)) return source_of(translator, *product, 1 - i);
  }
  return {};
}

/// x sigmoid(x).
Source swish(const Node& node, std::size_t curve) {
  const Translator& t = node.translator();
  const FlatNode* sigmoid = node.made_by(curve, "Sigmoid");
  if (!sigmoid) return {};
  const Source x = source_of(t, node.flat(), 1 - curve);
  Source inner = source_of(t, *sigmoid, 0);
  const Source scaled = factor(t, t.behind(*sigmoid, 0, "Mul"), 1.0);
  if (scaled.node >= 0) inner = scaled;
  return inner == x ? x : Source{};
}

/// x / 2 (1 + erf(x / sqrt 2)), or x / 2 erfc(-x / sqrt 2).
Source gelu(const Node& node, std::size_t curve) {
  const Translator& t = node.translator();
  const Source x = factor(t, node.made_by(1 - curve, "Mul"), 0.5);
  if (x.node < 0) return {};
  if (const FlatNode* complement = node.made_by(curve, "Erfc")) {
    const Source negative = factor(t, t.behind(*complement, 0, "Mul"), std::sqrt(0.5));
    if (negative.node < 0) return {};
    const FlatNode& neg = t.node(negative);
    return neg.definition && neg.definition->op() == "Neg" && source_of(t, neg, 0) == x ? x : Source{};
  }
  const FlatNode* sum = node.made_by(curve, "AddV2");
  for (const std::size_t i : {0u, 1u}) {
    const FlatNode* erf = sum ? t.behind(*sum, i, "Erf") : nullptr;
    if (!erf || !is_near(scalar(t, *sum, 1 - i), 1.0)) continue;
    const FlatNode* quotient = t.behind(*erf, 0, "RealDiv");
    if (quotient && is_near(scalar(t, *quotient, 1), std::sqrt(2.0)) && source_of(t, *quotient, 0) == x) return x;
    if (factor(t, t.behind(*erf, 0, "Mul"), std::sqrt(0.5)) == x) return x;
  }
  return {};
}

}  // namespace

Value activated(Node& node, const Value& x, bool only_use, const char* activation) {
  const bool part = x.draft && !x.draft->activated && only_use && x.draft->scope == node.scope();
  if (part) {
    x.draft->call.config["activation"] = activation;
    x.draft->biased = x.draft->activated = true;
    return x;
  }
  return node.layer("Activation", {{"activation", activation}}, {x}, {}, x.shape);
}

std::vector<Value> node_activation(Node& node) {
  const Value& x = node.operand(0);
  if (node.op() == "LeakyRelu")
    return {node.layer("LeakyReLU", {{"alpha", node.number("alpha", 0.2)}}, {x}, {}, x.shape)};
  const auto it = std::find_if(std::begin(kActivations), std::end(kActivations),
                               [&](const NamedActivation& n) { return n.op == node.op(); });
  return {activated(node, x, node.only_use(0), it->activation)};
}

std::optional<Value> recover_product(Node& node) {
  for (const std::size_t curve : {0u, 1u}) {
    for (const auto& [find, name] : {std::pair{&swish, "swish"}, std::pair{&gelu, "gelu"}}) {
      const Source x = find(node, curve);
      if (x.node >= 0 && node.translator().value(x).is_tensor())
        return activated(node, node.translator().value(x), false, name);
    }
  }
  return std::nullopt;
}

/// relu(x) + (-alpha) relu(-x)
std::optional<Value> recover_sum(Node& node) {
  const Translator& t = node.translator();
  for (const std::size_t above : {0u, 1u}) {
    const FlatNode *relu = node.made_by(above, "Relu"), *product = node.made_by(1 - above, "Mul");
    if (!relu || !product) continue;
    for (const std::size_t i : {0u, 1u}) {
      const FlatNode* below = t.behind(*product, i, "Relu");
      const FlatNode* negative = below ? t.behind(*below, 0, "Neg") : nullptr;
      const Value& slope = t.value(product->inputs[1 - i]);
      const Source x = source_of(t, *relu, 0);
      if (!negative || source_of(t, *negative, 0) != x || !slope.numbers) continue;
      const Value& input = t.value(x);
      if (slope.rank() + 1 != input.rank()) continue;
      std::vector<float> alpha(slope.numbers->data(), slope.numbers->data() + slope.numbers->size());
      std::transform(alpha.begin(), alpha.end(), alpha.begin(), std::negate<>());
      Json shared = Json::array();
      for (std::size_t axis = 0; axis < slope.rank(); ++axis) {
        if (slope.numbers->shape()[axis] == 1) shared.push_back(axis + 1);
      }
      return node.layer("PReLU", {{"shared_axes", shared}}, {input},
                        {{slope.numbers->shape(), std::move(alpha), "alpha"}}, input.shape);
    }
  }
  return std::nullopt;
}

}  // namespace signxai::tensorflow
