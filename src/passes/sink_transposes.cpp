// sink_transposes: pushes transposes towards the outputs and cancels inverse pairs. A network that was stored with
// channels first is imported literally, each convolution between two transposes; after this pass only those at its
// inputs and outputs are left. Transposes move down through pointwise operations (constants and small operands are
// transposed instead), pads, slices, concatenations and reductions, up through broadcasts, and into matmul's flags.
#include <algorithm>
#include <numeric>
#include <optional>

#include "graph/op.h"
#include "graph/rewrite.h"
#include "passes/passes.h"

namespace signxai::passes {
namespace {

using graph::Attrs;
using graph::Builder;
using graph::Ints;
using graph::Node;
using graph::Value;
using Values = std::vector<Value>;

std::size_t index(std::int64_t axis) { return static_cast<std::size_t>(axis); }

Ints identity(std::size_t rank) {
  Ints perm(rank);
  std::iota(perm.begin(), perm.end(), std::int64_t{0});
  return perm;
}

Ints inverse(const Ints& perm) {
  Ints result(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i) result[index(perm[i])] = static_cast<std::int64_t>(i);
  return result;
}

/// Numbers the axes that are left again, from 0 on.
Ints renumbered(const Ints& perm) {
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  Ints result;
  for (auto axis : perm) result.push_back(std::lower_bound(sorted.begin(), sorted.end(), axis) - sorted.begin());
  return result;
}

/// Per-axis entries of a transposed value, `width` numbers each, as entries of its base.
Ints moved(const Ints& entries, const Ints& perm, std::size_t width) {
  Ints result(entries.size());
  for (std::size_t i = 0; i < perm.size(); ++i) {
    for (std::size_t k = 0; k < width && !entries.empty(); ++k) {
      result[index(perm[i]) * width + k] = entries[i * width + k];
    }
  }
  return result;
}

/// Whether transposing changes the order of the elements in memory; axes of extent 1 may go anywhere.
bool moves_elements(const Shape& shape, const Ints& perm) {
  std::int64_t last = -1;
  for (auto axis : perm) {
    if (shape[index(axis)] == 1) continue;
    if (axis < last) return true;
    last = axis;
  }
  return false;
}

class Sinker {
 public:
  explicit Sinker(Builder& builder) : b_(builder) {}

  /// The node on those inputs with its transposes moved; invalid if there is nothing to move.
  Value visit(const Node& node, const Values& inputs) {
    if (node.is("transpose")) return transposed(inputs[0], node.attrs.ints("perm"));
    if (node.op->kind == graph::OpKind::kPointwise) return sink_pointwise(node, inputs);
    if (node.op->kind == graph::OpKind::kReduce) return sink_reduction(node, inputs[0]);
    if (node.is("pad") || node.is("slice") || node.is("reverse")) return sink_along_axes(node, inputs[0]);
    if (node.is("concat")) return sink_concat(node, inputs);
    if (node.is("reshape")) return skip_before_reshape(node, inputs[0]);
    if (node.is("matmul")) return absorb(node, inputs);
    return {};
  }

 private:
  const Ints* perm_of(Value value) const { return b_[value].is("transpose") ? &b_[value].attrs.ints("perm") : nullptr; }
  Value base_of(Value value) const { return b_[value].inputs[0]; }

  /// A transpose, or something simpler that equals it.
  Value transposed(Value value, const Ints& perm) {
    if (perm == identity(perm.size())) return value;
    const Node node = b_[value];
    if (node.is("transpose")) {
      Ints both;
      for (auto axis : perm) both.push_back(node.attrs.ints("perm")[index(axis)]);
      return transposed(node.inputs[0], both);
    }
    if (node.is("broadcast")) return transposed_broadcast(node, value, perm);
    return b_.make("transpose", {value}, {{"perm", perm}});
  }

  /// broadcast(transpose(x)): less to move.
  Value transposed_broadcast(const Node& node, Value value, const Ints& perm) {
    const Ints& target = node.attrs.ints("shape");
    Ints shape;
    for (auto axis : perm) shape.push_back(target[index(axis)]);
    if (b_.shape(node.inputs[0]).empty()) return b_.broadcast(node.inputs[0], shape);
    const Value source = aligned(node.inputs[0], perm.size());
    if (!source) return b_.make("transpose", {value}, {{"perm", perm}});
    return b_.broadcast(transposed(source, perm), shape);
  }

  /// With leading axes of extent 1 up to that rank; invalid where a reshape cannot say that.
  Value aligned(Value value, std::size_t rank) {
    const Shape shape = b_.shape(value);
    if (shape.size() == rank) return value;
    if (std::count(shape.begin(), shape.end(), graph::kOpen) > 1) return {};
    if (std::count(shape.begin(), shape.end(), 0) > 0) return {};
    Shape target(rank - shape.size(), 1);
    target.insert(target.end(), shape.begin(), shape.end());
    return b_.reshape(value, target);
  }

  /// Whether transposing costs nothing at run time: constants, repeated values, and where no element moves.
  bool is_free(Value value, const Ints& perm) const {
    const Node& node = b_[value];
    const Shape& shape = node.type.shape;
    if (node.is("const") || shape.size() < 2) return true;
    Shape padded(perm.size() - std::min(perm.size(), shape.size()), 1);
    padded.insert(padded.end(), shape.begin(), shape.end());
    if (!moves_elements(padded, perm)) return true;
    return node.is("broadcast") && is_free(node.inputs[0], perm);
  }

  /// The perm with which `inputs`, all of them aligned to `rank`, can do without their transposes.
  std::optional<Ints> common_perm(const Values& inputs, std::size_t rank) const {
    std::optional<Ints> common;
    for (Value input : inputs) {
      const Ints* perm = perm_of(input);
      if (perm && perm->size() == rank && !common) common = *perm;
    }
    if (!common) return {};
    for (Value input : inputs) {
      const Ints* perm = perm_of(input);
      if (!(perm && *perm == *common) && !is_free(input, inverse(*common))) return {};
    }
    return common;
  }

  /// The inputs as they are before that transpose; empty where one cannot be aligned.
  Values bases(const Values& inputs, const Ints& perm) {
    Values result;
    for (Value input : inputs) {
      const bool scalar = b_.shape(input).empty();
      const Value full = scalar ? input : aligned(input, perm.size());
      if (!full) return {};
      result.push_back(scalar ? full : transposed(full, inverse(perm)));
    }
    return result;
  }

  Value sink_pointwise(const Node& node, const Values& inputs) {
    const auto perm = common_perm(inputs, node.type.rank());
    if (!perm) return {};
    const Values before = bases(inputs, *perm);
    return before.empty() ? Value{} : transposed(b_.remake(node, before), *perm);
  }

  Value sink_concat(const Node& node, const Values& inputs) {
    const auto perm = common_perm(inputs, node.type.rank());
    if (!perm) return {};
    const std::int64_t axis = (*perm)[index(node.attrs.integer("axis"))];
    return transposed(b_.make("concat", bases(inputs, *perm), {{"axis", axis}}), *perm);
  }

  Value sink_along_axes(const Node& node, Value input) {
    if (!perm_of(input)) return {};
    const Ints perm = *perm_of(input);
    Attrs attrs = node.attrs;
    for (const char* name : {"begin", "end", "strides"}) {
      if (attrs.contains(name)) attrs.set(name, moved(attrs.ints(name), perm, 1));
    }
    if (attrs.contains("pads")) attrs.set("pads", moved(attrs.ints("pads"), perm, 2));
    if (attrs.contains("axis")) attrs.set("axis", perm[index(attrs.integer("axis"))]);
    return transposed(b_.make(node.op->name, {base_of(input)}, attrs), perm);
  }

  /// reduce_* have `axes` and may keep them; argmax has one `axis` and drops it.
  Value sink_reduction(const Node& node, Value input) {
    if (!perm_of(input)) return {};
    const Ints perm = *perm_of(input);
    const bool is_argmax = node.attrs.contains("axis");
    const Ints axes = is_argmax ? Ints{node.attrs.integer("axis")} : node.attrs.ints("axes");
    Ints own, rest;
    for (auto axis : axes) own.push_back(perm[index(axis)]);
    std::sort(own.begin(), own.end());
    for (auto axis : perm) {
      if (!std::binary_search(own.begin(), own.end(), axis)) rest.push_back(axis);
    }
    Attrs attrs = node.attrs;
    if (is_argmax) attrs.set("axis", own[0]);
    if (!is_argmax) attrs.set("axes", own);
    const bool keeps = !is_argmax && node.attrs.integer("keep_dims") != 0;
    return transposed(b_.make(node.op->name, {base_of(input)}, attrs), keeps ? perm : renumbered(rest));
  }

  /// A transpose that moves no element says nothing to a reshape, if its zeros (copied extents) mean the same.
  Value skip_before_reshape(const Node& node, Value input) {
    if (!perm_of(input) || moves_elements(b_.shape(base_of(input)), *perm_of(input))) return {};
    const Shape before = b_.shape(input), after = b_.shape(base_of(input));
    Ints shape = node.attrs.ints("shape");
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] != 0) continue;
      if (before[i] == graph::kOpen && ((*perm_of(input))[i] != static_cast<std::int64_t>(i))) return {};
      if (before[i] != graph::kOpen && before[i] != after[i]) shape[i] = before[i];
    }
    return b_.reshape(base_of(input), shape);
  }

  /// matmul reads its matrices either way.
  Value absorb(const Node& node, Values inputs) {
    Attrs attrs = node.attrs;
    bool changed = false;
    for (std::size_t i = 0; i < 2; ++i) {
      Ints swapped = identity(b_.shape(inputs[i]).size());
      std::iter_swap(swapped.end() - 1, swapped.end() - 2);
      if (!perm_of(inputs[i]) || *perm_of(inputs[i]) != swapped) continue;
      const char* flag = i == 0 ? "transpose_a" : "transpose_b";
      attrs.set(flag, 1 - attrs.integer(flag));
      inputs[i] = base_of(inputs[i]);
      changed = true;
    }
    return changed ? b_.make("matmul", inputs, attrs) : Value{};
  }

  Builder& b_;
};

}  // namespace

Graph sink_transposes(const Graph& graph) {
  return graph::rewrite(graph, [&](Builder& builder, Value old, const Values& inputs) {
    const Node& node = graph[old];
    if (inputs.empty() || node.type.is_tuple()) return Value{};
    return Sinker(builder).visit(node, inputs);
  });
}

}  // namespace signxai::passes
