// The entries of the op table, one function per primitive, and helpers that several op files share.
// To add a primitive: one file here, one declaration below, one line in table.cpp.
#pragma once

#include <string>

#include "graph/builder.h"
#include "graph/op.h"
#include "signxai/error.h"

namespace signxai::graph {

using SignRule = decltype(OpDef::sign);

// leaf.cpp
OpDef op_const();
OpDef op_input();
// unary.cpp, binary.cpp, select.cpp: families of pointwise ops
std::vector<OpDef> unary_ops();
std::vector<OpDef> binary_ops();
OpDef op_select();
// conv.cpp, matmul.cpp: contractions with weights
OpDef op_conv();
OpDef op_conv_backward_data();
OpDef op_matmul();
// max_pool.cpp, avg_pool.cpp
OpDef op_max_pool();
OpDef op_max_pool_backward();
OpDef op_avg_pool();
OpDef op_avg_pool_backward();
// reduce.cpp: sum, mean, max, min
std::vector<OpDef> reduce_ops();
// reshape.cpp, broadcast.cpp, permute.cpp, slice.cpp, concat.cpp, lookup.cpp, resize.cpp: shapes and indices
OpDef op_reshape();
OpDef op_broadcast();
OpDef op_transpose();
OpDef op_reverse();
OpDef op_slice();
OpDef op_pad();
OpDef op_concat();
OpDef op_argmax();
OpDef op_one_hot();
OpDef op_gather();
OpDef op_resize();
OpDef op_resize_backward();
// sweep.cpp, scan.cpp: control
OpDef op_get();
OpDef op_scan();
OpDef op_sweep();

/// Throws Error(kInvalidArgument, "graph", op, why).
[[noreturn]] void refuse_op(std::string_view op, const std::string& why);
/// The region with its inputs given the operands' shapes; refuses a region that does not take them.
Region fit_region(std::string_view op, const Region& region, const std::vector<Shape>& operands);
/// The region without dead nodes and without unused inputs. `keep` has one entry per input: true on entry where it must
/// stay, true on return where it does.
Graph prune_region(const Graph& region, std::vector<bool>& keep);
/// The type of that shape; refuses extents that are negative (other than open) and more than 2^40 elements.
Type checked_type(std::string_view op, Shape shape);
/// Whether two shapes may be the same: an open extent matches anything.
bool shapes_agree(const Shape& a, const Shape& b);
/// Attribute `axis` (or an entry of `axes`) as an index into `shape`; refuses what is out of range.
std::size_t checked_axis(std::string_view op, std::int64_t axis, const Shape& shape);
/// Throws Error(kInvalidArgument) where a pull-back has to know an extent that is open.
void require_bound(std::string_view op, const Shape& shape);
/// Sign of a contraction of inputs 0 and 1, with the bias (input 2) and the activation that a pass may have fused in.
Sign contraction_sign(const Node& node, std::span<const Sign> inputs);
/// Sign of an op whose values are those of input 0, or have their signs.
Sign same_sign(const Node& node, std::span<const Sign> inputs);
/// Checks bias and activation of a contraction whose last extent is `channels`.
void check_epilogue(std::string_view op, const InferArgs& args, std::int64_t channels);
/// Adds the bias and applies the activation of a contraction to its result.
void apply_epilogue(const Node& node, std::span<const Array* const> inputs, Array& out);
/// Throws Error(kInternal) when bias or activation were fused in: differentiation comes before fusion.
void refuse_epilogue(const Node& node);
/// NumPy broadcasting of two shapes; an open extent matches anything and stays open against 1.
Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);
/// Row-major strides of `shape` for walking it inside `target`: 0 along broadcast axes.
std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& target);
/// Elements from one index to the next along each axis of a contiguous array.
Ints row_major_strides(const Shape& shape);
/// to += factor * from, element by element.
void add_scaled(const double* from, double factor, double* to, std::int64_t count);
/// Walks `shape` in row-major order and calls visit(flat, start + sum of index * stride).
template <typename Visit>
void for_each_strided(const Shape& shape, std::int64_t start, const Ints& strides, Visit&& visit) {
  const std::int64_t total = element_count(shape);
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::int64_t flat = 0, offset = start; flat < total; ++flat) {
    visit(static_cast<std::size_t>(flat), static_cast<std::size_t>(offset));
    for (std::size_t d = shape.size(); d-- > 0;) {
      offset += strides[d];
      if (++index[d] < shape[d]) break;
      offset -= strides[d] * shape[d], index[d] = 0;
    }
  }
}
/// The array of that shape whose elements lie in `from` at start + sum of index * stride.
Array copy_strided(const Shape& shape, const Array& from, std::int64_t start, const Ints& strides);
/// Walks `target` in row-major order and calls visit(flat, offset of a, offset of b) with broadcast offsets.
template <typename Visit>
void for_each_broadcast(const Shape& target, const Shape& a, const Shape& b, Visit&& visit) {
  const auto sa = broadcast_strides(a, target), sb = broadcast_strides(b, target);
  const std::int64_t total = element_count(target);
  std::vector<std::int64_t> index(target.size(), 0);
  std::int64_t oa = 0, ob = 0;
  for (std::int64_t flat = 0; flat < total; ++flat) {
    visit(flat, oa, ob);
    for (std::size_t d = target.size(); d-- > 0;) {
      oa += sa[d], ob += sb[d];
      if (++index[d] < target[d]) break;
      oa -= sa[d] * target[d], ob -= sb[d] * target[d], index[d] = 0;
    }
  }
}

}  // namespace signxai::graph
