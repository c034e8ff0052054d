// Pointwise ops of one input. Each row of the table gives the function, its derivative as graph operations on the input
// x and the result y, and what is known about the sign of the result.
#include <cmath>

#include "graph/ops/ops.h"

namespace signxai::graph {
namespace {

template <auto f>
Array evaluate_unary(const Node& node, std::span<const Array* const> inputs) {
  Array out(node.type.shape);
  for (std::size_t i = 0; i < out.data.size(); ++i) out.data[i] = f(inputs[0]->data[i]);
  return out;
}

template <auto d>
std::vector<Value> pull_back_unary(const PullBackArgs& a) {
  return {a.builder.mul(a.cotangent, d(a.builder, a.node.inputs[0], a.result))};
}

Sign non_negative(const Node&, std::span<const Sign>) { return Sign::non_negative(); }
Sign flipped(const Node&, std::span<const Sign> in) { return {in[0].positive, in[0].zero, in[0].negative}; }
Sign rectified(const Node&, std::span<const Sign> in) { return {false, in[0].negative || in[0].zero, in[0].positive}; }
Sign magnitude(const Node&, std::span<const Sign> in) { return {false, in[0].zero, in[0].negative || in[0].positive}; }

double relu(double x) { return x > 0 || std::isnan(x) ? x : 0.0; }
double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

Value step(Builder& b, Value x) { return b.make("greater", {x, b.constant(0.0)}); }

template <auto f, auto d>
OpDef unary(const char* name, SignRule sign, bool zero_to_zero) {
  OpDef op{.name = name, .kind = OpKind::kPointwise};
  op.infer = [](const InferArgs& a) { return a.inputs[0]; };
  op.evaluate = evaluate_unary<f>;
  op.pull_back = pull_back_unary<d>;
  op.sign = sign;
  op.annihilators = zero_to_zero ? 1u : 0u;
  return op;
}

}  // namespace

std::vector<OpDef> unary_ops() {
  constexpr SignRule any = nullptr;
  return {
      unary<[](double x) { return std::fabs(x); },
            [](Builder& b, Value x, Value) { return b.sub(step(b, x), step(b, b.unary("neg", x))); }>("abs", magnitude,
                                                                                                      true),
      unary<[](double x) { return std::erf(x); },
            [](Builder& b, Value x, Value) {
              return b.mul(b.constant(2.0 / std::sqrt(M_PI)), b.unary("exp", b.unary("neg", b.mul(x, x))));
            }>("erf", same_sign, true),
      unary<[](double x) { return std::exp(x); }, [](Builder&, Value, Value y) { return y; }>("exp", non_negative,
                                                                                              false),
      unary<[](double x) { return std::expm1(x); },
            [](Builder& b, Value, Value y) { return b.add(y, b.constant(1.0)); }>("expm1", same_sign, true),
      unary<[](double x) { return std::log(x); }, [](Builder& b, Value x, Value) { return b.div(b.constant(1.0), x); }>(
          "log", any, false),
      unary<[](double x) { return std::log1p(x); },
            [](Builder& b, Value x, Value) { return b.div(b.constant(1.0), b.add(x, b.constant(1.0))); }>(
          "log1p", same_sign, true),
      unary<[](double x) { return -x; }, [](Builder& b, Value, Value) { return b.constant(-1.0); }>("neg", flipped,
                                                                                                    true),
      unary<relu, [](Builder& b, Value x, Value) { return step(b, x); }>("relu", rectified, true),
      unary<sigmoid, [](Builder& b, Value, Value y) { return b.mul(y, b.sub(b.constant(1.0), y)); }>(
          "sigmoid", non_negative, false),
      unary<[](double x) { return std::sqrt(x); },
            [](Builder& b, Value, Value y) { return b.div(b.constant(0.5), y); }>("sqrt", same_sign, true),
      unary<[](double x) { return std::tanh(x); },
            [](Builder& b, Value, Value y) { return b.sub(b.constant(1.0), b.mul(y, y)); }>("tanh", same_sign, true),
  };
}

}  // namespace signxai::graph
