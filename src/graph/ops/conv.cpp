// conv: convolution (cross-correlation, as in Keras) over 1 to n spatial axes with stride, dilation, padding and
// groups; conv_backward_data: its exact transpose, which is both its pull-back and Keras' transposed convolution.
// With `precision` "bf16" both operands are rounded to bfloat16 first: products are exact then, and sums are as always.
// With "winograd" the meaning is the same, and a kernel may use Winograd's algorithm.
#include <cmath>
#include <limits>

#include "graph/ops/ops.h"
#include "graph/window.h"

namespace signxai::graph {
namespace {

/// Groups g = 0..groups-1 join input channels [g * in, (g + 1) * in) to output channels [g * out, (g + 1) * out).
struct Channels {
  std::int64_t groups, in, out;
};

Channels channels(std::string_view op, const Attrs& attrs, const Shape& w) {
  if (w.size() < 3)
    refuse_op(op, "kernel has the wrong rank; got shape " + signxai::to_string(w) + ", expected 3 or more");
  const std::int64_t groups = attrs.integer("groups"), in = w[w.size() - 2], out = w.back();
  if (in < 1 || out < 1) refuse_op(op, "kernel has no channels; got shape " + signxai::to_string(w));
  if (groups < 1 || out % groups != 0) {
    refuse_op(op, "groups do not divide the output channels; got " + std::to_string(groups) + " groups and kernel " +
                      signxai::to_string(w));
  }
  checked_type(op, {groups, in});
  return {groups, in, out / groups};
}

bool is_rounded(const Attrs& attrs) { return attrs.text("precision") == "bf16"; }

void check_precision(std::string_view op, const Attrs& attrs) {
  const std::string& precision = attrs.text("precision");
  if (precision.empty() || precision == "bf16" || precision == "winograd") return;
  refuse_op(op, "unknown precision; got '" + precision + "', expected 'bf16', 'winograd' or ''");
}

/// To the nearest number of eight significant bits, ties to even.
double to_bfloat16(double v) {
  int exponent = 0;
  const double fraction = std::frexp(v, &exponent);
  return std::isfinite(v) ? std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8) : v;
}

/// The operand as the contraction sees it; `storage` keeps it.
const Array& seen(const Attrs& attrs, const Array& operand, Array& storage) {
  if (!is_rounded(attrs)) return operand;
  storage = operand;
  for (double& v : storage.data) v = to_bfloat16(v);
  return storage;
}

void refuse_lowered(const Node& node) {
  if (!node.attrs.text("precision").empty())
    refuse_op(node.op->name, "cannot be differentiated after its precision was lowered");
}

Type infer_conv(const InferArgs& a) {
  const Shape &x = a.inputs[0].shape, &w = a.inputs[1].shape;
  const auto windows = conv_windows("conv", a.attrs, x, w);
  const Channels c = channels("conv", a.attrs, w);
  if (x.back() != kOpen && x.back() != c.groups * c.in) {
    refuse_op("conv", "channels do not fit; got input " + signxai::to_string(x) + ", kernel " + signxai::to_string(w) +
                          " and " + std::to_string(c.groups) + " groups");
  }
  check_epilogue("conv", a, w.back());
  check_precision("conv", a.attrs);
  Shape y{x.front()};
  for (const WindowAxis& axis : windows) y.push_back(axis.out);
  y.push_back(w.back());
  return checked_type("conv", std::move(y));
}

Type infer_conv_backward(const InferArgs& a) {
  constexpr auto kName = "conv_backward_data";
  const Shape &dy = a.inputs[0].shape, &w = a.inputs[1].shape;
  const auto windows = conv_backward_windows(kName, a.attrs, w);
  const Channels c = channels(kName, a.attrs, w);
  check_precision(kName, a.attrs);
  Shape expected{kOpen}, x{dy.empty() ? kOpen : dy.front()};
  for (const WindowAxis& axis : windows) expected.push_back(axis.out), x.push_back(axis.in);
  expected.push_back(w.back());
  x.push_back(c.groups * c.in);
  if (!shapes_agree(dy, expected)) {
    refuse_op(kName, "cotangent does not fit; got " + signxai::to_string(dy) + ", expected " +
                         signxai::to_string(expected) + " for kernel " + signxai::to_string(w) + " and input_spatial " +
                         signxai::to_string(a.attrs.ints("input_spatial")));
  }
  return checked_type(kName, std::move(x));
}

/// Calls visit(x offset, w offset, y offset) for every row of `out` weights that joins an input channel of one cell to
/// the output channels of another.
template <typename Visit>
void for_each_conv_row(const std::vector<WindowAxis>& windows, const Channels& c, std::int64_t batch, Visit&& visit) {
  std::int64_t x_cells = 1, y_cells = 1;
  for (const WindowAxis& axis : windows) x_cells *= axis.in, y_cells *= axis.out;
  for (std::int64_t n = 0; n < batch; ++n) {
    for_each_tap(windows, [&](std::int64_t to, std::int64_t from, std::int64_t tap) {
      for (std::int64_t g = 0; g < c.groups; ++g) {
        const std::int64_t x = ((n * x_cells + from) * c.groups + g) * c.in;
        const std::int64_t y = ((n * y_cells + to) * c.groups + g) * c.out;
        for (std::int64_t i = 0; i < c.in; ++i) visit(x + i, ((tap * c.in + i) * c.groups + g) * c.out, y);
      }
    });
  }
}

Array evaluate_conv(const Node& node, std::span<const Array* const> in) {
  const Shape &x = in[0]->shape, &w = in[1]->shape;
  const Channels c = channels("conv", node.attrs, w);
  Array data, weights, out(node.type.shape);
  const Array &from = seen(node.attrs, *in[0], data), &kernel = seen(node.attrs, *in[1], weights);
  for_each_conv_row(conv_windows("conv", node.attrs, x, w), c, x[0],
                    [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) {
                      const double value = from.data[static_cast<std::size_t>(xi)];
                      const double* row = kernel.data.data() + wi;
                      double* sums = out.data.data() + yi;
                      for (std::int64_t o = 0; o < c.out; ++o) sums[o] += value * row[o];
                    });
  apply_epilogue(node, in, out);
  return out;
}

Array evaluate_conv_backward(const Node& node, std::span<const Array* const> in) {
  const Shape& w = in[1]->shape;
  const Channels c = channels("conv_backward_data", node.attrs, w);
  const auto windows = conv_backward_windows("conv_backward_data", node.attrs, w);
  Array data, weights, out(node.type.shape);
  const Array &from = seen(node.attrs, *in[0], data), &kernel = seen(node.attrs, *in[1], weights);
  for_each_conv_row(windows, c, in[0]->shape[0], [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) {
    const double* row = kernel.data.data() + wi;
    const double* dy = from.data.data() + yi;
    double sum = 0;
    for (std::int64_t o = 0; o < c.out; ++o) sum += dy[o] * row[o];
    out.data[static_cast<std::size_t>(xi)] += sum;
  });
  return out;
}

Attrs shared_attrs(const Attrs& from) {
  Attrs attrs;
  for (const char* name : {"strides", "padding", "pads", "dilations", "groups"})
    attrs.set(name, from.entries().at(name));
  return attrs;
}

std::vector<Value> pull_back_conv(const PullBackArgs& p) {
  refuse_epilogue(p.node);
  refuse_lowered(p.node);
  std::vector<Value> out(p.node.inputs.size());
  if (!p.needed[0]) return out;
  const Shape& x = p.builder.shape(p.node.inputs[0]);
  const Ints spatial(x.begin() + 1, x.end() - 1);
  require_bound("conv", spatial);
  Attrs attrs = shared_attrs(p.node.attrs);
  attrs.set("input_spatial", spatial);
  out[0] = p.builder.make("conv_backward_data", {p.cotangent, p.node.inputs[1]}, std::move(attrs));
  return out;
}

std::vector<Value> pull_back_conv_backward(const PullBackArgs& p) {
  refuse_lowered(p.node);
  std::vector<Value> out(2);
  if (p.needed[0]) out[0] = p.builder.make("conv", {p.cotangent, p.node.inputs[1]}, shared_attrs(p.node.attrs));
  return out;
}

/// Each element of y joins the weights of one output channel; with padding also those that meet zeros.
double conv_flops(const Shape& y, const Shape& w) {
  return 2.0 * static_cast<double>(element_count(y)) * static_cast<double>(element_count(w)) /
         static_cast<double>(w.back());
}

std::vector<AttrSpec> window_attrs() {
  return {{"strides", AttrType::kInts, {}},
          {"padding", AttrType::kText, {}},
          {"pads", AttrType::kInts, Ints{}},
          {"dilations", AttrType::kInts, {}},
          {"groups", AttrType::kInteger, std::int64_t{1}},
          {"precision", AttrType::kText, std::string()}};
}

}  // namespace

/// Not annihilated by its inputs, because a bias may be fused in; the sign rule knows when it is not.
OpDef op_conv() {
  OpDef op{.name = "conv", .kind = OpKind::kLinear, .min_inputs = 2, .max_inputs = 3};
  op.attrs = window_attrs();
  op.attrs.push_back({"activation", AttrType::kText, std::string()});
  op.infer = infer_conv;
  op.evaluate = evaluate_conv;
  op.pull_back = pull_back_conv;
  op.sign = contraction_sign;
  op.flops = [](const Node& node, std::span<const Type> in) { return conv_flops(node.type.shape, in[1].shape); };
  return op;
}

OpDef op_conv_backward_data() {
  OpDef op{.name = "conv_backward_data", .kind = OpKind::kLinear, .min_inputs = 2, .max_inputs = 2};
  op.attrs = window_attrs();
  op.attrs.push_back({"input_spatial", AttrType::kInts, {}});
  op.infer = infer_conv_backward;
  op.evaluate = evaluate_conv_backward;
  op.pull_back = pull_back_conv_backward;
  op.sign = contraction_sign;
  op.annihilators = 3;
  op.flops = [](const Node&, std::span<const Type> in) { return conv_flops(in[0].shape, in[1].shape); };
  return op;
}

}  // namespace signxai::graph
