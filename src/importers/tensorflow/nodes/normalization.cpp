// Batch normalization, in one node or by its arithmetic; layer normalization, which TensorFlow computes as a batch
// normalization in which each sample is a channel.
#include <algorithm>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Literal;
using keras::Json;

const Literal* numbers(const Translator& t, const FlatNode& node, std::size_t index) {
  const Value& value = t.value(node.inputs[index]);
  return value.numbers ? &*value.numbers : nullptr;
}

/// The one axis that the numbers differ along, of a tensor of that rank; nothing where they are of several.
std::optional<std::size_t> axis_of(const Literal& literal, std::size_t rank) {
  const Shape& shape = literal.shape();
  if (shape.empty() || shape.size() > rank) return std::nullopt;
  std::size_t axis = shape.size() - 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1) axis = i;
  }
  return shape[axis] == literal.size() ? std::optional(axis + rank - shape.size()) : std::nullopt;
}

Literal flat(const Literal& literal) { return {{literal.size()}, literal.storage(), literal.name()}; }

/// gamma / sqrt(variance + epsilon), as numbers.
struct Scale {
  const Literal* variance = nullptr;
  const Literal* gamma = nullptr;  ///< null: 1
  double epsilon = 0;
};

std::optional<Scale> scale_of(const Translator& t, const Source& source) {
  Scale scale;
  const FlatNode* node = &t.node(source);
  if (node->definition && node->definition->op() == "Mul") {
    for (const std::size_t i : {0u, 1u}) {
      const FlatNode* root = t.behind(*node, i, "Rsqrt");
      if (root) scale.gamma = numbers(t, *node, 1 - i), node = root;
      if (root && !scale.gamma) return std::nullopt;
      if (root) break;
    }
  }
  const FlatNode* sum = node->definition && node->definition->op() == "Rsqrt" ? t.behind(*node, 0, "AddV2") : nullptr;
  for (const std::size_t i : {0u, 1u}) {
    const Literal* number = sum ? numbers(t, *sum, i) : nullptr;
    if (!number || number->size() != 1 || !number->shape().empty()) continue;
    scale.epsilon = static_cast<double>(*number->data());
    scale.variance = numbers(t, *sum, 1 - i);
  }
  return scale.variance ? std::optional(scale) : std::nullopt;
}

/// beta - mean scale, or -mean scale.
struct Shift {
  const Literal* beta = nullptr;
  const Literal* mean = nullptr;
};

const Literal* factor_besides(const Translator& t, const FlatNode* product, const Source& scale) {
  for (const std::size_t i : {0u, 1u}) {
    if (product && t.origin(product->inputs[i]) == scale) return numbers(t, *product, 1 - i);
  }
  return nullptr;
}

std::optional<Shift> shift_of(const Translator& t, const FlatNode& node, std::size_t index, const Source& scale) {
  Shift shift;
  if (const FlatNode* difference = t.behind(node, index, "Sub")) {
    shift.beta = numbers(t, *difference, 0);
    shift.mean = factor_besides(t, t.behind(*difference, 1, "Mul"), scale);
    if (!shift.beta) return std::nullopt;
  } else if (const FlatNode* negative = t.behind(node, index, "Neg")) {
    shift.mean = factor_besides(t, t.behind(*negative, 0, "Mul"), scale);
  }
  return shift.mean ? std::optional(shift) : std::nullopt;
}

}  // namespace

std::vector<Value> node_batch_norm(Node& node) {
  const Value& x = node.operand(0);
  const double epsilon = node.number("epsilon", 1e-4);
  if (!node.flag("is_training", true)) {
    const bool first = node.text("data_format", "NHWC").starts_with("NC");
    std::vector<Literal> weights;
    for (std::size_t i = 1; i < 5; ++i) weights.push_back(flat(node.numbers(i, "statistics")));
    return {node.layer("BatchNormalization", {{"axis", first ? 1 : -1}, {"epsilon", epsilon}}, {x}, std::move(weights),
                       x.shape)};
  }
  if (!x.centred) node.refuse("is a batch normalization in training mode, which mixes the samples of a batch");
  Value base = x;
  base.centred = false;
  base.shape = x.base;
  Json axes = Json::array();
  std::int64_t left = x.shape[2];
  for (std::size_t axis = x.base.size(); axis-- > 1 && left > 1;) {
    axes.insert(axes.begin(), axis);
    left /= x.base[axis];
  }
  if (axes.empty()) axes.push_back(x.base.size() - 1);
  Value made =
      node.layer("LayerNormalization", {{"axis", axes}, {"epsilon", epsilon}, {"scale", false}, {"center", false}},
                 {base}, {}, x.base);
  made.centred = true;
  made.base = x.base;
  made.shape = x.shape;
  return {made};
}

/// x scale + (beta - mean scale)
std::optional<Value> recover_normalization(Node& node) {
  const Translator& t = node.translator();
  for (const std::size_t i : {0u, 1u}) {
    const FlatNode* product = node.made_by(i, "Mul");
    if (!product) continue;
    for (const std::size_t j : {0u, 1u}) {
      const Value& x = t.value(product->inputs[1 - j]);
      const Source source = t.origin(product->inputs[j]);
      if (!t.value(source).numbers || !x.is_tensor()) continue;
      const auto scale = scale_of(t, source);
      const auto shift = scale ? shift_of(t, node.flat(), 1 - i, source) : std::nullopt;
      const auto axis = shift ? axis_of(*scale->variance, x.rank()) : std::nullopt;
      if (!axis || *axis == 0) continue;
      std::vector<Literal> weights;
      for (const Literal* each : {scale->gamma, shift->beta, shift->mean, scale->variance}) {
        if (each) weights.push_back(flat(*each));
      }
      const auto fits = [&](const Literal& w) { return w.size() == scale->variance->size(); };
      if (!std::all_of(weights.begin(), weights.end(), fits)) continue;
      return node.layer("BatchNormalization",
                        {{"axis", *axis},
                         {"epsilon", scale->epsilon},
                         {"scale", scale->gamma != nullptr},
                         {"center", shift->beta != nullptr}},
                        {x}, std::move(weights), x.shape);
    }
  }
  return std::nullopt;
}

std::optional<Value> scaled_normalization(Node& node, const char* flag) {
  for (const std::size_t i : {0u, 1u}) {
    const Value &x = node.operand(i), &by = node.operand(1 - i);
    if (!x.draft || !by.numbers || x.in_other_form() || !node.only_use(i)) continue;
    keras::NodeCall& call = x.draft->call;
    if (call.class_name != "LayerNormalization" || call.config[flag] != false || call.config["center"] != false)
      continue;
    Shape extents;
    for (const Json& axis : call.config["axis"]) extents.push_back(x.shape[axis.get<std::size_t>()]);
    if (element_count(extents) != by.numbers->size() || extents.back() != by.numbers->shape().back()) continue;
    call.config[flag] = true;
    call.weights.push_back({extents, by.numbers->storage(), by.numbers->name()});
    return x;
  }
  return std::nullopt;
}

}  // namespace signxai::tensorflow
