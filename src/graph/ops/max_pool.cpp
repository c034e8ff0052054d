// max_pool: maximum over windows; padded cells never win. max_pool_backward: hands the cotangent of each window to its
// maximum. On ties either the first one in row-major order takes it, or (ties = "all", Keras' MaxPooling3D) every one
// takes the whole of it.
#include <cmath>

#include "graph/ops/ops.h"
#include "graph/window.h"

namespace signxai::graph {
namespace {

void check_ties(std::string_view op, const Attrs& attrs) {
  const std::string& ties = attrs.text("ties");
  if (ties == "first" || ties == "all") return;
  refuse_op(op, "unknown tie rule; got '" + ties + "', expected 'first' or 'all'");
}

Shape pooled_shape(std::string_view op, const Attrs& attrs, const Shape& x) {
  check_ties(op, attrs);
  Shape y{kOpen};
  for (const WindowAxis& axis : pool_windows(op, attrs, x)) y.push_back(axis.out);
  y.front() = x.front();
  y.push_back(x.back());
  return y;
}

Type infer_max_pool(const InferArgs& a) {
  return checked_type("max_pool", pooled_shape("max_pool", a.attrs, a.inputs[0].shape));
}

Type infer_max_pool_backward(const InferArgs& a) {
  const Shape& dy = a.inputs[1].shape;
  const Shape expected = pooled_shape("max_pool_backward", a.attrs, a.inputs[0].shape);
  if (!shapes_agree(dy, expected)) {
    refuse_op("max_pool_backward", "cotangent does not fit; got " + signxai::to_string(dy) + ", expected " +
                                       signxai::to_string(expected) + " for input " +
                                       signxai::to_string(a.inputs[0].shape));
  }
  return a.inputs[0];
}

/// Calls visit(y offset, x offset) for every element of every window, in row-major order of windows.
template <typename Visit>
void for_each_element(const std::vector<WindowAxis>& windows, const Shape& x, Visit&& visit) {
  std::int64_t x_cells = 1, y_cells = 1;
  for (const WindowAxis& axis : windows) x_cells *= axis.in, y_cells *= axis.out;
  const std::int64_t channels = x.back();
  for (std::int64_t n = 0; n < x.front(); ++n) {
    for_each_tap(windows, [&](std::int64_t to, std::int64_t from, std::int64_t) {
      const std::int64_t y = (n * y_cells + to) * channels, at = (n * x_cells + from) * channels;
      for (std::int64_t c = 0; c < channels; ++c)
        visit(static_cast<std::size_t>(y + c), static_cast<std::size_t>(at + c));
    });
  }
}

/// Offset in x of the first maximum of every window. NaN wins over numbers, so that it stays visible.
std::vector<std::size_t> winners(const std::vector<WindowAxis>& windows, const Array& x, std::size_t count) {
  constexpr auto kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> best(count, kNone);
  for_each_element(windows, x.shape, [&](std::size_t to, std::size_t from) {
    const bool wins = best[to] == kNone || x.data[from] > x.data[best[to]] ||
                      (std::isnan(x.data[from]) && !std::isnan(x.data[best[to]]));
    if (wins) best[to] = from;
  });
  return best;
}

Array evaluate_max_pool(const Node& node, std::span<const Array* const> in) {
  Array out(node.type.shape);
  const auto best = winners(pool_windows("max_pool", node.attrs, in[0]->shape), *in[0], out.data.size());
  for (std::size_t i = 0; i < best.size(); ++i) out.data[i] = in[0]->data[best[i]];
  return out;
}

Array evaluate_max_pool_backward(const Node& node, std::span<const Array* const> in) {
  const Array &x = *in[0], &dy = *in[1];
  const auto windows = pool_windows("max_pool_backward", node.attrs, x.shape);
  const auto best = winners(windows, x, dy.data.size());
  Array out(node.type.shape);
  if (node.attrs.text("ties") == "first") {
    for (std::size_t i = 0; i < best.size(); ++i) out.data[best[i]] += dy.data[i];
  } else {
    for_each_element(windows, x.shape, [&](std::size_t to, std::size_t from) {
      if (x.data[from] == x.data[best[to]]) out.data[from] += dy.data[to];
    });
  }
  return out;
}

std::vector<Value> pull_back_max_pool(const PullBackArgs& p) {
  return {p.builder.make("max_pool_backward", {p.node.inputs[0], p.cotangent}, p.node.attrs)};
}

/// Constant in x almost everywhere. Linear in dy, but no primitive gathers at the maxima.
std::vector<Value> pull_back_max_pool_backward(const PullBackArgs& p) {
  if (p.needed[1]) {
    throw Error(ErrorCode::kUnsupported, "graph", "max_pool_backward",
                "has no pull-back; try a method without second derivatives");
  }
  return std::vector<Value>(2);
}

Sign keeps(const Node&, std::span<const Sign> s) { return s[0]; }
Sign scatters(const Node&, std::span<const Sign> s) { return {s[1].negative, true, s[1].positive}; }

std::vector<AttrSpec> pool_attrs() {
  return {{"window", AttrType::kInts, {}},
          {"strides", AttrType::kInts, {}},
          {"padding", AttrType::kText, {}},
          {"pads", AttrType::kInts, Ints{}},
          {"ties", AttrType::kText, std::string("first")}};
}

}  // namespace

OpDef op_max_pool() {
  OpDef op{.name = "max_pool", .kind = OpKind::kPool};
  op.attrs = pool_attrs();
  op.infer = infer_max_pool;
  op.evaluate = evaluate_max_pool;
  op.pull_back = pull_back_max_pool;
  op.sign = keeps;
  op.annihilators = 1;
  return op;
}

OpDef op_max_pool_backward() {
  OpDef op{.name = "max_pool_backward", .kind = OpKind::kPool, .min_inputs = 2, .max_inputs = 2};
  op.attrs = pool_attrs();
  op.infer = infer_max_pool_backward;
  op.evaluate = evaluate_max_pool_backward;
  op.pull_back = pull_back_max_pool_backward;
  op.sign = scatters;
  op.annihilators = 2;
  return op;
}

}  // namespace signxai::graph
