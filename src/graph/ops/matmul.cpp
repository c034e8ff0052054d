// matmul(a, b[, bias]): matrix products over the last two axes, with NumPy broadcasting of the leading ones; either
// matrix may be taken transposed. A dense layer has a rank-2 b, which all leading indices share; attention has not.
// With `weights` b is transformed, entry by entry, while it is read: max(b, 0), min(b, 0) or b * b.
#include <algorithm>
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

/// op(a)[rows, inner] times op(b)[inner, columns], for each leading index.
struct Product {
  std::int64_t rows, inner, columns;
  bool transpose_a, transpose_b;
  Shape leading_a, leading_b;
};

bool flag(const Attrs& attrs, const char* name) {
  const std::int64_t value = attrs.integer(name);
  if (value != 0 && value != 1) refuse_op("matmul", "attribute '" + std::string(name) + "' must be 0 or 1");
  return value != 0;
}

Product product(const Attrs& attrs, const Shape& a, const Shape& b) {
  const std::string got = "; got " + signxai::to_string(a) + " and " + signxai::to_string(b);
  if (a.size() < 2 || b.size() < 2) refuse_op("matmul", "operands are not matrices" + got);
  Product p{};
  p.transpose_a = flag(attrs, "transpose_a");
  p.transpose_b = flag(attrs, "transpose_b");
  const std::size_t ra = a.size(), rb = b.size();
  p.rows = a[ra - (p.transpose_a ? 1 : 2)];
  p.inner = a[ra - (p.transpose_a ? 2 : 1)];
  p.columns = b[rb - (p.transpose_b ? 2 : 1)];
  const std::int64_t inner_b = b[rb - (p.transpose_b ? 1 : 2)];
  if (!shapes_agree({p.inner}, {inner_b})) {
    refuse_op("matmul", "inner extents differ: " + std::to_string(p.inner) + " and " + std::to_string(inner_b) + got +
                            (p.transpose_a ? ", a transposed" : "") + (p.transpose_b ? ", b transposed" : ""));
  }
  p.leading_a.assign(a.begin(), a.end() - 2);
  p.leading_b.assign(b.begin(), b.end() - 2);
  return p;
}

double transformed(const std::string& how, double v) {
  if (how == "positive") return v > 0 || std::isnan(v) ? v : 0.0;
  if (how == "negative") return v < 0 || std::isnan(v) ? v : 0.0;
  return how == "squared" ? v * v : v;
}

Type infer_matmul(const InferArgs& args) {
  const std::string& how = args.attrs.text("weights");
  if (!how.empty() && how != "positive" && how != "negative" && how != "squared") {
    refuse_op("matmul",
              "unknown transform of weights; got '" + how + "', expected 'positive', 'negative', 'squared' or ''");
  }
  const Product p = product(args.attrs, args.inputs[0].shape, args.inputs[1].shape);
  check_epilogue("matmul", args, p.columns);
  Shape out = broadcast_shapes("matmul", p.leading_a, p.leading_b);
  out.push_back(p.rows);
  out.push_back(p.columns);
  return checked_type("matmul", std::move(out));
}

/// Adds op(a) op(b) to y, all row-major.
void multiply(const Product& p, const double* a, const double* b, double* y) {
  for (std::int64_t m = 0; m < p.rows; ++m) {
    double* row = y + m * p.columns;
    for (std::int64_t k = 0; k < p.inner; ++k) {
      const double value = a[p.transpose_a ? k * p.rows + m : m * p.inner + k];
      const double* from = p.transpose_b ? b + k : b + k * p.columns;
      const std::int64_t step = p.transpose_b ? p.inner : 1;
      for (std::int64_t n = 0; n < p.columns; ++n) row[n] += value * from[n * step];
    }
  }
}

Array evaluate_matmul(const Node& node, std::span<const Array* const> in) {
  const Product p = product(node.attrs, in[0]->shape, in[1]->shape);
  const std::string& how = node.attrs.text("weights");
  std::vector<double> right = in[1]->data;
  if (!how.empty())
    std::transform(right.begin(), right.end(), right.begin(), [&](double v) { return transformed(how, v); });
  Array out(node.type.shape);
  const Shape leading(out.shape.begin(), out.shape.end() - 2);
  for_each_broadcast(leading, p.leading_a, p.leading_b, [&](std::int64_t i, std::int64_t a, std::int64_t b) {
    multiply(p, in[0]->data.data() + a * p.rows * p.inner, right.data() + b * p.inner * p.columns,
             out.data.data() + i * p.rows * p.columns);
  });
  apply_epilogue(node, in, out);
  return out;
}

Value matmul(Builder& b, Value left, bool transpose_left, Value right, bool transpose_right) {
  return b.make("matmul", {left, right},
                {{"transpose_a", std::int64_t{transpose_left}}, {"transpose_b", std::int64_t{transpose_right}}});
}

/// With A = op(a) and B = op(b): the cotangent of A is dy B^T, that of B is A^T dy; transposed where a or b was.
std::vector<Value> pull_back_matmul(const PullBackArgs& p) {
  refuse_epilogue(p.node);
  if (!p.node.attrs.text("weights").empty())
    refuse_op("matmul", "cannot be differentiated after its weights' transform was fused in");
  Builder& builder = p.builder;
  const Value a = p.node.inputs[0], b = p.node.inputs[1], dy = p.cotangent;
  const bool ta = flag(p.node.attrs, "transpose_a"), tb = flag(p.node.attrs, "transpose_b");
  std::vector<Value> out(2);
  if (p.needed[0]) {
    const Value da = ta ? matmul(builder, b, tb, dy, true) : matmul(builder, dy, false, b, !tb);
    out[0] = builder.sum_to(da, Shape(builder.shape(a)));
  }
  if (p.needed[1]) {
    const Value db = tb ? matmul(builder, dy, true, a, ta) : matmul(builder, a, !ta, dy, false);
    out[1] = builder.sum_to(db, Shape(builder.shape(b)));
  }
  return out;
}

Sign sign_matmul(const Node& node, std::span<const Sign> inputs) {
  std::vector<Sign> signs(inputs.begin(), inputs.end());
  const std::string& how = node.attrs.text("weights");
  Sign& b = signs[1];
  if (how == "positive") b = {false, b.zero || b.negative, b.positive};
  if (how == "negative") b = {b.negative, b.zero || b.positive, false};
  if (how == "squared") b = Sign::non_negative();
  return contraction_sign(node, signs);
}

}  // namespace

/// Not annihilated by its inputs, because a bias may be fused in; the sign rule knows when it is not.
OpDef op_matmul() {
  OpDef op{.name = "matmul", .kind = OpKind::kLinear, .min_inputs = 2, .max_inputs = 3};
  op.attrs = {{"transpose_a", AttrType::kInteger, std::int64_t{0}},
              {"transpose_b", AttrType::kInteger, std::int64_t{0}},
              {"activation", AttrType::kText, std::string()},
              {"weights", AttrType::kText, std::string()}};
  op.infer = infer_matmul;
  op.evaluate = evaluate_matmul;
  op.pull_back = pull_back_matmul;
  op.sign = sign_matmul;
  op.flops = [](const Node& node, std::span<const Type> in) {
    const auto inner = static_cast<double>(product(node.attrs, in[0].shape, in[1].shape).inner);
    return 2.0 * static_cast<double>(element_count(node.type.shape)) * inner;
  };
  return op;
}

}  // namespace signxai::graph
