// The table of operations.
#include <algorithm>

#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using enum graph::LayerKind;
using enum Derivative;

template <const char* op>
LayerResult binary(Operands& call) {
  return binary_operation(call, op);
}
template <const char* op>
LayerResult unary(Operands& call) {
  return unary_operation(call, op);
}
template <const char* op>
LayerResult reduce(Operands& call) {
  return reduction(call, op);
}
template <const char* name>
LayerResult activation(Operands& call) {
  return activation_operation(call, name);
}

constexpr char kAddition[] = "add", kSub[] = "sub", kMul[] = "mul", kDiv[] = "div", kMaximum[] = "maximum",
               kMinimum[] = "minimum", kEqual[] = "equal", kGreater[] = "greater", kGreaterEqual[] = "greater_equal",
               kLess[] = "less", kLessEqual[] = "less_equal";
constexpr char kAbs[] = "abs", kErf[] = "erf", kExp[] = "exp", kExpm1[] = "expm1", kLog[] = "log", kLog1p[] = "log1p",
               kNeg[] = "neg", kSqrt[] = "sqrt";
constexpr char kMax[] = "reduce_max", kMean[] = "reduce_mean", kMin[] = "reduce_min", kSum[] = "reduce_sum";
constexpr char kCelu[] = "celu", kElu[] = "elu", kGelu[] = "gelu", kGlu[] = "glu", kHardShrink[] = "hard_shrink",
               kHardSigmoid[] = "hard_sigmoid", kHardSilu[] = "hard_silu", kHardTanh[] = "hard_tanh",
               kLeakyRelu[] = "leaky_relu", kLogSigmoid[] = "log_sigmoid", kLogSoftmax[] = "log_softmax",
               kMish[] = "mish", kRelu[] = "relu", kRelu6[] = "relu6", kSelu[] = "selu", kSigmoid[] = "sigmoid",
               kSilu[] = "silu", kSoftShrink[] = "soft_shrink", kSoftmax[] = "softmax", kSoftplus[] = "softplus",
               kSoftsign[] = "softsign", kSparsePlus[] = "sparse_plus", kSparseSigmoid[] = "sparse_sigmoid",
               kSparsemax[] = "sparsemax", kSquareplus[] = "squareplus", kTanh[] = "tanh",
               kTanhShrink[] = "tanh_shrink";

constexpr const char* kPair = "x1=x=a, x2=y=b";
constexpr const char* kOne = "x=features=input=tensor=value=data=logits";
constexpr const char* kAlong = "x=input_tensor=input=a, axis, keepdims=keep_dims";
constexpr const char* kIndex = "x=input=a, axis=dimension, keepdims, output_type, dtype";
constexpr const char* kLike = "x=input=tensor, dtype, optimize";
constexpr const char* kSoftmaxed = "x=logits, axis=dim";

constexpr Operation kOperations[] = {
    {"Absolute Abs abs", kOne, unary<kAbs>},
    {"Add add", kPair, binary<kAddition>, kAdd},
    {"add_n", "inputs", operation_add_n, kAdd},
    {"All reduce_all", kAlong, operation_all, kOther, kNone},
    {"Amax Max reduce_max", "x=input_tensor=a, axis, keepdims=keep_dims, initial:null", reduce<kMax>},
    {"Amin Min reduce_min", "x=input_tensor=a, axis, keepdims=keep_dims, initial:null", reduce<kMin>},
    {"Any reduce_any", kAlong, operation_any, kOther, kNone},
    {"Argmax argmax", kIndex, operation_argmax, kOther, kNone},
    {"Argmin argmin", kIndex, operation_argmin, kOther, kNone},
    {"BroadcastTo broadcast_to", "x=input, shape", operation_broadcast_to},
    {"Cast cast", "x, dtype", operation_cast},
    {"Celu", "x, alpha:1.0", activation<kCelu>},
    {"Clip clip_by_value", "x=t, low=x_min=clip_value_min, high=x_max=clip_value_max", operation_clip},
    {"Concatenate concat", "xs=values, axis", operation_concatenate},
    {"ConvertToTensor convert_to_tensor", "x=value, dtype, sparse:null, dtype_hint, preferred_dtype, ragged:null",
     operation_identity},
    {"Copy identity", kOne, operation_identity},
    {"Divide TrueDivide divide truediv", kPair, binary<kDiv>},
    {"DivideNoNan divide_no_nan", kPair, operation_divide_no_nan},
    {"Einsum einsum", "operands*, subscripts=equation", operation_einsum},
    {"Elu elu", "x=features, alpha", activation<kElu>},
    {"Equal equal", "x1=x=self, x2=y=other", binary<kEqual>, kOther, kNone},
    {"Erf erf", kOne, unary<kErf>},
    {"Exp exp", kOne, unary<kExp>},
    {"ExpandDims expand_dims", "x=input, axis=dim", operation_expand_dims},
    {"Expm1 expm1", kOne, unary<kExpm1>},
    {"Flip reverse", "x=tensor, axis", operation_flip},
    {"Gelu gelu", "x=features, approximate", activation<kGelu>},
    {"GetItem getitem", "x, key=slice_spec", operation_get_item},
    {"Glu", "x, axis:-1", activation<kGlu>},
    {"Greater greater", kPair, binary<kGreater>, kOther, kNone},
    {"GreaterEqual greater_equal", kPair, binary<kGreaterEqual>, kOther, kNone},
    {"HardShrink", "x, threshold:0.5", activation<kHardShrink>},
    {"HardSigmoid", "x", activation<kHardSigmoid>},
    {"HardSilu", "x", activation<kHardSilu>},
    {"HardTanh", "x", activation<kHardTanh>},
    {"LeakyRelu leaky_relu", "x=features, alpha=negative_slope", activation<kLeakyRelu>},
    {"Less less", kPair, binary<kLess>, kOther, kNone},
    {"LessEqual less_equal", kPair, binary<kLessEqual>, kOther, kNone},
    {"Log log", kOne, unary<kLog>},
    {"Log1p log1p", kOne, unary<kLog1p>},
    {"LogSigmoid log_sigmoid", "x", activation<kLogSigmoid>},
    {"LogSoftmax log_softmax", kSoftmaxed, activation<kLogSoftmax>},
    {"LogicalAnd logical_and", kPair, operation_logical_and, kOther, kNone},
    {"LogicalNot logical_not", kOne, operation_logical_not, kOther, kNone},
    {"LogicalOr logical_or", kPair, operation_logical_or, kOther, kNone},
    {"Logsumexp reduce_logsumexp", kAlong, operation_logsumexp},
    {"Matmul matmul",
     "x1=x=a, x2=y=b, transpose_a, transpose_b, adjoint_a:false, adjoint_b:false, a_is_sparse:false, "
     "b_is_sparse:false, output_type:null",
     operation_matmul},
    {"Maximum maximum", kPair, binary<kMaximum>},
    {"Mean reduce_mean", kAlong, reduce<kMean>, kAveragePool},
    {"Minimum minimum", kPair, binary<kMinimum>},
    {"Mish", "x", activation<kMish>},
    {"Moments moments", "x, axis=axes, keepdims=keep_dims, shift:null, synchronized:false", operation_moments},
    {"Moveaxis", "x, source, destination", operation_moveaxis},
    {"Multiply multiply", kPair, binary<kMul>},
    {"Negative negative", kOne, unary<kNeg>},
    {"Norm norm", "x=tensor, ord, axis, keepdims=keep_dims", operation_norm},
    {"Normalize", "x, axis, order:2, epsilon", operation_normalize},
    {"NotEqual not_equal", "x1=x=self, x2=y=other", operation_not_equal, kOther, kNone},
    {"OnesLike ones_like", kLike, operation_ones_like, kOther, kNone},
    {"Pad pad", "x=tensor, value=constant_values, width=pad_width=paddings, mode", operation_pad},
    {"Power pow", kPair, operation_power},
    {"Prod reduce_prod", "x=input_tensor, axis, keepdims=keep_dims, dtype:null", operation_prod},
    {"Reciprocal reciprocal", kOne, operation_reciprocal},
    {"Relu relu", kOne, activation<kRelu>},
    {"Relu6 relu6", kOne, activation<kRelu6>},
    {"Repeat repeat", "x=input, repeats, axis", operation_repeat},
    {"Reshape reshape", "x=tensor, shape=newshape", operation_reshape},
    {"Roll roll", "x=input, shift, axis", operation_roll},
    {"Rsqrt rsqrt", kOne, operation_rsqrt},
    {"Selu selu", kOne, activation<kSelu>},
    {"Shape shape", "x=input, out_type", operation_shape, kOther, kNone},
    {"Sigmoid sigmoid", kOne, activation<kSigmoid>},
    {"Sign sign", kOne, operation_sign, kOther, kNone},
    {"Silu silu swish", "x=features, beta:1.0", activation<kSilu>},
    {"SoftShrink", "x, threshold:0.5", activation<kSoftShrink>},
    {"Softmax softmax", kSoftmaxed, activation<kSoftmax>},
    {"Softplus softplus", kOne, activation<kSoftplus>},
    {"Softsign softsign", kOne, activation<kSoftsign>},
    {"SparsePlus", "x", activation<kSparsePlus>},
    {"SparseSigmoid", "x", activation<kSparseSigmoid>},
    {"Sparsemax", "x, axis:-1", activation<kSparsemax>},
    {"Split split", "x=value, sections=indices_or_sections, sizes=num_or_size_splits, axis=split_dim, num:null",
     operation_split},
    {"Sqrt sqrt", kOne, unary<kSqrt>},
    {"Square square", kOne, operation_square},
    {"SquaredDifference squared_difference", kPair, operation_squared_difference},
    {"Squareplus", "x, b:4", activation<kSquareplus>},
    {"Squeeze squeeze", "x=input, axis=squeeze_dims", operation_squeeze},
    {"Stack stack", "xs=x=values, axis", operation_stack},
    {"Std reduce_std", kAlong, operation_std},
    {"StopGradient stop_gradient", "x=variable=input", operation_stop_gradient, kOther, kStopped},
    {"Subtract subtract", kPair, binary<kSub>},
    {"Sum reduce_sum", kAlong, reduce<kSum>},
    {"Swapaxes", "x, axis1, axis2", operation_swapaxes},
    {"Take gather", "x=params, indices, axis, validate_indices:null, batch_dims:0", operation_take},
    {"Tanh tanh", kOne, activation<kTanh>},
    {"TanhShrink", "x", activation<kTanhShrink>},
    {"Tile tile", "x=input, repeats=multiples", operation_tile},
    {"Transpose transpose", "x=a, axes=perm, conjugate:false", operation_transpose},
    {"Unstack unstack", "x=value, axis, num", operation_unstack},
    {"Var reduce_variance", kAlong, operation_var},
    {"Where where where_v2", "condition, x1=x, x2=y", operation_where},
    {"ZerosLike zeros_like", kLike, operation_zeros_like, kOther, kNone},
    {"l2_normalize", "x, axis=dim, epsilon", operation_l2_normalize},
};

bool has_name(std::string_view names, std::string_view name) {
  for (std::size_t at = names.find(name); at != std::string_view::npos; at = names.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || names[at - 1] == ' ') && (end == names.size() || names[end] == ' ')) return !name.empty();
  }
  return false;
}

/// Without the namespaces of TensorFlow whose functions are in the table.
std::string_view bare(std::string_view name) {
  for (const std::string_view space : {"compat.v1.", "math.", "nn.", "linalg.", "__operators__."}) {
    if (name.starts_with(space)) name.remove_prefix(space.size());
  }
  return name;
}

}  // namespace

const Operation* find_operation(std::string_view name) {
  const auto it = std::find_if(std::begin(kOperations), std::end(kOperations),
                               [&](const Operation& operation) { return has_name(operation.names, bare(name)); });
  return it == std::end(kOperations) ? nullptr : &*it;
}

bool wraps_function(std::string_view class_name) {
  return class_name == "TFOpLambda" || class_name == "SlicingOpLambda";
}

std::string operation_name(const std::string& class_name, const Json& config) {
  if (!wraps_function(class_name)) return class_name;
  const auto it = config.is_object() ? config.find("function") : config.end();
  return it != config.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string unknown_operation(const std::string& name) {
  if (name.empty()) return "does not say which TensorFlow function it wraps";
  std::string known;
  for (const Operation& operation : kOperations) {
    known += (known.empty() ? "" : ", ") + std::string(operation.names.substr(0, operation.names.find(' ')));
  }
  return "is the operation on tensors '" + name + "' instead of a layer, which is not supported; supported are " +
         known;
}

}  // namespace signxai::keras
