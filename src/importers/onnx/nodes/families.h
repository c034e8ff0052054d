// The functions of the table of node types, by file. Each translates one node; see node.h for what it may see.
#pragma once

#include "importers/onnx/node.h"

namespace signxai::onnx {

// convolution.cpp
void translate_conv(Node& node);
void translate_conv_transpose(Node& node);
// pooling.cpp
void translate_max_pool(Node& node);
void translate_average_pool(Node& node);
void translate_global_average_pool(Node& node);
void translate_global_max_pool(Node& node);
// products.cpp
void translate_gemm(Node& node);
void translate_matmul(Node& node);
void translate_einsum(Node& node);
// normalization.cpp
void translate_batch_normalization(Node& node);
void translate_instance_normalization(Node& node);
void translate_group_normalization(Node& node);
void translate_layer_normalization(Node& node);
void translate_lp_normalization(Node& node);
// activations.cpp
/// A layer Activation of that function, which has no parameters.
void translate_activation(Node& node, const char* function);
void translate_clip(Node& node);
void translate_elu(Node& node);
void translate_gelu(Node& node);
void translate_hard_sigmoid(Node& node);
void translate_leaky_relu(Node& node);
void translate_log_softmax(Node& node);
void translate_prelu(Node& node);
void translate_relu(Node& node);
void translate_sigmoid(Node& node);
void translate_softmax(Node& node);
// arithmetic.cpp
/// An operation on two tensors or numbers.
void translate_pair(Node& node, const char* operation);
/// The same from the left over any number of them.
void translate_many(Node& node, const char* operation);
void translate_single(Node& node, const char* operation);
void translate_div(Node& node);
void translate_mean(Node& node);
void translate_pow(Node& node);
void translate_where(Node& node);
void translate_xor(Node& node);
// reductions.cpp
void translate_reduction(Node& node, const char* operation);
void translate_reduce_norm(Node& node, int order);
void translate_reduce_log_sum(Node& node);
void translate_reduce_sum_square(Node& node);
void translate_position(Node& node, const char* operation);
// shaping.cpp
void translate_cast(Node& node);
void translate_depth_to_space(Node& node);
void translate_expand(Node& node);
void translate_flatten(Node& node);
void translate_identity(Node& node);
void translate_reshape(Node& node);
void translate_shape(Node& node);
void translate_size(Node& node);
void translate_space_to_depth(Node& node);
void translate_squeeze(Node& node);
void translate_transpose(Node& node);
void translate_unsqueeze(Node& node);
// moves.cpp
void translate_concat(Node& node);
void translate_gather(Node& node);
void translate_pad(Node& node);
void translate_slice(Node& node);
void translate_split(Node& node);
void translate_tile(Node& node);
// resize.cpp
void translate_resize(Node& node);
void translate_upsample(Node& node);
// recurrent.cpp
void translate_gru(Node& node);
void translate_lstm(Node& node);
void translate_rnn(Node& node);
// folding.cpp: results of numbers
void fold_binary(Node& node, double (*function)(double, double), Element result);
void fold_unary(Node& node, double (*function)(double));
void fold_div(Node& node);
void fold_reduction(Node& node, double (*function)(double, double), double start);
void fold_mean(Node& node);
void fold_matmul(Node& node);
void fold_gemm(Node& node);
void fold_where(Node& node);
// folding_moves.cpp
void fold_cast(Node& node);
void fold_concat(Node& node);
void fold_expand(Node& node);
void fold_gather(Node& node);
void fold_scatter_nd(Node& node);
void fold_slice(Node& node);
void fold_split(Node& node);
void fold_tile(Node& node);
void fold_transpose(Node& node);
void make_constant(Node& node);
void make_constant_of_shape(Node& node);
void make_range(Node& node);

}  // namespace signxai::onnx
