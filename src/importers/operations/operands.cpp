// Arguments of operations by name, and the few moves of axes that several operations share.
#include "importers/operations/operands.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace signxai::keras {
namespace {

using graph::Ints;
using graph::Value;

constexpr std::int64_t kLargestConstant = std::int64_t{1} << 26;

/// Extents and numbers of a nested list; false where it is none.
bool collect(const Json& json, std::size_t depth, Shape& shape, std::vector<float>& numbers) {
  const Json* list = as_list(json);
  if (!list) {
    if (depth != shape.size() || !(json.is_number() || json.is_boolean())) return false;
    numbers.push_back(json.is_boolean() ? (json.get<bool>() ? 1.0f : 0.0f) : static_cast<float>(json.get<double>()));
    return static_cast<std::int64_t>(numbers.size()) <= kLargestConstant;
  }
  const auto count = static_cast<std::int64_t>(list->size());
  if (depth == shape.size() && numbers.empty()) shape.push_back(count);
  if (depth >= shape.size() || shape[depth] != count || depth >= 8) return false;
  return std::all_of(list->begin(), list->end(), [&](const Json& j) { return collect(j, depth + 1, shape, numbers); });
}

bool is_tensor(const Json& json) { return json.is_object() && json.contains("tensor"); }

}  // namespace

float open_extent() { return std::numeric_limits<float>::quiet_NaN(); }
bool is_open_extent(float number) { return std::isnan(number); }

Value Operands::value_of(std::string_view name, const Json& given) {
  const Json& json = plain(given);
  if (is_tensor(json)) {
    const Value tensor = context_.inputs().at(json["tensor"].get<std::size_t>());
    const graph::Literal* literal = builder().graph().literal(tensor);
    const float* end = literal ? literal->data() + literal->size() : nullptr;
    if (literal && std::any_of(literal->data(), end, is_open_extent)) {
      context_.refuse(
          "computes with an extent that is not known when the model is loaded; give the input a full shape");
    }
    return tensor;
  }
  Shape shape;
  std::vector<float> numbers;
  if (json.is_null() || !collect(json, 0, shape, numbers) || numbers.empty()) {
    context_.refuse("the argument " + std::string(name) + " is " + brief(json) +
                    "; supported are a tensor, a number, or a list of numbers");
  }
  return builder().constant(graph::Literal(std::move(shape), std::move(numbers)));
}

Value Operands::value(std::string_view name) {
  const Json& json = config().at(name);
  const Json* list = as_list(json);
  return value_of(name, list && list->size() == 1 && is_tensor(list->front()) ? list->front() : json);
}

std::vector<Value> Operands::values(std::string_view name) {
  const Json* list = as_list(config().at(name));
  std::vector<Value> found;
  if (!list) return {value(name)};
  for (const Json& json : *list) found.push_back(value_of(name, json));
  if (found.empty()) config().wrong(name, "at least one tensor");
  return found;
}

std::optional<double> Operands::number(std::string_view name) const {
  const Json* json = config().find(name);
  if (!json || !json->is_number()) return std::nullopt;
  return json->get<double>();
}

std::int64_t Operands::axis(std::string_view name, std::int64_t rank, std::int64_t fallback) {
  return static_cast<std::int64_t>(
      context_.axis(config().integer(name, fallback), static_cast<std::size_t>(rank), name));
}

Ints Operands::axes(std::string_view name, std::int64_t rank) {
  if (!has(name)) context_.refuse("works along all axes, that of the batch included; state the " + std::string(name));
  Ints axes;
  for (const std::int64_t axis : config().integers(name)) {
    axes.push_back(static_cast<std::int64_t>(context_.axis(axis, static_cast<std::size_t>(rank), name)));
  }
  std::sort(axes.begin(), axes.end());
  if (axes.empty() || std::adjacent_find(axes.begin(), axes.end()) != axes.end()) config().wrong(name, "distinct axes");
  return axes;
}

std::int64_t Operands::extent(Value value, std::int64_t axis) const {
  return context_.known_extent(value, static_cast<std::size_t>(axis));
}

std::int64_t Operands::extent_of(std::string_view name, const Json& json) {
  if (json.is_null()) return -1;
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (is_tensor(json)) {
    const Value tensor = context_.inputs().at(json["tensor"].get<std::size_t>());
    const graph::Literal* literal = builder().graph().literal(tensor);
    if (literal && literal->size() == 1) {
      const float number = *literal->data();
      return is_open_extent(number) ? -1 : static_cast<std::int64_t>(number);
    }
    context_.refuse("the argument " + std::string(name) +
                    " has a computed tensor in it; supported are numbers and the extents that tf.shape gives");
  }
  config().wrong(name, "a list of integers");
}

Ints Operands::extents(std::string_view name) {
  const Json& json = config().at(name);
  Ints found;
  if (is_tensor(json)) {
    const graph::Literal* literal = builder().graph().literal(context_.inputs().at(json["tensor"].get<std::size_t>()));
    if (!literal || literal->shape().size() != 1) context_.refuse("takes a computed tensor as " + std::string(name));
    for (std::int64_t i = 0; i < literal->size(); ++i) {
      const float number = literal->data()[i];
      found.push_back(is_open_extent(number) ? -1 : static_cast<std::int64_t>(number));
    }
    return found;
  }
  const Json* list = as_list(json);
  if (!list) return {extent_of(name, json)};
  for (const Json& entry : *list) found.push_back(extent_of(name, entry));
  return found;
}

Value slice_of(graph::Builder& b, Value value, std::int64_t axis, std::int64_t begin, std::int64_t end,
               std::int64_t stride) {
  const std::size_t rank = b.shape(value).size(), at = static_cast<std::size_t>(axis);
  Ints first(rank, 0), last(rank, std::numeric_limits<std::int64_t>::max()), strides(rank, 1);
  first[at] = begin, last[at] = end, strides[at] = stride;
  return b.make("slice", {value}, {{"begin", first}, {"end", last}, {"strides", strides}});
}

Value without_axes(graph::Builder& b, Value value, const Ints& axes) {
  if (axes.empty()) return value;
  return b.reduce("reduce_sum", value, axes, false);
}

Value with_axis(graph::Builder& b, Value value, std::int64_t axis) {
  Shape target = b.shape(value);
  std::size_t open = 0, last = 0;
  for (std::size_t i = static_cast<std::size_t>(axis); i < target.size(); ++i) {
    if (target[i] == graph::kOpen) ++open, last = i;
  }
  if (open == 1) target[last] = -1;  // what is left
  std::fill(target.begin(), target.begin() + axis, 0);
  target.insert(target.begin() + axis, 1);
  return b.reshape(value, target);
}

}  // namespace signxai::keras
