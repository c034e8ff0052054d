// The table of node types.
#include "importers/onnx/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/nearest.h"
#include "importers/onnx/nodes/families.h"
#include "importers/onnx/nodes/recover.h"

namespace signxai::onnx {
namespace {

using enum Element;

template <const char* name>
void activation(Node& node) {
  translate_activation(node, name);
}
template <const char* name>
void pair(Node& node) {
  translate_pair(node, name);
}
template <const char* name>
void many(Node& node) {
  translate_many(node, name);
}
template <const char* name>
void single(Node& node) {
  translate_single(node, name);
}
template <const char* name>
void reduce(Node& node) {
  translate_reduction(node, name);
}
template <int order>
void norm(Node& node) {
  translate_reduce_norm(node, order);
}
template <const char* name>
void position(Node& node) {
  translate_position(node, name);
}
template <double (*function)(double, double), Element result = kFloat>
void folded(Node& node) {
  fold_binary(node, function, result);
}
template <double (*function)(double)>
void mapped(Node& node) {
  fold_unary(node, function);
}

/// The node may be the last one of a layer.
template <void (*otherwise)(Node&)>
void recovered(Node& node) {
  if (!recover_normalization(node) && !recover_function(node)) otherwise(node);
}

double sum(double a, double b) { return a + b; }
double difference(double a, double b) { return a - b; }
double product(double a, double b) { return a * b; }
double larger(double a, double b) { return a > b || std::isnan(a) ? a : b; }
double smaller(double a, double b) { return a < b || std::isnan(a) ? a : b; }
double power(double a, double b) { return std::pow(a, b); }
double equal(double a, double b) { return a == b ? 1 : 0; }
double greater(double a, double b) { return a > b ? 1 : 0; }
double greater_equal(double a, double b) { return a >= b ? 1 : 0; }
double less(double a, double b) { return a < b ? 1 : 0; }
double less_equal(double a, double b) { return a <= b ? 1 : 0; }
double both(double a, double b) { return a != 0 && b != 0 ? 1 : 0; }
double either(double a, double b) { return a != 0 || b != 0 ? 1 : 0; }
double one_of(double a, double b) { return (a != 0) != (b != 0) ? 1 : 0; }
/// The sign of the divisor.
double modulo(double a, double b) { return a - b * std::floor(a / b); }
double absolute(double a) { return std::abs(a); }
double negative(double a) { return -a; }
double inverse(double a) { return a == 0 ? 1 : 0; }
double one_over(double a) { return 1 / a; }
double root(double a) { return std::sqrt(a); }
double rounded_down(double a) { return std::floor(a); }
double rounded_up(double a) { return std::ceil(a); }
double rounded_to_even(double a) { return std::nearbyint(a); }
double exponential(double a) { return std::exp(a); }
double logarithm(double a) { return std::log(a); }
double sine(double a) { return std::sin(a); }
double cosine(double a) { return std::cos(a); }
double hyperbolic(double a) { return std::tanh(a); }
double logistic(double a) { return 1 / (1 + std::exp(-a)); }
double positive(double a) { return a > 0 ? a : 0; }
double sign(double a) { return a > 0 ? 1 : a < 0 ? -1 : a; }
double error_function(double a) { return std::erf(a); }

void reduce_sums(Node& node) { fold_reduction(node, sum, 0); }
void reduce_products(Node& node) { fold_reduction(node, product, 1); }
void reduce_largest(Node& node) { fold_reduction(node, larger, -std::numeric_limits<double>::infinity()); }
void reduce_smallest(Node& node) { fold_reduction(node, smaller, std::numeric_limits<double>::infinity()); }

void only_numbers(Node& node) {
  node.refuse("rounds a computed tensor, which has no derivative; supported are numbers that the file states");
}
void only_known(Node& node) { node.refuse("is supported for numbers that the file states, not for computed tensors"); }

constexpr char kAbsolute[] = "Absolute", kAdd[] = "Add", kAmax[] = "Amax", kAmin[] = "Amin", kArgmax[] = "Argmax",
               kArgmin[] = "Argmin", kCelu[] = "celu", kEqual[] = "Equal", kErf[] = "Erf", kExp[] = "Exp",
               kGreater[] = "Greater", kGreaterEqual[] = "GreaterEqual", kHardSilu[] = "hard_silu", kLess[] = "Less",
               kLessEqual[] = "LessEqual", kLog[] = "Log", kLogicalAnd[] = "LogicalAnd", kLogicalNot[] = "LogicalNot",
               kLogicalOr[] = "LogicalOr", kLogsumexp[] = "Logsumexp", kMaximum[] = "Maximum", kMean[] = "Mean",
               kMinimum[] = "Minimum", kMish[] = "mish", kMultiply[] = "Multiply", kNegative[] = "Negative",
               kProd[] = "Prod", kReciprocal[] = "Reciprocal", kSelu[] = "selu", kSign[] = "Sign",
               kSoftplus[] = "softplus", kSoftsign[] = "softsign", kSqrt[] = "Sqrt", kSubtract[] = "Subtract",
               kSum[] = "Sum", kTanh[] = "tanh";

void add(Node& node) {
  if (!recover_bias(node)) recovered<many<kAdd>>(node);
}

constexpr NodeType kTypes[] = {
    {"Abs", single<kAbsolute>, mapped<absolute>, "Absolute"},
    {"Add", add, folded<sum>, "Add; the bias of the layer before it; the end of a layer in parts"},
    {"And", pair<kLogicalAnd>, folded<both, kBoolean>, "LogicalAnd"},
    {"ArgMax", position<kArgmax>, nullptr, "Argmax"},
    {"ArgMin", position<kArgmin>, nullptr, "Argmin"},
    {"AveragePool", translate_average_pool, nullptr, "AveragePooling1D, 2D, 3D"},
    {"BatchNormalization", translate_batch_normalization, nullptr, "BatchNormalization"},
    {"Cast", translate_cast, fold_cast, "Cast to bool; nothing between float types"},
    {"Ceil", only_numbers, mapped<rounded_up>, "numbers"},
    {"Celu", activation<kCelu>, nullptr, "Activation celu"},
    {"Clip", translate_clip, nullptr, "ReLU from 0 on, else Clip"},
    {"Concat", translate_concat, fold_concat, "Concatenate"},
    {"Constant", make_constant, make_constant, "numbers"},
    {"ConstantOfShape", make_constant_of_shape, make_constant_of_shape, "numbers"},
    {"Conv", translate_conv, nullptr, "Conv1D, Conv2D, Conv3D"},
    {"ConvTranspose", translate_conv_transpose, nullptr, "Conv1DTranspose, 2D, 3D"},
    {"Cos", only_known, mapped<cosine>, "numbers"},
    {"DepthToSpace", translate_depth_to_space, nullptr, "Transpose"},
    {"Div", recovered<translate_div>, fold_div, "Divide; the end of a layer in parts"},
    {"Dropout", translate_identity, nullptr, "nothing"},
    {"Einsum", translate_einsum, nullptr, "Einsum"},
    {"Elu", translate_elu, nullptr, "ELU"},
    {"Equal", pair<kEqual>, folded<equal, kBoolean>, "Equal"},
    {"Erf", single<kErf>, mapped<error_function>, "Erf"},
    {"Exp", single<kExp>, mapped<exponential>, "Exp"},
    {"Expand", translate_expand, fold_expand, "BroadcastTo"},
    {"Flatten", translate_flatten, translate_flatten, "Flatten"},
    {"Floor", only_numbers, mapped<rounded_down>, "numbers"},
    {"GRU", translate_gru, nullptr, "GRU, Bidirectional"},
    {"Gather", translate_gather, fold_gather, "Embedding for ids, else GetItem, Take"},
    {"Gelu", translate_gelu, nullptr, "Gelu"},
    {"Gemm", translate_gemm, fold_gemm, "Dense"},
    {"GlobalAveragePool", translate_global_average_pool, nullptr, "GlobalAveragePooling1D, 2D, 3D"},
    {"GlobalMaxPool", translate_global_max_pool, nullptr, "GlobalMaxPooling1D, 2D, 3D"},
    {"Greater", pair<kGreater>, folded<greater, kBoolean>, "Greater"},
    {"GreaterOrEqual", pair<kGreaterEqual>, folded<greater_equal, kBoolean>, "GreaterEqual"},
    {"GroupNormalization", translate_group_normalization, nullptr, "GroupNormalization"},
    {"HardSigmoid", translate_hard_sigmoid, nullptr, "Activation hard_sigmoid, or its parts"},
    {"HardSwish", activation<kHardSilu>, nullptr, "Activation hard_silu"},
    {"Identity", translate_identity, translate_identity, "nothing"},
    {"InstanceNormalization", translate_instance_normalization, nullptr, "GroupNormalization"},
    {"LSTM", translate_lstm, nullptr, "LSTM, Bidirectional"},
    {"LayerNormalization", translate_layer_normalization, nullptr, "LayerNormalization"},
    {"LeakyRelu", translate_leaky_relu, nullptr, "LeakyReLU"},
    {"Less", pair<kLess>, folded<less, kBoolean>, "Less"},
    {"LessOrEqual", pair<kLessEqual>, folded<less_equal, kBoolean>, "LessEqual"},
    {"Log", single<kLog>, mapped<logarithm>, "Log"},
    {"LogSoftmax", translate_log_softmax, nullptr, "LogSoftmax; left out at the end"},
    {"LpNormalization", translate_lp_normalization, nullptr, "l2_normalize"},
    {"MatMul", translate_matmul, fold_matmul, "Dense for a matrix of the file, else Matmul"},
    {"Max", many<kMaximum>, folded<larger>, "Maximum"},
    {"MaxPool", translate_max_pool, nullptr, "MaxPooling1D, 2D, 3D"},
    {"Mean", translate_mean, nullptr, "Add, Multiply"},
    {"Min", many<kMinimum>, folded<smaller>, "Minimum"},
    {"Mish", activation<kMish>, nullptr, "Activation mish"},
    {"Mod", only_known, folded<modulo>, "numbers"},
    {"Mul", recovered<many<kMultiply>>, folded<product>, "Multiply; the end of a layer in parts"},
    {"Neg", single<kNegative>, mapped<negative>, "Negative"},
    {"Not", single<kLogicalNot>, mapped<inverse>, "LogicalNot"},
    {"Or", pair<kLogicalOr>, folded<either, kBoolean>, "LogicalOr"},
    {"PRelu", translate_prelu, nullptr, "PReLU"},
    {"Pad", translate_pad, nullptr, "Pad"},
    {"Pow", translate_pow, folded<power>, "Power"},
    {"RNN", translate_rnn, nullptr, "SimpleRNN, Bidirectional"},
    {"Range", make_range, make_range, "numbers"},
    {"Reciprocal", single<kReciprocal>, mapped<one_over>, "Reciprocal"},
    {"ReduceL1", norm<1>, nullptr, "Norm"},
    {"ReduceL2", norm<2>, nullptr, "Norm"},
    {"ReduceLogSum", translate_reduce_log_sum, nullptr, "Sum, Log"},
    {"ReduceLogSumExp", reduce<kLogsumexp>, nullptr, "Logsumexp"},
    {"ReduceMax", reduce<kAmax>, reduce_largest, "Amax"},
    {"ReduceMean", reduce<kMean>, fold_mean, "Mean"},
    {"ReduceMin", reduce<kAmin>, reduce_smallest, "Amin"},
    {"ReduceProd", reduce<kProd>, reduce_products, "Prod"},
    {"ReduceSum", reduce<kSum>, reduce_sums, "Sum"},
    {"ReduceSumSquare", translate_reduce_sum_square, nullptr, "Square, Sum"},
    {"Relu", translate_relu, mapped<positive>, "ReLU"},
    {"Reshape", translate_reshape, translate_reshape, "Reshape, Flatten"},
    {"Resize", translate_resize, nullptr, "UpSampling2D, or a matrix for each axis"},
    {"Round", only_numbers, mapped<rounded_to_even>, "numbers"},
    {"ScatterND", only_known, fold_scatter_nd, "numbers"},
    {"Selu", activation<kSelu>, nullptr, "Activation selu"},
    {"Shape", translate_shape, translate_shape, "numbers"},
    {"Sigmoid", translate_sigmoid, mapped<logistic>, "Activation sigmoid; left out at the end"},
    {"Sign", single<kSign>, mapped<sign>, "Sign"},
    {"Sin", only_known, mapped<sine>, "numbers"},
    {"Size", translate_size, translate_size, "numbers"},
    {"Slice", translate_slice, fold_slice, "GetItem"},
    {"Softmax", translate_softmax, nullptr, "Softmax; left out at the end"},
    {"Softplus", activation<kSoftplus>, nullptr, "Activation softplus"},
    {"Softsign", activation<kSoftsign>, nullptr, "Activation softsign"},
    {"SpaceToDepth", translate_space_to_depth, nullptr, "Transpose"},
    {"Split", translate_split, fold_split, "Split"},
    {"Sqrt", single<kSqrt>, mapped<root>, "Sqrt"},
    {"Squeeze", translate_squeeze, translate_squeeze, "Reshape"},
    {"Sub", pair<kSubtract>, folded<difference>, "Subtract"},
    {"Sum", many<kAdd>, folded<sum>, "Add"},
    {"Tanh", activation<kTanh>, mapped<hyperbolic>, "Activation tanh"},
    {"Tile", translate_tile, fold_tile, "Tile"},
    {"Transpose", translate_transpose, fold_transpose, "Transpose; nothing around channels-last layers"},
    {"Unsqueeze", translate_unsqueeze, translate_unsqueeze, "Reshape"},
    {"Upsample", translate_upsample, nullptr, "UpSampling2D"},
    {"Where", translate_where, fold_where, "Where"},
    {"Xor", translate_xor, folded<one_of, kBoolean>, "NotEqual"},
};

/// Why some types are none of the table, for those whose reason helps.
struct Refusal {
  std::string_view front, reason;
};

constexpr std::string_view kLostBody =
    "calls a function of TensorFlow whose body tf2onnx has left out, mostly a convolution in groups, which Keras has "
    "XLA compile; try tf.config.run_functions_eagerly(True) before tf2onnx.convert.from_keras, or before the "
    "SavedModel "
    "is saved that is converted; or load the Keras model or SavedModel itself";

constexpr Refusal kRefusals[] = {
    {"If", "chooses a part of the graph while it runs; try exporting the model for one case, without control flow"},
    {"Loop", "runs a part of the graph several times; try exporting the model with a fixed number of steps, unrolled"},
    {"Scan", "runs a part of the graph several times; try exporting the model with a fixed number of steps, unrolled"},
    {"Sequence", "works on sequences of tensors, which are not supported"},
    {"Optional", "works on optional values, which are not supported"},
    {"String", "works on text, which is not supported"},
    {"Quantize", "is of a quantised model; try exporting the model before it is quantised"},
    {"Dequantize", "is of a quantised model; try exporting the model before it is quantised"},
    {"DynamicQuantize", "is of a quantised model; try exporting the model before it is quantised"},
    {"QLinear", "is of a quantised model; try exporting the model before it is quantised"},
    {"ConvInteger", "is of a quantised model; try exporting the model before it is quantised"},
    {"MatMulInteger", "is of a quantised model; try exporting the model before it is quantised"},
    {"Random", "gives random numbers; try exporting the model in evaluation mode"},
    {"Bernoulli", "gives random numbers; try exporting the model in evaluation mode"},
    {"PartitionedCall", kLostBody},
    {"StatefulPartitionedCall", kLostBody},
};

std::string reason_for(Node& node) {
  const std::string& domain = node.proto().domain();
  if (node.translator().document().defines(domain, node.type()))
    return "is a function that the file defines; try onnx.inliner.inline_local_functions(model), of the package onnx";
  if (!domain.empty() && domain != "ai.onnx") return "is of the operators '" + domain + "', of which none is supported";
  for (const Refusal& refusal : kRefusals) {
    if (node.type().starts_with(refusal.front)) return std::string(refusal.reason);
  }
  std::vector<std::string> names;
  for (const NodeType& type : kTypes) names.emplace_back(type.name);
  const std::string hint = did_you_mean(node.type(), names);
  return "is of a type that is not supported" + (hint.empty() ? "; docs/onnx.md lists those that are" : "; " + hint);
}

}  // namespace

std::span<const NodeType> node_types() { return kTypes; }

const NodeType& find_type(Node& node) {
  const std::string& domain = node.proto().domain();
  const auto it =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const NodeType& t) { return t.name == node.type(); });
  const bool own = domain.empty() || domain == "ai.onnx";
  if (own && it != std::end(kTypes)) return *it;
  node.refuse(reason_for(node));
}

}  // namespace signxai::onnx
