// Parts of tensors, tensors joined, and elements by index.
#include <algorithm>

#include "importers/operations/operands.h"
#include "importers/tensorflow/nodes/nodes.h"
#include "importers/tensorflow/translate.h"

namespace signxai::tensorflow {
namespace {

using graph::Ints;
using graph::Literal;
using keras::Json;

constexpr std::int64_t kMostParts = 4096;
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 22;

Json tensors(std::size_t count) {
  Json list = Json::array();
  for (std::size_t i = 0; i < count; ++i) list.push_back({{"tensor", i}});
  return list;
}

/// Several results of one call.
std::vector<Value> several(const Node& node, Value first, std::size_t count) {
  std::vector<Value> results{first};
  for (std::size_t i = 1; i < count; ++i) {
    Value next = first;
    next.result = i;
    next.shape = node.shape(i).value_or(first.shape);
    results.push_back(std::move(next));
  }
  return results;
}

/// Numbers of one axis, or a single number, one behind the other.
Value joined_numbers(const Node& node, std::size_t count, bool scalars) {
  std::vector<float> values;
  bool integer = true;
  for (std::size_t i = 0; i < count; ++i) {
    const Literal& part = node.numbers(i, "parts");
    if (part.shape().size() != (scalars ? 0u : 1u))
      node.refuse("joins constants of the shape " + signxai::to_string(part.shape()));
    values.insert(values.end(), part.data(), part.data() + part.size());
    integer = integer && node.operand(i).integer;
  }
  const auto size = static_cast<std::int64_t>(values.size());
  return Node::constant({{size}, std::move(values)}, integer);
}

Value elements(const Node& node, const Value& x, const Ints& indices, Shape shape) {
  std::vector<float> values;
  for (const std::int64_t index : indices) {
    if (index < 0 || index >= x.numbers->size())
      node.refuse("takes element " + std::to_string(index) + " of " + std::to_string(x.numbers->size()));
    values.push_back(x.numbers->data()[index]);
  }
  return Node::constant({std::move(shape), std::move(values)}, x.integer);
}

struct Masks {
  std::int64_t begin, end, ellipsis, new_axis, shrink;
};

bool has(std::int64_t mask, std::size_t bit) { return bit < 63 && ((mask >> bit) & 1) != 0; }

/// The keys of x[...] as models record them.
Json keys_of(const Node& node, const Masks& m) {
  const Ints begin = node.integers(1, "limits"), end = node.integers(2, "limits"), step = node.integers(3, "steps");
  if (end.size() != begin.size() || step.size() != begin.size()) node.refuse("has limits of different number");
  Json keys = Json::array();
  for (std::size_t i = 0; i < begin.size(); ++i) {
    if (has(m.ellipsis, i)) {
      keys.push_back({{"class_name", "__ellipsis__"}});
    } else if (has(m.new_axis, i)) {
      keys.push_back(nullptr);
    } else if (has(m.shrink, i)) {
      keys.push_back(begin[i]);
    } else {
      const auto limit = [](std::int64_t number) { return std::clamp(number, -keras::kMaxExtent, keras::kMaxExtent); };
      keys.push_back({{"start", has(m.begin, i) ? Json() : Json(limit(begin[i]))},
                      {"stop", has(m.end, i) ? Json() : Json(limit(end[i]))},
                      {"step", step[i]}});
    }
  }
  return keys;
}

Value part_of_numbers(const Node& node, const Value& x, const Masks& m) {
  const Ints begin = node.integers(1, "limits"), end = node.integers(2, "limits"), step = node.integers(3, "steps");
  if (x.rank() != 1 || begin.size() != 1 || end.size() != 1 || step.size() != 1 || m.ellipsis != 0 || m.new_axis != 0) {
    node.refuse("takes a part of a constant of the shape " + signxai::to_string(x.numbers->shape()));
  }
  const std::int64_t count = x.numbers->size();
  if (has(m.shrink, 0)) return elements(node, x, {begin[0] < 0 ? begin[0] + count : begin[0]}, {});
  if (step[0] < 1) node.refuse("takes numbers from the back");
  const auto within = [&](std::int64_t at) { return std::clamp(at < 0 ? at + count : at, std::int64_t{0}, count); };
  const std::int64_t first = has(m.begin, 0) ? 0 : within(begin[0]), last = has(m.end, 0) ? count : within(end[0]);
  Ints indices;
  for (std::int64_t i = first; i < last; i += step[0]) indices.push_back(i);
  const auto size = static_cast<std::int64_t>(indices.size());
  return elements(node, x, indices, {size});
}

}  // namespace

std::vector<Value> node_concat(Node& node) {
  if (node.count() < 2) node.refuse("joins nothing");
  const std::size_t count = node.count() - 1;
  std::vector<Value> parts;
  bool numbers = true, constant = false;
  for (std::size_t i = 0; i < count; ++i) {
    parts.push_back(node.operand(i));
    numbers = numbers && parts.back().numbers;
    constant = constant || parts.back().numbers;
  }
  if (numbers) return {joined_numbers(node, count, false)};
  const std::int64_t axis = node.from_front(node.integer(count, "axis"), parts.front().rank());
  if (count == 1) return {parts.front()};
  if (!constant) return {node.layer("Concatenate", {{"axis", axis}}, parts)};
  return {node.operation("Concatenate", {{"xs", tensors(count)}, {"axis", axis}}, parts)};
}

std::vector<Value> node_pack(Node& node) {
  std::vector<Value> parts;
  bool numbers = true;
  for (std::size_t i = 0; i < node.count(); ++i) {
    parts.push_back(node.operand(i));
    numbers = numbers && parts.back().numbers;
  }
  if (parts.empty()) node.refuse("stacks nothing");
  if (numbers) return {joined_numbers(node, node.count(), true)};
  return {node.operation("Stack", {{"xs", tensors(parts.size())}, {"axis", node.integer("axis", 0)}}, parts)};
}

std::vector<Value> node_unpack(Node& node) {
  const Value& x = node.operand(0);
  const std::int64_t count = node.integer("num", 0), axis = node.from_front(node.integer("axis", 0), x.rank());
  if (count < 1 || count > kMostParts) node.refuse("has " + std::to_string(count) + " results");
  std::vector<Value> results;
  for (std::int64_t i = 0; i < count && x.numbers; ++i) results.push_back(elements(node, x, {i}, {}));
  if (x.numbers) return results;
  return several(node, node.operation("Unstack", {{"x", {{"tensor", 0}}}, {"axis", axis}, {"num", count}}, {x}),
                 static_cast<std::size_t>(count));
}

std::vector<Value> node_split(Node& node) {
  const bool sized = node.op() == "SplitV";
  const Value& x = node.operand(sized ? 0 : 1);
  const std::int64_t axis = node.from_front(node.integer(sized ? 2 : 0, "axis"), x.rank()),
                     count = node.integer("num_split", 0);
  if (count < 1 || count > kMostParts) node.refuse("has " + std::to_string(count) + " results");
  if (count == 1) return {x};
  Json options{{"x", {{"tensor", 0}}}, {"axis", axis}};
  if (sized) {
    options["sizes"] = node.integers(1, "sizes");
  } else {
    options["sections"] = count;
  }
  return several(node, node.operation("Split", std::move(options), {x}), static_cast<std::size_t>(count));
}

std::vector<Value> node_strided_slice(Node& node) {
  const Value& x = node.operand(0);
  const Masks masks{node.integer("begin_mask", 0), node.integer("end_mask", 0), node.integer("ellipsis_mask", 0),
                    node.integer("new_axis_mask", 0), node.integer("shrink_axis_mask", 0)};
  if (x.numbers) return {part_of_numbers(node, x, masks)};
  return {node.operation("GetItem", {{"x", {{"tensor", 0}}}, {"key", keys_of(node, masks)}}, {x})};
}

std::vector<Value> node_slice(Node& node) {
  const Value& x = node.operand(0);
  const Ints begin = node.integers(1, "limits"), size = node.integers(2, "sizes");
  if (begin.size() != size.size()) node.refuse("has limits of different number");
  Json keys = Json::array();
  for (std::size_t i = 0; i < begin.size(); ++i) {
    keys.push_back({{"start", begin[i] == 0 ? Json() : Json(begin[i])},
                    {"stop", size[i] == -1 ? Json() : Json(begin[i] + size[i])},
                    {"step", 1}});
  }
  if (x.numbers) {
    Ints indices;
    if (x.rank() != 1 || begin.size() != 1) node.refuse("takes a part of a constant of several axes");
    const std::int64_t end = size[0] == -1 ? x.numbers->size() : std::min(begin[0] + size[0], x.numbers->size());
    for (std::int64_t i = begin[0]; i < end; ++i) indices.push_back(i);
    const auto count = static_cast<std::int64_t>(indices.size());
    return {elements(node, x, indices, {count})};
  }
  return {node.operation("GetItem", {{"x", {{"tensor", 0}}}, {"key", keys}}, {x})};
}

/// Rows of a table by computed ids are an Embedding; elements by stated indices are parts of a tensor.
std::vector<Value> node_gather(Node& node) {
  const Value &x = node.operand(0), &ids = node.operand(1);
  if (x.numbers && ids.numbers) {
    Ints indices = node.integers(1, "indices");
    if (x.rank() != 1) node.refuse("takes rows of a constant");
    for (std::int64_t& index : indices) index += index < 0 ? x.numbers->size() : 0;
    return {elements(node, x, indices, ids.numbers->shape())};
  }
  const std::int64_t axis = node.count() > 2 ? node.integer(2, "axis") : 0;
  if (node.integer("batch_dims", 0) != 0) node.refuse("takes elements by indices of each sample (batch_dims)");
  if (x.numbers && x.rank() == 2 && axis == 0) {
    const Shape& table = x.numbers->shape();
    return {node.layer("Embedding", {{"input_dim", table[0]}, {"output_dim", table[1]}}, {ids}, {*x.numbers})};
  }
  if (!x.is_tensor() || !ids.numbers) node.refuse("takes elements by computed indices; supported are rows of a table");
  const Ints indices = node.integers(1, "indices");
  const Json taken = ids.numbers->shape().empty() ? Json(indices.front()) : Json(indices);
  return {node.operation("Take", {{"x", {{"tensor", 0}}}, {"indices", taken}, {"axis", axis}}, {x})};
}

/// Zeros around the spatial axes are a layer; a causal convolution takes it in.
std::vector<Value> node_pad(Node& node) {
  const Value& x = node.operand(0);
  const Ints widths = node.integers(1, "widths");
  if (widths.size() != 2 * x.rank())
    node.refuse("has " + std::to_string(widths.size()) + " widths for " + std::to_string(x.rank()) + " axes");
  const double value = node.op() == "PadV2" ? static_cast<double>(*node.numbers(2, "a border").data()) : 0.0;
  const std::size_t n = x.rank() < 2 ? 0 : x.rank() - 2;
  Json pairs = Json::array();
  for (std::size_t i = 0; i < widths.size(); i += 2) pairs.push_back({widths[i], widths[i + 1]});
  const bool around = widths.size() > 4 && widths[0] == 0 && widths[1] == 0 && widths[widths.size() - 1] == 0 &&
                      widths[widths.size() - 2] == 0;
  if (node.op() == "Pad" && n >= 1 && n <= 3 && around) {
    Json sides(std::vector<Json>(pairs.begin() + 1, pairs.end() - 1));
    const std::string name = "ZeroPadding" + std::to_string(n) + "D";
    if (n == 1) sides = Json::array({Json::array({widths[2], widths[3]})});
    return {node.layer(name.c_str(), {{"padding", sides}}, {x})};
  }
  Json options{{"x", {{"tensor", 0}}}, {"width", pairs}};
  if (node.op() == "MirrorPad") {
    options["mode"] = node.text("mode", "REFLECT");
  } else {
    options["value"] = value;
  }
  return {node.operation("Pad", std::move(options), {x})};
}

std::vector<Value> node_reverse(Node& node) {
  const Value& x = node.operand(0);
  return {node.operation("Flip", {{"x", {{"tensor", 0}}}, {"axis", node.integers(1, "axes")}}, {x}, x.shape)};
}

std::vector<Value> node_tile(Node& node) {
  const Value& x = node.operand(0);
  if (x.numbers) {
    const Ints times = node.integers(1, "numbers");
    if (x.rank() > 1 || times.size() != x.rank()) node.refuse("repeats a constant of several axes");
    Ints indices;
    const std::int64_t count = times.empty() ? 1 : times[0];
    if (count < 0 || count > kMostParts || count * x.numbers->size() > kMostNumbers)
      node.refuse("repeats a constant too often");
    for (std::int64_t t = 0; t < count; ++t) {
      for (std::int64_t i = 0; i < x.numbers->size(); ++i) indices.push_back(i);
    }
    const auto size = static_cast<std::int64_t>(indices.size());
    return {elements(node, x, indices, x.rank() == 0 ? Shape{} : Shape{size})};
  }
  return {node.operation("Tile", {{"x", {{"tensor", 0}}}, {"repeats", node.integers(1, "numbers")}}, {x})};
}

}  // namespace signxai::tensorflow
