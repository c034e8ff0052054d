// avg_pool: mean over the cells of each window that are not padding; avg_pool_backward: its exact transpose.
#include "graph/ops/ops.h"
#include "graph/window.h"

namespace signxai::graph {
namespace {

Type infer_avg_pool(const InferArgs& a) {
  const Shape& x = a.inputs[0].shape;
  Shape y{kOpen};
  for (const WindowAxis& axis : pool_windows("avg_pool", a.attrs, x)) y.push_back(axis.out);
  y.front() = x.front();
  y.push_back(x.back());
  return checked_type("avg_pool", std::move(y));
}

Type infer_avg_pool_backward(const InferArgs& a) {
  constexpr auto kName = "avg_pool_backward";
  const Shape& dy = a.inputs[0].shape;
  Shape expected{kOpen}, x{dy.empty() ? kOpen : dy.front()};
  for (const WindowAxis& axis : pool_backward_windows(kName, a.attrs)) {
    expected.push_back(axis.out);
    x.push_back(axis.in);
  }
  expected.push_back(kOpen);
  if (!shapes_agree(dy, expected)) {
    refuse_op(kName, "cotangent does not fit; got " + signxai::to_string(dy) + ", expected " +
                         signxai::to_string(expected) + " for input_spatial " +
                         signxai::to_string(a.attrs.ints("input_spatial")));
  }
  x.push_back(dy.back());
  return checked_type(kName, std::move(x));
}

/// Calls visit(x offset, y offset, weight) for each row of channels; `weight` is one over the cells of y's window.
template <typename Visit>
void for_each_pooled_row(const std::vector<WindowAxis>& windows, std::int64_t batch, std::int64_t channels,
                         Visit&& visit) {
  std::int64_t x_cells = 1, y_cells = 1;
  for (const WindowAxis& axis : windows) x_cells *= axis.in, y_cells *= axis.out;
  std::vector<double> members(static_cast<std::size_t>(y_cells), 0.0);
  for_each_tap(windows, [&](std::int64_t to, std::int64_t, std::int64_t) { ++members[static_cast<std::size_t>(to)]; });
  for (std::int64_t n = 0; n < batch; ++n) {
    for_each_tap(windows, [&](std::int64_t to, std::int64_t from, std::int64_t) {
      visit((n * x_cells + from) * channels, (n * y_cells + to) * channels,
            1.0 / members[static_cast<std::size_t>(to)]);
    });
  }
}

Array evaluate_avg_pool(const Node& node, std::span<const Array* const> in) {
  const Array& x = *in[0];
  const std::int64_t channels = x.shape.back();
  const auto windows = pool_windows("avg_pool", node.attrs, x.shape);
  Array out(node.type.shape);
  for_each_pooled_row(windows, x.shape[0], channels, [&](std::int64_t xi, std::int64_t yi, double weight) {
    add_scaled(x.data.data() + xi, weight, out.data.data() + yi, channels);
  });
  return out;
}

Array evaluate_avg_pool_backward(const Node& node, std::span<const Array* const> in) {
  const Array& dy = *in[0];
  const std::int64_t channels = dy.shape.back();
  const auto windows = pool_backward_windows("avg_pool_backward", node.attrs);
  Array out(node.type.shape);
  for_each_pooled_row(windows, dy.shape[0], channels, [&](std::int64_t xi, std::int64_t yi, double weight) {
    add_scaled(dy.data.data() + yi, weight, out.data.data() + xi, channels);
  });
  return out;
}

std::vector<Value> pull_back_avg_pool(const PullBackArgs& p) {
  const Shape& x = p.builder.shape(p.node.inputs[0]);
  const Ints spatial(x.begin() + 1, x.end() - 1);
  require_bound("avg_pool", spatial);
  Attrs attrs = p.node.attrs;
  attrs.set("input_spatial", spatial);
  return {p.builder.make("avg_pool_backward", {p.cotangent}, std::move(attrs))};
}

std::vector<Value> pull_back_avg_pool_backward(const PullBackArgs& p) {
  const Attrs& attrs = p.node.attrs;
  return {p.builder.make("avg_pool", {p.cotangent},
                         {{"window", attrs.ints("window")},
                          {"strides", attrs.ints("strides")},
                          {"padding", attrs.text("padding")},
                          {"pads", attrs.ints("pads")}})};
}

Sign sign_avg_pool(const Node&, std::span<const Sign> s) { return {s[0].negative, true, s[0].positive}; }

OpDef averaging(const char* name) {
  OpDef op{.name = name, .kind = OpKind::kPool};
  op.attrs = {{"window", AttrType::kInts, {}},
              {"strides", AttrType::kInts, {}},
              {"padding", AttrType::kText, {}},
              {"pads", AttrType::kInts, Ints{}}};
  op.sign = sign_avg_pool;
  op.annihilators = 1;
  return op;
}

}  // namespace

OpDef op_avg_pool() {
  OpDef op = averaging("avg_pool");
  op.infer = infer_avg_pool;
  op.evaluate = evaluate_avg_pool;
  op.pull_back = pull_back_avg_pool;
  return op;
}

OpDef op_avg_pool_backward() {
  OpDef op = averaging("avg_pool_backward");
  op.attrs.push_back({"input_spatial", AttrType::kInts, {}});
  op.infer = infer_avg_pool_backward;
  op.evaluate = evaluate_avg_pool_backward;
  op.pull_back = pull_back_avg_pool_backward;
  return op;
}

}  // namespace signxai::graph
