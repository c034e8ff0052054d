// Reductions along axes behind that of the batch, and what is scaled by one.
#include "importers/operations/lowerings.h"

namespace signxai::keras {
namespace {

using graph::Builder;
using graph::Ints;
using graph::Value;

constexpr std::int64_t kMostFactors = 256;

struct Along {
  Value x;
  Ints axes;
  bool keep;
};

Along along(Operands& call) {
  const Value x = call.value("x");
  return {x, call.axes("axis", call.rank(x)), call.config().flag("keepdims", false)};
}

Value variance(Builder& b, const Along& a) {
  const Value gap = b.sub(a.x, b.reduce("reduce_mean", a.x, a.axes, true));
  return b.reduce("reduce_mean", b.mul(gap, gap), a.axes, a.keep);
}

Value truths(Operands& call, const char* op) {
  const Along a = along(call);
  return call.builder().reduce(op, differs(call.builder(), a.x, 0.0, false), a.axes, a.keep);
}

Value squares(Builder& b, const Along& a, bool keep) { return b.reduce("reduce_sum", b.mul(a.x, a.x), a.axes, keep); }

}  // namespace

LayerResult reduction(Operands& call, const char* op) {
  const Along a = along(call);
  return LayerResult::plain(call.builder().reduce(op, a.x, a.axes, a.keep));
}

LayerResult operation_all(Operands& call) { return LayerResult::plain(truths(call, "reduce_min")); }
LayerResult operation_any(Operands& call) { return LayerResult::plain(truths(call, "reduce_max")); }

LayerResult operation_l2_normalize(Operands& call) {
  Builder& b = call.builder();
  const Along a = along(call);
  const Value least = b.constant(call.config().number("epsilon", 1e-12));
  return LayerResult::plain(b.div(a.x, b.unary("sqrt", b.make("maximum", {squares(b, a, true), least}))));
}

LayerResult operation_logsumexp(Operands& call) {
  Builder& b = call.builder();
  const Along a = along(call);
  const Value top = b.reduce("reduce_max", a.x, a.axes, true);
  const Value sum = b.reduce("reduce_sum", b.unary("exp", b.sub(a.x, top)), a.axes, true);
  const Value result = b.add(top, b.unary("log", sum));
  return LayerResult::plain(a.keep ? result : without_axes(b, result, a.axes));
}

/// Mean and variance.
LayerResult operation_moments(Operands& call) {
  const Along a = along(call);
  LayerResult result = LayerResult::plain(call.builder().reduce("reduce_mean", a.x, a.axes, a.keep));
  result.more = {variance(call.builder(), a)};
  return result;
}

LayerResult operation_norm(Operands& call) {
  Builder& b = call.builder();
  const Along a = along(call);
  const Json* order = call.config().find("ord");
  if (a.axes.size() != 1) call.context().refuse("is a norm of matrices; supported are norms along one axis");
  if (!order || *order == 2 || *order == "euclidean") {
    return LayerResult::plain(b.unary("sqrt", squares(b, a, a.keep)));
  }
  if (*order != 1) call.context().refuse("is a norm of order " + brief(*order) + "; supported are 1 and 2");
  return LayerResult::plain(b.reduce("reduce_sum", b.unary("abs", a.x), a.axes, a.keep));
}

/// x / |x|, where the norm is not below epsilon.
LayerResult operation_normalize(Operands& call) {
  Builder& b = call.builder();
  const Along a = along(call);
  const Value inverse = b.div(b.constant(1.0), b.unary("sqrt", squares(b, a, true)));
  const double epsilon = call.config().number("epsilon", 1e-7);
  if (epsilon <= 0) call.config().wrong("epsilon", "a positive number");
  return LayerResult::plain(b.mul(a.x, b.make("minimum", {inverse, b.constant(1.0 / epsilon)})));
}

LayerResult operation_prod(Operands& call) {
  Builder& b = call.builder();
  const Along a = along(call);
  Value product = a.x;
  for (const std::int64_t axis : a.axes) {
    const std::int64_t count = call.extent(a.x, axis);
    if (count > kMostFactors) call.context().refuse("is a product of more than 256 factors");
    const Value factors = product;
    product = slice_of(b, factors, axis, 0, 1);
    for (std::int64_t i = 1; i < count; ++i) product = b.mul(product, slice_of(b, factors, axis, i, i + 1));
  }
  return LayerResult::plain(a.keep ? product : without_axes(b, product, a.axes));
}

LayerResult operation_std(Operands& call) {
  return LayerResult::plain(call.builder().unary("sqrt", variance(call.builder(), along(call))));
}

LayerResult operation_var(Operands& call) { return LayerResult::plain(variance(call.builder(), along(call))); }

}  // namespace signxai::keras
