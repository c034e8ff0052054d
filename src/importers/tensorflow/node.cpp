// Reading of operands and attributes, and making of calls.
#include "importers/tensorflow/node.h"

#include <algorithm>
#include <cmath>

#include "importers/operations/operands.h"
#include "importers/tensorflow/translate.h"
#include "signxai/error.h"

namespace signxai::tensorflow {

using graph::Ints;
using graph::Literal;
using keras::Json;

std::string Node::scope() const { return translator_.scope_of(node_.name); }

const Value& Node::operand(std::size_t index) const {
  if (index >= count()) refuse("has " + std::to_string(count()) + " inputs; expected more");
  const Value& value = translator_.value(node_.inputs[index]);
  if (!value.trouble.empty()) refuse("follows on one that cannot be computed");
  return value;
}

bool Node::only_use(std::size_t index) const {
  const Draft* draft = translator_.value(node_.inputs[index]).draft.get();
  const auto same = [&](const Source& source) { return translator_.value(source).draft.get() == draft; };
  for (Source source = node_.inputs[index];;) {  // back through all that hands the call on
    if (translator_.uses(source) != 1) return false;
    const auto& before = translator_.node(source).inputs;
    const auto it = std::find_if(before.begin(), before.end(), same);
    if (it == before.end()) return true;
    source = *it;
  }
}

const FlatNode* Node::made_by(std::size_t index, std::string_view op) const {
  return translator_.behind(node_, index, op);
}

std::int64_t Node::from_front(std::int64_t axis, std::size_t rank) const {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) refuse("has an axis " + std::to_string(axis) + " of " + std::to_string(rank));
  return axis < 0 ? axis + count : axis;
}

const Literal& Node::numbers(std::size_t index, const char* what) const {
  const Value& value = operand(index);
  if (!value.numbers) refuse(std::string("has computed ") + what + "; supported are those that the file states");
  return *value.numbers;
}

Ints Node::integers(std::size_t index, const char* what) const {
  const Literal& literal = numbers(index, what);
  Ints result;
  for (std::int64_t i = 0; i < literal.size(); ++i) {
    const float number = literal.data()[i];
    if (keras::is_open_extent(number)) {
      result.push_back(-1);
    } else if (std::abs(number) > 2147483648.0f || number != std::floor(number)) {
      refuse(std::string("has ") + what + " that are no extents");
    } else {
      result.push_back(static_cast<std::int64_t>(number));
    }
  }
  return result;
}

std::int64_t Node::integer(std::size_t index, const char* what) const {
  const Ints found = integers(index, what);
  if (found.size() != 1) refuse(std::string("has ") + std::to_string(found.size()) + " numbers as " + what);
  return found.front();
}

bool Node::flag(const std::string& name, bool fallback) const {
  const auto* found = attribute(*node_.definition, name);
  return found ? found->b() : fallback;
}
std::int64_t Node::integer(const std::string& name, std::int64_t fallback) const {
  const auto* found = attribute(*node_.definition, name);
  return found ? found->i() : fallback;
}
double Node::number(const std::string& name, double fallback) const {
  const auto* found = attribute(*node_.definition, name);
  return found ? static_cast<double>(found->f()) : fallback;
}
std::string Node::text(const std::string& name, const std::string& fallback) const {
  const auto* found = attribute(*node_.definition, name);
  return found ? found->s() : fallback;
}
Ints Node::list(const std::string& name) const {
  const auto* found = attribute(*node_.definition, name);
  return found ? Ints(found->list().i().begin(), found->list().i().end()) : Ints{};
}
int Node::type(const std::string& name) const {
  const auto* found = attribute(*node_.definition, name);
  return found ? found->type() : 0;
}

std::optional<Shape> Node::shape(std::size_t result) const {
  const auto* found = attribute(*node_.definition, "_output_shapes");
  if (!found || result >= static_cast<std::size_t>(found->list().shape_size())) return std::nullopt;
  const auto& shape = found->list().shape(static_cast<int>(result));
  if (shape.unknown_rank()) return std::nullopt;
  return translator_.open(shape_of(shape, node_.name));
}

void Node::refuse(const std::string& reason) const {
  throw Error(ErrorCode::kUnsupported, "import", node_.name, reason);
}

Value Node::layer(const char* class_name, Json config, const std::vector<Value>& inputs, std::vector<Literal> weights,
                  std::optional<Shape> given) const {
  Value made;
  made.draft = translator_.draft();
  made.draft->scope = scope();
  made.draft->call = {node_.name, class_name, std::move(config), {}, std::move(weights), {}};
  made.draft->inputs = inputs;
  made.shape = given ? *given : shape().value_or(Shape{});
  if (made.shape.empty()) refuse("has a result whose shape the file does not say");
  return made;
}

Value Node::operation(const char* class_name, Json options, const std::vector<Value>& inputs,
                      std::optional<Shape> given) const {
  Value made = layer(class_name, Json::object(), inputs, {}, std::move(given));
  made.draft->call.arguments.options = std::move(options);
  made.draft->operation = true;
  return made;
}

Value Node::kernel(const char* class_name, Json config, const Value& input, std::vector<Literal> weights,
                   Shape given) const {
  config["use_bias"] = false;
  Value made = layer(class_name, std::move(config), {input}, std::move(weights), std::move(given));
  made.draft->biased = made.draft->activated = false;
  return made;
}

Value Node::constant(Literal literal, bool integer) {
  Value value;
  value.numbers = std::move(literal);
  value.integer = integer;
  return value;
}

Json Node::option(const Value& value, std::vector<Value>& inputs) const {
  if (value.numbers && value.numbers->shape().empty()) {
    const float number = *value.numbers->data();
    if (std::isfinite(number)) return Json(number);
  }
  inputs.push_back(value);
  return {{"tensor", inputs.size() - 1}};
}

}  // namespace signxai::tensorflow
