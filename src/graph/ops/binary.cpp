// Pointwise ops of two inputs, with NumPy broadcasting: arithmetic, maximum/minimum and comparisons (1 or 0).
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

using PullBack = std::vector<Value> (*)(const PullBackArgs&);

template <auto f>
Array evaluate_binary(const Node& node, std::span<const Array* const> in) {
  Array out(node.type.shape);
  for_each_broadcast(out.shape, in[0]->shape, in[1]->shape, [&](std::int64_t i, std::int64_t a, std::int64_t b) {
    out.data[static_cast<std::size_t>(i)] =
        f(in[0]->data[static_cast<std::size_t>(a)], in[1]->data[static_cast<std::size_t>(b)]);
  });
  return out;
}

Type infer_binary(const InferArgs& a) {
  return Type(broadcast_shapes("pointwise", a.inputs[0].shape, a.inputs[1].shape));
}

/// Gives each input its share of the cotangent, summed over broadcast axes; `share` maps (args, index) to a Value.
template <typename Share>
std::vector<Value> shares(const PullBackArgs& p, Share&& share) {
  std::vector<Value> out(2);
  for (std::size_t i = 0; i < 2; ++i) {
    if (p.needed[i]) out[i] = p.builder.sum_to(share(i), Shape(p.builder.shape(p.node.inputs[i])));
  }
  return out;
}

std::vector<Value> pull_add(const PullBackArgs& p) {
  return shares(p, [&](std::size_t) { return p.cotangent; });
}
std::vector<Value> pull_sub(const PullBackArgs& p) {
  return shares(p, [&](std::size_t i) { return i == 0 ? p.cotangent : p.builder.unary("neg", p.cotangent); });
}
std::vector<Value> pull_mul(const PullBackArgs& p) {
  return shares(p, [&](std::size_t i) { return p.builder.mul(p.cotangent, p.node.inputs[1 - i]); });
}
std::vector<Value> pull_div(const PullBackArgs& p) {
  Builder& b = p.builder;
  return shares(p, [&](std::size_t i) {
    const Value quotient = b.div(p.cotangent, p.node.inputs[1]);
    return i == 0 ? quotient : b.unary("neg", b.mul(quotient, p.result));
  });
}
std::vector<Value> pull_safe_div(const PullBackArgs& p) {
  Builder& b = p.builder;
  return shares(p, [&](std::size_t i) {
    const Value quotient = b.safe_div(p.cotangent, p.node.inputs[1]);
    return i == 0 ? quotient : b.unary("neg", b.mul(quotient, p.result));
  });
}
/// The winner takes all; on a tie the first input does, as Keras' Maximum and Minimum layers have it.
template <bool maximum>
std::vector<Value> pull_binary_extremum(const PullBackArgs& p) {
  Builder& b = p.builder;
  const Value first = b.make(maximum ? "greater_equal" : "less_equal", {p.node.inputs[0], p.node.inputs[1]});
  return shares(p, [&](std::size_t i) { return b.mul(p.cotangent, i == 0 ? first : b.sub(b.constant(1.0), first)); });
}

Sign sign_add(const Node&, std::span<const Sign> s) {
  return {s[0].negative || s[1].negative,
          (s[0].zero && s[1].zero) || (s[0].negative && s[1].positive) || (s[0].positive && s[1].negative),
          s[0].positive || s[1].positive};
}
Sign sign_sub(const Node& n, std::span<const Sign> s) {
  const Sign flipped[] = {s[0], {s[1].positive, s[1].zero, s[1].negative}};
  return sign_add(n, flipped);
}
/// Products and quotients of non-zero numbers may underflow to zero, so zero stays possible.
Sign sign_mul(const Node&, std::span<const Sign> s) {
  return {(s[0].negative && s[1].positive) || (s[0].positive && s[1].negative), true,
          (s[0].negative && s[1].negative) || (s[0].positive && s[1].positive)};
}
Sign sign_safe_div(const Node& n, std::span<const Sign> s) {
  const Sign shifted[] = {s[0], {s[1].negative, false, s[1].positive || s[1].zero}};
  return sign_mul(n, shifted);
}
Sign sign_maximum(const Node&, std::span<const Sign> s) {
  const bool floor = s[0].is_non_negative() || s[1].is_non_negative();
  return {!floor && s[0].negative && s[1].negative,
          (s[0].zero && (s[1].zero || s[1].negative)) || (s[1].zero && s[0].negative), s[0].positive || s[1].positive};
}
Sign sign_minimum(const Node& n, std::span<const Sign> s) {
  const Sign flipped[] = {{s[0].positive, s[0].zero, s[0].negative}, {s[1].positive, s[1].zero, s[1].negative}};
  const Sign m = sign_maximum(n, flipped);
  return {m.positive, m.zero, m.negative};
}
/// A comparison whose second operand is zero may be decided by the sign of the first.
template <bool negative, bool zero, bool positive>
Sign sign_compare(const Node&, std::span<const Sign> s) {
  if (!s[1].is_zero()) return Sign::non_negative();
  const bool may_hold = (s[0].negative && negative) || (s[0].zero && zero) || (s[0].positive && positive);
  const bool may_fail = (s[0].negative && !negative) || (s[0].zero && !zero) || (s[0].positive && !positive);
  return {false, may_fail, may_hold};
}

double greater(double a, double b) { return a > b; }
double greater_equal(double a, double b) { return a >= b; }
double less(double a, double b) { return a < b; }
double less_equal(double a, double b) { return a <= b; }
double maximum(double a, double b) { return a > b || std::isnan(a) ? a : b; }
double minimum(double a, double b) { return a < b || std::isnan(a) ? a : b; }

template <auto f>
OpDef binary(const char* name, PullBack pull_back, SignRule sign, std::uint32_t annihilators) {
  OpDef op{.name = name, .kind = OpKind::kPointwise, .min_inputs = 2, .max_inputs = 2};
  op.infer = infer_binary;
  op.evaluate = evaluate_binary<f>;
  op.pull_back = pull_back;
  op.sign = sign;
  op.annihilators = annihilators;
  return op;
}

}  // namespace

std::vector<OpDef> binary_ops() {
  return {
      binary<[](double a, double b) { return a + b; }>("add", pull_add, sign_add, 0),
      binary<[](double a, double b) { return a / b; }>("div", pull_div, nullptr, 1),
      binary<[](double a, double b) { return double(a == b); }>("equal", nullptr, sign_compare<false, true, false>, 0),
      binary<greater>("greater", nullptr, sign_compare<false, false, true>, 0),
      binary<greater_equal>("greater_equal", nullptr, sign_compare<false, true, true>, 0),
      binary<less>("less", nullptr, sign_compare<true, false, false>, 0),
      binary<less_equal>("less_equal", nullptr, sign_compare<true, true, false>, 0),
      binary<maximum>("maximum", pull_binary_extremum<true>, sign_maximum, 0),
      binary<minimum>("minimum", pull_binary_extremum<false>, sign_minimum, 0),
      binary<[](double a, double b) { return a * b; }>("mul", pull_mul, sign_mul, 3),
      binary<[](double a, double b) { return a / (b == 0 ? 1e-7 : b); }>("safe_div", pull_safe_div, sign_safe_div, 1),
      binary<[](double a, double b) { return a - b; }>("sub", pull_sub, sign_sub, 0),
  };
}

}  // namespace signxai::graph
