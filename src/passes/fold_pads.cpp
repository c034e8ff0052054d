// Pass: a convolution of an array with zeros around it pads by itself, conv(pad(x), w) = conv(x, w, wider pads), and
// what its pull-back computes for the cells of the border is cut off at once, so it is never computed. Where pointwise
// operations stand in between, as in x * pull-back, they are done on what the border surrounds. Keeps relevance.
#include <algorithm>
#include <map>
#include <optional>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "graph/window.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Attrs;
using graph::Ints;
using graph::Node;
using graph::Value;
using graph::WindowAxis;

/// Pads of all axes, lower and upper in turn, of which those of batch and channels are zero.
bool is_border(const Ints& pads) {
  return pads.size() > 4 && pads[0] == 0 && pads[1] == 0 && pads[pads.size() - 2] == 0 && pads[pads.size() - 1] == 0;
}

bool is_zero_border(const Node& node) {
  return node.is("pad") && node.attrs.number("value") == 0 && is_border(node.attrs.ints("pads"));
}

/// The windows' own pads and the border, which is counted per spatial axis.
Attrs padded(const Attrs& attrs, const std::vector<WindowAxis>& windows, const Ints& border) {
  Ints pads;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    pads.insert(pads.end(), {windows[i].pad_lo + border[2 * i + 2], windows[i].pad_hi + border[2 * i + 3]});
  }
  Attrs made = attrs;
  made.set("padding", std::string("explicit"));
  made.set("pads", std::move(pads));
  return made;
}

/// What a slice of neighbouring elements leaves out before and behind, axis by axis.
std::optional<Ints> left_out(const Node& slice, const Shape& from) {
  if (!slice.attrs.ints("strides").empty()) return std::nullopt;
  Ints pads;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t begin = slice.attrs.ints("begin")[i];
    if (begin < 0 || from[i] == graph::kOpen) return std::nullopt;
    pads.insert(pads.end(), {begin, from[i] - begin - slice.type.shape[i]});
  }
  return pads;
}

/// Makes what one slice leaves of the values that it is taken from, without taking a slice.
class Cut {
 public:
  Cut(const Graph& graph, const std::vector<int>& uses, const std::map<Value, Value>& made, Ints border)
      : graph_(graph), uses_(uses), made_(made), border_(std::move(border)) {}

  /// Whether it can be made, and something is saved that nobody else needs.
  bool reaches(Value v, const graph::Type& whole) const {
    const Node& node = graph_[v];
    if (node.is("pad")) return is_zero_border(node) && node.attrs.ints("pads") == border_;
    if (uses_[static_cast<std::size_t>(v.id)] != 1) return false;
    if (node.is("conv_backward_data")) return true;
    if (node.op->kind != graph::OpKind::kPointwise) return false;
    bool found = false;
    for (const Value in : node.inputs) {
      if (stays(in, whole)) continue;
      if (graph_.type(in) != whole || !reaches(in, whole)) return false;
      found = true;
    }
    return found;
  }

  Value make(graph::Builder& b, Value v, const graph::Type& whole) const {
    const Node& node = graph_[v];
    if (node.is("pad")) return made_.at(node.inputs[0]);
    std::vector<Value> inputs;
    const bool pointwise = node.op->kind == graph::OpKind::kPointwise;
    for (const Value in : node.inputs) {
      inputs.push_back(pointwise && !stays(in, whole) ? make(b, in, whole) : made_.at(in));
    }
    if (pointwise) return b.remake(node, std::move(inputs));
    Attrs attrs = padded(node.attrs,
                         conv_backward_windows(node.op->name, node.attrs, graph_.type(node.inputs[1]).shape), border_);
    Ints extents = node.attrs.ints("input_spatial");
    for (std::size_t i = 0; i < extents.size(); ++i) extents[i] -= border_[2 * i + 2] + border_[2 * i + 3];
    attrs.set("input_spatial", std::move(extents));
    return b.make(node.op->name, std::move(inputs), std::move(attrs));
  }

 private:
  /// Operands that are the same for all cells.
  bool stays(Value v, const graph::Type& whole) const {
    const Shape& shape = graph_.type(v).shape;
    return shape.empty() || shape == Shape{1} || shape == Shape{whole.shape.back()};
  }

  const Graph& graph_;
  const std::vector<int>& uses_;
  const std::map<Value, Value>& made_;
  Ints border_;
};

}  // namespace

Graph fold_pads(const Graph& graph, const Context&) {
  const auto uses = graph.use_counts();
  std::map<Value, Value> made;
  return graph::rewrite(graph, [&](graph::Builder& b, Value old, std::vector<Value> in) -> Value {
    const Node& node = graph[old];
    if (node.is("slice")) {
      const graph::Type& whole = graph.type(node.inputs[0]);
      const auto border = left_out(node, whole.shape);
      const Cut cut(graph, uses, made, border.value_or(Ints{}));
      if (border && is_border(*border) && cut.reaches(node.inputs[0], whole)) {
        return made[old] = cut.make(b, node.inputs[0], whole);
      }
    }
    if (node.is("conv") && is_zero_border(graph[node.inputs[0]])) {
      const Node& pad = graph[node.inputs[0]];
      const auto windows = conv_windows(node.op->name, node.attrs, pad.type.shape, graph.type(node.inputs[1]).shape);
      in[0] = made.at(pad.inputs[0]);
      return made[old] = b.make(node.op->name, std::move(in), padded(node.attrs, windows, pad.attrs.ints("pads")));
    }
    return made[old] = b.remake(node, std::move(in));
  });
}

}  // namespace signxai::passes
