// Ops that make or take indices, which are floats: argmax, one_hot, gather. Fractions are cut off, as Keras' cast to
// integers does; an index out of range selects nothing and gives zeros, so that no number can read outside an array.
#include <algorithm>
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

/// The index that a float stands for, or -1 where it is not in [0, count).
std::int64_t index_of(double value, std::int64_t count) {
  return value > -1.0 && value < static_cast<double>(count) ? static_cast<std::int64_t>(value) : -1;
}

Type infer_argmax(const InferArgs& a) {
  Shape out = a.inputs[0].shape;
  const std::size_t axis = checked_axis("argmax", a.attrs.integer("axis"), out);
  if (out[axis] == 0) refuse_op("argmax", "the axis is empty; got " + signxai::to_string(out));
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(axis));
  return Type(std::move(out));
}

/// The first maximum wins; the first NaN, if there is one.
Array evaluate_argmax(const Node& node, std::span<const Array* const> in) {
  const Array& x = *in[0];
  const auto axis = static_cast<std::size_t>(node.attrs.integer("axis"));
  const auto step = static_cast<std::size_t>(row_major_strides(x.shape)[axis]);
  const auto count = static_cast<std::size_t>(x.shape[axis]);
  Array out(node.type.shape);
  for (std::size_t i = 0; i < out.data.size(); ++i) {
    const double* first = x.data.data() + i / step * step * count + i % step;
    std::size_t best = 0;
    for (std::size_t k = 1; k < count && !std::isnan(first[best * step]); ++k) {
      if (first[k * step] > first[best * step] || std::isnan(first[k * step])) best = k;
    }
    out.data[i] = static_cast<double>(best);
  }
  return out;
}

Type infer_one_hot(const InferArgs& a) {
  const std::int64_t depth = a.attrs.integer("depth");
  if (depth < 1) refuse_op("one_hot", "depth must be positive; got " + std::to_string(depth));
  Shape out = a.inputs[0].shape;
  out.push_back(depth);
  return checked_type("one_hot", std::move(out));
}

Array evaluate_one_hot(const Node& node, std::span<const Array* const> in) {
  const std::int64_t depth = node.attrs.integer("depth");
  Array out(node.type.shape);
  for (std::size_t i = 0; i < in[0]->data.size(); ++i) {
    const std::int64_t k = index_of(in[0]->data[i], depth);
    if (k >= 0) out.data[i * static_cast<std::size_t>(depth) + static_cast<std::size_t>(k)] = 1.0;
  }
  return out;
}

Type infer_gather(const InferArgs& a) {
  const Shape &table = a.inputs[0].shape, &ids = a.inputs[1].shape;
  if (table.empty()) refuse_op("gather", "the table is a scalar; expected at least one axis");
  Shape out = ids;
  out.insert(out.end(), table.begin() + 1, table.end());
  return checked_type("gather", std::move(out));
}

Array evaluate_gather(const Node& node, std::span<const Array* const> in) {
  const Array &table = *in[0], &ids = *in[1];
  const std::int64_t rows = table.shape[0], width = rows == 0 ? 0 : element_count(table.shape) / rows;
  Array out(node.type.shape);
  for (std::size_t i = 0; i < ids.data.size(); ++i) {
    const std::int64_t row = index_of(ids.data[i], rows);
    if (row < 0) continue;
    std::copy_n(table.data.begin() + row * width, width, out.data.begin() + static_cast<std::int64_t>(i) * width);
  }
  return out;
}

}  // namespace

OpDef op_argmax() {
  OpDef op{.name = "argmax", .kind = OpKind::kReduce};
  op.attrs = {{"axis", AttrType::kInteger, {}}};
  op.infer = infer_argmax;
  op.evaluate = evaluate_argmax;
  op.sign = [](const Node&, std::span<const Sign>) { return Sign::non_negative(); };
  op.annihilators = 1;
  return op;
}

OpDef op_one_hot() {
  OpDef op{.name = "one_hot", .kind = OpKind::kShape};
  op.attrs = {{"depth", AttrType::kInteger, {}}};
  op.infer = infer_one_hot;
  op.evaluate = evaluate_one_hot;
  op.sign = [](const Node&, std::span<const Sign>) { return Sign::non_negative(); };
  return op;
}

OpDef op_gather() {
  OpDef op{.name = "gather", .kind = OpKind::kShape, .min_inputs = 2, .max_inputs = 2};
  op.infer = infer_gather;
  op.evaluate = evaluate_gather;
  op.sign = [](const Node&, std::span<const Sign> s) { return Sign{s[0].negative, true, s[0].positive}; };
  op.annihilators = 1;
  return op;
}

}  // namespace signxai::graph
