// The functions of the table of TensorFlow's operations, by file.
#pragma once

#include "importers/tensorflow/node.h"

namespace signxai::tensorflow {

// activations.cpp
std::vector<Value> node_activation(Node& node);
/// Functions that TensorFlow computes by several nodes, at the last of them: swish and gelu at a product, PReLU at a
/// sum.
std::optional<Value> recover_product(Node& node);
std::optional<Value> recover_sum(Node& node);
/// The function becomes that of the layer before, if it is part of it.
Value activated(Node& node, const Value& x, bool only_use, const char* activation);
// arithmetic.cpp
std::vector<Value> node_add(Node& node);
std::vector<Value> node_add_n(Node& node);
std::vector<Value> node_multiply(Node& node);
std::vector<Value> node_binary(Node& node);
std::vector<Value> node_cast(Node& node);
std::vector<Value> node_clip(Node& node);
std::vector<Value> node_erfc(Node& node);
std::vector<Value> node_select(Node& node);
std::vector<Value> node_unary(Node& node);
// constants.cpp
std::vector<Value> node_const(Node& node);
std::vector<Value> node_fill(Node& node);
std::vector<Value> node_range(Node& node);
std::vector<Value> node_shape(Node& node);
/// Whether all operands are numbers.
bool all_numbers(const Node& node);
/// The operation on numbers with broadcasting; nothing where it is not one that is known. The operands must be numbers.
std::optional<Value> computed_unary(const std::string& op, const Value& x);
std::optional<Value> computed_binary(const Node& node, const Value& a, const Value& b);
// convolutions.cpp
std::vector<Value> node_convolution(Node& node);
std::vector<Value> node_depthwise(Node& node);
std::vector<Value> node_transposed(Node& node);
std::vector<Value> node_to_blocks(Node& node);
std::vector<Value> node_from_blocks(Node& node);
// masks.cpp
std::vector<Value> node_band(Node& node);
std::vector<Value> node_is_finite(Node& node);
std::vector<Value> node_running_sum(Node& node);
// moves.cpp
std::vector<Value> node_concat(Node& node);
std::vector<Value> node_gather(Node& node);
std::vector<Value> node_pack(Node& node);
std::vector<Value> node_pad(Node& node);
std::vector<Value> node_reverse(Node& node);
std::vector<Value> node_slice(Node& node);
std::vector<Value> node_split(Node& node);
std::vector<Value> node_strided_slice(Node& node);
std::vector<Value> node_tile(Node& node);
std::vector<Value> node_unpack(Node& node);
// normalization.cpp
std::vector<Value> node_batch_norm(Node& node);
/// A batch normalization or the end of a layer normalization at a sum, and the middle of one at a product.
std::optional<Value> recover_normalization(Node& node);
std::optional<Value> scaled_normalization(Node& node, const char* flag);
// pooling.cpp
std::vector<Value> node_pool(Node& node);
std::vector<Value> node_reduction(Node& node);
std::vector<Value> node_resize(Node& node);
// products.cpp
std::vector<Value> node_batch_matmul(Node& node);
std::vector<Value> node_bias_add(Node& node);
std::vector<Value> node_einsum(Node& node);
std::vector<Value> node_matmul(Node& node);
/// The numbers become the bias of the layer with kernel before, if it has none yet.
std::optional<Value> biased(Node& node, std::size_t of, std::size_t by);
// shaping.cpp
std::vector<Value> node_expand_dims(Node& node);
std::vector<Value> node_reshape(Node& node);
std::vector<Value> node_squeeze(Node& node);
std::vector<Value> node_transpose(Node& node);
std::vector<Value> node_broadcast_to(Node& node);

}  // namespace signxai::tensorflow
