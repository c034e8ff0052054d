// The functions of the table of operations, by file. Each lowers one call; see operands.h for what it may see.
#pragma once

#include "importers/operations/operation.h"

namespace signxai::keras {

// arithmetic.cpp
/// The graph's operation on two operands of any kind, in the order of the arguments x1 and x2.
LayerResult binary_operation(Operands& call, const char* op);
LayerResult unary_operation(Operands& call, const char* op);
LayerResult operation_add_n(Operands& call);
LayerResult operation_clip(Operands& call);
LayerResult operation_divide_no_nan(Operands& call);
LayerResult operation_power(Operands& call);
LayerResult operation_reciprocal(Operands& call);
LayerResult operation_rsqrt(Operands& call);
LayerResult operation_square(Operands& call);
LayerResult operation_squared_difference(Operands& call);
// choices.cpp
LayerResult operation_argmax(Operands& call);
LayerResult operation_argmin(Operands& call);
LayerResult operation_cast(Operands& call);
LayerResult operation_identity(Operands& call);
LayerResult operation_logical_and(Operands& call);
LayerResult operation_logical_not(Operands& call);
LayerResult operation_logical_or(Operands& call);
LayerResult operation_not_equal(Operands& call);
LayerResult operation_ones_like(Operands& call);
LayerResult operation_shape(Operands& call);
LayerResult operation_sign(Operands& call);
LayerResult operation_stop_gradient(Operands& call);
LayerResult operation_where(Operands& call);
LayerResult operation_zeros_like(Operands& call);
// functions.cpp
/// An activation function; its parameters are arguments of the operation.
LayerResult activation_operation(Operands& call, const char* name);
// moves.cpp
LayerResult operation_concatenate(Operands& call);
LayerResult operation_flip(Operands& call);
LayerResult operation_get_item(Operands& call);
LayerResult operation_pad(Operands& call);
LayerResult operation_repeat(Operands& call);
LayerResult operation_roll(Operands& call);
LayerResult operation_split(Operands& call);
LayerResult operation_stack(Operands& call);
LayerResult operation_take(Operands& call);
LayerResult operation_tile(Operands& call);
LayerResult operation_unstack(Operands& call);
// products.cpp
LayerResult operation_einsum(Operands& call);
LayerResult operation_matmul(Operands& call);
// reductions.cpp
/// A reduction of the graph along `axis`.
LayerResult reduction(Operands& call, const char* op);
LayerResult operation_all(Operands& call);
LayerResult operation_any(Operands& call);
LayerResult operation_l2_normalize(Operands& call);
LayerResult operation_logsumexp(Operands& call);
LayerResult operation_moments(Operands& call);
LayerResult operation_norm(Operands& call);
LayerResult operation_normalize(Operands& call);
LayerResult operation_prod(Operands& call);
LayerResult operation_std(Operands& call);
LayerResult operation_var(Operands& call);
// shaping.cpp
LayerResult operation_broadcast_to(Operands& call);
LayerResult operation_expand_dims(Operands& call);
LayerResult operation_moveaxis(Operands& call);
LayerResult operation_reshape(Operands& call);
LayerResult operation_squeeze(Operands& call);
LayerResult operation_swapaxes(Operands& call);
LayerResult operation_transpose(Operands& call);

}  // namespace signxai::keras
