// The table of activation functions, composed of pointwise primitives. No branch that `select` drops may overflow: its
// derivative would turn into 0 * inf.
#include "importers/layers/activations.h"

#include <cmath>
#include <limits>

#include "base/nearest.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Value;

Value number(Builder& b, double value) { return b.constant(value); }
Value is_positive(Builder& b, Value x) { return b.make("greater", {x, number(b, 0.0)}); }
/// exp(x) - 1 where x <= 0, else 0.
/// Not expm1: TensorFlow rounds exp(x) first, which decides near-ties in max pooling.
Value saturating(Builder& b, Value x) { return b.sub(b.unary("exp", b.negative_part(x)), number(b, 1.0)); }
Value scaled(Builder& b, double factor, Value x) { return factor == 1.0 ? x : b.mul(number(b, factor), x); }

Value linear(Builder&, Value x, const Config&) { return x; }

template <const char* op>
Value primitive(Builder& b, Value x, const Config&) {
  return b.unary(op, x);
}
constexpr char kExp[] = "exp", kSigmoid[] = "sigmoid", kTanh[] = "tanh";

Value relu(Builder& b, Value x, const Config& p) {
  const double infinity = std::numeric_limits<double>::infinity();
  // Keras 2 calls the slope "negative_slope" in the layer and "alpha" in the function.
  const double slope = p.number("negative_slope", p.number("alpha", 0.0));
  return make_relu(b, x, {p.number("max_value", infinity), slope, p.number("threshold", 0.0)});
}

Value relu6(Builder& b, Value x, const Config&) { return make_relu(b, x, {6.0, 0.0, 0.0}); }

/// At 0 the derivative is the slope, as in TensorFlow.
Value leaky(Builder& b, Value x, double slope) { return b.select(is_positive(b, x), x, b.mul(number(b, slope), x)); }

/// The function has slope 0.2 and the layer 0.3 by default; the layer always writes its own.
Value leaky_relu(Builder& b, Value x, const Config& p) {
  return leaky(b, x, p.number("alpha", p.number("negative_slope", 0.2)));
}

Value elu(Builder& b, Value x, const Config& p) {
  return b.add(b.relu(x), scaled(b, p.number("alpha", 1.0), saturating(b, x)));
}

/// At 0 the derivative is that of the positive side, unlike elu's.
Value selu(Builder& b, Value x, const Config&) {
  constexpr double kAlpha = 1.6732632423543772, kScale = 1.0507009873554805;
  const Value not_negative = b.make("greater_equal", {x, number(b, 0.0)});
  return scaled(b, kScale, b.select(not_negative, x, scaled(b, kAlpha, saturating(b, x))));
}

Value thresholded_relu(Builder& b, Value x, const Config& p) {
  return b.mul(x, b.make("greater", {x, number(b, p.number("theta", 1.0))}));
}

/// log(1 + exp(x)), exact far out on both sides.
Value make_softplus(Builder& b, Value x) {
  const Value above = b.relu(x);
  const Value right = b.add(above, b.unary("log1p", b.unary("exp", b.unary("neg", above))));
  return b.select(is_positive(b, x), right, b.unary("log1p", b.unary("exp", b.negative_part(x))));
}

Value softplus(Builder& b, Value x, const Config&) { return make_softplus(b, x); }
Value softsign(Builder& b, Value x, const Config&) { return b.div(x, b.add(b.unary("abs", x), number(b, 1.0))); }

/// The limits count as inside for the derivative: the value is the first operand, which wins ties.
/// Keras 3 has the flatter line of relu6(x + 3) / 6.
Value hard_sigmoid(Builder& b, Value x, const Config& p) {
  const Value line = b.add(scaled(b, p.keras() == 3 ? 1.0 / 6.0 : 0.2, x), number(b, 0.5));
  return b.make("minimum", {b.make("maximum", {line, number(b, 0.0)}), number(b, 1.0)});
}

Value gelu(Builder& b, Value x, const Config& p) {
  Value curve;
  if (p.flag("approximate", false)) {
    const Value cube = b.mul(x, b.mul(x, x));
    curve = b.unary("tanh", scaled(b, std::sqrt(2.0 / M_PI), b.add(x, scaled(b, 0.044715, cube))));
  } else {
    curve = b.unary("erf", scaled(b, std::sqrt(0.5), x));
  }
  return b.mul(scaled(b, 0.5, x), b.add(curve, number(b, 1.0)));
}

Value swish(Builder& b, Value x, const Config&) { return b.mul(x, b.unary("sigmoid", x)); }
Value mish(Builder& b, Value x, const Config&) { return b.mul(x, b.unary("tanh", make_softplus(b, x))); }

Value clipped(Builder& b, Value x, double low, double high) {
  return b.make("minimum", {b.make("maximum", {x, number(b, low)}), number(b, high)});
}

Value hard_tanh(Builder& b, Value x, const Config&) { return clipped(b, x, -1, 1); }
Value hard_silu(Builder& b, Value x, const Config&) {
  return b.mul(x, clipped(b, b.add(scaled(b, 1.0 / 6.0, x), number(b, 0.5)), 0, 1));
}
Value hard_shrink(Builder& b, Value x, const Config&) {
  return b.mul(x, b.make("greater", {b.unary("abs", x), number(b, 0.5)}));
}
Value soft_shrink(Builder& b, Value x, const Config&) {
  return b.sub(b.relu(b.sub(x, number(b, 0.5))), b.relu(b.sub(number(b, -0.5), x)));
}
Value tanh_shrink(Builder& b, Value x, const Config&) { return b.sub(x, b.unary("tanh", x)); }
Value log_sigmoid(Builder& b, Value x, const Config&) { return b.unary("neg", make_softplus(b, b.unary("neg", x))); }
Value sparse_sigmoid(Builder& b, Value x, const Config&) {
  return b.add(scaled(b, 0.5, clipped(b, x, -1, 1)), number(b, 0.5));
}

/// 0, (x + 1)^2 / 4, x: below, within and above [-1, 1].
Value sparse_plus(Builder& b, Value x, const Config&) {
  const Value inside = b.add(clipped(b, x, -1, 1), number(b, 1.0));
  return b.add(scaled(b, 0.25, b.mul(inside, inside)), b.relu(b.sub(x, number(b, 1.0))));
}

Value squareplus(Builder& b, Value x, const Config&) {
  return scaled(b, 0.5, b.add(x, b.unary("sqrt", b.add(b.mul(x, x), number(b, 4.0)))));
}

std::int64_t last_extent(const Builder& b, Value x, const Config& p, const char* what) {
  const std::int64_t last = b.shape(x).back();
  if (last == graph::kOpen) p.wrong("activation", std::string(what) + " over a last axis of known extent");
  return last;
}

/// Channels [begin, end).
Value channels(Builder& b, Value x, std::int64_t begin, std::int64_t end) {
  graph::Ints first(b.shape(x).size(), 0), last(b.shape(x).size(), std::numeric_limits<std::int64_t>::max());
  first.back() = begin;
  last.back() = end;
  return b.make("slice", {x}, {{"begin", first}, {"end", last}});
}

/// The first half of the channels times the sigmoid of the second.
Value glu(Builder& b, Value x, const Config& p) {
  const std::int64_t last = last_extent(b, x, p, "glu");
  if (last % 2 != 0) p.wrong("activation", "glu over an even number of channels");
  return b.mul(channels(b, x, 0, last / 2), b.unary("sigmoid", channels(b, x, last / 2, last)));
}

/// max(x - tau, 0), which adds up to 1 (Martins and Astudillo 2016). An element is in the support where
/// 1 + k x > sum of the k elements that are not smaller.
Value sparsemax(Builder& b, Value x, const Config& p) {
  const std::int64_t last = last_extent(b, x, p, "sparsemax"), axis = static_cast<std::int64_t>(b.shape(x).size()) - 1;
  Shape column(b.shape(x).size() - 1, 0), row = column;
  column.insert(column.end(), {last, 1});
  row.insert(row.end(), {1, last});
  const Value mine = b.reshape(x, column), others = b.reshape(x, row);
  const Value not_smaller = b.make("greater_equal", {others, mine});
  const Value count = b.reduce("reduce_sum", not_smaller, {axis + 1}, false);
  const Value sum = b.reduce("reduce_sum", b.mul(not_smaller, others), {axis + 1}, false);
  const Value support = b.make("greater", {b.add(number(b, 1.0), b.mul(count, x)), sum});
  const Value total = b.sub(b.reduce("reduce_sum", b.mul(support, x), {axis}, true), number(b, 1.0));
  return b.relu(b.sub(x, b.div(total, b.reduce("reduce_sum", support, {axis}, true))));
}

using Kind = HeadFunction::Kind;

constexpr ActivationDef kActivations[] = {
    {"celu", "", elu},
    {"elu", "ELU", elu},
    {"exponential", "", primitive<kExp>},
    {"gelu", "", gelu},
    {"glu", "", glu},
    {"hard_shrink", "", hard_shrink},
    {"hard_sigmoid", "", hard_sigmoid},
    {"hard_silu", "", hard_silu},
    {"hard_swish", "", hard_silu},
    {"hard_tanh", "", hard_tanh},
    {"leaky_relu", "LeakyReLU", leaky_relu},
    {"linear", "", linear},
    {"log_softmax", "", nullptr, Kind::kLogSoftmax},
    {"log_sigmoid", "", log_sigmoid},
    {"mish", "", mish},
    {"relu", "ReLU", relu},
    {"relu6", "", relu6},
    {"selu", "", selu},
    {"sigmoid", "", primitive<kSigmoid>, Kind::kSigmoid},
    {"silu", "", swish},
    {"soft_shrink", "", soft_shrink},
    {"softmax", "Softmax", nullptr, Kind::kSoftmax},
    {"softmax_v2", "", nullptr, Kind::kSoftmax},
    {"softplus", "", softplus},
    {"softsign", "", softsign},
    {"sparse_plus", "", sparse_plus},
    {"sparse_sigmoid", "", sparse_sigmoid},
    {"sparsemax", "", sparsemax},
    {"squareplus", "", squareplus},
    {"swish", "", swish},
    {"tanh", "", primitive<kTanh>},
    {"tanh_shrink", "", tanh_shrink},
    {"thresholded_relu", "ThresholdedReLU", thresholded_relu},
};

const ActivationDef* find_activation(std::string_view name) {
  for (const ActivationDef& def : kActivations) {
    if (def.name == name || (!def.layer_class.empty() && def.layer_class == name)) return &def;
  }
  return nullptr;
}

[[noreturn]] void refuse(const std::string& subject, const std::string& reason) {
  throw Error(ErrorCode::kUnsupported, "import", subject, reason);
}

const ActivationDef& named(const std::string& name, const std::string& subject) {
  if (const ActivationDef* def = find_activation(name)) return *def;
  if (name == "threshold")
    refuse(subject,
           "activation 'threshold' has no parameters in a configuration, so that Keras cannot compute it either; try "
           "ThresholdedReLU or keras.ops.threshold");
  std::vector<std::string> names;
  for (const ActivationDef& def : kActivations) names.emplace_back(def.name);
  const std::string hint = did_you_mean(name, names);
  refuse(subject, "activation '" + name + "' is not supported" + (hint.empty() ? "" : "; " + hint));
}

const Json& no_parameters() {
  static const Json kEmpty = Json::object();
  return kEmpty;
}

/// The axis or axes of a Softmax layer; only one is supported.
std::int64_t softmax_axis(const LayerContext& context, const Config& parameters, std::size_t rank) {
  const graph::Ints axes = parameters.has("axis") ? parameters.integers("axis") : graph::Ints{-1};
  if (axes.size() != 1) context.refuse("softmax over several axes is not supported");
  return static_cast<std::int64_t>(context.axis(axes[0], rank, "axis"));
}

}  // namespace

Value make_relu(Builder& b, Value x, const ReluParameters& p) {
  if (p.negative_slope != 0 && p.threshold == 0 && std::isinf(p.max_value)) return leaky(b, x, p.negative_slope);
  const Value kept = p.threshold == 0 ? b.relu(x) : b.mul(x, b.make("greater", {x, number(b, p.threshold)}));
  Value y = kept;
  if (p.max_value == 6.0 && p.threshold == 0) {
    y = b.make("minimum", {number(b, 6.0), kept});  // TensorFlow's relu6 has derivative 0 at 6 ...
  } else if (!std::isinf(p.max_value)) {
    // ... while its clipping, used for every other limit, passes the gradient there.
    y = b.make("minimum", {b.make("maximum", {kept, number(b, 0.0)}), number(b, p.max_value)});
  }
  if (p.negative_slope == 0) return y;
  const Value below = b.relu(b.sub(number(b, p.threshold), x));
  return b.sub(y, b.mul(number(b, p.negative_slope), below));
}

Value make_head(Builder& b, Value x, const HeadFunction& head) {
  if (head.kind == Kind::kSigmoid) return b.unary("sigmoid", x);
  const Value shifted = b.sub(x, b.reduce("reduce_max", x, {head.axis}, true));
  const Value exponentials = b.unary("exp", shifted);
  const Value total = b.reduce("reduce_sum", exponentials, {head.axis}, true);
  return head.kind == Kind::kLogSoftmax ? b.sub(shifted, b.unary("log", total)) : b.div(exponentials, total);
}

Activation resolve_activation(const Json* value, const Config& layer) {
  const std::string& subject = layer.subject();
  const auto parameters = [&](const Json& config) { return Config(config, subject, layer.keras()); };
  if (!value || value->is_null()) return {find_activation("linear"), parameters(no_parameters())};
  if (value->is_string()) return {&named(value->get<std::string>(), subject), parameters(no_parameters())};
  const Config form(*value, subject);
  const std::string class_name = form.text("class_name");
  const Json* config = form.find("config");
  if (class_name == "function" && config && config->is_string()) return resolve_activation(config, layer);
  if (class_name == "Activation" && config) {
    return resolve_activation(Config(*config, subject).find("activation"), layer);
  }
  if (class_name == "function" || class_name.find("ambda") != std::string::npos) {
    refuse(subject, "the activation is marshalled Python code, which is never executed");
  }
  return {&named(class_name, subject), parameters(config ? *config : no_parameters())};
}

const ActivationDef& activation_of_layer(std::string_view layer_class) { return *find_activation(layer_class); }

LayerResult apply_activation(LayerContext& context, Value value, const Activation& activation,
                             const std::string& form) {
  const std::string name(activation.def->name);
  if (!activation.def->head) {
    return {value, activation.def->apply(context.builder(), value, activation.parameters), name, {}};
  }
  if (context.head_suppressed()) return LayerResult::plain(value);
  const std::size_t rank = context.shape(value).size();
  const Kind kind = *activation.def->head;
  const auto axis = kind == Kind::kSigmoid ? static_cast<std::int64_t>(rank) - 1  // element by element: any will do
                                           : softmax_axis(context, activation.parameters, rank);
  const HeadFunction head{kind, axis, form};
  return {value, make_head(context.builder(), value, head), name == "softmax_v2" ? "softmax" : name, head};
}

LayerResult fused_activation(LayerContext& context, Value kernel_output) {
  const Config& config = context.config();
  const Activation activation = resolve_activation(config.find("activation"), config);
  LayerResult result = apply_activation(context, kernel_output, activation, "fused activation");
  if (result.activation == "linear") result.activation.clear();
  return result;
}

}  // namespace signxai::keras
