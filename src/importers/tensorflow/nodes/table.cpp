// The table of TensorFlow's operations, and what is said of those that are not in it.
#include <algorithm>

#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

struct Entry {
  std::string_view operations;  ///< by spaces
  Translate translate;
};

constexpr Entry kTable[] = {
    {"Abs Erf Exp Expm1 Inv Log Log1p LogicalNot Neg OnesLike Reciprocal Rsqrt Sign Sqrt Square StopGradient ZerosLike "
     "Floor Ceil",
     node_unary},
    {"Add AddV2", node_add},
    {"AddN", node_add_n},
    {"All Any Max Mean Min Prod Sum", node_reduction},
    {"AvgPool AvgPool3D MaxPool MaxPool3D", node_pool},
    {"BatchMatMul BatchMatMulV2 BatchMatMulV3", node_batch_matmul},
    {"BatchToSpaceND", node_from_blocks},
    {"BiasAdd", node_bias_add},
    {"BroadcastTo", node_broadcast_to},
    {"Cast", node_cast},
    {"ClipByValue", node_clip},
    {"ConcatV2", node_concat},
    {"Const", node_const},
    {"Conv2D Conv3D", node_convolution},
    {"Conv2DBackpropInput Conv3DBackpropInputV2", node_transposed},
    {"Cumsum", node_running_sum},
    {"DepthwiseConv2dNative", node_depthwise},
    {"Div DivNoNan Equal FloorDiv FloorMod Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum "
     "NotEqual Pow RealDiv "
     "SquaredDifference Sub",
     node_binary},
    {"Einsum", node_einsum},
    {"Elu LeakyRelu LogSoftmax Relu Relu6 Selu Sigmoid Softmax Softplus Softsign Tanh", node_activation},
    {"Erfc", node_erfc},
    {"ExpandDims", node_expand_dims},
    {"Fill", node_fill},
    {"FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3", node_batch_norm},
    {"GatherV2 ResourceGather", node_gather},
    {"IsFinite", node_is_finite},
    {"MatMul", node_matmul},
    {"MatrixBandPart", node_band},
    {"MirrorPad Pad PadV2", node_pad},
    {"Mul", node_multiply},
    {"Pack", node_pack},
    {"Range", node_range},
    {"Rank Shape", node_shape},
    {"Reshape", node_reshape},
    {"ResizeBilinear ResizeNearestNeighbor", node_resize},
    {"ReverseV2", node_reverse},
    {"Select SelectV2", node_select},
    {"Slice", node_slice},
    {"SpaceToBatchND", node_to_blocks},
    {"Split SplitV", node_split},
    {"Squeeze", node_squeeze},
    {"StridedSlice", node_strided_slice},
    {"Tile", node_tile},
    {"Transpose", node_transpose},
    {"Unpack", node_unpack},
};

bool is_among(std::string_view operations, std::string_view op) {
  for (std::size_t at = operations.find(op); at != std::string_view::npos; at = operations.find(op, at + 1)) {
    const std::size_t end = at + op.size();
    if ((at == 0 || operations[at - 1] == ' ') && (end == operations.size() || operations[end] == ' '))
      return !op.empty();
  }
  return false;
}

}  // namespace

Translate find_translation(const std::string& op) {
  const auto it =
      std::find_if(std::begin(kTable), std::end(kTable), [&](const Entry& e) { return is_among(e.operations, op); });
  return it == std::end(kTable) ? nullptr : it->translate;
}

std::string reason_against(const std::string& op) {
  if (is_among("While StatelessWhile If StatelessIf Case StatelessCase", op) || op.starts_with("TensorList")) {
    return "is a loop or a choice inside of the function, as recurrent layers make them";
  }
  if (op.find("Lookup") != std::string::npos || op.find("HashTable") != std::string::npos)
    return "looks something up in a table";
  if (op.starts_with("String") || op.find("Regex") != std::string::npos || op.starts_with("Decode"))
    return "works on texts or files";
  if (op.starts_with("PyFunc") || op.starts_with("EagerPyFunc") || op == "PyFuncStateless")
    return "calls Python, which is never executed";
  if (op.starts_with("Random") || op.starts_with("Stateless")) return "draws random numbers";
  return "is an operation of TensorFlow that is not supported";
}

}  // namespace signxai::tensorflow
